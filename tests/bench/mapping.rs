//! Mapping alone: records of the sample tenant under the sample definition, on one core.

use std::hint::black_box;
use std::time::Instant;
use syncline_api::{App, AppConfig, VaultChoice};
use syncline_mapping::compile;
use syncline_model::{EntitySchema, Record, RecordId, SyncDefinition, System};

use crate::process::{Sandbox, detail};

/// A definition with the marketing upsert's usual conversions.
const DEFINITION: &str = r#"{ "version": 1, "name": "bench", "source": { "connection": "contoso", "entity": "contact",
  "columns": ["contactid", "emailaddress1", "telephone1", "firstname", "lastname", "gendercode", "donotbulkemail", "birthdate", "modifiedon"] },
  "destination": { "connection": "marketing", "entity": "profile" },
  "identifiers": [ { "to": "email", "from": "emailaddress1" }, { "to": "phone_number", "from": "telephone1" }, { "to": "uuid", "from": "contactid" } ],
  "fields": [ { "to": "name", "from": "firstname", "trim": true }, { "to": "surname", "from": "lastname" },
    { "to": "gender", "from": "gendercode", "label": true }, { "to": "birthday", "from": "birthdate" },
    { "to": "email_optin", "from": "donotbulkemail", "invert": true } ],
  "fixed": [ { "to": "source", "value": "Dynamics" } ], "phone": { "international": true, "country_code": "90" } }"#;

pub(crate) fn run(records: u64) {
    let (source, destination, sample) =
        tokio::runtime::Runtime::new().expect("a runtime").block_on(material());
    let definition = SyncDefinition::from_json(DEFINITION).expect("the definition reads");
    let compiled = compile(&definition, &source, &destination, System::Insider).expect("the definition fits");
    let now = "2026-11-21T00:00:00Z".parse().expect("a time");
    let rounds = records.div_ceil(sample.len() as u64);
    let begun = Instant::now();
    for _ in 0..rounds {
        for record in &sample {
            black_box(compiled.mapping.apply(black_box(record), now));
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let mapped = rounds * sample.len() as u64;
    println!(
        "mapping {mapped} records, 5 fields, 3 identifiers, on one core: {seconds:.2} s, {:.0} records/s",
        mapped as f64 / seconds
    );
}

/// Both schemas and 5,000 real records, read through the application.
async fn material() -> (EntitySchema, EntitySchema, Vec<Record>) {
    let sandbox = Sandbox::start(5000, "near");
    let details = sandbox.details.as_str();
    let home = tempfile::tempdir().expect("a folder");
    let app = App::open(AppConfig::new(Some(home.path().to_owned()), VaultChoice::Memory))
        .await
        .expect("the store");
    let contoso = serde_json::json!({
        "name": "contoso", "system": "dataverse", "url": detail(details, "dataverse"), "auth": "client-credentials",
        "authority": detail(details, "authority"), "tenant": detail(details, "tenant"),
        "client_id": detail(details, "confidential_client_id"), "secret": detail(details, "client_secret"),
    });
    app.rpc("connections.save", contoso).await.expect("the source");
    let marketing = serde_json::json!({
        "name": "marketing", "system": "insider", "url": detail(details, "insider"),
        "options": { "partner": detail(details, "insider_partner") }, "secret": detail(details, "insider_token"),
    });
    app.rpc("connections.save", marketing).await.expect("the destination");
    let schema = |value: serde_json::Value| {
        serde_json::from_value::<EntitySchema>(value["schema"].clone()).expect("a schema")
    };
    let source = app
        .rpc("entities.describe", serde_json::json!({ "connection": "contoso", "entity": "contact" }))
        .await;
    let destination = app
        .rpc("entities.describe", serde_json::json!({ "connection": "marketing", "entity": "profile" }))
        .await;
    let definition = SyncDefinition::from_json(DEFINITION).expect("the definition reads");
    let query = serde_json::json!({
        "connection": "contoso", "entity": "contact", "mode": "live", "limit": 5000, "columns": definition.source.columns,
    });
    let page = app.rpc_text("records.query", query).await.expect("records");
    #[derive(serde::Deserialize)]
    struct Page {
        rows: Vec<Row>,
    }
    #[derive(serde::Deserialize)]
    struct Row {
        id: String,
        raw: Box<serde_json::value::RawValue>,
    }
    let page: Page = serde_json::from_str(&page).expect("a page");
    let records = page
        .rows
        .into_iter()
        .map(|row| Record { entity: "contact".into(), id: RecordId::new(row.id), etag: None, raw: row.raw })
        .collect();
    (schema(source.expect("contact")), schema(destination.expect("profile")), records)
}
