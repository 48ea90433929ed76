//! What a fresh clone on a fresh machine lacks.

use std::path::Path;

use crate::node::Node;
use crate::steps::{Outcome, Steps};
use crate::{command, packages, tree};

/// What the machine is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// Building and running.
    Running,
    /// All tests too.
    Tests,
}

/// Installs what is missing; a second time it finds all there.
pub(crate) fn run(steps: &mut Steps, purpose: For) -> Outcome<Node> {
    let done = steps.step("system packages", || packages::ensure(purpose))?;
    println!("  {done}");
    let node = steps.step("Node", Node::ensure)?;
    println!("  {}", node.version);
    packages_of(steps, &node, "the UI's packages", &tree::root().join("ui"))?;
    Ok(node)
}

/// Installs the packages of a folder as its lock file says, where that has not been done.
pub(crate) fn packages_of(steps: &mut Steps, node: &Node, what: &str, folder: &Path) -> Outcome {
    if is_current(folder) {
        steps.skip(what, "as package-lock.json says");
        return Ok(());
    }
    steps.step(what, || {
        let mut npm = node.program("npm");
        command::run(npm.current_dir(folder).args(["ci", "--no-audit", "--no-fund"]))?;
        std::fs::copy(folder.join("package-lock.json"), mark(folder))
            .map_err(|error| format!("{}: {error}", mark(folder).display()))
    })?;
    Ok(())
}

/// The lock file as it was when the packages were installed.
fn mark(folder: &Path) -> std::path::PathBuf {
    folder.join("node_modules/.installed-lock.json")
}

fn is_current(folder: &Path) -> bool {
    match (std::fs::read(folder.join("package-lock.json")), std::fs::read(mark(folder))) {
        (Ok(wanted), Ok(installed)) => wanted == installed,
        (Err(_), _) | (_, Err(_)) => false,
    }
}
