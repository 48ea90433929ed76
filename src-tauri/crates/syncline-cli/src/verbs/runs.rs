//! `syncline runs …`: history.

use clap::Subcommand;
use std::io::Write;
use std::path::PathBuf;
use syncline_api::ApiError;
use syncline_api::wire::{Empty, PredictionView, RunReport, RunRowsPage, RunView};
use syncline_model::ErrorCode;

use crate::context::Context;
use crate::{exit, output};

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// All runs, newest first
    List,
    /// One run with its failures
    Show {
        /// Run
        id: String,
    },
    /// The outcome of every record as JSON lines or CSV, by the file's ending
    Export {
        /// Run
        id: String,
        /// File to write (.jsonl or .csv)
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

pub(crate) async fn run(verb: Verb, context: &Context) -> Result<u8, ApiError> {
    match verb {
        Verb::List => list(context).await?,
        Verb::Show { id } => {
            let report: RunReport = context.call("runs.get", &serde_json::json!({ "run": id })).await?;
            show(&report, context);
        }
        Verb::Export { id, out } => export(&id, &out, context).await?,
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
            "unchanged",
            "skipped",
            "drifted",
            "failed",
            "as predicted",
            "seconds",
        ],
        all.into_iter().map(|run| {
            let mut row = vec![run.run_id, run.definition, run.started_at, run.status];
            row.extend(
                [run.read, run.created, run.updated, run.unchanged, run.skipped, run.drifted, run.failed]
                    .map(|count| count.to_string()),
            );
            let score = run.prediction.and_then(|prediction| prediction.score);
            row.push(score.map(|score| format!("{:.1} %", score * 100.0)).unwrap_or_default());
            row.push(format!("{:.1}", run.seconds));
            row
        }),
    );
    Ok(())
}

/// The exit code of a run that ended.
pub(crate) fn exit_code(report: &RunReport) -> u8 {
    match (&report.run.error, report.run.status.as_str()) {
        (Some(error), "failed") => exit::code_of(error),
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
    let run = &report.run;
    output::line(&format!(
        "run {} of \"{}\": {} in {:.1} s, {} requests",
        run.run_id, run.definition, run.status, run.seconds, run.calls
    ));
    output::line(&format!(
        "read {}, created {}, updated {}, unchanged {}, skipped {}, drifted {}, failed {}; events {}",
        run.read, run.created, run.updated, run.unchanged, run.skipped, run.drifted, run.failed, run.events
    ));
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
        output::line(&format!("  {}  {}: {}", failure.source_id, failure.code, failure.message));
    }
    if report.failures.len() > 20 {
        output::line(&format!("  and more: syncline runs export {} --out failures.csv", run.run_id));
    }
    if let Some(error) = &run.error {
        output::failure(error, false);
    }
}

async fn export(id: &str, out: &std::path::Path, context: &Context) -> Result<(), ApiError> {
    let as_csv = match out.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => true,
        Some("jsonl" | "ndjson" | "json") => false,
        _ => {
            return Err(ApiError::new(ErrorCode::Usage, format!("{}: not a known ending", out.display()))
                .hint("use .csv or .jsonl"));
        }
    };
    let fault = |error: std::io::Error| ApiError::new(ErrorCode::File, format!("{}: {error}", out.display()));
    let mut file = std::io::BufWriter::new(std::fs::File::create(out).map_err(fault)?);
    const HEAD: [&str; 9] = [
        "ordinal",
        "source_id",
        "action",
        "outcome",
        "destination_id",
        "code",
        "message",
        "request_id",
        "at",
    ];
    if as_csv {
        file.write_all(format!("\u{feff}{}\r\n", HEAD.join(",")).as_bytes()).map_err(fault)?;
    }
    let mut written = 0_u64;
    loop {
        let page: RunRowsPage = context
            .call("runs.rows", &serde_json::json!({ "run": id, "offset": written, "limit": 1000 }))
            .await?;
        for row in &page.rows {
            let json = serde_json::to_value(row).unwrap_or_default();
            let line = if as_csv {
                let cells: Vec<String> = HEAD.iter().map(|name| csv_cell(&json[*name])).collect();
                format!("{}\r\n", cells.join(","))
            } else {
                format!("{json}\n")
            };
            file.write_all(line.as_bytes()).map_err(fault)?;
        }
        written += page.rows.len() as u64;
        if page.rows.is_empty() || written >= page.total {
            break;
        }
    }
    file.flush().map_err(fault)?;
    if context.json {
        output::json(&serde_json::json!({ "path": out, "records": written }));
    } else {
        output::line(&format!("{written} outcomes written to {}", out.display()));
    }
    Ok(())
}

/// A cell after RFC 4180.
fn csv_cell(value: &serde_json::Value) -> String {
    let text = match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
