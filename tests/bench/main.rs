//! `cargo xtask bench`: figures of release builds as ratios against something run beside them, on the same machine in the same run.
//!
//! The sample tenant, the drain, the pull and its peer are processes of their own, so that each has its own memory; this program starts them by
//! calling itself. Nothing here passes or fails: machines are noisy, and a figure is read, not asserted.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a measuring tool prints")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a measuring tool may stop")]

mod drain;
mod large;
mod mapping;
mod preview;
mod process;
mod pull;
mod pulls;

fn main() {
    syncline_api::share_memory();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let rest: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match rest.as_slice() {
        ["sandbox", records, way] => process::serve(records.parse().expect("a number"), way),
        ["drain", details] => drain::run(details),
        ["pull", details] => pull::run(details),
        ["preview-fill", details, home] => preview::fill(details, home),
        ["preview", _, home] => preview::run(home),
        ["large"] => large::all(),
        ["large", details] => large::run(details),
        [] => all(""),
        [name] => all(name),
        _ => panic!("not known: {rest:?}"),
    }
}

fn all(wanted: &str) {
    if "pull".contains(wanted) {
        pulls::all();
    }
    if "mapping".contains(wanted) {
        mapping::run(pulls::RECORDS);
    }
    if "preview".contains(wanted) {
        preview::all(pulls::number("SYNCLINE_BENCH_RECORDS", pulls::RECORDS));
    }
}
