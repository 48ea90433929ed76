//! What a run asked and was answered is kept with it: encrypted, without secrets, until the run goes.

use serde_json::{Value, json};
use std::sync::Arc;
use syncline_api::{App, AppConfig};
use syncline_sandbox::faults::{FaultKind, FaultRule};
use syncline_secrets::MemoryVault;

use crate::app_support::{Bench, count};
use crate::app_undo::copy;

#[tokio::test(flavor = "multi_thread")]
async fn a_runs_requests_outlive_the_process_and_go_with_the_run() {
    let vault = Arc::new(MemoryVault::new());
    let bench = Bench::with_vault(60, vault.clone()).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    let plan = bench.preview(&copy()).await;
    bench
        .sandbox
        .faults()
        .add([FaultRule::new(FaultKind::Status { status: 429, retry_after: Some(0) }).on("CreateMultiple")]);
    let report = bench.run(&plan).await;
    assert!(count(&report, "created") > 30, "{report}");
    // Somebody else's requests of the same time are none of the run's.
    bench.rpc("connections.test", json!({ "connection": "contoso" })).await;
    let ask = |run: &Value| json!({ "run": run["run_id"] });
    let kept = bench.rpc("runs.requests", ask(&report)).await;
    let requests = kept["requests"].as_array().unwrap();
    assert_eq!(requests.len() as u64, count(&kept, "seen"), "{kept}");
    assert!(count(&report, "calls") <= count(&kept, "seen"), "{} {kept}", report["calls"]);
    assert!(requests.iter().any(|one| one["path"].as_str().unwrap().contains("CreateMultiple")), "{kept}");
    let failed = bench.rpc("runs.requests", json!({ "run": report["run_id"], "failed": true })).await;
    let failed = failed["requests"].as_array().unwrap();
    assert_eq!((failed.len() as u64, &failed[0]["status"]), (count(&kept, "failed"), &json!(429)));
    let details = bench.sandbox.details();
    for secret in [details.client_secret.as_str(), "Bearer", "eyJ"] {
        assert!(!kept.to_string().contains(secret), "{secret}");
    }

    // Another process sees them, and in the file nothing of them can be read.
    let Bench { app, sandbox, home } = bench;
    app.close().await;
    drop(app);
    let app = App::open(AppConfig::with_vault(home.path().to_owned(), vault)).await.unwrap();
    let bench = Bench { app, sandbox, home };
    let again = bench.rpc("runs.requests", ask(&report)).await;
    assert_eq!(again, kept);
    for entry in
        std::fs::read_dir(bench.home.path()).unwrap().flatten().filter(|entry| entry.path().is_file())
    {
        let bytes = std::fs::read(entry.path()).unwrap();
        let needle = b"CreateMultiple";
        assert!(!bytes.windows(needle.len()).any(|at| at == needle), "{:?}", entry.path());
    }
    bench.rpc("connections.forget", json!({ "connection": "fabrikam" })).await;
    bench.refused("runs.requests", ask(&report)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forgetting_a_connection_drops_what_was_exchanged_with_it() {
    let bench = Bench::new(20).await;
    for name in ["contoso", "fabrikam"] {
        bench.connect(name, name).await;
    }
    let ask = json!({ "connection": "fabrikam", "entity": "contact", "mode": "live", "limit": 5 });
    bench.rpc("records.query", ask).await;
    let url = |view: &Value| view["url"].as_str().unwrap().trim_end_matches('/').to_owned();
    let fabrikam = url(&bench.rpc("connections.get", json!({ "connection": "fabrikam" })).await);
    let contoso = url(&bench.rpc("connections.get", json!({ "connection": "contoso" })).await);
    assert_ne!(fabrikam, contoso, "two environments stand at two places");
    let to = |all: &Value, url: &str| {
        let of = |one: &&Value| url.starts_with(one["origin"].as_str().unwrap());
        all.as_array().unwrap().iter().filter(of).count()
    };
    let before = bench.rpc("requests.list", json!({})).await;
    assert!(to(&before, &fabrikam) > 1 && to(&before, &contoso) > 0, "{before}");
    bench.rpc("connections.forget", json!({ "connection": "fabrikam" })).await;
    let after = bench.rpc("requests.list", json!({})).await;
    assert_eq!((to(&after, &fabrikam), to(&after, &contoso)), (0, to(&before, &contoso)), "{after}");
    assert!(!after.to_string().contains("/token"), "a sign-in can be anybody's");
}
