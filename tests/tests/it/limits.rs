//! The service's protection limits, enforced by the sample tenant: runs slow down, nobody sends inside a pause, and every record gets its
//! outcome. What was sent, and when, is read from the tenant's own request log.

use serde_json::{Value, json};
use std::time::Duration;
use syncline_api::wire::JobState;
use syncline_sandbox::LoggedRequest;
use syncline_sandbox::dataverse::Limits;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_support::{Bench, contacts_to, count};

fn copy() -> Value {
    let mut definition = contacts_to("contoso", "fabrikam", "contact");
    definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
    definition["fields"] = json!([{ "to": "lastname", "from": "lastname" }]);
    definition["fixed"] = json!([]);
    definition
}

async fn bench(records: u64) -> Bench {
    let bench = Bench::new(records).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    bench
}

fn at(bench: &Bench, service: &str) -> Vec<LoggedRequest> {
    bench.sandbox.requests().into_iter().filter(|request| request.service == service).collect()
}

/// Answers that asked to wait, and requests that came while their pause lasted.
fn inside_pauses(requests: &[LoggedRequest], seconds: u64) -> (usize, Vec<&LoggedRequest>) {
    let refused: Vec<_> = requests.iter().filter(|request| request.status == 429).collect();
    let early = requests.iter().filter(|request| {
        refused.iter().any(|told| {
            let told_at = told.at_ms + told.took_ms;
            // What was on its way when the answer came could not know of the pause yet.
            request.at_ms > told_at + 60 && request.at_ms + 60 < told_at + seconds * 1000
        })
    });
    (refused.len(), early.collect())
}

