//! The audit: every record of every run with what was planned, sent and answered, found over all runs.
//!
//! Nothing is written twice: a row of the audit is a run's outcome beside the row of its plan. Only the way from a record's id to its rows is
//! a table of its own, filled when a run ends.

use jiff::Timestamp;
use rusqlite::{Connection, Row, ToSql, params};
use syncline_model::EntityName;
use uuid::Uuid;

use super::plan_body::Bodies;
use super::plan_rows::{self, PlanRow};
use super::run_rows::{self, RunOutcome};
use super::{as_sent, base, like_anywhere, plans, runs};
use crate::fold::{fold, record_key};
use crate::migrate::Migration;
use crate::time::from_millis;
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 6,
    sql: "CREATE TABLE audit_keys(
            key INTEGER NOT NULL,
            rid INTEGER NOT NULL,
            PRIMARY KEY(key, rid)) WITHOUT ROWID;
          INSERT OR IGNORE INTO audit_keys
            SELECT record_key(p.source_id), p.rid FROM plan_rows p
            WHERE p.rid / 4294967296 IN (SELECT number FROM plans WHERE id IN (SELECT plan FROM runs));
          INSERT OR IGNORE INTO audit_keys
            SELECT record_key(o.destination_id), q.number * 4294967296 + o.rid % 4294967296
            FROM run_rows o JOIN runs r ON r.number = o.rid / 4294967296 JOIN plans q ON q.id = r.plan
            WHERE o.destination_id IS NOT NULL",
}];

/// Which rows of the audit. What is not given does not narrow.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only of this run.
    pub run: Option<Uuid>,
    /// Only of the record with this id, at the source or the destination.
    pub record: Option<String>,
    /// Ids at the source of what the record is made of, where it stands at the destination: [`Store::audit_twins`]. Rows that were not sent
    /// are found by them, since their runs heard of no id there.
    pub twins: Vec<String>,
    /// Only where this connection is source or destination; with a record, the end at which it has that id.
    pub connection: Option<Uuid>,
    /// Only where this entity is source or destination; with a record, the end at which it has that id.
    pub entity: Option<EntityName>,
    /// Only these outcomes; see [`AuditRow::outcome`].
    pub outcomes: Vec<String>,
    /// Only rows that hold this text in id, title, mapped values, code or message.
    pub text: Option<String>,
    /// Only rows that were sent, or would have been.
    pub sent: bool,
}

/// One record in one run.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// The run.
    pub run: Uuid,
    /// Name of its definition.
    pub definition: String,
    /// Source connection and entity.
    pub source: (Uuid, EntityName),
    /// Destination connection and entity.
    pub destination: (Uuid, EntityName),
    /// When the run began.
    pub started_at: Timestamp,
    /// What was planned, with before-image and request; where it was not sent as planned, what was sent.
    pub planned: PlanRow,
    /// What became of it: an outcome of the run, or `unchanged`, `skipped`, `invalid`, `held back`, `not reached`.
    pub outcome: String,
    /// What was answered, where it was sent.
    pub answer: Option<RunOutcome>,
}

/// A window of the audit.
#[derive(Debug, Clone)]
pub struct AuditPage {
    /// Rows, latest run first, then in the plan's order.
    pub rows: Vec<AuditRow>,
    /// All that fit.
    pub total: u64,
}

const WORD: &str = "coalesce(o.outcome, CASE WHEN p.action = 'unchanged' THEN 'unchanged' WHEN p.action = 'skip' THEN 'skipped'
    WHEN p.action = 'invalid' THEN 'invalid' WHEN p.excluded THEN 'held back' ELSE 'not reached' END)";

fn audit_row(row: &Row<'_>, bodies: &mut Bodies<'_>) -> Result<AuditRow, StoreError> {
    let bad = |what: &str| StoreError::Corrupt { detail: format!("the {what} of a run can't be read") };
    let id = |at: usize, what: &str| row.get::<_, String>(at)?.parse::<Uuid>().map_err(|_| bad(what));
    let answered: Option<i64> = row.get(16)?;
    let mut planned = plan_rows::plan_row(row, bodies)?;
    if let Some(body) = row.get::<_, Option<String>>(26)? {
        as_sent::read(&body)?.tell(&mut planned);
    }
    Ok(AuditRow {
        planned,
        run: id(8, "id")?,
        definition: row.get(9)?,
        source: (id(10, "source")?, EntityName::new(row.get::<_, String>(11)?)),
        destination: (id(12, "destination")?, EntityName::new(row.get::<_, String>(13)?)),
        started_at: from_millis(row.get(14)?),
        outcome: row.get(15)?,
        answer: answered.map(|_| run_rows::outcome(row, 16)).transpose()?,
    })
}

