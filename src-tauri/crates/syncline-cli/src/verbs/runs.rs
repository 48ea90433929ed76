//! `syncline runs …`: history.

use clap::Subcommand;
use std::path::PathBuf;
use syncline_api::ApiError;
use syncline_api::wire::{AuditQuery, Empty, JobStarted, PredictionView, RunReport, RunView};
use syncline_model::ErrorCode;

use super::run_requests as requests;
use super::runs_again as again;
use super::runs_edits as edits;
use crate::context::Context;
use crate::{exit, output, progress};

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// All runs, newest first
    List,
    /// One run with its failures
    Show {
        /// Run
        id: String,
    },
    /// Every record of a run with what was planned, sent and answered, as JSON lines, CSV or Excel, by the file's ending
    Export {
        /// Run
        id: String,
        /// File to write (.jsonl, .csv or .xlsx)
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Go on with a run that was stopped or interrupted; nothing is sent twice
    Resume {
        /// Run
        id: String,
        /// A JSON line for each event on standard output; the last one is the report
        #[arg(long)]
        events: bool,
    },
    /// Send records of a run again, under today's definition; those that failed, unless told otherwise
    Replay(again::Replay),
    /// Put back what a run changed and delete what it made; what others changed since is left alone
    Undo(again::Undo),
    /// What a run asked and was answered, without secrets; kept with it
    Requests(requests::Requests),
    /// Records over all runs: by run, record, entity, outcome or text
    Find(again::Find),
    /// Records that were made, changed or deleted by hand, in the window or with `record`: when, as whom, from what to what
    Edits(edits::Edits),
    /// How long runs are kept, and what is older
    Retention(again::Retention),
}

pub(crate) async fn run(verb: Verb, context: &Context) -> Result<u8, ApiError> {
    match verb {
        Verb::List => list(context).await?,
        Verb::Show { id } => {
            let report: RunReport = context.call("runs.get", &serde_json::json!({ "run": id })).await?;
            show(&report, context);
        }
        Verb::Export { id, out } => {
            let query = AuditQuery { run: Some(id), ..AuditQuery::default() };
            again::export(&query, None, &out, context).await?;
        }
        Verb::Resume { id, events } => {
            let started: JobStarted = context.call("runs.resume", &serde_json::json!({ "run": id })).await?;
            return finish(&started, events, context).await;
        }
        Verb::Replay(arguments) => return again::replay(arguments, context).await,
        Verb::Undo(arguments) => return again::undo(arguments, context).await,
        Verb::Requests(arguments) => requests::requests(arguments, context).await?,
        Verb::Find(arguments) => again::find(arguments, context).await?,
        Verb::Edits(arguments) => edits::edits(arguments, context).await?,
        Verb::Retention(arguments) => again::retention(&arguments, context).await?,
    }
    Ok(exit::DONE)
}

async fn list(context: &Context) -> Result<(), ApiError> {
    let all: Vec<RunView> = context.call("runs.list", &Empty {}).await?;
    if context.json {
        output::json(&all);
        return Ok(());
    }
    output::table(
        &[
            "run",
            "definition",
            "started",
            "status",
            "read",
            "created",
            "updated",
            "deleted",
            "unchanged",
            "skipped",
            "drifted",
            "failed",
            "as predicted",
            "seconds",
            "by",
        ],
        all.into_iter().map(|run| {
            let mut row = vec![run.run_id, run.definition, run.started_at, run.status];
            row.extend(
                [
                    run.read,
                    run.created,
                    run.updated,
                    run.deleted,
                    run.unchanged,
                    run.skipped,
                    run.drifted,
                    run.failed,
                ]
                .map(|count| count.to_string()),
            );
            let score = run.prediction.and_then(|prediction| prediction.score);
            row.push(score.map(|score| format!("{:.1} %", score * 100.0)).unwrap_or_default());
            row.push(format!("{:.1}", run.seconds));
            row.push(run.by.unwrap_or_default());
            row
        }),
    );
    Ok(())
}

/// The exit code of a run that ended.
pub(crate) fn exit_code(report: &RunReport) -> u8 {
    match (&report.run.error, report.run.status.as_str()) {
        (Some(error), "failed" | "interrupted") => exit::code_of(error),
        (None, "succeeded") if report.two_way.is_some() => super::conflicts::exit_code(report),
        (_, "succeeded") if report.run.drifted > 0 => exit::PARTIAL,
        (_, status) => exit::code_of_run(status),
    }
}

