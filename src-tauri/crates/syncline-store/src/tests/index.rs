//! The search index behind the records: what is not indexed is counted, what is indexed is never stale.

use serde_json::json;
use syncline_model::Record;

use crate::testing::{begin, catch_up, connection_id, contact, now, open, pull, record};
use crate::{GridQuery, IndexState, PullEnd, PullKind, SearchQuery, Store};

fn person(n: u64, name: &str) -> Record {
    record(
        &format!("{n:04}"),
        json!({ "fullname": format!("{name} N{n}"), "telephone1": "+1 (425) 555-0134" }),
    )
}

/// Ids that are found, and the number of records that are not indexed.
fn found(store: &Store, text: &str) -> (Vec<String>, u64) {
    let hits = store.search(&SearchQuery { text, connections: None, entity: None, limit: 5000 }).unwrap();
    let query = GridQuery {
        search: Some(text.to_owned()),
        ..GridQuery::new(now().to_zoned(jiff::tz::TimeZone::UTC), 5000)
    };
    let page = store.page_records(connection_id(), &contact(), &query).unwrap();
    let mut ids: Vec<String> = hits.hits.iter().map(|hit| hit.id.to_string()).collect();
    ids.sort_unstable();
    let mut same: Vec<String> = page.rows.iter().map(|row| row.record.id.to_string()).collect();
    same.sort_unstable();
    assert_eq!(ids, same, "the grid and the search find the same");
    (ids, hits.not_indexed)
}

fn store_page(store: &Store, records: &[Record]) {
    let pull = begin(store, PullKind::Changes);
    store.write_page(pull.id, records, None, 1, now()).unwrap();
    store.finish_pull(pull.id, PullEnd::Done, now()).unwrap();
}

#[test]
fn it_follows_in_batches_and_says_how_far_it_is() {
    let (_folder, store) = open();
    store_page(&store, &(0..500).map(|n| person(n, "Ann")).collect::<Vec<_>>());
    assert_eq!(found(&store, "ann"), (vec![], 500));
    assert_eq!(store.cached(None).unwrap()[0].not_indexed, 500);
    let state = store.index_records(connection_id(), &contact(), 300).unwrap();
    assert_eq!(state, IndexState { indexed: 300, behind: 200 });
    let (ids, behind) = found(&store, "ann");
    assert_eq!((ids.len(), behind), (300, 200));
    assert_eq!(store.not_indexed(None).unwrap(), [(connection_id(), contact(), 200)]);
    catch_up(&store, connection_id());
    assert_eq!(found(&store, "ann").0.len(), 500);
    assert_eq!(store.index_records(connection_id(), &contact(), 300).unwrap(), IndexState::default());
    assert_eq!(store.index_records(connection_id(), &"account".into(), 300).unwrap(), IndexState::default());
}

#[test]
fn no_hit_is_stale() {
    let (_folder, store) = open();
    let everybody: Vec<_> = (0..1000).map(|n| person(n, "Ann")).collect();
    store_page(&store, &everybody);
    store.index_records(connection_id(), &contact(), 600).unwrap();
    // Changed before and behind the mark, twice; removed before and behind the mark, some of them changed before.
    store_page(&store, &(500..700).map(|n| person(n, "Bob")).collect::<Vec<_>>());
    store_page(&store, &(590..610).map(|n| person(n, "Cid")).collect::<Vec<_>>());
    assert_eq!(found(&store, "bob"), (vec![], 500));
    assert_eq!(found(&store, "ann").0.len(), 500);
    let gone: Vec<_> = [0, 510, 595, 605, 650, 999].map(|n| everybody[n].id.clone()).to_vec();
    assert_eq!(store.delete_records(connection_id(), &contact(), &gone, None).unwrap(), 6);
    assert_eq!(found(&store, "ann").0.len(), 499);
    catch_up(&store, connection_id());
    assert_eq!(found(&store, "ann").0.len(), 499 + 299);
    assert_eq!(found(&store, "bob").0.len(), 180 - 2);
    assert_eq!(found(&store, "cid").0.len(), 20 - 2);
    assert_eq!(found(&store, "n510").0, Vec::<String>::new());
}

#[test]
fn places_of_removed_records_are_taken_again() {
    let (_folder, store) = open();
    pull(&store, PullKind::Full, &(0..300).map(|n| person(n, "Ann")).collect::<Vec<_>>());
    assert_eq!(found(&store, "ann").0.len(), 300);
    // The last hundred go, and as many others take their places.
    let fewer: Vec<_> = (0..200).map(|n| person(n, "Ann")).collect();
    let (done, _) = pull(&store, PullKind::Full, &fewer);
    assert_eq!(done.counts.deleted, 100);
    store_page(&store, &(600..700).map(|n| person(n, "Dan")).collect::<Vec<_>>());
    assert_eq!(found(&store, "dan"), (vec![], 100));
    catch_up(&store, connection_id());
    assert_eq!((found(&store, "dan").0.len(), found(&store, "ann").0.len()), (100, 200));
    // Everything goes, and one comes.
    let (done, _) = pull(&store, PullKind::Full, &[person(800, "Eve")]);
    assert_eq!(done.counts.deleted, 300);
    assert_eq!((found(&store, "eve").0.len(), found(&store, "ann").0.len()), (1, 0));
    assert_eq!(store.record_count(connection_id(), &contact()).unwrap(), 1);
}

#[test]
fn what_is_changed_by_hand_is_found_at_once() {
    let (_folder, store) = open();
    pull(&store, PullKind::Full, &(0..300).map(|n| person(n, "Ann")).collect::<Vec<_>>());
    store
        .refresh_records(connection_id(), &contact(), &[person(3, "Zoë"), person(999, "Zoë")], now())
        .unwrap();
    assert_eq!(found(&store, "zoe"), (vec!["0003".to_owned(), "0999".to_owned()], 0));
    assert_eq!(found(&store, "ann").0.len(), 299);
}

#[test]
fn whole_words_of_the_name_come_first() {
    let (_folder, store) = open();
    let rows = [
        record("1", json!({ "fullname": "Bob", "description": "knows leo" })),
        record("2", json!({ "fullname": "Bob", "description": "knows leonard" })),
        record("3", json!({ "fullname": "Leonard Ann" })),
        record("4", json!({ "fullname": "Ann Leo" })),
    ];
    pull(&store, PullKind::Full, &rows);
    let order = |limit| -> (Vec<String>, bool) {
        let query = SearchQuery { text: "LEO", connections: None, entity: None, limit };
        let hits = store.search(&query).unwrap();
        (hits.hits.into_iter().map(|hit| hit.id.to_string()).collect(), hits.more)
    };
    assert_eq!(order(10), (["4", "3", "1", "2"].map(str::to_owned).to_vec(), false));
    assert_eq!(order(3), (["4", "3", "1"].map(str::to_owned).to_vec(), true));
}
