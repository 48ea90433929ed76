//! FetchXML filters over cached records.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::json;
use std::sync::OnceLock;
use syncline_fetchxml::Filter;

use crate::testing::{at, connection_id, contact, open, pull, record};
use crate::{GridQuery, PullKind, Store, StoreError};

fn filled() -> (tempfile::TempDir, Store) {
    let (folder, store) = open();
    let rows = [
        (
            "a",
            json!({ "fullname": "Zoë [VIP] 100%", "createdon": "2026-03-04T08:00:00Z", "birthdate": "2026-03-04",
            "creditlimit": 20000.0000, "numberofchildren": 2, "gendercode": 1, "donotbulkemail": true,
            "new_interests": "10,100", "_parentcustomerid_value": "AAAAAAAA-0000-0000-0000-000000000001" }),
        ),
        (
            "b",
            json!({ "fullname": "bob_smith", "createdon": "2026-03-03T23:30:00Z", "birthdate": "2026-03-03",
            "creditlimit": 10.5, "numberofchildren": 10, "gendercode": 2, "donotbulkemail": false, "new_interests": "10" }),
        ),
        (
            "c",
            json!({ "fullname": "BOB", "createdon": "2026-02-01T00:00:00Z", "birthdate": "2025-02-01",
            "creditlimit": -1, "emailaddress1": "BOB" }),
        ),
        ("d", json!({ "fullname": "", "createdon": null, "gendercode": null })),
    ];
    pull(&store, PullKind::Full, &rows.map(|(id, body)| record(id, body)));
    (folder, store)
}

fn query(zone: TimeZone, xml: &str) -> GridQuery {
    let filter = Filter::parse(xml).unwrap();
    GridQuery { filter: Some(filter), ..GridQuery::new(at("2026-03-04T12:00:00Z").to_zoned(zone), 10) }
}

fn ids_in(store: &Store, zone: TimeZone, xml: &str) -> Result<String, StoreError> {
    let page = store.page_records(connection_id(), &contact(), &query(zone, xml))?;
    assert_eq!(page.total as usize, page.rows.len());
    Ok(page.rows.iter().map(|row| row.record.id.as_str()).collect())
}

fn ids(store: &Store, xml: &str) -> String {
    ids_in(store, TimeZone::UTC, xml).unwrap_or_else(|error| panic!("{xml}: {error}"))
}

fn condition(attribute: &str, operator: &str, value: &str) -> String {
    format!("<condition attribute='{attribute}' operator='{operator}' value='{value}'/>")
}

#[test]
fn comparisons() {
    let (_folder, store) = filled();
    for (attribute, operator, value, expected) in [
        ("fullname", "eq", "bob", "c"),
        ("fullname", "ne", "bob", "abd"),
        ("fullname", "eq", "zoe [vip] 100%", "a"),
        ("fullname", "like", "bob%", "bc"),
        ("fullname", "like", "b_b", "c"),
        ("fullname", "like", "%[%]", "a"),
        ("fullname", "like", "[a-c]ob%", "bc"),
        ("fullname", "like", "[^a-c]%", "a"),
        ("fullname", "not-like", "bob%", "ad"),
        ("fullname", "like", "%[[]VIP]%", "a"),
        ("fullname", "begins-with", "BOB_", "b"),
        ("fullname", "ends-with", "100%", "a"),
        ("fullname", "not-begin-with", "zo", "bcd"),
        ("fullname", "not-end-with", "b", "abd"),
        ("fullname", "gt", "bob", "ab"),
        ("creditlimit", "eq", "20000", "a"),
        ("creditlimit", "ge", "10.50", "ab"),
        ("creditlimit", "lt", "0", "c"),
        ("numberofchildren", "gt", "9", "b"),
        ("numberofchildren", "le", "2.5", "a"),
        ("numberofchildren", "ne", "2", "bcd"),
        ("gendercode", "eq", "2", "b"),
        ("donotbulkemail", "eq", "1", "a"),
        ("donotbulkemail", "eq", "false", "b"),
        ("parentcustomerid", "eq", "{aaaaaaaa-0000-0000-0000-000000000001}", "a"),
        ("createdon", "ge", "2026-03-04T01:00:00+02:00", "ab"),
        ("createdon", "lt", "2026-03-01", "c"),
        ("createdon", "on", "2026-03-03", "b"),
        ("createdon", "on-or-before", "2026-03-03T05:00:00Z", "bc"),
        ("createdon", "on-or-after", "2026-03-03", "ab"),
        ("birthdate", "on", "2026-03-03", "b"),
        ("birthdate", "on-or-before", "2026-03-03", "bc"),
        ("birthdate", "on-or-after", "2026-03-04", "a"),
        ("createdon", "last-x-days", "1", "ab"),
        ("createdon", "last-x-hours", "4", "a"),
        ("createdon", "olderthan-x-months", "1", "c"),
        ("createdon", "last-x-months", "2", "abc"),
    ] {
        assert_eq!(
            ids(&store, &condition(attribute, operator, value)),
            expected,
            "{attribute} {operator} {value}"
        );
    }
    for (attribute, operator, expected) in [
        ("fullname", "null", "d"),
        ("gendercode", "not-null", "ab"),
        ("createdon", "today", "a"),
        ("birthdate", "today", "a"),
        ("createdon", "yesterday", "b"),
        ("createdon", "this-week", "ab"),
        ("birthdate", "this-week", "ab"),
        ("createdon", "last-month", "c"),
        ("birthdate", "last-seven-days", "ab"),
        ("birthdate", "last-year", "c"),
        ("createdon", "tomorrow", ""),
    ] {
        let xml = format!("<condition attribute='{attribute}' operator='{operator}'/>");
        assert_eq!(ids(&store, &xml), expected, "{xml}");
    }
}

