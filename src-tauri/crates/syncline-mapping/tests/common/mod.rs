//! Schemas, definitions and records of the suites.
#![allow(dead_code, clippy::unwrap_used, reason = "each suite uses its part")]

use syncline_mapping::{Compiled, compile};
use syncline_model::{
    Choice, Column, ColumnType, DateTimeBehavior, EntityKey, EntitySchema, EntitySummary, Record, RecordId,
    RequiredLevel, SyncDefinition, System,
};

pub(crate) const NOW: &str = "2026-11-18T10:30:00Z";

pub(crate) fn column(name: &str, column_type: ColumnType) -> Column {
    Column {
        logical_name: name.into(),
        display_name: name.to_owned(),
        column_type,
        required: RequiredLevel::None,
        readable: true,
        creatable: true,
        updatable: true,
        max_length: None,
        targets: Vec::new(),
        options: Vec::new(),
        behavior: None,
        format: None,
        given: None,
        custom: false,
    }
}

fn options(list: &[(i64, Option<&str>)]) -> Vec<Choice> {
    list.iter()
        .map(|(value, label)| Choice { value: *value, label: label.map(str::to_owned), ..Choice::default() })
        .collect()
}

fn schema(name: &str, primary: &str, columns: Vec<Column>) -> EntitySchema {
    EntitySchema {
        summary: EntitySummary {
            logical_name: name.into(),
            set_name: format!("{name}s"),
            display_name: name.to_owned(),
            display_collection_name: name.to_owned(),
            primary_id: primary.into(),
            primary_name: None,
            custom: false,
            change_tracking: true,
        },
        columns,
        keys: Vec::new(),
        relationships: Vec::new(),
        open: false,
    }
}

pub(crate) fn contact() -> EntitySchema {
    let text =
        |name: &str, length: u32| Column { max_length: Some(length), ..column(name, ColumnType::String) };
    let date =
        |name: &str, behavior| Column { behavior: Some(behavior), ..column(name, ColumnType::DateTime) };
    let mut contact = schema(
        "contact",
        "contactid",
        vec![
            column("contactid", ColumnType::UniqueIdentifier),
            text("emailaddress1", 100),
            text("telephone1", 50),
            text("mobilephone", 50),
            text("firstname", 50),
            text("lastname", 50),
            Column { required: RequiredLevel::System, ..text("externalid", 20) },
            column("description", ColumnType::Memo),
            Column {
                options: options(&[(1, Some("Male")), (2, Some("Female")), (3, None)]),
                ..column("gendercode", ColumnType::Picklist)
            },
            Column {
                options: options(&[(0, Some("Active")), (1, Some("Inactive"))]),
                ..column("statecode", ColumnType::State)
            },
            Column {
                options: options(&[(0, Some("Allow")), (1, Some("Do Not Allow"))]),
                ..column("donotbulkemail", ColumnType::Boolean)
            },
            Column {
                options: options(&[(1, Some("Golf")), (9, Some("Chess"))]),
                ..column("new_interests", ColumnType::MultiSelectPicklist)
            },
            column("creditlimit", ColumnType::Money),
            column("numberofchildren", ColumnType::Integer),
            Column {
                targets: vec!["account".into(), "contact".into()],
                ..column("parentcustomerid", ColumnType::Customer)
            },
            date("birthdate", DateTimeBehavior::DateOnly),
            date("createdon", DateTimeBehavior::UserLocal),
            date("new_appointment", DateTimeBehavior::TimeZoneIndependent),
            Column { readable: false, ..column("new_secret", ColumnType::String) },
            Column { creatable: false, updatable: false, ..column("fullname", ColumnType::String) },
            Column {
                options: options(&[(100_000_000, Some("Order")), (100_000_001, Some("Visit"))]),
                ..column("new_kind", ColumnType::Picklist)
            },
        ],
    );
    contact.keys =
        vec![EntityKey { name: "external".to_owned(), columns: vec!["externalid".into()], active: true }];
    contact
}

pub(crate) fn profile() -> EntitySchema {
    let mut profile = schema(
        "profile",
        "uuid",
        vec![
            column("email", ColumnType::String),
            column("phone_number", ColumnType::String),
            column("uuid", ColumnType::String),
            column("email_optin", ColumnType::Boolean),
            column("gdpr_optin", ColumnType::Boolean),
            column("name", ColumnType::String),
            column("surname", ColumnType::String),
            column("birthday", ColumnType::DateTime),
            column("gender", ColumnType::String),
            column("age", ColumnType::Integer),
            column("city", ColumnType::String),
        ],
    );
    profile.open = true;
    profile
}

pub(crate) fn definition(parts: &str) -> SyncDefinition {
    let columns: Vec<String> = contact()
        .columns
        .iter()
        .filter(|column| column.readable)
        .map(|column| format!("{:?}", column.logical_name.as_str()))
        .collect();
    let text = format!(
        r#"{{"version":1,"name":"t","source":{{"connection":"a","entity":"contact","columns":[{}]}},"destination":{{"connection":"b","entity":"profile"}},{parts}}}"#,
        columns.join(",")
    );
    SyncDefinition::from_json(&text).unwrap()
}

pub(crate) fn to_insider(parts: &str) -> Compiled {
    compile(&definition(parts), &contact(), &profile(), System::Insider).unwrap()
}

pub(crate) fn to_contact(parts: &str) -> Compiled {
    compile(&definition(parts), &contact(), &contact(), System::Dataverse).unwrap()
}

pub(crate) fn record(raw: &str) -> Record {
    Record {
        entity: "contact".into(),
        id: RecordId::new("7f5a1c2e-0000-0000-0000-000000000001"),
        etag: None,
        raw: serde_json::value::RawValue::from_string(raw.to_owned()).unwrap(),
    }
}
