//! Records of two tables that are in no pair yet, with the keys by which they are matched, while both tables are looked at. They are held in
//! temporary tables of an own connection: what does not fit into a cache of fixed size is in an encrypted file in the store's folder, so that
//! the memory does not grow with the tables. Nothing of it outlives the look.

use rusqlite::{Connection, params};
use std::sync::{Arc, Mutex};

use super::links::LinkSide;
use crate::store::lock;
use crate::{Store, StoreError};

/// `parts` is the key as a JSON list. A record that changes while a table is read may come twice: the key it had last counts.
const TABLES: &str = "PRAGMA query_only = OFF;
    PRAGMA temp.cache_size = -8192;
    CREATE TEMP TABLE unpaired(side INTEGER NOT NULL, id TEXT NOT NULL, parts TEXT, PRIMARY KEY(side, id)) WITHOUT ROWID";

/// A record that is in no pair yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpairedRecord {
    /// Its id.
    pub id: String,
    /// Its key, part by part; `None` where a part has no value.
    pub key: Option<Vec<String>>,
}

/// Records under one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpairedGroup {
    /// The key, part by part.
    pub key: Vec<String>,
    /// How many of the source.
    pub left: u64,
    /// How many of the destination.
    pub right: u64,
    /// The first of the source.
    pub first_left: Option<String>,
    /// The first of the destination.
    pub first_right: Option<String>,
}

/// Records that are in no pair yet. Cheap to clone; its calls block. It is filled first and read then.
#[derive(Clone)]
pub struct Unpaired {
    db: Arc<Mutex<Connection>>,
}

fn number(side: LinkSide) -> i64 {
    match side {
        LinkSide::Source => 0,
        LinkSide::Destination => 1,
    }
}

impl Store {
    /// Begins with no records.
    pub fn unpaired(&self) -> Result<Unpaired, StoreError> {
        // It reads nothing of the store, so that it is in nobody's way.
        let db = self.reader()?;
        db.execute_batch(TABLES)?;
        Ok(Unpaired { db: Arc::new(Mutex::new(db)) })
    }
}

