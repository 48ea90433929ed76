//! A definition's page size, timeout and retries, at whichever end they apply: what the sample tenant's request log says of them.

use serde_json::{Value, json};
use syncline_model::ErrorCode;
use syncline_sandbox::LoggedRequest;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_support::{Bench, contacts_to, count};

fn across(source: &Value) -> Value {
    let mut definition = contacts_to("contoso", "fabrikam", "contact");
    for (name, value) in source.as_object().unwrap() {
        definition["source"][name] = value.clone();
    }
    definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
    definition["fields"] = json!([{ "to": "lastname", "from": "lastname", "case": "upper" }]);
    definition["fixed"] = json!([]);
    definition
}

async fn two_environments(records: u64) -> Bench {
    let bench = Bench::new(records).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    bench
}

/// Readings of contacts at an environment, as the log has them.
fn readings(bench: &Bench, service: &str) -> Vec<LoggedRequest> {
    let contacts = |one: &LoggedRequest| {
        one.path.contains("/contacts") && !one.path.contains("$count") && !one.path.contains("aggregate")
    };
    let all = bench.sandbox.requests();
    all.into_iter().filter(|one| one.service == service && one.method == "GET" && contacts(one)).collect()
}

fn hit(bench: &Bench, service: &str, path: &str, times: u64, kind: FaultKind) {
    bench.sandbox.faults().clear();
    bench.sandbox.faults().add([FaultRule {
        service: Some(service.to_owned()),
        path: Some(path.to_owned()),
        times,
        ..FaultRule::new(kind)
    }]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_as_large_as_the_definition_says_at_both_ends() {
    let bench = two_environments(130).await;
    for size in [40_u32, 130] {
        bench.sandbox.clear_requests();
        let plan = bench.preview(&across(&json!({ "page_size": size }))).await;
        assert_eq!(count(&plan["summary"], "read"), 130);
        let wish = format!("odata.maxpagesize={size}");
        for service in ["contoso", "fabrikam"] {
            let read = readings(&bench, service);
            assert!(read.len() as u64 >= u64::from(130_u32.div_ceil(size)), "{service}: {read:#?}");
            for one in &read {
                let prefer = one.headers.get("prefer").map(String::as_str).unwrap_or_default();
                assert!(prefer.split(',').any(|part| part == wish), "{service}: {prefer}");
            }
        }
    }
    // A filter goes as FetchXML, which names its page size itself.
    bench.sandbox.clear_requests();
    let filter = "<condition attribute='lastname' operator='not-null'/>";
    bench.preview(&across(&json!({ "page_size": 40, "filter": filter }))).await;
    let read = readings(&bench, "contoso");
    assert!(read.len() >= 3 && read.iter().all(|one| one.path.contains("count%3D%2240%22")), "{read:#?}");
}

/// The requests that were not answered. The tenant notes how long one took when it sees that nobody waits for it any more, which may be
/// a moment after the one who asked went on.
async fn given_up(bench: &Bench, service: &str) -> Vec<LoggedRequest> {
    for _ in 0..600 {
        let unanswered: Vec<_> =
            readings(bench, service).into_iter().filter(|one| one.fault.is_some()).collect();
        if unanswered.iter().all(|one| one.took_ms > 0) {
            return unanswered;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("a request that was given up is still open at the tenant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_an_answer_is_given_up_after_the_definitions_time_and_tried_as_often_as_it_says() {
    let bench = two_environments(60).await;
    // What is asked before the records is known from here on.
    bench.preview(&across(&json!({}))).await;
    for service in ["contoso", "fabrikam"] {
        for (retries, hung) in [(0, 1_u64), (2, 2)] {
            bench.sandbox.clear_requests();
            hit(&bench, service, "/contacts?", hung, FaultKind::Hang);
            let definition = across(&json!({ "timeout_ms": 1000, "retries": retries }));
            let ask = json!({ "json": definition.to_string() });
            let view = bench.job("plans.start", ask).await;
            bench.sandbox.faults().clear();
            let told = format!("{service}, {retries} retries: {:?}", view.error);
            let unanswered = given_up(&bench, service).await;
            assert_eq!(unanswered.len() as u64, hung, "{told}");
            // A second, not the minute that holds where nothing is said.
            assert!(unanswered.iter().all(|one| (900..30_000).contains(&one.took_ms)), "{unanswered:#?}");
            assert_eq!(view.error.is_some(), retries == 0, "{told}");
            if let Some(error) = view.error {
                assert_eq!(error.code, ErrorCode::Unreachable, "{told}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_written_to_marketing_is_tried_as_often_as_the_definition_says() {
    let bench = Bench::new(40).await;
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let unavailable = || FaultKind::Status { status: 503, retry_after: None };
    for (retries, failed) in [(0, true), (2, false)] {
        let mut definition = contacts_to("contoso", "marketing", "profile");
        definition["source"]["retries"] = json!(retries);
        definition["fixed"] = json!([{ "to": "city", "value": format!("Town {retries}") }]);
        let plan = bench.preview(&definition).await;
        bench.sandbox.clear_requests();
        bench.sandbox.faults().clear();
        // The first two questions are who it is, for the connection and for the batch.
        bench.sandbox.faults().add([FaultRule {
            service: Some("insider".to_owned()),
            skip: 2,
            times: 2,
            ..FaultRule::new(unavailable())
        }]);
        let report = bench.run(&plan).await;
        bench.sandbox.faults().clear();
        let refused = bench.sandbox.requests().into_iter().filter(|one| one.status == 503).count();
        assert_eq!(refused, if failed { 1 } else { 2 }, "{retries} retries: {report}");
        assert_eq!(report["status"] != "succeeded", failed, "{retries} retries: {report}");
    }
}
