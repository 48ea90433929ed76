//! The index on the records' ids. Ids come in no order, so each page of a large pull would write most of the index again; a pull into an
//! empty entity therefore does without it, and it is made in one go when the pull is done, before the records' search index.
//!
//! Until then what is stored already is known by a hash a record, in memory. The index is made earlier, and the pull goes on with it, as
//! soon as the hashes can't be trusted to be all: a hash came before (a record that the service gave twice, or a rare coincidence),
//! records are to be removed, another process wrote, this one was started anew, or there are too many to be held.

use rusqlite::{Connection, OptionalExtension, params};
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use syncline_model::Record;

use crate::migrate::Migration;
use crate::store::{CACHE, lock};
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] =
    &[Migration { version: 6, sql: "ALTER TABLE datasets ADD COLUMN key_index INTEGER NOT NULL DEFAULT 1" }];

/// Ids are sorted behind a pull, whose own memory is not given back yet. Sorted in smaller pieces they take as long.
const WHILE_SORTING: &str = "PRAGMA cache_size = -2048";
/// Hashes that are held at most; about 6 bytes each.
const MOST: usize = 4_000_000;
/// Groups of hashes. Those of a group are few enough that making room for one more costs next to nothing.
const GROUPS: usize = 1 << 16;

/// Hashes of 48 bits: a million of them have one in common about once in 600 times.
struct Hashes {
    /// By the highest 16 bits the lowest 32, ascending.
    groups: Vec<Vec<u32>>,
    count: usize,
}

impl Hashes {
    fn new() -> Self {
        Self { groups: vec![Vec::new(); GROUPS], count: 0 }
    }

    /// False: it was there.
    fn insert(&mut self, hash: u64) -> bool {
        let group = &mut self.groups[(hash >> 48) as usize];
        let low = hash as u32;
        match group.binary_search(&low) {
            Ok(_) => false,
            Err(at) => {
                if group.len() == group.capacity() {
                    group.reserve_exact((group.len() / 2).max(4));
                }
                group.insert(at, low);
                self.count += 1;
                true
            }
        }
    }
}

/// What a pull without the index has stored so far.
pub(crate) struct FreshKeys {
    /// The entity's version after the last page; another one means that somebody else has written.
    version: i64,
    hasher: RandomState,
    hashes: Hashes,
}

/// Makes the index of an entity that is new.
pub(crate) fn make(tx: &Connection, id: i64) -> Result<(), StoreError> {
    tx.execute_batch(WHILE_SORTING)?;
    let made = tx.execute_batch(&format!(
        "CREATE UNIQUE INDEX IF NOT EXISTS i_{id} ON c_{id}(record_id);
         UPDATE datasets SET key_index = 1 WHERE id = {id} AND key_index = 0;"
    ));
    let restored = tx.execute_batch(CACHE);
    made?;
    Ok(restored?)
}

fn is_there(db: &Connection, id: i64) -> Result<bool, StoreError> {
    Ok(db
        .prepare_cached("SELECT key_index FROM datasets WHERE id = ?1")?
        .query_row([id], |row| row.get(0))?)
}

/// Entities without it that are not being pulled.
const LEFT_OUT: &str = "SELECT id FROM datasets d WHERE key_index = 0
    AND NOT EXISTS (SELECT 1 FROM pulls p WHERE p.dataset = d.id AND p.status = 'running')";

/// Makes the indexes that pulls have left out and not made: their process died.
pub(crate) fn make_left_out(tx: &Connection) -> Result<(), StoreError> {
    let left_out: Vec<i64> =
        tx.prepare(LEFT_OUT)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    left_out.into_iter().try_for_each(|id| make(tx, id))
}

impl Store {
    /// Leaves the index out from now on, where the entity is empty.
    pub(crate) fn leave_key_index_out(&self, tx: &Connection, id: i64) -> Result<(), StoreError> {
        if tx.prepare_cached(&format!("SELECT 1 FROM c_{id}"))?.exists([])? {
            return Ok(());
        }
        tx.execute_batch(&format!(
            "DROP INDEX IF EXISTS i_{id}; UPDATE datasets SET key_index = 0 WHERE id = {id};"
        ))?;
        let fresh =
            FreshKeys { version: version(tx, id)?, hasher: RandomState::new(), hashes: Hashes::new() };
        lock(&self.inner.fresh_keys).insert(id, fresh);
        Ok(())
    }

    /// True: none of these records is stored yet, nor are their ids looked up. Else the index is there.
    pub(crate) fn all_new(&self, tx: &Connection, id: i64, records: &[Record]) -> Result<bool, StoreError> {
        if is_there(tx, id)? {
            return Ok(false);
        }
        let mut all = lock(&self.inner.fresh_keys);
        let trusted = match all.get_mut(&id) {
            Some(known)
                if known.version == version(tx, id)? && known.hashes.count + records.len() <= MOST =>
            {
                records.iter().all(|record| known.hashes.insert(known.hasher.hash_one(record.id.as_str())))
            }
            _ => false,
        };
        if !trusted {
            all.remove(&id);
            drop(all);
            make(tx, id)?;
        }
        Ok(trusted)
    }

