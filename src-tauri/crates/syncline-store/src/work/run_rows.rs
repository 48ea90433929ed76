//! What became of each row that a run sent.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;
use syncline_model::Action;
use uuid::Uuid;

use super::{as_sent, base, like_anywhere, plans, runs};
use crate::fold::fold;
use crate::migrate::Migration;
use crate::time::{from_millis, millis};
use crate::work::plan_rows::IssueCount;
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[
    Migration {
        version: 1,
        sql: "CREATE TABLE run_rows(
            rid INTEGER PRIMARY KEY,
            outcome TEXT NOT NULL,
            destination_id TEXT,
            code TEXT,
            message TEXT,
            request_id TEXT,
            at INTEGER NOT NULL)",
    },
    Migration {
        version: 6,
        sql: "ALTER TABLE run_rows ADD COLUMN version TEXT;
          ALTER TABLE run_rows ADD COLUMN sent_at INTEGER;
          ALTER TABLE run_rows ADD COLUMN events INTEGER NOT NULL DEFAULT 0",
    },
];

/// Outcome of a row that left and has no answer yet. After a crash it is not known what became of it.
pub const SENDING: &str = "sending";

/// An outcome to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunOutcome {
    /// Row of the plan.
    pub ordinal: u32,
    /// `created`, `updated`, `upserted`, `deleted`, `drifted`, `failed`, `unknown`, or [`SENDING`] while it is under way.
    pub outcome: String,
    /// Id at the destination, where known.
    pub destination_id: Option<String>,
    /// The service's code, or ours, for a failure.
    pub code: Option<String>,
    /// The service's text for a failure.
    pub message: Option<String>,
    /// The service's request id.
    pub request_id: Option<String>,
    /// Version of the destination's row after the write, where it was read.
    pub version: Option<String>,
    /// Events that went with it.
    pub events: u64,
    /// When the request left; absent where nothing was sent.
    pub sent_at: Option<Timestamp>,
    /// When it came.
    pub at: Timestamp,
}

/// An outcome with what the plan says of its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    /// What came.
    pub outcome: RunOutcome,
    /// Id of the source record.
    pub source_id: String,
    /// Something to know it by.
    pub title: String,
    /// What the plan said.
    pub action: Action,
}

/// Which outcomes.
#[derive(Debug, Clone, Default)]
pub struct RunRowFilter {
    /// Only these outcomes; empty: all.
    pub outcomes: Vec<String>,
    /// Only rows that hold this text in id, title, mapped values, code or message.
    pub text: Option<String>,
    /// Only rows that came out otherwise than the plan said.
    pub otherwise: bool,
}

/// A window of outcomes.
#[derive(Debug, Clone)]
pub struct RunRowsPage {
    /// Rows by ordinal.
    pub rows: Vec<RunRow>,
    /// All that fit.
    pub total: u64,
}

/// Columns of an outcome, of the table under the name `o`.
pub(super) const OUTCOME: &str = "o.rid, o.outcome, o.destination_id, o.code, o.message, o.request_id, o.at, o.version, o.sent_at, o.events";

/// Reads what [`OUTCOME`] names, from a column on.
pub(super) fn outcome(row: &Row<'_>, from: usize) -> Result<RunOutcome, StoreError> {
    Ok(RunOutcome {
        ordinal: (row.get::<_, i64>(from)? % super::ORDINALS) as u32,
        outcome: row.get(from + 1)?,
        destination_id: row.get(from + 2)?,
        code: row.get(from + 3)?,
        message: row.get(from + 4)?,
        request_id: row.get(from + 5)?,
        at: from_millis(row.get(from + 6)?),
        version: row.get(from + 7)?,
        sent_at: row.get::<_, Option<i64>>(from + 8)?.map(from_millis),
        events: row.get::<_, i64>(from + 9)?.unsigned_abs(),
    })
}

fn run_row(row: &Row<'_>) -> Result<RunRow, StoreError> {
    let action: String = row.get(12)?;
    Ok(RunRow {
        outcome: outcome(row, 0)?,
        source_id: row.get(10)?,
        title: row.get(11)?,
        action: Action::from_text(&action)
            .ok_or_else(|| StoreError::Corrupt { detail: format!("a plan row has the action {action}") })?,
    })
}

