//! What runs of two-way plans made known: pairs, and the values that both sides hold now.

use syncline_model::{Action, SynclineError};
use syncline_store::{
    AuditFilter, LinkChange, LinkPair, LinkSide, Plan, PlanRow, PlanRowFilter, PlanStatus, RunOutcome,
    SENDING, Store,
};

use super::pair::PairExtra;
use super::sheet::damaged;
use crate::appeared::Appeared;
use crate::plan::PlanDetail;
use crate::plan_rows::read_extra;
use crate::progress::{Work, blocking};

/// Rows that are looked at at once.
const WINDOW: u32 = 500;

/// What was noted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// Records of the source of whose pairs something can be written only now.
    pub again: Vec<String>,
    /// Pairs that were noted.
    pub pairs: u64,
}

pub(super) fn part_of(plan: &Plan) -> Option<(PlanDetail, bool)> {
    let detail: PlanDetail = serde_json::from_value(plan.detail.clone()).ok()?;
    let returns = detail.two_way.as_ref()?.returns;
    Some((detail, returns))
}

pub(super) fn tables_of(plan: &Plan, returns: bool) -> LinkPair {
    let from = (plan.source, plan.source_entity.clone());
    let to = (plan.destination, plan.destination_entity.clone());
    let (left, right) = if returns { (to, from) } else { (from, to) };
    LinkPair { source: left.0, source_entity: left.1, destination: right.0, destination_entity: right.1 }
}

/// Notes what a run of a plan made known, or where nothing was to be written the plan alone. Doing it twice changes nothing; doing it after a
/// later sync would, so that it is done once. Where no answer came for a row, and the destination could not be asked either, it is done once more
/// before the next look.
pub async fn commit_run(store: &Store, plan: &Plan, work: &Work) -> Result<Committed, SynclineError> {
    commit(store, plan, false, work).await
}

/// `last`: what is not known now will never be.
pub(super) async fn commit(
    store: &Store,
    plan: &Plan,
    last: bool,
    work: &Work,
) -> Result<Committed, SynclineError> {
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
        let (mut from, mut open) = (0, false);
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
                open |= answer.as_ref().is_some_and(unanswered);
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
            part.committed = last || !open;
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

/// It left, and whether it arrived is not known.
fn unanswered(answer: &RunOutcome) -> bool {
    matches!(answer.outcome.as_str(), SENDING | "unknown")
}

pub(super) fn change(
    row: &PlanRow,
    answer: Option<&RunOutcome>,
    pair: PairExtra,
    returns: bool,
) -> Option<LinkChange> {
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

/// Without the rows that belong to other pairs: they were there before, and are no match. Of a plan that is no way of a two-way sync all stay.
pub(crate) async fn in_no_pair(
    store: &Store,
    plan: &Plan,
    found: Vec<Appeared>,
) -> Result<Vec<Appeared>, SynclineError> {
    let Some((_, returns)) = part_of(plan).filter(|_| !found.is_empty()) else { return Ok(found) };
    let (store, tables) = (store.clone(), tables_of(plan, returns));
    let side = if returns { LinkSide::Source } else { LinkSide::Destination };
    blocking(move || {
        let ids: Vec<&str> = found.iter().map(|one| one.id.as_deref().unwrap_or_default()).collect();
        let paired: Vec<bool> = store.links_of(&tables, side, &ids)?.iter().map(Option::is_some).collect();
        Ok(found.into_iter().zip(paired).filter(|(_, paired)| !paired).map(|(one, _)| one).collect())
    })
    .await
}
