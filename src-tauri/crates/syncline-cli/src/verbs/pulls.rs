//! `syncline cache pull`, `cache pulls` and `cache changes`.

use clap::{Args, ValueEnum};
use serde_json::value::RawValue;
use syncline_api::ApiError;
use syncline_api::wire::{JobStarted, PullCost, PullReport, PullView, PullsReport};
use syncline_model::ErrorCode;

use super::costs;
use crate::context::Context;
use crate::{exit, output, progress};

/// Which records are fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Always all; with --days only what was modified in them
    All,
    /// Only what was updated since the last pull; new records are left out
    Updated,
    /// What is new or updated since the last pull
    NewAndUpdated,
}

impl Mode {
    fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Updated => "updated",
            Self::NewAndUpdated => "new-and-updated",
        }
    }
}

#[derive(Args)]
pub(crate) struct Pull {
    /// Connection
    name: String,
    /// Logical names of the entities; several are pulled one after the other
    #[arg(required_unless_present = "list", value_delimiter = ',')]
    entity: Vec<String>,
    /// The members of a marketing list, by its name or id; may be given several times
    #[arg(long)]
    list: Vec<String>,
    /// Columns by logical name; default: all readable
    #[arg(long, value_delimiter = ',')]
    columns: Vec<String>,
    /// FetchXML filter or condition
    #[arg(long, value_name = "XML")]
    filter: Option<String>,
    /// Which records; default: what is new or updated since the last pull, and everything the first time
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// Look back so many days; without --mode only what was modified in them
    #[arg(long)]
    days: Option<u32>,
    /// Read everything, from the begin, even if an interrupted pull could go on
    #[arg(long, conflicts_with = "mode")]
    full: bool,
    /// Records a page, at most; without it as many as the service gives and memory allows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=5000))]
    page_size: Option<u32>,
}

#[derive(Args)]
pub(crate) struct Changes {
    /// Connection
    name: String,
    /// Logical name of the entity
    entity: String,
    /// The pull; default: the last one
    #[arg(long, value_name = "ID")]
    pull: Option<String>,
    /// Everything since the end of this earlier pull
    #[arg(long, value_name = "ID")]
    since: Option<String>,
    /// Only records of this kind
    #[arg(long, value_parser = ["added", "changed", "deleted"])]
    kind: Option<String>,
    /// Only records whose column changed
    #[arg(long)]
    column: Option<String>,
}

pub(crate) async fn pull(arguments: Pull, context: &Context) -> Result<u8, ApiError> {
    let columns = (!arguments.columns.is_empty()).then_some(arguments.columns);
    let mode = match (arguments.full, arguments.mode, arguments.days) {
        (true, ..) => Mode::All,
        (false, Some(mode), _) => mode,
        (false, None, Some(_)) => Mode::All,
        (false, None, None) => Mode::NewAndUpdated,
    };
    let item = |entity: Option<&String>, list: Option<&String>| {
        serde_json::json!({
            "connection": arguments.name, "entity": entity, "list": list, "columns": columns, "filter": arguments.filter,
            "mode": mode.as_str(), "days": arguments.days, "full": arguments.full,
            "page_size": arguments.page_size,
        })
    };
    let mut items: Vec<serde_json::Value> =
        arguments.entity.iter().map(|entity| item(Some(entity), None)).collect();
    items.extend(arguments.list.iter().map(|list| item(None, Some(list))));
    if !context.json {
        for item in &items {
            // What can't be estimated is told by the pull itself.
            if let Ok(cost) = context.call::<_, PullCost>("cache.cost", item).await {
                output::note(context.json, &costs::of_pull(&cost));
            }
        }
    }
    if let [only] = &items[..] {
        let started: JobStarted = context.call("cache.pull", only).await?;
        let report: PullReport = ended(&started, context).await?;
        if context.json {
            output::json(&report);
        } else {
            told(&report);
        }
        return Ok(exit::DONE);
    }
    let request = serde_json::json!({ "connection": arguments.name, "items": items });
    let started: JobStarted = context.call("cache.pull_many", &request).await?;
    let report: PullsReport = ended(&started, context).await?;
    if context.json {
        output::json(&report);
    } else {
        report.pulls.iter().for_each(told);
        for failure in &report.failures {
            eprintln!("{}:", failure.what);
            output::failure(&failure.error, false);
        }
    }
    Ok(if report.failures.is_empty() { exit::DONE } else { exit::PARTIAL })
}

