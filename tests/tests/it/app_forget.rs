//! Forgetting a client: tokens, records, plans and runs are gone, and the numbers say so.

use serde_json::{Value, json};
use std::sync::Arc;
use syncline_model::ErrorCode;
use syncline_secrets::{MemoryVault, SecretKind, Vault};
use uuid::Uuid;

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
