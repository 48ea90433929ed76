//! Filters of several conditions over many records, answered part by part: they find what SQL finds for the filter as a whole.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::json;
use std::sync::OnceLock;
use syncline_fetchxml::{Condition, Filter, FilterKind, Operator};
use syncline_model::Record;

use crate::cache::places::places;
use crate::testing::{connection_id, contact, now, open, pull, record};
use crate::{GridQuery, PullKind, Store};

/// More than are filtered without an index.
const RECORDS: u64 = 21_000;

fn person(n: u64) -> Record {
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let mut body = json!({ "fullname": format!("{}a{}", ["Zoë", "zoe", "Ann", "Łu"][(mixed % 4) as usize], mixed % 700),
        "numberofchildren": mixed % 5, "creditlimit": (mixed % 1000) as f64 / 10.0, "gendercode": 1 + mixed % 2 });
    if !mixed.is_multiple_of(3) {
        body["emailaddress1"] = json!(format!("{}@example{}.com", mixed % 3000, mixed % 7));
        body["description"] = json!(format!("Has {} things", mixed % 90));
    }
    record(&format!("{n:06}"), body)
}

fn filled() -> &'static (tempfile::TempDir, Store) {
    static FILLED: OnceLock<(tempfile::TempDir, Store)> = OnceLock::new();
    FILLED.get_or_init(|| {
        let (folder, store) = open();
        pull(&store, PullKind::Full, &(0..RECORDS).map(person).collect::<Vec<_>>());
        (folder, store)
    })
}

fn asked(filter: Filter, search: Option<&str>) -> GridQuery {
    let query = GridQuery::new(now().to_zoned(TimeZone::UTC), 50_000);
    GridQuery { filter: Some(filter), search: search.map(str::to_owned), ..query }
}

fn found(store: &Store, query: &GridQuery) -> Vec<String> {
    let page = store.page_records(connection_id(), &contact(), query).unwrap();
    assert_eq!(page.total, page.rows.len() as u64);
    page.rows.into_iter().map(|row| row.record.id.to_string()).collect()
}

/// What one statement for all of it finds.
fn by_sql(store: &Store, query: &GridQuery) -> Vec<String> {
    store
        .read(|db| {
            let dataset = store.dataset_of(db, connection_id(), &contact())?;
            let (condition, values) = store.selected(db, connection_id(), &dataset, query)?;
            let n = dataset.id;
            let mut all = places(db, &format!("SELECT c.rid FROM c_{n} c WHERE {condition}"), &values)?;
            all.sort_unstable();
            let mut id = db.prepare(&format!("SELECT record_id FROM c_{n} WHERE rid = ?1"))?;
            all.into_iter().map(|rid| Ok(id.query_row([rid], |row| row.get(0))?)).collect()
        })
        .unwrap()
}

fn conditions() -> impl Strategy<Value = Condition> {
    let texts = prop::sample::select(vec![
        ("like", "%a1%"),
        ("like", "z%7"),
        ("like", "%e_1%"),
        ("like", "%a%"),
        ("not-like", "%a2%"),
        ("not-like", "%zzz%"),
        ("ends-with", "9"),
        ("not-end-with", "M"),
        ("begins-with", "ZOE"),
        ("eq", "zoea17"),
        ("ne", "zoea17"),
        ("null", ""),
        ("not-null", ""),
    ]);
    let numbers =
        prop::sample::select(vec![("eq", "2"), ("gt", "1"), ("le", "90.5"), ("ne", "1"), ("null", "")]);
    let text = (prop::sample::select(vec!["fullname", "emailaddress1", "description"]), texts);
    let number = (prop::sample::select(vec!["numberofchildren", "creditlimit", "gendercode"]), numbers);
    let rare = (Just("contactid"), prop::sample::select(vec![("eq", "001234"), ("ne", "001234")]));
    prop_oneof![5 => text, 4 => number, 1 => rare].prop_map(|(column, (operator, value))| {
        let values = if value.is_empty() { vec![] } else { vec![value] };
        Condition::new(column, Operator::parse(operator).unwrap(), values)
    })
}

