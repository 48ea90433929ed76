//! The application's own pull: sign-in, pages, the encrypted store, and its search index that catches up behind them.

use std::time::Instant;
use syncline_api::{App, AppConfig, VaultChoice};

use crate::process::{Figure, detail};

pub(crate) fn run(details: &str) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(pull(details));
}

async fn pull(details: &str) {
    let home = tempfile::tempdir().expect("a folder");
    let app = App::open(AppConfig::new(Some(home.path().to_owned()), VaultChoice::Memory))
        .await
        .expect("the store");
    let connection = serde_json::json!({
        "name": "contoso", "system": "dataverse", "url": detail(details, "dataverse"), "auth": "client-credentials",
        "authority": detail(details, "authority"), "tenant": detail(details, "tenant"),
        "client_id": detail(details, "confidential_client_id"), "secret": detail(details, "client_secret"),
    });
    app.rpc("connections.save", connection).await.expect("the connection");
    let mut asked = serde_json::json!({ "connection": "contoso", "entity": "contact" });
    // As people do before they pull: the connection is tested and the entity looked at.
    app.rpc("connections.test", serde_json::json!({ "connection": "contoso" })).await.expect("the test");
    app.rpc("entities.describe", asked.clone()).await.expect("the description");
    let select = detail(details, "select");
    if !select.is_empty() {
        let columns: Vec<_> = select.split(',').map(logical_name).collect();
        asked["columns"] = serde_json::json!(columns);
    }
    let begun = Instant::now();
    let started = app.rpc("cache.pull", asked).await.expect("the pull begins");
    let job = app.jobs().wait(started["job"].as_str().unwrap_or_default()).await.expect("the pull ends");
    assert!(job.error.is_none(), "{:?}", job.error);
    assert_eq!(job.result["not_indexed"], 0);
    let searchable = begun.elapsed().as_secs_f64();
    let stored = searchable - job.result["indexing_seconds"].as_f64().unwrap_or_default();
    Figure::tell_both(job.result["read"].as_u64().unwrap_or_default(), stored, searchable);
}

/// The logical name of a member: a lookup is selected by the property that holds its id.
fn logical_name(member: &str) -> &str {
    member.strip_prefix('_').and_then(|name| name.strip_suffix("_value")).unwrap_or(member)
}
