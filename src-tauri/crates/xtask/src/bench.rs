//! `cargo xtask bench`: measurements of release builds, one program a question in `tests/bench`.

use clap::Args;

use crate::session::{Display, within};
use crate::setup::{self, For};
use crate::steps::{Failed, Outcome, Steps};
use crate::{command, tree};

/// `cargo xtask bench [NAME]`
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Only the measurements whose name holds this.
    name: Option<String>,
}

/// Measures within a session, since the store's key lies in a keychain.
pub(crate) fn run(steps: &mut Steps, options: &Options) -> Outcome {
    let here =
        std::fs::read_dir(tree::root().join("tests/bench")).is_ok_and(|mut entries| entries.next().is_some());
    if !here {
        return Err(Failed { step: "measurements".to_owned(), why: "tests/bench has none".to_owned() });
    }
    setup::run(steps, For::Tests)?;
    steps.step("release build", || {
        command::run(&mut command::cargo(["bench", "--package", "syncline-tests", "--no-run"]))
    })?;
    let mut bench = command::cargo(["bench", "--package", "syncline-tests", "--benches"]);
    if let Some(name) = &options.name {
        bench.args(["--", name]);
    }
    let output = steps.step("measurements", || command::run(&mut within(Display::Virtual, &bench)))?;
    println!("{output}");
    Ok(())
}
