//! Node and npm for the UI: the machine's own, Debian's, or, where Debian's is too old, one from the npm registry in the
//! target folder.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::{command, packages, tree};

/// Vite and vitest ask for it.
const AT_LEAST: (u32, u32) = (20, 19);

/// A Node that is new enough.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Folder to be put before the search path, if it is not the machine's own.
    folder: Option<PathBuf>,
    /// Its version, such as `v20.20.2`.
    pub(crate) version: String,
}

impl Node {
    /// Finds or installs one.
    pub(crate) fn ensure() -> Result<Self, String> {
        if let Some(node) = Self::of_machine().or_else(Self::of_tools) {
            return Ok(node);
        }
        if !command::on_path("apt-get") {
            return Err(format!(
                "Node {}.{} or newer with npm is needed: https://nodejs.org",
                AT_LEAST.0, AT_LEAST.1
            ));
        }
        if !(command::on_path("node") && command::on_path("npm")) {
            packages::install(&["nodejs", "npm"])?;
        }
        if let Some(node) = Self::of_machine() {
            return Ok(node);
        }
        // Debian 12 has Node 18. Its npm brings a newer Node, and the npm that goes with it.
        let tools = tree::scratch().join("node");
        std::fs::create_dir_all(&tools).map_err(|error| format!("{}: {error}", tools.display()))?;
        command::run(
            command::program("npm")
                .args(["install", "--no-audit", "--no-fund", "--prefix"])
                .arg(&tools)
                .args(["node@22", "npm@10"]),
        )?;
        Self::of_tools().ok_or_else(|| {
            format!("Node {}.{} or newer is needed; none could be installed", AT_LEAST.0, AT_LEAST.1)
        })
    }

    fn of_machine() -> Option<Self> {
        let version = command::asked("node", &["--version"])?;
        (new_enough(&version) && command::on_path("npm")).then_some(Self { folder: None, version })
    }

    fn of_tools() -> Option<Self> {
        let folder = tree::scratch().join("node/node_modules/.bin");
        let version = command::asked(folder.join("node").to_str()?, &["--version"])?;
        (new_enough(&version) && folder.join("npm").exists())
            .then_some(Self { folder: Some(folder), version })
    }

    /// `node`, `npm` or `npx`, in the clone's top folder.
    pub(crate) fn program(&self, name: &str) -> Command {
        let file = self
            .folder
            .as_ref()
            .map_or_else(|| OsString::from(name), |folder| folder.join(name).into_os_string());
        let mut program = command::program(file);
        if let Some(folder) = &self.folder {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::iter::once(folder.clone()).chain(std::env::split_paths(&path));
            if let Ok(joined) = std::env::join_paths(folders) {
                program.env("PATH", joined);
            }
        }
        program
    }

    /// A script of the UI's `package.json`.
    pub(crate) fn ui(&self, script: &str) -> Command {
        let mut npm = self.program("npm");
        npm.current_dir(tree::root().join("ui")).args(["run", "--silent", script]);
        npm
    }
}

/// Whether `v20.20.2` is new enough.
fn new_enough(version: &str) -> bool {
    let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= AT_LEAST
}

#[cfg(test)]
mod tests {
    use super::new_enough;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(new_enough("v20.19.0") && new_enough("v22.1.0") && new_enough("v100.0.0"));
        assert!(!new_enough("v20.9.5") && !new_enough("v18.20.4") && !new_enough("") && !new_enough("words"));
    }
}
