//! Any text as a definition, and good definitions damaged at random: never a panic, and each problem says where, what and why.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a suite may stop")]

mod common;

use common::{NOW, contact, profile, record};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeSet;
use syncline_mapping::{compile, compile_with, definition_hash, with_related};
use syncline_model::{EntitySchema, LanguageLabel, Problem, SyncDefinition, System, definition_json_schema};

/// Said in place of another key, or of two-way definitions alone, whose compiling has tests of its own.
const KEYS_LEFT_OUT: &[&str] = &["list", "two_way", "create", "deleted", "linked", "match_case"];

/// A definition that uses every section.
fn good() -> Json {
    json!({
        "version": 1, "name": "fuzzed",
        "source": { "connection": "contoso", "entity": "contact",
            "columns": ["contactid", "emailaddress1", "telephone1", "firstname", "gendercode", "donotbulkemail", "createdon", "new_kind", "creditlimit", "externalid", "parentcustomerid"],
            "filter": "<condition attribute='statecode' operator='eq' value='0'/>",
            "fetch": { "mode": "new-and-updated", "days": 3 }, "page_size": 500, "timeout_ms": 60000, "retries": 3 },
        "destination": { "connection": "marketing", "entity": "profile" },
        "identifiers": [{ "to": "email", "from": "emailaddress1" }, { "to": "phone_number", "from": "telephone1" },
            { "to": "loyalty", "from": "externalid", "check": "uuid", "pattern": "[0-9a-f-]{36}" },
            { "to": "account", "from": "parentcustomerid.externalid" }],
        "on_duplicate": "none",
        "label_language": 1031,
        "on_invalid_identifier": "skip-record",
        "fields": [
            { "to": "name", "from": "firstname", "trim": true, "case": "upper", "default": "none" },
            { "to": "gender", "from": "gendercode", "label": true },
            { "to": "email_optin", "from": "donotbulkemail", "invert": true, "direction": "to" },
            { "to": "custom_phone", "from": "telephone1", "phone": true, "phone_country": "externalid" },
            { "to": "custom_made", "from": "firstname", "first_of": ["externalid"], "split": { "by": " ", "part": 1 },
              "join": { "with": ["externalid"], "separator": ", " }, "expression": "value + \"!\"", "map": { "a": "b" }, "on_unmapped": "skip", "empty": "clear" },
            { "to": "custom_day", "from": "createdon", "date": { "form": "%Y-%m-%d", "zone": "Europe/Istanbul" } },
            { "to": "custom_account", "from": "parentcustomerid.firstname", "case": "lower" },
            { "to": "custom_money", "from": "creditlimit", "decimals": 2 }],
        "on_unknown_code": "skip",
        "fixed": [{ "to": "source", "value": "Dynamics" }],
        "phone": { "international": true, "country_code": "90" },
        "events": { "name": { "from": "new_kind", "map": { "100000000": "order_made" } }, "timestamp": { "from": "createdon" },
            "parameters": [{ "to": "credit", "from": "creditlimit", "label": false }], "fixed": [{ "to": "currency", "value": "EUR" }] },
        "options": { "skip_hook": true, "stop_on_failed_batch": true },
        "schedule": { "cron": "0 * * * *", "paused": false, "at_most": 5000 },
        "conflict": "newest"
    })
}

/// A definition that brings rows to Dataverse: lookups are found by a column, rows that vanished are deleted.
fn good_rows() -> Json {
    json!({
        "version": 1, "name": "fuzzed rows",
        "source": { "connection": "contoso", "entity": "contact",
            "columns": ["contactid", "firstname", "externalid", "parentcustomerid", "gendercode"] },
        "destination": { "connection": "fabrikam", "entity": "contact" },
        "identifiers": [{ "to": "externalid", "from": "externalid" }],
        "on_duplicate": "first",
        "fields": [
            { "to": "firstname", "from": "firstname", "empty": "null" },
            { "to": "parentcustomerid", "from": "parentcustomerid.externalid", "trim": true,
              "find_by": { "entity": "account", "column": "externalid" } },
            { "to": "gendercode", "from": "gendercode" }],
        "options": { "action": "mirror", "bypass_plugins": true, "bypass_logic": false, "suppress_flows": true, "detect_duplicates": false,
            "all_or_nothing": false, "allow_unfiltered": true, "strict": true, "limits": { "updates": 9, "updates_percent": 50, "deletes": 5, "deletes_percent": 5 } },
        "schedule": { "cron": "*/5 * * * *", "at_most": 1 }
    })
}

