//! Windows anywhere in many records: lists of places and indexes of orders give what a plain query gives.

use jiff::tz::TimeZone;
use serde_json::json;
use syncline_fetchxml::Filter;
use syncline_model::{ColumnName, Record};

use crate::testing::{connection_id, contact, now, open, pull, record};
use crate::{GridQuery, PullKind, Store};

/// More than are sorted without an index.
const RECORDS: u64 = 21_000;

fn person(n: u64) -> Record {
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    record(
        &format!("{n:06}"),
        json!({ "fullname": format!("{}a{}", ["Zoë", "zoe", "Ann", "Łu"][(mixed % 4) as usize], mixed % 700),
            "numberofchildren": mixed % 5, "creditlimit": (mixed % 1000) as f64 / 10.0 }),
    )
}

fn query(order: &[(&str, bool)], offset: u64, limit: u32) -> GridQuery {
    let order = order.iter().map(|(name, descending)| (ColumnName::new(*name), *descending)).collect();
    GridQuery { order, offset, ..GridQuery::new(now().to_zoned(TimeZone::UTC), limit) }
}

fn ids(store: &Store, query: &GridQuery) -> (Vec<String>, u64) {
    let page = store.page_records(connection_id(), &contact(), query).unwrap();
    (page.rows.into_iter().map(|row| row.record.id.to_string()).collect(), page.total)
}

#[test]
fn any_window_of_any_order_is_the_same_part_of_the_whole() {
    let (_folder, store) = open();
    pull(&store, PullKind::Full, &(0..RECORDS).map(person).collect::<Vec<_>>());
    let filter = Filter::parse("<condition attribute='numberofchildren' operator='gt' value='2'/>").unwrap();
    for order in [
        &[][..],
        &[("fullname", false)],
        &[("fullname", true)],
        &[("numberofchildren", true), ("creditlimit", false)],
    ] {
        for (filter, search) in
            [(None, None), (Some(&filter), None), (None, Some("zoe")), (Some(&filter), Some("zoe"))]
        {
            let asked = |offset, limit| GridQuery {
                filter: filter.cloned(),
                search: search.map(str::to_owned),
                ..query(order, offset, limit)
            };
            let (whole, total) = ids(&store, &asked(0, 50_000));
            assert_eq!(whole.len() as u64, total, "{order:?} {search:?}");
            let kept = (0..RECORDS).map(person).filter(|record| {
                let fields = record.fields().unwrap();
                let children = fields.value("numberofchildren").unwrap().display_text();
                let name = fields.value("fullname").unwrap().display_text();
                (filter.is_none() || children.as_str() > "2")
                    && (search.is_none() || crate::fold::fold(&name).starts_with("zoe"))
            });
            assert_eq!(kept.count() as u64, total);
            for offset in [0, 1, 4_999, 5_000, total / 2, total.saturating_sub(3), total, total + 10] {
                let (window, same) = ids(&store, &asked(offset, 7));
                let from = (offset as usize).min(whole.len());
                let until = (from + 7).min(whole.len());
                assert_eq!(
                    (window.as_slice(), same),
                    (&whole[from..until], total),
                    "{order:?} {search:?} {offset}"
                );
            }
        }
    }
    // The names are in order, and the other way round they stand the other way round.
    let names = |descending| ids(&store, &query(&[("fullname", descending)], 0, 50_000)).0;
    let mut reversed = names(true);
    reversed.reverse();
    assert_eq!(names(false), reversed);
}

#[test]
fn a_list_does_not_outlive_a_change() {
    let (_folder, store) = open();
    pull(&store, PullKind::Full, &(0..RECORDS).map(person).collect::<Vec<_>>());
    let far = |offset| query(&[("fullname", true)], offset, 1);
    let last = ids(&store, &far(RECORDS - 1));
    let deep = ids(&store, &query(&[], 15_000, 1)).0;
    store
        .delete_records(connection_id(), &contact(), &[record(&last.0[0], json!({})).id, person(3).id], None)
        .unwrap();
    let (now_last, total) = ids(&store, &far(RECORDS - 3));
    assert_eq!(total, RECORDS - 2);
    assert_ne!(now_last, last.0);
    assert!(ids(&store, &far(RECORDS - 2)).0.is_empty());
    assert_ne!(ids(&store, &query(&[], 15_000, 1)).0, deep, "places have a gap now");
    let new = record("new", json!({ "fullname": "漢 zzz" }));
    store.refresh_records(connection_id(), &contact(), &[new], now()).unwrap();
    assert_eq!(ids(&store, &far(0)).0, ["new"]);
    let searched = GridQuery { search: Some("zzz".to_owned()), ..query(&[], 0, 5) };
    assert_eq!(ids(&store, &searched), (vec!["new".to_owned()], 1));
}

