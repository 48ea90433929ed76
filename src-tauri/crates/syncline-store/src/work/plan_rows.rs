//! Rows of plans: what would become of each record, with the exact request.

use rusqlite::{Connection, Row, ToSql, params};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use syncline_model::{Action, FieldChange, MappedRecord, RowIssue};
use uuid::Uuid;

use super::plan_body::{self, Bodies};
use super::plan_filter::{PlanRowFilter, bound, condition};
use super::plan_pack::{PackedRows, PlanPacker};
use super::{base, plan_turns, plans, runs};
use crate::migrate::Migration;
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[
    Migration {
        version: 1,
        sql: "CREATE TABLE plan_rows(
            rid INTEGER PRIMARY KEY,
            source_id TEXT NOT NULL,
            title TEXT NOT NULL,
            source_etag TEXT,
            action TEXT NOT NULL,
            excluded INTEGER NOT NULL,
            request_hash TEXT,
            words TEXT NOT NULL,
            body BLOB NOT NULL);
          CREATE TABLE plan_issues(
            plan INTEGER NOT NULL,
            code TEXT NOT NULL,
            field TEXT NOT NULL,
            ordinal INTEGER NOT NULL,
            message TEXT NOT NULL);
          CREATE INDEX plan_issues_cause ON plan_issues(plan, code, field, ordinal);
          CREATE INDEX plan_issues_row ON plan_issues(plan, ordinal)",
    },
    // Few rows are taken out, and their number is asked with every look at a plan.
    Migration {
        version: 14,
        sql: "CREATE INDEX plan_rows_excluded ON plan_rows(rid, action) WHERE excluded = 1",
    },
];

/// One row.
#[derive(Debug, Clone)]
pub struct PlanRow {
    /// Place in the plan, from 0.
    pub ordinal: u32,
    /// Id of the source record.
    pub source_id: String,
    /// Something to know it by.
    pub title: String,
    /// Version of the source record that was planned.
    pub source_etag: Option<String>,
    /// What would be done.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// What would be there.
    pub mapped: MappedRecord,
    /// What is there, in the form of its reader.
    pub existing: Option<Box<RawValue>>,
    /// Old against new.
    pub changes: Vec<FieldChange>,
    /// The exact request, in the form of its maker; kept to the letter.
    pub request: Option<Box<RawValue>>,
    /// Hash of the request.
    pub request_hash: Option<String>,
    /// What is worth telling.
    pub issues: Vec<RowIssue>,
    /// Whatever else its maker wants to keep.
    pub extra: Option<Box<RawValue>>,
    /// Taken out by hand.
    pub excluded: bool,
}

/// Rows of one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueCount {
    /// Issue code.
    pub code: String,
    /// Field.
    pub field: String,
    /// One of the messages.
    pub example: String,
    /// Rows.
    pub rows: u64,
}

pub(super) const COLUMNS: &str = "rid, source_id, title, source_etag, action, excluded, request_hash, body";

pub(super) fn plan_row(row: &Row<'_>, bodies: &mut Bodies<'_>) -> Result<PlanRow, StoreError> {
    let rid: i64 = row.get(0)?;
    let body = row.get_ref(7)?.as_blob().map_err(rusqlite::Error::from)?;
    let mut body = bodies.read(rid / super::ORDINALS, body)?;
    let action: String = row.get(4)?;
    Ok(PlanRow {
        ordinal: (rid % super::ORDINALS) as u32,
        source_id: row.get(1)?,
        title: row.get(2)?,
        source_etag: row.get(3)?,
        action: Action::from_text(&action)
            .ok_or_else(|| StoreError::Corrupt { detail: format!("a plan row has the action {action}") })?,
        changes: body.changes(),
        reason: body.reason,
        mapped: body.mapped,
        existing: body.existing,
        request: body.request,
        request_hash: row.get(6)?,
        issues: body.issues,
        extra: body.extra,
        excluded: row.get(5)?,
    })
}

impl Store {
    /// Adds rows to a plan in one transaction; a row whose ordinal is there already is replaced.
    pub fn add_plan_rows(&self, plan: Uuid, rows: &[PlanRow]) -> Result<(), StoreError> {
        let mut packer = PlanPacker::new(self, plan)?;
        rows.iter().try_for_each(|row| packer.add(row.into()))?;
        self.add_packed_rows(plan, &packer.page()?)
    }