/// The source, with labels in a second language and the columns of the records that lookups point at.
fn source(definition: &SyncDefinition) -> EntitySchema {
    let mut source = contact();
    for choice in source.columns.iter_mut().flat_map(|column| &mut column.options) {
        choice.labels = choice
            .label
            .iter()
            .map(|label| LanguageLabel { language: 1031, text: format!("{label} (de)") })
            .collect();
    }
    with_related(definition, &source, &[account(), contact()]).0
}

fn account() -> EntitySchema {
    let mut account = contact();
    account.summary.logical_name = "account".into();
    account
}

/// What is done to one place of a definition.
#[derive(Debug, Clone)]
enum Damage {
    Replace(Json),
    Remove,
    Add(String, Json),
    Double,
    Rename(String),
    Borrow(Index),
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "\\PC{0,12}".prop_map(Json::from),
        prop::sample::select(vec![
            "firstname",
            "new_secret",
            "contact",
            "email",
            "processing",
            "all",
            "<filter",
            ""
        ])
        .prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map(key(), inner, 0..4)
                .prop_map(|members| Json::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A member's name: known ones too. Without dots and brackets, so that a path can be followed.
fn key() -> impl Strategy<Value = String> {
    let known =
        ["to", "from", "label", "value", "name", "map", "fixed", "entity", "list", "mode", "columns", "cron"];
    prop_oneof![prop::sample::select(known.to_vec()).prop_map(str::to_owned), "[a-z_ $@é]{1,8}"]
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any_json().prop_map(Damage::Replace),
        Just(Damage::Remove),
        (key(), any_json()).prop_map(|(key, value)| Damage::Add(key, value)),
        Just(Damage::Double),
        key().prop_map(Damage::Rename),
        any::<Index>().prop_map(Damage::Borrow),
    ]
}

/// JSON pointers of every place below the root.
fn places(json: &Json, at: &str, found: &mut Vec<String>) {
    match json {
        Json::Object(members) => {
            for (key, value) in members {
                let place = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                found.push(place.clone());
                places(value, &place, found);
            }
        }
        Json::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let place = format!("{at}/{index}");
                found.push(place.clone());
                places(value, &place, found);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

fn hurt(json: &mut Json, place: &Index, damage: &Damage) {
    let mut found = Vec::new();
    places(json, "", &mut found);
    if found.is_empty() {
        return;
    }
    let pointer = found[place.index(found.len())].clone();
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let last = last.replace("~1", "/").replace("~0", "~");
    match damage {
        Damage::Replace(value) => *json.pointer_mut(&pointer).unwrap() = value.clone(),
        Damage::Borrow(other) => {
            let value = json.pointer(&found[other.index(found.len())]).unwrap().clone();
            *json.pointer_mut(&pointer).unwrap() = value;
        }
        Damage::Add(key, value) => {
            if let Json::Object(members) = json.pointer_mut(&pointer).unwrap() {
                members.insert(key.clone(), value.clone());
            }
        }
        Damage::Remove | Damage::Double | Damage::Rename(_) => match json.pointer_mut(parent).unwrap() {
            Json::Object(members) => {
                let value = match damage {
                    Damage::Double => members.get(&last).cloned(),
                    _ => members.remove(&last),
                };
                if let (Damage::Rename(name), Some(value)) = (damage, value) {
                    members.insert(name.clone(), value);
                }
            }
            Json::Array(items) => {
                let index: usize = last.parse().unwrap();
                let value = items.remove(index);
                if matches!(damage, Damage::Double) {
                    items.extend([value.clone(), value]);
                }
            }
            _ => unreachable!("a place has a parent"),
        },
    }
}

/// True when a path such as `fields[2].from` leads to a place of the text, or to a member that a place lacks.
fn leads_somewhere(path: &str, root: &Json) -> bool {
    let mut at = root;
    let mut steps = Vec::new();
    for part in path.split('.') {
        let mut pieces = part.split('[');
        steps.extend(pieces.next().filter(|name| !name.is_empty()).map(str::to_owned));
        steps.extend(pieces.map(|piece| piece.trim_end_matches(']').to_owned()));
    }
    for (number, step) in steps.iter().enumerate() {
        let next = match at {
            Json::Object(members) => members.get(step),
            Json::Array(items) => step.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => return number + 1 == steps.len() && at.is_object(),
        }
    }
    true
}

fn is_whole(problem: &Problem) -> bool {
    !problem.code.is_empty()
        && problem.code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && !problem.message.trim().is_empty()
        && problem.hint.as_deref().is_none_or(|hint| !hint.trim().is_empty())
}

/// Everything that is done with a text somebody hands in.
fn through_everything(text: &str) -> Result<(), TestCaseError> {
    let definition = match SyncDefinition::from_json(text) {
        Ok(definition) => definition,
        Err(problems) => {
            prop_assert!(!problems.is_empty());
            let json: Option<Json> = serde_json::from_str(text).ok();
            for problem in &problems {
                prop_assert!(is_whole(problem), "{problem:?}");
                match &json {
                    None => prop_assert_eq!(problem.code.as_str(), "not_json"),
                    Some(json) if json.is_object() => {
                        prop_assert!(!problem.path.is_empty(), "{problem:?}");
                        prop_assert!(leads_somewhere(&problem.path, json), "{problem:?} in {json}");
                    }
                    Some(_) => prop_assert_eq!(problem.path.as_str(), ""),
                }
            }
            return Ok(());
        }
    };
    let written = definition.to_json();
    let again = SyncDefinition::from_json(&written);
    prop_assert_eq!(again.as_ref(), Ok(&definition), "what was written reads the same");
    prop_assert_eq!(definition_hash(&definition), definition_hash(&again.unwrap()));
    for (destination, system) in [
        (profile(), System::Insider),
        (contact(), System::Dataverse),
        (profile(), System::Csv),
        (profile(), System::Jsonl),
    ] {
        match compile_with(&definition, &source(&definition), &destination, system, &[account()]) {
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for problem in problems {
                    prop_assert!(is_whole(&problem) && !problem.path.is_empty(), "{problem:?}");
                }
            }
            Ok(compiled) => {
                for warning in &compiled.warnings {
                    prop_assert!(is_whole(warning) && !warning.path.is_empty(), "{warning:?}");
                }
                for raw in [
                    r#"{"contactid":"7f5a1c2e-0000-0000-0000-000000000001","emailaddress1":"a@b.de","telephone1":"0532 123 45 67","firstname":"Ann","gendercode":1,"donotbulkemail":true,"createdon":"2026-01-02T03:04:05Z","new_kind":100000000,"creditlimit":1.50}"#,
                    "{}",
                    "[]",
                ] {
                    compiled.mapping.apply(&record(raw), NOW.parse().unwrap());
                    compiled.mapping.explain(&record(raw), NOW.parse().unwrap());
                }
            }
        }
    }
    Ok(())
}

#[test]
fn the_definition_to_be_damaged_is_good() {
    let definition = SyncDefinition::from_json(&good().to_string()).unwrap();
    compile(&definition, &source(&definition), &profile(), System::Insider).unwrap();
    through_everything(&good().to_string()).unwrap();
    let rows = SyncDefinition::from_json(&good_rows().to_string()).unwrap();
    compile_with(&rows, &source(&rows), &contact(), System::Dataverse, &[account()]).unwrap();
    through_everything(&good_rows().to_string()).unwrap();
}

/// A key that a person may write and that is in neither definition is never damaged.
#[test]
fn both_definitions_use_every_key() {
    fn keys(json: &Json, found: &mut BTreeSet<String>) {
        match json {
            Json::Object(members) => members.iter().for_each(|(key, value)| {
                found.insert(key.clone());
                keys(value, found);
            }),
            Json::Array(items) => items.iter().for_each(|item| keys(item, found)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        }
    }
    let mut used = BTreeSet::new();
    keys(&good(), &mut used);
    keys(&good_rows(), &mut used);
    let mut known = BTreeSet::new();
    let schema = definition_json_schema();
    for part in std::iter::once(&schema).chain(schema["$defs"].as_object().unwrap().values()) {
        known.extend(part["properties"].as_object().into_iter().flat_map(|members| members.keys().cloned()));
    }
    for other in KEYS_LEFT_OUT {
        assert!(known.remove(*other), "{other} is no key");
    }
    let missing: Vec<_> = known.difference(&used).collect();
    assert!(missing.is_empty(), "never damaged: {missing:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_definition_or_told_to_be_none(text in "\\PC{0,80}", json in any_json()) {
        through_everything(&text)?;
        through_everything(&json.to_string())?;
    }

    #[test]
    fn a_damaged_definition_is_read_or_all_problems_have_a_path(rows: bool, hurts in prop::collection::vec((any::<Index>(), damage()), 1..5)) {
        let mut json = if rows { good_rows() } else { good() };
        for (place, damage) in &hurts {
            hurt(&mut json, place, damage);
        }
        through_everything(&json.to_string())?;
    }

    #[test]
    fn a_torn_file_is_told(end in any::<Index>(), cut in 0usize..40) {
        let text = serde_json::to_string_pretty(&good()).unwrap();
        let end = end.index(text.len());
        through_everything(&text[..end])?;
        let rest = text.get(end.saturating_add(cut)..).unwrap_or_default();
        through_everything(&format!("{}{rest}", &text[..end]))?;
    }
}
