//! Pulling into the store: interruptions are gone on from, faults on the way change nothing of what arrives.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use syncline_api::wire::JobState;
use syncline_model::ErrorCode;
use syncline_sandbox::LoggedRequest;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_support::{Bench, count};

const RECORDS: u64 = 11_000;

fn ask(connection: &str) -> Value {
    json!({
        "connection": connection, "entity": "contact",
        "columns": ["fullname", "emailaddress1", "creditlimit", "gendercode", "parentcustomerid", "modifiedon"],
    })
}

/// Requests for pages of contacts.
fn pages(bench: &Bench) -> Vec<LoggedRequest> {
    let page = |request: &LoggedRequest| {
        request.service == "contoso"
            && request.path.contains("/contacts?")
            && !request.path.contains("aggregate")
            && !request.path.contains("$count")
            && request.headers.get("prefer").is_some_and(|prefer| prefer.contains("maxpagesize=5000"))
    };
    bench.sandbox.requests().into_iter().filter(page).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_pull_goes_on_with_the_page_it_missed() {
    let bench = Bench::new(RECORDS).await;
    bench.connect("whole", "contoso").await;
    let whole = bench.done("cache.pull", ask("whole")).await;
    assert_eq!(
        (count(&whole, "read"), count(&whole, "pages"), &whole["resumed"]),
        (RECORDS, 3, &json!(false))
    );
    let undisturbed = bench.cached("whole", "contact").await;
    assert_eq!(undisturbed.len() as u64, RECORDS);

    bench.connect("cut", "contoso").await;
    let cut = FaultRule::new(FaultKind::ResetInside { after_bytes: 30_000 }).at("contoso").on("skiptoken");
    bench.sandbox.faults().add([cut.after(0, 100)]);
    bench.sandbox.clear_requests();
    let error = bench.failed("cache.pull", ask("cut")).await;
    assert_eq!(error.code, ErrorCode::Unreachable, "{error:?}");
    assert!(error.hint.is_some());
    assert_eq!(pages(&bench).len(), 1 + 4, "the first page once, the second four times");
    let state = bench.rpc("cache.list", json!({})).await;
    let entry = state.as_array().unwrap().iter().find(|entry| entry["connection"] == "cut").unwrap();
    assert_eq!((&entry["status"], count(entry, "records")), (&json!("interrupted"), 5000), "{entry}");

    bench.sandbox.faults().clear();
    bench.sandbox.clear_requests();
    let report = bench.done("cache.pull", ask("cut")).await;
    assert_eq!((&report["resumed"], count(&report, "read")), (&json!(true), RECORDS), "{report}");
    let asked = pages(&bench);
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(
        asked.iter().all(|request| request.path.contains("skiptoken")),
        "the stored page is not asked again"
    );
    assert_eq!(bench.cached("cut", "contact").await, undisturbed);

    // Once more: nothing to go on with, nothing changed.
    let again = bench.done("cache.pull", ask("cut")).await;
    assert_eq!(
        (&again["resumed"], count(&again, "unchanged"), count(&again, "new"), count(&again, "changed")),
        (&json!(false), RECORDS, 0, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_pull_goes_on_where_it_stood() {
    let bench = Bench::new(RECORDS).await;
    bench.connect("contoso", "contoso").await;
    let slow = FaultRule::new(FaultKind::Slow { chunk_ms: 400 }).at("contoso").on("skiptoken");
    bench.sandbox.faults().add([slow]);
    let job = bench.start("cache.pull", ask("contoso")).await;
    let begun = Instant::now();
    while bench.app.jobs().get(&job).unwrap().done < 5000 {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let asked = Instant::now();
    bench.rpc("jobs.cancel", json!({ "job": job })).await;
    let view = bench.wait(&job).await;
    assert_eq!(view.state, JobState::Cancelled, "{view:?}");
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "the slow page is not waited for: {:?}",
        asked.elapsed()
    );
    bench.sandbox.clear_requests();
    let report = bench.done("cache.pull", ask("contoso")).await;
    assert_eq!((&report["resumed"], count(&report, "read")), (&json!(true), RECORDS), "{report}");
    assert!(pages(&bench).iter().all(|request| request.path.contains("skiptoken")));
    assert_eq!(bench.cached("contoso", "contact").await.len() as u64, RECORDS);
}

async fn undisturbed_by(kinds: Vec<FaultKind>) {
    let bench = Bench::new(5_200).await;
    bench.connect("undisturbed", "contoso").await;
    bench.done("cache.pull", ask("undisturbed")).await;
    let undisturbed = bench.cached("undisturbed", "contact").await;
    for (number, kind) in kinds.into_iter().enumerate() {
        let told = format!("{kind:?}");
        let name = format!("disturbed {number}");
        bench.connect(&name, "contoso").await;
        bench.sandbox.faults().clear();
        bench.sandbox.faults().add([FaultRule::new(kind).at("contoso").on("skiptoken")]);
        let view = bench.job("cache.pull", ask(&name)).await;
        assert_eq!(view.state, JobState::Done, "{told}: {:?}", view.error);
        assert_eq!(bench.sandbox.faults().rules()[0].hit, 1, "{told} was met");
        assert_eq!(count(&view.result, "read"), 5_200, "{told}");
        assert!(bench.cached(&name, "contact").await == undisturbed, "{told}: other data");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_and_resets_on_the_way_leave_the_right_data() {
    undisturbed_by(vec![
        FaultKind::Status { status: 503, retry_after: None },
        FaultKind::ResetBefore,
        FaultKind::ResetUnheard,
        FaultKind::ExpireTokens,
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_and_slow_answers_on_the_way_leave_the_right_data() {
    undisturbed_by(vec![
        FaultKind::TruncatedJson,
        FaultKind::GarbageJson,
        FaultKind::HtmlPage { status: 502 },
        FaultKind::HtmlPage { status: 200 },
        FaultKind::Slow { chunk_ms: 10 },
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_during_the_pause_that_the_service_asked_for() {
    let bench = Bench::new(5_200).await;
    bench.connect("contoso", "contoso").await;
    let busy = FaultRule::new(FaultKind::Status { status: 429, retry_after: Some(2) }).at("contoso");
    bench.sandbox.faults().add([busy.on("skiptoken")]);
    bench.sandbox.clear_requests();
    let pull = bench.start("cache.pull", ask("contoso")).await;
    // Somebody browses meanwhile; the pause is the environment's, not the pull's.
    while !bench.sandbox.requests().iter().any(|request| request.status == 429) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let budget = bench.rpc("connections.budget", json!({ "connection": "contoso" })).await;
    assert!(budget["paused_until"].is_string(), "{budget}");
    bench
        .rpc(
            "records.query",
            json!({ "connection": "contoso", "entity": "account", "mode": "live", "limit": 1 }),
        )
        .await;
    assert_eq!(bench.wait(&pull).await.state, JobState::Done);
    let requests = bench.sandbox.requests();
    let refused = requests.iter().find(|request| request.status == 429).unwrap();
    let told_at = refused.at_ms + refused.took_ms;
    let early: Vec<_> = requests
        .iter()
        .filter(|request| request.service == "contoso")
        .filter(|request| request.at_ms > told_at + 30 && request.at_ms < told_at + 1_950)
        .collect();
    assert!(early.is_empty(), "{early:?}");
    assert_eq!(bench.cached("contoso", "contact").await.len(), 5_200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_the_service_no_longer_knows_is_left_and_the_pull_begins_anew() {
    let bench = Bench::new(5_200).await;
    bench.connect("contoso", "contoso").await;
    let gone = FaultRule::new(FaultKind::HtmlPage { status: 503 }).at("contoso").on("skiptoken").after(0, 4);
    bench.sandbox.faults().add([gone]);
    bench.failed("cache.pull", ask("contoso")).await;
    bench.sandbox.faults().clear();
    let expired = FaultKind::Status { status: 400, retry_after: None };
    bench.sandbox.faults().add([FaultRule::new(expired).at("contoso").on("skiptoken")]);
    let report = bench.done("cache.pull", ask("contoso")).await;
    assert_eq!(
        (&report["resumed"], count(&report, "read"), count(&report, "unchanged"), count(&report, "new")),
        (&json!(false), 5_200, 5_000, 200),
        "{report}"
    );
    assert_eq!(bench.cached("contoso", "contact").await.len(), 5_200);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_two_organizations_are_never_mixed() {
    let bench = Bench::new(30).await;
    bench.connect("client", "contoso").await;
    bench.done("cache.pull", ask("client")).await;
    let before = bench.cached("client", "contact").await;
    let environment = bench.sandbox.environment("contoso").unwrap();
    let right = environment.organization_id();
    environment.set_organization_id(uuid::Uuid::from_u128(5));
    assert_eq!(bench.failed("cache.pull", ask("client")).await.code, ErrorCode::IdentityChanged);
    environment.set_organization_id(right);
    // The person points the connection at another environment: its own records stay what they are.
    bench.connect("client", "northwind").await;
    let error = bench.failed("cache.pull", ask("client")).await;
    assert_eq!(error.code, ErrorCode::IdentityChanged, "{error:?}");
    assert!(error.hint.unwrap().contains("forget"));
    assert_eq!(bench.cached("client", "contact").await, before);
    // Back again, or begun anew, it goes on.
    bench.connect("client", "contoso").await;
    bench.done("cache.pull", ask("client")).await;
    bench.rpc("connections.forget", json!({ "connection": "client" })).await;
    bench.connect("client", "northwind").await;
    bench.done("cache.pull", ask("client")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_wait_for_no_count_and_little_is_asked_beside_them() {
    let bench = Bench::new(RECORDS).await;
    bench.connect("contoso", "contoso").await;
    bench.rpc("connections.test", json!({ "connection": "contoso" })).await;
    bench.rpc("entities.describe", json!({ "connection": "contoso", "entity": "contact" })).await;
    // The service counts longer than it takes to read all.
    bench.sandbox.faults().add([FaultRule::new(FaultKind::Hang).at("contoso").on("$count")]);
    bench.sandbox.clear_requests();
    let report = bench.done("cache.pull", ask("contoso")).await;
    assert_eq!(count(&report, "read"), RECORDS, "{report}");
    let asked = bench.sandbox.requests();
    let counting: Vec<_> = asked.iter().filter(|one| one.path.contains("$count")).collect();
    assert_eq!(counting.len(), 1, "{asked:?}");
    assert_eq!(counting[0].status, 0, "the client went away: {counting:?}");
    assert_eq!(pages(&bench).len(), 3);
    assert!(
        asked.len() <= 3 + 10,
        "pages, who asks, the schema's version, a count, and what is known of the person: {asked:?}"
    );
    let described = asked.iter().filter(|one| one.path.contains("/Attributes")).count();
    assert_eq!(described, 0, "{asked:?}");
    // What was learned is learned for a day.
    bench.sandbox.faults().clear();
    bench.sandbox.clear_requests();
    bench.done("cache.pull", ask("contoso")).await;
    let asked = bench.sandbox.requests();
    assert!(asked.len() <= 3 + 4, "pages, who asks, the schema's version, two counts: {asked:?}");
}
