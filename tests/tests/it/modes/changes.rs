//! What changed: of one pull, between two, filtered and exported; nothing stays when a connection is forgotten.

use serde_json::{Value, json};

use super::{bench, change, delete, first_ids, ids, pull, told};
use crate::app_support::count;

#[tokio::test(flavor = "multi_thread")]
async fn between_two_pulls_record_by_record_and_field_by_field() {
    let bench = bench(400).await;
    let [a, b, c] = first_ids(&bench, "contact").await;
    let fresh = "00000000-0000-4000-8000-00000000abcd".to_owned();
    change(&bench, "contacts", &a, json!({ "lastname": "One", "gendercode": 1 })).await;
    let first = pull(&bench, "contact", "all").await;
    change(&bench, "contacts", &a, json!({ "lastname": "Two" })).await;
    delete(&bench, "contacts", &b).await;
    let second = pull(&bench, "contact", "new-and-updated").await;
    change(&bench, "contacts", &a, json!({ "lastname": "Three", "gendercode": 2 })).await;
    delete(&bench, "contacts", &c).await;
    change(&bench, "contacts", &fresh, json!({ "lastname": "Fresh" })).await;
    let third = pull(&bench, "contact", "new-and-updated").await;

    let [added, changed, deleted] = told(&bench, json!({ "pull": second["pull"] })).await;
    assert_eq!((added.len(), changed, deleted), (0, ids([&a]), ids([&b])));
    let query = json!({ "pull": third["pull"], "since": first["pull"] });
    let [added, changed, deleted] = told(&bench, query.clone()).await;
    assert_eq!((added, changed, deleted), (ids([&fresh]), ids([&a]), ids([&b, &c])));
    let page = bench.rpc("pulls.changes", query.clone()).await;
    let rows = page["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["id"] == json!(a)).unwrap();
    let field = |name: &str| {
        let fields = row["fields"].as_array().unwrap().iter();
        fields
            .clone()
            .find(|field| field["column"] == name)
            .unwrap_or_else(|| panic!("{name} in {row}"))
            .clone()
    };
    assert_eq!((&field("lastname")["old"], &field("lastname")["new"]), (&json!("One"), &json!("Three")));
    let gender = field("gendercode");
    assert_eq!((&gender["old"], &gender["new"]), (&json!(1), &json!(2)));
    assert!(gender["old_label"].is_string() && gender["new_label"].is_string(), "{gender}");
    let gone = rows.iter().find(|row| row["id"] == json!(b)).unwrap();
    assert_eq!(gone["last"]["contactid"], json!(b), "what was known of it is kept");

    let mut narrow = query.clone();
    narrow["column"] = json!("gendercode");
    assert_eq!(count(&bench.rpc("pulls.changes", narrow).await, "total"), 1);
    let mut narrow = query.clone();
    narrow["search"] = json!("fresh");
    let found = bench.rpc("pulls.changes", narrow).await;
    assert_eq!((count(&found, "total"), &found["rows"][0]["id"]), (1, &json!(fresh)));
    let mut narrow = query.clone();
    narrow["kind"] = json!("deleted");
    assert_eq!(count(&bench.rpc("pulls.changes", narrow).await, "total"), 2);
    let columns = page["columns"].as_array().unwrap();
    assert!(columns.iter().any(|column| column["column"] == "lastname" && column["records"] == 1), "{page}");
    let wrong = json!({ "pull": first["pull"], "since": third["pull"] });
    assert!(bench.refused("pulls.changes", wrong).await.hint.is_some());

    for (format, name) in [("csv", "changes.csv"), ("jsonl", "changes.jsonl")] {
        let path = bench.home.path().join(name);
        let report =
            bench.done("pulls.export", json!({ "query": query, "format": format, "path": path })).await;
        assert_eq!(count(&report, "records"), 4, "{report}");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("One") && text.contains("Three") && text.contains(&fresh), "{text}");
        if format == "jsonl" {
            assert_eq!(text.lines().count(), 4);
            assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
        }
    }
    bench.rpc("connections.forget", json!({ "connection": "crm" })).await;
    bench.refused("pulls.changes", query).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_columns_are_no_change() {
    let bench = bench(200).await;
    let ask = |columns: Value| json!({ "connection": "crm", "entity": "contact", "mode": "all", "columns": columns });
    bench.done("cache.pull", ask(json!(["fullname"]))).await;
    let wider = bench.done("cache.pull", ask(json!(["fullname", "emailaddress1"]))).await;
    assert_eq!(count(&wider, "changed"), 200, "what is stored is more: {wider}");
    let [added, changed, deleted] = told(&bench, json!({ "pull": wider["pull"] })).await;
    assert_eq!([added.len(), changed.len(), deleted.len()], [0, 0, 0], "but the records are the same");
}
