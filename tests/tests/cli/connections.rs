//! Connections: add, list, show, test, set, forget.

use serde_json::Value;
use std::path::{Path, PathBuf};

use crate::program::World;

#[test]
fn a_connections_life() {
    let Some(world) = World::new(20) else { return };
    let (home, details) = (&world.home, world.details());
    let added = world.add_crm(&["--client", "Contoso"]).with(0).json();
    assert_eq!(
        (&added["name"], &added["writable"], &added["auth"]),
        (&"crm".into(), &false.into(), &"client-credentials".into())
    );
    assert!(!added.to_string().contains(&details.client_secret), "the secret is in no answer");

    let twice = world.add_crm(&[]).with(1);
    assert_eq!(twice.json()["error"]["code"], "already_exists");

    let test = home.json(&["connection", "test", "crm"]).with(0).json();
    assert_eq!(test["status"], "verified", "{test}");
    assert_eq!(test["identity"]["organization_id"], details.environments[0].organization_id.as_str());
    let shown = home.json(&["connection", "show", "crm"]).with(0).json();
    assert_eq!((&shown["status"], &shown["client"]), (&"verified".into(), &"Contoso".into()));

    let set = home.json(&["connection", "set", "crm", "--writable", "--rename", "contoso"]).with(0).json();
    assert_eq!((&set["name"], &set["writable"]), (&"contoso".into(), &true.into()));
    home.json(&["connection", "show", "crm"]).with(1);
    let list = home.json(&["connection", "list"]).with(0).json();
    let names: Vec<&Value> = list.as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["contoso"]);
    assert!(home.run(&["connection", "list"]).with(0).out.contains("contoso"));

    let unasked = home.json(&["connection", "forget", "contoso"]).with(2);
    assert!(unasked.json()["error"]["hint"].as_str().unwrap().contains("--yes"));
    home.json(&["connection", "forget", "contoso", "--yes"]).with(0);
    assert_eq!(home.json(&["connection", "list"]).with(0).json(), serde_json::json!([]));
}

#[test]
fn no_secret_reaches_the_disk() {
    let Some(world) = World::new(20) else { return };
    world.add_crm(&[]).with(0);
    world.add_marketing();
    world.home.json(&["cache", "pull", "crm", "contact"]).with(0);
    let secrets = [&world.details().client_secret, &world.details().insider_token];
    let files = files(&world.home.path("store"));
    for path in &files {
        let bytes = std::fs::read(path).unwrap();
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a secret is in {}", path.display());
        }
        assert!(!bytes.starts_with(b"SQLite format 3"), "{} is not encrypted", path.display());
    }
    assert!(files.len() >= 2, "store and its id: {files:?}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