#[test]
fn a_filter_finds_the_same_by_an_index() {
    let (_folder, store) = open();
    pull(&store, PullKind::Full, &(0..RECORDS).map(person).collect::<Vec<_>>());
    let (_small, few) = open();
    // Too few for an index, so that both ways are compared.
    let part: Vec<Record> = (0..5_000).map(person).collect();
    pull(&few, PullKind::Full, &part);
    let indexes = |store: &Store| -> i64 {
        let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name GLOB 'o_*'";
        store.read(|db| Ok(db.query_row(sql, [], |row| row.get(0))?)).unwrap()
    };
    for condition in [
        "attribute='fullname' operator='eq' value='ZOE A17'/>",
        "attribute='fullname' operator='eq' value='zoea17'/>",
        "attribute='fullname' operator='begins-with' value='Zoea1'/>",
        "attribute='fullname' operator='begins-with' value=''/>",
        "attribute='fullname' operator='not-begin-with' value='Łu'/>",
        "attribute='fullname' operator='like' value='%a17_'/>",
        "attribute='fullname' operator='like' value='%A17%'/>",
        "attribute='fullname' operator='like' value='%a1%7'/>",
        "attribute='fullname' operator='like' value='zö%1%5%'/>",
        "attribute='fullname' operator='like' value='%zzz%'/>",
        "attribute='fullname' operator='like' value='%'/>",
        "attribute='fullname' operator='ends-with' value='OEA17'/>",
        "attribute='emailaddress1' operator='like' value='%a%'/>",
        "attribute='numberofchildren' operator='like' value='%3%'/>",
        "attribute='fullname' operator='not-like' value='z%'/>",
        "attribute='fullname' operator='gt' value='zoea3'/>",
        "attribute='fullname' operator='ne' value='zoea17'/>",
        "attribute='numberofchildren' operator='eq' value='3'/>",
        "attribute='numberofchildren' operator='ne' value='3'/>",
        "attribute='numberofchildren' operator='begins-with' value='3'/>",
        "attribute='creditlimit' operator='between'><value>3.5</value><value>4.5</value></condition>",
        "attribute='creditlimit' operator='null'/>",
        "attribute='emailaddress1' operator='not-in'><value>a</value></condition>",
        "attribute='contactid' operator='eq' value='001234'/>",
    ] {
        let filter = Filter::parse(&format!("<condition {condition}")).unwrap();
        let asked = GridQuery { filter: Some(filter), ..query(&[], 0, 50_000) };
        let (mut all, total) = ids(&store, &asked);
        assert_eq!(all.len() as u64, total);
        all.retain(|id| id.as_str() < "005000");
        assert_eq!(all, ids(&few, &asked).0, "{condition}");
    }
    assert_eq!(
        (indexes(&store), indexes(&few)),
        (4, 0),
        "one for each column that is filtered by, but for the id"
    );
}

#[test]
fn a_text_somewhere_in_a_column_is_found_as_the_records_are_now() {
    let (_folder, store) = open();
    pull(&store, PullKind::Full, &(0..RECORDS).map(person).collect::<Vec<_>>());
    let asked = |value: &str| {
        let filter = format!("<condition attribute='fullname' operator='like' value='{value}'/>");
        let filter = Some(Filter::parse(&filter).unwrap());
        ids(&store, &GridQuery { filter, ..query(&[], 0, 50_000) })
    };
    let (all, total) = asked("%a17%");
    assert!(total > 100);
    assert_eq!(asked("%a17%").1, total);
    store.delete_records(connection_id(), &contact(), &[record(&all[3], json!({})).id], None).unwrap();
    let mut left = all.clone();
    left.remove(3);
    assert_eq!(asked("%a17%").0, left);
    let changed = record(&all[0], json!({ "fullname": "nobody" }));
    let new = record("new", json!({ "fullname": "ÁA17" }));
    store.refresh_records(connection_id(), &contact(), &[changed, new], now()).unwrap();
    let mut now_found = asked("%a17%").0;
    assert!(now_found.contains(&"new".to_owned()));
    now_found.retain(|id| id != "new");
    assert_eq!(now_found, left[1..]);
    assert_eq!(asked("%obod%").0, [all[0].as_str()]);
}

#[test]
fn a_filter_is_answered_by_its_index() {
    let (_folder, store) = open();
    pull(&store, PullKind::Full, &(0..RECORDS).map(person).collect::<Vec<_>>());
    for (condition, plan) in [
        ("attribute='fullname' operator='eq' value='zoea17'/>", "SEARCH c USING COVERING INDEX o_"),
        ("attribute='fullname' operator='begins-with' value='zoea1'/>", "SEARCH c USING COVERING INDEX o_"),
        ("attribute='fullname' operator='like' value='%a17'/>", "SCAN c USING COVERING INDEX o_"),
        ("attribute='creditlimit' operator='ge' value='99'/>", "SEARCH c USING COVERING INDEX o_"),
        ("attribute='contactid' operator='eq' value='001234'/>", "SEARCH c USING COVERING INDEX i_"),
        (
            "attribute='contactid' operator='in'><value>001234</value><value>001235</value></condition>",
            "SEARCH c USING COVERING INDEX i_",
        ),
    ] {
        let filter = Filter::parse(&format!("<condition {condition}")).unwrap();
        let asked = GridQuery { filter: Some(filter), ..query(&[], 0, 10) };
        ids(&store, &asked);
        let told: String = store
            .read(|db| {
                let dataset = store.dataset_of(db, connection_id(), &contact())?;
                let (condition, values) = store.selected(db, connection_id(), &dataset, &asked)?;
                let sql =
                    format!("EXPLAIN QUERY PLAN SELECT c.rid FROM c_{} c WHERE {condition}", dataset.id);
                Ok(db.query_row(&sql, rusqlite::params_from_iter(values), |row| row.get(3))?)
            })
            .unwrap();
        assert!(told.starts_with(plan), "{condition}: {told}");
    }
}
