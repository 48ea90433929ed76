//! `syncline sync conflicts`: what waits for a decision in a two-way sync, and deciding it.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use syncline_api::ApiError;
use syncline_api::wire::{
    ConflictView, ConflictsDecided, ConflictsPage, DefinitionCheck, PlanSummary, RunReport,
};
use syncline_model::{ErrorCode, Value};

use crate::context::{Context, read_file};
use crate::{exit, output};

#[derive(Args)]
pub(crate) struct Conflicts {
    /// Definition file; - is standard input
    file: PathBuf,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// What waits
    List,
    /// Decide; it is done at the next sync
    Decide {
        /// Numbers of conflicts, as the list tells them
        #[arg(required_unless_present = "all")]
        ids: Vec<String>,
        /// All of them
        #[arg(long, conflicts_with = "ids")]
        all: bool,
        /// The side that wins; none takes a decision back
        #[arg(long)]
        side: Side,
        /// Who decides; default: the name of this machine's user
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Side {
    Source,
    Destination,
    None,
}

/// Conflicts that are read at once.
const AT_ONCE: usize = 1000;

pub(crate) async fn run(arguments: Conflicts, context: &Context) -> Result<u8, ApiError> {
    let text = read_file(&arguments.file)?;
    let check: DefinitionCheck =
        context.call("definitions.check", &serde_json::json!({ "json": text })).await?;
    let Some(definition) = check.definition else {
        return Err(ApiError::new(ErrorCode::DefinitionInvalid, "the definition can't be read")
            .hint("syncline sync check FILE tells every problem with its place"));
    };
    let conflicts = all(Some(&definition.name), context).await?;
    match arguments.verb.unwrap_or(Verb::List) {
        Verb::List if context.json => output::json(&serde_json::json!({ "conflicts": conflicts })),
        Verb::List => show(&conflicts),
        Verb::Decide { ids, all, side, by } => {
            let ids: Vec<String> =
                if all { conflicts.iter().map(|one| one.id.clone()).collect() } else { ids };
            if let Some(other) = ids.iter().find(|id| !conflicts.iter().any(|one| one.id == **id)) {
                let text = format!("\"{}\" has no conflict {other}", definition.name);
                return Err(
                    ApiError::new(ErrorCode::NotFound, text).hint("syncline sync conflicts FILE lists them")
                );
            }
            let side = match side {
                Side::Source => Some("source"),
                Side::Destination => Some("destination"),
                Side::None => None,
            };
            let request = serde_json::json!({ "ids": ids, "side": side, "by": by });
            let told: ConflictsDecided = context.call("conflicts.decide", &request).await?;
            if context.json {
                output::json(&told);
            } else {
                output::line(&format!("{} decided; done at the next sync", told.decided));
            }
        }
    }
    Ok(exit::DONE)
}

async fn all(definition: Option<&str>, context: &Context) -> Result<Vec<ConflictView>, ApiError> {
    let mut found = Vec::new();
    loop {
        let ask = serde_json::json!({ "definition": definition, "offset": found.len(), "limit": AT_ONCE });
        let page: ConflictsPage = context.call("conflicts.list", &ask).await?;
        let ended = page.conflicts.len() < AT_ONCE;
        found.extend(page.conflicts);
        if ended {
            return Ok(found);
        }
    }
}

/// Puts the conflicts of a two-way plan into its document.
pub(crate) async fn add(
    document: &mut serde_json::Value,
    plan: &PlanSummary,
    context: &Context,
) -> Result<(), ApiError> {
    if plan.two_way.is_some() {
        document["conflicts"] = serde_json::json!(all(Some(&plan.definition), context).await?);
    }
    Ok(())
}

/// The exit code of a two-way run whose way to the destination went well.
pub(crate) fn exit_code(report: &RunReport) -> u8 {
    let Some(two_way) = &report.two_way else { return exit::DONE };
    let others = || two_way.back.iter().chain(&two_way.again);
    if let Some(error) = others().find_map(|other| other.run.error.as_ref()) {
        return exit::code_of(error);
    }
    let drifted = report.run.drifted + others().map(|other| other.run.drifted).sum::<u64>();
    match two_way.status.as_str() {
        "succeeded" if drifted > 0 => exit::PARTIAL,
        status => exit::code_of_run(status),
    }
}

fn shown(value: &Value, deleted: bool) -> String {
    match (deleted, value.display_text()) {
        (true, _) => "(deleted)".to_owned(),
        (false, text) if text.is_empty() => "(nothing)".to_owned(),
        (false, text) => text,
    }
}

fn show(conflicts: &[ConflictView]) {
    output::table(
        &["id", "record", "field", "last sync", "source", "changed", "destination", "changed", "decision"],
        conflicts.iter().map(|one| {
            let field = if one.destination_field.is_empty() {
                "(whole record)"
            } else {
                one.destination_field.as_str()
            };
            let base = one.base.as_ref().map(|base| shown(&base.destination, false)).unwrap_or_default();
            let decision = one.decision.as_ref().map(|made| {
                let side = match made.side {
                    syncline_api::wire::TwoWaySide::Source => "source",
                    syncline_api::wire::TwoWaySide::Destination => "destination",
                };
                format!("{side}, by {}", made.by)
            });
            vec![
                one.id.clone(),
                one.title.clone(),
                field.to_owned(),
                base,
                shown(&one.source.value, one.source.deleted),
                one.source.changed_at.clone().unwrap_or_default(),
                shown(&one.destination.value, one.destination.deleted),
                one.destination.changed_at.clone().unwrap_or_default(),
                decision.unwrap_or_default(),
            ]
        }),
    );
}
