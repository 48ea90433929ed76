//! Pulls: what was asked, how far it got, how it ended. A page and the cursor behind it are stored together.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use syncline_model::{ColumnName, EntityName, EntitySchema};
use uuid::Uuid;

use crate::cache::changes::detail;
use crate::cache::{dataset, prepare, remove};
use crate::migrate::Migration;
use crate::time::{from_millis, millis};
use crate::{Store, StoreError};

// `part`: records of the page in flight that are stored already; they are in the counts. `kept_pages` held pages that had arrived and
// were not stored.
pub(crate) const HISTORY: &[Migration] = &[
    Migration {
        version: 1,
        sql: "CREATE TABLE pulls(
            id TEXT NOT NULL UNIQUE,
            dataset INTEGER NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
            connection TEXT NOT NULL,
            entity TEXT NOT NULL,
            kind TEXT NOT NULL,
            selection TEXT NOT NULL,
            status TEXT NOT NULL,
            session TEXT NOT NULL,
            generation INTEGER NOT NULL,
            cursor TEXT,
            read INTEGER NOT NULL DEFAULT 0,
            new INTEGER NOT NULL DEFAULT 0,
            changed INTEGER NOT NULL DEFAULT 0,
            unchanged INTEGER NOT NULL DEFAULT 0,
            deleted INTEGER NOT NULL DEFAULT 0,
            pages INTEGER NOT NULL DEFAULT 0,
            bytes INTEGER NOT NULL DEFAULT 0,
            resumed INTEGER NOT NULL DEFAULT 0,
            started_at INTEGER NOT NULL,
            page_at INTEGER,
            finished_at INTEGER);
          CREATE INDEX pulls_dataset ON pulls(dataset, started_at)",
    },
    Migration {
        version: 5,
        sql: "CREATE TABLE kept_pages(
            pull TEXT PRIMARY KEY,
            page INTEGER NOT NULL,
            body BLOB NOT NULL)",
    },
    Migration {
        version: 10,
        sql: "DROP TABLE kept_pages;
          ALTER TABLE pulls ADD COLUMN part INTEGER NOT NULL DEFAULT 0",
    },
];

/// What a pull is to leave behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullKind {
    /// Exactly what it reads: when it is done, records that it did not see are removed.
    Full,
    /// What was there, with what it reads put in.
    Changes,
}

impl PullKind {
    fn as_str(self) -> &'static str {
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

const COLUMNS: &str = "id, connection, entity, kind, selection, status, generation, cursor, read, new, changed, unchanged, deleted, \
    pages, bytes, resumed, started_at, finished_at";

fn pull(row: &Row<'_>) -> rusqlite::Result<Pull> {
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

/// The page in flight comes from its begin again: its records that are stored already will be counted then, as unchanged ones. They stay
/// counted as new or changed, which may bring the count of unchanged ones below nought meanwhile.
fn forget_part(tx: &Connection, id: Uuid) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE pulls SET read = read - part, unchanged = unchanged - part, part = 0 WHERE id = ?1 AND part > 0",
    )?
    .execute([id.to_string()])?;
    Ok(())
}

impl Store {
    /// The page that a running pull has stored in part begins again.
    pub fn page_again(&self, id: Uuid) -> Result<(), StoreError> {
        self.write(|tx| forget_part(tx, id))
    }

    /// Begins a pull: makes or widens the entity's tables. `Busy` while another pull of the entity is under way, in whatever process.
    pub fn begin_pull(&self, start: &PullStart<'_>, now: Timestamp) -> Result<Pull, StoreError> {
        self.begin_planned_pull(start, &detail::PullPlan::default(), now)
    }

    /// The same, with what is noted of it for its watermark and its changes.
    pub fn begin_planned_pull(
        &self,
        start: &PullStart<'_>,
        plan: &detail::PullPlan,
        now: Timestamp,
    ) -> Result<Pull, StoreError> {
        let id = Uuid::new_v4();
        // They are about to be those of other records, and the pull can use the room.
        self.inner.texts.clear();
        let begun = self.write(|tx| {
            let (dataset, refill) = dataset::prepare(tx, start.connection, start.schema, start.columns)?;
            self.refuse_second_pull(tx, dataset)?;
            if refill {
                prepare::refill(&*self.dataset(tx, dataset)?, tx)?;
            }
            if start.kind == PullKind::Full {
                dataset::begin_generation(tx, dataset)?;
                self.leave_key_index_out(tx, dataset)?;
            }
            tx.execute(
                "INSERT INTO pulls(id, dataset, connection, entity, kind, selection, status, session, generation, started_at)
                 SELECT ?1, id, connection, entity, ?3, ?4, 'running', ?5, generation, ?6 FROM datasets WHERE id = ?2",
                params![
                    id.to_string(),
                    dataset,
                    start.kind.as_str(),
                    start.selection,
                    self.inner.session.id,
                    millis(now)
                ],
            )?;
            detail::begin(tx, id, dataset, start, plan)?;
            load(tx, id)?.ok_or_else(|| StoreError::internal("a new pull is not there"))
        })?;
        // What had arrived of an earlier one of the entity will not be stored any more.
        self.sweep_arrived()?;
        Ok(begun)
    }

