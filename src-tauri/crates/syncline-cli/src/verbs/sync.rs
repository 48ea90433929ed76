//! `syncline sync …`: check, preview, run.

use clap::{Args, Subcommand};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use syncline_api::ApiError;
use syncline_api::wire::{DefinitionCheck, JobStarted, PlanCounts, PlanSummary};
use syncline_model::{ErrorCode, definition_json_schema};

use super::sync_preview;
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
    Preview(sync_preview::Preview),
    /// Run a stored plan, or plan and run
    Run(Run),
    /// When it runs by itself, and the same for systemd, cron, Windows or a CI step
    Schedule(super::schedule::Schedule),
    /// Run several definitions in the order that their lookups ask for; fields that close a circle go in a second pass
    RunAll(super::sync_all::RunAll),
    /// One record through the same path
    One {
        /// Definition file
        file: PathBuf,
        /// Id of the source record
        id: String,
        /// On production: the number of records that will be written
        #[arg(long)]
        expect: Option<u64>,
        /// Send an event again that was sent before
        #[arg(long)]
        resend_events: bool,
    },
    /// Two-way: fields that both sides changed, which wait for a decision
    Conflicts(super::conflicts::Conflicts),
}

#[derive(Args)]
pub(crate) struct Run {
    /// Definition file; - is standard input. With --plan: the plan must have been made from it
    #[arg(required_unless_present_any = ["plan", "name"])]
    file: Option<PathBuf>,
    /// A saved definition, by its name
    #[arg(long, value_name = "NAME", conflicts_with_all = ["file", "plan"])]
    name: Option<String>,
    /// Run as its schedule says: without a question, as many records as its limit allows; refused while it is paused
    #[arg(long, conflicts_with_all = ["plan", "expect"])]
    scheduled: bool,
    /// Refuse to write more records than this, whatever the schedule allows
    #[arg(long, value_name = "N")]
    at_most: Option<u64>,
    /// A stored plan
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Hash of the plan as it was signed off, or its first digits: another one is refused
    #[arg(long, value_name = "HASH", requires = "plan")]
    signed: Option<String>,
    /// Two-way: look at all records, whatever the definition says of changes
    #[arg(long, conflicts_with = "plan")]
    full: bool,
    /// Events that were sent before go again; their number is said
    #[arg(long, conflicts_with = "plan")]
    resend_events: bool,
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

/// How a plan is run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct How<'a> {
    /// Do not ask.
    pub(crate) yes: bool,
    /// The number as the person gave it.
    pub(crate) expect: Option<u64>,
    /// Hash as it was signed.
    pub(crate) signed: Option<&'a str>,
    /// Past limits and warnings.
    pub(crate) beyond_limits: bool,
    /// Events as JSON lines.
    pub(crate) events: bool,
    /// Nobody is there: the schedule's limit holds.
    pub(crate) scheduled: bool,
    /// Most records that may be written.
    pub(crate) at_most: Option<u64>,
}

