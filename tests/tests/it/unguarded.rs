//! Tables without optimistic concurrency: nothing is written over what somebody else wrote, though the service does not guard by versions.

use serde_json::{Value, json};
use syncline_model::ErrorCode;

use crate::app_support::{Bench, contacts_to, count};

fn copy(case: &str) -> Value {
    let mut definition = contacts_to("contoso", "fabrikam", "contact");
    definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
    definition["fields"] = json!([{ "to": "lastname", "from": "lastname", "case": case }]);
    definition["fixed"] = json!([]);
    definition
}

async fn bench() -> Bench {
    let bench = Bench::new(250).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    bench.sandbox.environment("fabrikam").unwrap().set_optimistic_concurrency("contact", false);
    bench
}

async fn lastname(bench: &Bench, id: &str) -> Value {
    let ask = json!({ "connection": "fabrikam", "entity": "contact", "id": id, "mode": "live" });
    bench.rpc("records.get", ask).await["row"]["raw"]["lastname"].clone()
}

/// A run and its way back, on which somebody else comes in between.
async fn runs(bench: &Bench, all_or_nothing: bool) {
    let mut upper = copy("upper");
    upper["options"] = json!({ "all_or_nothing": all_or_nothing });
    let plan = bench.preview(&upper).await;
    let due = count(&plan["summary"], "update");
    assert!(due > 100, "{plan}");
    let report = bench.run(&plan).await;
    assert_eq!(["updated", "failed", "drifted"].map(|key| count(&report, key)), [due, 0, 0], "{report}");
    assert_eq!(bench.preview_any(&upper).await["summary"]["update"], 0);
    // Back again, while somebody else changes a row.
    let back = bench.done("runs.undo", json!({ "run": report["run_id"] })).await;
    let items = bench.items(&plan).await;
    let theirs = items.iter().find(|item| item["action"] == "update").unwrap()["source_id"].as_str().unwrap();
    bench.change("fabrikam", "contact", theirs, json!({ "lastname": "By somebody else" })).await;
    let undone = bench.run(&back).await;
    assert_eq!(lastname(bench, theirs).await, "By somebody else");
    let told = ["updated", "drifted"].map(|key| count(&undone, key));
    if all_or_nothing {
        assert_eq!(told[1], 1, "{undone}");
    } else {
        assert_eq!(told, [due - 1, 1], "{undone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_looked_at_right_before_they_are_written() {
    let bench = bench().await;
    let report = bench.run(&bench.preview(&copy("lower")).await).await;
    assert_eq!((count(&report, "created"), count(&report, "failed")), (250, 0), "{report}");
    runs(&bench, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_asked_whole_is_not_written_where_a_row_changed() {
    let bench = bench().await;
    bench.run(&bench.preview(&copy("lower")).await).await;
    runs(&bench, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_hand_too() {
    let bench = bench().await;
    bench.run(&bench.preview(&copy("lower")).await).await;
    let ask = json!({ "connection": "fabrikam", "entity": "contact", "mode": "live", "limit": 2 });
    let rows = bench.rpc("records.query", ask).await;
    for row in rows["rows"].as_array().unwrap() {
        let (id, etag) = (row["id"].as_str().unwrap(), row["etag"].as_str().unwrap());
        let write = |name: &str, etag: &str| {
            json!({ "connection": "fabrikam", "entity": "contact", "operation": "update", "id": id,
                "data": { "lastname": name }, "etag": etag })
        };
        bench.rpc("records.write", write("By hand", etag)).await;
        assert_eq!(lastname(&bench, id).await, "By hand");
        // The version of before is not the row's any more.
        let error = bench.app.rpc("records.write", write("Too late", etag)).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::ServiceRefused, "{error:?}");
        assert!(error.hint.is_some(), "{error:?}");
        let delete = json!({ "connection": "fabrikam", "entity": "contact", "operation": "delete", "id": id, "etag": etag });
        bench.app.rpc("records.write", delete).await.unwrap_err();
        assert_eq!(lastname(&bench, id).await, "By hand");
    }
}
