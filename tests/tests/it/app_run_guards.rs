//! What stops a run before its first write, what is passed over on purpose, and what goes again.

use serde_json::{Value, json};
use syncline_model::ErrorCode;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_support::{Bench, contacts_to, count};
use crate::app_undo::{copy, held, two_environments, whole};

async fn stopped(bench: &Bench, plan: &Value, more: Value) -> String {
    bench.sandbox.clear_requests();
    let mut ask = json!({ "plan": plan["plan_id"] });
    ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let error = bench.failed("runs.start", ask).await;
    assert_eq!(error.code, ErrorCode::GuardRefused, "{error:?}");
    assert!(bench.writes("fabrikam").is_empty(), "nothing was written");
    error.message
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_stop_before_the_first_write() {
    let bench = two_environments(60).await;
    whole(&bench, &copy()).await;
    let mut upper = copy();
    upper["fields"][1]["case"] = json!("upper");
    upper["options"] = json!({ "limits": { "updates": 5 } });
    let plan = bench.preview(&upper).await;
    assert_eq!(plan["exceeded"][0]["what"], "updates", "{}", plan["exceeded"]);
    assert!(stopped(&bench, &plan, json!({})).await.contains("the limit is 5"));
    // Rows that are taken out do not count: neither in what is told nor for the run.
    let rows =
        bench.rpc("plans.rows", json!({ "plan": plan["plan_id"], "action": "update", "limit": 100 })).await;
    let ordinals: Vec<&Value> =
        rows["rows"].as_array().unwrap().iter().map(|row| &row["ordinal"]).skip(5).collect();
    assert!(!ordinals.is_empty());
    let exclude =
        |excluded: bool| json!({ "plan": plan["plan_id"], "ordinals": ordinals, "excluded": excluded });
    let fewer = bench.rpc("plans.exclude", exclude(true)).await;
    assert_eq!(fewer["exceeded"], json!([]), "{fewer}");
    let again = bench.rpc("plans.exclude", exclude(false)).await;
    assert_eq!(again["exceeded"], plan["exceeded"]);
    bench.rpc("plans.exclude", exclude(true)).await;
    let report = bench.done("runs.start", json!({ "plan": plan["plan_id"] })).await;
    assert_eq!(count(&report, "updated"), 5, "{report}");
    // The settings' limits hold where the definition has none of its own.
    upper["options"] = json!({});
    let mut settings = bench.rpc("settings.get", json!({})).await;
    settings["limits"] = json!({ "updates_percent": 10 });
    bench.rpc("settings.set", settings.clone()).await;
    let plan = bench.preview(&upper).await;
    assert!(stopped(&bench, &plan, json!({})).await.contains("the limit is 10 %"));
    // The plan is still there, and whoever has seen the number may go on.
    let report = bench.done("runs.start", json!({ "plan": plan["plan_id"], "beyond_limits": true })).await;
    assert_eq!(count(&report, "updated"), count(&plan["summary"], "update"));
    settings["limits"] = json!({ "deletes_percent": 101 });
    bench.refused("settings.set", settings).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_mode_and_missing_filters() {
    let bench = two_environments(120).await;
    bench.marketing("marketing").await;
    let mut strict = contacts_to("contoso", "marketing", "profile");
    strict["identifiers"] =
        json!([{ "to": "email", "from": "emailaddress1" }, { "to": "uuid", "from": "contactid" }]);
    strict["options"] = json!({ "strict": true });
    let plan = bench.preview(&strict).await;
    assert!(!plan["issues"].as_array().unwrap().is_empty(), "the sample has bad addresses");
    assert_eq!(plan["exceeded"][0]["what"], "warnings");
    assert!(stopped(&bench, &plan, json!({})).await.contains("warning"));

    whole(&bench, &copy()).await;
    let before = held(&bench, "fabrikam").await;
    let mut delete = copy();
    delete["options"] = json!({ "action": "delete" });
    let plan = bench.preview(&delete).await;
    assert!(stopped(&bench, &plan, json!({ "beyond_limits": true })).await.contains("no filter"));
    assert_eq!(held(&bench, "fabrikam").await, before);
    delete["options"]["allow_unfiltered"] = json!(true);
    let report = whole(&bench, &delete).await;
    assert_eq!(count(&report, "deleted"), 120, "{report}");

    let mut nowhere = contacts_to("contoso", "marketing", "profile");
    nowhere["options"] = json!({ "action": "delete", "allow_unfiltered": true });
    let error = bench.failed("plans.start", json!({ "json": nowhere.to_string() })).await;
    assert_eq!(error.code, ErrorCode::DefinitionInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_records_go_again_and_no_others() {
    let bench = two_environments(40).await;
    let plan = bench.preview(&copy()).await;
    let items = bench.items(&plan).await;
    let ids: Vec<&str> = items
        .iter()
        .filter(|item| item["action"] == "create")
        .take(3)
        .map(|item| item["source_id"].as_str().unwrap())
        .collect();
    for id in &ids {
        bench
            .rpc(
                "records.write",
                json!({ "connection": "fabrikam", "entity": "contact", "operation": "upsert", "id": id, "data": { "lastname": "First" } }),
            )
            .await;
    }
    let report = bench.run(&plan).await;
    assert_eq!(count(&report, "drifted"), 3, "{report}");
    let replay = bench.done("runs.replay", json!({ "run": report["run_id"] })).await;
    assert_eq!(replay["replay_of"], report["run_id"]);
    assert_eq!((count(&replay["summary"], "read"), count(&replay["summary"], "update")), (3, 3), "{replay}");
    let again = bench.run(&replay).await;
    assert_eq!((count(&again, "updated"), again["replay_of"].clone()), (3, report["run_id"].clone()));
    // Nothing is left to go again; all of them are the same now.
    let replay = bench.done("runs.replay", json!({ "run": again["run_id"] })).await;
    assert_eq!(count(&replay["summary"], "read"), 0);
    let all = bench.done("runs.replay", json!({ "run": report["run_id"], "which": "all" })).await;
    assert_eq!((count(&all["summary"], "read"), count(&all["summary"], "unchanged")), (40, 40), "{all}");
    // Chosen ones, under today's definition.
    let mut today = copy();
    today["fields"][1]["case"] = json!("upper");
    bench.rpc("definitions.save", json!({ "json": today.to_string() })).await;
    let chosen = json!({ "run": report["run_id"], "which": "chosen", "records": [ids[0]] });
    let plan = bench.done("runs.replay", chosen.clone()).await;
    assert_eq!((count(&plan["summary"], "read"), count(&plan["summary"], "update")), (1, 1), "{plan}");
    let mut as_it_was = chosen;
    as_it_was["as_it_was"] = json!(true);
    let plan = bench.done("runs.replay", as_it_was).await;
    assert_eq!(count(&plan["summary"], "unchanged"), 1, "{plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_run_says_what_is_left_and_goes_on() {
    let bench = two_environments(1_200).await;
    bench.sandbox.environment("fabrikam").unwrap().messages().set_without(["contact".to_owned()]);
    let plan = bench.preview(&copy()).await;
    let slow = FaultRule::new(FaultKind::Slow { chunk_ms: 3 }).at("fabrikam").on("$batch").after(1, 100);
    bench.sandbox.faults().add([slow]);
    let job = bench.start("runs.start", json!({ "plan": plan["plan_id"] })).await;
    while bench.app.jobs().get(&job).unwrap().done == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    bench.rpc("jobs.cancel", json!({ "job": job })).await;
    let stopped = bench.wait(&job).await.result;
    let (done, left) =
        (count(&stopped, "created") + count(&stopped, "updated"), count(&stopped, "not_reached"));
    assert_eq!(stopped["status"], "cancelled", "{stopped}");
    assert!(done > 0 && left > 0 && done + left == count(&stopped, "due"), "{stopped}");
    assert_eq!(stopped["resumable"], true);
    bench.sandbox.faults().clear();
    let resumed = bench.done("runs.resume", json!({ "run": stopped["run_id"] })).await;
    assert_eq!(resumed["run_id"], stopped["run_id"]);
    assert_eq!(
        (resumed["status"].as_str(), count(&resumed, "not_reached")),
        (Some("succeeded"), 0),
        "{resumed}"
    );
    assert_eq!(count(&resumed, "created") + count(&resumed, "updated"), count(&resumed, "due"));
    let error = bench.refused("runs.resume", json!({ "run": stopped["run_id"] })).await;
    assert_eq!(error.code, ErrorCode::GuardRefused);
    let timeline = bench.rpc("runs.timeline", json!({ "run": stopped["run_id"] })).await;
    let told: u64 = timeline["points"].as_array().unwrap().iter().map(|point| count(point, "written")).sum();
    assert_eq!(told, count(&resumed, "due"), "{timeline}");
    let again = bench.preview(&copy()).await;
    assert_eq!(count(&again["summary"], "unchanged"), 1_200, "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_network_leaves_a_run_that_goes_on() {
    let bench = two_environments(600).await;
    bench.sandbox.environment("fabrikam").unwrap().messages().set_without(["contact".to_owned()]);
    let mut definition = copy();
    definition["source"]["retries"] = json!(0);
    let plan = bench.preview(&definition).await;
    // After the second batch nothing is reached any more; the last one that left may have arrived or not.
    let dead = FaultRule::new(FaultKind::ResetUnheard).at("fabrikam").after(3, 10_000);
    bench.sandbox.faults().add([dead]);
    let broken = bench.job("runs.start", json!({ "plan": plan["plan_id"] })).await.result;
    assert_eq!(broken["status"], "interrupted", "{broken}");
    assert!(broken["error"]["code"].is_string(), "{broken}");
    bench.sandbox.faults().clear();
    let resumed = bench.done("runs.resume", json!({ "run": broken["run_id"] })).await;
    assert_eq!((resumed["status"].as_str(), count(&resumed, "failed")), (Some("succeeded"), 0), "{resumed}");
    let again = bench.preview(&definition).await;
    assert_eq!(count(&again["summary"], "unchanged"), 600, "{again}");
}