    /// The last pull of this selection, if it was interrupted or cancelled, no other pull came after it, and it can go on: from its
    /// cursor, or by being finished where every page is stored.
    pub fn resumable_pull(
        &self,
        connection: Uuid,
        entity: &EntityName,
        selection: &str,
    ) -> Result<Option<Pull>, StoreError> {
        let last = self.last_pull(connection, entity)?.filter(|pull| pull.selection == selection);
        match last {
            Some(pull) if pull.can_go_on() => Ok(Some(pull)),
            _ => Ok(None),
        }
    }

    /// Goes on with a pull from its cursor.
    pub fn resume_pull(&self, id: Uuid) -> Result<Pull, StoreError> {
        self.write(|tx| {
            self.run_again(tx, id)?;
            forget_part(tx, id)?;
            load(tx, id)?.ok_or_else(|| StoreError::internal("a resumed pull is not there"))
        })
    }

    pub(super) fn run_again(&self, tx: &Connection, id: Uuid) -> Result<(), StoreError> {
        let dataset: i64 = tx
            .query_row("SELECT dataset FROM pulls WHERE id = ?1", [id.to_string()], |row| row.get(0))
            .optional()?
            .ok_or_else(|| StoreError::not_found(format!("the pull {id}")))?;
        self.refuse_second_pull(tx, dataset)?;
        tx.execute(
            "UPDATE pulls SET status = 'running', session = ?2, resumed = 1, finished_at = NULL WHERE id = ?1",
            params![id.to_string(), self.inner.session.id],
        )?;
        Ok(())
    }

    fn refuse_second_pull(&self, tx: &Connection, dataset: i64) -> Result<(), StoreError> {
        let mut statement = tx.prepare_cached(
            "SELECT id, session, entity FROM pulls WHERE dataset = ?1 AND status = 'running'",
        )?;
        let running = statement
            .query_map([dataset], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        for (id, session, entity) in running {
            if self.inner.session.is_alive(&session) {
                return Err(StoreError::Busy { what: format!("{entity} is being pulled already") });
            }
            tx.execute("UPDATE pulls SET status = 'interrupted' WHERE id = ?1", [id])?;
        }
        Ok(())
    }

    /// Ends a pull. A full pull that is done removes the records it did not see; any other end leaves them.
    pub fn finish_pull(&self, id: Uuid, end: PullEnd, now: Timestamp) -> Result<Pull, StoreError> {
        let ended = self.write(|tx| {
            let pull = load(tx, id)?.ok_or_else(|| StoreError::not_found(format!("the pull {id}")))?;
            if pull.status != PullStatus::Running {
                return Err(StoreError::Busy { what: format!("the pull {id} has ended already") });
            }
            let status = match end {
                PullEnd::Done => PullStatus::Done,
                PullEnd::Interrupted => PullStatus::Interrupted,
                PullEnd::Cancelled => PullStatus::Cancelled,
            };
            let mut deleted = 0;
            if let Some(dataset) = dataset::find(tx, pull.connection, &pull.entity)?
                && !(end == PullEnd::Done && self.key_index_may_wait(tx, dataset)?)
            {
                self.need_key_index(tx, dataset)?;
            }
            if end == PullEnd::Done && pull.kind == PullKind::Full {
                let dataset = self.dataset_of(tx, pull.connection, &pull.entity)?;
                let running = detail::running(tx, id)?;
                deleted = remove::delete_unseen(tx, &dataset, pull.generation, running.as_ref())?;
            }
            if end == PullEnd::Done {
                detail::finish(tx, &pull, now)?;
            }
            tx.execute(
                "UPDATE pulls SET status = ?2, finished_at = ?3, deleted = deleted + ?4,
                   cursor = CASE WHEN ?2 = 'done' THEN NULL ELSE cursor END WHERE id = ?1",
                params![id.to_string(), status.as_str(), millis(now), deleted as i64],
            )?;
            load(tx, id)?.ok_or_else(|| StoreError::internal("a finished pull is not there"))
        })?;
        if end == PullEnd::Done {
            self.drop_arrived(id);
        }
        Ok(ended)
    }

    /// A pull by its id.
    pub fn pull(&self, id: Uuid) -> Result<Option<Pull>, StoreError> {
        self.read(|db| load(db, id))
    }

    /// The latest pull of an entity.
    pub fn last_pull(&self, connection: Uuid, entity: &EntityName) -> Result<Option<Pull>, StoreError> {
        Ok(self.pulls(connection, entity, 1)?.into_iter().next())
    }

    /// Pulls of an entity, latest first.
    pub fn pulls(&self, connection: Uuid, entity: &EntityName, limit: u32) -> Result<Vec<Pull>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM pulls WHERE connection = ?1 AND entity = ?2
                 ORDER BY started_at DESC, rowid DESC LIMIT ?3"
            ))?;
            let rows = statement.query_map(params![connection.to_string(), entity.as_str(), limit], pull)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}
