//! Writes the TypeScript types of the command list to `ui/src/api/generated`, or tells that what is there is stale.

use std::collections::BTreeMap;
use std::path::Path;

use crate::commands;

/// Makes all files below `folder`: one a type, and `commands.ts` with the typed list.
pub fn write_types(folder: &Path) -> Result<(), String> {
    let config = ts_rs::Config::new().with_large_int("number").with_out_dir(folder);
    commands::export_types(&config).map_err(|error| error.to_string())?;
    std::fs::write(folder.join("commands.ts"), commands_file(&config)).map_err(|error| error.to_string())
}

fn commands_file(config: &ts_rs::Config) -> String {
    let commands = commands::all(config);
    let mut names: Vec<String> = commands
        .iter()
        .flat_map(|command| [&command.request, &command.response])
        .map(|name| name.trim_start_matches("Array<").trim_end_matches('>').to_owned())
        .collect();
    names.sort();
    names.dedup();
    let mut text = String::from("// Made from the command list of syncline-api; do not edit.\n");
    for name in &names {
        text.push_str(&format!("import type {{ {name} }} from \"./{name}\";\n"));
    }
    text.push_str("import type { Tag } from \"./Tag\";\n\n/** Request and response of each command. */\nexport type Commands = {\n");
    for command in &commands {
        text.push_str(&format!(
            "  \"{}\": {{ request: {}; response: {} }};\n",
            command.name, command.request, command.response
        ));
    }
    text.push_str("};\n\n/** What a reading provides and what a change makes stale. */\nexport const commandTags: Record<keyof Commands, { provides: Tag[]; stales: Tag[] }> = {\n");
    for command in &commands {
        let list = |tags: &[crate::wire::Tag]| serde_json::to_string(tags).unwrap_or_default();
        text.push_str(&format!(
            "  \"{}\": {{ provides: {}, stales: {} }},\n",
            command.name,
            list(&command.provides),
            list(&command.stales)
        ));
    }
    text.push_str("};\n");
    text
}

/// Compares `folder` with freshly made types; the names of files that differ.
pub fn stale_types(folder: &Path, scratch: &Path) -> Result<Vec<String>, String> {
    write_types(scratch)?;
    let (kept, made) = (read_folder(folder)?, read_folder(scratch)?);
    let mut names: Vec<String> = kept
        .iter()
        .filter(|(name, text)| made.get(*name) != Some(text))
        .chain(made.iter().filter(|(name, _)| !kept.contains_key(*name)))
        .map(|(name, _)| name.clone())
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

fn read_folder(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "ts") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.insert(name, std::fs::read_to_string(&path).map_err(|error| error.to_string())?);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    /// With `SYNCLINE_WRITE_TYPES=1` the test writes the files in place of comparing them.
    #[test]
    fn generated_types_are_current() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/src/api/generated");
        if std::env::var_os("SYNCLINE_WRITE_TYPES").is_some() {
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
            super::write_types(&folder).unwrap();
        }
        let scratch = tempfile::tempdir().unwrap();
        let stale = super::stale_types(&folder, scratch.path()).unwrap();
        assert!(
            stale.is_empty(),
            "stale: {stale:?}; run SYNCLINE_WRITE_TYPES=1 cargo test -p syncline-api generated_types"
        );
    }
}
