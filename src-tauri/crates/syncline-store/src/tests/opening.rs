//! Opening: keys, versions, damage, lack of room, several processes.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Barrier};
use syncline_model::{ErrorCode, SynclineError};

use crate::testing::{begin, connection_id, contact, key, now, open, pull, sample};
use crate::{PullKind, Role, STORE_FILE, Store, StoreError, StoreKey};

fn code(error: StoreError) -> ErrorCode {
    let error = SynclineError::from(error);
    assert!(error.hint.is_some_and(|hint| !hint.is_empty()));
    error.code
}

fn bytes_of(folder: &Path) -> HashMap<String, Vec<u8>> {
    std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with(STORE_FILE).then(|| (name, std::fs::read(&path).unwrap()))
        })
        .filter(|(name, _)| name == STORE_FILE)
        .collect()
}

#[test]
fn a_wrong_key_is_told_and_nothing_is_touched() {
    let (folder, store) = open();
    pull(&store, PullKind::Full, &(0..50).map(sample).collect::<Vec<_>>());
    drop(store);
    let before = bytes_of(folder.path());
    let wrong = StoreKey::generate(&mut rand::rng());
    assert_eq!(code(Store::open(folder.path(), &wrong).unwrap_err()), ErrorCode::StoreKeyWrong);
    assert!(bytes_of(folder.path()) == before, "the file was changed");
    let again = Store::open(folder.path(), &key()).unwrap();
    assert_eq!(again.record_count(connection_id(), &contact()).unwrap(), 50);
    // Nothing of a record is readable in the file.
    assert!(!before[STORE_FILE].windows(8).any(|bytes| bytes == b"fullname" || bytes == b"SQLite f"));
}

#[test]
fn a_newer_schema_is_refused() {
    let (folder, store) = open();
    store.with_writer(|writer| Ok(writer.pragma_update(None, "user_version", 99)?)).unwrap();
    drop(store);
    let before = bytes_of(folder.path());
    let error = Store::open(folder.path(), &key()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    assert_eq!(code(error), ErrorCode::StoreNewer);
    assert!(bytes_of(folder.path()) == before, "the file was changed");
}

#[test]
fn damage_is_told_apart_from_a_wrong_key_and_the_rest_stays_readable() {
    let (folder, store) = open();
    pull(&store, PullKind::Full, &(0..3000).map(sample).collect::<Vec<_>>());
    store.keep("settings", None, &serde_json::json!({ "theme": "dark" }), now()).unwrap();
    assert!(store.compact().unwrap());
    assert!(store.examine().unwrap().whole);
    // A page with raw records, from the middle of their table.
    let page: usize = store
        .read(|db| {
            let sql = "SELECT pageno FROM dbstat WHERE name = 'r_1' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 20";
            Ok(db.query_row(sql, [], |row| row.get::<_, i64>(0))? as usize)
        })
        .unwrap();
    drop(store);
    let path = folder.path().join(STORE_FILE);
    let whole = std::fs::read(&path).unwrap();

    // A page in the middle: opening works, reading says so, the examination names what is left.
    let mut middle = whole.clone();
    let at = (page - 1) * 4096;
    for byte in &mut middle[at + 100..at + 200] {
        *byte ^= 0xff;
    }
    std::fs::write(&path, &middle).unwrap();
    let store = Store::open(folder.path(), &key()).unwrap();
    let health = store.examine().unwrap();
    assert!(!health.whole && !health.problems.is_empty());
    assert!(health.tables.iter().any(|table| table.name == "kept" && table.readable == 1));
    let damaged: Vec<_> = health.tables.iter().filter(|table| table.problem.is_some()).collect();
    assert_eq!(damaged.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["r_1"]);
    assert!(damaged[0].readable > 0 && damaged[0].readable < 3000);
    assert_eq!(store.kept("settings").unwrap().unwrap()["theme"], "dark");
    let (mut after, mut read) = (0, 0);
    let error = loop {
        match store.records_after(connection_id(), &contact(), after, 10) {
            Ok((rows, last)) => {
                assert!(!rows.is_empty(), "the damage was not met");
                (after, read) = (last, read + rows.len());
            }
            Err(error) => break error,
        }
    };
    assert_eq!(code(error), ErrorCode::StoreCorrupt);
    assert!(read > 0);
    // Having met the damage, the store still reads and writes where there is none.
    store.keep("settings", None, &serde_json::json!({ "theme": "light" }), now()).unwrap();
    assert_eq!(store.kept("settings").unwrap().unwrap()["theme"], "light");
    drop(store);

    // The first page: the key is right, so it is damage.
    let mut first = whole.clone();
    first[200] ^= 0xff;
    std::fs::write(&path, &first).unwrap();
    assert_eq!(code(Store::open(folder.path(), &key()).unwrap_err()), ErrorCode::StoreCorrupt);
    assert!(std::fs::read(&path).unwrap() == first, "the file was changed");

    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let cut = Store::open(folder.path(), &key()).and_then(|store| store.examine());
    assert!(!cut.is_ok_and(|health| health.whole));

    std::fs::write(&path, &whole).unwrap();
    let store = Store::open(folder.path(), &key()).unwrap();
    assert_eq!(store.record_count(connection_id(), &contact()).unwrap(), 3000);
}

#[test]
fn a_full_disk_loses_the_page_under_way_and_nothing_else() {
    let (_folder, store) = open();
    let pull = begin(&store, PullKind::Full);
    store.write_page(pull.id, &(0..500).map(sample).collect::<Vec<_>>(), Some("1"), 1, now()).unwrap();
    store
        .with_writer(|writer| {
            let pages: i64 = writer.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            writer.query_row(&format!("PRAGMA max_page_count = {}", pages + 20), [], |_| Ok(()))?;
            Ok(())
        })
        .unwrap();
    let next: Vec<_> = (500..1500).map(sample).collect();
    let error = store.write_page(pull.id, &next, Some("2"), 1, now()).unwrap_err();
    assert_eq!(code(error), ErrorCode::DiskFull);
    let state = store.pull(pull.id).unwrap().unwrap();
    assert_eq!((state.cursor.as_deref(), state.counts.read), (Some("1"), 500));
    assert_eq!(store.record_count(connection_id(), &contact()).unwrap(), 500);
    // Room again: it goes on.
    store
        .with_writer(|writer| Ok(writer.query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(()))?))
        .unwrap();
    store.write_page(pull.id, &next, Some("2"), 1, now()).unwrap();
    assert_eq!(store.record_count(connection_id(), &contact()).unwrap(), 1500);
}

