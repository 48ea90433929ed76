//! Forgetting a client: tokens, records, plans and runs are gone, and the numbers say so.

use serde_json::{Value, json};
use std::sync::Arc;
use syncline_api::wire::JobState;
use syncline_model::ErrorCode;
use syncline_secrets::{MemoryVault, SecretKind, Vault, read_store_key};
use syncline_store::{SearchQuery, Store, StoreKey};
use uuid::Uuid;

use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_hazards::until;
use crate::app_support::{Bench, contacts_to, count};

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_a_connection_goes_and_nothing_of_another() {
    let vault = Arc::new(MemoryVault::new());
    let bench = Bench::with_vault(60, vault.clone()).await;
    for name in ["contoso", "other"] {
        bench.connect(name, "contoso").await;
        bench.done("cache.pull", json!({ "connection": name, "entity": "contact" })).await;
    }
    bench.done("cache.pull", json!({ "connection": "contoso", "entity": "account" })).await;
    bench.marketing("marketing").await;
    let mut plans = Vec::new();
    for name in ["contoso", "other"] {
        let mut definition = contacts_to(name, "marketing", "profile");
        definition["name"] = json!(format!("from {name}"));
        let plan = bench.preview(&definition).await;
        bench.run(&plan).await;
        plans.push(plan);
    }
    let id = |view: &Value| Uuid::parse_str(view["id"].as_str().unwrap()).unwrap();
    let contoso = id(&bench.rpc("connections.get", json!({ "connection": "contoso" })).await);
    let other = id(&bench.rpc("connections.get", json!({ "connection": "other" })).await);
    assert_eq!(vault.list(contoso).unwrap(), [SecretKind::ClientSecret]);
    let text = contoso_text(&bench).await;

    let forgotten = bench.rpc("connections.forget", json!({ "connection": "contoso" })).await;
    assert_eq!(
        ["secrets", "records", "entities", "plans", "runs"].map(|name| count(&forgotten, name)),
        [1, 72, 2, 1, 1],
        "{forgotten}"
    );
    assert_eq!(vault.list(contoso).unwrap(), [], "no secret is left");
    assert_eq!(vault.list(other).unwrap(), [SecretKind::ClientSecret]);
    let gone = json!({ "connection": "contoso" });
    assert_eq!(bench.refused("connections.get", gone).await.code, ErrorCode::NotFound);
    let cached = bench.rpc("cache.list", json!({})).await;
    assert!(cached.as_array().unwrap().iter().all(|entry| entry["connection"] == "other"), "{cached}");
    assert_eq!(cached.as_array().unwrap().len(), 1);
    let runs = bench.rpc("runs.list", json!({})).await;
    assert_eq!((runs.as_array().unwrap().len(), &runs[0]["definition"]), (1, &json!("from other")));
    let gone = json!({ "plan": plans[0]["plan_id"] });
    assert_eq!(bench.refused("plans.get", gone).await.code, ErrorCode::NotFound);
    assert_eq!(bench.rpc("plans.get", json!({ "plan": plans[1]["plan_id"] })).await["status"], "run");
    let hits = bench.rpc("cache.search", json!({ "text": text })).await;
    assert!(hits["hits"].as_array().unwrap().iter().all(|hit| hit["connection"] == "other"), "{hits}");

    // Under the same name another connection begins with nothing.
    let anew = bench.as_application("contoso", "contoso");
    let mut without = anew.clone();
    without.as_object_mut().unwrap().remove("secret");
    let view = bench.rpc("connections.save", without).await;
    assert_eq!(
        (&view["signed_in"], &view["identity"], count(&view, "cached_records")),
        (&json!(false), &Value::Null, 0)
    );
    let empty = json!({ "connection": "contoso", "entity": "contact", "mode": "cached" });
    let page = bench.app.rpc("records.query", empty).await;
    assert!(page.is_err() || count(page.as_ref().unwrap(), "total") == 0, "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn either_end_of_a_preview_ends_it() {
    let bench = Bench::new(3_000).await;
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let slow = FaultRule::new(FaultKind::Slow { chunk_ms: 40 }).at("contoso").on("skiptoken");
    bench.sandbox.faults().add([slow]);
    let definition = contacts_to("contoso", "marketing", "profile");
    let job = bench.start("plans.start", json!({ "json": definition.to_string() })).await;
    until(|| bench.app.jobs().get(&job).unwrap().done >= 500).await;
    bench.rpc("connections.forget", json!({ "connection": "marketing" })).await;
    let ended = bench.wait(&job).await;
    assert_eq!(ended.state, JobState::Cancelled, "{:?}", ended.error);
    assert_eq!(bench.rpc("plans.list", json!({})).await, json!([]));
}

/// What the window keeps under the name of a connection, the queries of it, and its secrets: after forgetting a word that was planted
/// in each is nowhere, neither in the store as its own key opens it, nor in any file, nor in the vault.
#[tokio::test(flavor = "multi_thread")]
async fn a_planted_word_is_nowhere_afterwards() {
    const MARKER: &str = "Plantedmarkerxyzzy";
    let vault = Arc::new(MemoryVault::new());
    let bench = Bench::with_vault(5, vault.clone()).await;
    bench.connect_writable("contoso", "contoso").await;
    bench.connect("other", "contoso").await;
    let id = |view: &Value| Uuid::parse_str(view["id"].as_str().unwrap()).unwrap();
    let contoso = id(&bench.rpc("connections.get", json!({ "connection": "contoso" })).await);
    bench.change("contoso", "contact", &first_contact(&bench).await, json!({ "lastname": MARKER })).await;
    bench.done("cache.pull", json!({ "connection": "contoso", "entity": "contact" })).await;
    let text = format!(
        "<fetch><entity name=\"contact\"><filter><condition attribute=\"lastname\" operator=\"eq\" value=\"{MARKER}\"/></filter></entity></fetch>"
    );
    let query = json!({ "connection": "contoso", "language": "fetchxml", "text": text, "run": "r" });
    assert_eq!(bench.rpc("queries.run", query).await["rows"].as_array().unwrap().len(), 1);
    let saved = json!({ "connection": "contoso", "name": MARKER, "language": "fetchxml", "text": text, "columns": [] });
    bench.rpc("queries.save", saved).await;
    let states = [
        ("query/contoso/1", json!({ "language": "fetchxml", "text": text, "name": MARKER })),
        ("sql/contoso/text", json!(format!("SELECT '{MARKER}'"))),
        ("sql/contoso/history", json!([MARKER])),
        ("grid/contoso/contact", json!({ "columns": [MARKER] })),
        ("recent-searches/", json!(["of both"])),
        ("palette/", json!([format!("record/contoso/contact/{MARKER}"), "record/other/contact/1"])),
        (
            "session",
            json!({ "connection": "contoso", "place": { "at": "search", "text": MARKER },
            "tabs": { "contoso": [{ "at": "entity", "entity": "contact", "tab": "records", "filter": MARKER }], "other": [] } }),
        ),
        ("query/other/1", json!("stays")),
    ];
    for (key, value) in &states {
        bench.rpc("state.set", json!({ "key": key, "value": value })).await;
    }
    let store = open_again(&bench, &vault);
    assert!(words_of(&store, contoso).contains(MARKER));

    bench.rpc("connections.forget", json!({ "connection": "contoso" })).await;

    let left = words_of(&store, contoso);
    assert!(!left.contains(MARKER), "{left}");
    let value = |key: &'static str| bench.rpc("state.get", json!({ "key": key }));
    assert_eq!(value("query/other/1").await["value"], "stays");
    assert_eq!(value("recent-searches/").await["value"], json!(["of both"]));
    assert_eq!(value("palette/").await["value"], json!(["record/other/contact/1"]));
    assert_eq!(value("session").await["value"]["tabs"], json!({ "other": [] }));
    assert_eq!(vault.list(contoso).unwrap(), []);
    for file in files_under(bench.home.path()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(MARKER), "{}", file.display());
    }
}

