//! Pages that are stored while they arrive: what breaks one in its middle changes nothing of what is stored and counted in the end.

use serde_json::{Value, json};
use std::time::Duration;
use syncline_api::wire::JobState;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use super::bench;
use crate::app_support::{Bench, count};

/// Records of all columns, 4.9 KB each with labels: a page has several portions.
const RECORDS: u64 = 2_000;

async fn hash(bench: &Bench, connection: &str) -> String {
    let found = bench.rpc("cache.hash", json!({ "connection": connection, "entity": "contact" })).await;
    found["content_hash"].as_str().unwrap().to_owned()
}

fn counts(report: &Value) -> [u64; 5] {
    ["read", "new", "changed", "unchanged", "pages"].map(|name| count(report, name))
}

fn ask(connection: &str) -> Value {
    json!({ "connection": connection, "entity": "contact", "page_size": 1_000 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_breaks_off_in_its_middle_is_read_again_and_counts_once() {
    let bench = bench(RECORDS).await;
    let whole = bench.done("cache.pull", ask("crm")).await;
    assert_eq!(counts(&whole), [RECORDS, RECORDS, 0, 0, 2], "{whole}");
    let before = hash(&bench, "crm").await;
    for (fault, kind) in [
        ("reset", FaultKind::ResetInside { after_bytes: 3_000_000 }),
        ("truncated", FaultKind::TruncatedJson),
    ] {
        for page in ["first", "second"] {
            let connection = format!("{fault} {page}");
            bench.connect(&connection, "contoso").await;
            let described = json!({ "connection": connection, "entity": "contact" });
            bench.rpc("entities.describe", described).await;
            let own = if page == "first" { "/contacts?" } else { "skiptoken" };
            let rule = FaultRule::new(kind.clone()).at("contoso").on(own).after(0, 1);
            bench.sandbox.faults().clear();
            bench.sandbox.faults().add([rule]);
            let report = bench.done("cache.pull", ask(&connection)).await;
            assert_eq!(bench.sandbox.faults().rules()[0].hit, 1, "{connection}: it did happen");
            assert_eq!(counts(&report), counts(&whole), "{connection}: {report}");
            assert_eq!(hash(&bench, &connection).await, before, "{connection}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_is_stopped_inside_a_page_goes_on_with_that_page() {
    let bench = bench(RECORDS).await;
    // So slow that storing keeps pace on the busiest machine.
    let slow = FaultRule::new(FaultKind::Slow { chunk_ms: 150 }).at("contoso").on("skiptoken").after(0, 1);
    bench.sandbox.faults().add([slow]);
    let job = bench.start("cache.pull", ask("crm")).await;
    // The first page, and at least a portion of the second.
    while bench.app.jobs().get(&job).unwrap().done <= 1_000 {
        assert_eq!(bench.app.jobs().get(&job).unwrap().state, JobState::Running, "it ended too soon");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bench.rpc("jobs.cancel", json!({ "job": job })).await;
    assert_eq!(bench.wait(&job).await.state, JobState::Cancelled);
    let stored = bench.cached("crm", "contact").await.len() as u64;
    assert!((1_001..RECORDS).contains(&stored), "{stored}: a page in part");
    bench.sandbox.clear_requests();
    let report = bench.done("cache.pull", ask("crm")).await;
    assert_eq!(counts(&report), [RECORDS, RECORDS, 0, 0, 2], "{report}");
    let asked = bench.sandbox.requests();
    let pages: Vec<&str> = asked
        .iter()
        .map(|request| request.path.as_str())
        .filter(|path| path.contains("/contacts?") && !path.contains("$count") && !path.contains("$apply"))
        .collect();
    assert!(
        pages.len() == 1 && pages[0].contains("skiptoken"),
        "the second page alone comes again: {pages:?}"
    );
}