#[test]
fn many_open_a_new_store_at_once() {
    for _ in 0..25 {
        let folder = tempfile::tempdir().unwrap();
        let barrier = Arc::new(Barrier::new(6));
        let threads: Vec<_> = (0..6)
            .map(|n| {
                let (barrier, path) = (Arc::clone(&barrier), folder.path().to_owned());
                std::thread::spawn(move || {
                    barrier.wait();
                    let store = Store::open(&path, &key())?;
                    store.keep(&format!("k{n}"), None, &serde_json::json!(n), now())?;
                    Ok::<_, StoreError>(store)
                })
            })
            .collect();
        let stores: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect();
        assert_eq!(stores[0].kept_under("k").unwrap().len(), 6);
        assert_eq!(stores.iter().filter(|store| store.role() == Role::Owner).count(), 1);
    }
}

#[test]
fn a_guest_becomes_the_owner_when_the_owner_has_gone() {
    let (folder, owner) = open();
    let guest = Store::open(folder.path(), &key()).unwrap();
    assert_eq!((owner.role(), guest.role()), (Role::Owner, Role::Guest));
    drop(owner);
    assert_eq!(guest.role(), Role::Owner);
}

#[test]
fn a_folder_that_can_not_be_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    assert_eq!(code(Store::open(&file.join("below"), &key()).unwrap_err()), ErrorCode::File);
}

#[test]
fn a_turn_is_taken_once_over_all_openings_and_ends_with_its_holder() {
    let (folder, store) = open();
    let guest = Store::open(folder.path(), &key()).unwrap();
    let turn = store.take_turn("definition contacts").unwrap().unwrap();
    assert!(store.take_turn("definition contacts").unwrap().is_none(), "in the same process");
    assert!(guest.take_turn("definition contacts").unwrap().is_none(), "in another opening");
    let other = guest.take_turn("definition accounts").unwrap();
    assert!(other.is_some(), "another definition is not held up");
    let named = std::fs::read_dir(folder.path().join("turns")).unwrap();
    assert!(named.flatten().all(|file| !file.file_name().to_string_lossy().contains("contacts")));
    drop(turn);
    assert!(guest.take_turn("definition contacts").unwrap().is_some());
}

/// Where the store's folder is moved away, what SQLite puts aside has no place: so it is put there, and not held in memory.
#[cfg(unix)]
#[test]
fn a_sort_larger_than_the_page_cache_goes_to_the_folder_of_the_store() {
    let place = tempfile::tempdir().unwrap();
    let (folder, moved) = (place.path().join("store"), place.path().join("moved"));
    let store = Store::open(&folder, &key()).unwrap();
    let sort = |db: &rusqlite::Connection| {
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)
            SELECT count(*) FROM (SELECT hex(randomblob(100)) AS a FROM n ORDER BY a LIMIT 149999)";
        Ok(db.query_row(sql, [], |row| row.get::<_, i64>(0))?)
    };
    assert_eq!(store.read(sort).unwrap(), 149_999);
    assert_eq!(store.with_writer(|db| sort(db)).unwrap(), 149_999);
    std::fs::rename(&folder, &moved).unwrap();
    assert!(matches!(store.read(sort), Err(StoreError::PutAside)));
    assert!(matches!(store.with_writer(|db| sort(db)), Err(StoreError::PutAside)));
    std::fs::rename(&moved, &folder).unwrap();
    assert_eq!(store.read(sort).unwrap(), 149_999);
}
