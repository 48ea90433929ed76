//! A filter is checked against an entity, and evaluated on records.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a suite may stop")]

mod common;

use common::contact;
use proptest::prelude::*;
use std::collections::HashMap;
use syncline_fetchxml::{Filter, Operator, Unsupported, check, is_warning};
use syncline_model::Value;

const NOW: &str = "2026-11-18T10:30:00Z"; // a Wednesday

fn codes(text: &str) -> Vec<(String, String)> {
    check(&Filter::parse(text).unwrap(), &contact())
        .into_iter()
        .map(|problem| (problem.code, problem.hint.unwrap_or_default()))
        .collect()
}

#[test]
fn problems_have_code_and_remedy() {
    let cases = [
        ("<condition attribute='fulname' operator='null'/>", "unknown_column", "fullname"),
        (
            "<condition attribute='_parentcustomerid_value' operator='null'/>",
            "unknown_column",
            "\"parentcustomerid\"",
        ),
        ("<condition attribute='gendercode' operator='like' value='M%'/>", "operator_does_not_fit", "text"),
        (
            "<condition attribute='birthdate' operator='last-x-hours' value='3'/>",
            "operator_does_not_fit",
            "days",
        ),
        ("<condition attribute='fullname' operator='null' value='x'/>", "wrong_number_of_values", "remove"),
        ("<condition attribute='fullname' operator='in'/>", "wrong_number_of_values", "<value>"),
        (
            "<condition attribute='creditlimit' operator='between'><value>1</value></condition>",
            "wrong_number_of_values",
            "two",
        ),
        ("<condition attribute='createdon' operator='ge' value='last week'/>", "wrong_value", "2026"),
        (
            "<condition attribute='createdon' operator='last-x-days' value='2026-01-01'/>",
            "wrong_value",
            "number",
        ),
        ("<condition attribute='ownerid' operator='eq' value='Ann'/>", "wrong_value", "GUID"),
        ("<condition attribute='creditlimit' operator='gt' value='$5'/>", "wrong_value", "digits"),
        ("<condition attribute='numberofchildren' operator='eq' value='1.5'/>", "wrong_value", "digits"),
        ("<condition attribute='donotemail' operator='eq' value='yes'/>", "wrong_value", "1 or 0"),
        ("<condition attribute='gendercode' operator='eq' value='female'/>", "wrong_value", "write 2"),
        ("<condition attribute='gendercode' operator='eq' value='9'/>", "unknown_choice", "1 Male"),
        (
            "<condition attribute='fullname' operator='like' valueof='lastname'/>",
            "operator_does_not_fit",
            "eq",
        ),
        ("<condition attribute='fullname' operator='eq' valueof='createdon'/>", "operator_does_not_fit", ""),
    ];
    for (text, code, hint) in cases {
        let found = codes(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(found[0].0, code, "{text}");
        assert!(found[0].1.contains(hint), "{text}: {found:?}");
    }
    assert!(codes("<condition attribute='statecode' operator='eq' value='0'/>").is_empty());
    assert!(codes("<condition attribute='fullname' operator='null' value=''/>").is_empty());
    let warning = check(
        &Filter::parse("<condition attribute='gendercode' operator='eq' value='9'/>").unwrap(),
        &contact(),
    );
    assert!(is_warning(&warning[0]));
    let all = codes(
        "<filter><condition attribute='x' operator='null'/><filter><condition attribute='y' operator='null'/></filter></filter>",
    );
    assert_eq!(all.len(), 2, "all problems at once");
}

fn holds(condition: &str, column: &str, value: &str) -> bool {
    let filter = Filter::parse(&format!("<condition attribute='{column}' {condition}")).unwrap();
    let values = HashMap::from([
        (column.to_owned(), Value::from_json_text(value).unwrap()),
        ("lastname".to_owned(), Value::from("ITO")),
    ]);
    filter.matches(&|name| values.get(name).cloned(), &contact(), NOW.parse().unwrap()).unwrap()
}

#[test]
fn records_are_compared_as_the_service_does() {
    let yes = [
        ("operator='eq' value='ann'/>", "fullname", "\"ANN\""),
        ("operator='ne' value='ann'/>", "fullname", "null"),
        ("operator='not-like' value='a%'/>", "fullname", "null"),
        ("operator='like' value='%n_ it[n-p]'/>", "fullname", "\"Anna Ito\""),
        ("operator='like' value='[^b]nn%'/>", "fullname", "\"Anna\""),
        ("operator='like' value='100[%]'/>", "fullname", "\"100%\""),
        ("operator='begins-with' value='an'/>", "fullname", "\"Anna\""),
        ("operator='not-end-with' value='x'/>", "fullname", "\"Anna\""),
        ("operator='eq' valueof='lastname'/>", "fullname", "\"ito\""),
        ("operator='in'><value>A</value><value>B</value></condition>", "fullname", "\"b\""),
        ("operator='null'/>", "fullname", "\"\""),
        ("operator='gt' value='20000'/>", "creditlimit", "20000.0001"),
        ("operator='between'><value>1</value><value>2</value></condition>", "creditlimit", "2.00"),
        ("operator='eq' value='1'/>", "donotemail", "true"),
        ("operator='eq' value='false'/>", "donotemail", "false"),
        ("operator='not-in'><value>1</value></condition>", "gendercode", "2"),
        (
            "operator='contain-values'><value>9</value><value>7</value></condition>",
            "new_interests",
            "\"1,9\"",
        ),
        ("operator='not-contain-values'><value>3</value></condition>", "new_interests", "\"1,9\""),
        (
            "operator='eq' value='{7F5A1C2E-0000-0000-0000-000000000001}'/>",
            "ownerid",
            "\"7f5a1c2e-0000-0000-0000-000000000001\"",
        ),
        ("operator='ge' value='2026-11-18T11:00:00+02:00'/>", "createdon", "\"2026-11-18T09:00:00Z\""),
        ("operator='on' value='2026-11-18T00:00:00Z'/>", "createdon", "\"2026-11-18T23:59:59Z\""),
        ("operator='on-or-before' value='2026-11-18'/>", "createdon", "\"2026-11-18T23:59:59Z\""),
        ("operator='today'/>", "birthdate", "\"2026-11-18\""),
        ("operator='yesterday'/>", "createdon", "\"2026-11-17T23:59:59Z\""),
        ("operator='this-week'/>", "createdon", "\"2026-11-15T00:00:00Z\""),
        ("operator='last-week'/>", "createdon", "\"2026-11-14T23:00:00Z\""),
        ("operator='next-month'/>", "birthdate", "\"2026-12-31\""),
        ("operator='last-seven-days'/>", "createdon", "\"2026-11-11T00:00:00Z\""),
        ("operator='last-x-days' value='1'/>", "createdon", "\"2026-11-18T10:30:00Z\""),
        ("operator='next-x-days' value='1'/>", "birthdate", "\"2026-11-19\""),
        ("operator='last-x-hours' value='2'/>", "createdon", "\"2026-11-18T08:30:00Z\""),
        ("operator='olderthan-x-months' value='1'/>", "createdon", "\"2026-10-17T23:59:59Z\""),
        ("operator='olderthan-x-minutes' value='30'/>", "createdon", "\"2026-11-18T09:59:59Z\""),
    ];
    for (condition, column, value) in yes {
        assert!(holds(condition, column, value), "{column} {condition} {value}");
    }
    let no = [
        ("operator='eq' value='ann'/>", "fullname", "null"),
        ("operator='lt' value='5'/>", "creditlimit", "null"),
        ("operator='like' value='a'/>", "fullname", "\"Anna\""),
        ("operator='on' value='2026-11-18'/>", "createdon", "\"2026-11-19T00:00:00Z\""),
        ("operator='this-week'/>", "createdon", "\"2026-11-22T00:00:00Z\""),
        ("operator='last-x-days' value='1'/>", "createdon", "\"2026-11-18T10:30:01Z\""),
        ("operator='olderthan-x-days' value='1'/>", "createdon", "\"2026-11-17T00:00:00Z\""),
        ("operator='not-null'/>", "fullname", "null"),
    ];
    for (condition, column, value) in no {
        assert!(!holds(condition, column, value), "{column} {condition} {value}");
    }
}

#[test]
fn every_operator_is_evaluated_or_refused_by_name() {
    let now = NOW.parse().unwrap();
    let mut refused = Vec::new();
    for operator in Operator::ALL.iter().copied() {
        let column = [
            "fullname",
            "creditlimit",
            "createdon",
            "gendercode",
            "new_interests",
            "ownerid",
            "parentcustomerid",
            "numberofchildren",
        ]
        .into_iter()
        .find(|name| {
            let schema = contact();
            let family = syncline_fetchxml::Family::of(schema.column(name).unwrap().column_type);
            operator.families().contains(&family)
        })
        .unwrap();
        let value = match column {
            "createdon" if !operator.takes_count() && operator.arity() == syncline_fetchxml::Arity::One => {
                "2026-01-01"
            }
            _ => "1",
        };
        let filter: Filter = syncline_fetchxml::Condition::new(column, operator, [value, "2"]).into();
        match filter.matches(&|_| None, &contact(), now) {
            Ok(_) => {}
            Err(Unsupported::Operator(named)) => {
                assert_eq!(named, operator);
                refused.push(operator.as_str());
            }
            Err(other) => panic!("{operator}: {other}"),
        }
    }
    assert!(
        refused.iter().all(|name| {
            name.contains("user")
                || name.contains("business")
                || name.contains("under")
                || name.contains("above")
        }),
        "{refused:?}"
    );
    assert_eq!(refused.len(), 14, "{refused:?}");
}

#[test]
fn groups_combine() {
    let schema = contact();
    let now = NOW.parse().unwrap();
    let get = |name: &str| (name == "fullname").then(|| Value::from("Ann"));
    let filter = Filter::parse(
        "<filter type='or'><condition attribute='fullname' operator='eq' value='Bob'/>\
         <filter><condition attribute='fullname' operator='eq' value='Ann'/><condition attribute='lastname' operator='null'/></filter></filter>",
    )
    .unwrap();
    assert!(filter.matches(&get, &schema, now).unwrap());
    assert!(Filter::default().matches(&get, &schema, now).unwrap());
    let linked = Filter::parse("<condition entityname='a' attribute='x' operator='null'/>").unwrap();
    assert_eq!(linked.matches(&get, &schema, now), Err(Unsupported::Linked("a".to_owned())));
}

proptest! {
    #[test]
    fn no_condition_panics(operator in 0..Operator::ALL.len(), column in 0usize..13, values in proptest::collection::vec("[ -~é]{0,12}|-?[0-9]{1,20}|[0-9]{4}-[0-9]{2}-[0-9]{2}", 0..3), held in "[ -~]{0,12}", number in any::<i64>()) {
        let schema = contact();
        let name = schema.columns[column].logical_name.to_string();
        let filter: Filter = syncline_fetchxml::Condition::new(name, Operator::ALL[operator], values).into();
        let _ = check(&filter, &schema);
        let now = NOW.parse().unwrap();
        if let Ok(evaluator) = filter.evaluator(&schema, now) {
            evaluator.matches(&|_| Some(Value::from(held.as_str())));
            evaluator.matches(&|_| Some(Value::Integer(number)));
        }
    }
}
