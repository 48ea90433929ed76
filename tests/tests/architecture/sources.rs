//! What Rust sources must not hold.

use super::{files, root, shown};

/// Lines of a file before its test module, with their numbers.
fn code(path: &std::path::Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .enumerate()
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .map(|(number, line)| (number + 1, line.to_owned()))
        .collect()
}

fn sources(crates: &[&str]) -> Vec<std::path::PathBuf> {
    crates
        .iter()
        .flat_map(|name| files(&root().join("src-tauri/crates").join(name).join("src"), &[".rs"]))
        .filter(|path| {
            !path.ends_with("tests.rs") && !path.components().any(|part| part.as_os_str() == "tests")
        })
        .collect()
}

#[test]
fn clocks_are_handed_in_below_the_application() {
    let crates = [
        "syncline-model",
        "syncline-fetchxml",
        "syncline-mapping",
        "syncline-store",
        "syncline-odata",
        "syncline-connect",
        "syncline-dataverse",
        "syncline-insider",
        "syncline-tables",
        "syncline-sql",
        "syncline-sync",
    ];
    let mut faults = Vec::new();
    for path in sources(&crates) {
        for (number, line) in code(&path) {
            if ["SystemTime::now", "Timestamp::now", "Zoned::now", "thread_rng", "rand::rng("]
                .iter()
                .any(|word| line.contains(word))
            {
                faults.push(format!("{}:{number}: {}", shown(&path), line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "clocks and chance come in as arguments:\n{}", faults.join("\n"));
}

#[test]
fn nothing_is_left_unfinished() {
    let mut faults = Vec::new();
    for path in files(&root().join("src-tauri"), &[".rs"])
        .into_iter()
        .chain(files(&root().join("ui/src"), &[".ts", ".tsx"]))
    {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            let words = ["TODO", "FIXME", "XXX", "HACK"];
            if line.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
                || line.contains(concat!("unimplemented", "!"))
            {
                faults.push(format!("{}:{}: {}", shown(&path), number + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn rooms_stay_small() {
    let mut faults = Vec::new();
    for path in files(&root().join("src-tauri"), &[".rs"])
        .into_iter()
        .chain(files(&root().join("tests"), &[".rs"]))
        .chain(files(&root().join("ui/src"), &[".ts", ".tsx"]))
    {
        let lines = std::fs::read_to_string(&path).unwrap_or_default().lines().count();
        if lines > 500 {
            faults.push(format!("{} has {lines} lines", shown(&path)));
        }
    }
    assert!(faults.is_empty(), "split by topic:\n{}", faults.join("\n"));
    let shell: usize = files(&root().join("src-tauri/src"), &[".rs"])
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap_or_default().lines().count())
        .sum();
    assert!(shell <= 1500, "the shell has {shell} lines; logic belongs in crates");
}

#[test]
fn responses_hold_no_secret() {
    let mut faults = Vec::new();
    for path in files(&root().join("src-tauri/crates/syncline-api/src/wire"), &[".rs"]) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let mut serializes = false;
        for (number, line) in text.lines().enumerate() {
            if line.starts_with("#[derive(") {
                serializes = line.contains("Serialize");
            }
            if serializes && line.contains("Secret") && line.trim_start().starts_with("pub ") {
                faults.push(format!("{}:{}: {}", shown(&path), number + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let model = std::fs::read_to_string(root().join("src-tauri/crates/syncline-model/src/secret.rs"))
        .unwrap_or_default();
    assert!(
        !model.contains("Serialize for Secret") && !model.contains("derive(Debug"),
        "a secret neither serializes nor prints"
    );
}
