//! What was spooled of a pull: it comes back once, in order and whole, or not at all.

use std::path::{Path, PathBuf};
use syncline_model::{Record, RecordId};
use uuid::Uuid;

use crate::testing::{begin, connection_id, contact, key, now, open, sample};
use crate::{PageNotes, Portion, Pull, PullEnd, PullKind, SpooledEnd, SpooledPart, SpooledPartRef, Store};

fn records(from: u64, to: u64) -> Vec<Record> {
    (from..to).map(sample).collect()
}

fn end(next: Option<&str>) -> SpooledEnd {
    SpooledEnd { next: next.map(str::to_owned), token: None, bytes: 9 }
}

fn part(page: u64, records: &[Record], end: Option<SpooledEnd>) -> SpooledPartRef<'_> {
    SpooledPart { page, records, removed: &[], end }
}

fn store_part(store: &Store, pull: Uuid, part: SpooledPart) {
    let (portion, notes) =
        (Portion::new(part.records), PageNotes { removed: &part.removed, ..PageNotes::default() });
    match part.end {
        None => store.write_part(pull, &portion, &notes, now()).unwrap(),
        Some(end) => {
            store.write_noted_page(pull, &portion, end.next.as_deref(), end.bytes, &notes, now()).unwrap()
        }
    };
}

/// The first page is stored and 20 records of the second; spooled are the 80 others in two parts, and a third page.
fn begun(store: &Store) -> Pull {
    let pull = begin(store, PullKind::Full);
    store.write_page(pull.id, &records(0, 50), Some("1"), 9, now()).unwrap();
    store_part(store, pull.id, SpooledPart { page: 1, records: records(50, 70), removed: vec![], end: None });
    let (mut second, third, last) = (records(70, 110), records(110, 150), records(150, 200));
    // It came twice, and counts once.
    second.push(sample(75));
    let gone = [RecordId::new(sample(3).id.as_str())];
    let parts = [
        part(1, &second, None),
        SpooledPart { removed: &gone, ..part(1, &third, Some(end(Some("2")))) },
        part(2, &last, Some(end(Some("3")))),
    ];
    store.spool(pull.id, 20, &parts).unwrap();
    pull
}

fn died(store: Store, folder: &Path) -> Store {
    drop(store);
    let store = Store::open(folder, &key()).unwrap();
    store.recover(now()).unwrap();
    store
}

fn file(folder: &Path, pull: &Pull) -> PathBuf {
    folder.join("spool").join(pull.id.to_string())
}

/// Stores what was spooled; how many records of each part.
fn go_on(store: &Store, pull: &Pull) -> Vec<usize> {
    let parts = store.resume_spooled(pull.id).unwrap();
    let sizes = parts.iter().map(|part| part.records.len()).collect();
    for part in parts {
        store_part(store, pull.id, part);
    }
    sizes
}

fn counts(store: &Store, pull: &Pull) -> (u64, u64, u64, u64) {
    let counts = store.pull(pull.id).unwrap().unwrap().counts;
    (counts.read, counts.new, counts.deleted, counts.pages)
}

#[test]
fn what_is_not_stored_comes_back_in_order() {
    let (folder, store) = open();
    let pull = begun(&store);
    let store = died(store, folder.path());
    assert_eq!(go_on(&store, &pull), [41, 40, 50]);
    assert_eq!(counts(&store, &pull), (200, 200, 1, 3));
    assert_eq!(store.pull(pull.id).unwrap().unwrap().cursor.as_deref(), Some("3"));
    store.write_page(pull.id, &records(200, 210), None, 9, now()).unwrap();
    store.finish_pull(pull.id, PullEnd::Done, now()).unwrap();
    assert!(!file(folder.path(), &pull).exists());

    let (_other, unbroken) = open();
    let whole = begin(&unbroken, PullKind::Full);
    unbroken.write_page(whole.id, &records(0, 50), Some("1"), 9, now()).unwrap();
    unbroken.delete_records(connection_id(), &contact(), &[sample(3).id], None).unwrap();
    unbroken.write_page(whole.id, &records(50, 210), None, 9, now()).unwrap();
    unbroken.finish_pull(whole.id, PullEnd::Done, now()).unwrap();
    let hash = |store: &Store| store.content_hash(connection_id(), &contact()).unwrap();
    assert_eq!(hash(&store), hash(&unbroken));
}