/// Stores outcomes; `first`: the number of the run's first row.
pub(super) fn put(tx: &Connection, first: i64, outcomes: &[RunOutcome]) -> Result<(), StoreError> {
    let mut insert = tx.prepare_cached(
        "INSERT OR REPLACE INTO run_rows(rid, outcome, destination_id, code, message, request_id, at, version, sent_at, events)
         VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for outcome in outcomes {
        insert.execute(params![
            first + i64::from(outcome.ordinal),
            outcome.outcome,
            outcome.destination_id,
            outcome.code,
            outcome.message,
            outcome.request_id,
            millis(outcome.at),
            outcome.version,
            outcome.sent_at.map(millis),
            outcome.events as i64
        ])?;
    }
    Ok(())
}

impl Store {
    /// Stores the outcomes of a batch in one transaction; a later outcome of a row takes the place of an earlier one.
    pub fn add_run_rows(&self, run: Uuid, outcomes: &[RunOutcome]) -> Result<(), StoreError> {
        self.write(|tx| put(tx, base(runs::number(tx, run)?), outcomes))
    }

    /// Outcomes by ordinal.
    pub fn run_rows(
        &self,
        run: Uuid,
        filter: &RunRowFilter,
        offset: u64,
        limit: u32,
    ) -> Result<RunRowsPage, StoreError> {
        self.read(|db| {
            let number = runs::number(db, run)?;
            let plan: String =
                db.query_row("SELECT plan FROM runs WHERE number = ?1", [number], |row| row.get(0))?;
            let plan = plan.parse().map_err(|_| StoreError::internal("a plan's id is no id"))?;
            let rows_of_plan = base(plans::number(db, plan)?);
            let first = base(number);
            let outcomes = serde_json::to_string(&filter.outcomes)?;
            let text =
                filter.text.as_deref().filter(|text| !text.is_empty()).map(|text| like_anywhere(&fold(text)));
            let from = "FROM run_rows o JOIN plan_rows p ON p.rid = o.rid - ?1 + ?2
                 WHERE o.rid >= ?1 AND o.rid < ?3
                 AND (?4 = '[]' OR o.outcome IN (SELECT value FROM json_each(?4)))
                 AND (?5 IS NULL OR p.words LIKE ?5 ESCAPE '\\' OR fold(o.code) LIKE ?5 ESCAPE '\\'
                   OR fold(o.message) LIKE ?5 ESCAPE '\\')
                 AND (?6 = 0 OR NOT (p.action = 'create' AND o.outcome IN ('created', 'upserted')
                   OR p.action = 'update' AND o.outcome IN ('updated', 'upserted')
                   OR p.action = 'delete' AND o.outcome = 'deleted'))";
            let total: i64 = db.prepare_cached(&format!("SELECT count(*) {from}"))?.query_row(
                params![first, rows_of_plan, base(number + 1), outcomes, text, filter.otherwise],
                |row| row.get(0),
            )?;
            let mut statement = db.prepare_cached(&format!(
                "SELECT {OUTCOME}, p.source_id, p.title, p.action
                 {from} ORDER BY o.rid LIMIT ?7 OFFSET ?8"
            ))?;
            let mut rows = statement.query(params![
                first,
                rows_of_plan,
                base(number + 1),
                outcomes,
                text,
                filter.otherwise,
                limit,
                offset as i64
            ])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(run_row(row)?);
            }
            Ok(RunRowsPage { rows: found, total: total.unsigned_abs() })
        })
    }

    /// Takes marks of [`SENDING`] back: these rows certainly did not arrive.
    pub fn drop_run_rows(&self, run: Uuid, ordinals: &[u32]) -> Result<(), StoreError> {
        self.write(|tx| {
            let first = base(runs::number(tx, run)?);
            let mut delete = tx.prepare_cached("DELETE FROM run_rows WHERE rid = ?1")?;
            for ordinal in ordinals {
                delete.execute([first + i64::from(*ordinal)])?;
            }
            as_sent::forget_rows(tx, first, ordinals)
        })
    }

    /// Number of rows by outcome.
    pub fn run_outcome_counts(&self, run: Uuid) -> Result<BTreeMap<String, u64>, StoreError> {
        self.read(|db| {
            let number = runs::number(db, run)?;
            let mut statement = db.prepare_cached(
                "SELECT outcome, count(*) FROM run_rows WHERE rid >= ?1 AND rid < ?2 GROUP BY outcome",
            )?;
            let rows = statement.query_map(params![base(number), base(number + 1)], |row| {
                Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Failures by code, most rows first.
    pub fn run_failure_counts(&self, run: Uuid) -> Result<Vec<IssueCount>, StoreError> {
        self.read(|db| {
            let number = runs::number(db, run)?;
            let mut statement = db.prepare_cached(
                "SELECT coalesce(code, ''), coalesce(min(message), ''), count(*) AS rows FROM run_rows
                 WHERE rid >= ?1 AND rid < ?2 AND outcome IN ('failed', 'drifted', 'unknown')
                 GROUP BY code ORDER BY rows DESC, code",
            )?;
            let rows = statement.query_map(params![base(number), base(number + 1)], |row| {
                Ok(IssueCount {
                    code: row.get(0)?,
                    field: String::new(),
                    example: row.get(1)?,
                    rows: row.get::<_, i64>(2)?.unsigned_abs(),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// What became of one row, with all that was told; `None` where nothing was sent yet.
    pub fn run_outcome(&self, run: Uuid, ordinal: u32) -> Result<Option<RunOutcome>, StoreError> {
        self.read(|db| {
            let rid = base(runs::number(db, run)?) + i64::from(ordinal);
            let mut statement =
                db.prepare_cached(&format!("SELECT {OUTCOME} FROM run_rows o WHERE o.rid = ?1"))?;
            let mut rows = statement.query([rid])?;
            rows.next()?.map(|row| outcome(row, 0)).transpose()
        })
    }

    /// What became of some rows; `None` where nothing was sent yet. A run that goes on asks this first.
    pub fn run_outcomes(&self, run: Uuid, ordinals: &[u32]) -> Result<Vec<Option<String>>, StoreError> {
        self.read(|db| {
            let first = base(runs::number(db, run)?);
            let mut statement = db.prepare_cached("SELECT outcome FROM run_rows WHERE rid = ?1")?;
            ordinals
                .iter()
                .map(|ordinal| {
                    Ok(statement.query_row([first + i64::from(*ordinal)], |row| row.get(0)).optional()?)
                })
                .collect()
        })
    }
}
