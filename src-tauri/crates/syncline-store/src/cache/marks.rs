//! Watermarks of pulls: how far an entity was read under one selection, so that the next pull reads only what came after. A mark is
//! written in the transaction that ends the pull, is made of what the service said (never of this machine's clock), and can be set
//! back.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use syncline_model::EntityName;
use uuid::Uuid;

use crate::migrate::Migration;
use crate::time::{from_millis, millis};
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE marks(
            connection TEXT NOT NULL,
            entity TEXT NOT NULL,
            selection TEXT NOT NULL,
            columns TEXT NOT NULL,
            narrowed INTEGER NOT NULL,
            place TEXT NOT NULL,
            pull TEXT,
            by_hand INTEGER NOT NULL,
            set_at INTEGER NOT NULL,
            PRIMARY KEY(connection, entity, selection))",
}];

/// How far was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MarkPlace {
    /// Latest `modifiedon` that was read.
    pub modified: Option<Timestamp>,
    /// Greatest `versionnumber` that was read.
    pub version: Option<i64>,
    /// Where the service tells what changed later (change tracking).
    pub token: Option<String>,
    /// Records created since then were left out by pulls of updated records only.
    pub left_out: Option<Timestamp>,
}

impl MarkPlace {
    /// Nothing is known.
    pub fn is_empty(&self) -> bool {
        self.modified.is_none() && self.version.is_none() && self.token.is_none()
    }
}

/// A watermark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Connection.
    pub connection: Uuid,
    /// Entity.
    pub entity: EntityName,
    /// What is read, as canonical JSON: columns and filter.
    pub selection: String,
    /// How far.
    pub place: MarkPlace,
    /// The pull that set it, or to whose end it was set back.
    pub pull: Option<Uuid>,
    /// Somebody set it back.
    pub by_hand: bool,
    /// When it was set.
    pub set_at: Timestamp,
}

const COLUMNS: &str = "connection, entity, selection, place, pull, by_hand, set_at";

fn mark(row: &Row<'_>) -> Result<Mark, StoreError> {
    let connection: String = row.get(0)?;
    Ok(Mark {
        connection: connection
            .parse()
            .map_err(|_| StoreError::Corrupt { detail: "a connection id is no id".to_owned() })?,
        entity: EntityName::new(row.get::<_, String>(1)?),
        selection: row.get(2)?,
        place: serde_json::from_str(&row.get::<_, String>(3)?)?,
        pull: row.get::<_, Option<String>>(4)?.and_then(|id| id.parse().ok()),
        by_hand: row.get(5)?,
        set_at: from_millis(row.get(6)?),
    })
}

/// The mark of a selection.
pub(crate) fn load(
    db: &Connection,
    connection: Uuid,
    entity: &EntityName,
    selection: &str,
) -> Result<Option<Mark>, StoreError> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM marks WHERE connection = ?1 AND entity = ?2 AND selection = ?3"
    ))?;
    let mut rows = statement.query(params![connection.to_string(), entity.as_str(), selection])?;
    rows.next()?.map(mark).transpose()
}

/// Sets a mark; an empty place removes it.
pub(crate) fn set(
    tx: &Connection,
    key: &MarkKey<'_>,
    place: &MarkPlace,
    pull: Option<Uuid>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let connection = key.connection.to_string();
    if place.is_empty() {
        tx.execute(
            "DELETE FROM marks WHERE connection = ?1 AND entity = ?2 AND selection = ?3",
            params![connection, key.entity.as_str(), key.selection],
        )?;
        return Ok(());
    }
    tx.execute(
        "INSERT OR REPLACE INTO marks(connection, entity, selection, columns, narrowed, place, pull, by_hand, set_at)
         VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8)",
        params![
            connection,
            key.entity.as_str(),
            key.selection,
            key.columns,
            key.narrowed,
            serde_json::to_string(place)?,
            pull.map(|id| id.to_string()),
            millis(now)
        ],
    )?;
    Ok(())
}

/// What a mark is kept under.
pub(crate) struct MarkKey<'a> {
    pub(crate) connection: Uuid,
    pub(crate) entity: &'a EntityName,
    pub(crate) selection: &'a str,
    /// Columns alone, as text.
    pub(crate) columns: &'a str,
    /// Not all records of the entity.
    pub(crate) narrowed: bool,
}

