//! The steps that few fields ask for: what they make of a record, in which order, how they are explained, and what is refused when the
//! definition is read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a suite may stop")]

mod common;

use common::{NOW, contact, definition, profile, record, to_insider};
use syncline_mapping::compile;
use syncline_model::{Record, System, Value};

fn someone() -> Record {
    record(
        r#"{"contactid":"7f5a1c2e-0000-0000-0000-000000000001","emailaddress1":"ann@example.org","telephone1":"0532 123 45 67",
        "mobilephone":null,"firstname":"Ann","lastname":"Ito, Aoi","externalid":"Turkey","gendercode":2,"statecode":0,
        "donotbulkemail":true,"creditlimit":20000.0050,"numberofchildren":2,"birthdate":"1969-07-20",
        "createdon":"2026-01-31T22:30:00Z","new_appointment":"2026-03-29T02:30:00Z","description":null}"#,
    )
}

/// One field to `name`: what is sent, with the rules of its explanation.
fn made(field: &str) -> (Option<Value>, Vec<String>) {
    let parts = format!(
        r#""identifiers":[{{"to":"email","from":"emailaddress1"}}],"fields":[{{"to":"name",{field}}}]"#
    );
    let mapping = to_insider(&parts).mapping;
    let now = NOW.parse().unwrap();
    let mapped = mapping.apply(&someone(), now);
    let told = mapping.explain(&someone(), now);
    let steps = told.iter().find(|one| one.field == "name").unwrap();
    let rules = steps.steps.iter().map(|step| step.rule.clone()).collect();
    (mapped.record.attributes.get("name").cloned(), rules)
}

fn problems(field: &str) -> Vec<(String, String)> {
    let parts = format!(
        r#""identifiers":[{{"to":"email","from":"emailaddress1"}}],"fields":[{{"to":"name",{field}}}]"#
    );
    match compile(&definition(&parts), &contact(), &profile(), System::Insider) {
        Ok(_) => vec![],
        Err(problems) => problems.into_iter().map(|problem| (problem.path, problem.code)).collect(),
    }
}