/// A new name takes along what was kept under the old one, so that it is forgotten with the connection too.
#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_connection_keeps_its_drafts_and_loses_them_when_forgotten() {
    let bench = Bench::new(1).await;
    bench.connect("contoso", "contoso").await;
    bench.rpc("state.set", json!({ "key": "query/contoso/1", "value": "draft" })).await;
    bench.rpc("connections.save", json!({ "name": "contoso", "rename": "fabrikam" })).await;
    let kept = |key: &'static str| bench.rpc("state.get", json!({ "key": key }));
    assert_eq!(kept("query/fabrikam/1").await["value"], "draft");
    assert_eq!(kept("query/contoso/1").await["value"], Value::Null);
    bench.rpc("connections.forget", json!({ "connection": "fabrikam" })).await;
    assert_eq!(kept("query/fabrikam/1").await["value"], Value::Null);
}

/// The id of some contact.
async fn first_contact(bench: &Bench) -> String {
    let ask = json!({ "connection": "contoso", "entity": "contact", "mode": "live", "limit": 1 });
    bench.rpc("records.query", ask).await["rows"][0]["id"].as_str().unwrap().to_owned()
}

/// The store, opened beside the application with the key of the vault.
fn open_again(bench: &Bench, vault: &MemoryVault) -> Store {
    let id = std::fs::read_to_string(bench.home.path().join("store.id")).unwrap();
    let key = read_store_key(vault, Uuid::parse_str(id.trim()).unwrap()).unwrap().unwrap();
    Store::open(bench.home.path(), &StoreKey::from_hex(key.expose()).unwrap()).unwrap()
}

/// All that a store says of a connection and of the window, as text.
fn words_of(store: &Store, connection: Uuid) -> String {
    let mut words = format!("{:?}", store.kept_under("").unwrap());
    words += &format!("{:?}{:?}", store.connections().unwrap(), store.cached(None).unwrap());
    words += &format!("{:?}", store.saved_queries(connection).unwrap());
    words += &format!("{:?}", store.query_runs(connection).unwrap());
    let find = SearchQuery { text: "plantedmarker", connections: None, entity: None, limit: 9 };
    words += &format!("{:?}", store.search(&find).unwrap().hits);
    words
}

/// Every file beneath a folder.
fn files_under(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_under(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// A word that the whole-text search finds at contoso.
async fn contoso_text(bench: &Bench) -> String {
    let ask = json!({ "connection": "contoso", "entity": "contact", "mode": "cached", "limit": 60 });
    let page = bench.rpc("records.query", ask).await;
    let names = page["rows"].as_array().unwrap().iter().filter_map(|row| row["raw"]["lastname"].as_str());
    let name =
        names.filter(|name| name.chars().all(|c| c.is_ascii_alphabetic())).max_by_key(|name| name.len());
    let name = name.unwrap().to_owned();
    let hits = bench.rpc("cache.search", json!({ "text": name, "connection": "contoso" })).await;
    assert!(!hits["hits"].as_array().unwrap().is_empty(), "{name}");
    name
}
