//! The page of a pull that has arrived and is not stored yet. It is kept as it came, which takes a tenth of the time of storing it, so
//! that the next page can be asked for at once: whenever the process dies, no page but the one in flight has to be read again.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::io::Write;
use syncline_model::{EntityName, Record, RecordId};
use uuid::Uuid;

use crate::cache::pulls;
use crate::migrate::Migration;
use crate::{Store, StoreError};

// One a pull. `page`: pages that were stored before it; it waits as long as the pull has stored no more.
pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 5,
    sql: "CREATE TABLE kept_pages(
            pull TEXT PRIMARY KEY,
            page INTEGER NOT NULL,
            body BLOB NOT NULL)",
}];

/// Quick rather than small: it is read only after a crash.
const LEVEL: i32 = -5;
/// Bytes that are compressed at a time, each such part by itself: what the compressor looks back at then stays in the processor's cache.
const AT_A_TIME: usize = 128 * 1024;

/// A page as it arrived.
#[derive(Debug, Clone)]
pub struct ArrivedPage {
    /// Its records.
    pub records: Vec<Record>,
    /// Ids of records that are gone at the source.
    pub removed: Vec<RecordId>,
    /// Where the next page begins; `None`: it is the last one.
    pub next: Option<String>,
    /// Where later changes are read.
    pub token: Option<String>,
    /// Size of the body it came in.
    pub bytes: u64,
}

/// A page ready to be kept.
pub struct PackedPage(Vec<u8>);

#[derive(Serialize)]
struct Written<'a> {
    removed: &'a [RecordId],
    next: Option<&'a str>,
    token: Option<&'a str>,
    bytes: u64,
    records: Vec<(&'a str, Option<&'a str>, &'a RawValue)>,
}

#[derive(Deserialize)]
struct Read {
    removed: Vec<RecordId>,
    next: Option<String>,
    token: Option<String>,
    bytes: u64,
    records: Vec<(String, Option<String>, Box<RawValue>)>,
}

/// Compresses what is written, part by part.
struct Parts {
    compressor: zstd::bulk::Compressor<'static>,
    part: Vec<u8>,
    packed: Vec<u8>,
}

impl Parts {
    fn compress(&mut self) -> std::io::Result<()> {
        if !self.part.is_empty() {
            self.packed.extend_from_slice(&self.compressor.compress(&self.part)?);
            self.part.clear();
        }
        Ok(())
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.part.len() + bytes.len() > AT_A_TIME {
            self.compress()?;
        }
        self.part.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl PackedPage {
    /// Packs a page; takes no lock of the store.
    pub fn pack(
        records: &[Record],
        removed: &[RecordId],
        next: Option<&str>,
        token: Option<&str>,
        bytes: u64,
    ) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| StoreError::internal(format!("compression: {error}"));
        let records =
            records.iter().map(|record| (record.id.as_str(), record.etag.as_deref(), &*record.raw)).collect();
        let page = Written { removed, next, token, bytes, records };
        let compressor = zstd::bulk::Compressor::new(LEVEL).map_err(failed)?;
        let mut parts = Parts { compressor, part: Vec::with_capacity(AT_A_TIME), packed: Vec::new() };
        serde_json::to_writer(&mut parts, &page)?;
        parts.compress().map_err(failed)?;
        Ok(Self(parts.packed))
    }
}

impl Store {
    /// Keeps the page that comes after those a running pull has stored. [`Store::write_noted_page`] stores it.
    pub fn keep_page(&self, pull: Uuid, page: &PackedPage) -> Result<(), StoreError> {
        self.write(|tx| {
            let kept = tx
                .prepare_cached(
                    "INSERT OR REPLACE INTO kept_pages(pull, page, body)
                     SELECT id, pages, ?2 FROM pulls WHERE id = ?1 AND status = 'running'",
                )?
                .execute(params![pull.to_string(), page.0])?;
            if kept == 0 {
                return Err(StoreError::Busy { what: format!("the pull {pull} has ended already") });
            }
            Ok(())
        })
    }

    /// Whether a page of a pull is kept and not stored.
    pub(crate) fn keeps_page(&self, pull: &pulls::Pull) -> Result<bool, StoreError> {
        self.read(|db| {
            let mut find = db.prepare_cached("SELECT 1 FROM kept_pages WHERE pull = ?1 AND page = ?2")?;
            Ok(find.exists(params![pull.id.to_string(), pull.counts.pages as i64])?)
        })
    }

    /// The page of a pull that was kept and is not stored.
    pub fn kept_page(&self, pull: Uuid) -> Result<Option<ArrivedPage>, StoreError> {
        self.read(|db| {
            let Some(state) = pulls::load(db, pull)? else { return Ok(None) };
            let body: Option<Vec<u8>> = db
                .query_row(
                    "SELECT body FROM kept_pages WHERE pull = ?1 AND page = ?2",
                    params![pull.to_string(), state.counts.pages as i64],
                    |row| row.get(0),
                )
                .optional()?;
            body.map(|body| unpacked(&body, &state.entity)).transpose()
        })
    }

