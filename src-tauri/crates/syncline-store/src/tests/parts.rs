//! A page that is stored in parts: whatever ends it in between, it comes again, and nothing is stored or counted twice.

use crate::testing::{begin, connection_id, contact, key, now, open, sample};
use crate::{PageNotes, Portion, PullCounts, PullEnd, PullKind, Store};
use syncline_model::Record;
use uuid::Uuid;

fn records(from: u64, to: u64) -> Vec<Record> {
    (from..to).map(sample).collect()
}

fn part(store: &Store, pull: Uuid, from: u64, to: u64) {
    store.write_part(pull, &Portion::new(records(from, to)), &PageNotes::default(), now()).unwrap();
}

fn counts(store: &Store, pull: Uuid) -> PullCounts {
    store.pull(pull).unwrap().unwrap().counts
}

fn stored(store: &Store) -> (u64, String) {
    (store.cached(None).unwrap()[0].records, store.content_hash(connection_id(), &contact()).unwrap())
}

#[test]
fn in_parts_or_whole_it_is_the_same() {
    let (_folder, store) = open();
    let pull = begin(&store, PullKind::Full);
    store.write_page(pull.id, &records(0, 300), Some("1"), 7, now()).unwrap();
    store.write_page(pull.id, &records(300, 500), None, 5, now()).unwrap();
    store.finish_pull(pull.id, PullEnd::Done, now()).unwrap();

    let (_other_folder, other) = open();
    let in_parts = begin(&other, PullKind::Full);
    part(&other, in_parts.id, 0, 100);
    part(&other, in_parts.id, 100, 200);
    assert_eq!(other.pull(in_parts.id).unwrap().unwrap().cursor, None);
    other.write_page(in_parts.id, &records(200, 300), Some("1"), 7, now()).unwrap();
    part(&other, in_parts.id, 300, 400);
    other.write_page(in_parts.id, &records(400, 500), None, 5, now()).unwrap();
    other.finish_pull(in_parts.id, PullEnd::Done, now()).unwrap();
    assert_eq!(counts(&other, in_parts.id), counts(&store, pull.id));
    assert_eq!(stored(&other), stored(&store));
}

#[test]
fn a_page_that_begins_again_counts_once() {
    let (_folder, store) = open();
    let pull = begin(&store, PullKind::Full);
    store.write_page(pull.id, &records(0, 50), Some("1"), 7, now()).unwrap();
    part(&store, pull.id, 50, 80);
    store.page_again(pull.id).unwrap();
    store.page_again(pull.id).unwrap();
    assert_eq!((counts(&store, pull.id).read, counts(&store, pull.id).unchanged), (50, 0));
    part(&store, pull.id, 50, 80);
    store.write_page(pull.id, &records(80, 100), None, 7, now()).unwrap();
    let counts = counts(&store, pull.id);
    assert_eq!((counts.read, counts.new, counts.unchanged, counts.pages), (100, 100, 0, 2));
    store.finish_pull(pull.id, PullEnd::Done, now()).unwrap();
    assert_eq!(stored(&store).0, 100);
}

#[test]
fn a_page_that_a_crash_cut_counts_once() {
    let (folder, store) = open();
    let pull = begin(&store, PullKind::Full);
    store.write_page(pull.id, &records(0, 50), Some("1"), 7, now()).unwrap();
    part(&store, pull.id, 50, 80);
    drop(store);

    let store = Store::open(folder.path(), &key()).unwrap();
    store.recover(now()).unwrap();
    let last = store.last_pull(connection_id(), &contact()).unwrap().unwrap();
    assert!(last.can_go_on());
    assert_eq!(last.cursor.as_deref(), Some("1"), "the page was not over");
    store.resume_pull(pull.id).unwrap();
    store.write_page(pull.id, &records(50, 100), None, 7, now()).unwrap();
    let counts = counts(&store, pull.id);
    assert_eq!((counts.read, counts.new, counts.unchanged, counts.pages), (100, 100, 0, 2));
    store.finish_pull(pull.id, PullEnd::Done, now()).unwrap();
    assert_eq!(stored(&store).0, 100);
}

#[test]
fn a_first_page_in_part_is_no_place_to_go_on_from() {
    let (_folder, store) = open();
    let pull = begin(&store, PullKind::Full);
    part(&store, pull.id, 0, 30);
    let ended = store.finish_pull(pull.id, PullEnd::Interrupted, now()).unwrap();
    assert!(!ended.can_go_on());
    store.discard_pull(pull.id).unwrap();
    assert!(store.pull(pull.id).unwrap().is_some(), "it has brought something");
    let again = begin(&store, PullKind::Full);
    let counts = store.write_page(again.id, &records(0, 40), None, 7, now()).unwrap();
    assert_eq!((counts.new, counts.unchanged), (10, 30));
}