fn writes(requests: &[LoggedRequest]) -> Vec<&LoggedRequest> {
    requests
        .iter()
        .filter(|request| request.path.ends_with("Multiple") || request.path.ends_with("$batch"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_sent_inside_a_pause_whatever_limit_asked_for_it() {
    let standard = Limits { window: Duration::from_secs(2), ..Limits::default() };
    for (name, limits) in [
        ("0x80072322", Limits { requests: 12, ..standard }),
        (
            "0x80072321",
            Limits {
                execution: Duration::from_secs(3),
                least_execution: Duration::from_millis(300),
                ..standard
            },
        ),
    ] {
        let bench = bench(1_500).await;
        let plan = bench.preview(&copy()).await;
        bench.sandbox.environment("fabrikam").unwrap().protection.set(Some(limits));
        bench.sandbox.clear_requests();
        let report = bench.run(&plan).await;
        let told = (&report["status"], count(&report, "created"));
        assert_eq!(told, (&json!("succeeded"), 1_500), "{name}: {report}");
        let requests = at(&bench, "fabrikam");
        // A window that is full asks for one second at least.
        let (refused, early) = inside_pauses(&requests, 1);
        assert!(refused > 0, "{name}: it was slowed down");
        assert!(early.is_empty(), "{name}: {early:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_batches_are_under_way_up_to_what_the_service_recommends() {
    for hint in [1, 3] {
        let bench = bench(2_000).await;
        let plan = bench.preview(&copy()).await;
        let limits = Limits { parallelism_hint: hint, ..Limits::default() };
        bench.sandbox.environment("fabrikam").unwrap().protection.set(Some(limits));
        let slow = FaultRule::new(FaultKind::Slow { chunk_ms: 40 }).at("fabrikam").on("CRM.CreateMultiple");
        bench.sandbox.faults().add([FaultRule { every: Some(1), ..slow }]);
        bench.sandbox.clear_requests();
        let report = bench.run(&plan).await;
        assert_eq!(count(&report, "created"), 2_000, "{report}");
        assert_eq!(writes(&at(&bench, "fabrikam")).len(), 20);
        let told = count(&report, "most_at_once");
        assert_eq!(told, u64::from(hint), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_at_once_are_turned_away_and_come_again() {
    let bench = bench(1_200).await;
    let plan = bench.preview(&copy()).await;
    let takes = Duration::from_millis(150);
    let limits = Limits { concurrent: 2, parallelism_hint: 8, takes, ..Limits::default() };
    bench.sandbox.environment("fabrikam").unwrap().protection.set(Some(limits));
    bench.sandbox.clear_requests();
    let report = bench.run(&plan).await;
    assert_eq!((&report["status"], count(&report, "created")), (&json!("succeeded"), 1_200), "{report}");
    let requests = at(&bench, "fabrikam");
    let (refused, early) = inside_pauses(&requests, 1);
    assert!(refused > 0, "more than two came at once");
    assert!(early.is_empty(), "{early:?}");
    // The pace falls after a refusal, so that most are taken. 1,200 rows are 12 batches, and each is taken once.
    let (taken, turned_away): (Vec<_>, Vec<_>) =
        writes(&requests).into_iter().partition(|one| one.status != 429);
    assert!(turned_away.len() < taken.len(), "{} turned away, {} taken", turned_away.len(), taken.len());
    assert_eq!(taken.len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn outcomes_are_those_of_their_rows_whatever_came_first() {
    let bench = bench(700).await;
    let plan = bench.preview(&copy()).await;
    let items = bench.items(&plan).await;
    let taken: Vec<&str> = items.iter().step_by(97).map(|item| item["source_id"].as_str().unwrap()).collect();
    for id in &taken {
        let made = json!({
            "connection": "fabrikam", "entity": "contact", "operation": "create",
            "data": { "lastname": "There before", "contactid": id },
        });
        bench.rpc("records.write", made).await;
    }
    let report = bench.run(&plan).await;
    assert_eq!(count(&report, "drifted") as usize, taken.len(), "{report}");
    let page = bench.rpc("runs.rows", json!({ "run": report["run_id"], "limit": 1000 })).await;
    let rows = page["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 700);
    for (row, item) in rows.iter().zip(&items) {
        assert_eq!(row["source_id"], item["source_id"], "rows are in the plan's order");
        let id = row["source_id"].as_str().unwrap();
        let wanted = if taken.contains(&id) { "drifted" } else { "created" };
        assert_eq!((&row["outcome"], &row["destination_id"]), (&json!(wanted), &json!(id)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stops_between_batches() {
    let bench = bench(3_000).await;
    let plan = bench.preview(&copy()).await;
    let slow = FaultRule::new(FaultKind::Slow { chunk_ms: 60 }).at("fabrikam").on("CRM.CreateMultiple");
    bench.sandbox.faults().add([FaultRule { every: Some(1), ..slow }]);
    bench.sandbox.clear_requests();
    let job = bench.start("runs.start", json!({ "plan": plan["plan_id"] })).await;
    let begun = std::time::Instant::now();
    loop {
        let jobs = bench.rpc("jobs.list", json!({})).await;
        let mine = jobs.as_array().unwrap().iter().find(|one| one["id"] == job.as_str()).unwrap().clone();
        if mine["stage"].as_str().unwrap().starts_with("writing") && count(&mine, "done") >= 300 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(50), "{mine}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // The next ones are under way: an answer takes a second.
    tokio::time::sleep(Duration::from_millis(400)).await;
    bench.rpc("jobs.cancel", json!({ "job": job })).await;
    let view = bench.wait(&job).await;
    assert!(matches!(view.state, JobState::Done | JobState::Cancelled), "{:?}", view.error);
    bench.sandbox.faults().clear();
    let runs = bench.rpc("runs.list", json!({})).await;
    let run = &runs[0];
    assert_eq!(run["status"], "cancelled", "{run}");
    let created = count(run, "created");
    assert!((300..3_000).contains(&created) && created.is_multiple_of(100), "{run}");
    let page = bench.rpc("runs.rows", json!({ "run": run["run_id"], "limit": 1 })).await;
    assert_eq!(page["total"], created);
    assert_eq!(writes(&at(&bench, "fabrikam")).len() as u64 * 100, created, "what was sent is told");
    // Also what was under way can be taken back.
    let back = bench.done("runs.undo", json!({ "run": run["run_id"] })).await;
    assert_eq!(["delete", "skip"].map(|key| count(&back["summary"], key)), [created, 0], "{back}");
}
