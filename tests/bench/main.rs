//! `cargo xtask bench`: figures of release builds as ratios against something run beside them, on the same machine in the same run.
//!
//! The sample tenant, the drain and the pull are processes of their own, so that each has its own memory; this program starts them by
//! calling itself. Nothing here passes or fails: machines are noisy, and a figure is read, not asserted.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a measuring tool prints")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a measuring tool may stop")]

mod drain;
mod large;
mod mapping;
mod preview;
mod process;
mod pull;

use process::{Sandbox, median};

const RECORDS: u64 = 100_000;
const ROUNDS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let rest: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match rest.as_slice() {
        ["sandbox", records] => process::serve(records.parse().expect("a number")),
        ["drain", details] => drain::run(details),
        ["pull", details] => pull::run(details),
        ["preview", details] if details.starts_with('{') => preview::run(details),
        ["large"] => large::all(),
        ["large", details] => large::run(details),
        [] => all(""),
        [name] => all(name),
        _ => panic!("not known: {rest:?}"),
    }
}

fn all(wanted: &str) {
    if "pull".contains(wanted) {
        pulls();
    }
    if "mapping".contains(wanted) {
        mapping::run(RECORDS);
    }
    if "preview".contains(wanted) {
        preview::all(RECORDS);
    }
}

/// The same pages, thrown away and stored, turn by turn.
fn pulls() {
    let sandbox = Sandbox::start(RECORDS);
    let (mut drained, mut pulled) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        drained.push(process::measure("drain", &sandbox.details));
        pulled.push(process::measure("pull", &sandbox.details));
        eprintln!("round {round} of {ROUNDS}: drain {}, pull {}", drained[round - 1], pulled[round - 1]);
    }
    let rate = |all: &[process::Figure]| median(all.iter().map(process::Figure::rate));
    let memory = |all: &[process::Figure]| median(all.iter().map(|figure| figure.peak_mib));
    println!(
        "{:<58} {:>12} {:>12}",
        format!("{RECORDS} contacts, medians of {ROUNDS}"),
        "records/s",
        "peak MiB"
    );
    println!(
        "{:<58} {:>12.0} {:>12.0}",
        "drain: plain HTTP client, pages thrown away",
        rate(&drained),
        memory(&drained)
    );
    println!(
        "{:<58} {:>12.0} {:>12.0}",
        "pull: stored encrypted, typed columns",
        rate(&pulled),
        memory(&pulled)
    );
    println!(
        "{:<58} {:>12.0}",
        "pull: until all of it can be searched too",
        median(pulled.iter().map(process::Figure::searchable_rate))
    );
    println!("ratio pull to drain: {:.2}", rate(&pulled) / rate(&drained));
}