/// How far a plan came true, in words.
fn predicted(prediction: &PredictionView) -> String {
    let reached = prediction.predicted.saturating_sub(prediction.not_reached);
    let mut text = match prediction.score {
        Some(score) => {
            format!("{} of {reached} as predicted ({:.1} %)", prediction.as_predicted, score * 100.0)
        }
        None => "nothing was sent".to_owned(),
    };
    if prediction.not_reached > 0 {
        text.push_str(&format!("; {} not reached", prediction.not_reached));
    }
    text
}

/// A run as it ended.
pub(crate) fn show(report: &RunReport, context: &Context) {
    if context.json {
        output::json(report);
        return;
    }
    show_text(report);
    if let Some(two_way) = &report.two_way {
        for other in two_way.back.iter().chain(&two_way.again) {
            show_text(other);
        }
        if two_way.conflicts > 0 {
            output::line(&format!(
                "{} fields wait for a decision: syncline sync conflicts FILE",
                two_way.conflicts
            ));
        }
    }
}

fn show_text(report: &RunReport) {
    let run = &report.run;
    output::line(&format!(
        "run {} of \"{}\": {} in {:.1} s, {} requests",
        run.run_id, run.definition, run.status, run.seconds, run.calls
    ));
    output::line(&format!(
        "read {}, created {}, updated {}, deleted {}, unchanged {}, skipped {}, drifted {}, failed {}; events {}",
        run.read,
        run.created,
        run.updated,
        run.deleted,
        run.unchanged,
        run.skipped,
        run.drifted,
        run.failed,
        run.events
    ));
    if let (2.., Some(since)) = (run.checks, &run.checks_since) {
        output::line(&format!("it stands for {} runs since {since} that had nothing to write", run.checks));
    }
    if run.held_back > 0 {
        output::line(&format!("  {} of the skipped were held back by hand", run.held_back));
    }
    if let Some(prediction) = &run.prediction {
        output::line(&format!("prediction: {}", predicted(prediction)));
        for group in prediction.groups.iter().filter(|group| !group.as_predicted) {
            output::line(&format!(
                "  {:>6}  predicted {}, came {}",
                group.rows,
                group.action.as_str(),
                group.outcome
            ));
        }
    }
    for cause in &report.causes {
        output::line(&format!("  {:>6}  {}: {}", cause.rows, cause.code, cause.example));
    }
    for failure in report.failures.iter().take(20) {
        let known = if failure.title.is_empty() || failure.title == failure.source_id {
            failure.source_id.clone()
        } else {
            format!("{} ({})", failure.title, failure.source_id)
        };
        output::line(&format!("  {known}  {}: {}", failure.code, failure.message));
    }
    if report.failures.len() > 20 {
        output::line(&format!("  and more: syncline runs export {} --out failures.csv", run.run_id));
    }
    if run.not_reached > 0 {
        output::line(&format!(
            "{} of {} were not sent; go on with: syncline runs resume {}",
            run.not_reached, run.due, run.run_id
        ));
    } else if run.resumable {
        output::line(&format!("some have no answer; go on with: syncline runs resume {}", run.run_id));
    }
    if let Some(other) = &run.undo_of {
        output::line(&format!("it took back the run {other}"));
    }
    if let Some(other) = &run.undone_by {
        output::line(&format!("it was taken back by the run {other}"));
    }
    if let Some(error) = &run.error {
        output::failure(error, false);
    }
}

/// Waits for a run's end and shows it; the exit code.
pub(crate) async fn finish(started: &JobStarted, events: bool, context: &Context) -> Result<u8, ApiError> {
    let job = progress::follow(context.app().await?, &started.job, events).await?;
    let report: RunReport = serde_json::from_value(job.result).map_err(|error| {
        ApiError::new(ErrorCode::Internal, format!("the run ended with an unexpected result: {error}"))
    })?;
    if events {
        let mut last = serde_json::to_value(&report).unwrap_or_default();
        last["event"] = "ended".into();
        output::json(&last);
    } else {
        show(&report, context);
    }
    Ok(exit_code(&report))
}
