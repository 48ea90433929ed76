//! Pulls, records and windows of them.

use serde_json::json;
use syncline_model::{ColumnName, RecordId};

use crate::testing::{at, begin, connection_id, contact, key, now, open, pull, record, sample, schema};
use crate::{GridQuery, PullEnd, PullKind, PullStart, PullStatus, Store, StoreError};

fn query(limit: u32) -> GridQuery {
    GridQuery::new(now().to_zoned(jiff::tz::TimeZone::UTC), limit)
}

#[test]
fn a_second_pull_tells_new_changed_unchanged_and_deleted() {
    let (_folder, store) = open();
    let first: Vec<_> = (0..1200).map(sample).collect();
    let (done, counts) = pull(&store, PullKind::Full, &first);
    assert_eq!((counts.new, counts.changed, counts.unchanged), (1200, 0, 0));
    assert_eq!((done.status, done.cursor, done.counts.pages), (PullStatus::Done, None, 3));
    let hash = store.content_hash(connection_id(), &contact()).unwrap();

    // Ten are gone, five are new, one has changed.
    let mut second: Vec<_> = (10..1205).map(sample).collect();
    second[0] = record(second[0].id.as_str(), json!({ "fullname": "Somebody Else" }));
    let (done, counts) = pull(&store, PullKind::Full, &second);
    assert_eq!((counts.new, counts.changed, counts.unchanged), (5, 1, 1189));
    assert_eq!(done.counts.deleted, 10);
    assert_eq!(store.record_count(connection_id(), &contact()).unwrap(), 1195);
    assert_ne!(store.content_hash(connection_id(), &contact()).unwrap(), hash);
    let changed = store.record(connection_id(), &contact(), &second[0].id).unwrap().unwrap();
    assert_eq!(changed.record.raw.get(), r#"{"fullname":"Somebody Else"}"#);
    assert!(store.record(connection_id(), &contact(), &first[0].id).unwrap().is_none());

    // The first state again, in another order: the same hash.
    let reversed: Vec<_> = first.iter().rev().cloned().collect();
    pull(&store, PullKind::Full, &reversed);
    assert_eq!(store.content_hash(connection_id(), &contact()).unwrap(), hash);
    let cached = store.cached(None).unwrap();
    assert_eq!((cached.len(), cached[0].records, cached[0].status), (1, 1200, Some(PullStatus::Done)));
    assert!(cached[0].bytes > 0 && cached[0].pulled_at == Some(now()));
}

#[test]
fn what_comes_back_is_what_arrived_to_the_letter() {
    let (_folder, store) = open();
    let raw = "{ \"fullname\" : \"Zo\\u00eb\",  \"creditlimit\": 20000.0000, \"unknown\":{\"a\":[1, 2]} }";
    let mut odd = record("1", json!({}));
    odd.raw = serde_json::value::RawValue::from_string(raw.to_owned()).unwrap();
    let mut page: Vec<_> = (0..300).map(sample).collect();
    page.push(odd);
    pull(&store, PullKind::Full, &page);
    let ids: Vec<_> = page.iter().map(|record| record.id.clone()).chain([RecordId::new("none")]).collect();
    let found = store.records(connection_id(), &contact(), &ids).unwrap();
    for (row, record) in found.iter().zip(&page) {
        let row = row.as_ref().unwrap();
        assert_eq!((row.record.raw.get(), &row.record.etag), (record.raw.get(), &record.etag));
    }
    assert!(found.last().unwrap().is_none());
    let (mut seen, mut after) = (0, 0);
    loop {
        let (rows, last) = store.records_after(connection_id(), &contact(), after, 77).unwrap();
        if rows.is_empty() {
            break;
        }
        seen += rows.len();
        after = last;
    }
    assert_eq!(seen, 301);
}

#[test]
fn an_interrupted_pull_keeps_old_records_and_goes_on() {
    let (folder, store) = open();
    pull(&store, PullKind::Full, &(0..100).map(sample).collect::<Vec<_>>());
    let second = begin(&store, PullKind::Full);
    let page: Vec<_> = (50..80).map(sample).collect();
    store.write_page(second.id, &page, Some("next"), 10, now()).unwrap();
    // A second pull of the same entity waits its turn.
    let schema = schema();
    let start = PullStart {
        connection: connection_id(),
        schema: &schema,
        columns: &[],
        selection: r#"{"entity":"contact"}"#,
        kind: PullKind::Full,
    };
    assert!(matches!(store.begin_pull(&start, now()), Err(StoreError::Busy { .. })));
    let other = Store::open(folder.path(), &key()).unwrap();
    assert!(matches!(other.begin_pull(&start, now()), Err(StoreError::Busy { .. })));
    assert_eq!(other.recover(now()).unwrap().pulls, 0);

    drop(store);
    assert_eq!(other.recover(now()).unwrap().pulls, 1);
    assert_eq!(other.record_count(connection_id(), &contact()).unwrap(), 100);
    let found =
        other.resumable_pull(connection_id(), &contact(), r#"{"entity":"contact"}"#).unwrap().unwrap();
    assert_eq!((found.cursor.as_deref(), found.counts.read), (Some("next"), 30));
    assert!(other.resumable_pull(connection_id(), &contact(), "{}").unwrap().is_none());
    let resumed = other.resume_pull(found.id).unwrap();
    assert!(resumed.resumed && resumed.status == PullStatus::Running);
    other.write_page(resumed.id, &(80..100).map(sample).collect::<Vec<_>>(), None, 10, now()).unwrap();
    // It dies between its last page and its end: it is found again, to be finished.
    other.finish_pull(resumed.id, PullEnd::Interrupted, now()).unwrap();
    let found =
        other.resumable_pull(connection_id(), &contact(), r#"{"entity":"contact"}"#).unwrap().unwrap();
    assert!(found.id == resumed.id && found.has_every_page());
    other.resume_pull(found.id).unwrap();
    let done = other.finish_pull(resumed.id, PullEnd::Done, now()).unwrap();
    assert_eq!((done.counts.read, done.counts.unchanged, done.counts.deleted), (50, 50, 50));
    // An ended pull takes no more pages.
    assert!(other.write_page(resumed.id, &page, None, 1, now()).is_err());
    assert!(other.finish_pull(resumed.id, PullEnd::Done, now()).is_err());
}

#[test]
fn changes_add_and_delete_without_removing_the_rest() {
    let (_folder, store) = open();
    let first: Vec<_> = (0..100).map(sample).collect();
    pull(&store, PullKind::Full, &first);
    let (done, counts) = pull(&store, PullKind::Changes, &(95..105).map(sample).collect::<Vec<_>>());
    assert_eq!((counts.new, counts.unchanged, done.counts.deleted), (5, 5, 0));
    let gone: Vec<_> = first[..3].iter().map(|record| record.id.clone()).collect();
    assert_eq!(store.delete_records(connection_id(), &contact(), &gone, Some(done.id)).unwrap(), 3);
    assert_eq!(store.record_count(connection_id(), &contact()).unwrap(), 102);
    assert_eq!(store.pull(done.id).unwrap().unwrap().counts.deleted, 3);
    let twice = [record("a", json!({ "fullname": "Old" })), record("a", json!({ "fullname": "New" }))];
    store.refresh_records(connection_id(), &contact(), &twice, now()).unwrap();
    let row = store.record(connection_id(), &contact(), &RecordId::new("a")).unwrap().unwrap();
    assert!(row.record.raw.get().contains("New"));
}

#[test]
fn windows_are_ordered_counted_and_narrowed() {
    let (_folder, store) = open();
    let rows = [
        (
            "1",
            json!({ "fullname": "bob", "creditlimit": 10.5, "createdon": "2025-01-01T00:00:00Z", "gendercode": 1 }),
        ),
        (
            "2",
            json!({ "fullname": "Ånn", "creditlimit": 9, "createdon": "2024-01-01T00:00:00+02:00", "gendercode": 2 }),
        ),
        ("3", json!({ "fullname": null, "creditlimit": -100.25, "createdon": null })),
        (
            "4",
            json!({ "fullname": "ANN B", "numberofchildren": 12, "createdon": "2026-01-01T00:00:00Z", "gendercode": null }),
        ),
        (
            "5",
            json!({ "fullname": "Bob", "numberofchildren": 9, "_parentcustomerid_value": "x",
            "_parentcustomerid_value@OData.Community.Display.V1.FormattedValue": "Contoso" }),
        ),
    ];
    pull(&store, PullKind::Full, &rows.map(|(id, body)| record(id, body)));
    let ordered = |column: &str, descending: bool| -> Vec<String> {
        let query = GridQuery { order: vec![(ColumnName::new(column), descending)], ..query(10) };
        let page = store.page_records(connection_id(), &contact(), &query).unwrap();
        assert_eq!(page.total, 5);
        page.rows.into_iter().map(|row| row.record.id.to_string()).collect()
    };
    assert_eq!(ordered("fullname", false), ["3", "2", "4", "5", "1"]);
    assert_eq!(ordered("fullname", true), ["1", "5", "4", "2", "3"]);
    assert_eq!(ordered("creditlimit", false), ["4", "5", "3", "2", "1"]);
    // Equal ones come the other way round too.
    assert_eq!(ordered("numberofchildren", true), ["4", "5", "3", "2", "1"]);
    assert_eq!(ordered("createdon", false), ["3", "5", "2", "1", "4"]);
    assert_eq!(ordered("parentcustomerid", true)[0], "5");
    // By label: Female before Male.
    assert_eq!(ordered("gendercode", false), ["3", "4", "5", "2", "1"]);

    let window = GridQuery {
        order: vec![(ColumnName::new("fullname"), false)],
        columns: vec![ColumnName::new("parentcustomerid")],
        offset: 3,
        ..query(1)
    };
    let page = store.page_records(connection_id(), &contact(), &window).unwrap();
    assert_eq!((page.rows.len(), page.total, page.as_of), (1, 5, Some(now())));
    assert_eq!(
        page.rows[0].record.raw.get(),
        r#"{"_parentcustomerid_value":"x","_parentcustomerid_value@OData.Community.Display.V1.FormattedValue":"Contoso"}"#
    );
    let searched = GridQuery { search: Some("an b".to_owned()), ..query(10) };
    let page = store.page_records(connection_id(), &contact(), &searched).unwrap();
    assert_eq!(page.rows.iter().map(|row| row.record.id.as_str()).collect::<Vec<_>>(), ["4"]);
    let nothing = GridQuery { search: Some("\"*(".to_owned()), ..query(10) };
    assert_eq!(store.page_records(connection_id(), &contact(), &nothing).unwrap().total, 0);
    let unknown = GridQuery { order: vec![(ColumnName::new("no\"pe"), false)], ..query(10) };
    assert!(matches!(
        store.page_records(connection_id(), &contact(), &unknown),
        Err(StoreError::QueryInvalid { .. })
    ));
    assert!(matches!(
        store.page_records(connection_id(), &"account".into(), &query(1)),
        Err(StoreError::NotFound { .. })
    ));
}

#[test]
fn columns_that_come_later_are_filled_from_what_is_there() {
    let (_folder, store) = open();
    let schema = schema();
    let only = [ColumnName::new("fullname")];
    let start = PullStart {
        connection: connection_id(),
        schema: &schema,
        columns: &only,
        selection: "{}",
        kind: PullKind::Full,
    };
    let first = store.begin_pull(&start, now()).unwrap();
    let page: Vec<_> = (0..200).map(sample).collect();
    store.write_page(first.id, &page, None, 1, now()).unwrap();
    store.finish_pull(first.id, PullEnd::Done, now()).unwrap();
    let by_credit = GridQuery { order: vec![(ColumnName::new("creditlimit"), true)], ..query(1) };
    assert!(store.page_records(connection_id(), &contact(), &by_credit).is_err());

    let second = store.begin_pull(&PullStart { columns: &[], ..start }, at("2026-03-05T00:00:00Z")).unwrap();
    store.finish_pull(second.id, PullEnd::Cancelled, now()).unwrap();
    let page_of = store.page_records(connection_id(), &contact(), &by_credit).unwrap();
    let largest = page
        .iter()
        .map(|record| record.fields().unwrap().value("creditlimit").unwrap().as_decimal().unwrap())
        .max()
        .unwrap();
    let found = page_of.rows[0].record.fields().unwrap().value("creditlimit").unwrap().as_decimal().unwrap();
    assert_eq!(found, largest);
}
