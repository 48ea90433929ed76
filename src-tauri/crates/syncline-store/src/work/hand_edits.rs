//! Records that were made, changed or deleted by hand, with what they held before and after: a part of their story beside the runs.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use syncline_model::EntityName;
use uuid::Uuid;

use crate::fold::record_key;
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

    /// The edits of a record, the latest first.
    pub fn hand_edits(
        &self,
        connection: Uuid,
        entity: &EntityName,
        record: &str,
        limit: u32,
    ) -> Result<Vec<HandEdit>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT entity, record, operation, at, body FROM hand_edits
                 WHERE connection = ?1 AND key = ?2 AND entity = ?3 AND lower(record) = ?4 ORDER BY id DESC LIMIT ?5",
            )?;
            let id = record.trim().to_lowercase();
            let mut rows = statement.query(params![
                connection.to_string(),
                record_key(record),
                entity.as_str(),
                id,
                limit
            ])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(HandEdit {
                    connection,
                    entity: EntityName::new(row.get::<_, String>(0)?),
                    record: row.get(1)?,
                    operation: row.get(2)?,
                    at: from_millis(row.get(3)?),
                    body: unpack(row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?)?,
                });
            }
            Ok(found)
        })
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
