//! Runs into Insider One: part failures at their rows, lost answers, events once and only once.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_preview::{plant, planted};
use crate::app_support::{Bench, contacts_to, count};

async fn bench(records: u64) -> Bench {
    let bench = Bench::new(records).await;
    bench.connect_writable("contoso", "contoso").await;
    bench.marketing("marketing").await;
    bench
}

/// The next upsert of users at Insider One; the two questions who is asking are let through.
fn next_batch(kind: FaultKind) -> FaultRule {
    FaultRule::new(kind).at("insider").on("/upsert").after(2, 1)
}

fn with_event(mut definition: Value) -> Value {
    let columns = definition["source"]["columns"].as_array_mut().unwrap();
    columns.push(json!("createdon"));
    definition["events"] = json!({
        "name": { "fixed": "signed_up" }, "timestamp": { "from": "createdon" },
        "parameters": [], "fixed": [{ "to": "custom.origin", "value": "Dynamics" }],
    });
    definition
}

fn events(profiles: &[Value]) -> Vec<usize> {
    profiles.iter().map(|profile| profile["events"].as_array().unwrap().len()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn part_failures_are_told_of_their_rows() {
    let bench = bench(20).await;
    let mut definition = planted("marketing");
    definition["source"]["columns"] = json!(["contactid", "firstname", "lastname", "address1_country"]);
    definition["fields"] =
        json!([{ "to": "surname", "from": "lastname" }, { "to": "country", "from": "address1_country" }]);
    let (mut good, mut bad) = (BTreeSet::new(), BTreeSet::new());
    for number in 0..9 {
        // The service takes two capital letters only; which ones it knows is not ours to foresee.
        let refused = [1, 4, 8].contains(&number);
        let country = if refused { format!("Land {number}") } else { "DE".to_owned() };
        let id = plant(&bench, number, json!({ "lastname": "X", "address1_country": country })).await;
        if refused { &mut bad } else { &mut good }.insert(id);
    }
    let plan = bench.preview(&definition).await;
    let report = bench.run(&plan).await;
    assert_eq!(
        (&report["status"], count(&report, "created"), count(&report, "failed")),
        (&json!("partial"), 6, 3),
        "{report}"
    );
    let failures = report["failures"].as_array().unwrap();
    let failed: BTreeSet<String> =
        failures.iter().map(|failure| failure["source_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(failed, bad);
    for failure in failures {
        assert_eq!(failure["code"], "attributes.country.type", "{failure}");
        assert!(failure["message"].as_str().unwrap().contains("Land "), "{failure}");
    }
    assert_eq!((report["causes"].as_array().unwrap().len(), count(&report["causes"][0], "rows")), (1, 3));
    let received: BTreeSet<String> = bench
        .sandbox
        .profiles()
        .iter()
        .map(|profile| profile["identifiers"]["uuid"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(received, good);
    // What was taken is unchanged next time; what failed is still to be made.
    let next = bench.preview(&definition).await;
    assert_eq!((count(&next["summary"], "create"), count(&next["summary"], "unchanged")), (3, 6), "{next}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_without_events_is_asked_again_and_makes_no_second_profile() {
    let bench = bench(40).await;
    let definition = contacts_to("contoso", "marketing", "profile");
    let plan = bench.preview(&definition).await;
    bench.sandbox.faults().add([next_batch(FaultKind::ResetBefore)]);
    let report = bench.run(&plan).await;
    assert_eq!(bench.sandbox.faults().rules()[0].hit, 1);
    assert_eq!((&report["status"], count(&report, "created")), (&json!("succeeded"), 40), "{report}");
    let profiles = bench.sandbox.profiles();
    assert_eq!(profiles.len(), 40, "the same upsert twice is one profile");
    assert!(profiles.iter().all(|profile| profile["upserts"] == 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_with_events_is_never_asked_again() {
    for acts in [true, false] {
        let bench = bench(40).await;
        let definition = with_event(contacts_to("contoso", "marketing", "profile"));
        let plan = bench.preview(&definition).await;
        assert_eq!(count(&plan["summary"], "events"), 40);
        bench.sandbox.faults().add([next_batch(if acts {
            FaultKind::ResetBefore
        } else {
            FaultKind::ResetUnheard
        })]);
        let report = bench.run(&plan).await;
        assert_eq!(bench.sandbox.faults().rules()[0].hit, 1);
        assert_eq!(
            (&report["status"], count(&report, "created"), count(&report, "failed")),
            (&json!("failed"), 0, 40),
            "{report}"
        );
        let rows = bench.rpc("runs.rows", json!({ "run": report["run_id"], "outcome": "unknown" })).await;
        assert_eq!(count(&rows, "total"), 40);
        let told = rows["rows"][0]["message"].as_str().unwrap();
        assert!(told.contains("may have been taken"), "{told}");
        let received = bench.sandbox.profiles();
        assert_eq!(received.len(), if acts { 40 } else { 0 });

        // The profiles are brought up to date; an event that may have arrived is held back, and that is said.
        let next = bench.preview(&definition).await;
        assert_eq!((count(&next["summary"], "create"), count(&next["summary"], "events")), (40, 0), "{next}");
        let group =
            next["issues"].as_array().unwrap().iter().find(|group| group["code"] == "event_already_sent");
        assert_eq!(count(group.unwrap(), "rows"), 40);
        let report = bench.run(&next).await;
        assert_eq!((&report["status"], count(&report, "events")), (&json!("succeeded"), 0), "{report}");
        let profiles = bench.sandbox.profiles();
        assert_eq!(profiles.len(), 40);
        assert!(
            events(&profiles).iter().all(|events| *events == usize::from(acts)),
            "{:?}",
            events(&profiles)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_plans_with_the_same_events_send_them_once() {
    let bench = bench(20).await;
    let mut definition = with_event(contacts_to("contoso", "marketing", "profile"));
    let (first, second) = (bench.preview(&definition).await, bench.preview(&definition).await);
    assert_eq!((count(&first["summary"], "events"), count(&second["summary"], "events")), (20, 20));
    bench.run(&first).await;
    let report = bench.run(&second).await;
    assert_eq!((count(&report, "drifted"), count(&report, "events")), (20, 0), "{report}");
    assert_eq!(report["failures"][0]["code"], "event_already_sent", "{report}");
    assert!(events(&bench.sandbox.profiles()).iter().all(|events| *events == 1));
    // Nothing of the second run was noted or taken back: the ledger is as the first one left it.
    let held = bench.preview(&definition).await;
    assert_eq!(count(&held["summary"], "events_held_back"), 20, "{held}");

    // Another name, another case: the same definition.
    bench.rpc("definitions.save", json!({ "json": definition.to_string() })).await;
    let before = definition["name"].clone();
    definition["name"] = json!("SPRING");
    bench.rpc("definitions.save", json!({ "json": definition.to_string(), "previous_name": before })).await;
    definition["name"] = json!("Spring");
    let held = bench.preview(&definition).await;
    assert_eq!(count(&held["summary"], "events_held_back"), 20, "{held}");

    // Another account has not got them.
    bench.marketing("second").await;
    definition["destination"]["connection"] = json!("second");
    let other = bench.preview(&definition).await;
    assert_eq!(count(&other["summary"], "events"), 20, "{other}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_sent_once() {
    let bench = bench(30).await;
    let definition = with_event(contacts_to("contoso", "marketing", "profile"));
    let first = bench.preview(&definition).await;
    let report = bench.run(&first).await;
    assert_eq!((&report["status"], count(&report, "events")), (&json!("succeeded"), 30), "{report}");
    let second = bench.preview(&definition).await;
    assert_eq!(
        (count(&second["summary"], "unchanged"), count(&second["summary"], "events")),
        (30, 0),
        "{second}"
    );
    bench.sandbox.clear_requests();
    bench.run(&second).await;
    let id = bench.items(&second).await[3]["source_id"].as_str().unwrap().to_owned();
    bench.change("contoso", "contact", &id, json!({ "firstname": "Renamed" })).await;
    let third = bench.preview(&definition).await;
    assert_eq!((count(&third["summary"], "update"), count(&third["summary"], "events")), (1, 0), "{third}");
    let report = bench.run(&third).await;
    assert_eq!((count(&report, "updated"), count(&report, "events")), (1, 0), "{report}");
    let profiles = bench.sandbox.profiles();
    assert_eq!(profiles.len(), 30);
    assert!(events(&profiles).iter().all(|events| *events == 1), "{:?}", events(&profiles));
    let renamed = profiles.iter().find(|profile| profile["identifiers"]["uuid"] == *id).unwrap();
    assert_eq!((&renamed["attributes"]["name"], &renamed["upserts"]), (&json!("Renamed"), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_go_again_only_on_purpose_and_their_number_is_said() {
    let bench = bench(25).await;
    let definition = with_event(contacts_to("contoso", "marketing", "profile"));
    let plan = bench.preview(&definition).await;
    bench.run(&plan).await;
    let held = bench.preview(&definition).await;
    assert_eq!(
        ["events", "events_held_back", "events_resent"].map(|name| count(&held["summary"], name)),
        [0, 25, 0],
        "{held}"
    );
    let again = json!({ "like": held["plan_id"], "resend_events": true });
    let again = bench.done("plans.start", again).await;
    assert_eq!(
        ["update", "events", "events_held_back", "events_resent"].map(|name| count(&again["summary"], name)),
        [25, 25, 0, 25],
        "{again}"
    );
    // What is refused the second time stays sent: it is held back from the next run all the same.
    bench.sandbox.faults().add([next_batch(FaultKind::Status { status: 400, retry_after: None })]);
    let report = bench.run(&again).await;
    bench.sandbox.faults().clear();
    assert_ne!(report["status"], "succeeded", "{report}");
    let next = bench.preview(&definition).await;
    assert_eq!(count(&next["summary"], "events_held_back"), 25, "{next}");
    let again = bench.done("plans.start", json!({ "like": held["plan_id"], "resend_events": true })).await;
    let report = bench.run(&again).await;
    assert_eq!((&report["status"], count(&report, "events")), (&json!("succeeded"), 25), "{report}");
    assert!(events(&bench.sandbox.profiles()).iter().all(|events| *events == 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_like_another_one_is_of_the_same_records() {
    let bench = bench(25).await;
    let definition = with_event(contacts_to("contoso", "marketing", "profile"));
    let report = bench.run(&bench.preview(&definition).await).await;
    let text = definition.to_string();
    let some = bench.done("plans.start", json!({ "json": text, "limit": 4 })).await;
    let id = bench.items(&some).await[0]["source_id"].clone();
    let one = bench.done("plans.start", json!({ "json": text, "source_id": id })).await;
    let ask = json!({ "run": report["run_id"], "which": "chosen", "records": [id] });
    let replayed = bench.done("runs.replay", ask).await;
    for (plan, records) in [(some, 4), (one, 1), (replayed, 1)] {
        let again = json!({ "like": plan["plan_id"], "resend_events": true });
        let again = bench.done("plans.start", again).await;
        let counts = ["read", "events_resent"].map(|name| count(&again["summary"], name));
        assert_eq!(counts, [records, records], "{again}");
        assert_eq!(again["replay_of"], plan["replay_of"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stops_at_the_first_failed_batch_where_that_is_asked() {
    let bench = bench(2300).await;
    let mut definition = contacts_to("contoso", "marketing", "profile");
    definition["source"]["columns"] = json!(["contactid", "lastname", "address1_country"]);
    definition["source"]["page_size"] = json!(1000);
    definition["fields"] =
        json!([{ "to": "surname", "from": "lastname" }, { "to": "country", "from": "address1_country" }]);
    let upserts = |bench: &Bench| {
        let length = |request: &syncline_sandbox::LoggedRequest| {
            request
                .headers
                .get("content-length")
                .and_then(|text| text.parse::<u64>().ok())
                .unwrap_or_default()
        };
        bench.writes("insider").iter().filter(|request| length(request) > 100).count()
    };
    for (stop, batches) in [(true, 1), (false, 3)] {
        definition["options"] = json!({ "stop_on_failed_batch": stop });
        let plan = bench.preview(&definition).await;
        bench.sandbox.clear_requests();
        let report = bench.run(&plan).await;
        assert_eq!((&report["status"], upserts(&bench)), (&json!("failed"), batches), "{report}");
        let failed = count(&report, "failed");
        assert_eq!(failed, if stop { 1000 } else { 2300 });
        assert_eq!(report["error"].is_null(), !stop, "{}", report["error"]);
        assert!(report["failures"].as_array().unwrap().len() <= 1000);
    }
}
