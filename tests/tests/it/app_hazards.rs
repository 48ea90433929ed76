//! What happens when people and machines are in a hurry: twice at once, stopped half-way, forgotten under way.

use serde_json::{Value, json};
use std::time::Duration;
use syncline_api::wire::JobState;
use syncline_model::ErrorCode;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_preview::{plant, planted};
use crate::app_support::{Bench, contacts_to, count};

async fn bench(records: u64) -> Bench {
    let bench = Bench::new(records).await;
    bench.connect_writable("contoso", "contoso").await;
    bench.marketing("marketing").await;
    bench
}

pub(crate) async fn until(what: impl Fn() -> bool) {
    for _ in 0..1000 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come to pass");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_started_twice_at_once_runs_once() {
    let bench = bench(50).await;
    let plan = bench.preview(&contacts_to("contoso", "marketing", "profile")).await;
    let ask = || bench.job("runs.start", json!({ "plan": plan["plan_id"] }));
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    let jobs = [a, b, c];
    assert_eq!(jobs.iter().filter(|job| job.state == JobState::Done).count(), 1, "{jobs:?}");
    for job in jobs.iter().filter(|job| job.state != JobState::Done) {
        assert_eq!(job.error.as_ref().unwrap().code, ErrorCode::GuardRefused, "{job:?}");
    }
    assert!(bench.sandbox.profiles().iter().all(|profile| profile["upserts"] == 1));
    assert_eq!(bench.rpc("runs.list", json!({})).await.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_stopped_says_exactly_what_was_written() {
    let bench = bench(2300).await;
    let mut definition = contacts_to("contoso", "marketing", "profile");
    definition["source"]["page_size"] = json!(1000);
    let plan = bench.preview(&definition).await;
    // The first batch takes its time; it is asked to stop meanwhile.
    let slow = FaultRule::new(FaultKind::Slow { chunk_ms: 60 }).at("insider").on("/upsert").after(2, 1);
    bench.sandbox.faults().add([slow]);
    let job = bench.start("runs.start", json!({ "plan": plan["plan_id"] })).await;
    until(|| !bench.sandbox.profiles().is_empty()).await;
    bench.rpc("jobs.cancel", json!({ "job": job })).await;
    let view = bench.wait(&job).await;
    assert_eq!(view.state, JobState::Cancelled, "{view:?}");
    let report = &view.result;
    let received = bench.sandbox.profiles().len() as u64;
    assert_eq!(received, 1000, "the batch that had left was awaited, no other left");
    assert_eq!((&report["status"], count(report, "created")), (&json!("cancelled"), received), "{report}");
    let next = bench.preview(&definition).await;
    assert_eq!((count(&next["summary"], "create"), count(&next["summary"], "unchanged")), (1300, 1000));
    bench.run(&next).await;
    let profiles = bench.sandbox.profiles();
    assert_eq!(profiles.len(), 2300);
    assert!(profiles.iter().all(|profile| profile["upserts"] == 1), "nobody was sent twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_count_as_sent_before_they_leave() {
    let bench = bench(30).await;
    let mut definition = contacts_to("contoso", "marketing", "profile");
    definition["source"]["columns"].as_array_mut().unwrap().push(json!("createdon"));
    definition["events"] = json!({ "name": { "fixed": "signed_up" }, "timestamp": { "from": "createdon" }, "parameters": [], "fixed": [] });
    let plan = bench.preview(&definition).await;
    let slow = FaultRule::new(FaultKind::Slow { chunk_ms: 60 }).at("insider").on("/upsert").after(2, 1);
    bench.sandbox.faults().add([slow]);
    let job = bench.start("runs.start", json!({ "plan": plan["plan_id"] })).await;
    until(|| !bench.sandbox.profiles().is_empty()).await;
    // The answer is on its way. Were the machine to die now, this is what the store would know.
    let meanwhile = bench.preview(&definition).await;
    assert!(!bench.app.jobs().get(&job).unwrap().state.eq(&JobState::Done), "the run was under way");
    assert_eq!(count(&meanwhile["summary"], "events"), 0, "{meanwhile}");
    assert_eq!(bench.wait(&job).await.state, JobState::Done);

    // What the service refused for certain is free to go again.
    let mut other = definition.clone();
    other["name"] = json!("other");
    let plan = bench.preview(&other).await;
    assert_eq!(count(&plan["summary"], "events"), 30);
    let refused = FaultKind::Status { status: 400, retry_after: None };
    bench.sandbox.faults().clear();
    bench.sandbox.faults().add([FaultRule::new(refused).at("insider").on("/upsert").after(2, 1)]);
    let report = bench.run(&plan).await;
    assert_eq!((count(&report, "failed"), count(&report, "events")), (30, 0), "{report}");
    let again = bench.preview(&other).await;
    assert_eq!(count(&again["summary"], "events"), 30, "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn forgetting_while_a_pull_is_under_way_leaves_nothing() {
    let bench = bench(11_000).await;
    bench.connect("client", "contoso").await;
    let slow = FaultRule::new(FaultKind::Slow { chunk_ms: 200 }).at("contoso").on("skiptoken");
    bench.sandbox.faults().add([slow.after(0, 10)]);
    let ask = json!({ "connection": "client", "entity": "contact", "columns": ["fullname"] });
    let job = bench.start("cache.pull", ask).await;
    until(|| bench.app.jobs().get(&job).unwrap().done >= 5000).await;
    let forgotten = bench.rpc("connections.forget", json!({ "connection": "client" })).await;
    assert_eq!((count(&forgotten, "records"), count(&forgotten, "secrets")), (5000, 1), "{forgotten}");
    assert_eq!(bench.wait(&job).await.state, JobState::Cancelled);
    assert_eq!(bench.rpc("cache.list", json!({})).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pulls_of_one_entity_do_not_meet() {
    let bench = bench(5_200).await;
    let slow = FaultRule::new(FaultKind::Slow { chunk_ms: 40 }).at("contoso").on("skiptoken");
    bench.sandbox.faults().add([slow]);
    let ask = json!({ "connection": "contoso", "entity": "contact", "columns": ["fullname"] });
    let first = bench.start("cache.pull", ask.clone()).await;
    until(|| bench.app.jobs().get(&first).unwrap().done >= 5000).await;
    let error = bench.failed("cache.pull", ask).await;
    assert_eq!(error.code, ErrorCode::Busy, "{error:?}");
    assert_eq!(bench.wait(&first).await.state, JobState::Done);
    assert_eq!(bench.cached("contoso", "contact").await.len(), 5_200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_whose_state_waits_is_read_again_until_it_is_set() {
    let bench = Bench::new(30).await;
    for environment in ["contoso", "fabrikam"] {
        bench.connect_writable(environment, environment).await;
    }
    let mut definition = crate::app_undo::copy();
    definition["source"]["columns"] = json!(["contactid", "firstname", "lastname", "statecode"]);
    definition["source"]["filter"] = json!("<condition attribute='gendercode' operator='eq' value='1'/>");
    definition["source"]["fetch"] = json!({ "mode": "new-and-updated", "days": 0 });
    definition["fields"].as_array_mut().unwrap().push(json!({ "to": "statecode", "from": "statecode" }));
    let all = bench.preview(&definition).await;
    let id = bench.items(&all).await[0]["source_id"].as_str().unwrap().to_owned();
    bench.change("contoso", "contact", &id, json!({ "statecode": 1, "statuscode": 2 })).await;
    let first = bench.preview(&definition).await;
    let read = count(&first["summary"], "read");
    // The preview says so, of this row alone, and does not show as a change what is not sent.
    let items = bench.items(&first).await;
    let told: Vec<&Value> =
        items.iter().filter(|item| item["issues"][0]["code"] == "state_follows").collect();
    assert_eq!(told.len(), 1, "{items:?}");
    assert_eq!(told[0]["source_id"], json!(id));
    let message = told[0]["issues"][0]["message"].as_str().unwrap();
    assert_eq!(message, "the new row begins as Active (0); the next run sets statecode to Inactive (1)");
    let shown = told[0]["changes"].as_array().unwrap();
    assert!(!shown.is_empty() && shown.iter().all(|change| change["field"] != "statecode"), "{shown:?}");
    assert_eq!(bench.run(&first).await["status"], "succeeded");
    // A new row is active whatever was asked; nothing has changed at the source, and yet it is not done.
    let second = bench.preview(&definition).await;
    assert_eq!(
        (count(&second["summary"], "read"), count(&second["summary"], "update")),
        (read, 1),
        "{second}"
    );
    assert_eq!(bench.run(&second).await["status"], "succeeded");
    let third = bench.preview(&definition).await;
    assert!(count(&third["summary"], "read") < read && count(&third["summary"], "update") == 0, "{third}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_whole_sync_moves_on_from_where_the_last_one_began() {
    let bench = bench(40).await;
    bench.marketing("second").await;
    let mut definition = contacts_to("contoso", "marketing", "profile");
    definition["source"]["fetch"] = json!({ "mode": "new-and-updated", "days": 0 });
    let read = |plan: &Value| count(&plan["summary"], "read");
    // A few to try, one by hand left out: neither is the whole.
    let few = bench.done("plans.start", json!({ "json": definition.to_string(), "limit": 5 })).await;
    assert_eq!((read(&few), count(&bench.run(&few).await, "created")), (5, 5));
    let most = bench.preview(&definition).await;
    assert_eq!(read(&most), 40, "{most}");
    bench.rpc("plans.exclude", json!({ "plan": most["plan_id"], "ordinals": [30], "excluded": true })).await;
    assert_eq!(count(&bench.run(&most).await, "created"), 34);
    let rest = bench.preview(&definition).await;
    assert_eq!((read(&rest), count(&rest["summary"], "create")), (40, 1), "{rest}");
    assert_eq!(bench.run(&rest).await["status"], "succeeded");
    let nothing = bench.preview(&definition).await;
    // The window overlaps, so the latest of before is read once more and found to be the same.
    assert_eq!((read(&nothing), count(&nothing["summary"], "unchanged")), (1, 1), "{nothing}");
    let id = bench.items(&rest).await[7]["source_id"].as_str().unwrap().to_owned();
    bench.change("contoso", "contact", &id, json!({ "firstname": "Moved" })).await;
    let one = bench.preview(&definition).await;
    assert_eq!((read(&one), count(&one["summary"], "update")), (2, 1), "{one}");
    // Another destination has seen nothing yet, and another selection neither.
    let mut elsewhere = definition.clone();
    elsewhere["destination"]["connection"] = json!("second");
    assert_eq!(read(&bench.preview(&elsewhere).await), 40);
    let mut wider = definition.clone();
    wider["source"]["filter"] = json!("<condition attribute='lastname' operator='not-null' />");
    assert_eq!(read(&bench.preview(&wider).await), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_definitions_of_one_profile_leave_each_other_in_peace() {
    let bench = bench(20).await;
    let names = contacts_to("contoso", "marketing", "profile");
    let mut cities = names.clone();
    cities["name"] = json!("cities");
    cities["fields"] = json!([{ "to": "custom.mail", "from": "contactid" }]);
    cities["fixed"] = json!([{ "to": "language", "value": "en" }]);
    for definition in [&names, &cities, &names] {
        bench.run(&bench.preview(definition).await).await;
    }
    for definition in [&names, &cities] {
        let again = bench.preview(definition).await;
        assert_eq!(count(&again["summary"], "unchanged"), 20, "{again}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_not_written_anyway_do_not_lower_the_number() {
    let bench = bench(10).await;
    bench.rpc("connections.save", json!({ "name": "marketing", "kind": "production" })).await;
    for number in 0..4 {
        plant(&bench, number, json!({ "lastname": "X", "emailaddress1": format!("{number}@x.example") }))
            .await;
    }
    for number in 4..7 {
        plant(&bench, number, json!({ "lastname": "X", "emailaddress1": "nobody@" })).await;
    }
    let mut definition = planted("marketing");
    definition["identifiers"] = json!([{ "to": "email", "from": "emailaddress1" }]);
    let plan = bench.preview(&definition).await;
    assert_eq!((count(&plan["summary"], "create"), count(&plan["summary"], "skip")), (4, 3), "{plan}");
    let exclude = json!({ "plan": plan["plan_id"], "issue": "email_malformed", "excluded": true });
    let after = bench.rpc("plans.exclude", exclude).await;
    assert_eq!(count(&after["summary"], "excluded"), 0, "they were not to be written: {after}");
    let error = bench.refused("runs.start", json!({ "plan": plan["plan_id"], "expect": 1 })).await;
    assert_eq!(error.code, ErrorCode::GuardRefused, "{error:?}");
    let report = bench.done("runs.start", json!({ "plan": plan["plan_id"], "expect": 4 })).await;
    assert_eq!((count(&report, "created"), count(&report, "skipped")), (4, 3), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_or_a_farewell_while_the_service_is_asked_holds() {
    let bench = bench(10).await;
    bench.connect("client", "contoso").await;
    bench.rpc("connections.unlock", json!({ "connection": "client" })).await;
    let slow = || FaultRule::new(FaultKind::Slow { chunk_ms: 30 }).at("contoso").on("WhoAmI");
    let test = || bench.app.rpc("connections.test", json!({ "connection": "client" }));
    bench.sandbox.faults().add([slow(), slow()]);
    let meanwhile = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        bench.rpc("connections.lock", json!({ "connection": "client" })).await
    };
    let (tested, _) = tokio::join!(test(), meanwhile);
    assert_eq!(tested.unwrap()["status"], "verified");
    let view = bench.rpc("connections.get", json!({ "connection": "client" })).await;
    assert_eq!(view["writable"], false, "the test does not undo the lock");
    let meanwhile = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        bench.rpc("connections.forget", json!({ "connection": "client" })).await
    };
    let (tested, _) = tokio::join!(test(), meanwhile);
    assert_eq!(tested.unwrap_err().code, ErrorCode::NotFound);
    let gone = bench.refused("connections.get", json!({ "connection": "client" })).await;
    assert_eq!(gone.code, ErrorCode::NotFound, "it does not come back");
}
