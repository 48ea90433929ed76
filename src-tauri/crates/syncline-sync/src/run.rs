//! Running a plan: exactly its stored requests, in batches, several at once where the destination takes that. Before each batch the identity is compared, and the source records are looked
//! at again: one that changed since the preview is held back as drifted.

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use syncline_connect::{Destination, RowRequest, Source, WriteOptions};
use syncline_model::{
    ColumnName, EntitySchema, ErrorCode, Identity, OnDuplicate, SyncDefinition, SynclineError,
};
use syncline_store::{Plan, PlanStatus, Run, RunStatus, Store};
use uuid::Uuid;

use crate::cost::projected;
use crate::feed::{Due, Feed};
use crate::pace::{Ended, Pace, PaceLimits};
use crate::plan::PlanDetail;
use crate::prediction::{Prediction, prediction_of};
use crate::progress::{Work, blocking};
use crate::run_batch::Batch;

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
    /// Batches for which no answer came.
    pub lost: u64,
    /// Most batches that were under way at once.
    pub most_at_once: u64,
    /// Requests that it sent, at both ends together.
    pub calls: u64,
}

impl RunDetail {
    /// Adds what one batch brought.
    fn add(&mut self, batch: &RunDetail) {
        let (all, one) = (&mut self.counts, &batch.counts);
        all.created += one.created;
        all.updated += one.updated;
        all.drifted += one.drifted;
        all.failed += one.failed;
        all.events += one.events;
        self.batches += batch.batches;
        self.lost += batch.lost;
    }
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
    let runner = Runner { store, request: &request, schema, identity, run: run.id, work };
    let result = runner.all(&mut detail, total, planned.cost.calls).await;
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
    detail.calls = work.tally.sent();
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

/// A batch that came back.
struct Landed {
    detail: RunDetail,
    result: Result<bool, SynclineError>,
    rows: usize,
    began: Timestamp,
    throttled_before: u64,
}

impl Runner<'_> {
    /// Sends batch after batch, several at once where the destination takes that. When it is stopped, or a batch ends the run, no new batch
    /// leaves, and those under way are waited for.
    async fn all(&self, detail: &mut RunDetail, total: u64, planned_calls: u64) -> Result<(), SynclineError> {
        let destination = self.request.destination.as_ref();
        let capabilities = destination.capabilities();
        let entity = self.request.plan.destination_entity.clone();
        let source_key = self.source_key().await?;
        destination.prepare(&self.schema, &self.work.cancel).await?;
        let lane = |request: &RowRequest| destination.lane(&self.schema, request, &self.request.options);
        let apart = SyncDefinition::from_json(&self.request.plan.definition_json)
            .is_ok_and(|definition| definition.on_duplicate == OnDuplicate::All);
        let mut feed = Feed::new(self.store, self.request.plan.id, entity, apart);
        let mut pace = Pace::new(PaceLimits {
            most_rows: capabilities.max_batch_rows,
            // What is under way when a batch fails can't be called back.
            most_parallel: if self.request.stop_on_failed_batch { 1 } else { capabilities.parallel_batches },
        });
        let mut under_way = FuturesUnordered::new();
        let mut done = 0;
        let opening = self.work.tally.sent();
        // Until a batch tells better, as many as the plan foresaw.
        (self.work.calls)(opening, Some(planned_calls.max(opening)));
        self.work.tell("writing", 0, Some(total));
        let mut ends: Option<SynclineError> = None;
        loop {
            while ends.is_none() && under_way.len() < pace.parallel() {
                if feed.ordered() && !under_way.is_empty() {
                    break;
                }
                let next = match self.work.check() {
                    Ok(()) => feed.next(pace.rows(), &capabilities, lane).await,
                    Err(stopped) => Err(stopped),
                };
                match next {
                    Ok(Some(rows)) => under_way.push(self.one(rows, &source_key)),
                    Ok(None) => break,
                    Err(error) => ends = Some(error),
                }
            }
            let Some(landed) = under_way.next().await else { return ends.map_or(Ok(()), Err) };
            let signals = destination.signals();
            pace.observe(&Ended {
                began: landed.began,
                ended: self.work.now(),
                rows: landed.rows,
                throttled: signals.throttled > landed.throttled_before,
                lost: landed.detail.lost > 0,
                recommended: signals.recommended,
            });
            detail.add(&landed.detail);
            detail.most_at_once = detail.most_at_once.max(under_way.len() as u64 + 1);
            done += landed.rows as u64;
            detail.calls = self.work.tally.sent();
            (self.work.calls)(detail.calls, Some(projected(detail.calls, done, total, opening)));
            self.work.tell("writing", done, Some(total));
            match landed.result {
                Ok(true) if self.request.stop_on_failed_batch => {
                    ends.get_or_insert_with(|| {
                        SynclineError::new(ErrorCode::GuardRefused, "stopped at the first failed batch").hint(
                            "mend the failed records and preview again, or let runs go on after failures",
                        )
                    });
                }
                Ok(_) => {}
                Err(error) => {
                    ends.get_or_insert(error);
                }
            }
        }
    }

    /// Primary key of the source's entity, asked once.
    async fn source_key(&self) -> Result<Vec<ColumnName>, SynclineError> {
        let Some(source) = &self.request.source else { return Ok(Vec::new()) };
        let schema = source.schema(&self.request.plan.source_entity, &self.work.cancel).await?;
        Ok(vec![schema.summary.primary_id])
    }

    async fn one(&self, rows: Vec<Due>, source_key: &[ColumnName]) -> Landed {
        let mut detail = RunDetail::default();
        let (began, size) = (self.work.now(), rows.len());
        let throttled_before = self.request.destination.signals().throttled;
        let batch = Batch {
            store: self.store,
            request: self.request,
            schema: &self.schema,
            run: self.run,
            rows,
            source_key,
            work: self.work,
        };
        let result = match self.guard().await {
            Ok(()) => batch.send(&mut detail).await,
            Err(error) => Err(error),
        };
        Landed { detail, result, rows: size, began, throttled_before }
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