    /// Notes that the records which [`Store::all_new`] let through are stored. Where the transaction is rolled back all the same, the
    /// versions differ.
    pub(crate) fn new_keys_stored(&self, tx: &Connection, id: i64) -> Result<(), StoreError> {
        if let Some(known) = lock(&self.inner.fresh_keys).get_mut(&id) {
            known.version = version(tx, id)?;
        }
        Ok(())
    }

    /// Whether a pull that is done may leave the index to what follows it ([`Store::index_records`]): all of its records are new. What is
    /// known of them is forgotten.
    pub(crate) fn key_index_may_wait(&self, tx: &Connection, id: i64) -> Result<bool, StoreError> {
        let known = lock(&self.inner.fresh_keys).remove(&id);
        let (version, records) = (version(tx, id)?, known.as_ref().map(|known| known.hashes.count as i64));
        let seen: Option<i64> = tx
            .prepare_cached("SELECT current FROM datasets WHERE id = ?1 AND records = current")?
            .query_row([id], |row| row.get(0))
            .optional()?;
        Ok(known.is_some_and(|known| known.version == version) && seen.is_some() && seen == records)
    }

    /// Makes the index of an entity that a pull has left it out of, once the pull is over.
    pub(crate) fn key_index_after_pull(&self, id: i64) -> Result<(), StoreError> {
        let left_out =
            |db: &Connection| Ok(db.prepare_cached(&format!("{LEFT_OUT} AND id = ?1"))?.exists([id])?);
        if self.read(left_out)? {
            self.write(|tx| if left_out(tx)? { make(tx, id) } else { Ok(()) })?;
        }
        Ok(())
    }

    /// Makes the index where it was left out: before something else than storing needs it, and where a pull ends early.
    pub(crate) fn need_key_index(&self, tx: &Connection, id: i64) -> Result<(), StoreError> {
        lock(&self.inner.fresh_keys).remove(&id);
        if is_there(tx, id)? { Ok(()) } else { make(tx, id) }
    }
}

