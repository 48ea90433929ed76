//! Storing the records of a page, whole or in parts: cells, raw JSON and cursor in one transaction. The search index follows behind
//! (`index`).

use jiff::Timestamp;
use rusqlite::{Connection, params};
use syncline_model::{EntityName, Record};
use uuid::Uuid;

use crate::cache::changes::detail::{self, PageNotes};
use crate::cache::codec;
use crate::cache::index;
use crate::cache::portion::Portion;
use crate::cache::pull::{PullStatus, load};
use crate::cache::remove::remove;
use crate::time::millis;
use crate::{Store, StoreError};

/// What became of a page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageCounts {
    /// Records in the page.
    pub read: u64,
    /// Not stored before.
    pub new: u64,
    /// Stored with another content.
    pub changed: u64,
    /// Stored with the same content.
    pub unchanged: u64,
}

impl Store {
    /// Stores one page of a running pull and the cursor behind it, together or not at all. `bytes`: size of the body. Of a record that
    /// stands twice in a page the later one counts.
    pub fn write_page(
        &self,
        pull: Uuid,
        records: &[Record],
        next_cursor: Option<&str>,
        bytes: u64,
        now: Timestamp,
    ) -> Result<PageCounts, StoreError> {
        let portion = Portion::new(records.to_vec());
        self.write_noted_page(pull, &portion, next_cursor, bytes, &PageNotes::default(), now)
    }

    /// The same, with what the page brings beside its records: what is gone, and how far it sees.
    pub fn write_noted_page(
        &self,
        pull: Uuid,
        portion: &Portion,
        next_cursor: Option<&str>,
        bytes: u64,
        notes: &PageNotes<'_>,
        now: Timestamp,
    ) -> Result<PageCounts, StoreError> {
        self.write_records(pull, portion, notes, now, |tx, counts, deleted| {
            tx.prepare_cached(
                "UPDATE pulls SET cursor = ?2, read = read + ?3, new = new + ?4, changed = changed + ?5,
                   unchanged = unchanged + ?6, part = 0, pages = pages + 1, bytes = bytes + ?7, page_at = ?8, session = ?9,
                   deleted = deleted + ?10 WHERE id = ?1",
            )?
            .execute(params![
                pull.to_string(),
                next_cursor,
                counts.read as i64,
                counts.new as i64,
                counts.changed as i64,
                counts.unchanged as i64,
                bytes as i64,
                millis(now),
                self.inner.session.id,
                deleted as i64
            ])?;
            Ok(())
        })
    }

    /// Stores the first records of a page, while the rest arrives. The pull stays where it is: should its process die, the rest of the
    /// page comes from the spool, or all of it again, and nothing is stored or counted twice.
    pub fn write_part(
        &self,
        pull: Uuid,
        portion: &Portion,
        notes: &PageNotes<'_>,
        now: Timestamp,
    ) -> Result<PageCounts, StoreError> {
        self.write_records(pull, portion, notes, now, |tx, counts, deleted| {
            tx.prepare_cached(
                "UPDATE pulls SET read = read + ?2, new = new + ?3, changed = changed + ?4, unchanged = unchanged + ?5,
                   part = part + ?2, page_at = ?6, session = ?7, deleted = deleted + ?8 WHERE id = ?1",
            )?
            .execute(params![
                pull.to_string(),
                counts.read as i64,
                counts.new as i64,
                counts.changed as i64,
                counts.unchanged as i64,
                millis(now),
                self.inner.session.id,
                deleted as i64
            ])?;
            Ok(())
        })
    }

    /// Stores records of a running pull; `count` is told what became of them, with the number of records that went.
    fn write_records(
        &self,
        pull: Uuid,
        portion: &Portion,
        notes: &PageNotes<'_>,
        now: Timestamp,
        count: impl FnOnce(&Connection, &PageCounts, u64) -> Result<(), StoreError>,
    ) -> Result<PageCounts, StoreError> {
        self.write(|tx| {
            let state = load(tx, pull)?.ok_or_else(|| StoreError::not_found(format!("the pull {pull}")))?;
            if state.status != PullStatus::Running {
                return Err(StoreError::Busy { what: format!("the pull {pull} has ended already") });
            }
            let mut dataset = self.dataset_of(tx, state.connection, &state.entity)?;
            if !dataset.has_dictionary
                && let Some(dictionary) =
                    codec::train(portion.records().iter().map(|record| record.raw.get()))
            {
                tx.execute(
                    "UPDATE datasets SET dictionary = ?2, revision = revision + 1 WHERE id = ?1",
                    params![dataset.id, dictionary],
                )?;
                dataset = self.dataset(tx, dataset.id)?;
            }
            let running = detail::running(tx, pull)?;
            if !notes.removed.is_empty() {
                self.need_key_index(tx, dataset.id)?;
            }
            let deleted = remove(tx, &dataset, running.as_ref(), notes.removed)?;
            let counts = self.put(tx, &dataset, portion, state.generation, millis(now), running.as_ref())?;
            if let Some(running) = &running {
                detail::page_seen(tx, running.number, notes)?;
            }
            count(tx, &counts, deleted)?;
            Ok(counts)
        })
    }

    /// Stores single records outside of a pull, such as one that was just written by hand. Nothing happens to an entity that was
    /// never pulled: `None`.
    pub fn refresh_records(
        &self,
        connection: Uuid,
        entity: &EntityName,
        records: &[Record],
        now: Timestamp,
    ) -> Result<Option<PageCounts>, StoreError> {
        let portion = Portion::new(records.to_vec());
        self.write(|tx| {
            let Some(id) = crate::cache::dataset::find(tx, connection, entity)? else { return Ok(None) };
            let dataset = self.dataset(tx, id)?;
            let counts = self.put(tx, &dataset, &portion, dataset.generation, millis(now), None)?;
            if records.len() <= index::AT_ONCE {
                index::at_once(tx, &dataset)?;
            }
            Ok(Some(counts))
        })
    }
}