    /// Stores the page that a pull kept before its process died, if there is one: the pull goes on behind it. `look` finds how far a page
    /// sees.
    pub fn store_kept_page(
        &self,
        pull: Uuid,
        look: impl FnOnce(&[Record]) -> (Option<Timestamp>, Option<i64>),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(page) = self.kept_page(pull)? else { return Ok(false) };
        let (modified, version) = look(&page.records);
        let notes =
            crate::PageNotes { removed: &page.removed, modified, version, token: page.token.as_deref() };
        self.write_noted_page(pull, &page.records, page.next.as_deref(), page.bytes, &notes, now)?;
        Ok(true)
    }
}

fn unpacked(body: &[u8], entity: &EntityName) -> Result<ArrivedPage, StoreError> {
    let damaged =
        |error: String| StoreError::Corrupt { detail: format!("a kept page can't be read: {error}") };
    let json = zstd::stream::decode_all(body).map_err(|error| damaged(error.to_string()))?;
    let page: Read = serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))?;
    let records = page.records.into_iter().map(|(id, etag, raw)| Record {
        entity: entity.clone(),
        id: RecordId::new(id),
        etag,
        raw,
    });
    Ok(ArrivedPage {
        records: records.collect(),
        removed: page.removed,
        next: page.next,
        token: page.token,
        bytes: page.bytes,
    })
}

/// Removes the kept pages of pulls that will not go on: those of a dataset, as a new pull begins, or of one that is done.
pub(crate) fn drop_kept(tx: &Connection, dataset: i64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM kept_pages WHERE pull IN (SELECT id FROM pulls WHERE dataset = ?1)")?
        .execute([dataset])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{begin, connection_id, contact, key, now, open, sample};
    use crate::{PullEnd, PullKind};

    fn packed(from: u64, next: &str) -> PackedPage {
        let records: Vec<Record> = (from..from + 50).map(sample).collect();
        PackedPage::pack(&records, &[RecordId::new("gone")], Some(next), Some("token"), 77).unwrap()
    }

    #[test]
    fn a_kept_page_is_stored_after_a_crash_and_counts_once() {
        let (folder, store) = open();
        let pull = begin(&store, PullKind::Full);
        let first: Vec<Record> = (0..50).map(sample).collect();
        store.keep_page(pull.id, &packed(0, "1")).unwrap();
        store.write_page(pull.id, &first, Some("1"), 77, now()).unwrap();
        assert!(store.kept_page(pull.id).unwrap().is_none(), "it is stored");
        store.keep_page(pull.id, &packed(50, "2")).unwrap();
        drop(store);

        let store = Store::open(folder.path(), &key()).unwrap();
        store.recover(now()).unwrap();
        let last = store.last_pull(connection_id(), &contact()).unwrap().unwrap();
        assert!(store.can_go_on(&last).unwrap());
        store.resume_pull(pull.id).unwrap();
        let page = store.kept_page(pull.id).unwrap().unwrap();
        assert_eq!(
            (page.records[3].raw.get(), &page.records[3].etag),
            (sample(53).raw.get(), &sample(53).etag)
        );
        assert_eq!(
            (page.removed, page.token.as_deref(), page.bytes),
            (vec![RecordId::new("gone")], Some("token"), 77)
        );
        assert!(store.store_kept_page(pull.id, |_| (None, None), now()).unwrap());
        assert!(!store.store_kept_page(pull.id, |_| (None, None), now()).unwrap());
        let gone_on = store.pull(pull.id).unwrap().unwrap();
        assert_eq!(
            (gone_on.cursor.as_deref(), gone_on.counts.new, gone_on.counts.pages),
            (Some("2"), 100, 2)
        );

        store.keep_page(pull.id, &packed(100, "3")).unwrap();
        store.finish_pull(pull.id, PullEnd::Done, now()).unwrap();
        let left = |store: &Store| {
            store.read(|db| {
                Ok(db.query_row("SELECT count(*) FROM kept_pages", [], |row| row.get::<_, i64>(0))?)
            })
        };
        assert_eq!(left(&store).unwrap(), 0);
        assert!(matches!(store.keep_page(pull.id, &packed(0, "1")), Err(StoreError::Busy { .. })));
    }

    #[test]
    fn a_first_page_that_was_only_kept_is_a_place_to_go_on_from() {
        let (_folder, store) = open();
        let pull = begin(&store, PullKind::Full);
        store.keep_page(pull.id, &packed(0, "1")).unwrap();
        let ended = store.finish_pull(pull.id, PullEnd::Interrupted, now()).unwrap();
        assert!(store.can_go_on(&ended).unwrap());
        let other = begin(&store, PullKind::Full);
        assert!(!store.can_go_on(&ended).unwrap(), "a new pull began");
        assert!(store.kept_page(other.id).unwrap().is_none());
    }
}
