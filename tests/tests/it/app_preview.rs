//! The preview: every bad row has its name, the numbers add up, and what is shown is what is sent, byte for byte.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use syncline_model::ErrorCode;
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_recorder::Recorder;
use crate::app_support::{Bench, contacts_to, count};

/// Makes a contact at contoso; its id.
pub(crate) async fn plant(bench: &Bench, number: u32, data: Value) -> String {
    let id = format!("0000ffff-0000-4000-8000-{number:012}");
    let mut data = data;
    data["department"] = json!("Planted");
    data["contactid"] = json!(id);
    bench
        .rpc(
            "records.write",
            json!({ "connection": "contoso", "entity": "contact", "operation": "create", "data": data }),
        )
        .await;
    id
}

/// The definition on what was planted.
pub(crate) fn planted(destination: &str) -> Value {
    let mut definition = contacts_to("contoso", destination, "profile");
    definition["source"]["filter"] =
        json!("<condition attribute='department' operator='eq' value='Planted' />");
    definition
}

#[tokio::test(flavor = "multi_thread")]
async fn five_kinds_of_bad_rows_are_all_named() {
    let bench = Bench::new(30).await;
    bench.connect_writable("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let mut definition = planted("marketing");
    definition["source"]["columns"] = json!([
        "contactid",
        "emailaddress1",
        "firstname",
        "lastname",
        "mobilephone",
        "new_segment",
        "description"
    ]);
    definition["identifiers"] = json!([{ "to": "email", "from": "emailaddress1" }]);
    definition["on_invalid_identifier"] = json!("skip-record");
    definition["fields"] = json!([
        { "to": "name", "from": "firstname" },
        { "to": "custom.mobile", "from": "mobilephone", "phone": true },
        { "to": "custom.segment", "from": "new_segment", "label": true },
        { "to": "birthday", "from": "description" },
    ]);
    let good = plant(&bench, 1, json!({ "lastname": "Good", "emailaddress1": "good@planted.example" })).await;
    let malformed = plant(&bench, 2, json!({ "lastname": "M", "emailaddress1": "nobody@" })).await;
    let missing = plant(&bench, 3, json!({ "lastname": "N" })).await;
    let twice = plant(&bench, 4, json!({ "lastname": "T", "emailaddress1": "GOOD@planted.example" })).await;
    let phone = plant(
        &bench,
        5,
        json!({ "lastname": "P", "emailaddress1": "p@planted.example", "mobilephone": "call reception" }),
    )
    .await;
    let label = plant(
        &bench,
        6,
        json!({ "lastname": "L", "emailaddress1": "l@planted.example", "new_segment": 100000002 }),
    )
    .await;
    let date = plant(
        &bench,
        7,
        json!({ "lastname": "D", "emailaddress1": "d@planted.example", "description": "some day" }),
    )
    .await;

    let plan = bench.preview(&definition).await;
    let summary = &plan["summary"];
    assert_eq!(
        ["read", "create", "skip", "invalid", "update", "unchanged"].map(|name| count(summary, name)),
        [7, 3, 3, 1, 0, 0],
        "{summary}"
    );
    let items = bench.items(&plan).await;
    let row = |id: &str| items.iter().find(|item| item["source_id"] == id).unwrap();
    for (id, action, code, field) in [
        (&malformed, "skip", "email_malformed", "email"),
        (&missing, "skip", "no_identifier", "email"),
        (&twice, "skip", "duplicate_identifiers", "email"),
        (&phone, "create", "phone_malformed", "custom.mobile"),
        (&label, "create", "unknown_code", "custom.segment"),
        (&date, "invalid", "type_mismatch", "birthday"),
    ] {
        let row = row(id);
        assert_eq!(row["action"], action, "{row}");
        assert!(!row["reason"].as_str().unwrap().is_empty(), "{row}");
        let issues = row["issues"].as_array().unwrap();
        assert!(
            issues.iter().any(|issue| issue["code"] == code && issue["field"] == field),
            "{code} {field}: {row}"
        );
        assert_eq!(row["request"].is_null(), action != "create", "only what is sent has a request");
        // The group of the cause leads to the row.
        let group = plan["issues"].as_array().unwrap().iter().find(|group| group["code"] == code).cloned();
        let group = group.unwrap_or_else(|| panic!("{code} in {}", plan["issues"]));
        assert_eq!((count(&group, "rows"), &group["field"]), (1, &json!(field)), "{group}");
        let found = bench.rpc("plans.rows", json!({ "plan": plan["plan_id"], "issue": code })).await;
        assert_eq!(found["rows"][0]["source_id"], **id, "{found}");
    }
    assert_eq!(row(&good)["issues"], json!([]));
    let by_action = bench.rpc("plans.rows", json!({ "plan": plan["plan_id"], "action": "skip" })).await;
    assert_eq!(count(&by_action, "total"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_previewed_is_what_is_sent_byte_for_byte() {
    let bench = Bench::new(60).await;
    bench.connect("contoso", "contoso").await;
    let recorder = Recorder::start(&bench.sandbox.details().insider).await;
    bench.marketing_at("marketing", &recorder.url).await;
    let mut definition = contacts_to("contoso", "marketing", "profile");
    definition["source"]["columns"] =
        json!(["contactid", "firstname", "lastname", "creditlimit", "new_churnscore", "description"]);
    definition["fields"] = json!([
        { "to": "name", "from": "firstname" },
        { "to": "custom.limit", "from": "creditlimit" },
        { "to": "custom.churn", "from": "new_churnscore" },
        { "to": "custom.note", "from": "description" },
    ]);
    let plan = bench.preview(&definition).await;
    let items = bench.items(&plan).await;
    assert_eq!(items.len(), 60);
    // Three rows are taken out by hand.
    let out = bench
        .rpc("plans.exclude", json!({ "plan": plan["plan_id"], "ordinals": [3, 4, 59], "excluded": true }))
        .await;
    assert_eq!(count(&out["summary"], "excluded"), 3);
    let kept: Vec<&Value> =
        items.iter().enumerate().filter(|(at, _)| ![3, 4, 59].contains(at)).map(|(_, item)| item).collect();
    let report = bench.run(&plan).await;
    assert_eq!(
        (&report["status"], count(&report, "created"), count(&report, "skipped"), count(&report, "read")),
        (&json!("succeeded"), 57, 3, 60),
        "{report}"
    );
    let bodies: Vec<&str> = kept.iter().map(|item| item["request"]["body"].as_str().unwrap()).collect();
    let sent = format!("{{\"skip_hook\":false,\"users\":[{}]}}", bodies.join(","));
    let recorded = recorder.text();
    assert!(recorded.contains(&sent), "the batch is the previewed bodies in order");
    assert_eq!(recorded.matches("\"identifiers\"").count(), 57, "nothing else was sent");

    let profiles = bench.sandbox.profiles();
    let uuids: BTreeSet<&str> =
        profiles.iter().map(|profile| profile["identifiers"]["uuid"].as_str().unwrap()).collect();
    let wanted: BTreeSet<&str> = kept.iter().map(|item| item["source_id"].as_str().unwrap()).collect();
    assert_eq!(uuids, wanted);
    // The detail of a row shows the same request, the source beside it, and how each value came to be.
    let detail = bench.rpc("plans.row", json!({ "plan": plan["plan_id"], "ordinal": 0 })).await;
    assert_eq!(detail["request"], items[0]["request"]);
    assert_eq!(detail["source"]["contactid"], items[0]["source_id"]);
    assert!(detail["explanations"].as_array().unwrap().len() >= 5, "{}", detail["explanations"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_runs_once_whole_or_not_at_all() {
    let bench = Bench::new(20).await;
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let definition = contacts_to("contoso", "marketing", "profile");
    let plan = bench.preview(&definition).await;
    bench.run(&plan).await;
    bench.sandbox.clear_requests();
    let error = bench.failed("runs.start", json!({ "plan": plan["plan_id"] })).await;
    assert_eq!(error.code, ErrorCode::GuardRefused, "{error:?}");
    let exclude = json!({ "plan": plan["plan_id"], "ordinals": [1], "excluded": true });
    assert_eq!(bench.refused("plans.exclude", exclude).await.code, ErrorCode::GuardRefused);
    let missing = json!({ "plan": "0000ffff-0000-4000-8000-000000000000" });
    assert_eq!(bench.refused("runs.start", missing).await.code, ErrorCode::NotFound);
    assert_eq!(bench.sandbox.profiles().iter().filter(|profile| profile["upserts"] != 1).count(), 0);

    // A preview that breaks off is kept to be looked at, and can't be run.
    let mut paged = definition;
    paged["source"]["page_size"] = json!(5);
    paged["source"]["retries"] = json!(0);
    let gone = syncline_sandbox::faults::FaultKind::HtmlPage { status: 503 };
    let rule = syncline_sandbox::faults::FaultRule::new(gone).at("contoso").on("skiptoken");
    bench.sandbox.faults().add([rule.after(1, 100)]);
    bench.failed("plans.start", json!({ "json": paged.to_string() })).await;
    let plans = bench.rpc("plans.list", json!({})).await;
    let cut = plans.as_array().unwrap().iter().find(|plan| plan["status"] == "incomplete").unwrap();
    assert_eq!(count(&cut["summary"], "read"), 10, "what was planned before can be looked at: {cut}");
    let error = bench.failed("runs.start", json!({ "plan": cut["plan_id"] })).await;
    assert_eq!(error.code, ErrorCode::GuardRefused);
    assert!(error.message.contains("incomplete") && error.hint.is_some(), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_can_not_be_asked_is_no_fault_of_the_definition() {
    let bench = Bench::new(5).await;
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let refused = FaultKind::Status { status: 403, retry_after: None };
    let refused = FaultRule::new(refused).at("contoso").on("EntityDefinitions").after(0, 1000);
    bench.sandbox.faults().add([refused]);
    let mut definition = contacts_to("contoso", "marketing", "profile");
    let error = bench.failed("plans.start", json!({ "json": definition.to_string() })).await;
    assert_eq!(error.code, ErrorCode::PrivilegeMissing, "{error:?}");
    let checked = bench.rpc("definitions.check", json!({ "json": definition.to_string() })).await;
    let problems = checked["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "{checked}");
    assert_eq!(
        (&problems[0]["path"], &problems[0]["code"]),
        (&json!("source.entity"), &json!("entity_unavailable"))
    );
    // What is wrong in it besides is told first.
    definition["destination"]["entity"] = json!("nothing");
    let error = bench.failed("plans.start", json!({ "json": definition.to_string() })).await;
    assert_eq!(error.code, ErrorCode::DefinitionInvalid, "{error:?}");
    assert_eq!(error.detail.as_deref().unwrap().lines().count(), 2, "{error:?}");
}
