//! Connections, metadata, definitions, kept values.

use serde_json::json;
use syncline_model::ConnectionName;
use uuid::Uuid;

use super::forgetting::connection;
use crate::testing::{at, connection_id, contact, now, open, schema};
use crate::{RecentItem, StoreError};

#[test]
fn connections_by_name_and_id() {
    let (_folder, store) = open();
    let (a, b) = (connection(Uuid::from_u128(1), "Contoso É"), connection(Uuid::from_u128(2), "alpha"));
    store.save_connection(&a, now()).unwrap();
    store.save_connection(&b, now()).unwrap();
    let names: Vec<_> = store.connections().unwrap().into_iter().map(|c| c.name.to_string()).collect();
    assert_eq!(names, ["alpha", "Contoso É"]);
    assert_eq!(store.connection_by_name("CONTOSO é").unwrap().unwrap(), a);
    let taken = connection(Uuid::from_u128(3), "ALPHA");
    assert!(matches!(store.save_connection(&taken, now()), Err(StoreError::AlreadyExists { .. })));
    let name = ConnectionName::new("Alpha").unwrap();
    assert!(store.rename_connection(a.id, &name, now()).is_err());
    // Its own name in another case is free.
    assert_eq!(store.rename_connection(b.id, &name, now()).unwrap().name, name);
    assert_eq!(store.connection(b.id).unwrap().unwrap().name, name);
    assert!(store.rename_connection(Uuid::nil(), &name, now()).is_err());
}

#[test]
fn metadata_with_its_age() {
    let (_folder, store) = open();
    let (id, later) = (connection_id(), at("2026-03-05T00:00:00Z"));
    assert_eq!(store.schema(id, &contact()).unwrap(), None);
    store.save_schema(id, &schema(), now()).unwrap();
    store.save_schema(id, &schema(), later).unwrap();
    assert_eq!(store.schema(id, &contact()).unwrap(), Some((schema(), later)));
    assert_eq!(store.entities(id).unwrap(), None);
    store.save_entities(id, &[schema().summary], now()).unwrap();
    assert_eq!(store.entities(id).unwrap(), Some((vec![schema().summary], now())));
}

#[test]
fn definitions_have_one_name_each() {
    let (_folder, store) = open();
    let saved = store.save_definition(None, "Contacts", "{}", "h1", now()).unwrap();
    assert_eq!(store.definition("contacts").unwrap(), Some(saved));
    assert!(store.save_definition(None, "CONTACTS", "{}", "h", now()).is_err());
    store.save_definition(Some("contacts"), "CONTACTS", "{\"a\":1}", "h2", now()).unwrap();
    assert_eq!(store.definitions().unwrap().len(), 1);
    store.save_definition(None, "Other", "{}", "h3", now()).unwrap();
    assert!(store.save_definition(Some("Other"), "contacts", "{}", "h", now()).is_err());
    store.save_definition(Some("Other"), "Another", "{}", "h3", now()).unwrap();
    let names: Vec<_> = store.definitions().unwrap().into_iter().map(|found| found.name).collect();
    assert_eq!(names, ["Another", "CONTACTS"]);
    assert!(store.delete_definition("another").unwrap() && !store.delete_definition("another").unwrap());
}

#[test]
fn small_things_are_kept() {
    let (_folder, store) = open();
    store.keep("grid/contoso/contact", Some(connection_id()), &json!({ "w": [1, 2] }), now()).unwrap();
    store.keep("grid/contoso/account", None, &json!(null), now()).unwrap();
    store.keep("session", None, &json!("a"), now()).unwrap();
    store.keep("session", None, &json!("b"), now()).unwrap();
    assert_eq!(store.kept("session").unwrap(), Some(json!("b")));
    assert_eq!(store.kept_under("grid/").unwrap().len(), 2);
    assert!(store.drop_kept("session").unwrap() && store.kept("session").unwrap().is_none());
    for n in 0..120 {
        let item = RecentItem {
            kind: "record".to_owned(),
            key: format!("{}", n % 110),
            connection: None,
            title: "t".to_owned(),
            at: at("2026-01-01T00:00:00Z") + jiff::SignedDuration::from_secs(n),
        };
        store.touch_recent(&item).unwrap();
    }
    let recent = store.recent(Some("record"), 1000).unwrap();
    assert_eq!((recent.len(), recent[0].key.as_str()), (100, "9"));
    assert!(store.recent(Some("search"), 10).unwrap().is_empty());
    assert_eq!(store.recent(None, 3).unwrap().len(), 3);
}