#[test]
fn lists_ranges_columns_and_nesting() {
    let (_folder, store) = filled();
    let many = |attribute: &str, operator: &str, values: &[&str]| {
        let values: String = values.iter().map(|value| format!("<value>{value}</value>")).collect();
        ids(&store, &format!("<condition attribute='{attribute}' operator='{operator}'>{values}</condition>"))
    };
    assert_eq!(many("fullname", "in", &["BOB", "x"]), "c");
    assert_eq!(many("fullname", "not-in", &["bob"]), "abd");
    assert_eq!(many("gendercode", "in", &["1", "2"]), "ab");
    assert_eq!(many("creditlimit", "between", &["-1", "10.5"]), "bc");
    assert_eq!(many("creditlimit", "not-between", &["-1", "10.5"]), "ad");
    assert_eq!(many("new_interests", "contain-values", &["100", "7"]), "a");
    assert_eq!(many("new_interests", "contain-values", &["10"]), "ab");
    assert_eq!(many("new_interests", "not-contain-values", &["100"]), "bcd");
    assert_eq!(ids(&store, "<condition attribute='fullname' operator='eq' valueof='emailaddress1'/>"), "c");
    let nested = "<filter type='or'><condition attribute='fullname' operator='null'/><filter>
        <condition attribute='gendercode' operator='eq' value='2'/>
        <condition attribute='creditlimit' operator='gt' value='10'/></filter></filter>";
    assert_eq!(ids(&store, nested), "bd");
    assert_eq!(ids(&store, "<filter/>"), "abcd");
}

#[test]
fn days_are_those_of_the_person() {
    let (_folder, store) = filled();
    let today = "<condition attribute='createdon' operator='today'/>";
    // In Berlin the evening of the third in UTC is the fourth already.
    assert_eq!(ids_in(&store, TimeZone::get("Europe/Berlin").unwrap(), today).unwrap(), "ab");
    assert_eq!(ids_in(&store, TimeZone::get("America/New_York").unwrap(), today).unwrap(), "a");
    // A date without a time is the same day everywhere.
    let birthday = "<condition attribute='birthdate' operator='today'/>";
    assert_eq!(ids_in(&store, TimeZone::get("Europe/Berlin").unwrap(), birthday).unwrap(), "a");
}

#[test]
fn what_can_not_be_answered_is_told() {
    let (_folder, store) = filled();
    for xml in [
        "<condition attribute='parentcustomerid' operator='under' value='x'/>",
        "<condition attribute='parentcustomerid' operator='eq-businessid'/>",
        "<condition attribute='parentcustomerid' operator='eq-userid'/>",
        "<condition entityname='x' attribute='fullname' operator='eq' value='1'/>",
        "<condition attribute='nope' operator='eq' value='1'/>",
        "<condition attribute='creditlimit' operator='eq' value='much'/>",
        "<condition attribute='createdon' operator='on' value='someday'/>",
        "<condition attribute='donotbulkemail' operator='eq' value='maybe'/>",
    ] {
        let error = ids_in(&store, TimeZone::UTC, xml).unwrap_err();
        assert!(matches!(error, StoreError::QueryInvalid { .. }), "{xml}: {error:?}");
    }
}

fn shared() -> &'static (tempfile::TempDir, Store) {
    static SHARED: OnceLock<(tempfile::TempDir, Store)> = OnceLock::new();
    SHARED.get_or_init(filled)
}

proptest! {
    /// Whatever is compared with whatever, there is an answer or a clear refusal, and a filter and its negation share no record.
    #[test]
    fn any_value_is_answered_or_refused(
        column in prop::sample::select(vec!["fullname", "createdon", "creditlimit", "gendercode", "donotbulkemail", "new_interests", "parentcustomerid"]),
        pair in prop::sample::select(vec![("eq", "ne"), ("like", "not-like"), ("begins-with", "not-begin-with"), ("ends-with", "not-end-with")]),
        value in "[a-zA-Zë%_\\[\\]^*?'0-9.\\- ]{0,12}",
    ) {
        let mut seen = Vec::new();
        for operator in [pair.0, pair.1] {
            let condition = syncline_fetchxml::Condition::new(column, syncline_fetchxml::Operator::parse(operator).unwrap(), [value.as_str()]);
            let filter = Filter { conditions: vec![condition], ..Filter::default() };
            let query = GridQuery { filter: Some(filter), ..GridQuery::new(at("2026-03-04T12:00:00Z").to_zoned(TimeZone::UTC), 10) };
            match shared().1.page_records(connection_id(), &contact(), &query) {
                Ok(page) => seen.extend(page.rows.into_iter().map(|row| row.record.id)),
                Err(error) => {
                    prop_assert!(matches!(error, StoreError::QueryInvalid { .. }), "{error:?}");
                    return Ok(());
                }
            }
        }
        seen.sort();
        prop_assert_eq!(seen.iter().map(|id| id.as_str()).collect::<String>(), "abcd");
    }
}
