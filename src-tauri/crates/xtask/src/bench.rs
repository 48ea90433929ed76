//! `cargo xtask bench`: measurements of release builds, one program a question in `tests/bench`.

use clap::Args;

use crate::session::{Display, within};
use crate::setup::{self, For};
use crate::steps::{Failed, Outcome, Steps};
use crate::{command, tree};

/// `cargo xtask bench [NAME]`
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// pull, mapping, or large: what is done with 1,000,000 records in the cache. Without it, pull and mapping.
    name: Option<String>,
    /// Contacts of the sample tenant, at most 1,000,000; pull takes 100,000 without it.
    #[arg(long)]
    records: Option<u64>,
    /// Rounds of which the median is told; pull takes 3 without it.
    #[arg(long)]
    rounds: Option<u64>,
}

/// Measures within a session, since the store's key lies in a keychain.
pub(crate) fn run(steps: &mut Steps, options: &Options) -> Outcome {
    let here =
        std::fs::read_dir(tree::root().join("tests/bench")).is_ok_and(|mut entries| entries.next().is_some());
    if !here {
        return Err(Failed { step: "measurements".to_owned(), why: "tests/bench has none".to_owned() });
    }
    let node = setup::run(steps, For::Tests)?;
    // Without it the pull is measured all the same, beside the drain alone.
    let peer = tree::root().join("tests/bench/peer");
    if let Err(failed) = setup::packages_of(steps, &node, "the peer's packages", &peer) {
        println!("  {}: the peer is left out", failed.step);
    }
    steps.step("release build", || {
        command::run(&mut command::cargo(["bench", "--package", "syncline-tests", "--no-run"]))
    })?;
    let mut bench = command::cargo(["bench", "--package", "syncline-tests", "--benches"]);
    if let Some(name) = &options.name {
        bench.args(["--", name]);
    }
    for (name, number) in
        [("SYNCLINE_BENCH_RECORDS", options.records), ("SYNCLINE_BENCH_ROUNDS", options.rounds)]
    {
        if let Some(number) = number {
            bench.env(name, number.to_string());
        }
    }
    let output = steps.step("measurements", || command::run(&mut within(Display::Virtual, &bench)))?;
    println!("{output}");
    Ok(())
}
