//! The search index of a pulled entity. It follows behind the records: a page is stored without it, and it catches up in batches of its
//! own, while a pull waits for the network and after it. So a pull is as fast as the records can be stored.
//!
//! What is indexed is durable: every record up to the mark `indexed_to` (a place in `c_n`), except those in `q_n`, which have changed
//! since. A record that changes or goes is taken out of the index in the transaction that changes it, so a hit is never stale; until
//! the index has caught up a record may only be missing, and [`Store::not_indexed`] tells how many are.

use rusqlite::{Connection, OptionalExtension, params};
use syncline_model::EntityName;
use uuid::Uuid;

use crate::cache::dataset::{self, Dataset};
use crate::cache::spread::spread;
use crate::cache::words::{IN_NAME, WordMaker};
use crate::{Store, StoreError};

/// The form of the index that is made here. An index of another form is made anew.
const FORMAT: i64 = 3;
/// Bytes of new entries that are held in memory before they are written.
const MEMORY: usize = 8 << 20;
/// Segments of one level that are merged at once. Merging seldom costs less while writing; a search looks into a few more segments.
const SEGMENTS: u32 = 16;
/// Records that are changed by hand are searchable at once, up to this many.
pub(crate) const AT_ONCE: usize = 200;

/// How far the search index of an entity is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IndexState {
    /// Records that were indexed by this call.
    pub indexed: u64,
    /// Records that can't be found yet, at most: places of removed records may be counted.
    pub behind: u64,
}

/// Makes the tables of an index that holds nothing.
pub(crate) fn make(tx: &Connection, id: i64) -> Result<(), StoreError> {
    tx.execute_batch(&format!(
        "DROP TABLE IF EXISTS s_{id};
         DROP TABLE IF EXISTS q_{id};
         CREATE TABLE q_{id}(rid INTEGER PRIMARY KEY);
         CREATE VIRTUAL TABLE s_{id} USING fts5(words, content='', contentless_delete=1, detail=column, tokenize='ascii tokenchars {IN_NAME}');
         INSERT INTO s_{id}(s_{id}, rank) VALUES('hashsize', {MEMORY});
         INSERT INTO s_{id}(s_{id}, rank) VALUES('automerge', 0);
         INSERT INTO s_{id}(s_{id}, rank) VALUES('crisismerge', {SEGMENTS});
         UPDATE datasets SET index_format = {FORMAT}, indexed_to = 0 WHERE id = {id};"
    ))?;
    Ok(())
}

/// The last place that is indexed; 0 for an index of another form, which holds nothing that could be used.
pub(crate) fn indexed_to(db: &Connection, id: i64) -> Result<i64, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT CASE index_format WHEN ?2 THEN indexed_to ELSE 0 END FROM datasets WHERE id = ?1",
        )?
        .query_row(params![id, FORMAT], |row| row.get(0))?)
}

/// Takes a record that changes out of the index; it waits for the next batch.
pub(crate) fn changed(tx: &Connection, id: i64, indexed_to: i64, rid: i64) -> Result<(), StoreError> {
    if rid > indexed_to {
        return Ok(());
    }
    let fresh =
        tx.prepare_cached(&format!("INSERT OR IGNORE INTO q_{id}(rid) VALUES(?1)"))?.execute([rid])?;
    if fresh > 0 {
        tx.prepare_cached(&format!("DELETE FROM s_{id} WHERE rowid = ?1"))?.execute([rid])?;
    }
    Ok(())
}

/// Takes a record that goes out of the index.
pub(crate) fn gone(tx: &Connection, id: i64, indexed_to: i64, rid: i64) -> Result<(), StoreError> {
    if rid > indexed_to {
        return Ok(());
    }
    let waited = tx.prepare_cached(&format!("DELETE FROM q_{id} WHERE rid = ?1"))?.execute([rid])?;
    if waited == 0 {
        tx.prepare_cached(&format!("DELETE FROM s_{id} WHERE rowid = ?1"))?.execute([rid])?;
    }
    Ok(())
}

/// After records went: a new record takes the place behind the last one, so the mark must not be behind it.
pub(crate) fn lower_mark(tx: &Connection, id: i64) -> Result<(), StoreError> {
    tx.prepare_cached(&format!(
        "UPDATE datasets SET indexed_to = min(indexed_to, coalesce((SELECT max(rid) FROM c_{id}), 0)) WHERE id = ?1"
    ))?
    .execute([id])?;
    Ok(())
}

/// Records that are not indexed yet.
pub(crate) fn behind(db: &Connection, id: i64) -> Result<u64, StoreError> {
    let mark = indexed_to(db, id)?;
    let last: i64 = db
        .prepare_cached(&format!("SELECT coalesce(max(rid), 0) FROM c_{id}"))?
        .query_row([], |row| row.get(0))?;
    let waiting: i64 = if mark == 0 {
        0
    } else {
        db.prepare_cached(&format!("SELECT count(*) FROM q_{id}"))?.query_row([], |row| row.get(0))?
    };
    Ok((last - mark).max(0).unsigned_abs() + waiting.unsigned_abs())
}

