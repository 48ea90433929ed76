//! `syncline sync …`: check, preview, run.

use clap::{Args, Subcommand};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use syncline_api::ApiError;
use syncline_api::wire::{DefinitionCheck, JobStarted, PlanSummary, RunReport};
use syncline_model::{ErrorCode, definition_json_schema};

use crate::context::{Context, read_file};
use crate::{exit, output, progress};

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// All problems of a definition at once
    Check {
        /// Definition file; - is standard input
        file: PathBuf,
    },
    /// Print the JSON Schema of a definition
    Schema,
    /// Make and store a plan; nothing is written
    Preview(Preview),
    /// Run a stored plan, or plan and run
    Run(Run),
    /// One record through the same path
    One {
        /// Definition file
        file: PathBuf,
        /// Id of the source record
        id: String,
        /// On production: the number of records that will be written
        #[arg(long)]
        expect: Option<u64>,
    },
}

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
    /// Write the whole preview to this file (.json)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Run {
    /// Definition file; - is standard input
    #[arg(required_unless_present = "plan", conflicts_with = "plan")]
    file: Option<PathBuf>,
    /// A stored plan
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// The number of records that will be written; asked for on production
    #[arg(long, value_name = "N")]
    expect: Option<u64>,
}

/// Rows of a plan that are printed with `--json` at one reading.
const ROWS_A_CALL: u64 = 1000;

pub(crate) async fn run(verb: Verb, context: &Context) -> Result<u8, ApiError> {
    match verb {
        Verb::Check { file } => check(&read_file(&file)?, context).await,
        Verb::Schema => {
            output::line(&serde_json::to_string_pretty(&definition_json_schema()).unwrap_or_default());
            Ok(exit::DONE)
        }
        Verb::Preview(arguments) => preview(arguments, context).await,
        Verb::Run(arguments) => run_plan(arguments, context).await,
        Verb::One { file, id, expect } => {
            let request = serde_json::json!({ "json": read_file(&file)?, "source_id": id });
            let plan = make_plan(&request, context).await?;
            if plan.summary.read == 0 {
                return Err(ApiError::new(
                    ErrorCode::NotFound,
                    format!("the source has no record {id}, or the filter leaves it out"),
                ));
            }
            execute(&plan, expect.or(Some(writes(&plan))), context).await
        }
    }
}

async fn check(text: &str, context: &Context) -> Result<u8, ApiError> {
    let check: DefinitionCheck =
        context.call("definitions.check", &serde_json::json!({ "json": text })).await?;
    if context.json {
        output::json(
            &serde_json::json!({ "valid": check.valid, "problems": check.problems, "warnings": check.warnings }),
        );
    } else {
        for (kind, problems) in [("problem", &check.problems), ("warning", &check.warnings)] {
            for problem in problems {
                let path = if problem.path.is_empty() { "the file" } else { &problem.path };
                output::line(&format!("{kind} at {path}: {}", problem.message));
                if let Some(hint) = &problem.hint {
                    output::line(&format!("  hint: {hint}"));
                }
            }
        }
        if check.valid {
            output::line("no problems");
        }
    }
    Ok(if check.valid { exit::DONE } else { exit::USAGE })
}

async fn make_plan(request: &serde_json::Value, context: &Context) -> Result<PlanSummary, ApiError> {
    let started: JobStarted = context.call("plans.start", request).await?;
    let job = progress::watch(context.app().await?, &started.job).await?;
    serde_json::from_value(job.result).map_err(|error| {
        ApiError::new(ErrorCode::Internal, format!("the preview ended with an unexpected result: {error}"))
    })
}

async fn preview(arguments: Preview, context: &Context) -> Result<u8, ApiError> {
    if let Some(path) = &arguments.out
        && path.extension().is_none_or(|ending| ending != "json")
    {
        return Err(ApiError::new(ErrorCode::Usage, format!("{}: not a known ending", path.display()))
            .hint("use .json"));
    }
    let request = serde_json::json!({
        "json": read_file(&arguments.file)?, "limit": arguments.limit, "cached": arguments.cached,
    });
    let plan = make_plan(&request, context).await?;
    if context.json || arguments.out.is_some() {
        let document = serde_json::json!({
            "plan_id": plan.plan_id, "summary": plan.summary, "issues": plan.issues, "requests": plan.requests,
            "definition_hash": plan.definition_hash, "items": items(&plan.plan_id, context).await?,
        });
        if let Some(path) = &arguments.out {
            std::fs::write(path, serde_json::to_string_pretty(&document).unwrap_or_default()).map_err(
                |error| {
                    ApiError::new(ErrorCode::File, format!("{}: {error}", path.display()))
                        .hint("choose a folder that you may write to")
                },
            )?;
        }
        if context.json {
            output::json(&document);
        }
    }
    if !context.json {
        show(&plan);
    }
    Ok(exit::DONE)
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

fn show(plan: &PlanSummary) {
    let counts = &plan.summary;
    output::line(&format!("plan {} of \"{}\"", plan.plan_id, plan.definition));
    output::line(&format!(
        "{} {} → {} {}",
        plan.source, plan.source_entity, plan.destination, plan.destination_entity
    ));
    output::line(&format!(
        "read {}: create {}, update {}, unchanged {}, skip {}, invalid {}; events {}",
        counts.read,
        counts.create,
        counts.update,
        counts.unchanged,
        counts.skip,
        counts.invalid,
        counts.events
    ));
    output::line(&format!("a run would take {} write requests, {} bytes", plan.requests, plan.bytes));
    for group in &plan.issues {
        output::line(&format!("  {:>6}  {} ({}): {}", group.rows, group.code, group.field, group.example));
    }
    output::line(&format!("run it with: syncline sync run --plan {}", plan.plan_id));
}

fn writes(plan: &PlanSummary) -> u64 {
    plan.summary.create + plan.summary.update
}

async fn run_plan(arguments: Run, context: &Context) -> Result<u8, ApiError> {
    let plan: PlanSummary = match (&arguments.plan, &arguments.file) {
        (Some(id), _) => context.call("plans.get", &serde_json::json!({ "plan": id })).await?,
        (None, Some(file)) => make_plan(&serde_json::json!({ "json": read_file(file)? }), context).await?,
        (None, None) => return Err(ApiError::new(ErrorCode::Usage, "name a definition file or --plan ID")),
    };
    if !arguments.yes && arguments.expect.is_none() && std::io::stdin().is_terminal() && !context.json {
        show(&plan);
        eprint!("Write {} records to {}? [y/N] ", writes(&plan), plan.destination);
        // A prompt that can't be shown is followed by an answer that does not fit.
        let _ = std::io::stderr().flush();
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        if read.is_err() || !matches!(answer.trim(), "y" | "Y" | "yes") {
            return Err(ApiError::new(ErrorCode::Cancelled, "nothing was written")
                .hint(format!("the plan is kept: syncline sync run --plan {}", plan.plan_id)));
        }
    }
    execute(&plan, arguments.expect, context).await
}

async fn execute(plan: &PlanSummary, expect: Option<u64>, context: &Context) -> Result<u8, ApiError> {
    let started: JobStarted =
        context.call("runs.start", &serde_json::json!({ "plan": plan.plan_id, "expect": expect })).await?;
    let job = progress::watch(context.app().await?, &started.job).await?;
    let report: RunReport = serde_json::from_value(job.result).map_err(|error| {
        ApiError::new(ErrorCode::Internal, format!("the run ended with an unexpected result: {error}"))
    })?;
    super::runs::show(&report, context);
    Ok(super::runs::exit_code(&report))
}
