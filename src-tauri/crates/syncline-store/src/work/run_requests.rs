//! Requests and answers of a run, without secrets: the latest, and more of those that were refused. They go with their run.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{base, runs};
use crate::migrate::Migration;
use crate::time::{from_millis, millis};
use crate::{Store, StoreError};

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 7,
    sql: "CREATE TABLE run_requests(
            rid INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            failed INTEGER NOT NULL,
            body BLOB NOT NULL);
          CREATE TABLE run_request_counts(
            run INTEGER PRIMARY KEY,
            seen INTEGER NOT NULL,
            failed INTEGER NOT NULL)",
}];

/// Requests of a run that went well and are kept: the latest.
pub const OTHERS_KEPT: u32 = 100;
/// Requests of a run that were refused or had no answer and are kept: the latest.
pub const FAILED_KEPT: u32 = 200;
/// Texts of a few KiB; the fastest level takes most of them away.
const LEVEL: i32 = 1;
/// A body that unpacks to more was damaged.
const MOST_BYTES: usize = 1 << 20;

/// One request with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRequest {
    /// When it left.
    pub at: Timestamp,
    /// It was refused, or no answer came.
    pub failed: bool,
    /// The whole, as JSON text without secrets.
    pub json: String,
}

/// What is kept of a run's requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunRequestsPage {
    /// Latest first.
    pub requests: Vec<RunRequest>,
    /// All that were sent, as far as they were noted.
    pub seen: u64,
    /// Those of them that were refused or had no answer.
    pub failed: u64,
}

impl Store {
    /// Keeps more requests of a run, in the order in which they left; the oldest beyond [`OTHERS_KEPT`] and [`FAILED_KEPT`] go.
    pub fn add_run_requests(&self, run: Uuid, requests: &[RunRequest]) -> Result<(), StoreError> {
        self.write(|tx| {
            let number = runs::number(tx, run)?;
            let (first, end) = (base(number), base(number + 1));
            let next: i64 = tx
                .prepare_cached("SELECT coalesce(max(rid) + 1, ?1) FROM run_requests WHERE rid >= ?1 AND rid < ?2")?
                .query_row([first, end], |row| row.get(0))?;
            let mut insert =
                tx.prepare_cached("INSERT INTO run_requests(rid, at, failed, body) VALUES(?1, ?2, ?3, ?4)")?;
            for (rid, request) in (next..).zip(requests) {
                let body = zstd::bulk::compress(request.json.as_bytes(), LEVEL)
                    .map_err(|error| StoreError::internal(format!("a request can't be packed: {error}")))?;
                insert.execute(params![rid, millis(request.at), request.failed, body])?;
            }
            for (failed, kept) in [(false, OTHERS_KEPT), (true, FAILED_KEPT)] {
                tx.prepare_cached(
                    "DELETE FROM run_requests WHERE rid >= ?1 AND rid < ?2 AND failed = ?3 AND rid NOT IN (
                       SELECT rid FROM run_requests WHERE rid >= ?1 AND rid < ?2 AND failed = ?3 ORDER BY rid DESC LIMIT ?4)",
                )?
                .execute(params![first, end, failed, kept])?;
            }
            let refused = requests.iter().filter(|request| request.failed).count();
            tx.prepare_cached(
                "INSERT INTO run_request_counts(run, seen, failed) VALUES(?1, ?2, ?3)
                 ON CONFLICT(run) DO UPDATE SET seen = seen + ?2, failed = failed + ?3",
            )?
            .execute(params![number, requests.len() as i64, refused as i64])?;
            Ok(())
        })
    }

    /// What is kept of a run's requests, latest first.
    pub fn run_requests(
        &self,
        run: Uuid,
        only_failed: bool,
        limit: u32,
    ) -> Result<RunRequestsPage, StoreError> {
        self.read(|db| {
            let number = runs::number(db, run)?;
            let mut page = RunRequestsPage::default();
            let mut counts =
                db.prepare_cached("SELECT seen, failed FROM run_request_counts WHERE run = ?1")?;
            let mut rows = counts.query([number])?;
            if let Some(row) = rows.next()? {
                page.seen = row.get::<_, i64>(0)?.unsigned_abs();
                page.failed = row.get::<_, i64>(1)?.unsigned_abs();
            }
            let mut statement = db.prepare_cached(
                "SELECT at, failed, body FROM run_requests WHERE rid >= ?1 AND rid < ?2 AND (?3 = 0 OR failed = 1)
                 ORDER BY rid DESC LIMIT ?4",
            )?;
            let mut rows = statement.query(params![base(number), base(number + 1), only_failed, limit])?;
            while let Some(row) = rows.next()? {
                let packed: Vec<u8> = row.get(2)?;
                let damaged =
                    || StoreError::Corrupt { detail: "a run's request can't be unpacked".to_owned() };
                let text = zstd::bulk::decompress(&packed, MOST_BYTES).map_err(|_| damaged())?;
                page.requests.push(RunRequest {
                    at: from_millis(row.get(0)?),
                    failed: row.get(1)?,
                    json: String::from_utf8(text).map_err(|_| damaged())?,
                });
            }
            Ok(page)
        })
    }
}

/// Removes a run's requests.
pub(super) fn forget(tx: &Connection, number: i64) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM run_requests WHERE rid >= ?1 AND rid < ?2",
        params![base(number), base(number + 1)],
    )?;
    tx.execute("DELETE FROM run_request_counts WHERE run = ?1", [number])?;
    Ok(())
}
