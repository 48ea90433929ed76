//! Records that were made, changed or deleted by hand, with what they held before and after: a part of their story beside the runs.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use syncline_model::EntityName;
use uuid::Uuid;

use crate::fold::{fold, record_key};
use crate::migrate::Migration;
use crate::tables::metadata::{pack, unpack};
use crate::time::{from_millis, millis};
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 11,
    sql: "CREATE TABLE hand_edits(
            id INTEGER PRIMARY KEY,
            connection TEXT NOT NULL,
            entity TEXT NOT NULL,
            key INTEGER NOT NULL,
            record TEXT NOT NULL,
            operation TEXT NOT NULL,
            at INTEGER NOT NULL,
            body BLOB NOT NULL);
          CREATE INDEX hand_edits_record ON hand_edits(connection, key);
          CREATE INDEX hand_edits_at ON hand_edits(at)",
}];

/// One edit by hand that the system took.
#[derive(Debug, Clone)]
pub struct HandEdit {
    /// Its number, told by the store; later edits have larger ones.
    pub number: i64,
    /// Connection.
    pub connection: Uuid,
    /// Entity.
    pub entity: EntityName,
    /// Id of the record.
    pub record: String,
    /// `create`, `update`, `upsert` or `delete`.
    pub operation: String,
    /// When it was taken.
    pub at: Timestamp,
    /// What is told of it.
    pub body: HandEditBody,
}

/// Which edits. What is not given does not narrow.
#[derive(Debug, Clone, Default)]
pub struct HandEditFilter {
    /// Only at this connection.
    pub connection: Option<Uuid>,
    /// Only of this entity.
    pub entity: Option<EntityName>,
    /// Only of the record with this id.
    pub record: Option<String>,
    /// Only edits that hold this text: in the id, the person, or the record before or after.
    pub text: Option<String>,
    /// Only those before this one.
    pub before: Option<i64>,
}

/// What is told of an edit by hand.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HandEditBody {
    /// As whom it was written, where the system told.
    pub by: Option<String>,
    /// The record before, in the shape of its system; absent where there was none or it could not be read.
    pub before: Option<Box<RawValue>>,
    /// The record after; absent where there is none or it could not be read.
    pub after: Option<Box<RawValue>>,
}

impl Store {
    /// Adds an edit.
    pub fn add_hand_edit(&self, edit: &HandEdit) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO hand_edits(connection, entity, key, record, operation, at, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    edit.connection.to_string(),
                    edit.entity.as_str(),
                    record_key(&edit.record),
                    edit.record,
                    edit.operation,
                    millis(edit.at),
                    pack(&edit.body)?
                ],
            )?;
            Ok(())
        })
    }

    /// The next edits that fit, the latest first.
    pub fn hand_edits(&self, filter: &HandEditFilter, limit: u32) -> Result<Vec<HandEdit>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(if filter.record.is_some() {
                // By its record: there are few.
                "SELECT id, connection, entity, record, operation, at, body FROM hand_edits
                 WHERE key = ?4 AND (?1 IS NULL OR connection = ?1) AND (?2 IS NULL OR entity = ?2) AND lower(record) = ?3
                 AND id < ?5 ORDER BY id DESC"
            } else {
                "SELECT id, connection, entity, record, operation, at, body FROM hand_edits
                 WHERE (?1 IS NULL OR connection = ?1) AND (?2 IS NULL OR entity = ?2) AND ?3 IS NULL AND ?4 IS NULL
                 AND id < ?5 ORDER BY id DESC"
            })?;
            let text = filter.text.as_deref().map(fold).filter(|text| !text.is_empty());
            let mut rows = statement.query(params![
                filter.connection.map(|id| id.to_string()),
                filter.entity.as_ref().map(EntityName::as_str),
                filter.record.as_deref().map(|id| id.trim().to_lowercase()),
                filter.record.as_deref().map(record_key),
                filter.before.unwrap_or(i64::MAX),
            ])?;
            let mut found = Vec::new();
            while found.len() < limit as usize
                && let Some(row) = rows.next()?
            {
                let connection: String = row.get(1)?;
                let edit = HandEdit {
                    number: row.get(0)?,
                    connection: connection
                        .parse()
                        .map_err(|_| StoreError::internal("the connection of an edit by hand is no id"))?,
                    entity: EntityName::new(row.get::<_, String>(2)?),
                    record: row.get(3)?,
                    operation: row.get(4)?,
                    at: from_millis(row.get(5)?),
                    body: unpack(row.get_ref(6)?.as_blob().map_err(rusqlite::Error::from)?)?,
                };
                if text.as_deref().is_none_or(|text| edit.holds(text)) {
                    found.push(edit);
                }
            }
            Ok(found)
        })
    }
}

impl HandEdit {
    /// Whether a folded text is anywhere in it.
    fn holds(&self, text: &str) -> bool {
        let raw =
            |raw: &Option<Box<RawValue>>| raw.as_ref().is_some_and(|raw| fold(raw.get()).contains(text));
        fold(&self.record).contains(text)
            || self.body.by.as_deref().is_some_and(|by| fold(by).contains(text))
            || raw(&self.body.before)
            || raw(&self.body.after)
    }
}

/// How many are older.
pub(super) fn older(db: &Connection, before: Timestamp) -> Result<u64, StoreError> {
    let found: i64 =
        db.query_row("SELECT count(*) FROM hand_edits WHERE at < ?1", [millis(before)], |row| row.get(0))?;
    Ok(found.unsigned_abs())
}

/// Removes those that are older.
pub(super) fn prune(tx: &Connection, before: Timestamp) -> Result<(), StoreError> {
    tx.execute("DELETE FROM hand_edits WHERE at < ?1", [millis(before)])?;
    Ok(())
}

/// Removes those of a forgotten connection.
pub(crate) fn forget(tx: &Connection, connection: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM hand_edits WHERE connection = ?1", [connection])?;
    Ok(())
}
