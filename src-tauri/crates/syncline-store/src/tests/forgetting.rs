//! Forgetting: nothing of a connection is left, in rows or in bytes.

use serde_json::json;
use syncline_model::{Connection, ConnectionName};
use uuid::Uuid;

use super::work::{plan, plan_row, run};
use crate::testing::{connection_id, contact, key, now, pull, record, sample, schema};
use crate::{
    EventKey, Forgotten, KeptFate, PlanStep, PullKind, RecentItem, RunOutcome, STORE_FILE, SearchQuery, Sent,
    Store, Stream,
};

pub(crate) fn connection(id: Uuid, name: &str) -> Connection {
    let mut connection: Connection = serde_json::from_value(json!({
        "id": id, "name": "x", "system": "dataverse", "url": "https://contoso.crm.dynamics.com", "auth": "none",
        "authority": "https://login.microsoftonline.com", "tenant": null, "client_id": null, "api_version": null,
        "kind": "sandbox", "client": null, "colour": null, "writable": false, "identity": null,
        "status": "unverified", "status_message": null, "checked_at": null, "used_at": null
    }))
    .unwrap();
    connection.name = ConnectionName::new(name).unwrap();
    connection
}

const MARKER: &str = "Plantedmarkerxyzzy";

/// Fills a store with everything a connection can leave behind; each part holds the marker.
fn fill(store: &Store, id: Uuid, other: Uuid) {
    store.save_connection(&connection(id, MARKER), now()).unwrap();
    store.save_entities(id, &[schema().summary], now()).unwrap();
    store.save_schema(id, &schema(), now()).unwrap();
    let mut records: Vec<_> = (0..400).map(sample).collect();
    records.push(record(
        "planted",
        json!({ "fullname": MARKER, "emailaddress1": format!("{MARKER}@example.com") }),
    ));
    pull(store, PullKind::Full, &records);
    // Once more with a change, so that an older version of the record was there too.
    records[400] = record("planted", json!({ "fullname": "x", "description": MARKER }));
    pull(store, PullKind::Full, &records);
    let plan = plan(id, other);
    store.save_plan(&plan).unwrap();
    store.add_plan_rows(plan.id, &[plan_row(0, MARKER)]).unwrap();
    store.save_plan_turns(plan.id, &[(0, 1)]).unwrap();
    store.save_plan_steps(plan.id, &[PlanStep { step: 1, main: 0, first: false }]).unwrap();
    let run = run(&plan);
    store.save_run(&run).unwrap();
    let outcome = RunOutcome {
        ordinal: 0,
        outcome: "failed".to_owned(),
        destination_id: Some(MARKER.to_owned()),
        code: None,
        message: Some(MARKER.to_owned()),
        request_id: None,
        version: None,
        events: 0,
        sent_at: None,
        at: now(),
    };
    store.add_run_rows(run.id, &[outcome]).unwrap();
    let sent = Sent {
        record_id: MARKER.to_owned(),
        hash: "h".to_owned(),
        mapped: plan_row(0, MARKER).mapped,
        at: now(),
    };
    let entity = contact();
    let stream = Stream {
        definition: "d",
        source: id,
        source_entity: &entity,
        destination: other,
        destination_entity: &entity,
    };
    store.save_sent(stream, &[sent]).unwrap();
    let event = EventKey { record_id: MARKER.to_owned(), event: "e".to_owned(), timestamp: String::new() };
    store.claim_events(stream, run.id, &[(event, false)], now()).unwrap();
    store.keep("grid", Some(id), &json!(MARKER), now()).unwrap();
    store.keep("state/query/1", None, &json!({ "text": MARKER }), now()).unwrap();
    store.keep("state/session", None, &json!([MARKER, "other"]), now()).unwrap();
    let item = RecentItem {
        kind: "search".to_owned(),
        key: MARKER.to_owned(),
        connection: Some(id),
        title: MARKER.to_owned(),
        at: now(),
    };
    store.touch_recent(&item).unwrap();
    let text = json!({ "source": { "connection": MARKER.to_uppercase() } }).to_string();
    store.save_definition(None, "kept", &text, "hash", now()).unwrap();
}

