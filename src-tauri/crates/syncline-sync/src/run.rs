//! Running a plan: exactly its stored requests, in batches, several at once where the destination takes that. Before each batch the identity is compared, and the source records are looked
//! at again: one that changed since the preview is held back as drifted.

use jiff::Timestamp;
use std::sync::Arc;
use syncline_connect::{Destination, Source, WriteOptions};
use syncline_model::{Action, EntitySchema, ErrorCode, Identity, SynclineError};
use syncline_store::{Plan, PlanRowFilter, PlanStatus, Resumed, Run, RunStatus, Sent, Store, Stream};
use uuid::Uuid;

use crate::guards::Guards;
use crate::plan::PlanDetail;
use crate::progress::{Work, blocking};
use crate::run_counts::{RunCounts, RunDetail};
use crate::runner::Runner;

/// What to run, and on what.
#[derive(Clone)]
pub struct RunRequest {
    /// The plan.
    pub plan: Plan,
    /// The source, to see drift; absent when there is no way to ask it.
    pub source: Option<Arc<dyn Source>>,
    /// The destination.
    pub destination: Arc<dyn Destination>,
    /// Records that will be written, as the guard has let them through.
    pub records: u64,
    /// Switches.
    pub options: WriteOptions,
    /// Stop at the first batch with a failure.
    pub stop_on_failed_batch: bool,
    /// What stops it before its first write.
    pub guards: Guards,
    /// It takes another run back.
    pub undoes: bool,
    /// What is the same already counts as brought by this source, so that a mirror sees when it vanishes.
    pub mirrors: bool,
}

/// Runs a plan. An error means that no run was begun; what goes wrong later is in the run.
pub async fn run_plan(store: &Store, request: RunRequest, work: &Work) -> Result<Run, SynclineError> {
    let plan = &request.plan;
    let run_already = || {
        SynclineError::new(ErrorCode::GuardRefused, "this plan was run already")
            .hint("make a new preview; what was sent is not sent again")
    };
    match plan.status {
        PlanStatus::Ready => {}
        PlanStatus::Run => return Err(run_already()),
        PlanStatus::Planning | PlanStatus::Incomplete => {
            return Err(SynclineError::new(ErrorCode::GuardRefused, "this plan is incomplete")
                .hint("make the preview again and let it end"));
        }
    }
    let read = Read::of(plan)?;
    // The plan at hand may be older than the one in the store: only who takes it there may run it.
    let (kept, id, agreed, guards) = (store.clone(), plan.id, request.records, request.guards);
    let planned = read.planned.clone();
    let excluded = blocking(move || {
        guards.check(&kept, id, &planned)?;
        if !kept.claim_plan(id)? {
            return Err(run_already());
        }
        let excluded = kept.plan_excluded_count(id)?;
        if planned.counts.writes().saturating_sub(excluded) != agreed {
            kept.set_plan_status(id, PlanStatus::Ready)?;
            return Err(SynclineError::new(
                ErrorCode::GuardRefused,
                "rows were taken out of this plan, or put back, while the run began",
            )
            .hint("look at the preview and run it again"));
        }
        Ok(excluded)
    })
    .await?;
    let detail = RunDetail {
        by: read.identity.user_name.clone().or_else(|| read.identity.user_id.clone()),
        counts: RunCounts::of_plan(&read.planned, excluded),
        due: agreed,
        not_reached: agreed,
        undo_of: read.planned.undo_of,
        replay_of: read.planned.replay_of,
        undoable: read.planned.undoable,
        ..RunDetail::default()
    };
    let run = Run {
        id: Uuid::new_v4(),
        plan: plan.id,
        definition: plan.definition.clone(),
        definition_hash: plan.definition_hash.clone(),
        source: plan.source,
        destination: plan.destination,
        status: RunStatus::Running,
        started_at: work.now(),
        finished_at: None,
        detail: serde_json::to_value(&detail).map_err(damaged)?,
    };
    let (kept, begun) = (store.clone(), run.clone());
    blocking(move || {
        let Some(other) = kept.begin_run(&begun)? else { return Ok(()) };
        // The plan was not used: it may run later.
        kept.set_plan_status(begun.plan, PlanStatus::Ready)?;
        Err(under_way(&begun.definition, other))
    })
    .await?;
    drive(store, request, read, run, detail, excluded, work).await
}

/// Takes a run up again that ended before its end. Rows whose answer is not known are looked up at the destination first; nothing that has
/// an outcome is sent again.
pub async fn resume_run(
    store: &Store,
    request: RunRequest,
    mut run: Run,
    work: &Work,
) -> Result<Run, SynclineError> {
    let read = Read::of(&request.plan)?;
    let (kept, asked) = (store.clone(), run.clone());
    let excluded = blocking(move || match kept.resume_run(&asked)? {
        Resumed::Begun => Ok(kept.plan_excluded_count(asked.plan)?),
        Resumed::Other(other) => Err(under_way(&asked.definition, other)),
        Resumed::NotOpen => Err(SynclineError::new(
            ErrorCode::GuardRefused,
            format!("the run is {}; there is nothing to go on with", asked.status.as_str()),
        )
        .hint("only a run that was stopped, interrupted or broke off can go on")),
    })
    .await?;
    let mut detail: RunDetail = serde_json::from_value(run.detail.clone()).unwrap_or_default();
    detail.resumed += 1;
    detail.error = None;
    run.status = RunStatus::Running;
    run.finished_at = None;
    drive(store, request, read, run, detail, excluded, work).await
}

