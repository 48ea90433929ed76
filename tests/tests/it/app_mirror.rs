//! What a mirror must never delete: what it did not read, what another definition brought, what a record that is there still is.

use serde_json::{Value, json};

use crate::app_support::{Bench, count};
use crate::app_undo::{copy, two_environments, whole};

fn mirror(name: &str, filter: &str) -> Value {
    let mut definition = copy();
    definition["name"] = json!(name);
    definition["source"]["filter"] = json!(filter);
    definition["options"] = json!({ "action": "mirror" });
    definition
}

async fn delete(bench: &Bench, id: &str) {
    bench.rpc("connections.unlock", json!({ "connection": "contoso", "minutes": 5 })).await;
    let gone = json!({ "connection": "contoso", "entity": "contact", "operation": "delete", "id": id });
    bench.rpc("records.write", gone).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_read_has_not_vanished() {
    let bench = two_environments(20).await;
    for fetch in [json!({ "mode": "new-and-updated", "days": 0 }), json!({ "mode": "all", "days": 3 })] {
        let mut definition = mirror("all", "");
        definition["source"].as_object_mut().unwrap().remove("filter");
        definition["source"]["fetch"] = fetch;
        let check = bench.rpc("definitions.check", json!({ "json": definition.to_string() })).await;
        assert_eq!(check["problems"][0]["code"], "mirror_reads_all", "{check}");
        let error = bench.failed("plans.start", json!({ "json": definition.to_string() })).await;
        assert_eq!(error.code.as_str(), "definition_invalid", "{error:?}");
    }
    let definition = mirror("stored", "<condition attribute='gendercode' operator='eq' value='2'/>");
    let cached = json!({ "json": definition.to_string(), "cached": true });
    bench.done("cache.pull", json!({ "connection": "contoso", "entity": "contact" })).await;
    let error = bench.failed("plans.start", cached).await;
    assert!(error.message.contains("not made of the store"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_back_to_a_day_is_not_filtered() {
    let bench = two_environments(20).await;
    whole(&bench, &copy()).await;
    let mut definition = copy();
    definition["options"] = json!({ "action": "delete" });
    definition["fields"] = json!([]);
    definition["source"]["fetch"] = json!({ "mode": "all", "days": 20_000 });
    let plan = bench.preview_any(&definition).await;
    assert!(count(&plan["summary"], "read") > 0, "{plan}");
    let error = bench.failed("runs.start", json!({ "plan": plan["plan_id"] })).await;
    assert_eq!(error.code.as_str(), "guard_refused", "{error:?}");
    assert!(error.message.contains("filter"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_definition_brought_stays() {
    let bench = two_environments(60).await;
    let one = mirror("ones", "<condition attribute='gendercode' operator='eq' value='1'/>");
    let two = mirror("twos", "<condition attribute='gendercode' operator='eq' value='2'/>");
    let (first, second) = (whole(&bench, &one).await, whole(&bench, &two).await);
    assert!(count(&first, "created") > 3 && count(&second, "created") > 3, "{first} {second}");
    for definition in [&one, &two] {
        let plan = bench.preview_any(definition).await;
        assert_eq!(count(&plan["summary"], "delete"), 0, "{plan}");
    }
    let brought = bench.items(&bench.preview_any(&one).await).await;
    delete(&bench, brought[0]["source_id"].as_str().unwrap()).await;
    assert_eq!(count(&bench.preview_any(&two).await["summary"], "delete"), 0);
    let plan = bench.preview_any(&one).await;
    let told = ["read", "unchanged", "delete", "vanished"].map(|name| count(&plan["summary"], name));
    // What is deleted was not read: the source does not hold it.
    let left = brought.len() as u64 - 1;
    assert_eq!(told, [left, left, 1, 1], "{plan}");
    let report = bench.run(&plan).await;
    assert_eq!((count(&report, "read"), count(&report, "deleted")), (left, 1), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_another_record_is_stays() {
    let bench = two_environments(40).await;
    let mut definition = mirror("by address", "<condition attribute='gendercode' operator='eq' value='1'/>");
    let path = bench.file("people", "jsonl").await;
    definition["destination"] = json!({ "connection": "people", "entity": "people" });
    definition["identifiers"] = json!([{ "to": "address", "from": "emailaddress1" }]);
    definition["fields"] = json!([{ "to": "surname", "from": "lastname" }]);
    let report = whole(&bench, &definition).await;
    assert!(count(&report, "created") > 3, "{report}");
    let items = bench.items(&bench.preview_any(&definition).await).await;
    let brought: Vec<&Value> = items.iter().filter(|item| item["action"] == "unchanged").collect();
    // The first is merged into the second: it is gone, and the second has its address.
    let address = brought[0]["identifiers"]["address"].clone();
    let (gone, stays) =
        (brought[0]["source_id"].as_str().unwrap(), brought[1]["source_id"].as_str().unwrap());
    delete(&bench, gone).await;
    bench.change("contoso", "contact", stays, json!({ "emailaddress1": address })).await;
    let before = std::fs::read_to_string(&path).unwrap();
    let plan = bench.preview_any(&definition).await;
    assert_eq!(count(&plan["summary"], "delete"), 0, "{plan}");
    // Nor where two have it now and none of them goes.
    let third = brought[2]["source_id"].as_str().unwrap();
    bench.change("contoso", "contact", third, json!({ "emailaddress1": address })).await;
    definition["on_duplicate"] = json!("none");
    let plan = bench.preview_any(&definition).await;
    assert_eq!((count(&plan["summary"], "delete"), count(&plan["issues"][0], "rows")), (0, 2), "{plan}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
    // Once nobody has it, it has vanished.
    for id in [stays, third] {
        bench.change("contoso", "contact", id, json!({ "emailaddress1": "elsewhere@example.com" })).await;
    }
    assert_eq!(count(&bench.preview_any(&definition).await["summary"], "delete"), 1);
}
