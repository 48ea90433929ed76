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
    let ui = tree::root().join("ui");
    if is_current(&ui) {
        steps.skip("the UI's packages", "as package-lock.json says");
    } else {
        steps.step("the UI's packages", || {
            let mut npm = node.program("npm");
            command::run(npm.current_dir(&ui).args(["ci", "--no-audit", "--no-fund"]))?;
            std::fs::copy(ui.join("package-lock.json"), mark(&ui))
                .map_err(|error| format!("ui/node_modules: {error}"))
        })?;
    }
    Ok(node)
}

/// The lock file as it was when the packages were installed.
fn mark(ui: &Path) -> std::path::PathBuf {
    ui.join("node_modules/.installed-lock.json")
}

fn is_current(ui: &Path) -> bool {
    match (std::fs::read(ui.join("package-lock.json")), std::fs::read(mark(ui))) {
        (Ok(wanted), Ok(installed)) => wanted == installed,
        (Err(_), _) | (_, Err(_)) => false,
    }
}