fn fate(key: &str, value: &serde_json::Value) -> KeptFate {
    match (key, value.to_string().contains(MARKER)) {
        (_, false) => KeptFate::Stays,
        ("state/session", true) => KeptFate::Becomes(json!(["other"])),
        (_, true) => KeptFate::Goes,
    }
}

fn check(gone: &Forgotten) {
    assert_eq!((gone.connections, gone.entities, gone.records, gone.pulls), (1, 1, 401, 2));
    assert_eq!((gone.plans, gone.runs, gone.sent, gone.recent, gone.kept), (1, 1, 2, 1, 3));
    assert_eq!((gone.definitions_kept, gone.wiped), (1, true));
}

#[test]
fn no_row_and_no_free_page_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &key()).unwrap();
    let other = Uuid::from_u128(8);
    store.save_connection(&connection(other, "other"), now()).unwrap();
    store.keep("grid/other", Some(other), &json!(1), now()).unwrap();
    store.compact().unwrap();
    let before = store.size();
    fill(&store, connection_id(), other);
    let hits = |text| {
        store.search(&SearchQuery { text, connections: None, entity: None, limit: 9 }).unwrap().hits.len()
    };
    assert_eq!(hits(MARKER), 1);
    check(&store.forget_with(connection_id(), &fate).unwrap());
    assert_eq!(hits(MARKER), 0);
    assert_eq!(store.connection(connection_id()).unwrap(), None);
    assert_eq!(store.connections().unwrap().len(), 1);
    assert_eq!(store.kept("grid/other").unwrap(), Some(json!(1)));
    assert_eq!(store.kept("state/session").unwrap(), Some(json!(["other"])));
    assert_eq!(store.kept("state/query/1").unwrap(), None);
    assert!(store.cached(None).unwrap().is_empty());
    assert!(store.plans(None, 9).unwrap().is_empty() && store.runs(None, 0, 9).unwrap().is_empty());
    store
        .read(|db| {
            let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0));
            assert_eq!(one("PRAGMA freelist_count")?, 0);
            assert_eq!(one("SELECT count(*) FROM sqlite_master WHERE name GLOB '[crsi]_[0-9]*'")?, 0);
            for table in [
                "plan_rows",
                "plan_issues",
                "plan_dictionaries",
                "plan_turns",
                "plan_steps",
                "run_rows",
                "run_as_sent",
                "sent",
                "sent_by",
                "sent_events",
                "entity_schemas",
                "pulls",
            ] {
                assert_eq!(one(&format!("SELECT count(*) FROM {table}"))?, 0, "{table}");
            }
            // Every page but those that map pages belongs to a table that is there.
            let (pages, used) = (one("PRAGMA page_count")?, one("SELECT count(*) FROM dbstat")?);
            assert!(pages - used <= 1 + pages / 800, "{pages} pages, {used} used");
            Ok(())
        })
        .unwrap();
    assert!(store.size() < before + 200_000, "{} then {}", before, store.size());
    assert_eq!(store.forget(connection_id()).unwrap().connections, 0);
}

/// The same on a store without encryption, where the bytes can be looked at.
#[test]
fn no_byte_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_plain(folder.path()).unwrap();
    let found = || {
        std::fs::read_dir(folder.path())
            .unwrap()
            .filter_map(|entry| std::fs::read(entry.unwrap().path()).ok())
            .map(|bytes| {
                let marker = MARKER.to_lowercase();
                bytes
                    .windows(marker.len())
                    .filter(|window| window.eq_ignore_ascii_case(marker.as_bytes()))
                    .count()
            })
            .sum::<usize>()
    };
    fill(&store, connection_id(), Uuid::from_u128(8));
    assert!(found() > 5);
    check(&store.forget_with(connection_id(), &fate).unwrap());
    // The definition names the connection and stays.
    assert_eq!(found(), 1);
    store.delete_definition("kept").unwrap();
    store.compact().unwrap();
    assert_eq!(found(), 0);
    assert!(folder.path().join(STORE_FILE).exists());
}