/// The record's id is found at one end, and it is that end's connection and entity that are asked for: a key of one table may be that of
/// another one too, and a client's records are never told under another client's.
fn at_either_end(
    filter: &AuditFilter,
    id: &str,
    bind: &mut impl FnMut(Box<dyn ToSql>) -> String,
) -> Result<String, StoreError> {
    let (mut source, mut destination) = (String::new(), String::new());
    if let Some(connection) = filter.connection {
        let connection = bind(Box::new(connection.to_string()));
        source.push_str(&format!(" AND r.source = {connection}"));
        destination.push_str(&format!(" AND r.destination = {connection}"));
    }
    if let Some(entity) = &filter.entity {
        let entity = bind(Box::new(entity.as_str().to_owned()));
        source.push_str(&format!(" AND q.source_entity = {entity}"));
        destination.push_str(&format!(" AND q.destination_entity = {entity}"));
    }
    let mut either =
        format!("(lower(p.source_id) = {id}{source} OR lower(o.destination_id) = {id}{destination}");
    if !filter.twins.is_empty() {
        let twins: Vec<String> = filter.twins.iter().map(|twin| twin.to_lowercase()).collect();
        let twins = bind(Box::new(serde_json::to_string(&twins)?));
        either.push_str(&format!(
            " OR lower(p.source_id) IN (SELECT value FROM json_each({twins})){destination}"
        ));
    }
    either.push(')');
    Ok(either)
}

/// The `FROM … WHERE …` of a filter, with its values.
fn condition(filter: &AuditFilter) -> Result<(String, Vec<Box<dyn ToSql>>), StoreError> {
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    let mut bind = |value: Box<dyn ToSql>| {
        values.push(value);
        format!("?{}", values.len())
    };
    // The order of the joins is the cheapest way in: a record's few rows, or one run after the other.
    let outcomes = "LEFT JOIN run_rows o ON o.rid = r.number * 4294967296 + p.rid % 4294967296 LEFT JOIN run_as_sent s ON s.rid = o.rid";
    let mut sql = match &filter.record {
        Some(record) => {
            let id = bind(Box::new(record.trim().to_lowercase()));
            let known: Vec<i64> =
                filter.twins.iter().chain([record]).map(|id| record_key(id)).collect();
            let keys = bind(Box::new(serde_json::to_string(&known)?));
            format!(
                "FROM (SELECT DISTINCT rid FROM audit_keys WHERE key IN (SELECT value FROM json_each({keys}))) k CROSS JOIN plan_rows p ON p.rid = k.rid CROSS JOIN plans q ON q.number = p.rid / 4294967296
                 CROSS JOIN runs r ON r.plan = q.id {outcomes}
                 WHERE {}",
                at_either_end(filter, &id, &mut bind)?
            )
        }
        None => format!(
            "FROM runs r CROSS JOIN plans q ON q.id = r.plan
             CROSS JOIN plan_rows p ON p.rid >= q.number * 4294967296 AND p.rid < (q.number + 1) * 4294967296 {outcomes}
             WHERE 1"
        ),
    };
    if let Some(run) = filter.run {
        let run = bind(Box::new(run.to_string()));
        sql.push_str(&format!(" AND r.id = {run}"));
    }
    if let Some(connection) = filter.connection {
        let connection = bind(Box::new(connection.to_string()));
        sql.push_str(&format!(" AND (r.source = {connection} OR r.destination = {connection})"));
    }
    if let Some(entity) = &filter.entity {
        let entity = bind(Box::new(entity.as_str().to_owned()));
        sql.push_str(&format!(" AND (q.source_entity = {entity} OR q.destination_entity = {entity})"));
    }
    if !filter.outcomes.is_empty() {
        let outcomes = bind(Box::new(serde_json::to_string(&filter.outcomes)?));
        sql.push_str(&format!(" AND {WORD} IN (SELECT value FROM json_each({outcomes}))"));
    }
    if let Some(text) = filter.text.as_deref().filter(|text| !text.is_empty()) {
        let text = bind(Box::new(like_anywhere(&fold(text))));
        sql.push_str(&format!(
            " AND (p.words LIKE {text} ESCAPE '\\' OR fold(o.code) LIKE {text} ESCAPE '\\'
               OR fold(o.message) LIKE {text} ESCAPE '\\' OR o.destination_id LIKE {text} ESCAPE '\\')"
        ));
    }
    if filter.sent {
        sql.push_str(" AND p.action IN ('create', 'update', 'delete') AND p.excluded = 0");
    }
    Ok((sql, values))
}

impl Store {
    /// A window of the audit.
    pub fn audit(&self, filter: &AuditFilter, offset: u64, limit: u32) -> Result<AuditPage, StoreError> {
        self.read(|db| {
            let (condition, values) = condition(filter)?;
            let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
            let total: i64 = db
                .prepare_cached(&format!("SELECT count(*) {condition}"))?
                .query_row(values.as_slice(), |row| row.get(0))?;
            let rows = rows(
                db,
                &condition,
                &values,
                &format!("LIMIT {limit} OFFSET {}", offset.min(i64::MAX as u64)),
            )?;
            Ok(AuditPage { rows, total: total.unsigned_abs() })
        })
    }