    /// The same with rows that are packed already.
    pub fn add_packed_rows(&self, plan: Uuid, packed: &PackedRows) -> Result<(), StoreError> {
        let ordinals = packed.rows.iter().map(|row| i64::from(row.ordinal));
        let (Some(least), Some(most)) = (ordinals.clone().min(), ordinals.max()) else { return Ok(()) };
        self.write(|tx| {
            let number = plans::number(tx, plan)?;
            let first = base(number);
            if let Some(trained) = &packed.dictionary {
                plan_body::keep_dictionary(tx, number, trained)?;
            }
            // A row that is replaced goes with its issues. Rows that follow one another, most of them new, are looked for at once.
            let mut any = tx.prepare_cached("SELECT 1 FROM plan_rows WHERE rid >= ?1 AND rid <= ?2 LIMIT 1")?;
            let together = most - least < packed.rows.len() as i64;
            let all_new = together && !any.exists([first + least, first + most])?;
            // Not `OR REPLACE`: with an index on the table SQLite would keep each page aside, encrypted, for every row.
            let mut insert = tx.prepare_cached(
                "INSERT INTO plan_rows(rid, source_id, title, source_etag, action, excluded, request_hash, words, body)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?;
            let mut remove = tx.prepare_cached("DELETE FROM plan_rows WHERE rid = ?1")?;
            let mut clear = tx.prepare_cached("DELETE FROM plan_issues WHERE plan = ?1 AND ordinal = ?2")?;
            let mut issue = tx.prepare_cached(
                "INSERT INTO plan_issues(plan, code, field, ordinal, message) VALUES(?1, ?2, ?3, ?4, ?5)",
            )?;
            for row in &packed.rows {
                let rid = first + i64::from(row.ordinal);
                if !all_new && any.exists([rid, rid])? {
                    remove.execute([rid])?;
                    clear.execute(params![number, row.ordinal])?;
                }
                insert.execute(params![
                    rid,
                    row.source_id,
                    row.title,
                    row.source_etag,
                    row.action.as_str(),
                    row.excluded,
                    row.request_hash,
                    row.words,
                    row.body
                ])?;
                for found in &row.issues {
                    issue.execute(params![number, found.code, found.field, row.ordinal, found.message])?;
                }
            }
            Ok(())
        })
    }

    /// One row.
    pub fn plan_row(&self, plan: Uuid, ordinal: u32) -> Result<Option<PlanRow>, StoreError> {
        self.read(|db| {
            let rid = base(plans::number(db, plan)?) + i64::from(ordinal);
            let rows = select(db, &format!("SELECT {COLUMNS} FROM plan_rows WHERE rid = ?1"), &[&rid])?;
            Ok(rows.into_iter().next())
        })
    }

    /// The next rows of a turn that a run writes (create, update or delete, not taken out) and that have no outcome in it yet, from an ordinal
    /// on: a run reads its plan window by window and holds no more than one of them.
    pub fn plan_rows_to_write(
        &self,
        plan: Uuid,
        run: Uuid,
        turn: u32,
        from: u32,
        limit: u32,
    ) -> Result<Vec<PlanRow>, StoreError> {
        self.read(|db| {
            let first = base(plans::number(db, plan)?);
            let outcomes = base(runs::number(db, run)?);
            select(
                db,
                &format!(
                    "SELECT {COLUMNS} FROM plan_rows WHERE rid >= ?1 AND rid < ?2 AND excluded = 0
                     AND action IN ('create', 'update', 'delete')
                     AND NOT EXISTS(SELECT 1 FROM run_rows o WHERE o.rid = plan_rows.rid - ?4 + ?5)
                     AND {} ORDER BY rid LIMIT ?3",
                    plan_turns::of_turn(turn)
                ),
                &[&(first + i64::from(from)), &(first + super::ORDINALS), &limit, &first, &outcomes, &turn],
            )
        })
    }

    /// Rows that would be written and were taken out by hand, by action.
    pub fn plan_excluded(&self, plan: Uuid) -> Result<BTreeMap<Action, u64>, StoreError> {
        self.read(|db| {
            let number = plans::number(db, plan)?;
            // Without being told SQLite may go through all rows of the plan.
            let mut statement = db.prepare_cached(
                "SELECT action, count(*) FROM plan_rows INDEXED BY plan_rows_excluded
                 WHERE rid >= ?1 AND rid < ?2 AND excluded = 1 GROUP BY action",
            )?;
            let mut rows = statement.query(params![base(number), base(number + 1)])?;
            let mut counts = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let action = Action::from_text(&row.get::<_, String>(0)?);
                if let Some(action) = action.filter(|action| action.writes()) {
                    counts.insert(action, row.get::<_, i64>(1)?.unsigned_abs());
                }
            }
            Ok(counts)
        })
    }