async fn ended<T: serde::de::DeserializeOwned>(
    started: &JobStarted,
    context: &Context,
) -> Result<T, ApiError> {
    let job = progress::watch(context.app().await?, &started.job).await?;
    serde_json::from_value(job.result).map_err(|error| {
        ApiError::new(ErrorCode::Internal, format!("the pull ended with an unexpected result: {error}"))
    })
}

fn told(report: &PullReport) {
    let what = match &report.list {
        Some(list) => format!("{} (members of {list})", report.entity),
        None => report.entity.clone(),
    };
    output::line(&format!(
        "{what}: {} read in {} pages, {} requests and {:.1} s ({:.0}/s): {} new, {} changed, {} unchanged, {} deleted{}",
        report.read,
        report.pages,
        report.requests,
        report.seconds,
        report.read as f64 / report.seconds.max(0.001),
        report.new,
        report.changed,
        report.unchanged,
        report.deleted,
        if report.resumed { ", resumed" } else { "" }
    ));
    for note in &report.notes {
        output::line(&format!("  {note}"));
    }
    if report.not_indexed > 0 {
        eprintln!(
            "{} records can't be found by words yet; the next pull goes on with that",
            report.not_indexed
        );
    }
}

pub(crate) async fn list(name: String, entity: String, context: &Context) -> Result<(), ApiError> {
    let pulls = of_entity(&name, &entity, context).await?;
    if context.json {
        output::json(&pulls);
        return Ok(());
    }
    output::table(
        &["pull", "began", "status", "way", "read", "added", "changed", "deleted", "watermark"],
        pulls.into_iter().map(|pull| {
            vec![
                pull.pull,
                pull.started_at,
                pull.status,
                pull.way,
                pull.read.to_string(),
                pull.added.to_string(),
                pull.changed.to_string(),
                pull.deleted.to_string(),
                pull.watermark.unwrap_or_default(),
            ]
        }),
    );
    Ok(())
}

async fn of_entity(name: &str, entity: &str, context: &Context) -> Result<Vec<PullView>, ApiError> {
    context.call("pulls.list", &serde_json::json!({ "connection": name, "entity": entity })).await
}

/// A page of changes; rows are printed as they come, digit for digit.
#[derive(serde::Deserialize)]
struct Page {
    rows: Vec<Box<RawValue>>,
    cut: bool,
}

pub(crate) async fn changes(arguments: Changes, context: &Context) -> Result<(), ApiError> {
    let pull = match arguments.pull {
        Some(pull) => pull,
        None => {
            let pulls = of_entity(&arguments.name, &arguments.entity, context).await?;
            let last = pulls.into_iter().find(|pull| pull.status == "done").ok_or_else(|| {
                ApiError::new(ErrorCode::NotFound, format!("{} was never pulled", arguments.entity))
                    .hint("pull it first: syncline cache pull")
            })?;
            last.pull
        }
    };
    let mut printed = 0_u64;
    loop {
        let request = serde_json::json!({
            "pull": pull, "since": arguments.since, "kind": arguments.kind, "column": arguments.column,
            "offset": printed, "limit": 1000,
        });
        let page: Page = context.call("pulls.changes", &request).await?;
        for row in &page.rows {
            output::line(row.get());
        }
        printed += page.rows.len() as u64;
        if page.rows.is_empty() {
            if page.cut {
                output::note(context.json, "more changed than is kept one by one");
            }
            break;
        }
    }
    output::note(context.json, &format!("{printed} records"));
    Ok(())
}
