//! A whole preview from the store beside the reading of its records: 20 fields, 3 identifiers and an event a record. The records are pulled
//! by a process of its own, so that the memory that is told is that of the preview.

use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use syncline_api::{App, AppConfig};
use syncline_connect::{Selection, Source};
use syncline_model::Identity;
use syncline_secrets::KeychainVault;
use syncline_store::{Store, StoreKey};
use syncline_sync::CachedSource;
use tokio_util::sync::CancellationToken;

use crate::process::{Sandbox, again, detail, median, peak_mib};

const ROUNDS: usize = 3;
/// Records of a page, of the reading and of the preview.
const PAGE: u32 = 1000;

/// Starts the sample tenant, and the application in processes of its own: one pulls, one previews.
pub(crate) fn all(records: u64) {
    let sandbox = Sandbox::start(records, "near");
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().to_str().expect("a path in UTF-8");
    for step in ["preview-fill", "preview"] {
        let status = again(&[step, &sandbox.details, folder]).status().expect("the measurement starts");
        assert!(status.success(), "the measurement failed");
    }
}

pub(crate) fn fill(details: &str, home: &str) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(filled(details, Path::new(home)));
}

pub(crate) fn run(home: &str) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(measured(Path::new(home)));
}

async fn open(home: &Path) -> (Arc<App>, Arc<KeychainVault>) {
    let vault = Arc::new(KeychainVault::new());
    let config = AppConfig::with_vault(home.to_owned(), vault.clone());
    (App::open(config).await.expect("the store"), vault)
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

async fn filled(details: &str, home: &Path) {
    let (app, _) = open(home).await;
    let contoso = json!({
        "name": "contoso", "system": "dataverse", "url": detail(details, "dataverse"), "auth": "client-credentials",
        "authority": detail(details, "authority"), "tenant": detail(details, "tenant"),
        "client_id": detail(details, "confidential_client_id"), "secret": detail(details, "client_secret"),
    });
    app.rpc("connections.save", contoso).await.expect("the source");
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
    let profile = json!({ "connection": "marketing", "entity": "profile" });
    app.rpc("entities.describe", profile).await.expect("the destination's description");
    job(&app, "cache.pull", contact).await;
}

async fn measured(home: &Path) {
    let (app, vault) = open(home).await;
    let saved = app.rpc("connections.list", json!({})).await.expect("the connections");
    let saved =
        saved.as_array().expect("a list").iter().find(|one| one["name"] == "contoso").expect("the source");
    let id = std::fs::read_to_string(home.join("store.id")).expect("the store's id");
    let id = id.trim().parse().expect("an id");
    let key =
        syncline_secrets::read_store_key(vault.as_ref(), id).expect("the vault").expect("the store's key");
    let store = Store::open(home, &StoreKey::from_hex(key.expose()).expect("a key")).expect("the store");
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
    let rounds =
        std::env::var("SYNCLINE_BENCH_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    for round in 1..=rounds.max(1) {
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
            "round {round} of {rounds}: {records} records read in {:.2} s, previewed in {:.2} s: {}",
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