impl Unpaired {
    /// Puts records of a side in.
    pub fn add(&self, side: LinkSide, records: &[UnpairedRecord]) -> Result<(), StoreError> {
        let mut db = lock(&self.db);
        let transaction = db.transaction()?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT OR REPLACE INTO temp.unpaired(side, id, parts) VALUES(?1, ?2, ?3)")?;
            for record in records {
                let parts = record.key.as_ref().map(serde_json::to_string).transpose()?;
                insert.execute(params![number(side), record.id, parts])?;
            }
        }
        Ok(transaction.commit()?)
    }

    /// All records are in: they are put in the order of their keys.
    pub fn arrange(&self) -> Result<(), StoreError> {
        Ok(lock(&self.db)
            .execute_batch("CREATE INDEX IF NOT EXISTS temp.unpaired_parts ON unpaired(parts, side, id)")?)
    }

    /// Groups by key, in the order of the keys, those after this one.
    pub fn groups(&self, after: Option<&[String]>, limit: u32) -> Result<Vec<UnpairedGroup>, StoreError> {
        let db = lock(&self.db);
        // Every JSON list is after the empty text.
        let after = after.map(serde_json::to_string).transpose()?.unwrap_or_default();
        let mut statement = db.prepare_cached(
            "SELECT parts, sum(side = 0), sum(side = 1), min(CASE side WHEN 0 THEN id END), min(CASE side WHEN 1 THEN id END)
             FROM temp.unpaired WHERE parts > ?1 GROUP BY parts ORDER BY parts LIMIT ?2",
        )?;
        let mut rows = statement.query(params![after, limit])?;
        let mut groups = Vec::new();
        while let Some(row) = rows.next()? {
            groups.push(UnpairedGroup {
                key: serde_json::from_str(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?)?,
                left: row.get::<_, i64>(1)?.unsigned_abs(),
                right: row.get::<_, i64>(2)?.unsigned_abs(),
                first_left: row.get(3)?,
                first_right: row.get(4)?,
            });
        }
        Ok(groups)
    }

    /// Ids of a side's records under a key, or of those without one; in their order, those after this one.
    pub fn ids(
        &self,
        side: LinkSide,
        key: Option<&[String]>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        let db = lock(&self.db);
        let parts = key.map(serde_json::to_string).transpose()?;
        let mut statement = db.prepare_cached(
            "SELECT id FROM temp.unpaired WHERE parts IS ?1 AND side = ?2 AND id > ?3 ORDER BY id LIMIT ?4",
        )?;
        let rows = statement
            .query_map(params![parts, number(side), after.unwrap_or_default(), limit], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::open;

    fn record(id: &str, key: Option<&str>) -> UnpairedRecord {
        UnpairedRecord { id: id.to_owned(), key: key.map(|key| vec![key.to_owned()]) }
    }

    #[test]
    fn records_are_grouped_by_key_page_by_page() {
        let (_folder, store) = open();
        let unpaired = store.unpaired().unwrap();
        let (left, right) = (LinkSide::Source, LinkSide::Destination);
        let of_left =
            [record("1", Some("b")), record("2", Some("a")), record("3", None), record("4", Some("a"))];
        unpaired.add(left, &of_left).unwrap();
        unpaired.add(right, &[record("1", Some("b")), record("9", Some("Ä\"\u{0}"))]).unwrap();
        // It changed while it was read.
        unpaired.add(left, &[record("4", Some("c"))]).unwrap();
        unpaired.arrange().unwrap();
        let group =
            |key: &str, left: u64, right: u64, first_left: Option<&str>, first_right: Option<&str>| {
                UnpairedGroup {
                    key: vec![key.to_owned()],
                    left,
                    right,
                    first_left: first_left.map(str::to_owned),
                    first_right: first_right.map(str::to_owned),
                }
            };
        let expected = [
            group("a", 1, 0, Some("2"), None),
            group("b", 1, 1, Some("1"), Some("1")),
            group("c", 1, 0, Some("4"), None),
            group("Ä\"\u{0}", 0, 1, None, Some("9")),
        ];
        assert_eq!(unpaired.groups(None, 10).unwrap(), expected);
        let mut walked = Vec::new();
        while let [one, ..] = unpaired
            .groups(walked.last().map(|one: &UnpairedGroup| one.key.as_slice()), 1)
            .unwrap()
            .as_slice()
        {
            walked.push(one.clone());
        }
        assert_eq!(walked, expected);
        assert_eq!(unpaired.ids(left, None, None, 10).unwrap(), ["3"]);
        assert_eq!(unpaired.ids(left, None, Some("3"), 10).unwrap(), [""; 0]);
        assert_eq!(unpaired.ids(left, Some(&["c".to_owned()]), None, 10).unwrap(), ["4"]);
        // Looks at once are each by themselves.
        assert!(store.unpaired().unwrap().groups(None, 10).unwrap().is_empty());
    }

    #[test]
    fn what_does_not_fit_into_memory_is_found_again() {
        let (_folder, store) = open();
        let unpaired = store.unpaired().unwrap();
        // The second side comes in another order.
        let page = |from: u64| (0..1_000).map(move |n| (from + n) * 7_919 % 60_000);
        for from in (0..60).map(|page| page * 1_000) {
            let of = |n: u64| record(&format!("{n:040}"), Some(&format!("person.{}@example.com", n / 2)));
            let records: Vec<_> = page(from).map(of).collect();
            unpaired.add(LinkSide::Source, &records).unwrap();
            unpaired.add(LinkSide::Destination, &records[..500]).unwrap();
        }
        unpaired.arrange().unwrap();
        let (mut groups, mut left, mut right) = (0, 0, 0);
        let mut after: Option<Vec<String>> = None;
        loop {
            let page = unpaired.groups(after.as_deref(), 700).unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            groups += page.len();
            left += page.iter().map(|one| one.left).sum::<u64>();
            right += page.iter().map(|one| one.right).sum::<u64>();
        }
        assert_eq!((groups, left, right), (30_000, 60_000, 30_000));
    }
}
