//! Storing a page of records: cells, raw JSON, search index and cursor in one transaction.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, ToSql, params, params_from_iter};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use syncline_model::{EntityName, Record, RecordId};
use uuid::Uuid;

use crate::cache::codec::{self, compress};
use crate::cache::dataset::Dataset;
use crate::cache::extract::{Extract, extract};
use crate::cache::pulls::{self, PullStatus};
use crate::time::millis;
use crate::{Store, StoreError};

/// Below this many records a second thread costs more than it gains.
const WORTH_A_THREAD: usize = 128;

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

/// A record ready to be stored.
struct Prepared {
    packed: Vec<u8>,
    extract: Extract,
}

/// The content hash of a record: its id and its raw JSON to the letter.
pub(crate) fn content_hash(id: &str, raw: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update((id.len() as u64).to_le_bytes());
    hasher.update(id.as_bytes());
    hasher.update(raw.as_bytes());
    hasher.finalize().into()
}

/// Runs over a slice on as many threads as are worth it; the results keep the order.
fn spread<T: Sync, R: Send>(
    items: &[T],
    work: impl Fn(&[T]) -> Result<Vec<R>, StoreError> + Sync,
) -> Result<Vec<R>, StoreError> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(4);
    let threads = threads.min(items.len().div_ceil(WORTH_A_THREAD)).max(1);
    if threads == 1 {
        return work(items);
    }
    let share = items.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let work = &work;
        let handles: Vec<_> = items.chunks(share).map(|chunk| scope.spawn(move || work(chunk))).collect();
        let mut results = Vec::with_capacity(items.len());
        for handle in handles {
            results.extend(
                handle.join().map_err(|_| StoreError::internal("preparing a page of records failed"))??,
            );
        }
        Ok(results)
    })
}

