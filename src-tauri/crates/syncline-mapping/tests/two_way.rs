//! Two-way definitions: what can't be turned around is told with its place, and both ways undo one another.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use syncline_mapping::{TwoWay, compile_two_way, turned};
use syncline_model::{
    Choice, Column, ColumnType, EntitySchema, EntitySummary, Problem, Record, RecordId, RequiredLevel,
    SyncDefinition, System, Value,
};

fn column(name: &str, column_type: ColumnType) -> Column {
    Column {
        logical_name: name.into(),
        display_name: name.to_owned(),
        column_type,
        required: RequiredLevel::None,
        readable: true,
        creatable: column_type != ColumnType::State,
        updatable: true,
        max_length: None,
        targets: Vec::new(),
        options: if column_type == ColumnType::State {
            (0..2).map(|value| Choice { value, ..Choice::default() }).collect()
        } else {
            Vec::new()
        },
        behavior: None,
        format: None,
        given: None,
        custom: false,
    }
}

fn table(name: &str, key: &str, columns: Vec<Column>) -> EntitySchema {
    EntitySchema {
        summary: EntitySummary {
            logical_name: name.into(),
            set_name: format!("{name}s"),
            display_name: name.to_owned(),
            display_collection_name: name.to_owned(),
            primary_id: key.into(),
            primary_name: None,
            custom: false,
            change_tracking: false,
        },
        columns,
        keys: Vec::new(),
        relationships: Vec::new(),
        open: false,
    }
}

fn sides() -> (EntitySchema, EntitySchema) {
    use ColumnType as T;
    let of = |list: &[(&str, T)]| list.iter().map(|(name, kind)| column(name, *kind)).collect::<Vec<_>>();
    let left = of(&[
        ("contactid", T::UniqueIdentifier),
        ("emailaddress1", T::String),
        ("firstname", T::String),
        ("statecode", T::State),
        ("donotemail", T::Boolean),
        ("gendercode", T::Integer),
        ("parentcustomerid", T::Lookup),
    ]);
    let right = of(&[
        ("Id", T::UniqueIdentifier),
        ("Email", T::String),
        ("FirstName", T::String),
        ("IsActive", T::Boolean),
        ("MayEmail", T::Boolean),
        ("Gender", T::String),
        ("CompanyId", T::UniqueIdentifier),
    ]);
    (table("contact", "contactid", left), table("Users", "Id", right))
}

fn definition(fields: &Json) -> SyncDefinition {
    let text = json!({
        "version": 1, "name": "people", "conflict": "ask",
        "source": { "connection": "crm", "entity": "contact",
            "columns": ["contactid", "emailaddress1", "firstname", "statecode", "donotemail", "gendercode", "parentcustomerid"] },
        "destination": { "connection": "app", "entity": "Users" },
        "identifiers": [{ "to": "Email", "from": "emailaddress1" }],
        "fields": fields,
    });
    SyncDefinition::from_json(&text.to_string()).unwrap()
}

fn compiled(fields: &Json) -> Result<TwoWay, Vec<Problem>> {
    let (left, right) = sides();
    compile_two_way(&definition(fields), &left, &right, (System::Dataverse, System::Postgres))
}

fn record(entity: &str, raw: &Json) -> Record {
    Record {
        entity: entity.into(),
        id: RecordId::new("1"),
        etag: None,
        raw: RawValue::from_string(raw.to_string()).unwrap(),
    }
}

#[test]
fn both_ways_undo_one_another() {
    let fields = json!([
        { "to": "FirstName", "from": "firstname", "direction": "both" },
        { "to": "IsActive", "from": "statecode", "direction": "both" },
        { "to": "MayEmail", "from": "donotemail", "invert": true, "direction": "both" },
        { "to": "Gender", "from": "gendercode", "map": { "1": "m", "2": "f" }, "direction": "both" },
    ]);
    let two_way = compiled(&fields).unwrap();
    let now = "2026-11-18T10:30:00Z".parse().unwrap();
    for (left, right) in [
        (
            json!({ "firstname": "Ann", "statecode": 0, "donotemail": true, "gendercode": 2 }),
            json!({ "FirstName": "Ann", "IsActive": true, "MayEmail": false, "Gender": "f" }),
        ),
        (
            json!({ "firstname": null, "statecode": 1, "donotemail": false, "gendercode": 1 }),
            json!({ "FirstName": null, "IsActive": false, "MayEmail": true, "Gender": "m" }),
        ),
    ] {
        let there = two_way.forward.apply(&record("contact", &left), now);
        assert_eq!(serde_json::to_value(&there.record.attributes).unwrap(), right, "{:?}", there.issues);
        let back = two_way.backward.apply(&record("Users", &right), now);
        assert_eq!(serde_json::to_value(&back.record.attributes).unwrap(), left, "{:?}", back.issues);
    }
    assert!(two_way.fields[1].state && !two_way.fields[0].state);
}

#[test]
fn what_can_not_be_turned_around_is_told_with_its_place() {
    let told = |fields: Json| -> Vec<(String, String)> {
        let problems = compiled(&fields).unwrap_err();
        problems.into_iter().map(|one| (one.path, one.code)).collect()
    };
    let reversible = |path: &str| vec![(path.to_owned(), "not_reversible".to_owned())];
    let split = json!([{ "to": "FirstName", "from": "firstname", "split": { "by": " ", "part": 1 }, "direction": "both" }]);
    assert_eq!(told(split), reversible("fields[0].split"));
    let same =
        json!([{ "to": "Gender", "from": "gendercode", "map": { "1": "x", "2": "x" }, "direction": "from" }]);
    assert_eq!(told(same), reversible("fields[0].map"));
    // The same is fine where it goes one way.
    let one_way =
        json!([{ "to": "Gender", "from": "gendercode", "map": { "1": "x", "2": "x" }, "direction": "to" }]);
    assert!(compiled(&one_way).is_ok());
    // A problem of the way back is told where it stands in the file.
    let unknown = told(json!([{ "to": "Nothing", "from": "firstname", "direction": "from" }]));
    assert!(
        unknown.iter().any(|(path, code)| path == "fields[0].to" && code == "unknown_column"),
        "{unknown:?}"
    );
    let mut events = definition(&json!([{ "to": "FirstName", "from": "firstname" }]));
    events.identifiers.clear();
    let (left, right) = sides();
    let problems = compile_two_way(&events, &left, &right, (System::Dataverse, System::Insider)).unwrap_err();
    let codes: Vec<&str> = problems.iter().map(|one| one.code.as_str()).collect();
    assert!(codes.contains(&"one_way_system") && codes.contains(&"identifiers_missing"), "{codes:?}");
}

#[test]
fn turned_twice_a_field_is_what_it_was() {
    let fields = json!([
        { "to": "Gender", "from": "gendercode", "map": { "1": "m", "2": "f" }, "direction": "to" },
        { "to": "CompanyId", "from": "parentcustomerid", "direction": "both", "linked": { "source": "account", "destination": "Companies" } },
    ]);
    let definition = definition(&fields);
    let back = turned(&definition, &"contact".into());
    assert_eq!((back.source.connection.as_str(), back.destination.entity.as_str()), ("app", "contact"));
    assert_eq!(back.fields[1].linked.as_ref().unwrap().source.as_str(), "Companies");
    let again = turned(&back, &"Users".into());
    assert_eq!(again.fields, definition.fields);
    assert_eq!(again.fields[0].map["1"], Value::from("m"));
}
