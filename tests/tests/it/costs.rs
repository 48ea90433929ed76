//! What work is said to cost before it begins, beside what the sample tenant's request log says it took.

use serde_json::{Value, json};
use std::time::Duration;
use syncline_api::wire::{Event, JobCalls};
use tokio::sync::broadcast::error::RecvError;

use crate::app_support::{Bench, contacts_to, count};

fn copy() -> Value {
    let mut definition = contacts_to("contoso", "fabrikam", "contact");
    definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
    definition["fields"] = json!([{ "to": "lastname", "from": "lastname" }]);
    definition["fixed"] = json!([]);
    definition
}

/// Requests to the environments, by what was asked.
fn requests(bench: &Bench) -> (u64, String) {
    let all: Vec<_> = bench.sandbox.requests().into_iter().filter(|one| one.service != "entra").collect();
    let mut by_path = std::collections::BTreeMap::<String, u32>::new();
    for one in &all {
        let path = one.path.split(['?', '(']).next().unwrap();
        *by_path.entry(format!("{} {} {path}", one.service, one.method)).or_default() += 1;
    }
    (all.len() as u64, format!("{by_path:#?}"))
}

#[track_caller]
fn within_a_tenth(told: u64, took: u64, what: &str) {
    assert!(told.abs_diff(took) * 10 <= took, "told {told}, took {took}: {what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_takes_what_the_preview_said() {
    let bench = Bench::new(2_600).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    for case in ["lower", "upper"] {
        let mut definition = copy();
        definition["fields"] = json!([{ "to": "lastname", "from": "lastname", "case": case }]);
        let plan = bench.preview(&definition).await;
        let cost = &plan["cost"];
        bench.sandbox.clear_requests();
        let report = bench.run(&plan).await;
        let (took, what) = requests(&bench);
        within_a_tenth(count(cost, "calls"), took, &what);
        assert_eq!(count(&report, "calls"), took, "what the run itself counted: {what}");
        let share = cost["share_of_requests"].as_f64().unwrap();
        assert!(share > 0.005 && share < 0.05, "{cost}");
        assert!(cost["seconds"].as_f64().unwrap() > 0.0, "{cost}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_takes_what_was_said_before() {
    let bench = Bench::new(5_000).await;
    bench.connect("contoso", "contoso").await;
    for (filter, mode) in [
        (Value::Null, "all"),
        (json!("<condition attribute='gendercode' operator='eq' value='2'/>"), "all"),
        (Value::Null, "new-and-updated"),
    ] {
        let ask = json!({
            "connection": "contoso", "entity": "contact", "columns": ["fullname", "gendercode"],
            "filter": filter, "mode": mode, "page_size": 50, "full": true,
        });
        let cost = bench.rpc("cache.cost", ask.clone()).await;
        bench.sandbox.clear_requests();
        let report = bench.done("cache.pull", ask).await;
        let (took, what) = requests(&bench);
        if cost["records"].is_null() {
            assert_eq!(cost["way"], "changes", "{cost}");
            assert!(count(&cost["cost"], "calls") <= took, "at least so many: {what}");
            continue;
        }
        assert_eq!(count(&cost, "records"), count(&report, "read"), "{cost}");
        within_a_tenth(count(&cost["cost"], "calls"), took, &what);
        assert_eq!(count(&report, "requests"), took, "what the pull itself counted: {what}");
    }
}

/// What a job told of its requests while it was under way.
async fn told_meanwhile(bench: &Bench, name: &str, request: Value) -> (Value, Vec<JobCalls>) {
    let mut events = bench.app.events();
    let job = bench.start(name, request).await;
    let mut told = Vec::new();
    let view = loop {
        match tokio::time::timeout(Duration::from_secs(60), events.recv()).await.unwrap() {
            Ok(Event::Job { job: view }) if view.id == job => {
                told.extend(view.calls);
                if view.finished_at.is_some() {
                    break view;
                }
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => panic!("no events"),
        }
    };
    assert!(view.error.is_none(), "{:?}", view.error);
    (view.result, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_within_one_environment_counts_each_request_once_and_nobody_elses() {
    let bench = Bench::new(1_200).await;
    bench.connect_writable("contoso", "contoso").await;
    let mut definition = contacts_to("contoso", "contoso", "contact");
    definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
    definition["fields"] = json!([{ "to": "lastname", "from": "lastname", "case": "upper" }]);
    definition["fixed"] = json!([]);
    let plan = bench.preview(&definition).await;
    assert!(count(&plan["summary"], "update") > 500, "{}", plan["summary"]);
    let ask = json!({ "connection": "contoso", "entity": "account", "mode": "live", "limit": 5 });
    // Its description is known from now on.
    bench.rpc("records.query", ask.clone()).await;
    bench.sandbox.clear_requests();
    let somebody_else = async {
        for _ in 0..5 {
            bench.rpc("records.query", ask.clone()).await;
        }
    };
    let run = told_meanwhile(&bench, "runs.start", json!({ "plan": plan["plan_id"] }));
    let ((report, told), ()) = tokio::join!(run, somebody_else);
    let all = bench.sandbox.requests();
    let took =
        all.iter().filter(|one| one.service != "entra" && !one.path.contains("/accounts")).count() as u64;
    assert!((took as usize) < all.len(), "somebody else asked too");
    let paths: Vec<_> = all.iter().map(|one| &one.path).collect();
    assert_eq!(count(&report, "calls"), took, "{paths:#?}");
    assert!(told.is_sorted_by_key(|calls| calls.spent), "{told:?}");
    let foreseen = count(&plan["cost"], "calls");
    assert!(told.iter().all(|calls| calls.expected.is_some_and(|all| all >= calls.spent)), "{told:?}");
    within_a_tenth(told[0].expected.unwrap(), foreseen, "the first word is the plan's");
    assert_eq!(told.last().map(|calls| calls.spent), Some(took));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_tells_its_requests_while_it_goes_on() {
    let bench = Bench::new(2_000).await;
    bench.connect("contoso", "contoso").await;
    bench.sandbox.clear_requests();
    let ask = json!({ "connection": "contoso", "entity": "contact", "page_size": 50, "full": true });
    let (report, told) = told_meanwhile(&bench, "cache.pull", ask).await;
    let (took, what) = requests(&bench);
    assert_eq!(count(&report, "requests"), took, "{what}");
    let (first, last) = (told.first().unwrap(), told.last().unwrap());
    assert!(first.spent < last.spent && told.is_sorted_by_key(|calls| calls.spent), "{told:?}");
    // The records are counted beside the first pages.
    let foreseen = told.iter().find_map(|calls| calls.expected.filter(|expected| *expected > calls.spent));
    within_a_tenth(foreseen.unwrap_or_else(|| panic!("{told:?}")), took, &format!("{told:?}"));
    assert_eq!((last.spent, last.expected), (took, Some(took)));
    let one = |entity: &str| json!({ "entity": entity, "page_size": 50 });
    let both = json!({ "connection": "contoso", "items": [one("account"), one("lead")] });
    bench.sandbox.clear_requests();
    let (report, told) = told_meanwhile(&bench, "cache.pull_many", both).await;
    let (took, what) = requests(&bench);
    let pulls = report["pulls"].as_array().unwrap();
    assert_eq!(pulls.iter().map(|pull| count(pull, "requests")).sum::<u64>(), took, "{what}");
    within_a_tenth(told[0].expected.unwrap(), took, &format!("what waits was counted too: {told:?} {what}"));
    assert_eq!(told.last().and_then(|calls| calls.expected), Some(took));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_meter_shows_what_the_service_says() {
    let bench = Bench::new(30).await;
    bench.connect("contoso", "contoso").await;
    let limits = syncline_sandbox::dataverse::Limits {
        requests: 500,
        parallelism_hint: 3,
        ..syncline_sandbox::dataverse::Limits::default()
    };
    bench.sandbox.environment("contoso").unwrap().protection.set(Some(limits));
    bench.rpc("connections.test", json!({ "connection": "contoso" })).await;
    let budget = bench.rpc("connections.budget", json!({ "connection": "contoso" })).await;
    let left = count(&budget, "remaining");
    assert!((490..500).contains(&left), "{budget}");
    let seconds = budget["remaining_seconds"].as_f64().unwrap();
    assert!(seconds > 1_100.0 && seconds <= 1_200.0, "{budget}");
    assert_eq!((&budget["recommended"], &budget["throttled"]), (&json!(3), &json!(0)), "{budget}");
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_grow_from_run_to_run_where_the_service_is_quick() {
    let bench = Bench::new(1_500).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    let mut writes = Vec::new();
    for case in ["lower", "upper", "lower", "upper", "lower", "upper"] {
        let mut definition = copy();
        definition["fields"] = json!([{ "to": "lastname", "from": "lastname", "case": case }]);
        let plan = bench.preview(&definition).await;
        bench.sandbox.clear_requests();
        let report = bench.run(&plan).await;
        assert_eq!(count(&report, "failed"), 0, "{report}");
        let (took, what) = requests(&bench);
        within_a_tenth(count(&plan["cost"], "calls"), took, &what);
        let written = bench.sandbox.requests().into_iter().filter(|one| {
            one.service == "fabrikam" && (one.path.contains("Multiple") || one.path.contains("$batch"))
        });
        writes.push(written.filter(|one| one.method == "POST").count());
    }
    // Some 1,400 rows: at first a hundred a batch; at the end too few batches to learn from.
    assert!(writes[0] >= 12 && writes[1] * 2 <= writes[0] + 2, "{writes:?}");
    assert!(writes.is_sorted_by(|a, b| a >= b || *b < 5), "{writes:?}");
    // What must be written whole or not at all is not made larger.
    let mut definition = copy();
    definition["options"] = json!({ "all_or_nothing": true });
    let plan = bench.preview(&definition).await;
    assert!(count(&plan["cost"], "calls") > writes[0] as u64, "{}", plan["cost"]);
}
