//! Storing a page of records: cells, raw JSON and cursor in one transaction. One thread compresses and takes apart while another
//! writes. The search index follows behind (`index`).

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use syncline_model::{EntityName, Record};
use uuid::Uuid;

use crate::cache::changes::detail::{self, PageNotes, Running};
use crate::cache::changes::note;
use crate::cache::codec;
use crate::cache::dataset::Dataset;
use crate::cache::index;
use crate::cache::prepare::{AT_A_TIME, Prepared, cell_count, cell_names, content_hash, prepare};
use crate::cache::pulls::{self, PullStatus};
use crate::cache::remove::remove;
use crate::cache::spread::spread;
use crate::time::millis;
use crate::{Store, StoreError};

/// Prepared portions that may wait for the writer.
const PORTIONS_AHEAD: usize = 2;

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

/// What has become of the records of an entity.
#[derive(Default)]
struct Tally {
    counts: PageCounts,
    /// Records that were not of this generation before.
    marked: u64,
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
        self.write_noted_page(pull, records, next_cursor, bytes, &PageNotes::default(), now)
    }

    /// The same, with what the page brings beside its records: what is gone, and how far it sees.
    pub fn write_noted_page(
        &self,
        pull: Uuid,
        records: &[Record],
        next_cursor: Option<&str>,
        bytes: u64,
        notes: &PageNotes<'_>,
        now: Timestamp,
    ) -> Result<PageCounts, StoreError> {
        self.write_records(pull, records, notes, now, |tx, counts, deleted| {
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

    /// Stores the first records of a page, while the rest arrives. The pull stays where it is: should its process die, the page comes
    /// again, and nothing is stored or counted twice.
    pub fn write_part(
        &self,
        pull: Uuid,
        records: &[Record],
        notes: &PageNotes<'_>,
        now: Timestamp,
    ) -> Result<PageCounts, StoreError> {
        self.write_records(pull, records, notes, now, |tx, counts, deleted| {
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
        records: &[Record],
        notes: &PageNotes<'_>,
        now: Timestamp,
        count: impl FnOnce(&Connection, &PageCounts, u64) -> Result<(), StoreError>,
    ) -> Result<PageCounts, StoreError> {
        let records = last_of_each(records);
        let hashes = spread(&records, |records| {
            Ok(records.iter().map(|record| content_hash(record.id.as_str(), record.raw.get())).collect())
        })?;
        self.write(|tx| {
            let state = pulls::load(tx, pull)?.ok_or_else(|| StoreError::not_found(format!("the pull {pull}")))?;
            if state.status != PullStatus::Running {
                return Err(StoreError::Busy { what: format!("the pull {pull} has ended already") });
            }
            let mut dataset = self.dataset_of(tx, state.connection, &state.entity)?;
            if !dataset.has_dictionary
                && let Some(dictionary) = codec::train(records.iter().map(|record| record.raw.get()))
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
            let counts =
                self.store(tx, &dataset, &records, &hashes, state.generation, millis(now), running.as_ref())?;
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
        let records = last_of_each(records);
        let hashes: Vec<_> =
            records.iter().map(|record| content_hash(record.id.as_str(), record.raw.get())).collect();
        self.write(|tx| {
            let Some(id) = crate::cache::dataset::find(tx, connection, entity)? else { return Ok(None) };
            let dataset = self.dataset(tx, id)?;
            let counts =
                self.store(tx, &dataset, &records, &hashes, dataset.generation, millis(now), None)?;
            if records.len() <= index::AT_ONCE {
                index::at_once(tx, &dataset)?;
            }
            Ok(Some(counts))
        })
    }
}

fn last_of_each(records: &[Record]) -> Vec<&Record> {
    let mut place: HashMap<&str, usize> = HashMap::with_capacity(records.len());
    let mut kept: Vec<&Record> = Vec::with_capacity(records.len());
    for record in records {
        match place.entry(record.id.as_str()) {
            std::collections::hash_map::Entry::Occupied(entry) => kept[*entry.get()] = record,
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(kept.len());
                kept.push(record);
            }
        }
    }
    kept
}

impl Store {
    #[expect(clippy::too_many_arguments, reason = "the parts of one page")]
    fn store(
        &self,
        tx: &Connection,
        dataset: &Dataset,
        records: &[&Record],
        hashes: &[[u8; 32]],
        generation: i64,
        now: i64,
        running: Option<&Running>,
    ) -> Result<PageCounts, StoreError> {
        let all_new = self.all_new(tx, dataset.id, records)?;
        let page = Page { records, hashes, generation, now };
        let (fresh, tally) = if all_new {
            let read = records.len() as u64;
            let tally =
                Tally { counts: PageCounts { read, new: read, ..PageCounts::default() }, marked: read };
            ((0..records.len()).map(|at| (at, None)).collect(), tally)
        } else {
            sort_out(tx, dataset.id, &page)?
        };
        store(tx, dataset, &page, &fresh, &tally, running)?;
        if all_new {
            self.new_keys_stored(tx, dataset.id)?;
        }
        Ok(tally.counts)
    }
}

/// Records that are stored together.
struct Page<'a> {
    records: &'a [&'a Record],
    hashes: &'a [[u8; 32]],
    generation: i64,
    now: i64,
}

/// Records to be taken apart and compressed: their place in the page, and in the store where they are there already.
type Fresh = Vec<(usize, Option<i64>)>;

/// Looks which records are there already, and marks those that have not changed.
fn sort_out(tx: &Connection, id: i64, page: &Page<'_>) -> Result<(Fresh, Tally), StoreError> {
    let mut tally = Tally::default();
    tally.counts.read = page.records.len() as u64;
    let mut find =
        tx.prepare_cached(&format!("SELECT rid, hash, generation FROM c_{id} WHERE record_id = ?1"))?;
    let mut keep = tx.prepare_cached(&format!(
        "UPDATE c_{id} SET generation = ?2, pulled_at = ?3, etag = ?4 WHERE rid = ?1"
    ))?;
    let mut fresh = Fresh::new();
    for (at, record) in page.records.iter().enumerate() {
        let known: Option<(i64, [u8; 32], i64)> = find
            .query_row([record.id.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        tally.marked += u64::from(known.is_none_or(|(_, _, seen)| seen != page.generation));
        match known {
            Some((rid, hash, _)) if hash == page.hashes[at] => {
                keep.execute(params![rid, page.generation, page.now, record.etag])?;
                tally.counts.unchanged += 1;
            }
            Some((rid, ..)) => {
                fresh.push((at, Some(rid)));
                tally.counts.changed += 1;
            }
            None => {
                fresh.push((at, None));
                tally.counts.new += 1;
            }
        }
    }
    Ok((fresh, tally))
}

fn store(
    tx: &Connection,
    dataset: &Dataset,
    page: &Page<'_>,
    fresh: &Fresh,
    tally: &Tally,
    running: Option<&Running>,
) -> Result<(), StoreError> {
    let Page { records, hashes, generation, now } = *page;
    let id = dataset.id;
    let indexed_to = index::indexed_to(tx, id)?;
    if let Some(running) = running {
        note::page(tx, dataset, running, records, fresh)?;
    }
    let chosen: Vec<&Record> = fresh.iter().map(|(at, _)| records[*at]).collect();
    let marks: String = (0..cell_count(dataset)).map(|n| format!(", ?{}", n + 7)).collect();
    let names: String = cell_names(dataset).map(|name| format!(", {name}")).collect();
    let mut cells = tx.prepare_cached(&format!(
        "INSERT OR REPLACE INTO c_{id}(rid, record_id, etag, hash, pulled_at, generation{names})
         VALUES(?1, ?2, ?3, ?4, ?5, ?6{marks})"
    ))?;
    let mut raw = tx.prepare_cached(&format!("INSERT OR REPLACE INTO r_{id}(rid, raw) VALUES(?1, ?2)"))?;
    let mut next = fresh.iter();
    let mut write = |portion: Vec<Prepared<'_>>| -> Result<(), StoreError> {
        for (prepared, (at, rid)) in portion.into_iter().zip(&mut next) {
            let record = records[*at];
            cells.raw_bind_parameter(1, rid)?;
            cells.raw_bind_parameter(2, record.id.as_str())?;
            cells.raw_bind_parameter(3, record.etag.as_deref())?;
            cells.raw_bind_parameter(4, hashes[*at].as_slice())?;
            cells.raw_bind_parameter(5, now)?;
            cells.raw_bind_parameter(6, generation)?;
            for (n, cell) in prepared.cells.iter().enumerate() {
                cells.raw_bind_parameter(n + 7, cell)?;
            }
            cells.raw_execute()?;
            let place = match rid {
                Some(rid) => {
                    index::changed(tx, id, indexed_to, *rid)?;
                    *rid
                }
                None => tx.last_insert_rowid(),
            };
            raw.execute(params![place, prepared.packed])?;
        }
        Ok(())
    };
    if chosen.len() <= AT_A_TIME {
        let mut result = Ok(());
        prepare(dataset, &chosen, |portion| {
            result = write(portion);
            result.is_ok()
        })?;
        result?;
    } else {
        std::thread::scope(|scope| {
            let (sender, receiver) = std::sync::mpsc::sync_channel(PORTIONS_AHEAD);
            let chosen = &chosen;
            // Where the writer has failed nobody receives, and the rest need not be prepared.
            let preparing =
                scope.spawn(move || prepare(dataset, chosen, |portion| sender.send(portion).is_ok()));
            let written = receiver.into_iter().try_for_each(&mut write);
            let prepared = preparing.join();
            written?;
            prepared.map_err(|_| StoreError::internal("preparing a page of records failed"))?
        })?;
    }
    tx.prepare_cached(
        "UPDATE datasets SET version = version + 1, records = records + ?2, current = current + ?3 WHERE id = ?1",
    )?
    .execute(params![id, tally.counts.new as i64, tally.marked as i64])?;
    Ok(())
}
