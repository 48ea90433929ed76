//! What is known of each record of each run afterwards: found, exported, kept as long as asked.

use serde_json::{Value, json};

use crate::app_support::{Bench, count};
use crate::app_undo::{copy, two_environments, undo_plan, whole};

async fn find(bench: &Bench, query: Value) -> Value {
    bench.rpc("audit.rows", query).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_has_a_story_over_all_runs() {
    let bench = two_environments(60).await;
    let first = whole(&bench, &copy()).await;
    let mut upper = copy();
    upper["fields"][1]["case"] = json!("upper");
    let second = whole(&bench, &upper).await;
    let third = whole(&bench, &upper).await;
    let undone = bench.run(&undo_plan(&bench, &second).await).await;

    let written = find(&bench, json!({ "run": second["run_id"], "outcome": "updated", "limit": 1 })).await;
    let row = &written["rows"][0];
    assert_eq!(count(&written, "total"), count(&second, "updated"));
    let id = row["source_id"].as_str().unwrap();
    assert_eq!(row["mapped"]["identifiers"]["contactid"], id, "{row}");
    assert!(row["source_version"].as_str().unwrap().starts_with("W/"), "{row}");
    assert!(row["destination_version"].as_str().unwrap().starts_with("W/"), "{row}");
    assert_eq!(row["request_hash"].as_str().unwrap().len(), 64);
    assert_ne!(row["before"]["values"]["lastname"], row["mapped"]["attributes"]["lastname"], "{row}");
    assert!(row["sent_at"].as_str().unwrap() <= row["answered_at"].as_str().unwrap(), "{row}");

    for asked in [id.to_owned(), id.to_uppercase()] {
        let story = find(&bench, json!({ "record": asked })).await;
        let told: Vec<(&str, &str)> = story["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["run_id"].as_str().unwrap(), row["outcome"].as_str().unwrap()))
            .collect();
        let runs = [&undone, &third, &second, &first].map(|run| run["run_id"].as_str().unwrap());
        let outcomes = ["updated", "unchanged", "updated"];
        let wanted: Vec<(&str, &str)> = runs.into_iter().zip(outcomes).collect();
        assert_eq!(told[..3], wanted, "latest first: {told:?}");
        assert_eq!((told.len(), told[3].0), (4, first["run_id"].as_str().unwrap()), "{told:?}");
    }

    // Found by entity, outcome and text.
    let contact = find(&bench, json!({ "entity": "contact", "limit": 1 })).await;
    assert_eq!(count(&contact, "total"), 60 * 3 + count(&undone, "read"));
    assert_eq!(count(&find(&bench, json!({ "entity": "account" })).await, "total"), 0);
    let same = find(&bench, json!({ "run": third["run_id"], "outcome": "unchanged", "limit": 1 })).await;
    assert_eq!(count(&same, "total"), count(&third, "unchanged"));
    let title = row["title"].as_str().unwrap().to_lowercase();
    assert!(count(&find(&bench, json!({ "search": title })).await, "total") >= 4);
    let nothing = bench.refused("audit.rows", json!({ "run": "nonsense" })).await;
    assert_eq!(nothing.code, syncline_model::ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_keeps_the_services_words_and_the_audit_is_exported() {
    let bench = two_environments(40).await;
    let plan = bench.preview(&copy()).await;
    let items = bench.items(&plan).await;
    let victim = items.iter().find(|item| item["action"] == "create").unwrap();
    let id = victim["source_id"].as_str().unwrap();
    // Somebody makes the record in between: exactly it is held back.
    bench
        .rpc(
            "records.write",
            json!({ "connection": "fabrikam", "entity": "contact", "operation": "upsert", "id": id, "data": { "lastname": "First" } }),
        )
        .await;
    let report = bench.run(&plan).await;
    assert_eq!((count(&report, "drifted"), report["status"].as_str()), (1, Some("partial")), "{report}");
    let row = find(&bench, json!({ "run": report["run_id"], "outcome": "drifted" })).await["rows"][0].clone();
    assert_eq!(row["source_id"], id);
    assert!(row["code"].as_str().unwrap().starts_with("0x"), "code {} {}", row["code"], row["message"]);
    assert!(row["request_id"].is_string() && row["message"].is_string(), "id {}", row["request_id"]);
    for (format, file) in [("csv", "a.csv"), ("jsonl", "a.jsonl"), ("xlsx", "a.xlsx")] {
        let path = bench.home.path().join(file);
        let ask = json!({ "query": { "run": report["run_id"] }, "format": format, "path": path });
        let written = bench.done("audit.export", ask).await;
        assert_eq!(count(&written, "records"), 40, "{format}");
        let bytes = std::fs::read(&path).unwrap();
        match format {
            "csv" => {
                let text = String::from_utf8(bytes).unwrap();
                assert!(text.starts_with("\u{feff}ordinal,source_id,action,outcome,"), "{text}");
                assert!(text.contains(id) && text.contains(row["request_id"].as_str().unwrap()));
            }
            "jsonl" => {
                let text = String::from_utf8(bytes).unwrap();
                let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                assert_eq!(rows.len(), 40);
                assert!(rows.iter().any(|row| row["outcome"] == "drifted" && row["source_id"] == id));
            }
            _ => assert_eq!(&bytes[..2], b"PK"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_is_kept_and_counted() {
    let bench = two_environments(30).await;
    let run = whole(&bench, &copy()).await;
    let told = bench.rpc("audit.retention", json!({ "days": 365 })).await;
    assert_eq!((count(&told, "days"), count(&told, "runs"), &told["removed"]), (365, 0, &json!(false)));
    assert_eq!(bench.rpc("settings.get", json!({})).await["audit_days"], 0, "asking keeps nothing");
    assert!(bench.rpc("settings.get", json!({})).await["preview_days"].is_null(), "30 unless it is said");
    let kept = bench.rpc("audit.retain", json!({ "days": 365, "keep": true, "remove": true })).await;
    assert_eq!((count(&kept, "runs"), &kept["removed"]), (0, &json!(true)));
    assert_eq!(bench.rpc("settings.get", json!({})).await["audit_days"], 365);
    assert_eq!(bench.rpc("runs.get", json!({ "run": run["run_id"] })).await["run_id"], run["run_id"]);
    bench.refused("audit.retention", json!({ "days": 100_000 })).await;
}
