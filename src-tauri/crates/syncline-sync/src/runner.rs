//! The batches of a run, several at once where the destination takes that: how many leave, how large they are, and what ends them.

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};
use syncline_connect::RowRequest;
use syncline_model::{
    ColumnName, EntitySchema, ErrorCode, Identity, OnDuplicate, SyncDefinition, SynclineError,
};
use syncline_store::Store;
use uuid::Uuid;

use crate::cost::projected;
use crate::feed::{Due, Feed};
use crate::pace::{Ended, Pace, PaceLimits};
use crate::plan::PlanDetail;
use crate::progress::{Work, blocking};
use crate::run::{RunRequest, damaged};
use crate::run_batch::Batch;
use crate::run_counts::RunDetail;
use crate::run_open::settle_open;

/// How often what was done so far is noted for others to see.
const NOTE_EVERY: SignedDuration = SignedDuration::from_secs(1);

/// What the batches of a run share.
pub(crate) struct Runner<'a> {
    pub(crate) store: &'a Store,
    pub(crate) request: &'a RunRequest,
    pub(crate) schema: EntitySchema,
    pub(crate) identity: Identity,
    pub(crate) run: Uuid,
    pub(crate) planned: &'a PlanDetail,
    pub(crate) work: &'a Work,
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
    /// All of it. A run that goes on asks first who answers and what arrived.
    pub(crate) async fn whole(
        &self,
        detail: &mut RunDetail,
        excluded: u64,
        again: bool,
    ) -> Result<(), SynclineError> {
        let planned = self.planned;
        let total = planned.counts.writes().saturating_sub(excluded);
        if !again {
            return self.all(detail, 0, total, planned.cost.calls).await;
        }
        self.guard().await?;
        settle_open(self.store, self.request, &self.schema, self.run, self.work).await?;
        let (kept, run, planned) = (self.store.clone(), self.run, planned.clone());
        let mut counted = detail.clone();
        *detail = blocking(move || {
            counted.recount(&kept, run, &planned, excluded)?;
            Ok(counted)
        })
        .await?;
        let done = total.saturating_sub(detail.not_reached);
        self.all(detail, done, total, 0).await
    }

    /// Sends batch after batch, several at once where the destination takes that. When it is stopped, or a batch ends the run, no new batch
    /// leaves, and those under way are waited for.
    async fn all(
        &self,
        detail: &mut RunDetail,
        already: u64,
        total: u64,
        planned_calls: u64,
    ) -> Result<(), SynclineError> {
        let destination = self.request.destination.as_ref();
        let capabilities = destination.capabilities();
        let entity = self.request.plan.destination_entity.clone();
        let calls_before = detail.calls;
        let source_key = self.source_key().await?;
        destination.prepare(&self.schema, &self.work.cancel).await?;
        let lane = |request: &RowRequest| destination.lane(&self.schema, request, &self.request.options);
        let apart = SyncDefinition::from_json(&self.request.plan.definition_json)
            .is_ok_and(|definition| definition.on_duplicate == OnDuplicate::All);
        let (kept, plan, arranged) = (self.store.clone(), self.request.plan.id, self.planned.arranged);
        let turns = blocking(move || Ok(if arranged { Some(kept.plan_turns(plan)?) } else { None })).await?;
        let mut feed = Feed::new(self.store, (plan, self.run), entity, turns, apart);
        let mut pace = Pace::new(PaceLimits {
            most_rows: capabilities.max_batch_rows,
            // What is under way when a batch fails can't be called back.
            most_parallel: if self.request.stop_on_failed_batch { 1 } else { capabilities.parallel_batches },
        });
        let mut under_way = FuturesUnordered::new();
        let mut done = already;
        let mut noted = self.work.now();
        let opening = self.work.tally.sent();
        // Until a batch tells better, as many as the plan foresaw.
        (self.work.calls)(opening, Some(planned_calls.max(opening)));
        self.work.tell("writing", done, Some(total));
        let mut ends: Option<SynclineError> = None;
        // A batch that waits until those under way have landed, because its rows may point at theirs.
        let mut held = None;
        loop {
            if under_way.is_empty()
                && let Some(rows) = held.take()
            {
                under_way.push(self.one(rows, &source_key));
            }
            while ends.is_none() && held.is_none() && under_way.len() < pace.parallel() {
                if feed.ordered() && !under_way.is_empty() {
                    break;
                }
                let next = match self.work.check() {
                    Ok(()) => feed.next(pace.rows(), &capabilities, lane).await,
                    Err(stopped) => Err(stopped),
                };
                match next {
                    // Whether the order matters may be known only by the rows that were just read.
                    Ok(Some(rows)) if (feed.ordered() || feed.turned()) && !under_way.is_empty() => {
                        held = Some(rows);
                    }
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
                failed: usize::try_from(landed.detail.counts.failed).unwrap_or(usize::MAX),
                recommended: signals.recommended,
            });
            detail.add(&landed.detail);
            detail.batch_rows = pace.advice();
            detail.most_at_once = detail.most_at_once.max(under_way.len() as u64 + 1);
            done += landed.rows as u64;
            detail.not_reached = total.saturating_sub(done);
            let calls = self.work.tally.sent();
            detail.calls = calls_before + calls;
            let left = projected(calls, done - already, total.saturating_sub(already), opening);
            (self.work.calls)(calls, Some(left));
            // Others look at the run meanwhile, and it may end without a word.
            if self.work.now().duration_since(noted) >= NOTE_EVERY {
                noted = self.work.now();
                self.note(detail).await?;
            }
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

    async fn note(&self, detail: &RunDetail) -> Result<(), SynclineError> {
        let (kept, run) = (self.store.clone(), self.run);
        let detail = serde_json::to_value(detail).map_err(damaged)?;
        blocking(move || Ok(kept.save_run_detail(run, &detail)?)).await
    }

    /// Primary key of the source's entity, asked once.
    async fn source_key(&self) -> Result<Vec<ColumnName>, SynclineError> {
        let Some(source) = &self.request.source else { return Ok(Vec::new()) };
        // The preview described it, and a primary key never changes.
        let (kept, from, entity) =
            (self.store.clone(), self.request.plan.source, self.request.plan.source_entity.clone());
        if let Some((schema, _)) = blocking(move || Ok(kept.schema(from, &entity)?)).await? {
            return Ok(vec![schema.summary.primary_id]);
        }
        let schema = source.schema(&self.request.plan.source_entity, &self.work.cancel).await?;
        Ok(vec![schema.summary.primary_id])
    }

    async fn one(&self, rows: Vec<Due>, source_key: &[ColumnName]) -> Landed {
        let mut detail = RunDetail::default();
        let (began, size) = (self.work.now(), rows.len());
        let throttled_before = self.request.destination.signals().throttled;
        let mut batch = Batch {
            store: self.store,
            request: self.request,
            schema: &self.schema,
            run: self.run,
            rows,
            stepped: self.planned.counts.steps > 0,
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