#[test]
fn what_was_stored_after_it_was_spooled_does_not_come_back() {
    for (stored_parts, left) in [(1, vec![40, 50]), (2, vec![50]), (3, vec![])] {
        let (folder, store) = open();
        let pull = begun(&store);
        let (_, parts) = store.read_spool(pull.id).unwrap();
        for part in parts.into_iter().take(stored_parts) {
            store_part(&store, pull.id, part);
        }
        let store = died(store, folder.path());
        assert_eq!(go_on(&store, &pull), left, "after {stored_parts}");
        assert_eq!(counts(&store, &pull), (200, 200, 1, 3), "after {stored_parts}");
    }
}

#[test]
fn a_page_that_was_stored_in_another_way_comes_again() {
    let (folder, store) = open();
    let pull = begun(&store);
    store.page_again(pull.id).unwrap();
    let other = SpooledPart { page: 1, records: records(50, 75), removed: vec![], end: None };
    store_part(&store, pull.id, other);
    let store = died(store, folder.path());
    assert!(store.resume_spooled(pull.id).unwrap().is_empty());
    assert!(file(folder.path(), &pull).exists());
    assert_eq!(store.resume_pull(pull.id).unwrap().counts.read, 50);
    assert!(!file(folder.path(), &pull).exists(), "the page comes again, perhaps with other records");
}

#[test]
fn a_file_that_is_damaged_or_of_another_pull_is_as_none() {
    let (folder, store) = open();
    let pull = begun(&store);
    let store = died(store, folder.path());
    let path = file(folder.path(), &pull);
    let sound = std::fs::read(&path).unwrap();
    for at in (0..sound.len()).step_by(sound.len() / 97).chain([0, 7, 8, 40, 41, 44, sound.len() - 1]) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&path, &bytes).unwrap();
        assert!(store.resume_spooled(pull.id).unwrap().is_empty(), "a bit of byte {at}");
        std::fs::write(&path, &sound[..at]).unwrap();
        assert!(store.resume_spooled(pull.id).unwrap().is_empty(), "cut at {at}");
    }
    std::fs::write(&path, &sound).unwrap();
    let other = Uuid::from_u128(9);
    std::fs::copy(&path, path.with_file_name(other.to_string())).unwrap();
    assert!(store.read_spool(other).is_none());
    assert_eq!(go_on(&store, &pull).len(), 3);
}

#[test]
fn it_is_encrypted_and_goes_with_what_it_belongs_to() {
    let (folder, store) = open();
    let pull = begun(&store);
    let path = file(folder.path(), &pull);
    let bytes = std::fs::read(&path).unwrap();
    for word in ["emailaddress1", "example", "records", sample(75).id.as_str()] {
        assert!(memchr::memmem::find(&bytes, word.as_bytes()).is_none(), "{word} can be read");
    }
    store.finish_pull(pull.id, PullEnd::Interrupted, now()).unwrap();
    std::fs::write(path.with_file_name("stranger"), "x").unwrap();
    store.sweep_spools();
    assert!(path.exists() && !path.with_file_name("stranger").exists());
    let next = begin(&store, PullKind::Full);
    assert!(!path.exists(), "another pull began");
    store.write_page(next.id, &records(0, 5), Some("1"), 9, now()).unwrap();
    let more = records(5, 9);
    store.spool(next.id, 0, &[part(1, &more, Some(end(None)))]).unwrap();
    assert!(file(folder.path(), &next).exists());
    store.forget(connection_id()).unwrap();
    assert!(!file(folder.path(), &next).exists());
}

#[test]
fn another_process_leaves_the_spool_of_a_running_pull_and_goes_on_with_it_later() {
    let (folder, store) = open();
    let pull = begun(&store);
    let guest = Store::open(folder.path(), &key()).unwrap();
    guest.sweep_spools();
    assert!(guest.resume_spooled(pull.id).is_err(), "it is being pulled");
    assert!(file(folder.path(), &pull).exists());
    drop(store);
    guest.recover(now()).unwrap();
    guest.sweep_spools();
    assert_eq!(go_on(&guest, &pull), [41, 40, 50]);
    assert_eq!(counts(&guest, &pull), (200, 200, 1, 3));
}

#[test]
fn the_last_page_brings_its_change_token() {
    let (folder, store) = open();
    let pull = begin(&store, PullKind::Full);
    store.write_page(pull.id, &records(0, 50), Some("1"), 9, now()).unwrap();
    let rest = records(50, 60);
    let last = SpooledEnd { next: None, token: Some("since-here".to_owned()), bytes: 9 };
    store.spool(pull.id, 0, &[part(1, &rest, Some(last.clone()))]).unwrap();
    let store = died(store, folder.path());
    let parts = store.resume_spooled(pull.id).unwrap();
    assert_eq!(parts.iter().map(|part| part.end.as_ref()).collect::<Vec<_>>(), [Some(&last)]);
}
