//! Putting records into an entity's tables: those that are new or have changed are compressed and taken apart, all others are marked.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use syncline_model::Record;

use crate::cache::changes::detail::Running;
use crate::cache::changes::note;
use crate::cache::dataset::Dataset;
use crate::cache::index;
use crate::cache::portion::Portion;
use crate::cache::prepare::{AT_A_TIME, Prepared, cell_count, cell_names, prepare};
use crate::cache::write::PageCounts;
use crate::{Store, StoreError};

/// Prepared records that may wait for the writer, in lots of [`AT_A_TIME`].
const LOTS_AHEAD: usize = 2;

/// What has become of the records of an entity.
#[derive(Default)]
struct Tally {
    counts: PageCounts,
    /// Records that were not of this generation before.
    marked: u64,
}

impl Store {
    /// Stores a portion as of a generation.
    pub(crate) fn put(
        &self,
        tx: &Connection,
        dataset: &Dataset,
        portion: &Portion,
        generation: i64,
        now: i64,
        running: Option<&Running>,
    ) -> Result<PageCounts, StoreError> {
        let all_new = self.all_new(tx, dataset.id, portion.records())?;
        let page = Page { portion, generation, now };
        let (fresh, tally) = if all_new {
            let read = portion.records().len() as u64;
            let tally =
                Tally { counts: PageCounts { read, new: read, ..PageCounts::default() }, marked: read };
            ((0..portion.records().len()).map(|at| (at, None)).collect(), tally)
        } else {
            sort_out(tx, dataset, &page)?
        };
        put(tx, dataset, &page, &fresh, &tally, running)?;
        if all_new {
            self.new_keys_stored(tx, dataset.id)?;
        }
        Ok(tally.counts)
    }
}

/// Records that are stored together.
struct Page<'a> {
    portion: &'a Portion,
    generation: i64,
    now: i64,
}

/// Records to be taken apart and compressed: their place in the page, and in the store where they are there already.
type Fresh = Vec<(usize, Option<i64>)>;

/// Looks which records are there already, and marks those that have not changed.
fn sort_out(tx: &Connection, dataset: &Dataset, page: &Page<'_>) -> Result<(Fresh, Tally), StoreError> {
    let id = dataset.id;
    let mut tally = Tally::default();
    tally.counts.read = page.portion.records().len() as u64;
    let mut find =
        tx.prepare_cached(&format!("SELECT rid, hash, generation, etag FROM c_{id} WHERE record_id = ?1"))?;
    let mut keep = tx.prepare_cached(&format!(
        "UPDATE c_{id} SET generation = ?2, pulled_at = ?3, etag = ?4 WHERE rid = ?1"
    ))?;
    let mut fresh = Fresh::new();
    for (at, record) in page.portion.records().iter().enumerate() {
        let known: Option<(i64, [u8; 32], i64, Option<String>)> = find
            .query_row([record.id.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        tally.marked += u64::from(known.as_ref().is_none_or(|(_, _, seen, _)| *seen != page.generation));
        match known {
            Some((rid, hash, _, etag))
                if hash == page.portion.hashes()[at]
                    || etag.is_some() && etag == record.etag && same(tx, dataset, rid, record)? =>
            {
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

/// Whether the record of a version that is known is the one that is stored, but for the order of its members: a service names them in another
/// order in each kind of query. The version alone does not tell, because columns and labels come and go without it.
fn same(tx: &Connection, dataset: &Dataset, rid: i64, record: &Record) -> Result<bool, StoreError> {
    type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;
    fn members(text: &str) -> Option<Members<'_>> {
        serde_json::from_str(text).ok()
    }
    let packed: Vec<u8> = tx
        .prepare_cached(&format!("SELECT raw FROM r_{} WHERE rid = ?1", dataset.id))?
        .query_row([rid], |row| row.get(0))?;
    let stored = dataset.codec.decompressor()?.text(&packed)?;
    let (Some(old), Some(new)) = (members(&stored), members(record.raw.get())) else { return Ok(false) };
    let there = |(name, value): (&Cow<'_, str>, &&RawValue)| {
        new.get(name).is_some_and(|now| now.get() == value.get())
    };
    Ok(old.len() == new.len() && old.iter().all(there))
}

fn put(
    tx: &Connection,
    dataset: &Dataset,
    page: &Page<'_>,
    fresh: &Fresh,
    tally: &Tally,
    running: Option<&Running>,
) -> Result<(), StoreError> {
    let Page { portion, generation, now } = *page;
    let (records, hashes) = (portion.records(), portion.hashes());
    let id = dataset.id;
    let indexed_to = index::indexed_to(tx, id)?;
    if let Some(running) = running {
        note::page(tx, dataset, running, records, fresh)?;
    }
    let marks: String = (0..cell_count(dataset)).map(|n| format!(", ?{}", n + 7)).collect();
    let names: String = cell_names(dataset).map(|name| format!(", {name}")).collect();
    // Not `OR REPLACE`: for its sake SQLite would keep each page of a table with an index aside, encrypted, for every record.
    let mut remove = tx.prepare_cached(&format!("DELETE FROM c_{id} WHERE rid = ?1"))?;
    let mut cells = tx.prepare_cached(&format!(
        "INSERT INTO c_{id}(rid, record_id, etag, hash, pulled_at, generation{names})
         VALUES(?1, ?2, ?3, ?4, ?5, ?6{marks})"
    ))?;
    let mut raw = tx.prepare_cached(&format!("INSERT OR REPLACE INTO r_{id}(rid, raw) VALUES(?1, ?2)"))?;
    let mut write = |(at, rid): &(usize, Option<i64>), prepared: &Prepared<'_>| -> Result<(), StoreError> {
        let record = &records[*at];
        if let Some(rid) = rid {
            remove.execute([rid])?;
        }
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
        Ok(())
    };
    if let Some(prepared) = portion.prepared(dataset) {
        fresh.iter().try_for_each(|row| write(row, &prepared[row.0]))?;
    } else {
        prepare_and_write(dataset, records, fresh, write)?;
    }
    tx.prepare_cached(
        "UPDATE datasets SET version = version + 1, records = records + ?2, current = current + ?3 WHERE id = ?1",
    )?
    .execute(params![id, tally.counts.new as i64, tally.marked as i64])?;
    Ok(())
}

/// One thread compresses and takes apart while this one writes.
fn prepare_and_write(
    dataset: &Dataset,
    records: &[Record],
    fresh: &Fresh,
    mut write: impl FnMut(&(usize, Option<i64>), &Prepared<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let chosen: Vec<&Record> = fresh.iter().map(|(at, _)| &records[*at]).collect();
    let mut next = fresh.iter();
    let mut write = |lot: Vec<Prepared<'_>>| {
        lot.iter().zip(&mut next).try_for_each(|(prepared, row)| write(row, prepared))
    };
    if chosen.len() <= AT_A_TIME {
        let mut result = Ok(());
        prepare(dataset, chosen.iter().copied(), |lot| {
            result = write(lot);
            result.is_ok()
        })?;
        return result;
    }
    std::thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::sync_channel(LOTS_AHEAD);
        let chosen = &chosen;
        // Where the writer has failed nobody receives, and the rest need not be prepared.
        let preparing =
            scope.spawn(move || prepare(dataset, chosen.iter().copied(), |lot| sender.send(lot).is_ok()));
        let written = receiver.into_iter().try_for_each(&mut write);
        let prepared = preparing.join();
        written?;
        prepared.map_err(|_| StoreError::internal("preparing a page of records failed"))?
    })
}