fn filters() -> impl Strategy<Value = Filter> {
    let kinds = || prop::sample::select(vec![FilterKind::And, FilterKind::Or]);
    let leaf = (kinds(), prop::collection::vec(conditions(), 0..4)).prop_map(|(kind, conditions)| Filter {
        kind,
        conditions,
        ..Filter::default()
    });
    leaf.prop_recursive(3, 12, 3, move |inner| {
        (kinds(), prop::collection::vec(conditions(), 0..3), prop::collection::vec(inner, 0..3))
            .prop_map(|(kind, conditions, filters)| Filter { kind, conditions, filters, ..Filter::default() })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn any_filter_finds_what_sql_finds(
        filter in filters(),
        search in prop::sample::select(vec![None, None, Some("zoe"), Some("has 1"), Some("--")]),
    ) {
        let store = &filled().1;
        let query = asked(filter, search);
        let expected = by_sql(store, &query);
        prop_assert_eq!(found(store, &query), expected.clone());
        prop_assert_eq!(found(store, &query), expected, "once more, from what is kept");
    }
}

#[test]
fn what_is_kept_of_a_part_does_not_outlive_a_change() {
    let (_folder, store) = open();
    pull(&store, PullKind::Full, &(0..RECORDS).map(person).collect::<Vec<_>>());
    let xml = "<filter><condition attribute='gendercode' operator='eq' value='1'/>
        <condition attribute='fullname' operator='like' value='%a17%'/></filter>";
    let query = asked(Filter::parse(xml).unwrap(), None);
    let before = found(&store, &query);
    assert!(before.len() > 50);
    let new = record("new", json!({ "fullname": "ÁA17", "gendercode": 1 }));
    let other = record(&before[0], json!({ "fullname": "ÁA17", "gendercode": 2 }));
    store.refresh_records(connection_id(), &contact(), &[new, other], now()).unwrap();
    store.delete_records(connection_id(), &contact(), &[record(&before[1], json!({})).id], None).unwrap();
    let mut after = found(&store, &query);
    after.sort();
    let mut expected = before[2..].to_vec();
    expected.push("new".to_owned());
    assert_eq!(after, expected);
}

#[test]
fn a_part_gets_its_index_and_its_set_is_kept() {
    let (_folder, store) = open();
    pull(&store, PullKind::Full, &(0..RECORDS).map(person).collect::<Vec<_>>());
    let indexes = || -> i64 {
        let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name GLOB 'o_*'";
        store.read(|db| Ok(db.query_row(sql, [], |row| row.get(0))?)).unwrap()
    };
    let both = |text: &str| {
        let xml = format!(
            "<filter><condition attribute='gendercode' operator='eq' value='1'/>
            <condition attribute='fullname' operator='like' value='%{text}%'/></filter>"
        );
        found(&store, &asked(Filter::parse(&xml).unwrap(), None)).len()
    };
    let found_first = both("a1");
    assert_eq!((indexes(), store.inner.sets.count()), (2, 2), "one for each column");
    assert!(found_first > both("a17"));
    assert_eq!(
        (indexes(), store.inner.sets.count()),
        (2, 3),
        "what finds the gender is kept, and serves again"
    );
    let rare = "<filter><condition attribute='emailaddress1' operator='eq' value='17@example3.com'/>
        <condition attribute='numberofchildren' operator='gt' value='0'/></filter>";
    found(&store, &asked(Filter::parse(rare).unwrap(), None));
    assert_eq!(indexes(), 3, "what finds few needs no other");
    let named = format!(
        "<filter><condition attribute='creditlimit' operator='gt' value='0'/>
        <condition attribute='contactid' operator='eq' value='{}'/></filter>",
        person(17).id
    );
    found(&store, &asked(Filter::parse(&named).unwrap(), None));
    assert_eq!(indexes(), 3, "and a record that is named by its id is found at once");
    let many = "<filter type='or'><condition attribute='telephone1' operator='like' value='%1%'/>
        <condition attribute='numberofchildren' operator='eq' value='1'/><condition attribute='creditlimit' operator='eq' value='1'/>
        <condition attribute='birthdate' operator='null'/><condition attribute='createdon' operator='null'/></filter>";
    found(&store, &asked(Filter::parse(many).unwrap(), None));
    assert_eq!(indexes(), 7, "a filter has no more than four made");
}
