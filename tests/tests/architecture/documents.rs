//! Documents tell the truth about the tree.

use super::{root, shown};

/// Words in back quotes that look like paths of this tree.
fn named_paths(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| {
            ["src-tauri/", "ui/", "tests/", "icons/", ".ci/", ".cargo/"]
                .iter()
                .any(|start| word.starts_with(start))
                && !word.contains(['*', '<', '…', ' ', '{'])
        })
        .map(|word| word.trim_end_matches('/').to_owned())
        .collect()
}

#[test]
fn paths_named_in_documents_exist() {
    let mut faults = Vec::new();
    for name in ["README.md", "ARCHITECTURE.md"] {
        let path = root().join(name);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut names = named_paths(&text);
        names.extend(
            text.split("](")
                .skip(1)
                .filter_map(|rest| rest.split(')').next())
                .filter(|link| !link.contains("://") && !link.starts_with('#'))
                .map(str::to_owned),
        );
        for link in names {
            let target = link.split('#').next().unwrap_or_default();
            if !root().join(target).exists() {
                faults.push(format!("{}: {link}", shown(&path)));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn roots_are_the_documented_ones() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "src-tauri",
        "ui",
        "icons",
        "tests",
        "README.md",
        "ARCHITECTURE.md",
        "rustfmt.toml",
        "clippy.toml",
        "target",
    ];
    let extra: Vec<String> = std::fs::read_dir(root())
        .expect("the root can be read")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| {
            !name.starts_with('.')
                && !name.starts_with("target")
                && !name.starts_with("LICENSE")
                && !allowed.contains(&name.as_str())
        })
        .collect();
    assert!(extra.is_empty(), "roots beyond the layout: {extra:?}");
}