fn prepare(dataset: &Dataset, records: &[&Record]) -> Result<Vec<Prepared>, StoreError> {
    spread(records, |records| {
        let mut compressor = dataset.codec.compressor()?;
        records
            .iter()
            .map(|record| {
                let mut packed = Vec::with_capacity(record.raw.get().len() / 3);
                compress(&mut compressor, record.raw.get(), &mut packed)?;
                Ok(Prepared { packed, extract: extract(dataset, record.raw.get())? })
            })
            .collect()
    })
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
            let counts = store(tx, &dataset, &records, &hashes, state.generation, millis(now))?;
            tx.prepare_cached(
                "UPDATE pulls SET cursor = ?2, read = read + ?3, new = new + ?4, changed = changed + ?5,
                   unchanged = unchanged + ?6, pages = pages + 1, bytes = bytes + ?7, page_at = ?8, session = ?9 WHERE id = ?1",
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
                self.inner.session.id
            ])?;
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
            store(tx, &dataset, &records, &hashes, dataset.generation, millis(now)).map(Some)
        })
    }

    /// Removes records that are gone at the source; counts them on a pull that is under way.
    pub fn delete_records(
        &self,
        connection: Uuid,
        entity: &EntityName,
        ids: &[RecordId],
        pull: Option<Uuid>,
    ) -> Result<u64, StoreError> {
        self.write(|tx| {
            let dataset = self.dataset_of(tx, connection, entity)?;
            let mut deleted = 0;
            for id in ids {
                deleted += delete_where(tx, dataset.id, "record_id = ?1", &[&id.as_str()])?;
            }
            if let Some(pull) = pull {
                tx.execute(
                    "UPDATE pulls SET deleted = deleted + ?2 WHERE id = ?1",
                    params![pull.to_string(), deleted as i64],
                )?;
            }
            Ok(deleted)
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

fn store(
    tx: &Connection,
    dataset: &Dataset,
    records: &[&Record],
    hashes: &[[u8; 32]],
    generation: i64,
    now: i64,
) -> Result<PageCounts, StoreError> {
    let id = dataset.id;
    let mut counts = PageCounts { read: records.len() as u64, ..PageCounts::default() };
    // What is there already; only what differs is taken apart and compressed.
    let mut find = tx.prepare_cached(&format!("SELECT rid, hash FROM c_{id} WHERE record_id = ?1"))?;
    let mut keep = tx.prepare_cached(&format!(
        "UPDATE c_{id} SET generation = ?2, pulled_at = ?3, etag = ?4 WHERE rid = ?1"
    ))?;
    let mut fresh: Vec<(usize, Option<i64>)> = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let known: Option<(i64, [u8; 32])> =
            find.query_row([record.id.as_str()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match known {
            Some((rid, hash)) if hash == hashes[at] => {
                keep.execute(params![rid, generation, now, record.etag])?;
                counts.unchanged += 1;
            }
            Some((rid, _)) => {
                fresh.push((at, Some(rid)));
                counts.changed += 1;
            }
            None => {
                fresh.push((at, None));
                counts.new += 1;
            }
        }
    }
    let chosen: Vec<&Record> = fresh.iter().map(|(at, _)| records[*at]).collect();
    let prepared = prepare(dataset, &chosen)?;
    let marks: String = (0..cell_count(dataset)).map(|n| format!(", ?{}", n + 7)).collect();
    let names: String = cell_names(dataset).map(|name| format!(", {name}")).collect();
    let mut cells = tx.prepare_cached(&format!(
        "INSERT OR REPLACE INTO c_{id}(rid, record_id, etag, hash, pulled_at, generation{names})
         VALUES(?1, ?2, ?3, ?4, ?5, ?6{marks})"
    ))?;
    let mut raw = tx.prepare_cached(&format!("INSERT OR REPLACE INTO r_{id}(rid, raw) VALUES(?1, ?2)"))?;
    let mut unindex = tx.prepare_cached(&format!("DELETE FROM s_{id} WHERE rowid = ?1"))?;
    let mut index =
        tx.prepare_cached(&format!("INSERT INTO s_{id}(rowid, title, body) VALUES(?1, ?2, ?3)"))?;
    for ((at, rid), prepared) in fresh.iter().zip(&prepared) {
        let record = records[*at];
        cells.raw_bind_parameter(1, rid)?;
        cells.raw_bind_parameter(2, record.id.as_str())?;
        cells.raw_bind_parameter(3, record.etag.as_deref())?;
        cells.raw_bind_parameter(4, hashes[*at].as_slice())?;
        cells.raw_bind_parameter(5, now)?;
        cells.raw_bind_parameter(6, generation)?;
        for (n, cell) in prepared.extract.cells.iter().enumerate() {
            cells.raw_bind_parameter(n + 7, cell)?;
        }
        cells.raw_execute()?;
        let rid = match rid {
            Some(rid) => {
                unindex.execute([rid])?;
                *rid
            }
            None => tx.last_insert_rowid(),
        };
        raw.execute(params![rid, prepared.packed])?;
        index.execute(params![rid, prepared.extract.title, prepared.extract.body])?;
    }
    Ok(counts)
}

fn cell_count(dataset: &Dataset) -> usize {
    dataset.columns.iter().map(|column| if column.labelled { 2 } else { 1 }).sum()
}

fn cell_names(dataset: &Dataset) -> impl Iterator<Item = String> {
    dataset.columns.iter().flat_map(|column| {
        let value = Some(format!("v{}", column.slot));
        let label = column.labelled.then(|| format!("l{}", column.slot));
        value.into_iter().chain(label)
    })
}

/// Removes rows from all three tables.
pub(crate) fn delete_where(
    tx: &Connection,
    dataset: i64,
    condition: &str,
    values: &[&dyn ToSql],
) -> Result<u64, StoreError> {
    for (table, key) in [("s", "rowid"), ("r", "rid")] {
        tx.prepare_cached(&format!(
            "DELETE FROM {table}_{dataset} WHERE {key} IN (SELECT rid FROM c_{dataset} WHERE {condition})"
        ))?
        .execute(values)?;
    }
    let deleted =
        tx.prepare_cached(&format!("DELETE FROM c_{dataset} WHERE {condition}"))?.execute(values)?;
    Ok(deleted as u64)
}

/// Fills the typed columns and the search index of every row again, after columns were added or have changed their type.
pub(crate) fn refill(dataset: &Dataset, tx: &Connection) -> Result<(), StoreError> {
    let id = dataset.id;
    let sets: Vec<String> =
        cell_names(dataset).enumerate().map(|(n, name)| format!("{name} = ?{}", n + 2)).collect();
    let mut unpacker = dataset.codec.decompressor()?;
    let mut next = tx.prepare(&format!("SELECT rid, raw FROM r_{id} ORDER BY rid"))?;
    let mut update = if sets.is_empty() {
        None
    } else {
        Some(tx.prepare(&format!("UPDATE c_{id} SET {} WHERE rid = ?1", sets.join(", ")))?)
    };
    let mut unindex = tx.prepare(&format!("DELETE FROM s_{id} WHERE rowid = ?1"))?;
    let mut index = tx.prepare(&format!("INSERT INTO s_{id}(rowid, title, body) VALUES(?1, ?2, ?3)"))?;
    let mut rows = next.query([])?;
    while let Some(row) = rows.next()? {
        let rid: i64 = row.get(0)?;
        let raw = unpacker.text(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?)?;
        let extract = extract(dataset, &raw)?;
        if let Some(update) = &mut update {
            let values = std::iter::once(&rid as &dyn ToSql)
                .chain(extract.cells.iter().map(|cell| cell as &dyn ToSql));
            update.execute(params_from_iter(values))?;
        }
        unindex.execute([rid])?;
        index.execute(params![rid, extract.title, extract.body])?;
    }
    Ok(())
}
