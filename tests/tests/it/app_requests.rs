//! What was asked and answered can be looked at, and holds no secret.

use serde_json::json;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_support::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_seen_without_secrets() {
    let bench = Bench::new(20).await;
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    bench
        .sandbox
        .faults()
        .add([FaultRule::new(FaultKind::Status { status: 400, retry_after: None }).on("accounts")]);
    let ask = json!({ "connection": "contoso", "entity": "account", "mode": "live", "limit": 5, "columns": ["name"] });
    bench.app.rpc("records.query", ask).await.unwrap_err();
    bench.rpc("connections.test", json!({ "connection": "marketing" })).await;
    let all = bench.rpc("requests.list", json!({})).await;
    let seen = all.as_array().unwrap();
    assert!(
        seen.iter().any(|one| one["path"].as_str().unwrap().ends_with("/WhoAmI") && one["status"] == 200)
    );
    let token = seen.iter().find(|one| one["path"].as_str().unwrap().contains("/token")).unwrap();
    assert!(token["request_body"].is_null() && token["answer_body"].is_null(), "{token}");
    let failed = bench.rpc("requests.list", json!({ "connection": "contoso", "failed": true })).await;
    let failed = failed.as_array().unwrap();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(failed[0]["path"].as_str().unwrap().contains("/accounts?"));
    assert!(failed[0]["answer_body"].as_str().unwrap().contains("error"));
    let details = bench.sandbox.details();
    let text = all.to_string();
    for secret in [&details.client_secret, &details.insider_token] {
        assert!(!text.contains(secret.as_str()));
    }
    assert!(!text.contains("Bearer") && !text.contains("eyJ"), "no token");
    let later = bench.rpc("requests.list", json!({ "since": "2999-01-01T00:00:00Z" })).await;
    assert!(later.as_array().unwrap().is_empty());
    bench.refused("requests.list", json!({ "since": "yesterday" })).await;
}