pub(crate) async fn run(verb: Verb, context: &Context) -> Result<u8, ApiError> {
    match verb {
        Verb::Check { file } => check(&read_file(&file)?, context).await,
        Verb::Schema => {
            output::line(&serde_json::to_string_pretty(&definition_json_schema()).unwrap_or_default());
            Ok(exit::DONE)
        }
        Verb::Preview(arguments) => sync_preview::preview(arguments, context).await,
        Verb::Run(arguments) => run_plan(arguments, context).await,
        Verb::RunAll(arguments) => super::sync_all::run(arguments, context).await,
        Verb::Schedule(arguments) => super::schedule::run(arguments, context).await,
        Verb::Conflicts(arguments) => super::conflicts::run(arguments, context).await,
        Verb::One { file, id, expect, resend_events } => {
            let request = serde_json::json!({
                "json": read_file(&file)?, "source_id": id, "resend_events": resend_events,
            });
            let plan = make_plan(&request, context).await?;
            if plan.summary.read + other_counts(&plan).map_or(0, |counts| counts.read) == 0 {
                return Err(ApiError::new(
                    ErrorCode::NotFound,
                    format!("the source has no record {id}, or the filter leaves it out"),
                ));
            }
            let how = How { expect, ..How::default() };
            execute(&plan, how, context).await
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

pub(super) async fn make_plan(
    request: &serde_json::Value,
    context: &Context,
) -> Result<PlanSummary, ApiError> {
    planned("plans.start", request, false, context).await
}

/// Begins a job that ends with a plan, and waits for it.
pub(crate) async fn planned(
    command: &str,
    request: &serde_json::Value,
    events: bool,
    context: &Context,
) -> Result<PlanSummary, ApiError> {
    let started: JobStarted = context.call(command, request).await?;
    let job = progress::follow(context.app().await?, &started.job, events).await?;
    serde_json::from_value(job.result).map_err(|error| {
        ApiError::new(ErrorCode::Internal, format!("the preview ended with an unexpected result: {error}"))
    })
}

/// What the other way of a two-way plan does.
fn other_counts(plan: &PlanSummary) -> Option<&PlanCounts> {
    plan.two_way.as_ref().map(|two_way| &two_way.other_counts)
}

/// Records that a run of this plan writes; of a two-way plan on both sides.
pub(super) fn writes(plan: &PlanSummary) -> u64 {
    let of =
        |counts: &PlanCounts| (counts.create + counts.update + counts.delete).saturating_sub(counts.excluded);
    of(&plan.summary) + other_counts(plan).map_or(0, of)
}

async fn run_plan(arguments: Run, context: &Context) -> Result<u8, ApiError> {
    if arguments.scheduled {
        super::schedule::guard(arguments.file.as_deref(), arguments.name.as_deref(), context).await?;
    }
    let plan: PlanSummary = match (&arguments.plan, &arguments.file, &arguments.name) {
        (Some(id), file, _) => {
            let plan: PlanSummary = context.call("plans.get", &serde_json::json!({ "plan": id })).await?;
            if let Some(file) = file {
                same_definition(&plan, file, context).await?;
            }
            plan
        }
        (None, Some(file), _) => {
            let request = serde_json::json!({
                "json": read_file(file)?, "resend_events": arguments.resend_events, "full": arguments.full,
            });
            planned("plans.start", &request, arguments.events, context).await?
        }
        (None, None, Some(name)) => {
            let request = serde_json::json!({
                "name": name, "resend_events": arguments.resend_events, "full": arguments.full,
            });
            make_plan(&request, context).await?
        }
        (None, None, None) => {
            return Err(ApiError::new(ErrorCode::Usage, "name a definition file or --plan ID"));
        }
    };
    if plan.summary.events_resent > 0 {
        eprintln!("{} events that were sent before go again", plan.summary.events_resent);
    }
    let how = How {
        yes: arguments.yes || arguments.scheduled,
        expect: if arguments.scheduled { Some(writes(&plan)) } else { arguments.expect },
        signed: arguments.signed.as_deref(),
        beyond_limits: arguments.beyond_limits,
        events: arguments.events,
        scheduled: arguments.scheduled,
        at_most: arguments.at_most,
    };
    confirm(&plan, how, context)?;
    execute(&plan, how, context).await
}

/// Asks a person at a terminal. An error: no.
pub(crate) fn confirm(plan: &PlanSummary, how: How<'_>, context: &Context) -> Result<(), ApiError> {
    if how.yes || how.expect.is_some() || context.json || how.events || !std::io::stdin().is_terminal() {
        return Ok(());
    }
    sync_preview::show(plan);
    eprint!("Write {} records to {}? [y/N] ", writes(plan), plan.destination);
    // A prompt that can't be shown is followed by an answer that does not fit.
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    if read.is_err() || !matches!(answer.trim(), "y" | "Y" | "yes") {
        return Err(ApiError::new(ErrorCode::Cancelled, "nothing was written")
            .hint(format!("the plan is kept: syncline sync run --plan {}", plan.plan_id)));
    }
    Ok(())
}

/// An error unless the plan was made from the definition in the file.
async fn same_definition(
    plan: &PlanSummary,
    file: &std::path::Path,
    context: &Context,
) -> Result<(), ApiError> {
    let check: DefinitionCheck =
        context.call("definitions.check", &serde_json::json!({ "json": read_file(file)? })).await?;
    if check.hash.as_deref() == Some(plan.definition_hash.as_str()) {
        return Ok(());
    }
    Err(ApiError::new(
        ErrorCode::GuardRefused,
        format!("the definition in {} is not the one of the plan {}", file.display(), plan.plan_id),
    )
    .hint("make a new preview of it, or run the plan without naming a file"))
}

pub(crate) async fn execute(plan: &PlanSummary, how: How<'_>, context: &Context) -> Result<u8, ApiError> {
    // Where what can't be passed over stops it, nothing is.
    let stays = plan.exceeded.iter().any(|one| one.what == "unfiltered");
    for one in plan.exceeded.iter().filter(|_| how.beyond_limits && !stays) {
        eprintln!("passed over: {}", one.text);
    }
    let request = serde_json::json!({
        "plan": plan.plan_id, "expect": how.expect, "signed": how.signed, "beyond_limits": how.beyond_limits,
        "scheduled": how.scheduled, "at_most": how.at_most,
    });
    let started: JobStarted = context.call("runs.start", &request).await?;
    super::runs::finish(&started, how.events, context).await
}
