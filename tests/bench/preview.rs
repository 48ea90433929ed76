//! A whole preview from the store beside the reading of its records: 20 fields, 3 identifiers and an event a record.

use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;
use syncline_api::{App, AppConfig};
use syncline_connect::{Selection, Source};
use syncline_model::Identity;
use syncline_secrets::MemoryVault;
use syncline_store::{Store, StoreKey};
use syncline_sync::CachedSource;
use tokio_util::sync::CancellationToken;

use crate::process::{Sandbox, again, detail, median, peak_mib};

const ROUNDS: usize = 3;
/// Records of a page, of the reading and of the preview.
const PAGE: u32 = 1000;

/// Starts the sample tenant, and the application as a process of its own.
pub(crate) fn all(records: u64) {
    let sandbox = Sandbox::start(records, "near");
    let status = again(&["preview", &sandbox.details]).status().expect("the measurement starts");
    assert!(status.success(), "the measurement failed");
}

pub(crate) fn run(details: &str) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(measured(details));
}

/// Begins to count the most memory anew (Linux).
fn forget_peak() {
    // Where the system does not know this, the peak of the whole process is told.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Source columns of the 20 fields.
const COLUMNS: [&str; 20] = [
    "firstname",
    "lastname",
    "fullname",
    "jobtitle",
    "department",
    "gendercode",
    "donotbulkemail",
    "donotphone",
    "birthdate",
    "creditlimit",
    "address1_line1",
    "address1_city",
    "address1_postalcode",
    "address1_country",
    "description",
    "mobilephone",
    "statecode",
    "statuscode",
    "modifiedon",
    "new_churnscore",
];

fn definition() -> Value {
    let mut columns: Vec<&str> = vec!["contactid", "emailaddress1", "telephone1", "createdon"];
    columns.extend(COLUMNS);
    let fields: Vec<Value> = COLUMNS
        .iter()
        .map(|column| match *column {
            "gendercode" | "statecode" | "statuscode" => {
                json!({ "to": format!("custom.{column}"), "from": column, "label": true })
            }
            "donotbulkemail" => json!({ "to": "email_optin", "from": column, "invert": true }),
            "birthdate" => json!({ "to": "birthday", "from": column }),
            _ => json!({ "to": format!("custom.{column}"), "from": column }),
        })
        .collect();
    json!({
        "version": 1, "name": "bench",
        "source": { "connection": "contoso", "entity": "contact", "columns": columns, "page_size": PAGE },
        "destination": { "connection": "marketing", "entity": "profile" },
        "identifiers": [{ "to": "email", "from": "emailaddress1" }, { "to": "phone_number", "from": "telephone1" },
            { "to": "uuid", "from": "contactid" }],
        "fields": fields,
        "phone": { "international": true, "country_code": "90" },
        "events": { "name": { "fixed": "signed_up" }, "timestamp": { "from": "createdon" },
            "parameters": [{ "to": "custom.city", "from": "address1_city" }], "fixed": [] }
    })
}

async fn job(app: &Arc<App>, name: &str, request: Value) -> Value {
    let started = app.rpc(name, request).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let job = app.jobs().wait(started["job"].as_str().unwrap_or_default()).await.expect("a job");
    assert!(job.error.is_none(), "{name}: {:?}", job.error);
    job.result
}

async fn measured(details: &str) {
    let home = tempfile::tempdir().expect("a folder");
    let vault = Arc::new(MemoryVault::new());
    let app =
        App::open(AppConfig::with_vault(home.path().to_owned(), vault.clone())).await.expect("the store");
    let contoso = json!({
        "name": "contoso", "system": "dataverse", "url": detail(details, "dataverse"), "auth": "client-credentials",
        "authority": detail(details, "authority"), "tenant": detail(details, "tenant"),
        "client_id": detail(details, "confidential_client_id"), "secret": detail(details, "client_secret"),
    });
    let saved = app.rpc("connections.save", contoso).await.expect("the source");
    let marketing = json!({
        "name": "marketing", "system": "insider", "url": detail(details, "insider"),
        "options": { "partner": detail(details, "insider_partner") }, "secret": detail(details, "insider_token"),
    });
    app.rpc("connections.save", marketing).await.expect("the destination");
    for name in ["contoso", "marketing"] {
        app.rpc("connections.test", json!({ "connection": name })).await.expect("who is asked");
    }
    let contact = json!({ "connection": "contoso", "entity": "contact" });
    app.rpc("entities.describe", contact.clone()).await.expect("the description");
    job(&app, "cache.pull", contact).await;

    let id = std::fs::read_to_string(home.path().join("store.id")).expect("the store's id");
    let id = id.trim().parse().expect("an id");
    let key =
        syncline_secrets::read_store_key(vault.as_ref(), id).expect("the vault").expect("the store's key");
    let store =
        Store::open(home.path(), &StoreKey::from_hex(key.expose()).expect("a key")).expect("the store");
    let connection = saved["id"].as_str().and_then(|id| id.parse().ok()).expect("a connection's id");
    let source = CachedSource::new(store, connection, Identity::default(), Arc::new(jiff::Timestamp::now));
    let definition = definition();
    let selection = Selection {
        entity: Some("contact".into()),
        list: None,
        columns: serde_json::from_value(definition["source"]["columns"].clone()).expect("columns"),
        filter: None,
        order: Vec::new(),
        page_size: PAGE,
        top: None,
    };
    let (mut reads, mut previews) = (Vec::new(), Vec::new());
    let (mut read_peak, mut preview_peak) = (0.0_f64, 0.0_f64);
    for round in 1..=ROUNDS {
        forget_peak();
        let (begun, cancel) = (Instant::now(), CancellationToken::new());
        let (mut cursor, mut records) = (None, 0);
        loop {
            let page = source.page(&selection, cursor.as_ref(), &cancel).await.expect("a page");
            records += page.records.len();
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        reads.push(begun.elapsed().as_secs_f64());
        read_peak = read_peak.max(peak_mib());
        forget_peak();
        let begun = Instant::now();
        let plan = job(&app, "plans.start", json!({ "json": definition.to_string(), "cached": true })).await;
        previews.push(begun.elapsed().as_secs_f64());
        preview_peak = preview_peak.max(peak_mib());
        assert_eq!(plan["summary"]["read"], records);
        eprintln!(
            "round {round} of {ROUNDS}: {records} records read in {:.2} s, previewed in {:.2} s: {}",
            reads[round - 1],
            previews[round - 1],
            plan["summary"]
        );
    }
    let (read, preview) = (median(reads.into_iter()), median(previews.into_iter()));
    println!("{:<58} {read:>10.2} s {read_peak:>8.0} MiB", "records read from the store");
    println!(
        "{:<58} {preview:>10.2} s {preview_peak:>8.0} MiB",
        "whole preview: 20 fields, 3 identifiers, an event"
    );
    println!("ratio preview to reading: {:.2}", preview / read);
}
