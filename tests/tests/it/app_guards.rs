//! Who may be written to: nobody by default, production only with the number.

use serde_json::{Value, json};
use syncline_model::ErrorCode;

use crate::app_support::{Bench, contacts_to, count};

fn copy() -> Value {
    let mut definition = contacts_to("contoso", "fabrikam", "contact");
    definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
    definition["fields"] = json!([{ "to": "lastname", "from": "lastname" }]);
    definition["fixed"] = json!([]);
    definition
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_until_unlocked_and_again_when_locked() {
    let bench = Bench::new(12).await;
    bench.connect("contoso", "contoso").await;
    bench.connect("fabrikam", "fabrikam").await;
    let plan = bench.preview(&copy()).await;
    bench.sandbox.clear_requests();
    let run = json!({ "plan": plan["plan_id"] });
    let create = json!({
        "connection": "fabrikam", "entity": "contact", "operation": "create", "data": { "lastname": "X" },
    });
    for (command, request) in [("runs.start", &run), ("records.write", &create)] {
        let error = bench.refused(command, request.clone()).await;
        assert_eq!(error.code, ErrorCode::ReadOnly, "{command}: {error:?}");
        assert!(error.hint.unwrap().contains("unlock"));
    }
    assert_eq!(bench.sandbox.requests().len(), 0, "a refusal asks nobody");
    for minutes in [0, 481] {
        let error = bench
            .refused("connections.unlock", json!({ "connection": "fabrikam", "minutes": minutes }))
            .await;
        assert_eq!(error.code, ErrorCode::Usage);
    }
    let unlocked = bench.rpc("connections.unlock", json!({ "connection": "fabrikam", "minutes": 5 })).await;
    assert_eq!(unlocked["writable"], false, "unlocked for a time, not saved");
    assert!(unlocked["unlocked_until"].is_string());
    bench.rpc("connections.lock", json!({ "connection": "fabrikam" })).await;
    assert_eq!(bench.refused("runs.start", run.clone()).await.code, ErrorCode::ReadOnly);
    bench.rpc("connections.unlock", json!({ "connection": "fabrikam", "minutes": 5 })).await;
    let report = bench.run(&plan).await;
    assert_eq!(count(&report, "created"), 12, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn production_wants_the_number_and_the_right_one() {
    let bench = Bench::new(12).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    bench.rpc("connections.save", json!({ "name": "fabrikam", "kind": "production" })).await;
    let plan = bench.preview(&copy()).await;
    bench.rpc("plans.exclude", json!({ "plan": plan["plan_id"], "ordinals": [0], "excluded": true })).await;
    bench.sandbox.clear_requests();
    let error = bench.refused("runs.start", json!({ "plan": plan["plan_id"] })).await;
    assert_eq!(error.code, ErrorCode::ConfirmationNeeded);
    assert!(error.message.contains("11") && error.message.contains("production"), "{error:?}");
    let error = bench.refused("runs.start", json!({ "plan": plan["plan_id"], "expect": 12 })).await;
    assert_eq!(error.code, ErrorCode::GuardRefused, "{error:?}");
    let write = json!({
        "connection": "fabrikam", "entity": "contact", "operation": "create", "data": { "lastname": "X" },
    });
    assert_eq!(bench.refused("records.write", write.clone()).await.code, ErrorCode::ConfirmationNeeded);
    assert_eq!(bench.sandbox.requests().len(), 0);
    let report = bench.done("runs.start", json!({ "plan": plan["plan_id"], "expect": 11 })).await;
    assert_eq!(count(&report, "created"), 11);
    let mut write = write;
    write["expect"] = json!(1);
    assert!(bench.rpc("records.write", write).await["id"].is_string());
}
