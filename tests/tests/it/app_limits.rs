//! Limits of a connection that a definition sets, the pause that everything heeds, and the number of requests told before a run.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use syncline_api::wire::JobState;
use syncline_sandbox::LoggedRequest;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_support::{Bench, contacts_to, count};

fn copy(page_size: u32) -> Value {
    let mut definition = contacts_to("contoso", "fabrikam", "contact");
    definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
    definition["fields"] = json!([{ "to": "lastname", "from": "lastname" }]);
    definition["fixed"] = json!([]);
    definition["source"]["page_size"] = json!(page_size);
    definition
}

fn is_batch(request: &LoggedRequest) -> bool {
    request.path.ends_with("$batch") || request.path.ends_with("Multiple")
}

/// Requests for pages of contacts of the source, with the page size they ask for.
fn pages(bench: &Bench) -> Vec<u32> {
    let size = |request: &LoggedRequest| {
        let counts = request.path.contains("aggregate") || request.path.contains("$count");
        if request.service != "contoso" || !request.path.contains("/contacts?") || counts {
            return None;
        }
        let asked = request.headers.get("prefer")?.split("maxpagesize=").nth(1)?;
        asked.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    bench.sandbox.requests().iter().filter_map(size).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_as_large_as_the_definition_says() {
    let bench = Bench::new(1_000).await;
    bench.connect("contoso", "contoso").await;
    bench.connect("fabrikam", "fabrikam").await;
    for (size, wanted) in [(250, 4), (400, 3)] {
        bench.sandbox.clear_requests();
        bench.preview(&copy(size)).await;
        assert_eq!(pages(&bench), vec![size; wanted]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_tried_as_often_as_the_definition_says() {
    let bench = Bench::new(12).await;
    bench.connect("contoso", "contoso").await;
    bench.connect("fabrikam", "fabrikam").await;
    for retries in [0, 2] {
        bench.sandbox.faults().clear();
        let down = FaultRule::new(FaultKind::Status { status: 503, retry_after: None });
        bench.sandbox.faults().add([FaultRule { every: Some(1), ..down.at("contoso").on("/contacts?") }]);
        bench.sandbox.clear_requests();
        let mut definition = copy(500);
        definition["source"]["retries"] = json!(retries);
        bench.failed("plans.start", json!({ "json": definition.to_string() })).await;
        assert_eq!(pages(&bench).len(), retries + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_given_up_when_the_definition_says() {
    let bench = Bench::new(12).await;
    bench.connect("contoso", "contoso").await;
    bench.connect("fabrikam", "fabrikam").await;
    let hang = FaultRule::new(FaultKind::Hang).at("contoso").on("/contacts?");
    bench.sandbox.faults().add([FaultRule { every: Some(1), ..hang }]);
    let mut definition = copy(500);
    definition["source"]["retries"] = json!(0);
    definition["source"]["timeout_ms"] = json!(1_500);
    let begun = Instant::now();
    let error = bench.failed("plans.start", json!({ "json": definition.to_string() })).await;
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(1_400) && took < Duration::from_secs(15), "{took:?}: {error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_holds_for_a_pull_a_preview_and_a_run_at_once() {
    let bench = Bench::new(3_000).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    let plan = bench.preview(&copy(500)).await;
    bench.sandbox.clear_requests();
    let busy = FaultRule::new(FaultKind::Status { status: 429, retry_after: Some(2) }).at("contoso");
    bench.sandbox.faults().add([busy.on("/contacts").after(3, 1)]);
    let pull =
        json!({ "connection": "contoso", "entity": "contact", "columns": ["fullname"], "page_size": 100 });
    let pull = bench.start("cache.pull", pull).await;
    let preview = bench.start("plans.start", json!({ "json": copy(100).to_string() })).await;
    let run = bench.start("runs.start", json!({ "plan": plan["plan_id"] })).await;
    for job in [&pull, &preview, &run] {
        let view = bench.wait(job).await;
        assert_eq!(view.state, JobState::Done, "{:?}", view.error);
    }
    let requests: Vec<_> =
        bench.sandbox.requests().into_iter().filter(|request| request.service == "contoso").collect();
    let refused: Vec<_> = requests.iter().filter(|request| request.status == 429).collect();
    assert_eq!(refused.len(), 1);
    let told_at = refused[0].at_ms + refused[0].took_ms;
    // What was on its way when the answer came could not know of the pause yet.
    let early: Vec<_> = requests
        .iter()
        .filter(|request| request.at_ms > told_at + 50 && request.at_ms < told_at + 1_950)
        .collect();
    assert!(early.is_empty(), "{early:?}");
    let later = requests.iter().filter(|request| request.at_ms >= told_at + 1_950).count();
    assert!(later > 20, "all three went on after the pause: {later}");
    assert_eq!(bench.cached("contoso", "contact").await.len(), 3_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_write_requests_told_before_a_run_are_those_it_takes() {
    let bench = Bench::new(1_050).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    let plan = bench.preview(&copy(500)).await;
    let told = count(&plan, "requests");
    assert!(told > 5, "{plan}");
    bench.sandbox.clear_requests();
    bench.run(&plan).await;
    let took = bench.writes("fabrikam").iter().filter(|request| is_batch(request)).count() as u64;
    assert!(told.abs_diff(took) * 10 <= took, "told {told}, took {took}");
}
