//! The same table in two environments: what is the same, what differs, what only one of them has.

use serde_json::{Value, json};

use crate::app_preview::plant;
use crate::app_support::{Bench, count};

#[tokio::test(flavor = "multi_thread")]
async fn every_difference_is_found_and_nothing_is_written() {
    let bench = Bench::new(40).await;
    bench.connect_writable("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    let planted = "<condition attribute='department' operator='eq' value='Planted' />";
    for number in 1..=5 {
        plant(&bench, number, json!({ "lastname": format!("L{number}"), "firstname": "A", "jobtitle": "x" }))
            .await;
    }
    // Three of them are there too: one the same, one with another name; and one that only the other has.
    for (number, first) in [(1, "A"), (2, "B"), (9, "A")] {
        let id = format!("0000ffff-0000-4000-8000-{number:012}");
        let data = json!({ "contactid": id, "department": "Planted", "lastname": format!("L{number}"),
            "firstname": first, "jobtitle": "x" });
        bench
            .rpc(
                "records.write",
                json!({ "connection": "fabrikam", "entity": "contact", "operation": "create", "data": data }),
            )
            .await;
    }
    bench.sandbox.clear_requests();
    let path = bench.home.path().join("differences.jsonl");
    let ask = json!({
        "left": "contoso", "right": "fabrikam", "entity": "contact", "filter": planted,
        "columns": ["firstname", "lastname", "jobtitle"], "path": path,
    });
    let report = bench.done("compare.start", ask.clone()).await;
    assert_eq!(
        ["left_rows", "right_rows", "same", "different", "only_left", "only_right", "ambiguous"]
            .map(|name| count(&report, name)),
        [5, 3, 1, 1, 3, 1, 0],
        "{report}"
    );
    let rows = report["rows"].as_array().unwrap();
    let different = rows.iter().find(|row| row["kind"] == "different").unwrap();
    assert_eq!(different["changes"], json!([{ "field": "firstname", "from": "A", "to": "B" }]));
    let written: Vec<Value> = std::fs::read_to_string(&path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(written.len(), 5);
    assert!(bench.writes("contoso").is_empty() && bench.writes("fabrikam").is_empty());

    let all = bench
        .done("compare.start", json!({ "left": "contoso", "right": "contoso", "entity": "account" }))
        .await;
    assert_eq!((count(&all, "different"), count(&all, "only_left")), (0, 0), "{all}");
    assert_eq!(count(&all, "same"), count(&all, "left_rows"));
    assert!(all["columns"].as_array().unwrap().len() > 5);
    let error = bench
        .failed(
            "compare.start",
            json!({ "left": "contoso", "right": "fabrikam", "entity": "contact", "columns": ["nosuch"] }),
        )
        .await;
    assert!(error.message.contains("nosuch"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_signed_in_is_the_one_whose_light_turns() {
    let bench = Bench::new(20).await;
    bench.connect("contoso", "contoso").await;
    let mut other = bench.as_application("fabrikam", "fabrikam");
    other.as_object_mut().unwrap().remove("secret");
    bench.rpc("connections.save", other).await;
    let ask = json!({ "left": "contoso", "right": "fabrikam", "entity": "account" });
    let error = bench.failed("compare.start", ask).await;
    assert!(error.message.contains("fabrikam"), "{error:?}");
    let light = async |name: &str| bench.rpc("connections.get", json!({ "connection": name })).await;
    assert_eq!(light("contoso").await["status"], "verified");
    assert_eq!(light("fabrikam").await["status"], "broken");
}
