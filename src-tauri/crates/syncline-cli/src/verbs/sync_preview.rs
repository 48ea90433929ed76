//! `syncline sync preview`: a plan made, shown, and signed off into a file.

use clap::Args;
use std::path::PathBuf;
use syncline_api::ApiError;
use syncline_api::wire::{JobStarted, PlanSummary, SignOffReport};
use syncline_model::ErrorCode;

use super::costs;
use super::sync::{make_plan, writes};
use crate::context::{Context, read_file};
use crate::{exit, output, progress};

#[derive(Args)]
pub(crate) struct Preview {
    /// Definition file; - is standard input
    file: PathBuf,
    /// Read no more records than this
    #[arg(long)]
    limit: Option<u64>,
    /// Read the source from the store
    #[arg(long)]
    cached: bool,
    /// Two-way: look at all records, whatever the definition says of changes
    #[arg(long)]
    full: bool,
    /// Events that were sent before go again; their number is said
    #[arg(long)]
    resend_events: bool,
    /// Sign the preview off and write it to this file (.html, .xlsx or .json)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// In that file, and in what is printed, personal values are pseudonyms
    #[arg(long, requires = "out")]
    mask: bool,
    /// Who signs it off; default: the name of this machine's user
    #[arg(long, value_name = "NAME", requires = "out")]
    by: Option<String>,
}

/// Rows of a plan that are printed with `--json` at one reading.
const ROWS_A_CALL: u64 = 1000;

pub(super) async fn preview(arguments: Preview, context: &Context) -> Result<u8, ApiError> {
    if let Some(path) = &arguments.out
        && path.extension().is_none_or(|ending| ending != "json" && ending != "html" && ending != "xlsx")
    {
        return Err(ApiError::new(ErrorCode::Usage, format!("{}: not a known ending", path.display()))
            .hint("use .html, .xlsx or .json"));
    }
    let request = serde_json::json!({
        "json": read_file(&arguments.file)?, "limit": arguments.limit, "cached": arguments.cached,
        "resend_events": arguments.resend_events, "full": arguments.full,
    });
    let plan = make_plan(&request, context).await?;
    let signed = match &arguments.out {
        Some(path) => Some(sign_off(&plan, path, &arguments, context).await?),
        None => None,
    };
    if context.json {
        let mut document = head(&plan);
        if arguments.mask {
            // Examples of causes and rows hold values in clear; they are in the file, masked.
            document["issues"] = serde_json::Value::Null;
        } else {
            document["items"] = items_of(&plan, context).await?.into();
            super::conflicts::add(&mut document, &plan, context).await?;
        }
        if let Some(report) = &signed {
            document["signed_off"] = serde_json::json!(report);
        }
        output::json(&document);
    } else if arguments.mask {
        output::line(&format!("plan {} of \"{}\"", plan.plan_id, plan.definition));
    } else {
        show(&plan);
    }
    if let (Some(report), false) = (&signed, context.json) {
        output::line(&format!(
            "signed off by {}: {} (plan hash {})",
            report.signed.by, report.path, report.signed.hash
        ));
    }
    Ok(exit::DONE)
}

/// Writes the document and signs the plan.
async fn sign_off(
    plan: &PlanSummary,
    path: &std::path::Path,
    arguments: &Preview,
    context: &Context,
) -> Result<SignOffReport, ApiError> {
    let by = arguments.by.clone().or_else(|| {
        ["USER", "USERNAME", "LOGNAME"]
            .iter()
            .find_map(|name| std::env::var(name).ok())
            .filter(|name| !name.is_empty())
    });
    let path = std::path::absolute(path).map_err(|error| {
        ApiError::new(ErrorCode::File, format!("{}: {error}", path.display())).hint("check the path")
    })?;
    let request =
        serde_json::json!({ "plan": plan.plan_id, "path": path, "by": by, "masked": arguments.mask });
    let started: JobStarted = context.call("plans.sign_off", &request).await?;
    let job = progress::watch(context.app().await?, &started.job).await?;
    serde_json::from_value(job.result).map_err(|error| {
        ApiError::new(ErrorCode::Internal, format!("the sign-off ended with an unexpected result: {error}"))
    })
}

