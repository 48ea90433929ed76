//! What a run counts. While it goes on its batches are added up; at its end, and after a crash, the stored outcomes are counted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use syncline_model::{Action, SynclineError};
use syncline_store::{Run, SENDING, Store};
use uuid::Uuid;

use crate::plan::PlanDetail;
use crate::prediction::{Prediction, prediction_of};

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
    /// Deleted.
    pub deleted: u64,
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

impl RunCounts {
    /// Rows that were written.
    pub fn written(&self) -> u64 {
        self.created + self.updated + self.deleted
    }

    /// What a run begins with: what its plan left out.
    pub(crate) fn of_plan(plan: &PlanDetail, excluded: u64) -> Self {
        let counts = &plan.counts;
        Self {
            read: counts.read,
            unchanged: counts.unchanged,
            skipped: counts.skip + counts.invalid + excluded,
            held_back: excluded,
            ..Self::default()
        }
    }

    /// Adds rows of one outcome.
    pub(crate) fn add(&mut self, action: Action, outcome: &str, rows: u64) {
        match (outcome, action) {
            ("created", _) | ("upserted", Action::Create) => self.created += rows,
            ("updated" | "upserted", _) => self.updated += rows,
            ("deleted", _) => self.deleted += rows,
            ("drifted", _) => self.drifted += rows,
            _ => self.failed += rows,
        }
    }
}

/// What is kept with a run beside its head.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunDetail {
    /// Sign-in name of the user under whom the destination is written, or their id, where the destination tells one.
    pub by: Option<String>,
    /// Counts.
    pub counts: RunCounts,
    /// Why it stopped before its end.
    pub error: Option<SynclineError>,
    /// Write batches sent.
    pub batches: u64,
    /// Rows that batches of later runs to the same destination should hold at most, where this run told.
    pub batch_rows: Option<usize>,
    /// What was predicted against what came out.
    pub prediction: Option<Prediction>,
    /// Batches for which no answer came.
    pub lost: u64,
    /// Most batches that were under way at once.
    pub most_at_once: u64,
    /// Requests that were sent at both ends meanwhile.
    pub calls: u64,
    /// Rows that were to be written.
    pub due: u64,
    /// Rows of them without an outcome: they were not sent.
    pub not_reached: u64,
    /// How often it was taken up again.
    pub resumed: u64,
    /// The run that it took back.
    pub undo_of: Option<Uuid>,
    /// The run whose records it sent again.
    pub replay_of: Option<Uuid>,
    /// The latest run that took it back.
    pub undone_by: Option<Uuid>,
    /// What it wrote can be taken back.
    pub undoable: bool,
    /// It began by itself and had nothing to write, as so many runs in a row, this one among them; 0 otherwise. The runs before it are not kept.
    pub checks: u64,
    /// When the first of them began.
    pub checks_since: Option<Timestamp>,
}

impl RunDetail {
    /// Adds what one batch brought.
    pub(crate) fn add(&mut self, batch: &RunDetail) {
        let (all, one) = (&mut self.counts, &batch.counts);
        all.created += one.created;
        all.updated += one.updated;
        all.deleted += one.deleted;
        all.drifted += one.drifted;
        all.failed += one.failed;
        all.events += one.events;
        self.batches += batch.batches;
        self.lost += batch.lost;
    }

    /// Counts what is stored of a run, in place of what was added up.
    pub(crate) fn recount(
        &mut self,
        store: &Store,
        run: Uuid,
        plan: &PlanDetail,
        excluded: u64,
    ) -> Result<(), SynclineError> {
        let mut counts = RunCounts::of_plan(plan, excluded);
        let mut reached = 0;
        for group in store.run_outcomes_by_action(run)? {
            counts.add(group.action, &group.outcome, group.rows);
            counts.events += group.events;
            // What left, and was not asked about yet, is still to be done: the run can go on.
            reached += if group.outcome == SENDING { 0 } else { group.rows };
        }
        self.counts = counts;
        self.due = plan.counts.writes().saturating_sub(excluded);
        self.not_reached = self.due.saturating_sub(reached);
        self.prediction = Some(prediction_of(store, run, self.due)?);
        Ok(())
    }
}

/// Counts what became of a run whose process died, so that it can be looked at.
pub fn settle(store: &Store, mut run: Run) -> Result<Run, SynclineError> {
    let mut detail: RunDetail = serde_json::from_value(run.detail.clone()).unwrap_or_default();
    let Some(plan) = store.plan(run.plan)? else { return Ok(run) };
    let planned: PlanDetail = serde_json::from_value(plan.detail).unwrap_or_default();
    let excluded = store.plan_excluded_count(run.plan)?;
    detail.recount(store, run.id, &planned, excluded)?;
    run.detail = serde_json::to_value(&detail).unwrap_or_default();
    store.save_run_detail(run.id, &run.detail)?;
    store.index_run(run.id)?;
    Ok(run)
}
