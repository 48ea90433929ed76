//! Taking a run back: a plan made of its before-images, looked at and run like any other. What others changed since is left alone and listed.

use std::sync::Arc;
use syncline_connect::{Destination, WriteOptions};
use syncline_model::{EntitySchema, ErrorCode, SynclineError};
use syncline_store::{AuditFilter, AuditRow, Plan, PlanStatus, Run, Store};
use uuid::Uuid;

use crate::arrange::{Place, arrange};
use crate::batches::estimate_batches;
use crate::cost::run_cost;
use crate::order::Order;
use crate::plan::{PlanDetail, ended};
use crate::progress::{Work, blocking};
use crate::run_steps::landed;
use crate::undo_rows::undo_page;

/// Rows that are looked at again at once.
const WINDOW: u32 = 200;
/// Outcomes after which something may be at the destination.
const OUTCOMES: [&str; 6] = ["created", "updated", "upserted", "deleted", "unknown", "sending"];

/// What to take back.
#[derive(Clone)]
pub struct UndoRequest {
    /// The run.
    pub run: Run,
    /// Its plan.
    pub plan: Plan,
    /// The destination's entity as it is described now.
    pub schema: EntitySchema,
    /// Switches that the run would write with.
    pub options: WriteOptions,
}

/// Makes and stores the plan that takes a run back. Nothing is written by it. A destination that can't be read gives a plan without a write,
/// in which every record is listed.
pub async fn make_undo(
    store: &Store,
    destination: Arc<dyn Destination>,
    request: UndoRequest,
    work: &Work,
) -> Result<Plan, SynclineError> {
    work.tell("asking who writes", 0, None);
    let identity = destination.identity().await?;
    let to_json = |error: serde_json::Error| SynclineError::new(ErrorCode::Internal, error.to_string());
    let able = destination.capabilities();
    let mut detail = PlanDetail {
        compared_with: if able.reads_back { "destination" } else { "nothing" }.to_owned(),
        partial: true,
        undo_of: Some(request.run.id),
        undoable: able.reads_back && able.deletes,
        ..PlanDetail::default()
    };
    let mut plan = Plan {
        id: Uuid::new_v4(),
        status: PlanStatus::Planning,
        created_at: work.now(),
        source_hash: None,
        detail: serde_json::to_value(&detail).map_err(to_json)?,
        destination_schema: serde_json::to_value(&request.schema).map_err(to_json)?,
        identity: serde_json::to_value(identity).map_err(to_json)?,
        signature: None,
        ..request.plan.clone()
    };
    let (kept, first) = (store.clone(), plan.clone());
    blocking(move || Ok(kept.save_plan(&first)?)).await?;
    let result = plan_all(store, destination.as_ref(), &request, plan.id, &mut detail, work).await;
    detail.requests = detail.lanes.values().map(|(rows, bytes)| estimate_batches(*rows, *bytes, &able)).sum();
    detail.requests += detail.turns;
    let entity = &request.schema.summary.logical_name;
    detail.cost = run_cost(&detail, false, &(syncline_connect::Toll::default(), destination.toll(entity)));
    plan.status = if result.is_ok() { PlanStatus::Ready } else { PlanStatus::Incomplete };
    plan.detail = serde_json::to_value(&detail).map_err(to_json)?;
    let (kept, last) = (store.clone(), plan.clone());
    blocking(move || ended(&kept, &last)).await?;
    result.map(|()| plan)
}

async fn plan_all(
    store: &Store,
    destination: &dyn Destination,
    request: &UndoRequest,
    plan: Uuid,
    detail: &mut PlanDetail,
    work: &Work,
) -> Result<(), SynclineError> {
    destination.prepare(&request.schema, &work.cancel).await?;
    destination.prepare_deletions(&request.schema, &work.cancel).await?;
    let filter = AuditFilter {
        outcomes: OUTCOMES.iter().map(|word| (*word).to_owned()).collect(),
        ..AuditFilter::default()
    };
    let (mut from, mut next) = (0, 0);
    let mut order = Order::of(&request.schema);
    loop {
        work.check()?;
        let (kept, run, filter) = (store.clone(), request.run.id, filter.clone());
        let written: Vec<AuditRow> =
            blocking(move || Ok(kept.audit_from(run, &filter, from, WINDOW)?)).await?;
        let Some(last) = written.last() else { break };
        from = last.planned.ordinal + 1;
        let written = whole_rows(store, request, written).await?;
        let rows = undo_page(destination, request, written, next, detail, work).await?;
        next += rows.len() as u32;
        rows.iter().for_each(|row| order.note(&row.into(), &[]));
        let kept = store.clone();
        blocking(move || Ok(kept.add_plan_rows(plan, &rows)?)).await?;
        work.tell("looking at what is there now", u64::from(next), None);
    }
    let place = Place { store, plan, destination, schema: &request.schema, options: &request.options };
    arrange(&place, order, &mut next, detail).await
}

/// What was written in two steps is taken back as one: a step whose row landed is left out, and the row is at the version that its last step made.
async fn whole_rows(
    store: &Store,
    request: &UndoRequest,
    mut written: Vec<AuditRow>,
) -> Result<Vec<AuditRow>, SynclineError> {
    let planned: PlanDetail = serde_json::from_value(request.plan.detail.clone()).unwrap_or_default();
    if planned.counts.steps == 0 {
        return Ok(written);
    }
    let ordinals: Vec<u32> = written.iter().map(|row| row.planned.ordinal).collect();
    let (kept, plan, run) = (store.clone(), request.plan.id, request.run.id);
    let told = blocking(move || {
        let steps = kept.plan_steps(plan, &ordinals)?;
        let told = steps
            .into_iter()
            .map(|one| Ok((one, kept.run_outcome(run, one.main)?, kept.run_outcome(run, one.step)?)));
        told.collect::<Result<Vec<_>, SynclineError>>()
    })
    .await?;
    for (one, main, step) in told {
        if main.is_some_and(|main| landed(&main.outcome)) {
            written.retain(|row| row.planned.ordinal != one.step);
        }
        // A version that is not known stays unknown.
        if let Some(step) =
            step.filter(|step| !one.first && !matches!(step.outcome.as_str(), "failed" | "drifted"))
            && let Some(row) = written.iter_mut().find(|row| row.planned.ordinal == one.main)
            && let Some(answer) = &mut row.answer
        {
            answer.version = step.version;
        }
    }
    Ok(written)
}
