//! Runs that began by themselves and had nothing to write: of several in a row only the last one is kept, with their number and the time of the first. A sync of every few
//! minutes would fill the history otherwise; that it ran is not lost.

use syncline_model::SynclineError;
use syncline_store::{Run, RunStatus, Store};
use uuid::Uuid;

use crate::plan::PlanDetail;
use crate::run_counts::RunDetail;

/// The run went well, wrote nothing and left nothing to look at that the one before did not leave too.
fn idle(run: &Run, detail: &RunDetail) -> bool {
    let counts = &detail.counts;
    run.status == RunStatus::Succeeded
        && detail.due == 0
        && counts.written() + counts.failed + counts.drifted + counts.held_back + counts.events == 0
        && detail.error.is_none()
        && detail.undo_of.is_none()
        && detail.replay_of.is_none()
}

fn detail_of(run: &Run) -> RunDetail {
    serde_json::from_value(run.detail.clone()).unwrap_or_default()
}

/// Counts a run that began by itself, where it had nothing to write, and lets go of the one before if it was such a run of the same definition that found the same.
/// True where it had nothing to write.
pub fn count_check(store: &Store, run: Uuid) -> Result<bool, SynclineError> {
    let Some(run) = store.run(run)? else { return Ok(false) };
    let mut detail = detail_of(&run);
    if !idle(&run, &detail) {
        return Ok(false);
    }
    (detail.checks, detail.checks_since) = (1, Some(run.started_at));
    let before = store.runs(Some(&run.definition), 0, 2)?.into_iter().find(|other| other.id != run.id);
    let before = before.filter(|other| {
        let told = detail_of(other);
        let same = other.definition_hash == run.definition_hash
            && (other.source, other.destination) == (run.source, run.destination)
            && told.counts.skipped == detail.counts.skipped;
        same && told.checks > 0 && told.undone_by.is_none() && other.started_at <= run.started_at
    });
    let mut folded = None;
    if let Some(other) = before
        && let Some(plan) = store.plan(other.plan)?
        && plan.signature.is_none()
    {
        let told = detail_of(&other);
        (detail.checks, detail.checks_since) = (told.checks + 1, told.checks_since);
        let planned: PlanDetail = serde_json::from_value(plan.detail).unwrap_or_default();
        folded = Some((other.id, planned.two_way.map(|part| part.other)));
    }
    let detail = serde_json::to_value(&detail).map_err(crate::run::damaged)?;
    store.count_check(run.id, &detail, folded)?;
    Ok(true)
}