fn version(db: &Connection, id: i64) -> Result<i64, StoreError> {
    Ok(db
        .prepare_cached("SELECT version FROM datasets WHERE id = ?1")?
        .query_row(params![id], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{begin, connection_id, contact, key, now, open, sample};
    use crate::{PageNotes, Portion, PullEnd, PullKind};
    use syncline_model::RecordId;

    #[test]
    fn a_hash_is_taken_once() {
        let (mut hashes, mut model) = (Hashes::new(), std::collections::BTreeSet::new());
        for n in 0..200_000_u64 {
            // Every third one is close to another in its group, or the same.
            let hash =
                if n % 3 == 0 { ((n % 1000) << 48) | (n % 77) } else { RandomState::new().hash_one(n) };
            let short = (hash >> 48, hash as u32);
            assert_eq!(hashes.insert(hash), model.insert(short), "{hash:x}");
        }
        assert_eq!(hashes.count, model.len());
        assert!(model.len() > 130_000);
    }

    fn page(from: u64, to: u64) -> Vec<Record> {
        (from..to).map(sample).collect()
    }

    fn has_index(store: &Store) -> bool {
        let sql = "SELECT key_index, (SELECT count(*) FROM sqlite_master WHERE name = 'i_' || d.id) FROM datasets d";
        let (flag, made): (bool, bool) =
            store.read(|db| Ok(db.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)).unwrap();
        assert_eq!(flag, made);
        flag
    }

    fn records(store: &Store) -> u64 {
        store.cached(None).unwrap()[0].records
    }

    #[test]
    fn a_first_pull_does_without_it_until_its_end() {
        let (_folder, store) = open();
        let pull = begin(&store, PullKind::Full);
        store.write_page(pull.id, &page(0, 50), Some("1"), 1, now()).unwrap();
        store.write_page(pull.id, &page(50, 100), Some("2"), 1, now()).unwrap();
        assert!(!has_index(&store));
        let found = store.record(connection_id(), &contact(), &sample(70).id).unwrap();
        assert_eq!(found.unwrap().record.raw.get(), sample(70).raw.get(), "it is found all the same");
        store.index_records(connection_id(), &contact(), 10).unwrap();
        assert!(!has_index(&store), "the pull goes on");
        store.finish_pull(pull.id, PullEnd::Done, now()).unwrap();
        assert!(!has_index(&store), "only new records came");
        store.index_records(connection_id(), &contact(), 10).unwrap();
        assert!(has_index(&store));
        let again = begin(&store, PullKind::Full);
        let counts = store.write_page(again.id, &page(90, 110), None, 1, now()).unwrap();
        assert_eq!((counts.unchanged, counts.new), (10, 10));
        assert!(has_index(&store), "records are there already");
    }

    #[test]
    fn without_it_nothing_is_stored_twice_after_a_pull() {
        for died in [false, true] {
            let (folder, mut store) = open();
            let pull = begin(&store, PullKind::Full);
            store.write_page(pull.id, &page(0, 50), None, 1, now()).unwrap();
            store.finish_pull(pull.id, PullEnd::Done, now()).unwrap();
            assert!(!has_index(&store));
            if died {
                drop(store);
                store = Store::open(folder.path(), &key()).unwrap();
                store.recover(now()).unwrap();
                assert!(has_index(&store));
            }
            let again = begin(&store, PullKind::Full);
            let counts = store.write_page(again.id, &page(40, 60), None, 1, now()).unwrap();
            assert_eq!((counts.unchanged, counts.new), (10, 10));
            assert!(has_index(&store));
            store.finish_pull(again.id, PullEnd::Done, now()).unwrap();
            assert_eq!(records(&store), 20);
        }
    }

    #[test]
    fn a_pull_that_ends_early_has_it() {
        let (_folder, store) = open();
        let pull = begin(&store, PullKind::Full);
        store.write_page(pull.id, &page(0, 50), Some("1"), 1, now()).unwrap();
        store.finish_pull(pull.id, PullEnd::Interrupted, now()).unwrap();
        assert!(has_index(&store));
    }

    #[test]
    fn a_record_that_comes_twice_is_stored_once() {
        let (_folder, store) = open();
        let pull = begin(&store, PullKind::Full);
        store.write_page(pull.id, &page(0, 50), Some("1"), 1, now()).unwrap();
        let counts = store.write_page(pull.id, &page(40, 60), Some("2"), 1, now()).unwrap();
        assert_eq!((counts.new, counts.unchanged), (10, 10));
        assert!(has_index(&store));
        store.write_page(pull.id, &page(60, 70), None, 1, now()).unwrap();
        assert_eq!(records(&store), 70);
    }

    #[test]
    fn what_is_removed_meanwhile_is_found() {
        let (_folder, store) = open();
        let pull = begin(&store, PullKind::Full);
        store.write_page(pull.id, &page(0, 50), Some("1"), 1, now()).unwrap();
        let gone = [sample(7).id];
        let notes = PageNotes { removed: &gone, ..PageNotes::default() };
        store.write_noted_page(pull.id, &Portion::new(page(50, 60)), Some("2"), 1, &notes, now()).unwrap();
        assert!(has_index(&store));
        store.write_page(pull.id, &page(7, 8), None, 1, now()).unwrap();
        assert_eq!(records(&store), 60);
    }

    #[test]
    fn after_a_crash_it_is_made() {
        for resumed in [false, true] {
            let (folder, store) = open();
            let pull = begin(&store, PullKind::Full);
            store.write_page(pull.id, &page(0, 50), Some("1"), 1, now()).unwrap();
            drop(store);
            let store = Store::open(folder.path(), &key()).unwrap();
            assert!(!has_index(&store));
            store.recover(now()).unwrap();
            assert!(has_index(&store));
            if resumed {
                store.resume_pull(pull.id).unwrap();
                let counts = store.write_page(pull.id, &page(40, 60), None, 1, now()).unwrap();
                assert_eq!((counts.new, counts.unchanged), (10, 10));
            }
        }
    }

    #[test]
    fn what_another_process_writes_is_not_stored_twice() {
        let (folder, store) = open();
        let pull = begin(&store, PullKind::Full);
        store.write_page(pull.id, &page(0, 50), Some("1"), 1, now()).unwrap();
        let guest = Store::open(folder.path(), &key()).unwrap();
        guest.refresh_records(connection_id(), &contact(), &page(50, 51), now()).unwrap();
        let counts = store.write_page(pull.id, &page(50, 60), None, 1, now()).unwrap();
        assert_eq!((counts.new, counts.unchanged), (9, 1));
        assert_eq!(records(&store), 60);
        assert!(store.record(connection_id(), &contact(), &RecordId::new("none")).unwrap().is_none());
    }

    #[test]
    fn a_page_that_is_rolled_back_can_come_again() {
        let (_folder, store) = open();
        let pull = begin(&store, PullKind::Full);
        store.write_page(pull.id, &page(0, 50), Some("1"), 1, now()).unwrap();
        let failed = store.write::<()>(|tx| {
            let id = crate::cache::dataset::find(tx, connection_id(), &contact())?.unwrap();
            let (records, dataset) = (page(50, 60), self::version(tx, id)?);
            assert!(store.all_new(tx, id, &records)?);
            tx.execute("UPDATE datasets SET version = version + 1 WHERE id = ?1", [id])?;
            store.new_keys_stored(tx, id)?;
            assert_eq!(self::version(tx, id)?, dataset + 1);
            Err(StoreError::internal("the disk is full"))
        });
        assert!(failed.is_err());
        let counts = store.write_page(pull.id, &page(50, 60), None, 1, now()).unwrap();
        assert_eq!((counts.new, records(&store)), (10, 60));
    }
}
