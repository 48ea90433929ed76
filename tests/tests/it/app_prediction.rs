//! The prediction score: every run compares what was predicted with what came out, row by row.

use serde_json::json;

use crate::app_preview::{plant, planted};
use crate::app_support::{Bench, contacts_to, count};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_says_how_far_its_plan_came_true() {
    let bench = Bench::new(20).await;
    bench.connect_writable("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let mut definition = planted("marketing");
    definition["source"]["columns"] = json!(["contactid", "lastname", "address1_country"]);
    definition["fields"] =
        json!([{ "to": "surname", "from": "lastname" }, { "to": "country", "from": "address1_country" }]);
    for number in 0..10 {
        // Two are refused by a rule of the service that nothing tells beforehand.
        let country = if number < 2 { "Land" } else { "DE" };
        plant(&bench, number, json!({ "lastname": "X", "address1_country": country })).await;
    }
    let plan = bench.preview(&definition).await;
    bench.rpc("plans.exclude", json!({ "plan": plan["plan_id"], "ordinals": [9], "excluded": true })).await;
    let report = bench.run(&plan).await;
    let prediction = &report["prediction"];
    assert_eq!(
        ["predicted", "as_predicted", "otherwise", "not_reached"].map(|name| count(prediction, name)),
        [9, 7, 2, 0],
        "{report}"
    );
    assert!((prediction["score"].as_f64().unwrap() - 7.0 / 9.0).abs() < 1e-9);
    assert_eq!(count(&report, "held_back"), 1, "{report}");
    let otherwise = bench.rpc("runs.rows", json!({ "run": report["run_id"], "otherwise": true })).await;
    assert_eq!(count(&otherwise, "total"), 2, "{otherwise}");
    assert!(
        otherwise["rows"].as_array().unwrap().iter().all(|row| row["outcome"] == "failed"),
        "{otherwise}"
    );
    // It is kept: the list says the same.
    let runs = bench.rpc("runs.list", json!({})).await;
    assert_eq!(runs[0]["prediction"], *prediction);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_is_sent_by_itself_and_held_back_afterwards() {
    let bench = Bench::new(12).await;
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let plan = bench.preview(&contacts_to("contoso", "marketing", "profile")).await;
    let ask = json!({ "plan": plan["plan_id"], "ordinal": 3, "expect": 1 });
    let wrong = json!({ "plan": plan["plan_id"], "ordinal": 3, "expect": 2 });
    assert_eq!(bench.refused("plans.send_one", wrong).await.code, syncline_model::ErrorCode::GuardRefused);
    let report = bench.done("plans.send_one", ask).await;
    assert_eq!((count(&report, "created"), count(&report, "read")), (1, 1), "{report}");
    let profiles = bench.sandbox.profiles();
    let detail = bench.rpc("plans.row", json!({ "plan": plan["plan_id"], "ordinal": 3 })).await;
    assert_eq!((profiles.len(), &profiles[0]["identifiers"]["uuid"]), (1, &detail["row"]["source_id"]));
    assert_eq!(detail["row"]["excluded"], true, "the run does not send it again");
    assert!(detail["curl"].as_str().unwrap().contains("--data-raw"), "{}", detail["curl"]);
    let run = bench.run(&plan).await;
    assert_eq!((count(&run, "created"), count(&run, "held_back")), (11, 1), "{run}");
    assert!(bench.sandbox.profiles().iter().all(|profile| profile["upserts"] == 1));
    // Rows come in the order that is asked for.
    let ask = json!({ "plan": plan["plan_id"], "sort": "title", "descending": true });
    let rows = bench.rpc("plans.rows", ask).await;
    let titles: Vec<String> = rows["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["title"].as_str().unwrap().to_lowercase())
        .collect();
    assert!(titles.windows(2).all(|pair| pair[0] >= pair[1]), "{titles:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_counts_against_the_prediction() {
    let bench = Bench::new(30).await;
    bench.connect_writable("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let plan = bench.preview(&contacts_to("contoso", "marketing", "profile")).await;
    let id = bench.items(&plan).await[4]["source_id"].as_str().unwrap().to_owned();
    bench.change("contoso", "contact", &id, json!({ "firstname": "Changed" })).await;
    let report = bench.run(&plan).await;
    let prediction = &report["prediction"];
    assert_eq!((count(prediction, "as_predicted"), count(prediction, "otherwise")), (29, 1), "{report}");
    let groups = prediction["groups"].as_array().unwrap();
    assert!(
        groups.iter().any(|group| group["outcome"] == "drifted" && group["as_predicted"] == false),
        "{prediction}"
    );
}
