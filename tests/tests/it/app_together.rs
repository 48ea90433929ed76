//! The window and the command on one store at the same time.

use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use syncline_api::wire::JobState;
use syncline_api::{App, AppConfig};
use syncline_sandbox::faults::{FaultKind, FaultRule};
use syncline_secrets::MemoryVault;

use crate::app_support::{Bench, count};

#[tokio::test(flavor = "multi_thread")]
async fn one_reads_while_the_other_pulls() {
    let vault = Arc::new(MemoryVault::new());
    let bench = Bench::with_vault(12_000, vault.clone()).await;
    let guest = App::open(AppConfig::with_vault(bench.home.path().to_owned(), vault)).await.unwrap();
    bench.connect("contoso", "contoso").await;
    bench
        .done("cache.pull", json!({ "connection": "contoso", "entity": "account", "columns": ["name"] }))
        .await;
    let slow = FaultRule::new(FaultKind::Slow { chunk_ms: 40 }).at("contoso").on("/contacts").after(0, 100);
    bench.sandbox.faults().add([slow]);
    let pull =
        json!({ "connection": "contoso", "entity": "contact", "columns": ["fullname", "emailaddress1"] });
    let job = bench.start("cache.pull", pull).await;
    let mut longest = Duration::ZERO;
    let (mut readings, mut seen) = (0, Vec::new());
    while bench.app.jobs().get(&job).unwrap().state == JobState::Running {
        let begun = Instant::now();
        let ask = json!({ "connection": "contoso", "entity": "account", "mode": "cached", "limit": 50 });
        let page = guest.rpc("records.query", ask).await.unwrap();
        assert_eq!(count(&page, "total"), 2400);
        let ask = json!({ "connection": "contoso", "statement": "SELECT count(*) FROM contact" });
        if let Ok(table) = guest.rpc("cache.sql", ask).await {
            seen.push(table["rows"][0][0].as_u64().unwrap());
        }
        let note = json!({ "key": "session", "value": { "readings": readings } });
        guest.rpc("state.set", note).await.unwrap();
        longest = longest.max(begun.elapsed());
        readings += 1;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let view = bench.wait(&job).await;
    assert_eq!(view.state, JobState::Done, "{:?}", view.error);
    assert!(readings > 10, "{readings}");
    assert!(longest < Duration::from_secs(3), "a reader waited {longest:?}");
    assert!(seen.is_sorted() && seen.iter().all(|records| *records <= 12_000), "{seen:?}");
    assert!(seen.iter().any(|records| (1..12_000).contains(records)), "it was seen growing: {seen:?}");
    let ask = json!({ "connection": "contoso", "entity": "contact", "mode": "cached", "limit": 1 });
    assert_eq!(count(&guest.rpc("records.query", ask).await.unwrap(), "total"), 12_000);
    // What the guest opened did not take the owner's pull for a dead one.
    let pulled = guest.rpc("cache.list", json!({})).await.unwrap();
    assert!(pulled.as_array().unwrap().iter().all(|entry| entry["status"] == "done"), "{pulled}");
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_that_open_a_new_folder_at_once_share_one_store() {
    let home = tempfile::tempdir().unwrap();
    let vault = Arc::new(MemoryVault::new());
    let open = || App::open(AppConfig::with_vault(home.path().join("new"), vault.clone()));
    let (a, b, c, d) = tokio::join!(open(), open(), open(), open());
    let apps = [a.unwrap(), b.unwrap(), c.unwrap(), d.unwrap()];
    for (number, app) in apps.iter().enumerate() {
        app.rpc("state.set", json!({ "key": format!("k{number}"), "value": number })).await.unwrap();
    }
    for app in &apps {
        for number in 0..apps.len() {
            let kept = app.rpc("state.get", json!({ "key": format!("k{number}") })).await.unwrap();
            assert_eq!(kept["value"], number);
        }
    }
}
