//! Definitions as the text of their file; one that has problems may be kept too.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::migrate::Migration;
use crate::time::{from_millis, millis};
use crate::work::ledgers;
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE definitions(
            name TEXT NOT NULL,
            name_key TEXT PRIMARY KEY NOT NULL,
            json TEXT NOT NULL,
            hash TEXT NOT NULL,
            changed_at INTEGER NOT NULL)",
}];

/// What is kept under these and the lower-case name of a definition, alone or with three more parts behind slashes, follows the
/// definition when its name changes.
const FOLLOWING: [&str; 2] = ["watermark/", "schedule/state/"];

/// A saved definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDefinition {
    /// Its name; unique without regard to case.
    pub name: String,
    /// The text of the file.
    pub json: String,
    /// Hash of its canonical JSON, as the caller computed it.
    pub hash: String,
    /// Last change.
    pub changed_at: Timestamp,
}

fn definition(row: &Row<'_>) -> rusqlite::Result<StoredDefinition> {
    Ok(StoredDefinition {
        name: row.get(0)?,
        json: row.get(1)?,
        hash: row.get(2)?,
        changed_at: from_millis(row.get(3)?),
    })
}

fn renamed(tx: &Connection, previous: &str, key: &str) -> Result<(), StoreError> {
    ledgers::rename(tx, previous, key)?;
    let mut follow = tx.prepare_cached(
        "UPDATE OR REPLACE kept SET key = ?2 || substr(key, length(?1) + 1)
         WHERE substr(key, 1, length(?1)) = ?1 AND (length(key) = length(?1)
           OR substr(key, length(?1) + 1) GLOB '/*/*/*' AND substr(key, length(?1) + 1) NOT GLOB '/*/*/*/*')",
    )?;
    for prefix in FOLLOWING {
        follow.execute(params![format!("{prefix}{previous}"), format!("{prefix}{key}")])?;
    }
    Ok(())
}

impl Store {
    /// Saves a definition. `previous_name` is the name under which it was saved so far, if it was: a change of name takes the old
    /// one away, and what it sent, how far it has read and the state of its schedule go with it. A name that another definition has is
    /// refused.
    pub fn save_definition(
        &self,
        previous_name: Option<&str>,
        name: &str,
        json: &str,
        hash: &str,
        now: Timestamp,
    ) -> Result<StoredDefinition, StoreError> {
        let (key, previous) = (name.to_lowercase(), previous_name.map(str::to_lowercase));
        self.write(|tx| {
            if previous.as_deref() != Some(key.as_str()) {
                let taken: bool = tx.query_row(
                    "SELECT EXISTS(SELECT 1 FROM definitions WHERE name_key = ?1)",
                    [&key],
                    |row| row.get(0),
                )?;
                if taken {
                    return Err(StoreError::AlreadyExists { what: format!("the definition {name}") });
                }
                if let Some(previous) = &previous {
                    tx.execute("DELETE FROM definitions WHERE name_key = ?1", [previous])?;
                    renamed(tx, previous, &key)?;
                }
            }
            tx.execute(
                "INSERT INTO definitions(name, name_key, json, hash, changed_at) VALUES(?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT(name_key) DO UPDATE SET name = ?1, json = ?3, hash = ?4, changed_at = ?5",
                params![name, key, json, hash, millis(now)],
            )?;
            Ok(())
        })?;
        Ok(StoredDefinition {
            name: name.to_owned(),
            json: json.to_owned(),
            hash: hash.to_owned(),
            changed_at: from_millis(millis(now)),
        })
    }

    /// All definitions by name.
    pub fn definitions(&self) -> Result<Vec<StoredDefinition>, StoreError> {
        self.read(|db| {
            let mut statement =
                db.prepare_cached("SELECT name, json, hash, changed_at FROM definitions ORDER BY name_key")?;
            Ok(statement.query_map([], definition)?.collect::<Result<_, _>>()?)
        })
    }

    /// The definition of a name, without regard to case.
    pub fn definition(&self, name: &str) -> Result<Option<StoredDefinition>, StoreError> {
        self.read(|db| {
            Ok(db
                .prepare_cached("SELECT name, json, hash, changed_at FROM definitions WHERE name_key = ?1")?
                .query_row([name.to_lowercase()], definition)
                .optional()?)
        })
    }

    /// Removes a definition; its plans and runs stay. False: there was none.
    pub fn delete_definition(&self, name: &str) -> Result<bool, StoreError> {
        self.write(|tx| {
            Ok(tx.execute("DELETE FROM definitions WHERE name_key = ?1", [name.to_lowercase()])? > 0)
        })
    }
}
