//! `syncline runs replay|undo|find|export|retention`: records of runs again, taken back, found, written to a file, kept.

use clap::Args;
use std::path::{Path, PathBuf};
use syncline_api::ApiError;
use syncline_api::wire::{AuditQuery, AuditView, ByHand, ExportReport, JobStarted, RetentionView};
use syncline_model::ErrorCode;

use super::sync::{How, confirm, execute, planned};
use super::sync_preview::show_whole;
use crate::context::Context;
use crate::{exit, output, progress};

#[derive(Args)]
pub(crate) struct Replay {
    /// Run
    id: String,
    /// All of its records
    #[arg(long, conflicts_with = "record")]
    all: bool,
    /// Only these source records
    #[arg(long, value_name = "ID")]
    record: Vec<String>,
    /// Under the definition as it was then
    #[arg(long)]
    as_it_was: bool,
    #[command(flatten)]
    run: Again,
}

#[derive(Args)]
pub(crate) struct Undo {
    /// Run
    id: String,
    #[command(flatten)]
    run: Again,
}

/// What is done with the plan that was made.
#[derive(Args)]
struct Again {
    /// Only show what would be done
    #[arg(long)]
    preview: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// The number of records that will be written; asked for on production
    #[arg(long, value_name = "N")]
    expect: Option<u64>,
    /// Run although limits or warnings would stop it; what is exceeded is said
    #[arg(long)]
    beyond_limits: bool,
    /// A JSON line for each event on standard output; the last one is the report
    #[arg(long)]
    events: bool,
}

#[derive(Args)]
pub(crate) struct Find {
    /// Only of this run
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// The whole story of the record with this id, at the source or the destination
    #[arg(long, value_name = "ID")]
    record: Option<String>,
    /// Only where this connection is source or destination; with --record, the end at which it has that id
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// Only where this entity is source or destination; with --record, the end at which it has that id
    #[arg(long)]
    entity: Option<String>,
    /// Only this outcome, such as failed or unchanged
    #[arg(long)]
    outcome: Option<String>,
    /// Only records that hold this text
    #[arg(long)]
    text: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 1000)]
    top: u64,
    /// Write them to a file in place (.jsonl, .csv or .xlsx)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Put edits by hand behind them in the file; alone: `runs edits --out FILE`
    #[arg(long, requires = "out", conflicts_with_all = ["run", "outcome"])]
    edits: bool,
}

#[derive(Args)]
pub(crate) struct Retention {
    /// Days after which a run that ended goes, with its before-images; 0 keeps runs for ever. It is kept as a setting
    #[arg(long)]
    days: Option<u32>,
    /// Remove what is older now
    #[arg(long)]
    remove: bool,
}

pub(crate) async fn replay(arguments: Replay, context: &Context) -> Result<u8, ApiError> {
    let which = match (arguments.all, arguments.record.is_empty()) {
        (true, _) => "all",
        (false, true) => "failed",
        (false, false) => "chosen",
    };
    let request = serde_json::json!({
        "run": arguments.id, "which": which, "records": arguments.record, "as_it_was": arguments.as_it_was,
    });
    go("runs.replay", &request, &arguments.run, context).await
}

pub(crate) async fn undo(arguments: Undo, context: &Context) -> Result<u8, ApiError> {
    go("runs.undo", &serde_json::json!({ "run": arguments.id }), &arguments.run, context).await
}

async fn go(
    command: &str,
    request: &serde_json::Value,
    again: &Again,
    context: &Context,
) -> Result<u8, ApiError> {
    let plan = planned(command, request, again.events, context).await?;
    if again.preview {
        show_whole(&plan, context).await?;
        return Ok(exit::DONE);
    }
    let how = How {
        yes: again.yes,
        expect: again.expect,
        signed: None,
        beyond_limits: again.beyond_limits,
        events: again.events,
        ..How::default()
    };
    confirm(&plan, how, context)?;
    execute(&plan, how, context).await
}

pub(crate) async fn find(arguments: Find, context: &Context) -> Result<(), ApiError> {
    let mut query = AuditQuery {
        run: arguments.run,
        record: arguments.record,
        connection: arguments.connection,
        entity: arguments.entity,
        outcome: arguments.outcome,
        search: arguments.text,
        ..AuditQuery::default()
    };
    if let Some(out) = &arguments.out {
        let by_hand = arguments.edits.then_some(ByHand::With);
        return export(&query, by_hand, out, context).await;
    }
    let mut shown = 0;
    while shown < arguments.top {
        query.offset = Some(shown);
        query.limit = u32::try_from((arguments.top - shown).min(1000)).ok();
        let page: AuditView = context.call("audit.rows", &query).await?;
        let rows = page.rows.len() as u64;
        if context.json {
            page.rows.iter().for_each(output::json);
        } else {
            output::table(
                &["run began", "definition", "record", "id", "planned", "outcome", "code", "message"],
                page.rows.into_iter().map(|row| {
                    let planned = row.action.as_str().to_owned();
                    let (code, message) = (row.code.unwrap_or_default(), row.message.unwrap_or(row.reason));
                    let known = [row.started_at, row.definition, row.title, row.source_id];
                    known.into_iter().chain([planned, row.outcome, code, message]).collect()
                }),
            );
        }
        shown += rows;
        if rows == 0 || shown >= page.total {
            break;
        }
    }
    Ok(())
}

pub(crate) async fn export(
    query: &AuditQuery,
    by_hand: Option<ByHand>,
    out: &Path,
    context: &Context,
) -> Result<(), ApiError> {
    let format = match out.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => "csv",
        Some("jsonl" | "ndjson" | "json") => "jsonl",
        Some("xlsx") => "xlsx",
        _ => {
            return Err(ApiError::new(ErrorCode::Usage, format!("{}: not a known ending", out.display()))
                .hint("use .csv, .jsonl or .xlsx"));
        }
    };
    let path = std::path::absolute(out)
        .map_err(|error| ApiError::new(ErrorCode::File, format!("{}: {error}", out.display())))?;
    let request = serde_json::json!({ "query": query, "by_hand": by_hand, "format": format, "path": path });
    let started: JobStarted = context.call("audit.export", &request).await?;
    let job = progress::watch(context.app().await?, &started.job).await?;
    let report: ExportReport = serde_json::from_value(job.result).map_err(|error| {
        ApiError::new(ErrorCode::Internal, format!("the export ended with an unexpected result: {error}"))
    })?;
    if context.json {
        output::json(&serde_json::json!({ "path": out, "records": report.records, "bytes": report.bytes }));
    } else {
        output::line(&format!("{} records written to {}", report.records, out.display()));
    }
    Ok(())
}

pub(crate) async fn retention(arguments: &Retention, context: &Context) -> Result<(), ApiError> {
    let request = serde_json::json!({
        "days": arguments.days, "keep": arguments.days.is_some(), "remove": arguments.remove,
    });
    let changes = arguments.days.is_some() || arguments.remove;
    let command = if changes { "audit.retain" } else { "audit.retention" };
    let view: RetentionView = context.call(command, &request).await?;
    if context.json {
        output::json(&view);
        return Ok(());
    }
    if view.days == 0 {
        output::line("runs are kept for ever");
        return Ok(());
    }
    let verb = if view.removed { "removed" } else { "older than that" };
    output::line(&format!(
        "runs are kept for {} days; {verb}: {} runs with {} records and their before-images, {} previews that were never run",
        view.days, view.runs, view.records, view.plans
    ));
    if !view.removed && view.runs + view.plans > 0 {
        output::line(
            "they go when Syncline is opened next, or now with --remove; a run that is gone can't be undone",
        );
    }
    Ok(())
}