fn under_way(definition: &str, other: Uuid) -> SynclineError {
    SynclineError::new(
        ErrorCode::GuardRefused,
        format!("another run of \"{definition}\" is under way: {other}"),
    )
    .hint("wait until it ends, or stop it; then make a new preview")
}

/// What a plan keeps as JSON.
struct Read {
    schema: EntitySchema,
    identity: Identity,
    planned: PlanDetail,
}

impl Read {
    fn of(plan: &Plan) -> Result<Self, SynclineError> {
        Ok(Self {
            schema: serde_json::from_value(plan.destination_schema.clone()).map_err(damaged)?,
            identity: serde_json::from_value(plan.identity.clone()).map_err(damaged)?,
            planned: serde_json::from_value(plan.detail.clone()).map_err(damaged)?,
        })
    }
}

/// From the first batch to the end, and what is kept of it.
async fn drive(
    store: &Store,
    request: RunRequest,
    read: Read,
    mut run: Run,
    mut detail: RunDetail,
    excluded: u64,
    work: &Work,
) -> Result<Run, SynclineError> {
    let Read { schema, identity, planned } = read;
    let again = detail.resumed > 0;
    let runner = Runner { store, request: &request, schema, identity, run: run.id, planned: &planned, work };
    let calls_before = detail.calls;
    let result = runner.whole(&mut detail, excluded, again).await;
    detail.calls = calls_before + work.tally.sent();
    let (kept, id, mirrors) = (store.clone(), run.id, request.mirrors);
    let (plan, now) = (request.plan.clone(), work.now());
    let reached_all = result.is_ok();
    detail = blocking(move || {
        detail.recount(&kept, id, &planned, excluded)?;
        if mirrors && reached_all {
            note_unchanged(&kept, &plan, now)?;
        }
        kept.index_run(id)?;
        Ok(detail)
    })
    .await?;
    run.status = ended_as(&result, &detail);
    detail.error = result.err();
    run.finished_at = Some(work.now());
    run.detail = serde_json::to_value(&detail).map_err(damaged)?;
    let (kept, ended) = (store.clone(), run.clone());
    blocking(move || {
        kept.save_run(&ended)?;
        // The run that was taken back tells by which.
        let Some(of) = detail.undo_of else { return Ok(()) };
        let Some(origin) = kept.run(of)? else { return Ok(()) };
        let mut told: RunDetail = serde_json::from_value(origin.detail).unwrap_or_default();
        told.undone_by = Some(ended.id);
        Ok(kept.save_run_detail(of, &serde_json::to_value(&told).map_err(damaged)?)?)
    })
    .await?;
    Ok(run)
}

fn ended_as(result: &Result<(), SynclineError>, detail: &RunDetail) -> RunStatus {
    let counts = &detail.counts;
    match result {
        Ok(()) if counts.failed == 0 && counts.drifted == 0 => RunStatus::Succeeded,
        Ok(()) if counts.written() == 0 && counts.failed > 0 => RunStatus::Failed,
        Ok(()) => RunStatus::Partial,
        Err(error) if error.code == ErrorCode::Cancelled => RunStatus::Cancelled,
        // It goes on when the network or the service is there again.
        Err(error) if matches!(error.code, ErrorCode::Unreachable | ErrorCode::Throttled) => {
            RunStatus::Interrupted
        }
        Err(_) => RunStatus::Failed,
    }
}

/// What was found to be the same counts as brought by this source.
fn note_unchanged(store: &Store, plan: &Plan, now: Timestamp) -> Result<(), SynclineError> {
    let filter = PlanRowFilter { action: Some(Action::Unchanged), ..PlanRowFilter::default() };
    let mut from = 0;
    loop {
        let rows = store.plan_rows_from(plan.id, &filter, from, 1000)?;
        let Some(last) = rows.last() else { return Ok(()) };
        from = last.ordinal + 1;
        let sent: Vec<Sent> = rows
            .into_iter()
            .filter(|row| row.existing.is_some())
            .map(|row| Sent { record_id: row.source_id, hash: String::new(), mapped: row.mapped, at: now })
            .collect();
        store.save_sent(Stream::of(plan), &sent)?;
    }
}

pub(crate) fn damaged(error: serde_json::Error) -> SynclineError {
    SynclineError::new(ErrorCode::StoreCorrupt, format!("the stored plan can't be read: {error}"))
        .hint("make a new preview")
}