/// Removes the marks that a pull makes untrue. A full pull replaces what other selections brought; any other pull puts records in that
/// another selection would hold with other columns, or not at all.
pub(crate) fn drop_untrue(tx: &Connection, key: &MarkKey<'_>, full: bool) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM marks WHERE connection = ?1 AND entity = ?2 AND selection <> ?3
           AND (?4 OR columns <> ?5 OR narrowed)",
        params![key.connection.to_string(), key.entity.as_str(), key.selection, full, key.columns],
    )?;
    Ok(())
}

impl Store {
    /// The mark of a selection of an entity.
    pub fn mark(
        &self,
        connection: Uuid,
        entity: &EntityName,
        selection: &str,
    ) -> Result<Option<Mark>, StoreError> {
        self.read(|db| load(db, connection, entity, selection))
    }

    /// The marks of a connection, of one entity or of all, by entity.
    pub fn marks(&self, connection: Uuid, entity: Option<&EntityName>) -> Result<Vec<Mark>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM marks WHERE connection = ?1 AND (?2 IS NULL OR entity = ?2)
                 ORDER BY entity, selection"
            ))?;
            let mut rows =
                statement.query(params![connection.to_string(), entity.map(EntityName::as_str)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(mark(row)?);
            }
            Ok(found)
        })
    }

    /// Sets a mark back to a moment or to where a pull left it. Forward is refused: what lies between would never be read.
    pub fn set_mark_back(&self, old: &Mark, to: MarkBack, now: Timestamp) -> Result<Mark, StoreError> {
        self.write(|tx| {
            let found = load(tx, old.connection, &old.entity, &old.selection)?
                .ok_or_else(|| StoreError::not_found("the watermark"))?;
            let (place, pull) = match to {
                MarkBack::Moment(at) => {
                    if found.place.modified.is_some_and(|modified| at > modified) {
                        return Err(StoreError::query(format!(
                            "the watermark stands at {} and can only be set back",
                            found.place.modified.unwrap_or(at)
                        ))
                        .with_hint("choose an earlier time; what lies between would never be read"));
                    }
                    (MarkPlace { modified: Some(at), ..MarkPlace::default() }, None)
                }
                MarkBack::Pull(id) => (place_after(tx, id, &found)?, Some(id)),
            };
            tx.execute(
                "UPDATE marks SET place = ?4, pull = ?5, by_hand = 1, set_at = ?6
                 WHERE connection = ?1 AND entity = ?2 AND selection = ?3",
                params![
                    found.connection.to_string(),
                    found.entity.as_str(),
                    found.selection,
                    serde_json::to_string(&place)?,
                    pull.map(|id| id.to_string()),
                    millis(now)
                ],
            )?;
            load(tx, old.connection, &old.entity, &old.selection)?
                .ok_or_else(|| StoreError::internal("a watermark that was set is not there"))
        })
    }

    /// Removes a mark: the next pull reads everything. False: there was none.
    pub fn drop_mark(&self, old: &Mark) -> Result<bool, StoreError> {
        self.write(|tx| {
            let removed = tx.execute(
                "DELETE FROM marks WHERE connection = ?1 AND entity = ?2 AND selection = ?3",
                params![old.connection.to_string(), old.entity.as_str(), old.selection],
            )?;
            Ok(removed > 0)
        })
    }
}

/// Where to a mark is set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkBack {
    /// To a modification time; the change token goes, because it knows no way back.
    Moment(Timestamp),
    /// To where this pull left it, its change token included.
    Pull(Uuid),
}

fn place_after(tx: &Connection, pull: Uuid, mark: &Mark) -> Result<MarkPlace, StoreError> {
    let found: Option<(String, Option<String>)> = tx
        .query_row(
            "SELECT selection, mark_after FROM pull_details WHERE pull = ?1 AND connection = ?2 AND entity = ?3",
            params![pull.to_string(), mark.connection.to_string(), mark.entity.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    match found {
        Some((selection, Some(place))) if selection == mark.selection => Ok(serde_json::from_str(&place)?),
        Some(_) => Err(StoreError::query("this pull left no watermark for the selection")
            .with_hint("choose a pull of the same columns and filter that was done")),
        None => Err(StoreError::not_found(format!("the pull {pull}"))),
    }
}
