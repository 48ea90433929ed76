//! What stops a run before its first write: limits on updates and deletions, warnings in strict mode, deleting without a filter.

use std::collections::BTreeMap;
use syncline_model::{Action, ErrorCode, RunLimits, SynclineError};
use syncline_store::{PlanRowFilter, Store, StoreError};
use uuid::Uuid;

use crate::plan::PlanDetail;
use crate::waiting::STATE_FOLLOWS;

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

const RAISE: &str = "look at the preview; raise options.limits, hold records back, or allow it for this run";

/// One limit that a plan exceeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooMuch {
    /// `updates`, `deletes`, `warnings` or `unfiltered`.
    pub what: &'static str,
    /// In words.
    pub text: String,
    /// What to do about it, in words that follow a semicolon.
    pub remedy: String,
}

/// Rows of a plan with a warning that are not taken out by hand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Warnings {
    /// All of them.
    pub rows: u64,
    /// Those among them that are made with another state than the one they are to have: the next run sets it.
    pub states_follow: u64,
}

impl Warnings {
    /// Counts them.
    pub fn of(store: &Store, plan: Uuid) -> Result<Self, StoreError> {
        let any = PlanRowFilter { any_issue: true, excluded: Some(false), ..PlanRowFilter::default() };
        let states = PlanRowFilter { issue: Some(STATE_FOLLOWS.to_owned()), ..any.clone() };
        let rows = store.plan_rows_count(plan, &any)?;
        let states_follow = if rows > 0 { store.plan_rows_count(plan, &states)? } else { 0 };
        Ok(Self { rows, states_follow })
    }

    fn too_many(self) -> TooMuch {
        let counted =
            |rows: u64| if rows == 1 { "1 record has".into() } else { format!("{rows} records have") };
        let mut text = format!("{} a warning, and strict mode allows none", counted(self.rows));
        let mut remedy = String::new();
        let others = self.rows - self.states_follow.min(self.rows);
        if self.states_follow > 0 {
            text.push_str(&format!(
                " ({} new and {} the state with the next run)",
                if others == 0 { "all are".to_owned() } else { format!("{} are", self.states_follow) },
                if self.rows == 1 { "gets" } else { "get" }
            ));
            remedy.push_str(
                "allow it for this run, and run once more: that sets the states; or take the state out of the mapping",
            );
        }
        if others > 0 {
            let also = if remedy.is_empty() { "" } else { "; for the others, " };
            remedy.push_str(also);
            remedy.push_str("look at the warnings in the preview, mend them or hold those records back");
            if self.states_follow == 0 {
                remedy.push_str(", or allow it for this run");
            }
        }
        TooMuch { what: "warnings", text, remedy }
    }
}

impl Guards {
    /// Everything that a plan exceeds. `due`: rows by action that a run would send; `warnings` count in strict mode alone.
    pub fn exceeded(
        &self,
        detail: &PlanDetail,
        due: &BTreeMap<Action, u64>,
        warnings: Warnings,
    ) -> Vec<TooMuch> {
        // Taking a run back puts as much as the run did; that is what was asked for.
        if detail.undo_of.is_some() {
            return Vec::new();
        }
        let mut found = Vec::new();
        let looked_at = detail.counts.looked_at();
        let sides = [
            ("updates", Action::Update, "updated", self.limits.updates, self.limits.updates_percent),
            ("deletes", Action::Delete, "deleted", self.limits.deletes, self.limits.deletes_percent),
        ];
        for (what, action, word, most, percent) in sides {
            let rows = due.get(&action).copied().unwrap_or(0);
            if let Some(most) = most.filter(|most| rows > *most) {
                let text = format!("{rows} records would be {word}, the limit is {most}");
                found.push(TooMuch { what, text, remedy: RAISE.to_owned() });
            }
            if let Some(percent) = percent.filter(|percent| rows * 100 > looked_at * u64::from(*percent)) {
                let text = format!("{rows} of {looked_at} records would be {word}, the limit is {percent} %");
                found.push(TooMuch { what, text, remedy: RAISE.to_owned() });
            }
        }
        if self.strict && warnings.rows > 0 {
            found.push(warnings.too_many());
        }
        let deletes = due.get(&Action::Delete).copied().unwrap_or(0);
        if detail.unfiltered && deletes > 0 && !self.allow_unfiltered {
            let text = format!("{deletes} records would be deleted, and no filter says which");
            let remedy = "narrow the source by a filter, or set options.allow_unfiltered".to_owned();
            found.push(TooMuch { what: "unfiltered", text, remedy });
        }
        found
    }

    /// An error when the plan exceeds what may be passed over, or what may not.
    pub(crate) fn check(&self, store: &Store, plan: Uuid, detail: &PlanDetail) -> Result<(), SynclineError> {
        let warnings = if self.strict { Warnings::of(store, plan)? } else { Warnings::default() };
        let found = self.exceeded(detail, &store.plan_due_counts(plan)?, warnings);
        let stops = found.into_iter().find(|one| one.what == "unfiltered" || !self.beyond);
        let Some(stop) = stops else { return Ok(()) };
        let hint = match stop.what {
            "unfiltered" => stop.remedy,
            _ => format!("{} (for this run: --beyond-limits)", stop.remedy),
        };
        Err(SynclineError::new(ErrorCode::GuardRefused, format!("nothing was written: {}", stop.text))
            .hint(hint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::PlanCounts;

    fn warned(rows: u64, states_follow: u64) -> Warnings {
        Warnings { rows, states_follow }
    }

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
            guards
                .exceeded(&detail(read, false), &due, warned(3, 0))
                .into_iter()
                .map(|one| one.what)
                .collect::<Vec<_>>()
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
            let found = guards.exceeded(&detail(100, true), &due, warned(warnings, 0));
            found.into_iter().map(|one| one.what).collect::<Vec<_>>()
        };
        assert_eq!(what(Guards::default(), 1), ["unfiltered"]);
        let strict = Guards { strict: true, allow_unfiltered: true, ..Guards::default() };
        assert_eq!(what(strict, 1), ["warnings"]);
        assert_eq!(what(strict, 0), [""; 0]);
        let undo = PlanDetail { undo_of: Some(Uuid::nil()), ..detail(1, true) };
        assert!(strict.exceeded(&undo, &due, warned(1, 0)).is_empty());
    }

    #[test]
    fn strict_mode_says_what_to_do_about_states_that_follow() {
        let told = |rows, states| {
            let one = warned(rows, states).too_many();
            (one.text, one.remedy)
        };
        assert_eq!(
            told(3, 0),
            (
                "3 records have a warning, and strict mode allows none".into(),
                "look at the warnings in the preview, mend them or hold those records back, or allow it for this run"
                    .into()
            )
        );
        let (text, remedy) = told(3, 3);
        assert!(text.ends_with("(all are new and get the state with the next run)"), "{text}");
        assert!(remedy.starts_with("allow it for this run, and run once more") && !remedy.contains("others"));
        let (text, remedy) = told(3, 2);
        assert!(text.ends_with("(2 are new and get the state with the next run)"), "{text}");
        assert!(remedy.contains("; for the others, look at the warnings"), "{remedy}");
    }
}