/// Records that are next, as they were when they were read.
struct Batch {
    version: i64,
    mark: i64,
    rows: Vec<(i64, String)>,
    /// They are changed ones; otherwise those behind the mark.
    changed: bool,
}

fn version(db: &Connection, id: i64) -> Result<i64, StoreError> {
    Ok(db.prepare_cached("SELECT version FROM datasets WHERE id = ?1")?.query_row([id], |row| row.get(0))?)
}

fn next_batch(db: &Connection, dataset: &Dataset, most: u32) -> Result<Batch, StoreError> {
    let id = dataset.id;
    let (version, mark) = (version(db, id)?, indexed_to(db, id)?);
    let read = |sql: &str| -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        let mut statement = db.prepare_cached(sql)?;
        let rows = statement.query_map(params![mark, most], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let mut packed = Vec::new();
    let mut changed = false;
    if mark > 0 {
        packed = read(&format!(
            "SELECT q.rid, r.raw FROM q_{id} q JOIN r_{id} r USING(rid) WHERE ?1 > 0 LIMIT ?2"
        ))?;
        changed = !packed.is_empty();
    }
    if packed.is_empty() {
        packed = read(&format!("SELECT rid, raw FROM r_{id} WHERE rid > ?1 ORDER BY rid LIMIT ?2"))?;
    }
    let rows = spread(&packed, |rows| {
        let mut unpacker = dataset.codec.decompressor()?;
        let mut maker = WordMaker::new(dataset);
        rows.iter().map(|(rid, raw)| Ok((*rid, maker.words(&unpacker.text(raw)?)?))).collect()
    })?;
    Ok(Batch { version, mark, rows, changed })
}

fn write_batch(tx: &Connection, id: i64, batch: &Batch) -> Result<u64, StoreError> {
    if version(tx, id)? != batch.version || indexed_to(tx, id)? != batch.mark {
        // Records have changed since they were read; the next batch reads them again.
        return Ok(0);
    }
    if batch.mark == 0 {
        make(tx, id)?;
    }
    let mut index = tx.prepare_cached(&format!("INSERT INTO s_{id}(rowid, words) VALUES(?1, ?2)"))?;
    let mut done = tx.prepare_cached(&format!("DELETE FROM q_{id} WHERE rid = ?1"))?;
    for (rid, words) in &batch.rows {
        index.execute(params![rid, words])?;
        if batch.changed {
            done.execute([rid])?;
        }
    }
    if let (false, Some((last, _))) = (batch.changed, batch.rows.last()) {
        tx.prepare_cached("UPDATE datasets SET indexed_to = ?2 WHERE id = ?1")?.execute(params![id, last])?;
    }
    Ok(batch.rows.len() as u64)
}

/// Indexes what waits, in the transaction that is under way.
pub(crate) fn at_once(tx: &Connection, dataset: &Dataset) -> Result<(), StoreError> {
    if behind(tx, dataset.id)? > AT_ONCE as u64 {
        return Ok(());
    }
    loop {
        let batch = next_batch(tx, dataset, AT_ONCE as u32)?;
        if batch.rows.is_empty() {
            return Ok(());
        }
        write_batch(tx, dataset.id, &batch)?;
    }
}

impl Store {
    /// Indexes up to `most` records of an entity that can't be found yet, in one transaction, after the index on ids that a pull may have left out. Call it until nothing is behind; what was
    /// indexed stays so whatever happens afterwards. An entity that was never pulled is not behind.
    pub fn index_records(
        &self,
        connection: Uuid,
        entity: &EntityName,
        most: u32,
    ) -> Result<IndexState, StoreError> {
        let read = self.read(|db| {
            let Some(id) = dataset::find(db, connection, entity)? else { return Ok(None) };
            let dataset = self.dataset(db, id)?;
            Ok(Some((id, next_batch(db, &dataset, most.max(1))?)))
        })?;
        let Some((id, batch)) = read else { return Ok(IndexState::default()) };
        self.key_index_after_pull(id)?;
        if batch.rows.is_empty() {
            return Ok(IndexState::default());
        }
        self.write(|tx| {
            let there: Option<i64> =
                tx.query_row("SELECT id FROM datasets WHERE id = ?1", [id], |row| row.get(0)).optional()?;
            if there.is_none() {
                return Ok(IndexState::default());
            }
            let indexed = write_batch(tx, id, &batch)?;
            Ok(IndexState { indexed, behind: behind(tx, id)? })
        })
    }

    /// Entities whose search index has not caught up, with the number of records that can't be found yet.
    pub fn not_indexed(&self, connection: Option<Uuid>) -> Result<Vec<(Uuid, EntityName, u64)>, StoreError> {
        let connection = connection.map(|id| id.to_string());
        self.read(|db| {
            let mut statement = db.prepare_cached(
                "SELECT id, connection, entity FROM datasets WHERE ?1 IS NULL OR connection = ?1 ORDER BY id",
            )?;
            let rows = statement.query_map([connection], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })?;
            let mut found = Vec::new();
            for row in rows {
                let (id, connection, entity) = row?;
                let (Ok(connection), behind) = (connection.parse(), behind(db, id)?) else { continue };
                if behind > 0 {
                    found.push((connection, EntityName::new(entity), behind));
                }
            }
            Ok(found)
        })
    }
}
