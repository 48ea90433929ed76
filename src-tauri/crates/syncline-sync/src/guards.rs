//! What stops a run before its first write: limits on updates and deletions, warnings in strict mode, deleting without a filter.

use std::collections::BTreeMap;
use syncline_model::{Action, ErrorCode, RunLimits, SynclineError};
use syncline_store::{PlanRowFilter, Store};
use uuid::Uuid;

use crate::plan::PlanDetail;

/// What a run is held to. A person who has seen the numbers may go `beyond` limits and warnings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guards {
    /// Most updates and deletions.
    pub limits: RunLimits,
    /// Any warning stops.
    pub strict: bool,
    /// Deleting without a filter is meant.
    pub allow_unfiltered: bool,
    /// Limits and warnings were shown and are accepted.
    pub beyond: bool,
}

/// One limit that a plan exceeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooMuch {
    /// `updates`, `deletes`, `warnings` or `unfiltered`.
    pub what: &'static str,
    /// In words.
    pub text: String,
}

impl Guards {
    /// Everything that a plan exceeds. `due`: rows by action that a run would send; `warnings`: rows with a warning.
    pub fn exceeded(&self, detail: &PlanDetail, due: &BTreeMap<Action, u64>, warnings: u64) -> Vec<TooMuch> {
        // Taking a run back puts as much as the run did; that is what was asked for.
        if detail.undo_of.is_some() {
            return Vec::new();
        }
        let mut found = Vec::new();
        let read = detail.counts.read;
        let sides = [
            ("updates", Action::Update, "updated", self.limits.updates, self.limits.updates_percent),
            ("deletes", Action::Delete, "deleted", self.limits.deletes, self.limits.deletes_percent),
        ];
        for (what, action, word, most, percent) in sides {
            let rows = due.get(&action).copied().unwrap_or(0);
            if let Some(most) = most.filter(|most| rows > *most) {
                let text = format!("{rows} records would be {word}, the limit is {most}");
                found.push(TooMuch { what, text });
            }
            if let Some(percent) = percent.filter(|percent| rows * 100 > read * u64::from(*percent)) {
                let text = format!("{rows} of {read} records would be {word}, the limit is {percent} %");
                found.push(TooMuch { what, text });
            }
        }
        if self.strict && warnings > 0 {
            let text = format!("{warnings} records have a warning, and none is allowed");
            found.push(TooMuch { what: "warnings", text });
        }
        let deletes = due.get(&Action::Delete).copied().unwrap_or(0);
        if detail.unfiltered && deletes > 0 && !self.allow_unfiltered {
            let text = format!("{deletes} records would be deleted, and no filter says which");
            found.push(TooMuch { what: "unfiltered", text });
        }
        found
    }

    /// An error when the plan exceeds what may be passed over, or what may not.
    pub(crate) fn check(&self, store: &Store, plan: Uuid, detail: &PlanDetail) -> Result<(), SynclineError> {
        let found = self.exceeded(detail, &store.plan_due_counts(plan)?, warnings(store, plan)?);
        let stops = found.into_iter().find(|one| one.what == "unfiltered" || !self.beyond);
        let Some(stop) = stops else { return Ok(()) };
        let hint = match stop.what {
            "unfiltered" => "narrow the source by a filter, or set options.allow_unfiltered",
            "warnings" => {
                "look at the warnings in the preview and mend them, hold those records back, or allow it for this run: --beyond-limits"
            }
            _ => {
                "look at the preview; raise options.limits, hold records back, or allow it for this run: --beyond-limits"
            }
        };
        Err(SynclineError::new(ErrorCode::GuardRefused, format!("nothing was written: {}", stop.text))
            .hint(hint))
    }
}

/// Rows of a plan with a warning that are not taken out by hand.
pub(crate) fn warnings(store: &Store, plan: Uuid) -> Result<u64, SynclineError> {
    let filter = PlanRowFilter { any_issue: true, excluded: Some(false), ..PlanRowFilter::default() };
    Ok(store.plan_rows(plan, &filter, 0, 1)?.total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PlanCounts;

    fn detail(read: u64, unfiltered: bool) -> PlanDetail {
        PlanDetail {
            counts: PlanCounts { read, ..PlanCounts::default() },
            unfiltered,
            ..PlanDetail::default()
        }
    }

    #[test]
    fn limits_are_by_number_and_by_part() {
        let limits = RunLimits { updates: Some(10), deletes_percent: Some(5), ..RunLimits::default() };
        let guards = Guards { limits, ..Guards::default() };
        let what = |updates, deletes, read| {
            let due = BTreeMap::from([(Action::Update, updates), (Action::Delete, deletes)]);
            guards.exceeded(&detail(read, false), &due, 3).into_iter().map(|one| one.what).collect::<Vec<_>>()
        };
        assert_eq!(what(10, 5, 100), [""; 0]);
        assert_eq!(what(11, 5, 100), ["updates"]);
        assert_eq!(what(0, 6, 100), ["deletes"]);
        assert_eq!(what(11, 1, 0), ["updates", "deletes"]);
    }

    #[test]
    fn warnings_and_missing_filters() {
        let due = BTreeMap::from([(Action::Delete, 1)]);
        let what = |guards: Guards, warnings| {
            let found = guards.exceeded(&detail(100, true), &due, warnings);
            found.into_iter().map(|one| one.what).collect::<Vec<_>>()
        };
        assert_eq!(what(Guards::default(), 1), ["unfiltered"]);
        let strict = Guards { strict: true, allow_unfiltered: true, ..Guards::default() };
        assert_eq!(what(strict, 1), ["warnings"]);
        assert_eq!(what(strict, 0), [""; 0]);
        let undo = PlanDetail { undo_of: Some(Uuid::nil()), ..detail(1, true) };
        assert!(strict.exceeded(&undo, &due, 1).is_empty());
    }
}