    /// The number of these rows.
    pub fn plan_excluded_count(&self, plan: Uuid) -> Result<u64, StoreError> {
        Ok(self.plan_excluded(plan)?.values().sum())
    }

    /// Rows that a run would send, by action.
    pub fn plan_due_counts(&self, plan: Uuid) -> Result<BTreeMap<Action, u64>, StoreError> {
        self.read(|db| {
            let number = plans::number(db, plan)?;
            let mut statement = db.prepare_cached(
                "SELECT action, count(*) FROM plan_rows WHERE rid >= ?1 AND rid < ?2 AND excluded = 0
                 AND action IN ('create', 'update', 'delete') GROUP BY action",
            )?;
            let mut rows = statement.query(params![base(number), base(number + 1)])?;
            let mut counts = BTreeMap::new();
            while let Some(row) = rows.next()? {
                if let Some(action) = Action::from_text(&row.get::<_, String>(0)?) {
                    counts.insert(action, row.get::<_, i64>(1)?.unsigned_abs());
                }
            }
            Ok(counts)
        })
    }

    /// Issues by cause (code and field), most rows first.
    pub fn plan_issue_counts(&self, plan: Uuid) -> Result<Vec<IssueCount>, StoreError> {
        self.read(|db| {
            let number = plans::number(db, plan)?;
            let mut statement = db.prepare_cached(
                "SELECT code, field, min(message), count(DISTINCT ordinal) AS rows FROM plan_issues WHERE plan = ?1
                 GROUP BY code, field ORDER BY rows DESC, code, field",
            )?;
            let rows = statement.query_map([number], |row| {
                Ok(IssueCount {
                    code: row.get(0)?,
                    field: row.get(1)?,
                    example: row.get(2)?,
                    rows: row.get::<_, i64>(3)?.unsigned_abs(),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Takes rows out of a plan or puts them back: those of the ordinals, or all that fit the filter. Gives the number of rows that
    /// changed. A plan that was run stays as it is: `Busy`.
    pub fn exclude_plan_rows(
        &self,
        plan: Uuid,
        ordinals: Option<&[u32]>,
        filter: &PlanRowFilter,
        excluded: bool,
    ) -> Result<u64, StoreError> {
        self.write(|tx| {
            let number = plans::number(tx, plan)?;
            let was_run: bool =
                tx.query_row("SELECT status = 'run' FROM plans WHERE number = ?1", [number], |row| {
                    row.get(0)
                })?;
            if was_run {
                return Err(StoreError::Busy { what: format!("the plan {plan} was run already") });
            }
            if let Some(ordinals) = ordinals {
                let mut update = tx
                    .prepare_cached("UPDATE plan_rows SET excluded = ?2 WHERE rid = ?1 AND excluded <> ?2")?;
                let mut changed = 0;
                for ordinal in ordinals {
                    changed += update.execute(params![base(number) + i64::from(*ordinal), excluded])? as u64;
                }
                return Ok(changed);
            }
            let condition = condition(number, filter);
            let changed = tx.execute(
                &format!(
                    "UPDATE plan_rows SET excluded = {0} WHERE excluded <> {0} AND {1}",
                    u8::from(excluded),
                    condition.sql
                ),
                bound(&condition.values).as_slice(),
            )?;
            Ok(changed as u64)
        })
    }
}

pub(super) fn select(db: &Connection, sql: &str, values: &[&dyn ToSql]) -> Result<Vec<PlanRow>, StoreError> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    let mut bodies = Bodies::of(db);
    while let Some(row) = rows.next()? {
        found.push(plan_row(row, &mut bodies)?);
    }
    Ok(found)
}
