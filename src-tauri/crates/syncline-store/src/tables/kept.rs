//! Small things kept between starts: settings, the session, grid layouts, recent items. What belongs to a connection goes with it.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};
use uuid::Uuid;

use crate::migrate::Migration;
use crate::time::{from_millis, millis};
use crate::{KeptFate, Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE kept(
            key TEXT PRIMARY KEY NOT NULL,
            connection TEXT,
            value TEXT NOT NULL,
            changed_at INTEGER NOT NULL);
          CREATE INDEX kept_connection ON kept(connection) WHERE connection IS NOT NULL;
          CREATE TABLE recent(
            kind TEXT NOT NULL,
            key TEXT NOT NULL,
            connection TEXT,
            title TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY(kind, key))",
}];

/// Items of one kind that are remembered.
const RECENT_PER_KIND: i64 = 100;

/// Asks what becomes of every value that was kept for no connection; how many went or changed.
pub(crate) fn decide(
    tx: &rusqlite::Connection,
    fate: &dyn Fn(&str, &serde_json::Value) -> KeptFate,
) -> Result<u64, StoreError> {
    let mut statement = tx.prepare("SELECT key, value FROM kept WHERE connection IS NULL")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let all = rows.collect::<Result<Vec<_>, _>>()?;
    let mut changed = 0;
    for (key, text) in all {
        changed += match fate(&key, &serde_json::from_str(&text)?) {
            KeptFate::Stays => 0,
            KeptFate::Goes => tx.execute("DELETE FROM kept WHERE key = ?1", [&key])?,
            KeptFate::Becomes(value) => tx.execute(
                "UPDATE kept SET value = ?2 WHERE key = ?1",
                params![key, serde_json::to_string(&value)?],
            )?,
        } as u64;
    }
    Ok(changed)
}

/// Something that was opened lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentItem {
    /// What kind of thing: `record`, `search`, `definition` and so on.
    pub kind: String,
    /// Which one; for a search its text.
    pub key: String,
    /// The connection it belongs to.
    pub connection: Option<Uuid>,
    /// How it is shown.
    pub title: String,
    /// When it was opened last.
    pub at: Timestamp,
}

impl Store {
    /// Keeps a value under a key. With a connection the value goes when the connection is forgotten.
    pub fn keep(
        &self,
        key: &str,
        connection: Option<Uuid>,
        value: &serde_json::Value,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_string(value)?;
        self.write(|tx| {
            tx.execute(
                "INSERT INTO kept(key, connection, value, changed_at) VALUES(?1, ?2, ?3, ?4)
                 ON CONFLICT(key) DO UPDATE SET connection = ?2, value = ?3, changed_at = ?4",
                params![key, connection.map(|id| id.to_string()), text, millis(now)],
            )?;
            Ok(())
        })
    }

    /// The value under a key.
    pub fn kept(&self, key: &str) -> Result<Option<serde_json::Value>, StoreError> {
        self.read(|db| {
            let text: Option<String> = db
                .prepare_cached("SELECT value FROM kept WHERE key = ?1")?
                .query_row([key], |row| row.get(0))
                .optional()?;
            text.map(|text| Ok(serde_json::from_str(&text)?)).transpose()
        })
    }

    /// All values whose key begins so, by key.
    pub fn kept_under(&self, prefix: &str) -> Result<Vec<(String, serde_json::Value)>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT key, value FROM kept WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key",
            )?;
            let rows = statement.query_map([prefix], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
            rows.map(|row| {
                let (key, text) = row?;
                Ok((key, serde_json::from_str(&text)?))
            })
            .collect()
        })
    }

    /// Removes the value under a key. False: there was none.
    pub fn drop_kept(&self, key: &str) -> Result<bool, StoreError> {
        self.write(|tx| Ok(tx.execute("DELETE FROM kept WHERE key = ?1", [key])? > 0))
    }

    /// Notes that something was opened; the oldest of its kind beyond 100 are dropped.
    pub fn touch_recent(&self, item: &RecentItem) -> Result<(), StoreError> {
        self.write(|tx| {
            tx.execute(
                "INSERT INTO recent(kind, key, connection, title, at) VALUES(?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT(kind, key) DO UPDATE SET connection = ?3, title = ?4, at = ?5",
                params![
                    item.kind,
                    item.key,
                    item.connection.map(|id| id.to_string()),
                    item.title,
                    millis(item.at)
                ],
            )?;
            tx.execute(
                "DELETE FROM recent WHERE kind = ?1 AND key NOT IN
                   (SELECT key FROM recent WHERE kind = ?1 ORDER BY at DESC LIMIT ?2)",
                params![item.kind, RECENT_PER_KIND],
            )?;
            Ok(())
        })
    }

    /// What was opened lately, latest first; of one kind or of all.
    pub fn recent(&self, kind: Option<&str>, limit: u32) -> Result<Vec<RecentItem>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT kind, key, connection, title, at FROM recent WHERE ?1 IS NULL OR kind = ?1
                 ORDER BY at DESC, kind, key LIMIT ?2",
            )?;
            let rows = statement.query_map(params![kind, limit], |row| {
                Ok(RecentItem {
                    kind: row.get(0)?,
                    key: row.get(1)?,
                    connection: row.get::<_, Option<String>>(2)?.and_then(|id| id.parse().ok()),
                    title: row.get(3)?,
                    at: from_millis(row.get(4)?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
