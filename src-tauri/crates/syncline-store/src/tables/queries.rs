//! Queries of a connection: those saved under a name, and the last hundred that were run. They go with the connection.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use uuid::Uuid;

use crate::migrate::Migration;
use crate::time::{from_millis, millis};
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 4,
    sql: "CREATE TABLE saved_queries(
            id TEXT PRIMARY KEY NOT NULL,
            connection TEXT NOT NULL,
            name TEXT NOT NULL,
            name_key TEXT NOT NULL,
            language TEXT NOT NULL,
            text TEXT NOT NULL,
            layout TEXT NOT NULL,
            changed_at INTEGER NOT NULL,
            UNIQUE(connection, name_key));
          CREATE TABLE query_runs(
            number INTEGER PRIMARY KEY,
            connection TEXT NOT NULL,
            language TEXT NOT NULL,
            text TEXT NOT NULL,
            at INTEGER NOT NULL,
            rows INTEGER NOT NULL,
            whole INTEGER NOT NULL,
            millis INTEGER NOT NULL,
            error TEXT);
          CREATE INDEX query_runs_connection ON query_runs(connection, number)",
}];

/// Runs that are remembered of a connection.
const RUNS_KEPT: i64 = 100;

/// A query saved under a name, which is the connection's own whatever its case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedQuery {
    /// Id.
    pub id: Uuid,
    /// Connection.
    pub connection: Uuid,
    /// Name.
    pub name: String,
    /// `fetchxml` or `odata`.
    pub language: String,
    /// The query.
    pub text: String,
    /// Columns and widths, as JSON.
    pub layout: serde_json::Value,
    /// When it was saved last.
    pub changed_at: Timestamp,
}

/// A query that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryRun {
    /// Number, rising.
    pub number: i64,
    /// Connection.
    pub connection: Uuid,
    /// `fetchxml` or `odata`.
    pub language: String,
    /// The query.
    pub text: String,
    /// When it was begun.
    pub at: Timestamp,
    /// Rows that came.
    pub rows: u64,
    /// There were no more.
    pub whole: bool,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// Why it failed.
    pub error: Option<String>,
}

fn saved(row: &Row<'_>) -> rusqlite::Result<SavedQuery> {
    let layout: String = row.get(5)?;
    Ok(SavedQuery {
        id: row.get::<_, String>(0)?.parse().unwrap_or_default(),
        connection: row.get::<_, String>(1)?.parse().unwrap_or_default(),
        name: row.get(2)?,
        language: row.get(3)?,
        text: row.get(4)?,
        layout: serde_json::from_str(&layout).unwrap_or_default(),
        changed_at: from_millis(row.get(6)?),
    })
}

impl Store {
    /// Saved queries of a connection, by name.
    pub fn saved_queries(&self, connection: Uuid) -> Result<Vec<SavedQuery>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT id, connection, name, language, text, layout, changed_at FROM saved_queries WHERE connection = ?1 ORDER BY name_key",
            )?;
            let rows = statement.query_map([connection.to_string()], saved)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Saves a query; one with the same id is replaced. False: another one of the connection has the name, and nothing was saved.
    pub fn save_query(&self, query: &SavedQuery) -> Result<bool, StoreError> {
        let (key, layout) = (query.name.to_lowercase(), serde_json::to_string(&query.layout)?);
        self.write(|tx| {
            let other: Option<String> = tx
                .query_row(
                    "SELECT id FROM saved_queries WHERE connection = ?1 AND name_key = ?2 AND id <> ?3",
                    params![query.connection.to_string(), key, query.id.to_string()],
                    |row| row.get(0),
                )
                .optional()?;
            if other.is_some() {
                return Ok(false);
            }
            tx.execute(
                "INSERT INTO saved_queries(id, connection, name, name_key, language, text, layout, changed_at)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT(id) DO UPDATE SET name = ?3, name_key = ?4, language = ?5, text = ?6, layout = ?7, changed_at = ?8",
                params![
                    query.id.to_string(),
                    query.connection.to_string(),
                    query.name,
                    key,
                    query.language,
                    query.text,
                    layout,
                    millis(query.changed_at)
                ],
            )?;
            Ok(true)
        })
    }

    /// Removes a saved query. False: there was none.
    pub fn delete_query(&self, connection: Uuid, id: Uuid) -> Result<bool, StoreError> {
        self.write(|tx| {
            let gone = tx.execute(
                "DELETE FROM saved_queries WHERE connection = ?1 AND id = ?2",
                params![connection.to_string(), id.to_string()],
            )?;
            Ok(gone > 0)
        })
    }

    /// Notes a run; the oldest of the connection beyond a hundred are dropped. `run.number` is not looked at.
    pub fn note_query_run(&self, run: &QueryRun) -> Result<(), StoreError> {
        self.write(|tx| {
            let connection = run.connection.to_string();
            tx.execute(
                "INSERT INTO query_runs(connection, language, text, at, rows, whole, millis, error) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    connection,
                    run.language,
                    run.text,
                    millis(run.at),
                    i64::try_from(run.rows).unwrap_or(i64::MAX),
                    run.whole,
                    i64::try_from(run.millis).unwrap_or(i64::MAX),
                    run.error
                ],
            )?;
            tx.execute(
                "DELETE FROM query_runs WHERE connection = ?1 AND number NOT IN
                   (SELECT number FROM query_runs WHERE connection = ?1 ORDER BY number DESC LIMIT ?2)",
                params![connection, RUNS_KEPT],
            )?;
            Ok(())
        })
    }

    /// Runs of a connection, the last one first.
    pub fn query_runs(&self, connection: Uuid) -> Result<Vec<QueryRun>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT number, language, text, at, rows, whole, millis, error FROM query_runs WHERE connection = ?1 ORDER BY number DESC",
            )?;
            let rows = statement.query_map([connection.to_string()], |row| {
                Ok(QueryRun {
                    number: row.get(0)?,
                    connection,
                    language: row.get(1)?,
                    text: row.get(2)?,
                    at: from_millis(row.get(3)?),
                    rows: u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0),
                    whole: row.get(5)?,
                    millis: u64::try_from(row.get::<_, i64>(6)?).unwrap_or(0),
                    error: row.get(7)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Removes everything of a connection.
pub(crate) fn forget(tx: &rusqlite::Connection, connection: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM saved_queries WHERE connection = ?1", [connection])?;
    tx.execute("DELETE FROM query_runs WHERE connection = ?1", [connection])?;
    Ok(())
}
