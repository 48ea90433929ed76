//! What a run's plan said of its rows against what came of them.

use rusqlite::params;
use syncline_model::Action;
use uuid::Uuid;

use super::{base, plans, runs};
use crate::{Store, StoreError};

/// Rows of one action and one outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeCount {
    /// What the plan said.
    pub action: Action,
    /// What came: see [`crate::RunOutcome::outcome`].
    pub outcome: String,
    /// Rows.
    pub rows: u64,
    /// Events that went with them.
    pub events: u64,
}

impl Store {
    /// Rows of a run by what the plan said and what came, most rows first.
    pub fn run_outcomes_by_action(&self, run: Uuid) -> Result<Vec<OutcomeCount>, StoreError> {
        self.read(|db| {
            let number = runs::number(db, run)?;
            let plan: String =
                db.query_row("SELECT plan FROM runs WHERE number = ?1", [number], |row| row.get(0))?;
            let plan = plan.parse().map_err(|_| StoreError::internal("a plan's id is no id"))?;
            let mut statement = db.prepare_cached(
                "SELECT p.action, o.outcome, count(*) AS rows, sum(o.events) FROM run_rows o JOIN plan_rows p ON p.rid = o.rid - ?1 + ?2
                 WHERE o.rid >= ?1 AND o.rid < ?3 GROUP BY p.action, o.outcome ORDER BY rows DESC, p.action, o.outcome",
            )?;
            let mut rows =
                statement.query(params![base(number), base(plans::number(db, plan)?), base(number + 1)])?;
            let mut counts = Vec::new();
            while let Some(row) = rows.next()? {
                let action: String = row.get(0)?;
                counts.push(OutcomeCount {
                    action: Action::from_text(&action).ok_or_else(|| StoreError::Corrupt {
                        detail: format!("a plan row has the action {action}"),
                    })?,
                    outcome: row.get(1)?,
                    rows: row.get::<_, i64>(2)?.unsigned_abs(),
                    events: row.get::<_, i64>(3)?.unsigned_abs(),
                });
            }
            Ok(counts)
        })
    }

    /// Ordinals and source ids of a run's records from an ordinal on; all of its plan, or only those that failed, drifted, have no answer, or
    /// were not reached.
    pub fn run_source_ids(
        &self,
        run: Uuid,
        failed: bool,
        from: u32,
        limit: u32,
    ) -> Result<Vec<(u32, String)>, StoreError> {
        self.read(|db| {
            let number = runs::number(db, run)?;
            let plan: String =
                db.query_row("SELECT plan FROM runs WHERE number = ?1", [number], |row| row.get(0))?;
            let plan = plan.parse().map_err(|_| StoreError::internal("a plan's id is no id"))?;
            let first = base(plans::number(db, plan)?);
            let mut statement = db.prepare_cached(
                "SELECT p.rid - ?1, p.source_id FROM plan_rows p LEFT JOIN run_rows o ON o.rid = p.rid - ?1 + ?2
                 WHERE p.rid >= ?1 + ?4 AND p.rid < ?1 + ?6 AND (?3 = 0
                   OR o.outcome IN ('failed', 'drifted', 'unknown', 'sending')
                   OR o.outcome IS NULL AND p.excluded = 0 AND p.action IN ('create', 'update', 'delete'))
                 AND NOT EXISTS(SELECT 1 FROM plan_steps s LEFT JOIN run_rows m ON m.rid = s.main - ?1 + ?2
                   WHERE s.rid = p.rid AND (?3 = 0 OR m.outcome IS NULL
                     OR m.outcome IN ('failed', 'drifted', 'unknown', 'sending')))
                 ORDER BY p.rid LIMIT ?5",
            )?;
            let rows = statement.query_map(
                params![first, base(number), failed, from, limit, super::ORDINALS],
                |row| Ok((row.get::<_, i64>(0)? as u32, row.get(1)?)),
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
