//! What work is said to cost before it begins, beside what the sample tenant's request log says it took.

use serde_json::{Value, json};

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
        within_a_tenth(count(&report, "calls"), took, "what the run itself counted");
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
    }
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
