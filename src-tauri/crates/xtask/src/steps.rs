//! Steps: one line each with its seconds, a summary at the end; the first that fails ends the task.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::counts::Counts;

/// What went wrong, and in which step. The text was not printed yet.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Name of the step.
    pub(crate) step: String,
    /// What happened and what to do.
    pub(crate) why: String,
}

/// Result of a step or a task.
pub(crate) type Outcome<T = ()> = Result<T, Failed>;

/// The steps so far.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(String, Duration)>,
    /// Lines in which test runners sum up, in order.
    summaries: Vec<String>,
    counts: Counts,
    counted: bool,
}

impl Steps {
    /// Does one step.
    pub(crate) fn step<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T, String>) -> Outcome<T> {
        println!("▸ {name}");
        let start = Instant::now();
        let result = work();
        let took = start.elapsed();
        self.done.push((name.to_owned(), took));
        match result {
            Ok(value) => {
                println!("  {:.1} s", took.as_secs_f64());
                Ok(value)
            }
            Err(why) => Err(Failed { step: name.to_owned(), why }),
        }
    }

    /// Says that a step has nothing to do.
    pub(crate) fn skip(&self, name: &str, why: &str) {
        println!("▸ {name}: {why}");
    }

    /// Takes what a test runner wrote into the count.
    pub(crate) fn count(&mut self, output: &str) {
        let (counts, lines) = Counts::of(output);
        self.counts += counts;
        self.summaries.extend(lines);
        self.counted = true;
    }

    /// Prints the summary; the last line counts the tests, if there were any.
    pub(crate) fn report(&self, outcome: &Outcome) -> ExitCode {
        if self.done.len() > 1 {
            println!();
            for (name, took) in &self.done {
                println!("{:>8.1} s  {name}", took.as_secs_f64());
            }
            let all: Duration = self.done.iter().map(|(_, took)| *took).sum();
            println!("{:>8.1} s  in all", all.as_secs_f64());
        }
        if let Err(failed) = outcome {
            println!("\nfailed: {}\n{}", failed.step, failed.why.trim_end());
        }
        if self.counted {
            println!();
            for line in &self.summaries {
                println!("{line}");
            }
            println!("{} passed, {} failed", self.counts.passed, self.counts.failed);
        }
        if outcome.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
