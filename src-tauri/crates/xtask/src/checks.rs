//! `cargo xtask test`: what continuous integration runs, and all of it.

use std::process::Command;

use crate::node::Node;
use crate::session::{Display, within};
use crate::setup::{self, For};
use crate::steps::{Failed, Outcome, Steps};
use crate::{command, tree};

/// One selection of packages and features for lints, tests and the build, so that nothing is compiled twice.
const ALL: &[&str] = &["--workspace", "--features", "syncline-app/custom-protocol"];

/// Everything, the cheap first.
pub(crate) fn test(steps: &mut Steps) -> Outcome {
    steps.step("format of Rust", || command::run(&mut command::cargo(["fmt", "--all", "--check"])))?;
    let node = setup::run(steps, For::Tests)?;
    user_interface(steps, &node)?;
    steps.step("clippy", || {
        command::run(command::cargo(["clippy", "--all-targets"]).args(ALL).args(["--", "--deny", "warnings"]))
    })?;
    // Before the tests, since some of them drive the programs.
    build_programs(steps)?;
    rust_tests(steps)?;
    node_tests(steps, &node, "browser tests", "e2e", Display::None)?;
    node_tests(steps, &node, "desktop tests", "desktop", Display::Virtual)
}

/// Format and types only.
pub(crate) fn check(steps: &mut Steps) -> Outcome {
    steps.step("format of Rust", || command::run(&mut command::cargo(["fmt", "--all", "--check"])))?;
    steps.step("types of Rust", || command::run(&mut command::cargo(["check", "--all-targets"])))?;
    let node = setup::run(steps, For::Running)?;
    steps.step("types of the UI", || command::run(&mut node.ui("check")))?;
    Ok(())
}

/// The window embeds the built UI, so it comes before all that compiles the window.
pub(crate) fn build_user_interface(steps: &mut Steps, node: &Node) -> Outcome {
    steps.step("the UI's build", || command::run(&mut node.ui("build")))?;
    Ok(())
}

/// All programs in one go: the window with the UI inside, the command, the bridge.
pub(crate) fn build_programs(steps: &mut Steps) -> Outcome {
    steps.step("programs", || command::run(command::cargo(["build", "--bins"]).args(ALL)))?;
    Ok(())
}

fn user_interface(steps: &mut Steps, node: &Node) -> Outcome {
    steps.step("types of the UI", || command::run(&mut node.ui("check")))?;
    steps.step("lints of the UI", || command::run(&mut node.ui("lint")))?;
    counted(steps, "UI tests", &mut node.ui("test"))?;
    build_user_interface(steps, node)
}

/// With nextest where it is installed; both within a session, so that the keychain is a real one.
fn rust_tests(steps: &mut Steps) -> Outcome {
    let nextest = command::asked("cargo-nextest", &["nextest", "--version"]).is_some();
    let run: &[&str] =
        if nextest { &["nextest", "run", "--no-fail-fast"] } else { &["test", "--no-fail-fast"] };
    steps.step("build of the Rust tests", || {
        command::run(command::cargo(&run[..run.len() - 1]).args(ALL).arg("--no-run"))
    })?;
    let mut tests = command::cargo(run);
    // A failure is to be read in the last lines of the output: what was expected, not the way through the runtime.
    tests.env("RUST_BACKTRACE", "0");
    if nextest {
        tests.arg("--failure-output=final");
    }
    tests.args(ALL).env("SYNCLINE_REQUIRE_KEYCHAIN", "1").env("SYNCLINE_CLI", tree::program("syncline"));
    counted(steps, "Rust tests", &mut within(Display::None, &tests))
}

fn node_tests(steps: &mut Steps, node: &Node, name: &str, folder: &str, display: Display) -> Outcome {
    let files = tree::test_files(folder);
    if files.is_empty() {
        return Err(Failed { step: name.to_owned(), why: format!("no *.test.mjs in tests/{folder}") });
    }
    let mut tests = node.program("node");
    tests
        .args(["--test", "--test-reporter=spec", "--test-concurrency=1", "--test-timeout=300000"])
        .args(files)
        .env("SYNCLINE_APP", tree::program("syncline-app"))
        .env("SYNCLINE_CLI", tree::program("syncline"))
        .env("SYNCLINE_BRIDGE", tree::program("syncline-bridge"));
    counted(steps, name, &mut within(display, &tests))
}

fn counted(steps: &mut Steps, name: &str, tests: &mut Command) -> Outcome {
    let mut output = String::new();
    let outcome = steps.step(name, || {
        let (written, result) = command::run_and_keep(tests);
        output = written;
        result
    });
    steps.count(&output);
    outcome
}
