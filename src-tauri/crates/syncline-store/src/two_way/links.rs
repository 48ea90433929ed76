//! Links: which record of one side is which of the other, and what both held after the last sync. Kept by the two tables, whatever
//! definition made them, so that lookups can be translated by the pairs that another definition keeps.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use syncline_model::{EntityName, Value};
use uuid::Uuid;

use crate::migrate::Migration;
use crate::tables::metadata::{pack, unpack};
use crate::time::{from_millis, millis};
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 7,
    sql: "CREATE TABLE link_pairs(
            id INTEGER PRIMARY KEY,
            source TEXT NOT NULL,
            source_entity TEXT NOT NULL,
            destination TEXT NOT NULL,
            destination_entity TEXT NOT NULL,
            UNIQUE(source, source_entity, destination, destination_entity));
          CREATE TABLE links(
            id INTEGER PRIMARY KEY,
            pair INTEGER NOT NULL,
            left_id TEXT NOT NULL,
            right_id TEXT NOT NULL,
            gone TEXT,
            base BLOB NOT NULL,
            at INTEGER NOT NULL,
            UNIQUE(pair, left_id),
            UNIQUE(pair, right_id));
          CREATE TABLE link_conflicts(
            id INTEGER PRIMARY KEY,
            pair INTEGER NOT NULL,
            definition TEXT NOT NULL,
            left_id TEXT NOT NULL,
            right_id TEXT NOT NULL,
            field TEXT NOT NULL,
            body BLOB NOT NULL,
            decision TEXT,
            found_at INTEGER NOT NULL,
            UNIQUE(pair, left_id, right_id, field));
          CREATE INDEX link_conflicts_definition ON link_conflicts(definition, id)",
}];

/// Two tables whose records are paired.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LinkPair {
    /// Source connection.
    pub source: Uuid,
    /// Its entity.
    pub source_entity: EntityName,
    /// Destination connection.
    pub destination: Uuid,
    /// Its entity.
    pub destination_entity: EntityName,
}

/// What both sides held of a field after the last sync.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaseValue {
    /// At the source.
    pub left: Value,
    /// At the destination.
    pub right: Value,
}

/// Values after the last sync, by the destination's column.
pub type Base = BTreeMap<String, BaseValue>;

/// A side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkSide {
    /// The source.
    Source,
    /// The destination.
    Destination,
}

impl LinkSide {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
        }
    }
    fn from_text(text: &str) -> Option<Self> {
        [Self::Source, Self::Destination].into_iter().find(|side| side.as_str() == text)
    }
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Source => Self::Destination,
            Self::Destination => Self::Source,
        }
    }
}

/// A pair of records.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Its number, by which links are walked.
    pub id: i64,
    /// Record of the source.
    pub left: String,
    /// Record of the destination.
    pub right: String,
    /// The side on which it was deleted, while the other side keeps it by rule: it is left alone.
    pub gone: Option<LinkSide>,
    /// Values after the last sync.
    pub base: Base,
    /// When it was synced last.
    pub at: Timestamp,
}

/// A change of links.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkChange {
    /// The records are a pair, and hold these values; other fields of an older base stay.
    Save {
        /// Record of the source.
        left: String,
        /// Record of the destination.
        right: String,
        /// Deleted on this side.
        gone: Option<LinkSide>,
        /// Values.
        base: Base,
    },
    /// They are no pair any more.
    Drop {
        /// Record of the source.
        left: String,
        /// Record of the destination.
        right: String,
    },
}

pub(super) fn pair_number(db: &Connection, pair: &LinkPair) -> Result<Option<i64>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT id FROM link_pairs WHERE source = ?1 AND source_entity = ?2 AND destination = ?3 AND destination_entity = ?4",
        )?
        .query_row(
            params![
                pair.source.to_string(),
                pair.source_entity.as_str(),
                pair.destination.to_string(),
                pair.destination_entity.as_str()
            ],
            |row| row.get(0),
        )
        .optional()?)
}

pub(super) fn made_pair(tx: &Connection, pair: &LinkPair) -> Result<i64, StoreError> {
    tx.execute(
        "INSERT OR IGNORE INTO link_pairs(source, source_entity, destination, destination_entity) VALUES(?1, ?2, ?3, ?4)",
        params![
            pair.source.to_string(),
            pair.source_entity.as_str(),
            pair.destination.to_string(),
            pair.destination_entity.as_str()
        ],
    )?;
    pair_number(tx, pair)?.ok_or_else(|| StoreError::internal("a new pair of tables is not there"))
}

pub(super) const COLUMNS: &str = "id, left_id, right_id, gone, base, at";

pub(super) fn link(row: &Row<'_>) -> Result<Link, StoreError> {
    Ok(Link {
        id: row.get(0)?,
        left: row.get(1)?,
        right: row.get(2)?,
        gone: row.get::<_, Option<String>>(3)?.as_deref().and_then(LinkSide::from_text),
        base: unpack(row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?)?,
        at: from_millis(row.get(5)?),
    })
}

