//! Material for the tests of this crate: an entity with every type of column, records, a store in a temporary folder.

use jiff::Timestamp;
use serde_json::{Value, json, value::RawValue};
use syncline_model::{EntityName, EntitySchema, Record, RecordId};
use uuid::Uuid;

use crate::{PageCounts, Pull, PullEnd, PullKind, PullStart, Store, StoreKey};

pub(crate) fn key() -> StoreKey {
    StoreKey::from_hex(&"5a".repeat(32)).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2026-03-04T12:00:00Z")
}

pub(crate) fn contact() -> EntityName {
    EntityName::new("contact")
}

pub(crate) fn connection_id() -> Uuid {
    Uuid::from_u128(7)
}

fn column(name: &str, column_type: &str) -> Value {
    json!({ "logical_name": name, "display_name": name, "type": column_type, "required": "none", "readable": true,
        "creatable": true, "updatable": true })
}

pub(crate) fn schema() -> EntitySchema {
    schema_of("contact")
}

pub(crate) fn schema_of(entity: &str) -> EntitySchema {
    let mut columns: Vec<Value> = [
        ("birthdate", "datetime"),
        ("contactid", "uniqueidentifier"),
        ("createdon", "datetime"),
        ("creditlimit", "money"),
        ("description", "memo"),
        ("donotbulkemail", "boolean"),
        ("emailaddress1", "string"),
        ("fullname", "string"),
        ("numberofchildren", "integer"),
        ("parentcustomerid", "customer"),
        ("telephone1", "string"),
    ]
    .into_iter()
    .map(|(name, kind)| column(name, kind))
    .collect();
    let mut gender = column("gendercode", "picklist");
    gender["options"] = json!([{ "value": 1, "label": "Male" }, { "value": 2, "label": "Female" }]);
    columns.push(gender);
    let mut interests = column("new_interests", "multiselectpicklist");
    interests["options"] = json!([{ "value": 10, "label": "Chess" }, { "value": 100, "label": "Sailing" }]);
    columns.push(interests);
    serde_json::from_value(json!({
        "logical_name": entity, "set_name": format!("{entity}s"), "display_name": "Contact",
        "display_collection_name": "Contacts", "primary_id": format!("{entity}id"), "primary_name": "fullname",
        "custom": false, "change_tracking": true, "columns": columns, "keys": [], "relationships": []
    }))
    .unwrap()
}

pub(crate) fn record(id: &str, body: Value) -> Record {
    Record {
        entity: contact(),
        id: RecordId::new(id),
        etag: Some(format!("W/\"{id}\"")),
        raw: RawValue::from_string(body.to_string()).unwrap(),
    }
}

/// A record of about 1.2 KB, as the Web API sends it; deterministic.
pub(crate) fn sample(n: u64) -> Record {
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let id = Uuid::from_u64_pair(mixed, mixed.rotate_left(29) ^ n).to_string();
    let first = ["Ann", "Bob", "Chloé", "Dmitri", "Zoë", "Łukasz", "Ngozi", "Yūki"][(mixed % 8) as usize];
    let last = format!("Person{:x}", mixed >> 40);
    let body = json!({
        "@odata.etag": format!("W/\"{n}\""),
        "contactid": id,
        "fullname": format!("{first} {last}"),
        "emailaddress1": format!("{}.{last}@example{}.com", first.to_lowercase(), mixed % 50),
        "telephone1": format!("+1 425 555 {:04}", mixed % 10_000),
        "gendercode": 1 + mixed % 2,
        "gendercode@OData.Community.Display.V1.FormattedValue": if mixed.is_multiple_of(2) { "Male" } else { "Female" },
        "donotbulkemail": mixed.is_multiple_of(3),
        "donotbulkemail@OData.Community.Display.V1.FormattedValue": if mixed.is_multiple_of(3) { "Do Not Allow" } else { "Allow" },
        "creditlimit": (mixed % 1_000_000) as f64 / 100.0,
        "creditlimit@OData.Community.Display.V1.FormattedValue": format!("€{}", mixed % 10_000),
        "numberofchildren": mixed % 5,
        "_parentcustomerid_value": Uuid::from_u64_pair(mixed % 500, 1).to_string(),
        "_parentcustomerid_value@OData.Community.Display.V1.FormattedValue": format!("Company {}", mixed % 500),
        "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname": "account",
        "createdon": format!("20{:02}-{:02}-{:02}T10:{:02}:00Z", 10 + mixed % 16, 1 + mixed % 12, 1 + mixed % 28, mixed % 60),
        "birthdate": format!("19{:02}-{:02}-{:02}", 40 + mixed % 60, 1 + mixed % 12, 1 + mixed % 28),
        "description": format!("Met at the fair of {:x}, wants a call about order {}.", mixed >> 32, mixed % 100_000),
    });
    record(&id, body)
}

pub(crate) fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), &key()).unwrap();
    (folder, store)
}

pub(crate) fn begin(store: &Store, kind: PullKind) -> Pull {
    let start = PullStart {
        connection: connection_id(),
        schema: &schema(),
        columns: &[],
        selection: r#"{"entity":"contact"}"#,
        kind,
    };
    store.begin_pull(&start, now()).unwrap()
}

/// A whole pull in pages of 500.
pub(crate) fn pull(store: &Store, kind: PullKind, records: &[Record]) -> (Pull, PageCounts) {
    let pull = begin(store, kind);
    let mut sum = PageCounts::default();
    for (n, page) in records.chunks(500).enumerate() {
        let counts = store.write_page(pull.id, page, Some(&n.to_string()), 1000, now()).unwrap();
        sum.read += counts.read;
        sum.new += counts.new;
        sum.changed += counts.changed;
        sum.unchanged += counts.unchanged;
    }
    let done = store.finish_pull(pull.id, PullEnd::Done, now()).unwrap();
    catch_up(store, connection_id());
    (done, sum)
}

/// Brings the search index of the contacts up to date.
pub(crate) fn catch_up(store: &Store, connection: Uuid) {
    while store.index_records(connection, &contact(), 150).unwrap().behind > 0 {}
    assert_eq!(store.not_indexed(Some(connection)).unwrap(), []);
}
