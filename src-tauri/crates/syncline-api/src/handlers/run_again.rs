//! `runs.resume`, `runs.undo`, `runs.replay`: going on with a run, taking it back, sending its records again. Undo and replay only make a
//! plan, which is looked at and run like any other.

use std::sync::Arc;
use syncline_model::{ErrorCode, FetchMode};
use syncline_store::RunStatus;
use syncline_sync::{Only, RunDetail, UndoRequest, make_undo};
use uuid::Uuid;

use super::views::plan_summary;
use super::{plans, runs, syncs, two_way};
use crate::app::App;
use crate::wire::{ApiError, JobKind, JobStarted, PreviewStart, ReplayStart, ReplayWhich, RunRef, Tag};

/// A run that ended before its end and has something left to do.
pub(super) fn resumable(status: RunStatus, detail: &RunDetail) -> bool {
    match status {
        RunStatus::Interrupted => true,
        RunStatus::Cancelled => detail.not_reached > 0,
        // It broke off; who ends with failures alone is replayed instead.
        RunStatus::Failed | RunStatus::Partial => detail.error.is_some() && detail.not_reached > 0,
        RunStatus::Running | RunStatus::Succeeded => false,
    }
}

pub(crate) async fn resume(app: &Arc<App>, request: RunRef) -> Result<JobStarted, ApiError> {
    let run = runs::find(app, &request.run).await?;
    let detail: RunDetail = serde_json::from_value(run.detail.clone()).unwrap_or_default();
    if !resumable(run.status, &detail) {
        let text = format!("the run is {}; there is nothing to go on with", run.status.as_str());
        return Err(ApiError::new(ErrorCode::GuardRefused, text).hint(
            "only a run that was stopped, interrupted or broke off can go on; failed records are replayed",
        ));
    }
    let plan = plans::find(app, &run.plan.to_string()).await?;
    let definition = syncs::read(&plan.definition_json)?;
    if two_way::part(&plan).is_some_and(|(_, part)| part.committed) {
        return Err(ApiError::new(ErrorCode::GuardRefused, "both sides were looked at again since")
            .hint("what this run left is in the newer preview; make one and run it"));
    }
    let ready = runs::prepare(app, &plan).await?;
    // The number was confirmed when the run began; it may not write more than that.
    app.guard_write(&ready.destination, ready.writes, Some(ready.writes))?;
    let root = Arc::clone(app);
    let title = format!("going on with a run of {}", definition.name);
    let stale = vec![Tag::Runs, Tag::Plans, Tag::Definitions];
    let destination = Some(ready.destination.name.to_string());
    let job = app.jobs().start(JobKind::Run, title, destination, stale, move |handle| async move {
        let _turn = runs::turn(&root, &definition.name)?;
        runs::tell_plans(&handle, &plan);
        let asked = runs::Asked { resume: Some(run), ..runs::Asked::default() };
        let like = plan.clone();
        let report = runs::execute(&root, plan, definition, ready, asked, &handle).await?;
        let report = two_way::go_on(&root, &like, report, &handle).await?;
        serde_json::to_value(report).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
    });
    Ok(JobStarted { job })
}

pub(crate) async fn undo(app: &Arc<App>, request: RunRef) -> Result<JobStarted, ApiError> {
    let run = runs::find(app, &request.run).await?;
    if run.status == RunStatus::Running {
        return Err(ApiError::new(ErrorCode::GuardRefused, "the run is under way")
            .hint("stop it, or wait until it ends"));
    }
    let plan = plans::find(app, &run.plan.to_string()).await?;
    let definition = syncs::read(&plan.definition_json)?;
    let destination = runs::by_id(app, plan.destination).await?;
    let root = Arc::clone(app);
    let title = format!("previewing the undo of a run of {}", plan.definition);
    let name = Some(destination.name.to_string());
    let job = app.jobs().start(JobKind::Preview, title, name, vec![Tag::Plans], move |handle| async move {
        let writer = root.link_with(&destination, &definition).await?.destination();
        syncs::answered(&root, &destination).await?;
        handle.progress("reading the descriptions", 0, None);
        let (schema, _, _) = root.schema_of(&destination, &plan.destination_entity, false).await?;
        let options = syncs::write_options(&definition);
        let asked = UndoRequest { run, plan, schema, options };
        let made = make_undo(&root.store, writer, asked, &App::work(&handle)).await?;
        let names = root.connection_names().await?;
        let summary = root.with_store(move |store| plan_summary(store, &made, &names)).await?;
        serde_json::to_value(summary).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
    });
    Ok(JobStarted { job })
}

pub(crate) async fn replay(app: &Arc<App>, request: ReplayStart) -> Result<JobStarted, ApiError> {
    let run = runs::find(app, &request.run).await?;
    let plan = plans::find(app, &run.plan.to_string()).await?;
    let detail: RunDetail = serde_json::from_value(run.detail.clone()).unwrap_or_default();
    if detail.undo_of.is_some() {
        return Err(ApiError::new(
            ErrorCode::GuardRefused,
            "this run took another one back; it is not replayed",
        )
        .hint("undo it to have the changes again, or replay the run that it took back"));
    }
    let only = match (request.which.unwrap_or_default(), request.records) {
        (ReplayWhich::Failed, _) => Only::Run { run: run.id, failed: true },
        (ReplayWhich::All, _) => Only::Run { run: run.id, failed: false },
        (ReplayWhich::Chosen, Some(records)) if !records.is_empty() => Only::Ids(records),
        (ReplayWhich::Chosen, _) => {
            return Err(ApiError::new(ErrorCode::Usage, "no record is named").hint("name the source ids"));
        }
    };
    let text = if request.as_it_was.unwrap_or(false) {
        plan.definition_json.clone()
    } else {
        // Today's definition is the saved one; a run from a file has only the one that it was made of.
        let name = plan.definition.clone();
        let saved = app.with_store(move |store| store.definition(&name)).await?;
        saved.map_or_else(|| plan.definition_json.clone(), |stored| stored.json)
    };
    let mut definition = syncs::read(&text)?;
    // The records are named; what changed since the last sync does not matter.
    definition.source.fetch.mode = FetchMode::All;
    let root = Arc::clone(app);
    let title = format!("previewing records of a run of {}", definition.name);
    let connection = Some(definition.source.connection.to_string());
    let origin: Uuid = run.id;
    let job =
        app.jobs().start(JobKind::Preview, title, connection, vec![Tag::Plans], move |handle| async move {
            let like = PreviewStart::default();
            let summary =
                plans::make_of(&root, &definition, &like, Some(only), Some(origin), &handle).await?;
            serde_json::to_value(summary)
                .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
        });
    Ok(JobStarted { job })
}
