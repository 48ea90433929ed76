//! Groups over many records: made from an index that holds all they need, they are those of the records.

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use syncline_fetchxml::Fetch;

use crate::cache::sql::SqlCancel;
use crate::testing::{connection_id, now, open, pull, record};
use crate::{Asker, AskerFacts, FetchAsk, PullKind, Store};

/// More than are grouped without an index.
const RECORDS: u64 = 20_500;

fn name(n: u64) -> &'static str {
    ["Zoë", "ZOE", "Ann"][(n % 3) as usize]
}

fn filled() -> (tempfile::TempDir, Store) {
    let (folder, store) = open();
    let all: Vec<_> = (0..RECORDS)
        .map(|n| {
            let (gender, label) = if n % 3 == 0 { (1, "Male") } else { (2, "Female") };
            let mut body = json!({ "fullname": name(n), "numberofchildren": n % 4 });
            if n % 5 > 0 {
                body["gendercode"] = json!(gender);
                body["gendercode@OData.Community.Display.V1.FormattedValue"] = json!(label);
            }
            record(&format!("{n:06}"), body)
        })
        .collect();
    pull(&store, PullKind::Full, &all);
    (folder, store)
}

fn grouped(store: &Store, inside: &str) -> Vec<Value> {
    let fetch =
        Fetch::parse(&format!("<fetch aggregate='true'><entity name='contact'>{inside}</entity></fetch>"))
            .unwrap();
    let asker = Asker { now: now().to_zoned(TimeZone::UTC), facts: AskerFacts::default() };
    let ask = FetchAsk { fetch: &fetch, asker: &asker, page: None, count: true };
    let found = store.fetch(connection_id(), &ask, &SqlCancel::new()).unwrap();
    assert_eq!(found.total, Some(found.rows.len() as u64));
    found.rows.iter().map(|row| serde_json::from_str(row.get()).unwrap()).collect()
}

fn indexes(store: &Store) -> usize {
    let count = "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name GLOB 'g_*'";
    store.read(|db| Ok(db.query_row(count, [], |row| row.get::<_, i64>(0))?)).unwrap() as usize
}

#[test]
fn groups_come_from_an_index_that_holds_all_of_them() {
    let (_folder, store) = filled();
    let count = "<attribute name='contactid' alias='n' aggregate='count'/>";
    let by_gender = grouped(
        &store,
        &format!("{count}<attribute name='gendercode' alias='g' groupby='true'/><order alias='g'/>"),
    );
    let of = |wanted: Option<u64>| {
        (0..RECORDS).filter(|n| (n % 5 > 0).then_some(1 + u64::from(n % 3 > 0)) == wanted).count()
    };
    let label = "g@OData.Community.Display.V1.FormattedValue";
    assert_eq!(
        by_gender,
        [
            json!({ "n": of(None) }),
            json!({ "n": of(Some(1)), "g": 1, label: "Male" }),
            json!({ "n": of(Some(2)), "g": 2, label: "Female" })
        ]
    );
    assert_eq!(indexes(&store), 1);
    let inside = "<attribute name='fullname' alias='f' groupby='true'/><attribute name='numberofchildren' alias='s' aggregate='sum'/><order alias='f'/>";
    let by_name = grouped(&store, inside);
    let mut sums = BTreeMap::new();
    for n in 0..RECORDS {
        *sums.entry(if n % 3 == 2 { "Ann" } else { "ZOE" }).or_insert(0) += n % 4;
    }
    assert_eq!(by_name, [json!({ "f": "Ann", "s": sums["Ann"] }), json!({ "f": "ZOE", "s": sums["ZOE"] })]);
    assert_eq!(indexes(&store), 2);
}

#[test]
fn what_is_not_worth_an_index_gets_none() {
    let (_folder, store) = filled();
    for inside in [
        "<attribute name='contactid' alias='n' aggregate='count'/>",
        "<attribute name='createdon' alias='m' groupby='true' dategrouping='month'/>",
        "<attribute name='description' alias='d' groupby='true'/>",
        "<attribute name='fullname' alias='a' groupby='true'/><attribute name='gendercode' alias='b' groupby='true'/>
         <attribute name='birthdate' alias='c' groupby='true'/><attribute name='numberofchildren' alias='d' groupby='true'/>",
    ] {
        grouped(&store, inside);
        assert_eq!(indexes(&store), 0, "{inside}");
    }
}
