//! Runs: the head of each. What became of each row is in `run_rows`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::migrate::Migration;
use crate::time::{from_millis, millis};
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE runs(
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            plan TEXT NOT NULL,
            definition TEXT NOT NULL,
            definition_key TEXT NOT NULL,
            definition_hash TEXT NOT NULL,
            source TEXT NOT NULL,
            destination TEXT NOT NULL,
            status TEXT NOT NULL,
            session TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            finished_at INTEGER,
            detail TEXT NOT NULL);
          CREATE INDEX runs_definition ON runs(definition_key, started_at);
          CREATE INDEX runs_plan ON runs(plan);
          CREATE INDEX runs_source ON runs(source);
          CREATE INDEX runs_destination ON runs(destination)",
}];

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// Under way.
    Running,
    /// Every row went well.
    Succeeded,
    /// Some rows did not.
    Partial,
    /// It ended with an error before its end, or no row went well.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// Its process died.
    Interrupted,
}

impl RunStatus {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }
    /// Reads what [`RunStatus::as_str`] wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Running, Self::Succeeded, Self::Partial, Self::Failed, Self::Cancelled, Self::Interrupted]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// What came of taking a run up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resumed {
    /// It goes on here.
    Begun,
    /// Another run of its definition is under way.
    Other(Uuid),
    /// It is under way already, or it went well to its end.
    NotOpen,
}

/// The head of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: Uuid,
    /// The plan it executes.
    pub plan: Uuid,
    /// Name of the definition.
    pub definition: String,
    /// Its hash.
    pub definition_hash: String,
    /// Source connection.
    pub source: Uuid,
    /// Destination connection.
    pub destination: Uuid,
    /// Where it stands.
    pub status: RunStatus,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Counts, the error it ended with, and whatever else its maker wants to keep: an object.
    pub detail: serde_json::Value,
}

const COLUMNS: &str =
    "id, plan, definition, definition_hash, source, destination, status, started_at, finished_at, detail";

fn run(row: &Row<'_>) -> Result<Run, StoreError> {
    let bad = |what: &str| StoreError::Corrupt { detail: format!("the {what} of a run can't be read") };
    let id = |at: usize, what: &str| row.get::<_, String>(at)?.parse::<Uuid>().map_err(|_| bad(what));
    Ok(Run {
        id: id(0, "id")?,
        plan: id(1, "plan")?,
        definition: row.get(2)?,
        definition_hash: row.get(3)?,
        source: id(4, "source")?,
        destination: id(5, "destination")?,
        status: RunStatus::from_text(&row.get::<_, String>(6)?).ok_or_else(|| bad("status"))?,
        started_at: from_millis(row.get(7)?),
        finished_at: row.get::<_, Option<i64>>(8)?.map(from_millis),
        detail: serde_json::from_str(&row.get::<_, String>(9)?)?,
    })
}

/// The number of a run.
pub(crate) fn number(db: &Connection, id: Uuid) -> Result<i64, StoreError> {
    db.prepare_cached("SELECT number FROM runs WHERE id = ?1")?
        .query_row([id.to_string()], |row| row.get(0))
        .optional()?
        .ok_or_else(|| StoreError::not_found(format!("the run {id}")))
}

impl Store {
    /// Saves the head of a run, new or changed; its rows stay.
    pub fn save_run(&self, run: &Run) -> Result<(), StoreError> {
        self.write(|tx| self.save_run_in(tx, run))
    }

    /// Saves the head of a new run, unless another run of the same definition is under way, in this process or another one that lives:
    /// then nothing is saved, and the other one's id is given.
    pub fn begin_run(&self, run: &Run) -> Result<Option<Uuid>, StoreError> {
        self.write(|tx| {
            let other = self.other_run(tx, run)?;
            if other.is_none() {
                self.save_run_in(tx, run)?;
            }
            Ok(other)
        })
    }

    /// Takes a run up again that ended before its end: it is under way in this process from then on. Of several that ask at once, in this
    /// process or another, one is told [`Resumed::Begun`].
    pub fn resume_run(&self, run: &Run) -> Result<Resumed, StoreError> {
        self.write(|tx| {
            if let Some(other) = self.other_run(tx, run)? {
                return Ok(Resumed::Other(other));
            }
            let taken = tx.execute(
                "UPDATE runs SET status = 'running', session = ?2, finished_at = NULL WHERE id = ?1
                 AND status IN ('interrupted', 'cancelled', 'failed', 'partial')",
                params![run.id.to_string(), self.inner.session.id],
            )?;
            Ok(if taken == 1 { Resumed::Begun } else { Resumed::NotOpen })
        })
    }

