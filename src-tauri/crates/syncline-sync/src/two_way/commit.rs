//! What runs of two-way plans made known: pairs, and the values that both sides hold now.

use std::sync::Arc;
use syncline_connect::{Destination, WriteOptions};
use syncline_model::{Action, EntitySchema, SynclineError};
use syncline_store::{
    AuditFilter, LinkChange, LinkPair, Plan, PlanRow, PlanRowFilter, PlanStatus, RunOutcome, RunStatus, Store,
};

use super::pair::PairExtra;
use super::sheet::damaged;
use crate::guards::Guards;
use crate::plan::PlanDetail;
use crate::plan_rows::read_extra;
use crate::progress::{Work, blocking};
use crate::run::RunRequest;
use crate::run_open::settle_open;

/// Rows that are looked at at once.
const WINDOW: u32 = 500;
/// Plans of a definition that are looked through for what an interrupted run left.
const PLANS_BACK: u32 = 50;

/// What was noted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// Records of the source of whose pairs something can be written only now.
    pub again: Vec<String>,
    /// Pairs that were noted.
    pub pairs: u64,
}

fn part_of(plan: &Plan) -> Option<(PlanDetail, bool)> {
    let detail: PlanDetail = serde_json::from_value(plan.detail.clone()).ok()?;
    let returns = detail.two_way.as_ref()?.returns;
    Some((detail, returns))
}

fn tables_of(plan: &Plan, returns: bool) -> LinkPair {
    let from = (plan.source, plan.source_entity.clone());
    let to = (plan.destination, plan.destination_entity.clone());
    let (left, right) = if returns { (to, from) } else { (from, to) };
    LinkPair { source: left.0, source_entity: left.1, destination: right.0, destination_entity: right.1 }
}

/// Notes what a run of a plan made known, or where nothing was to be written the plan alone. Doing it twice changes nothing; doing it after a
/// later sync would, so that it is done once.
pub async fn commit_run(store: &Store, plan: &Plan, work: &Work) -> Result<Committed, SynclineError> {
    let (store, id, now) = (store.clone(), plan.id, work.now());
    blocking(move || {
        let Some(plan) = store.plan(id)? else { return Ok(Committed::default()) };
        let Some((mut detail, returns)) = part_of(&plan) else { return Ok(Committed::default()) };
        if detail.two_way.as_ref().is_some_and(|part| part.committed) {
            return Ok(Committed::default());
        }
        let tables = tables_of(&plan, returns);
        let run = if plan.status == PlanStatus::Run { store.run_of_plan(id)? } else { None };
        let mut committed = Committed::default();
        let mut from = 0;
        loop {
            let rows: Vec<(PlanRow, Option<RunOutcome>)> = match &run {
                Some(run) => store
                    .audit_from(run.id, &AuditFilter::default(), from, WINDOW)?
                    .into_iter()
                    .map(|row| (row.planned, row.answer))
                    .collect(),
                None => store
                    .plan_rows_from(id, &PlanRowFilter::default(), from, WINDOW)?
                    .into_iter()
                    .map(|row| (row, None))
                    .collect(),
            };
            let Some((last, _)) = rows.last() else { break };
            from = last.ordinal + 1;
            let mut changes = Vec::new();
            for (row, answer) in &rows {
                let Some(pair) = read_extra(row).and_then(|extra| extra.pair) else { continue };
                if row.action.writes() && !answer.as_ref().is_some_and(taken) {
                    continue;
                }
                let again = pair.again;
                let Some(change) = change(row, answer.as_ref(), pair, returns) else { continue };
                if let (true, LinkChange::Save { left, .. }) = (again, &change) {
                    committed.again.push(left.clone());
                }
                changes.push(change);
            }
            committed.pairs += changes.len() as u64;
            store.change_links(&tables, &changes, now)?;
        }
        if let Some(part) = &mut detail.two_way {
            part.committed = true;
        }
        let plan = Plan { detail: serde_json::to_value(&detail).map_err(damaged)?, ..plan };
        store.save_plan(&plan)?;
        Ok(committed)
    })
    .await
}

fn taken(answer: &RunOutcome) -> bool {
    matches!(answer.outcome.as_str(), "created" | "updated" | "upserted" | "deleted")
}

fn change(row: &PlanRow, answer: Option<&RunOutcome>, pair: PairExtra, returns: bool) -> Option<LinkChange> {
    let made =
        answer.filter(|_| row.action == Action::Create).and_then(|answer| answer.destination_id.clone());
    let (mut left, mut right) = (pair.left, pair.right);
    if let Some(made) = made {
        if returns { left = Some(made) } else { right = Some(made) }
    }
    let (left, right) = (left?, right?);
    Some(if pair.ends {
        LinkChange::Drop { left, right }
    } else {
        LinkChange::Save { left, right, gone: pair.gone, base: pair.base }
    })
}

/// Before a new look at both sides: what earlier runs of the definition did and could not note any more is found out and noted. `writer` reaches
/// a side by its connection.
pub async fn settle_before<'w, W>(
    store: &Store,
    definition: &str,
    writer: W,
    work: &Work,
) -> Result<u64, SynclineError>
where
    W: Fn(uuid::Uuid) -> Option<(Arc<dyn Destination>, EntitySchema)> + 'w,
{
    let (kept, name) = (store.clone(), definition.to_owned());
    let open = blocking(move || {
        let mut open = Vec::new();
        for plan in kept.plans(Some(&name), PLANS_BACK)? {
            let Some((detail, _)) = part_of(&plan) else { continue };
            let committed = detail.two_way.as_ref().is_some_and(|part| part.committed);
            if plan.status != PlanStatus::Run || committed {
                continue;
            }
            if let Some(run) = kept.run_of_plan(plan.id)? {
                open.push((plan, run));
            }
        }
        // The oldest first: what came later counts.
        open.reverse();
        Ok(open)
    })
    .await?;
    let mut settled = 0;
    for (plan, run) in open {
        if run.status == RunStatus::Running {
            continue;
        }
        if let Some((destination, schema)) = writer(plan.destination) {
            let request = RunRequest {
                plan: plan.clone(),
                source: None,
                destination,
                records: 0,
                options: WriteOptions::default(),
                stop_on_failed_batch: false,
                guards: Guards::default(),
                undoes: false,
                mirrors: false,
            };
            settle_open(store, &request, &schema, run.id, work).await?;
        }
        commit_run(store, &plan, work).await?;
        settled += 1;
    }
    Ok(settled)
}
