//! Measures records mapped a second on one core, 20 fields a record: `cargo run --release --example throughput`.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring tool prints and may stop")]

use std::hint::black_box;
use std::time::Instant;
use syncline_mapping::compile;
use syncline_model::{
    Choice, Column, ColumnType, EntitySchema, EntitySummary, Record, RecordId, RequiredLevel, SyncDefinition,
    System,
};

fn main() {
    let column = |name: String, column_type| Column {
        logical_name: name.as_str().into(),
        display_name: name,
        column_type,
        required: RequiredLevel::None,
        readable: true,
        creatable: true,
        updatable: true,
        max_length: Some(200),
        targets: Vec::new(),
        options: vec![Choice { value: 1, label: Some("Male".to_owned()), state: None }],
        behavior: None,
        format: None,
        custom: false,
    };
    let mut columns = vec![
        column("contactid".to_owned(), ColumnType::UniqueIdentifier),
        column("emailaddress1".to_owned(), ColumnType::String),
    ];
    let kinds = [
        (ColumnType::String, "\"Some text of a contact\""),
        (ColumnType::Money, "20000.0000"),
        (ColumnType::Picklist, "1"),
        (ColumnType::Boolean, "true"),
        (ColumnType::DateTime, "\"2026-01-02T03:04:05Z\""),
    ];
    for index in 0..40 {
        columns.push(column(format!("new_column{index:02}"), kinds[index % 5].0));
    }
    let schema = |name: &str, columns: Vec<Column>, open| EntitySchema {
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
    };
    let source = schema("contact", columns, false);
    let destination = schema("profile", Vec::new(), true);
    let fields: Vec<String> = (0..20)
        .map(|index| {
            let extra = match index % 5 {
                2 => ",\"label\":true",
                3 => ",\"invert\":true",
                _ => "",
            };
            format!("{{\"to\":\"attribute{index}\",\"from\":\"new_column{index:02}\"{extra}}}")
        })
        .collect();
    let chosen: Vec<String> =
        source.columns.iter().map(|column| format!("{:?}", column.logical_name.as_str())).collect();
    let definition = SyncDefinition::from_json(&format!(
        r#"{{"version":1,"name":"t","source":{{"connection":"a","entity":"contact","columns":[{}]}},"destination":{{"connection":"b","entity":"profile"}},"identifiers":[{{"to":"email","from":"emailaddress1"}},{{"to":"uuid","from":"contactid"}}],"fields":[{}]}}"#,
        chosen.join(","),
        fields.join(",")
    ))
    .unwrap();
    let mapping = compile(&definition, &source, &destination, System::Insider).unwrap().mapping;
    let records: Vec<Record> = (0..5000)
        .map(|row| {
            let values: Vec<String> =
                (0..40).map(|index| format!("\"new_column{index:02}\":{}", kinds[index % 5].1)).collect();
            let raw = format!(
                "{{\"@odata.etag\":\"W/{row}\",\"contactid\":\"7f5a1c2e-0000-0000-0000-{row:012}\",\"emailaddress1\":\"person{row}@example.org\",{}}}",
                values.join(",")
            );
            Record {
                entity: "contact".into(),
                id: RecordId::new(row.to_string()),
                etag: None,
                raw: serde_json::value::RawValue::from_string(raw).unwrap(),
            }
        })
        .collect();
    let now = "2026-11-18T10:30:00Z".parse().unwrap();
    for _ in 0..4 {
        let start = Instant::now();
        for _ in 0..20 {
            for record in &records {
                black_box(mapping.apply(record, now));
            }
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{:.0} records a second, {} bytes a record",
            100_000.0 / seconds,
            records[0].raw.get().len()
        );
    }
}
