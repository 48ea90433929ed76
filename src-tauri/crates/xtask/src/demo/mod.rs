//! `cargo xtask demo`: the main job on the sample tenant, in the window or, without a display, as a printed report.

mod headless;

use std::process::Command;

use clap::Args;

use crate::node::Node;
use crate::session::{self, Display, within};
use crate::setup::{self, For};
use crate::steps::{Failed, Outcome, Steps};
use crate::{checks, command, tree};

/// `cargo xtask demo`
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The printed report, even where a window could be shown.
    #[arg(long)]
    headless: bool,
    /// Contacts in the sample tenant of the printed report.
    #[arg(long, default_value_t = 5_000)]
    records: u32,
    /// Set while the report runs within a session of its own.
    #[arg(long, hide = true)]
    within_session: bool,
}

/// Sets up, builds and shows.
pub(crate) fn run(steps: &mut Steps, options: &Options) -> Outcome {
    if options.within_session {
        let node = steps.step("Node", Node::ensure)?;
        return headless::run(steps, &node, options.records);
    }
    // Asked before anything is built: the build may replace this very program, and its path is not told after that.
    let this = std::env::current_exe().map_err(|error| failed("the session", &error.to_string()))?;
    let node = setup::run(steps, For::Running)?;
    checks::build_user_interface(steps, &node)?;
    checks::build_programs(steps)?;
    if session::has_display() && !options.headless {
        return window(steps);
    }
    if session::has_bus() {
        return headless::run(steps, &node, options.records);
    }
    // No bus, so no keychain: the report is run again by this very program, within a session.
    println!("▸ no session bus here: going on in a session with a keychain of its own");
    let mut again = command::program(this);
    again.args(["demo", "--within-session", "--records", &options.records.to_string()]);
    let status =
        within(Display::None, &again).status().map_err(|error| failed("the session", &error.to_string()))?;
    if status.success() { Ok(()) } else { Err(failed("the main job", "its report is above")) }
}

/// The window on the sample tenant, with the tour; until the person closes it.
///
/// Without a session bus there is no keychain that outlives the window, so neither does its store: each time begins anew.
fn window(steps: &mut Steps) -> Outcome {
    println!("▸ the window opens on the sample tenant; the tour starts by itself. Close it to end.");
    let kept = session::has_bus();
    let home = tree::scratch().join(if kept { "demo-home" } else { "demo-home-passing" });
    steps.step("window", || {
        let mut app = Command::new(tree::program("syncline-app"));
        app.arg("--sample").arg("--home").arg(&home);
        if !kept {
            println!("  no session bus here: the window gets a keychain of its own, which goes with it");
            tree::remove(&home)?;
            app = within(Display::None, &app);
        }
        let status = app.status().map_err(|error| format!("syncline-app: {error}"))?;
        if status.success() { Ok(()) } else { Err(format!("syncline-app: {status}")) }
    })
}

fn failed(step: &str, why: &str) -> Failed {
    Failed { step: step.to_owned(), why: why.to_owned() }
}
