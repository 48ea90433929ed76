//! Floors: a crate imports only what lies below it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Crate and floor, bottom first. A crate may use crates of lower floors, and of its own floor only where `SAME_FLOOR` says so.
const FLOORS: &[(&str, u8)] = &[
    ("syncline-model", 0),
    ("syncline-fetchxml", 0),
    ("syncline-mapping", 0),
    ("syncline-http", 1),
    ("syncline-secrets", 1),
    ("syncline-store", 1),
    ("syncline-auth", 2),
    ("syncline-odata", 2),
    ("syncline-connect", 2),
    ("syncline-dataverse", 3),
    ("syncline-insider", 3),
    ("syncline-tables", 3),
    ("syncline-sql", 3),
    ("syncline-sandbox", 3),
    ("syncline-sync", 4),
    ("syncline-api", 5),
    ("syncline-cli", 6),
    ("syncline-bridge", 6),
    ("syncline-app", 6),
];

/// Floor 0 is built in this order.
const SAME_FLOOR: &[(&str, &str)] = &[
    ("syncline-fetchxml", "syncline-model"),
    ("syncline-mapping", "syncline-model"),
    ("syncline-mapping", "syncline-fetchxml"),
];

/// Normal dependencies of each package of the workspace.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(super::root())
        .output()
        .expect("cargo metadata runs");
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| {
            let names = package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| dependency["name"].as_str().unwrap_or_default().to_owned())
                .collect();
            (package["name"].as_str().unwrap_or_default().to_owned(), names)
        })
        .collect()
}

#[test]
fn every_crate_has_a_floor_and_imports_only_below_it() {
    let floors: BTreeMap<&str, u8> = FLOORS.iter().copied().collect();
    let all = dependencies();
    let mut faults = Vec::new();
    for (package, dependencies) in &all {
        if matches!(package.as_str(), "xtask" | "syncline-tests") {
            continue;
        }
        let Some(floor) = floors.get(package.as_str()) else {
            faults.push(format!("{package} has no floor"));
            continue;
        };
        for dependency in dependencies {
            let Some(below) = floors.get(dependency.as_str()) else { continue };
            let allowed = below < floor || SAME_FLOOR.contains(&(package.as_str(), dependency.as_str()));
            // A shell may show what another shell's library offers; systems never import one another.
            if !allowed {
                faults.push(format!("{package} (floor {floor}) imports {dependency} (floor {below})"));
            }
        }
    }
    for (name, _) in FLOORS {
        if !all.contains_key(*name) {
            faults.push(format!("{name} has a floor but is no package"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn the_sample_tenant_imports_nothing_of_ours() {
    let all = dependencies();
    let ours: Vec<&String> =
        all["syncline-sandbox"].iter().filter(|name| name.starts_with("syncline-")).collect();
    assert!(ours.is_empty(), "syncline-sandbox must stay an independent witness: {ours:?}");
}

#[test]
fn tauri_is_known_to_the_shell_alone() {
    let faults: Vec<String> = dependencies()
        .into_iter()
        .filter(|(package, _)| package != "syncline-app")
        .filter(|(_, dependencies)| dependencies.iter().any(|name| name.starts_with("tauri")))
        .map(|(package, _)| package)
        .collect();
    assert!(faults.is_empty(), "tauri beneath the shell: {faults:?}");
}

#[test]
fn one_crate_owns_each_contact_with_the_outside() {
    let owners = [
        ("reqwest", &["syncline-http"][..]),
        // The store's own file, and the files of applications.
        ("rusqlite", &["syncline-store", "syncline-sql"]),
        ("tokio-postgres", &["syncline-sql"]),
        ("keyring", &["syncline-secrets"]),
        ("oauth2", &["syncline-auth"]),
    ];
    let all = dependencies();
    let mut faults = Vec::new();
    for (library, allowed) in owners {
        for (package, dependencies) in &all {
            let test_side = matches!(package.as_str(), "syncline-tests" | "xtask" | "syncline-sandbox");
            if dependencies.contains(library) && !allowed.contains(&package.as_str()) && !test_side {
                faults.push(format!("{package} uses {library}"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
