//! Fetch modes: what each reads, what it leaves out, what it says; watermarks; change tracking; lists; what changed.

mod changes;
mod lists;
mod marks;
mod parts;
mod pulls;
mod tracking;

use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use crate::app_support::{Bench, count};

/// A bench whose connection `crm` may write.
pub(crate) async fn bench(records: u64) -> Bench {
    let bench = Bench::new(records).await;
    bench.connect_writable("crm", "contoso").await;
    bench
}

/// A pull of an entity in a mode; its report.
pub(crate) async fn pull(bench: &Bench, entity: &str, mode: &str) -> Value {
    bench.done("cache.pull", json!({ "connection": "crm", "entity": entity, "mode": mode })).await
}

/// Ids of cached records.
pub(crate) async fn cached(bench: &Bench, entity: &str) -> BTreeSet<String> {
    bench.cached("crm", entity).await.into_iter().map(|(id, _)| id).collect()
}

/// Ids that the service gives for a filter, in one page.
pub(crate) async fn live(bench: &Bench, entity: &str, filter: Option<&str>) -> BTreeSet<String> {
    let ask = json!({
        "connection": "crm", "entity": entity, "mode": "live", "filter": filter, "limit": 5000,
        "columns": [format!("{entity}id")],
    });
    let page = bench.rpc("records.query", ask).await;
    assert!(page["next"].is_null(), "more than a page");
    page["rows"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// The first ids in the order of the ids.
pub(crate) async fn first_ids<const N: usize>(bench: &Bench, entity: &str) -> [String; N] {
    let mut ids = live(bench, entity, None).await.into_iter();
    std::array::from_fn(|_| ids.next().unwrap())
}

/// A request to the sample tenant past the application, as somebody else would send it; the id of a record that was made.
pub(crate) async fn send(bench: &Bench, method: Method, path: &str, body: Option<&Value>) -> Option<String> {
    let details = bench.sandbox.details();
    let found = details.environments.iter().find(|one| one.name == "contoso").unwrap();
    let scope = format!("{}/.default", found.url);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", details.confidential_client_id.as_str()),
        ("client_secret", details.client_secret.as_str()),
        ("scope", scope.as_str()),
    ];
    let client = reqwest::Client::new();
    let url = format!("{}/{}/oauth2/v2.0/token", details.authority, found.tenant);
    let body_text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let reply = client
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body_text)
        .send()
        .await
        .unwrap();
    let reply: Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
    let token = reply["access_token"].as_str().unwrap_or_else(|| panic!("{reply}"));
    let mut request =
        client.request(method, format!("{}/api/data/v9.2/{path}", found.url)).bearer_auth(token);
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let made = answer.headers().get("odata-entityid").map(|id| id.to_str().unwrap().to_owned());
    assert!(status.is_success(), "{path}: {status} {}", answer.text().await.unwrap());
    made.and_then(|id| id.split(['(', ')']).nth(1).map(str::to_owned))
}

/// Makes a record; its id.
pub(crate) async fn create(bench: &Bench, set: &str, data: Value) -> String {
    send(bench, Method::POST, set, Some(&data)).await.unwrap()
}

/// Changes a record, or makes it under this id.
pub(crate) async fn change(bench: &Bench, set: &str, id: &str, data: Value) {
    send(bench, Method::PATCH, &format!("{set}({id})"), Some(&data)).await;
}

/// Deletes a record.
pub(crate) async fn delete(bench: &Bench, set: &str, id: &str) {
    send(bench, Method::DELETE, &format!("{set}({id})"), None).await;
}

/// What a pull changed: added, changed and deleted ids.
pub(crate) async fn told(bench: &Bench, query: Value) -> [BTreeSet<String>; 3] {
    let page = bench.rpc("pulls.changes", query).await;
    let of = |kind: &str| {
        let rows = page["rows"].as_array().unwrap().iter();
        rows.filter(|row| row["kind"] == kind).map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    let sets: [BTreeSet<String>; 3] = [of("added"), of("changed"), of("deleted")];
    for (set, member) in sets.iter().zip(["added", "changed", "deleted"]) {
        assert_eq!(set.len() as u64, count(&page, member), "{page}");
    }
    sets
}

pub(crate) fn ids<const N: usize>(ids: [&String; N]) -> BTreeSet<String> {
    ids.into_iter().cloned().collect()
}

/// All that a report says, as one text.
pub(crate) fn notes(report: &Value) -> String {
    report["notes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| note.as_str().unwrap())
        .collect::<Vec<_>>()
        .join(" ")
}
