//! A process is killed while it writes pages: what is there afterwards is exactly what the cursor says.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::testing::{begin, connection_id, contact, key, now, sample};
use crate::{GridQuery, PullKind, PullStatus, SearchQuery, Store};

fn zoned() -> jiff::Zoned {
    now().to_zoned(jiff::tz::TimeZone::UTC)
}

const FOLDER: &str = "SYNCLINE_STORE_TEST_FOLDER";
const PAGE: u64 = 50;

/// The child: goes on with the last pull, or begins one, and writes pages until it is killed. Does nothing in an ordinary run.
#[test]
fn child_that_writes_pages() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let store = Store::open(&PathBuf::from(folder), &key()).unwrap();
    store.recover(now()).unwrap();
    let last = store.last_pull(connection_id(), &contact()).unwrap();
    let pull = match last {
        Some(pull) => store.resume_pull(pull.id).unwrap(),
        None => begin(&store, PullKind::Full),
    };
    let mut next: u64 = pull.cursor.as_deref().map_or(0, |cursor| cursor.parse().unwrap());
    loop {
        let page: Vec<_> = (next..next + PAGE).map(sample).collect();
        next += PAGE;
        store.write_page(pull.id, &page, Some(&next.to_string()), 1, now()).unwrap();
        store.index_records(connection_id(), &contact(), 30).unwrap();
    }
}

#[test]
fn killed_at_any_moment_the_records_are_those_before_the_cursor() {
    let folder = tempfile::tempdir().unwrap();
    let mut before = 0;
    let (mut advanced, mut indexed) = (0, 0);
    for round in 0..24u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::crash::child_that_writes_pages", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Moments spread over opening, the first pages and later ones.
        std::thread::sleep(Duration::from_millis(15 + (round * 37) % 160));
        child.kill().unwrap();
        child.wait().unwrap();

        let store = Store::open(folder.path(), &key()).unwrap();
        store.recover(now()).unwrap();
        let Some(pull) = store.last_pull(connection_id(), &contact()).unwrap() else { continue };
        assert_eq!(pull.status, PullStatus::Interrupted);
        let cursor: u64 = pull.cursor.as_deref().map_or(0, |cursor| cursor.parse().unwrap());
        assert_eq!(store.record_count(connection_id(), &contact()).unwrap(), cursor);
        assert_eq!((pull.counts.read, pull.counts.new), (cursor, cursor));
        assert_eq!(pull.counts.pages, cursor / PAGE);
        assert!(cursor >= before);
        advanced += u32::from(cursor > before);
        before = cursor;
        // Every record is found, or counted as not searchable yet.
        let found = GridQuery { search: Some("fair".to_owned()), ..GridQuery::new(zoned(), 1) };
        let found = store.page_records(connection_id(), &contact(), &found).unwrap().total;
        let query = SearchQuery { text: "fair", connections: None, entity: None, limit: 1 };
        let hits = store.search(&query).unwrap();
        assert_eq!((hits.hits.len() as u64, found + hits.not_indexed), (found.min(1), cursor));
        indexed = indexed.max(found);
        if cursor > 0 {
            let last = sample(cursor - 1);
            let row = store.record(connection_id(), &contact(), &last.id).unwrap().unwrap();
            assert_eq!(row.record.raw.get(), last.raw.get());
            assert!(store.record(connection_id(), &contact(), &sample(cursor).id).unwrap().is_none());
        }
    }
    assert!(indexed > 0, "the index never caught up with anything");
    assert!(advanced >= 5, "only {advanced} rounds wrote anything");
    assert!(Store::open(folder.path(), &key()).unwrap().examine().unwrap().whole);
}

#[test]
fn two_processes_write_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &key()).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::crash::child_that_writes_pages", "--nocapture"])
        .env(FOLDER, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Both write for a while; neither fails.
    for n in 0..100 {
        store.keep("n", None, &serde_json::json!(n), now()).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    let still_running = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(still_running);
    assert_eq!(store.kept("n").unwrap(), Some(serde_json::json!(99)));
    assert!(store.record_count(connection_id(), &contact()).unwrap() > 0);
}
