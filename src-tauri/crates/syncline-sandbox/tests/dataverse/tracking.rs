//! Change tracking beyond the first delta: pages of changes, what happens while pages are read, tokens that grow old, counts.

use crate::support::{Service, serve};
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

async fn send(s: &Service, method: Method, path: &str, body: Json) {
    let mut request = s.request(method, path);
    if !body.is_null() {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
}

/// All pages from a link on: rows, and the delta link of the last one.
async fn read(s: &Service, from: &str, prefer: &str) -> (Vec<Json>, String) {
    let mut rows = Vec::new();
    let mut page = s.get_with(from, prefer).await;
    loop {
        rows.extend(page["value"].as_array().unwrap_or_else(|| panic!("{page}")).iter().cloned());
        match page["@odata.nextLink"].as_str() {
            Some(next) => page = s.get_with(next, "odata.maxpagesize=7").await,
            None => return (rows, page["@odata.deltaLink"].as_str().unwrap().to_owned()),
        }
    }
}

fn key(row: &Json) -> String {
    row["contactid"].as_str().or(row["id"].as_str()).unwrap().to_owned()
}

#[tokio::test]
async fn changes_come_in_pages_rows_before_deletions() {
    let s = serve(60).await;
    let (all, link) = read(&s, "contacts?$select=lastname", "odata.track-changes,odata.maxpagesize=7").await;
    assert_eq!(all.len(), 60);
    let ids: Vec<String> = all.iter().map(key).collect();
    for id in &ids[..20] {
        send(&s, Method::PATCH, &format!("contacts({id})"), json!({ "lastname": "Changed" })).await;
    }
    for id in &ids[20..30] {
        send(&s, Method::DELETE, &format!("contacts({id})"), Json::Null).await;
    }
    let first = s.get_with(&link, "odata.maxpagesize=7").await;
    assert_eq!(first["value"].as_array().unwrap().len(), 7);
    assert!(first["@odata.deltaLink"].is_null(), "only the last page has it");
    let (rows, next) = read(&s, &link, "odata.maxpagesize=7").await;
    let told: Vec<bool> = rows.iter().map(|row| row["reason"] == "deleted").collect();
    assert_eq!(told.iter().filter(|deleted| **deleted).count(), 10);
    assert!(told.is_sorted(), "rows first, then deletions");
    assert_eq!(rows.iter().map(key).collect::<BTreeSet<_>>(), ids[..30].iter().cloned().collect());
    assert!(read(&s, &next, "odata.maxpagesize=7").await.0.is_empty());
    let counted =
        s.request(Method::GET, &link.replace("contacts?", "contacts/$count?")).send().await.unwrap();
    assert!(counted.text().await.unwrap().ends_with("20"));
}

#[tokio::test]
async fn what_is_written_while_pages_are_read_comes_with_the_next_changes() {
    let s = serve(30).await;
    let first = s.get_with("contacts?$select=lastname", "odata.track-changes,odata.maxpagesize=7").await;
    let early = key(&first["value"][0]);
    send(&s, Method::PATCH, &format!("contacts({early})"), json!({ "lastname": "Meanwhile" })).await;
    let (_, link) = read(&s, first["@odata.nextLink"].as_str().unwrap(), "odata.maxpagesize=7").await;
    let (rows, _) = read(&s, &link, "odata.maxpagesize=7").await;
    assert!(rows.iter().any(|row| key(row) == early && row["lastname"] == "Meanwhile"), "{rows:?}");
    // The same while changes are read.
    let ids: Vec<String> = first["value"].as_array().unwrap().iter().map(key).collect();
    let link = read(&s, &link, "odata.maxpagesize=7").await.1;
    for id in &ids {
        send(&s, Method::PATCH, &format!("contacts({id})"), json!({ "lastname": "Two" })).await;
    }
    let page = s.get_with(&link, "odata.maxpagesize=3").await;
    send(&s, Method::PATCH, &format!("contacts({})", ids[0]), json!({ "lastname": "Three" })).await;
    let (_, after) = read(&s, page["@odata.nextLink"].as_str().unwrap(), "odata.maxpagesize=3").await;
    let (rows, _) = read(&s, &after, "odata.maxpagesize=7").await;
    assert!(rows.iter().any(|row| row["lastname"] == "Three"), "{rows:?}");
}

#[tokio::test]
async fn a_token_lives_as_long_as_the_organization_says_and_queries_are_refused() {
    let s = serve(10).await;
    let (_, link) = read(&s, "contacts?$select=lastname", "odata.track-changes").await;
    s.environment.set_change_tracking_days(-1);
    assert_eq!(s.error(Method::GET, &link, None).await, (400, "0x80044352".into()));
    s.environment.set_change_tracking_days(7);
    assert!(read(&s, &link, "").await.0.is_empty());
    for query in ["$orderby=lastname", "$top=5", "$expand=owninguser", "$filter=statecode eq 0"] {
        let refused = s.get_with(&format!("contacts?{query}"), "odata.track-changes").await;
        assert!(refused["error"]["code"].is_string(), "{query}: {refused}");
    }
    for set in ["new_projects", "savedqueries", "listmembers"] {
        let refused = s.get_with(set, "odata.track-changes").await;
        assert_eq!(refused["error"]["code"], "0x80072491", "{set}");
    }
    let broken = link.split("$deltatoken=").next().unwrap().to_owned() + "$deltatoken=nonsense";
    assert_eq!(s.error(Method::GET, &broken, None).await.0, 400);
}
