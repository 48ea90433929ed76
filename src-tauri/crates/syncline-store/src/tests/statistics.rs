//! Counts of columns over pulled records, and named parts of metadata.

use serde_json::{Value, json};
use syncline_model::{ColumnName, ColumnStatistics};

use crate::testing::{connection_id, contact, now, open, pull, record, sample};
use crate::{PullKind, Store};

fn count(store: &Store, column: &str, most: u64) -> ColumnStatistics {
    store.statistics_over(connection_id(), &contact(), &ColumnName::new(column), most).unwrap().unwrap()
}

fn some() -> (tempfile::TempDir, Store) {
    let (folder, store) = open();
    let gender = |n: u64| if n.is_multiple_of(4) { Value::Null } else { json!(1 + n % 2) };
    let label = "gendercode@OData.Community.Display.V1.FormattedValue";
    let records: Vec<_> = (0..120u64)
        .map(|n| {
            let id = format!("00000000-0000-4000-8000-{n:012}");
            let name = if n % 3 == 0 { "" } else { "Ann" };
            record(
                &id,
                json!({ "contactid": id, "gendercode": gender(n), label: if n % 2 == 0 { "Male" } else { "Female" },
                    "fullname": name, "donotbulkemail": n < 30, "creditlimit": 1.5, "description": "long",
                    "createdon": format!("20{:02}-05-06T07:08:09Z", 20 + n / 60) }),
            )
        })
        .collect();
    pull(&store, PullKind::Full, &records);
    (folder, store)
}

#[test]
fn values_are_counted_with_their_labels() {
    let (_folder, store) = some();
    let gender = count(&store, "gendercode", 1000);
    assert_eq!(
        (gender.rows, gender.filled, gender.distinct, gender.sampled),
        (120, Some(90), Some(2), false)
    );
    let top: Vec<_> =
        gender.top.iter().map(|one| (one.value.as_str(), one.label.as_deref(), one.count)).collect();
    assert_eq!(top, [("2", Some("Female"), 60), ("1", Some("Male"), 30)]);
    assert_eq!(count(&store, "fullname", 1000).filled, Some(80), "an empty text is no value");
    let yes = count(&store, "donotbulkemail", 1000);
    assert_eq!((yes.top[0].value.as_str(), yes.top[0].count), ("false", 90));
    let years = count(&store, "createdon", 1000);
    assert_eq!((years.distinct, years.top[0].value.as_str(), years.top[0].count), (Some(2), "2020", 60));
    let long = count(&store, "description", 1000);
    assert_eq!((long.filled, long.distinct, long.top.len()), (Some(120), None, 0));
    let key = count(&store, "contactid", 1000);
    assert_eq!((key.distinct, key.top.len()), (Some(120), 0), "of ids none is frequent");
    let nothing = count(&store, "telephone1", 1000);
    assert_eq!((nothing.filled, nothing.distinct, nothing.top.len()), (Some(0), Some(0), 0));
    let unknown = store.column_statistics(connection_id(), &contact(), &ColumnName::new("nothing")).unwrap();
    assert_eq!(unknown, None);
}

#[test]
fn many_records_are_told_apart_over_a_part_of_them() {
    let (_folder, store) = some();
    let gender = count(&store, "gendercode", 50);
    assert!(gender.sampled);
    assert_eq!((gender.rows, gender.filled), (120, Some(90)), "how many have a value stays exact");
    let seen: u64 = gender.top.iter().map(|one| one.count).sum();
    assert!(seen > 20 && seen <= 40, "{gender:?}");
}

#[test]
fn parts_of_metadata_are_replaced_and_go_with_their_connection() {
    let (_folder, store) = open();
    pull(&store, PullKind::Full, &[sample(1)]);
    let id = connection_id();
    assert_eq!(store.metadata_part::<Vec<u8>>(id, "solutions").unwrap(), None);
    store.save_metadata_part(id, "solutions", &[1u8], now()).unwrap();
    store.save_metadata_part(id, "solutions", &[2u8, 3], now()).unwrap();
    store.save_metadata_part(uuid::Uuid::from_u128(8), "solutions", &[9u8], now()).unwrap();
    assert_eq!(store.metadata_part::<Vec<u8>>(id, "solutions").unwrap(), Some((vec![2, 3], now())));
    assert_eq!(store.metadata_part::<String>(id, "solutions").unwrap(), None, "another shape counts as none");
    store.forget(id).unwrap();
    assert_eq!(store.metadata_part::<Vec<u8>>(id, "solutions").unwrap(), None);
    assert!(store.metadata_part::<Vec<u8>>(uuid::Uuid::from_u128(8), "solutions").unwrap().is_some());
}
