//! A wide marketing upsert made here: records of 24 columns with their annotations, 20 fields of every usual conversion, three
//! identifiers and an event. The same material serves the figure and the mapping's own measuring tool.

use std::fmt::Write as _;
use syncline_model::{
    Choice, Column, ColumnType, DateTimeBehavior, EntitySchema, EntitySummary, Record, RecordId,
    RequiredLevel, SyncDefinition,
};

/// A definition, both schemas and records that fit it.
pub(crate) struct Wide {
    pub(crate) definition: SyncDefinition,
    pub(crate) source: EntitySchema,
    pub(crate) destination: EntitySchema,
    pub(crate) records: Vec<Record>,
}

/// What the five kinds of plain columns hold, and how they are mapped.
const KINDS: [(ColumnType, &str, &str); 5] = [
    (ColumnType::String, "\"Some text of a contact\"", ""),
    (ColumnType::Money, "20000.0000", ""),
    (ColumnType::Picklist, "1", ",\"label\":true"),
    (ColumnType::Boolean, "true", ",\"invert\":true"),
    (ColumnType::DateTime, "\"2026-01-02T03:04:05Z\"", ""),
];

/// Makes so many records.
pub(crate) fn material(count: usize) -> Wide {
    let mut columns = vec![
        column("contactid", ColumnType::UniqueIdentifier),
        column("emailaddress1", ColumnType::String),
        column("telephone1", ColumnType::String),
        column("modifiedon", ColumnType::DateTime),
    ];
    for index in 0..20 {
        columns.push(column(&format!("new_column{index:02}"), KINDS[index % 5].0));
    }
    let chosen: Vec<String> =
        columns.iter().map(|column| format!("{:?}", column.logical_name.as_str())).collect();
    let fields: Vec<String> = (0..20)
        .map(|index| {
            format!("{{\"to\":\"attribute{index}\",\"from\":\"new_column{index:02}\"{}}}", KINDS[index % 5].2)
        })
        .collect();
    let definition = SyncDefinition::from_json(&format!(
        r#"{{"version":1,"name":"wide","source":{{"connection":"a","entity":"contact","columns":[{}]}},
          "destination":{{"connection":"b","entity":"profile"}},
          "identifiers":[{{"to":"email","from":"emailaddress1"}},{{"to":"phone_number","from":"telephone1"}},{{"to":"uuid","from":"contactid"}}],
          "phone":{{"country_code":"90"}},"fields":[{}],
          "events":{{"name":{{"fixed":"contact_changed"}},"timestamp":{{"from":"modifiedon"}},"parameters":[{{"to":"credit","from":"new_column01"}}],"fixed":[{{"to":"currency","value":"EUR"}}]}}}}"#,
        chosen.join(","),
        fields.join(",")
    ))
    .expect("the definition reads");
    Wide {
        definition,
        source: schema("contact", columns, false),
        destination: schema("profile", Vec::new(), true),
        records: records(0, count),
    }
}

/// So many records from one on.
pub(crate) fn records(from: usize, count: usize) -> Vec<Record> {
    (from..from + count).map(record).collect()
}

fn column(name: &str, column_type: ColumnType) -> Column {
    Column {
        logical_name: name.into(),
        display_name: name.to_owned(),
        column_type,
        required: RequiredLevel::None,
        readable: true,
        creatable: true,
        updatable: true,
        max_length: Some(200),
        targets: Vec::new(),
        options: vec![Choice { value: 1, label: Some("Male".to_owned()), ..Choice::default() }],
        format: None,
        behavior: (column_type == ColumnType::DateTime).then_some(DateTimeBehavior::UserLocal),
        given: None,
        custom: false,
    }
}

fn schema(name: &str, columns: Vec<Column>, open: bool) -> EntitySchema {
    EntitySchema {
        summary: EntitySummary {
            logical_name: name.into(),
            set_name: name.to_owned(),
            display_name: name.to_owned(),
            display_collection_name: name.to_owned(),
            primary_id: "contactid".into(),
            primary_name: None,
            custom: false,
            change_tracking: true,
        },
        columns,
        keys: Vec::new(),
        relationships: Vec::new(),
        open,
    }
}

/// One record as the Web API writes it: annotations beside choices, a phone number in one of three spellings.
fn record(row: usize) -> Record {
    let number = row % 10_000;
    let phone = match row % 3 {
        0 => format!("+90 532 {:03} {:02} {:02}", row % 1000, number / 100, number % 100),
        1 => format!("0532 {:03} {number:04}", row % 1000),
        _ => format!("+90532{:03}{number:04}", row % 1000),
    };
    let mut raw = format!(
        "{{\"@odata.etag\":\"W/\\\"{row}\\\"\",\"contactid\":\"7f5a1c2e-0000-0000-0000-{row:012}\",\"emailaddress1\":\"Person{row}@Example.org\",\"telephone1\":\"{phone}\",\"modifiedon\":\"2026-01-02T03:04:05Z\""
    );
    for index in 0..20 {
        let (kind, value, _) = KINDS[index % 5];
        let _ = write!(raw, ",\"new_column{index:02}\":{value}");
        if kind == ColumnType::Picklist {
            let _ =
                write!(raw, ",\"new_column{index:02}@OData.Community.Display.V1.FormattedValue\":\"Male\"");
        }
    }
    raw.push('}');
    Record {
        entity: "contact".into(),
        id: RecordId::new(row.to_string()),
        etag: None,
        raw: serde_json::value::RawValue::from_string(raw).expect("the record is JSON"),
    }
}
