//! `cargo xtask`: set-up, demonstration, checks and measurements of this tree, from a fresh clone on.

// A runner's output is its product.
#![allow(clippy::print_stdout)]

mod bench;
mod checks;
mod command;
mod counts;
mod demo;
mod node;
mod packages;
mod session;
mod setup;
mod steps;
mod tree;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Set-up, demonstration, checks and measurements of Syncline")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what is missing: system packages, Node, the UI's packages.
    Setup,
    /// Build, and show the sample tenant: in the window, or without a display as a printed report.
    Demo(demo::Options),
    /// All that must hold before a change is taken: format, lints, types, unit, browser and desktop tests.
    Test,
    /// Format and types only.
    Check,
    /// Measure release builds.
    Bench(bench::Options),
    /// Run a command with a session bus, an unlocked keychain and, with --display, an X display of its own.
    Session(session::Options),
}

fn main() -> ExitCode {
    let mut steps = steps::Steps::default();
    let outcome = match Arguments::parse().task {
        Task::Setup => setup::run(&mut steps, setup::For::Tests).map(|_| ()),
        Task::Demo(options) => demo::run(&mut steps, &options),
        Task::Test => checks::test(&mut steps),
        Task::Check => checks::check(&mut steps),
        Task::Bench(options) => bench::run(&mut steps, &options),
        Task::Session(options) => return session::run(&options),
    };
    steps.report(&outcome)
}
