//! Which row of a plan has a key first, with memory that does not grow with the plan.
//!
//! The latest keys are held in memory (5.5 MB at most). When there are too many they are written in order into `plan_keys`, and a Bloom
//! filter of 8 MB says of nearly every new key that it is not there, so that the table is hardly ever asked. Nothing of it outlives
//! the making of the plan.

use rusqlite::{OptionalExtension, params};
use std::collections::HashMap;
use uuid::Uuid;

use super::{base, plans};
use crate::migrate::Migration;
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 5,
    sql: "CREATE TABLE plan_keys(
            plan INTEGER NOT NULL,
            key BLOB NOT NULL,
            ordinal INTEGER NOT NULL,
            PRIMARY KEY(plan, key)) WITHOUT ROWID",
}];

/// Keys in memory: what fills a table of 2^18 places, of 21 bytes each.
const RECENT: usize = (1 << 18) / 8 * 7;
/// Bits of the filter, 8 MB.
const BITS: u32 = 1 << 26;

/// A key: the first bytes of a cryptographic hash of what rows are told apart by.
pub type PlanKey = [u8; 16];

/// Bits of keys that were written; false says for certain that a key was not.
struct Filter(Vec<u64>);

impl Filter {
    /// A cryptographic hash is its own four hash functions.
    fn places(key: &PlanKey) -> impl Iterator<Item = (usize, u64)> {
        key.chunks_exact(4).map(|word| {
            let bit = u32::from_le_bytes([word[0], word[1], word[2], word[3]]) % BITS;
            (bit as usize / 64, 1 << (bit % 64))
        })
    }

    fn add(&mut self, key: &PlanKey) {
        for (word, mask) in Self::places(key) {
            self.0[word] |= mask;
        }
    }

    fn may_hold(&self, key: &PlanKey) -> bool {
        Self::places(key).all(|(word, mask)| self.0[word] & mask != 0)
    }
}

/// The keys of one plan while it is made.
pub struct PlanKeys {
    store: Store,
    plan: Uuid,
    recent: HashMap<PlanKey, u32>,
    most: usize,
    written: Option<Filter>,
}

impl PlanKeys {
    /// Begins with no keys.
    pub fn new(store: &Store, plan: Uuid) -> Self {
        Self { store: store.clone(), plan, recent: HashMap::new(), most: RECENT, written: None }
    }

    /// True where so many more keys are put in without asking the store.
    pub fn in_memory(&self, more: usize) -> bool {
        self.written.is_none() && self.recent.len() + more <= self.most
    }

    /// Puts keys in, each with the ordinal of its row. Gives for each the ordinal of the row that had it before, if one had.
    pub fn add(&mut self, keys: &[(PlanKey, u32)]) -> Result<Vec<Option<u32>>, StoreError> {
        let mut firsts = Vec::with_capacity(keys.len());
        for (key, ordinal) in keys {
            let first = match self.recent.get(key) {
                Some(first) => Some(*first),
                None => self.written(key)?,
            };
            if first.is_none() {
                if self.recent.len() >= self.most {
                    self.write()?;
                }
                self.recent.insert(*key, *ordinal);
            }
            firsts.push(first);
        }
        Ok(firsts)
    }

    fn written(&self, key: &PlanKey) -> Result<Option<u32>, StoreError> {
        if !self.written.as_ref().is_some_and(|filter| filter.may_hold(key)) {
            return Ok(None);
        }
        self.store.read(|db| {
            let number = plans::number(db, self.plan)?;
            let mut find = db.prepare_cached("SELECT ordinal FROM plan_keys WHERE plan = ?1 AND key = ?2")?;
            Ok(find.query_row(params![number, key], |row| row.get(0)).optional()?)
        })
    }

    /// Writes the keys in memory, in order, so that each page of the table is touched once.
    fn write(&mut self) -> Result<(), StoreError> {
        let mut keys: Vec<(PlanKey, u32)> = self.recent.drain().collect();
        keys.sort_unstable();
        let filter = self.written.get_or_insert_with(|| Filter(vec![0; BITS as usize / 64]));
        keys.iter().for_each(|(key, _)| filter.add(key));
        self.store.write(|tx| {
            let number = plans::number(tx, self.plan)?;
            let mut insert =
                tx.prepare_cached("INSERT OR IGNORE INTO plan_keys(plan, key, ordinal) VALUES(?1, ?2, ?3)")?;
            for (key, ordinal) in &keys {
                insert.execute(params![number, key, ordinal])?;
            }
            Ok(())
        })
    }

    /// Removes what was written.
    pub fn end(self) -> Result<(), StoreError> {
        if self.written.is_none() {
            return Ok(());
        }
        self.store.write(|tx| {
            let number = plans::number(tx, self.plan)?;
            tx.execute("DELETE FROM plan_keys WHERE plan = ?1", [number])?;
            Ok(())
        })
    }
}

impl Store {
    /// Ids of the source records of a plan's rows, in the order asked.
    pub fn plan_source_ids(&self, plan: Uuid, ordinals: &[u32]) -> Result<Vec<Option<String>>, StoreError> {
        self.read(|db| {
            let first = base(plans::number(db, plan)?);
            let mut find = db.prepare_cached("SELECT source_id FROM plan_rows WHERE rid = ?1")?;
            let ids = ordinals.iter().map(|ordinal| {
                Ok(find.query_row([first + i64::from(*ordinal)], |row| row.get(0)).optional()?)
            });
            ids.collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{connection_id, open};
    use crate::tests::work::plan;

    fn key(n: u32) -> PlanKey {
        // Any spread of bits does.
        let mut key = [0; 16];
        for (at, word) in key.chunks_exact_mut(4).enumerate() {
            let mixed = (n ^ (at as u32) << 28).wrapping_mul(0x9e37_79b1).rotate_left(13);
            word.copy_from_slice(&mixed.wrapping_mul(0x85eb_ca6b).to_le_bytes());
        }
        key
    }

    #[test]
    fn the_first_row_is_found_in_memory_and_in_the_table() {
        let (_folder, store) = open();
        let plan = plan(connection_id(), connection_id());
        store.save_plan(&plan).unwrap();
        let mut keys = PlanKeys::new(&store, plan.id);
        keys.most = 100;
        let rows: Vec<(PlanKey, u32)> = (0..1_050).map(|n| (key(n), n)).collect();
        assert!(keys.add(&rows).unwrap().iter().all(Option::is_none));
        assert!(keys.recent.len() <= 100);
        let again: Vec<(PlanKey, u32)> = (0..1_050).map(|n| (key(n), 5_000 + n)).collect();
        let firsts: Vec<Option<u32>> = (0..1_050).map(Some).collect();
        assert_eq!(keys.add(&again).unwrap(), firsts);
        assert_eq!(keys.add(&[(key(7_000), 9_000), (key(7_000), 9_001)]).unwrap(), [None, Some(9_000)]);
        let count = || {
            store.read(|db| {
                Ok(db.query_row("SELECT count(*) FROM plan_keys", [], |row| row.get::<_, i64>(0))?)
            })
        };
        assert_eq!(count().unwrap(), 1_000);
        keys.end().unwrap();
        assert_eq!(count().unwrap(), 0);
    }
}