impl Store {
    /// The links of records of one side, in the order asked.
    pub fn links_of(
        &self,
        pair: &LinkPair,
        side: LinkSide,
        ids: &[&str],
    ) -> Result<Vec<Option<Link>>, StoreError> {
        self.read(|db| {
            let Some(number) = pair_number(db, pair)? else { return Ok(vec![None; ids.len()]) };
            let column = match side {
                LinkSide::Source => "left_id",
                LinkSide::Destination => "right_id",
            };
            let mut statement =
                db.prepare_cached(&format!("SELECT {COLUMNS} FROM links WHERE pair = ?1 AND {column} = ?2"))?;
            let mut found = Vec::with_capacity(ids.len());
            for id in ids {
                let mut rows = statement.query(params![number, id])?;
                found.push(rows.next()?.map(link).transpose()?);
            }
            Ok(found)
        })
    }

    /// Links after one of them, by number.
    pub fn links_after(&self, pair: &LinkPair, after: i64, limit: u32) -> Result<Vec<Link>, StoreError> {
        self.read(|db| {
            let Some(number) = pair_number(db, pair)? else { return Ok(Vec::new()) };
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM links WHERE pair = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
            ))?;
            let mut rows = statement.query(params![number, after, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(link(row)?);
            }
            Ok(found)
        })
    }

    /// How many links there are.
    pub fn link_count(&self, pair: &LinkPair) -> Result<u64, StoreError> {
        self.read(|db| {
            let Some(number) = pair_number(db, pair)? else { return Ok(0) };
            Ok(db
                .query_row("SELECT count(*) FROM links WHERE pair = ?1", [number], |row| {
                    row.get::<_, i64>(0)
                })?
                .unsigned_abs())
        })
    }

    /// Changes links, in one transaction.
    pub fn change_links(
        &self,
        pair: &LinkPair,
        changes: &[LinkChange],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.write(|tx| {
            let number = made_pair(tx, pair)?;
            for change in changes {
                match change {
                    LinkChange::Drop { left, right } => {
                        tx.prepare_cached("DELETE FROM links WHERE pair = ?1 AND left_id = ?2 AND right_id = ?3")?
                            .execute(params![number, left, right])?;
                        tx.prepare_cached("DELETE FROM link_conflicts WHERE pair = ?1 AND left_id = ?2 AND right_id = ?3")?
                            .execute(params![number, left, right])?;
                    }
                    LinkChange::Save { left, right, gone, base } => {
                        let mut whole: Base = tx
                            .prepare_cached(
                                "SELECT base FROM links WHERE pair = ?1 AND left_id = ?2 AND right_id = ?3",
                            )?
                            .query_row(params![number, left, right], |row| row.get::<_, Vec<u8>>(0))
                            .optional()?
                            .map(|packed| unpack(&packed))
                            .transpose()?
                            .unwrap_or_default();
                        whole.extend(base.iter().map(|(field, value)| (field.clone(), value.clone())));
                        // What both sides hold now waits for nobody; nor does a pair that ended.
                        let settled = serde_json::to_string(&base.keys().collect::<Vec<_>>())?;
                        tx.prepare_cached(
                            "DELETE FROM link_conflicts WHERE pair = ?1 AND (left_id = ?2 OR right_id = ?3)
                             AND (left_id <> ?2 OR right_id <> ?3 OR field = '' OR field IN (SELECT value FROM json_each(?4)))",
                        )?
                        .execute(params![number, left, right, settled])?;
                        // A record is in one pair: an older one of either side ends.
                        tx.prepare_cached("DELETE FROM links WHERE pair = ?1 AND (left_id = ?2 OR right_id = ?3)")?
                            .execute(params![number, left, right])?;
                        tx.prepare_cached(
                            "INSERT INTO links(pair, left_id, right_id, gone, base, at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                        )?
                        .execute(params![
                            number,
                            left,
                            right,
                            gone.map(LinkSide::as_str),
                            pack(&whole)?,
                            millis(now)
                        ])?;
                    }
                }
            }
            Ok(())
        })
    }
}

/// Removes the pairs of a forgotten connection with all that belongs to them; how many links.
pub(crate) fn forget(tx: &Connection, connection: &str) -> Result<u64, StoreError> {
    let of = "pair IN (SELECT id FROM link_pairs WHERE source = ?1 OR destination = ?1)";
    tx.execute(&format!("DELETE FROM link_conflicts WHERE {of}"), [connection])?;
    let links = tx.execute(&format!("DELETE FROM links WHERE {of}"), [connection])? as u64;
    tx.execute("DELETE FROM link_pairs WHERE source = ?1 OR destination = ?1", [connection])?;
    Ok(links)
}