    /// A run of the same definition that is under way in a process that lives.
    fn other_run(&self, tx: &Connection, run: &Run) -> Result<Option<Uuid>, StoreError> {
        let others: Vec<(String, String)> = tx
            .prepare_cached(
                "SELECT id, session FROM runs WHERE definition_key = ?1 AND status = 'running' AND id <> ?2",
            )?
            .query_map(params![run.definition.to_lowercase(), run.id.to_string()], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<_, _>>()?;
        let living = others.iter().find(|(_, session)| self.inner.session.is_alive(session));
        living.map(|(id, _)| id.parse().map_err(|_| StoreError::internal("a run's id is no id"))).transpose()
    }

    /// Saves what is kept with a run; its head stays.
    pub fn save_run_detail(&self, id: Uuid, detail: &serde_json::Value) -> Result<(), StoreError> {
        let detail = serde_json::to_string(detail)?;
        self.write(|tx| {
            tx.execute("UPDATE runs SET detail = ?2 WHERE id = ?1", params![id.to_string(), detail])?;
            Ok(())
        })
    }

    fn save_run_in(&self, tx: &Connection, run: &Run) -> Result<(), StoreError> {
        let detail = serde_json::to_string(&run.detail)?;
        tx.execute(
                "INSERT INTO runs(id, plan, definition, definition_key, definition_hash, source, destination, status, session,
                   started_at, finished_at, detail)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                 ON CONFLICT(id) DO UPDATE SET status = ?8, session = ?9, started_at = ?10, finished_at = ?11, detail = ?12",
                params![
                    run.id.to_string(),
                    run.plan.to_string(),
                    run.definition,
                    run.definition.to_lowercase(),
                    run.definition_hash,
                    run.source.to_string(),
                    run.destination.to_string(),
                    run.status.as_str(),
                    self.inner.session.id,
                    millis(run.started_at),
                    run.finished_at.map(millis),
                    detail
                ],
            )?;
        Ok(())
    }

    /// Saves what is kept with a run, and removes a run before it whose place it takes, with its plan and the plan of the other way where that
    /// was never run.
    pub fn count_check(
        &self,
        id: Uuid,
        detail: &serde_json::Value,
        before: Option<(Uuid, Option<Uuid>)>,
    ) -> Result<(), StoreError> {
        let detail = serde_json::to_string(detail)?;
        self.write(|tx| {
            tx.execute("UPDATE runs SET detail = ?2 WHERE id = ?1", params![id.to_string(), detail])?;
            let Some((before, other)) = before else { return Ok(()) };
            let plan: String = tx
                .query_row("SELECT plan FROM runs WHERE id = ?1", [before.to_string()], |row| row.get(0))?;
            delete(tx, number(tx, before)?)?;
            for plan in [Some(plan), other.map(|other| other.to_string())].into_iter().flatten() {
                let unused: Option<i64> = tx
                    .query_row(
                        "SELECT number FROM plans WHERE id = ?1 AND NOT EXISTS(SELECT 1 FROM runs WHERE plan = ?1)",
                        [&plan],
                        |row| row.get(0),
                    )
                    .optional()?;
                unused.map_or(Ok(()), |plan| super::plans::delete(tx, plan))?;
            }
            Ok(())
        })
    }

    /// A run's head.
    pub fn run(&self, id: Uuid) -> Result<Option<Run>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE id = ?1"))?;
            let mut rows = statement.query([id.to_string()])?;
            rows.next()?.map(run).transpose()
        })
    }

    /// Heads of runs, latest first; of one definition or of all.
    pub fn runs(&self, definition: Option<&str>, offset: u64, limit: u32) -> Result<Vec<Run>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM runs WHERE ?1 IS NULL OR definition_key = ?1
                 ORDER BY started_at DESC, number DESC LIMIT ?2 OFFSET ?3"
            ))?;
            let mut rows =
                statement.query(params![definition.map(str::to_lowercase), limit, offset as i64])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(run(row)?);
            }
            Ok(found)
        })
    }

    /// The latest run of a plan.
    pub fn run_of_plan(&self, plan: Uuid) -> Result<Option<Run>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM runs WHERE plan = ?1 ORDER BY started_at DESC, number DESC LIMIT 1"
            ))?;
            let mut rows = statement.query([plan.to_string()])?;
            rows.next()?.map(run).transpose()
        })
    }
}

pub(crate) fn delete(tx: &Connection, number: i64) -> Result<(), StoreError> {
    super::audit::forget(tx, number)?;
    super::run_requests::forget(tx, number)?;
    super::as_sent::forget(tx, number)?;
    tx.execute(
        "DELETE FROM run_rows WHERE rid >= ?1 AND rid < ?2",
        params![super::base(number), super::base(number + 1)],
    )?;
    tx.execute("DELETE FROM runs WHERE number = ?1", [number])?;
    Ok(())
}