#[test]
fn each_step_makes_its_value_and_stands_in_the_chain() {
    for (field, rule, value) in [
        (r#""from":"mobilephone","first_of":["description","telephone1"]"#, "first_of", "0532 123 45 67"),
        (r#""from":"lastname","split":{"by":",","part":1}"#, "split", "Ito"),
        (r#""from":"lastname","split":{"by":",","part":-1}"#, "split", "Aoi"),
        (r#""from":"firstname","join":{"with":["description","lastname"]}"#, "join", "Ann Ito, Aoi"),
        (r#""from":"firstname","join":{"with":["lastname"],"separator":"|"}"#, "join", "Ann|Ito, Aoi"),
        (r#""from":"gendercode","label":true,"join":{"with":["statecode"]}"#, "join", "Female Active"),
        (
            r#""from":"firstname","expression":"value + \" (\" + numberofchildren + \")\"""#,
            "expression",
            "Ann (2)",
        ),
        (r#""from":"gendercode","map":{"2":"F","1":"M"}"#, "map", "F"),
        (r#""from":"gendercode","label":true,"map":{"Female":"woman"}"#, "map", "woman"),
        (r#""from":"donotbulkemail","map":{"true":"no mail"}"#, "map", "no mail"),
        (r#""from":"donotbulkemail","map":{"1":"no mail"}"#, "map", "no mail"),
        (r#""from":"firstname","map":{"Bob":"x"}"#, "map", "Ann"),
        (r#""from":"birthdate","date":{"form":"%d.%m.%Y","zone":"America/New_York"}"#, "date", "20.07.1969"),
        (
            r#""from":"createdon","date":{"form":"%Y-%m-%d %H:%M","zone":"Europe/Istanbul"}"#,
            "date",
            "2026-02-01 01:30",
        ),
        (r#""from":"new_appointment","date":{"form":"%H:%M","zone":"Europe/Berlin"}"#, "date", "02:30"),
        (
            r#""from":"telephone1","phone":true,"phone_country":"externalid""#,
            "phone_country",
            "+905321234567",
        ),
        // In this order, whatever the order in the file.
        (
            r#""case":"upper","map":{"Ito":"ito-san"},"split":{"by":",","part":1},"from":"mobilephone","first_of":["lastname"]"#,
            "case",
            "ITO-SAN",
        ),
    ] {
        let (found, rules) = made(field);
        assert_eq!(found, Some(Value::from(value)), "{field}: {rules:?}");
        assert!(rules.iter().any(|one| one == rule), "{field}: {rules:?}");
    }
}

#[test]
fn numbers_stay_exact_and_are_rounded_away_from_zero() {
    let number = |text: &str| Some(Value::Decimal(text.parse().unwrap()));
    for (field, value) in [
        (r#""from":"creditlimit","decimals":2"#, "20000.01"),
        (r#""from":"creditlimit","decimals":0"#, "20000"),
        (r#""from":"creditlimit","expression":"value * 3""#, "60000.0150"),
    ] {
        let parts = format!(
            r#""identifiers":[{{"to":"email","from":"emailaddress1"}}],"fields":[{{"to":"new_number",{field}}}]"#
        );
        let mapped = to_insider(&parts).mapping.apply(&someone(), NOW.parse().unwrap());
        assert_eq!(mapped.record.attributes.get("new_number").cloned(), number(value), "{field}");
    }
}

#[test]
fn no_value_is_left_out_sent_as_null_or_clears() {
    assert_eq!(made(r#""from":"description""#).0, None);
    assert_eq!(made(r#""from":"description","empty":"null""#).0, Some(Value::Null));
    assert_eq!(made(r#""from":"description","empty":"clear""#).0, Some(Value::from("")));
    let (value, rules) = made(r#""from":"firstname","map":{"Bob":"x"},"on_unmapped":"skip""#);
    assert_eq!(value, None);
    assert_eq!(rules.last().map(String::as_str), Some("left_out"));
    // What has no value takes the default.
    assert_eq!(
        made(r#""from":"firstname","map":{"Bob":"x"},"on_unmapped":"skip","default":"other""#).0,
        Some(Value::from("other"))
    );
}

#[test]
fn what_cannot_work_is_told_with_its_place() {
    for (field, path, code) in [
        (r#""from":"firstname","first_of":["nothere"]"#, "fields[0].first_of[0]", "unknown_column"),
        (
            r#""from":"firstname","join":{"with":["new_secret"]}"#,
            "fields[0].join.with[0]",
            "column_not_readable",
        ),
        (r#""from":"firstname","join":{"with":[]}"#, "fields[0].join.with", "join_nothing"),
        (r#""from":"firstname","split":{"by":"","part":1}"#, "fields[0].split", "split_nowhere"),
        (r#""from":"firstname","split":{"by":",","part":0}"#, "fields[0].split", "split_nowhere"),
        (r#""from":"firstname","expression":"value +""#, "fields[0].expression", "expression_unreadable"),
        (r#""from":"firstname","expression":"nowhere""#, "fields[0].expression", "expression_unreadable"),
        (r#""from":"firstname","on_unmapped":"skip""#, "fields[0].on_unmapped", "no_table"),
        (r#""from":"numberofchildren","date":{"form":"%Y"}"#, "fields[0].date", "date_not_date"),
        (r#""from":"createdon","date":{"form":"%Y","zone":"Mars/Olympus"}"#, "fields[0].date", "date_form"),
        (
            r#""from":"firstname","phone_country":"externalid""#,
            "fields[0].phone_country",
            "country_without_phone",
        ),
    ] {
        let found = problems(field);
        assert!(found.contains(&(path.to_owned(), code.to_owned())), "{field}: {found:?}");
    }
}
