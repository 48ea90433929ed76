//! Running a plan: exactly its stored requests, batch by batch. Before each batch the identity is compared, and the source records are looked
//! at again: one that changed since the preview is held back as drifted.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use syncline_connect::{Capabilities, Destination, RowRequest, Source, WriteOptions};
use syncline_model::{EntitySchema, ErrorCode, Identity, SynclineError};
use syncline_store::{Plan, PlanRow, PlanStatus, Run, RunStatus, Store};
use uuid::Uuid;

use crate::batches::next_batch;
use crate::plan::PlanDetail;
use crate::prediction::{Prediction, prediction_of};
use crate::progress::{Work, blocking};
use crate::run_batch::Batch;

/// Rows of the plan that are held in memory at once.
const WINDOW: u32 = 2000;

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
}

/// Rows by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunCounts {
    /// Read when the plan was made.
    pub read: u64,
    /// Made.
    pub created: u64,
    /// Changed.
    pub updated: u64,
    /// The same already.
    pub unchanged: u64,
    /// Left out by a rule, by hand, or as invalid.
    pub skipped: u64,
    /// Held back.
    pub drifted: u64,
    /// Refused, or without an answer.
    pub failed: u64,
    /// Taken out by hand before the run; among the skipped ones.
    pub held_back: u64,
    /// Events sent.
    pub events: u64,
}

/// What is kept with a run beside its head.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunDetail {
    /// Counts.
    pub counts: RunCounts,
    /// Why it stopped before its end.
    pub error: Option<SynclineError>,
    /// Write batches sent.
    pub batches: u64,
    /// What was predicted against what came out.
    pub prediction: Option<Prediction>,
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
    let schema: EntitySchema = serde_json::from_value(plan.destination_schema.clone()).map_err(damaged)?;
    let identity: Identity = serde_json::from_value(plan.identity.clone()).map_err(damaged)?;
    let planned: PlanDetail = serde_json::from_value(plan.detail.clone()).map_err(damaged)?;
    // The plan at hand may be older than the one in the store: only who takes it there may run it.
    let (kept, id, agreed) = (store.clone(), plan.id, request.records);
    let counts = planned.counts;
    let excluded = blocking(move || {
        if !kept.claim_plan(id)? {
            return Err(run_already());
        }
        let excluded = kept.plan_action_counts(id)?.1;
        if (counts.create + counts.update).saturating_sub(excluded) != agreed {
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
    let total = agreed;
    let mut detail = RunDetail::default();
    detail.counts.read = counts.read;
    detail.counts.unchanged = counts.unchanged;
    detail.counts.skipped = counts.skip + counts.invalid + excluded;
    detail.counts.held_back = excluded;
    let mut run = Run {
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
        Err(SynclineError::new(
            ErrorCode::GuardRefused,
            format!("another run of \"{}\" is under way: {other}", begun.definition),
        )
        .hint("wait until it ends, or stop it; then make a new preview"))
    })
    .await?;
    work.tell("writing", 0, Some(total));
    let runner = Runner { store, request: &request, schema, identity, run: run.id, work };
    let result = runner.all(&mut detail, total).await;
    run.status = match &result {
        Ok(()) if detail.counts.failed == 0 && detail.counts.drifted == 0 => RunStatus::Succeeded,
        Ok(()) if detail.counts.created + detail.counts.updated == 0 && detail.counts.failed > 0 => {
            RunStatus::Failed
        }
        Ok(()) => RunStatus::Partial,
        Err(error) if error.code == ErrorCode::Cancelled => RunStatus::Cancelled,
        Err(_) => RunStatus::Failed,
    };
    detail.error = result.err();
    let (kept, id) = (store.clone(), run.id);
    detail.prediction = Some(blocking(move || prediction_of(&kept, id, total)).await?);
    run.finished_at = Some(work.now());
    run.detail = serde_json::to_value(&detail).map_err(damaged)?;
    let (kept, ended) = (store.clone(), run.clone());
    blocking(move || Ok(kept.save_run(&ended)?)).await?;
    Ok(run)
}

fn damaged(error: serde_json::Error) -> SynclineError {
    SynclineError::new(ErrorCode::StoreCorrupt, format!("the stored plan can't be read: {error}"))
        .hint("make a new preview")
}

struct Runner<'a> {
    store: &'a Store,
    request: &'a RunRequest,
    schema: EntitySchema,
    identity: Identity,
    run: Uuid,
    work: &'a Work,
}

impl Runner<'_> {
    async fn all(&self, detail: &mut RunDetail, total: u64) -> Result<(), SynclineError> {
        let capabilities = self.request.destination.capabilities();
        let mut from = 0;
        let mut done = 0;
        loop {
            let (store, plan) = (self.store.clone(), self.request.plan.id);
            let rows = blocking(move || Ok(store.plan_rows_to_write(plan, from, WINDOW)?)).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            from = last.ordinal + 1;
            self.window(rows, &capabilities, detail, &mut done, total).await?;
        }
    }

    async fn window(
        &self,
        rows: Vec<PlanRow>,
        capabilities: &Capabilities,
        detail: &mut RunDetail,
        done: &mut u64,
        total: u64,
    ) -> Result<(), SynclineError> {
        let requests: Vec<RowRequest> = rows
            .iter()
            .map(|row| {
                let raw = row.request.as_ref().map(|raw| raw.get()).unwrap_or("null");
                serde_json::from_str(raw).map_err(damaged)
            })
            .collect::<Result<_, _>>()?;
        let mut at = 0;
        while at < rows.len() {
            self.work.check()?;
            let size = next_batch(&requests[at..], capabilities);
            let batch = Batch {
                store: self.store,
                request: self.request,
                schema: &self.schema,
                run: self.run,
                rows: &rows[at..at + size],
                requests: &requests[at..at + size],
                work: self.work,
            };
            self.guard().await?;
            let failed = batch.send(detail).await?;
            at += size;
            *done += size as u64;
            self.work.tell("writing", *done, Some(total));
            if failed && self.request.stop_on_failed_batch {
                return Err(SynclineError::new(ErrorCode::GuardRefused, "stopped at the first failed batch")
                    .hint("mend the failed records and preview again, or let runs go on after failures"));
            }
        }
        Ok(())
    }

    /// Nothing is written to another organization, or as another user, than the plan was made for.
    async fn guard(&self) -> Result<(), SynclineError> {
        let now = self.request.destination.identity().await?;
        if now.agrees_with(&self.identity) {
            return Ok(());
        }
        let shown = |identity: &Identity| {
            format!(
                "organization {}, user {}",
                identity.organization_id.as_deref().unwrap_or("unknown"),
                identity.user_name.as_deref().or(identity.user_id.as_deref()).unwrap_or("unknown")
            )
        };
        Err(SynclineError::new(
            ErrorCode::IdentityChanged,
            format!("the destination is not the one of the preview: now {}", shown(&now)),
        )
        .hint("test the connection and look at who and what it leads to; then preview again")
        .detail(format!("planned for {}", shown(&self.identity))))
    }
}
