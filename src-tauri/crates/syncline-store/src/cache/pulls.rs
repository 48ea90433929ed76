//! Pulls: what was asked, how far it got, how it ended. A page and the cursor behind it are stored together.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use syncline_model::EntityName;
use uuid::Uuid;

use crate::cache::changes::detail;
use crate::cache::pull::{COLUMNS, Pull, PullEnd, PullKind, PullStart, PullStatus, load, pull};
use crate::cache::{dataset, prepare, remove, spool};
use crate::migrate::Migration;
use crate::time::millis;
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
        let (id, secret) = (Uuid::new_v4(), spool::secret()?);
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
                "INSERT INTO pulls(id, dataset, connection, entity, kind, selection, status, session, generation, started_at, spool_secret)
                 SELECT ?1, id, connection, entity, ?3, ?4, 'running', ?5, generation, ?6, ?7 FROM datasets WHERE id = ?2",
                params![
                    id.to_string(),
                    dataset,
                    start.kind.as_str(),
                    start.selection,
                    self.inner.session.id,
                    millis(now),
                    secret.as_slice()
                ],
            )?;
            detail::begin(tx, id, dataset, start, plan)?;
            load(tx, id)?.ok_or_else(|| StoreError::internal("a new pull is not there"))
        })?;
        // What was spooled of an earlier one of the entity will not be stored any more.
        self.sweep_spools();
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
        let resumed = self.write(|tx| {
            self.run_again(tx, id)?;
            forget_part(tx, id)?;
            load(tx, id)?.ok_or_else(|| StoreError::internal("a resumed pull is not there"))
        })?;
        // The page that was in flight may come with other records than the last time.
        self.drop_spool(id);
        Ok(resumed)
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

    /// Ends a pull. A full pull that is done removes the records it did not see; any other end leaves them. Where only new records came the
    /// index on their ids is left to [`Store::index_records`].
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
            self.drop_spool(id);
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