/// What is said of a plan beside its rows.
fn head(plan: &PlanSummary) -> serde_json::Value {
    serde_json::json!({
        "plan_id": plan.plan_id, "summary": plan.summary, "issues": plan.issues, "requests": plan.requests,
        "definition_hash": plan.definition_hash, "cost": plan.cost, "undoable": plan.undoable, "exceeded": plan.exceeded,
        "undo_of": plan.undo_of, "replay_of": plan.replay_of, "two_way": plan.two_way,
    })
}

/// A plan with all of its rows, as JSON or as text.
pub(crate) async fn show_whole(plan: &PlanSummary, context: &Context) -> Result<(), ApiError> {
    if !context.json {
        show(plan);
        return Ok(());
    }
    let mut document = head(plan);
    document["items"] = items_of(plan, context).await?.into();
    output::json(&document);
    Ok(())
}

/// The rows of a plan; of a two-way plan those of both ways, each with its direction.
async fn items_of(plan: &PlanSummary, context: &Context) -> Result<Vec<serde_json::Value>, ApiError> {
    let mut all = items(&plan.plan_id, context).await?;
    let Some(two_way) = &plan.two_way else { return Ok(all) };
    let (own, other) = if two_way.returns { ("from", "to") } else { ("to", "from") };
    let mut others = items(&two_way.other, context).await?;
    for (rows, direction) in [(&mut all, own), (&mut others, other)] {
        for row in rows {
            row["direction"] = direction.into();
        }
    }
    all.append(&mut others);
    Ok(all)
}

/// Every row of a plan in the shape that scripts read.
async fn items(plan: &str, context: &Context) -> Result<Vec<serde_json::Value>, ApiError> {
    let mut items = Vec::new();
    loop {
        let page = context
            .raw(
                "plans.items",
                &serde_json::json!({ "plan": plan, "offset": items.len(), "limit": ROWS_A_CALL }),
            )
            .await?;
        let rows = page["items"].as_array().cloned().unwrap_or_default();
        let ended = (rows.len() as u64) < ROWS_A_CALL;
        items.extend(rows);
        if ended {
            return Ok(items);
        }
    }
}

pub(super) fn show(plan: &PlanSummary) {
    let counts = &plan.summary;
    output::line(&format!("plan {} of \"{}\"", plan.plan_id, plan.definition));
    output::line(&format!(
        "{} {} → {} {}",
        plan.source, plan.source_entity, plan.destination, plan.destination_entity
    ));
    output::line(&format!(
        "read {}: create {}, update {}, delete {}, unchanged {}, skip {}, invalid {}; events {}",
        counts.read,
        counts.create,
        counts.update,
        counts.delete,
        counts.unchanged,
        counts.skip,
        counts.invalid,
        counts.events
    ));
    if let Some(two_way) = &plan.two_way {
        let (back, waiting) = (&two_way.other_counts, two_way.conflicts);
        output::line(&format!(
            "and the other way: create {}, update {}, delete {}, skip {}, invalid {}; {waiting} fields wait for a decision",
            back.create, back.update, back.delete, back.skip, back.invalid
        ));
    }
    if counts.events_held_back > 0 {
        output::line(&format!(
            "{} events were sent before and are held back (--resend-events sends them again)",
            counts.events_held_back
        ));
    }
    if counts.events_resent > 0 {
        output::line(&format!("{} events were sent before and go again", counts.events_resent));
    }
    if counts.vanished > 0 {
        output::line(&format!("{} were not read: the source does not hold them any more", counts.vanished));
    }
    if counts.steps > 0 {
        output::line(&format!(
            "rows point at one another in a circle: {} of them go in two steps, the second one an update",
            counts.steps
        ));
    }
    let requests = if plan.requests == 1 { "request" } else { "requests" };
    output::line(&format!("a run would take {} write {requests}, {} bytes", plan.requests, plan.bytes));
    if plan.requests > 0 {
        output::line(&format!("in all {}", costs::words(&plan.cost)));
    }
    for group in &plan.issues {
        output::line(&format!("  {:>6}  {} ({}): {}", group.rows, group.code, group.field, group.example));
    }
    for one in &plan.exceeded {
        output::line(&format!("it would be stopped: {}; {}", one.text, one.remedy));
    }
    if writes(plan) > 0 && !plan.undoable {
        output::line("what it writes can't be undone: the destination does not tell what it held before");
    } else if counts.events > 0 {
        output::line("its events can't be undone");
    }
    output::line(&format!("run it with: syncline sync run --plan {}", plan.plan_id));
}