    /// Ids at the source of what a record at the destination was made of, as far as runs wrote it: a few, of one connection and entity.
    pub fn audit_twins(&self, filter: &AuditFilter) -> Result<Vec<String>, StoreError> {
        let (Some(record), Some(connection), Some(entity)) =
            (&filter.record, filter.connection, &filter.entity)
        else {
            return Ok(Vec::new());
        };
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT DISTINCT p.source_id FROM audit_keys k CROSS JOIN plan_rows p ON p.rid = k.rid
                 CROSS JOIN plans q ON q.number = p.rid / 4294967296 CROSS JOIN runs r ON r.plan = q.id
                 JOIN run_rows o ON o.rid = r.number * 4294967296 + p.rid % 4294967296
                 WHERE k.key = ?1 AND lower(o.destination_id) = ?2 AND r.destination = ?3 AND q.destination_entity = ?4 LIMIT 20",
            )?;
            let id = record.trim().to_lowercase();
            let found = statement.query_map(
                params![record_key(record), id, connection.to_string(), entity.as_str()],
                |row| row.get(0),
            )?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// The next rows of one run that fit, from an ordinal on: each step costs its own rows, however far along it is.
    pub fn audit_from(
        &self,
        run: Uuid,
        filter: &AuditFilter,
        from: u32,
        limit: u32,
    ) -> Result<Vec<AuditRow>, StoreError> {
        self.read(|db| {
            let (mut sql, mut values) = condition(&AuditFilter { run: Some(run), ..filter.clone() })?;
            values.push(Box::new(i64::from(from)));
            sql.push_str(&format!(" AND p.rid >= q.number * 4294967296 + ?{}", values.len()));
            let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
            rows(db, &sql, &values, &format!("LIMIT {limit}"))
        })
    }

    /// Makes the records of a run findable by their ids at both ends. Told again it adds what came since.
    pub fn index_run(&self, run: Uuid) -> Result<(), StoreError> {
        self.write(|tx| {
            let number = runs::number(tx, run)?;
            let plan: String =
                tx.query_row("SELECT plan FROM runs WHERE number = ?1", [number], |row| row.get(0))?;
            let plan = plan.parse().map_err(|_| StoreError::internal("a plan's id is no id"))?;
            let plan = plans::number(tx, plan)?;
            tx.execute(
                "INSERT OR IGNORE INTO audit_keys SELECT record_key(source_id) AS key, rid FROM plan_rows
                 WHERE rid >= ?1 AND rid < ?2 ORDER BY key",
                params![base(plan), base(plan + 1)],
            )?;
            tx.execute(
                "INSERT OR IGNORE INTO audit_keys SELECT record_key(destination_id) AS key, rid - ?1 + ?3 FROM run_rows
                 WHERE rid >= ?1 AND rid < ?2 AND destination_id IS NOT NULL ORDER BY key",
                params![base(number), base(number + 1), base(plan)],
            )?;
            Ok(())
        })
    }
}

fn rows(
    db: &Connection,
    condition: &str,
    values: &[&dyn ToSql],
    window: &str,
) -> Result<Vec<AuditRow>, StoreError> {
    let columns =
        plan_rows::COLUMNS.split(", ").map(|name| format!("p.{name}")).collect::<Vec<_>>().join(", ");
    let mut statement = db.prepare_cached(&format!(
        "SELECT {columns}, r.id, r.definition, r.source, q.source_entity, r.destination, q.destination_entity, r.started_at,
           {WORD}, {}, s.body {condition} ORDER BY r.number DESC, p.rid {window}",
        run_rows::OUTCOME
    ))?;
    let mut rows = statement.query(values)?;
    let (mut found, mut bodies) = (Vec::new(), Bodies::of(db));
    while let Some(row) = rows.next()? {
        found.push(audit_row(row, &mut bodies)?);
    }
    Ok(found)
}

/// Removes the way to a run's rows; they are looked up no more.
pub(super) fn forget(tx: &Connection, number: i64) -> Result<(), StoreError> {
    let plan: Option<i64> = tx
        .prepare_cached("SELECT q.number FROM runs r JOIN plans q ON q.id = r.plan WHERE r.number = ?1")?
        .query_map([number], |row| row.get(0))?
        .next()
        .transpose()?;
    let Some(plan) = plan else { return Ok(()) };
    tx.execute(
        "DELETE FROM audit_keys WHERE (key, rid) IN (
           SELECT record_key(source_id), rid FROM plan_rows WHERE rid >= ?1 AND rid < ?2
           UNION SELECT record_key(destination_id), rid - ?3 + ?1 FROM run_rows WHERE rid >= ?3 AND rid < ?4)",
        params![base(plan), base(plan + 1), base(number), base(number + 1)],
    )?;
    Ok(())
}
