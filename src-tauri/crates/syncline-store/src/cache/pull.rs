//! What a pull is: kind, state, counts, and how its row is read.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};
use syncline_model::{ColumnName, EntityName, EntitySchema};
use uuid::Uuid;

use crate::StoreError;
use crate::time::from_millis;

/// What a pull is to leave behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullKind {
    /// Exactly what it reads: when it is done, records that it did not see are removed.
    Full,
    /// What was there, with what it reads put in.
    Changes,
}

impl PullKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Changes => "changes",
        }
    }
    fn from_text(text: &str) -> Option<Self> {
        [Self::Full, Self::Changes].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Where a pull stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullStatus {
    /// Under way.
    Running,
    /// Done.
    Done,
    /// Its process died or it failed; it can go on from its cursor.
    Interrupted,
    /// Somebody stopped it; it can go on from its cursor.
    Cancelled,
}

impl PullStatus {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Interrupted => "interrupted",
            Self::Cancelled => "cancelled",
        }
    }
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        [Self::Running, Self::Done, Self::Interrupted, Self::Cancelled]
            .into_iter()
            .find(|status| status.as_str() == text)
    }
}

/// How a pull ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullEnd {
    /// The last page is stored. A full pull now removes what it did not see.
    Done,
    /// It failed; what is stored stays.
    Interrupted,
    /// It was stopped; what is stored stays.
    Cancelled,
}

/// What a pull begins with.
#[derive(Debug, Clone, Copy)]
pub struct PullStart<'a> {
    /// Connection.
    pub connection: Uuid,
    /// The entity as the service describes it now.
    pub schema: &'a EntitySchema,
    /// Columns that will be read; empty: all readable ones.
    pub columns: &'a [ColumnName],
    /// The selection as canonical JSON: a pull that was interrupted is found again by it.
    pub selection: &'a str,
    /// Full or changes.
    pub kind: PullKind,
}

/// What a pull has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PullCounts {
    /// Records read.
    pub read: u64,
    /// Not stored before.
    pub new: u64,
    /// Stored with another content.
    pub changed: u64,
    /// Stored with the same content.
    pub unchanged: u64,
    /// Removed.
    pub deleted: u64,
    /// Pages.
    pub pages: u64,
    /// Bytes of the bodies.
    pub bytes: u64,
}

/// A pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Its id.
    pub id: Uuid,
    /// Connection.
    pub connection: Uuid,
    /// Entity.
    pub entity: EntityName,
    /// Full or changes.
    pub kind: PullKind,
    /// The selection as it was given.
    pub selection: String,
    /// Where it stands.
    pub status: PullStatus,
    /// Number of the full pull that its records belong to.
    pub generation: i64,
    /// Where the next page begins; `None` at the start and at the end.
    pub cursor: Option<String>,
    /// Counts.
    pub counts: PullCounts,
    /// It went on after an interruption.
    pub resumed: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl Pull {
    /// It was interrupted or cancelled and has a place to go on from.
    pub fn can_go_on(&self) -> bool {
        let ended = matches!(self.status, PullStatus::Interrupted | PullStatus::Cancelled);
        ended && (self.cursor.is_some() || self.has_every_page())
    }

    /// Its last page is stored: what is left is to finish it.
    pub fn has_every_page(&self) -> bool {
        self.cursor.is_none() && self.counts.pages > 0
    }
}

pub(super) const COLUMNS: &str = "id, connection, entity, kind, selection, status, generation, cursor, read, new, changed, unchanged, deleted, \
    pages, bytes, resumed, started_at, finished_at";

pub(super) fn pull(row: &Row<'_>) -> rusqlite::Result<Pull> {
    let text = |at: usize| row.get::<_, String>(at);
    let bad =
        |at: usize| rusqlite::Error::InvalidColumnType(at, "pulls".to_owned(), rusqlite::types::Type::Text);
    let count = |at: usize| row.get::<_, i64>(at).map(|count| count.max(0).unsigned_abs());
    Ok(Pull {
        id: text(0)?.parse().map_err(|_| bad(0))?,
        connection: text(1)?.parse().map_err(|_| bad(1))?,
        entity: EntityName::new(text(2)?),
        kind: PullKind::from_text(&text(3)?).ok_or_else(|| bad(3))?,
        selection: text(4)?,
        status: PullStatus::from_text(&text(5)?).ok_or_else(|| bad(5))?,
        generation: row.get(6)?,
        cursor: row.get(7)?,
        counts: PullCounts {
            read: count(8)?,
            new: count(9)?,
            changed: count(10)?,
            unchanged: count(11)?,
            deleted: count(12)?,
            pages: count(13)?,
            bytes: count(14)?,
        },
        resumed: row.get(15)?,
        started_at: from_millis(row.get(16)?),
        finished_at: row.get::<_, Option<i64>>(17)?.map(from_millis),
    })
}

pub(crate) fn load(db: &Connection, id: Uuid) -> Result<Option<Pull>, StoreError> {
    Ok(db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM pulls WHERE id = ?1"))?
        .query_row([id.to_string()], pull)
        .optional()?)
}
