//! Definitions to begin from: each fits the sample tenant as it is, and plans rows.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use syncline_model::SyncDefinition;

use crate::app_recorder::Recorder;
use crate::app_support::{Bench, count};

async fn starters(bench: &Bench, destination: &str) -> BTreeMap<String, Value> {
    let ask = json!({ "source": "contoso", "destination": destination });
    let views = bench.rpc("definitions.starters", ask).await;
    views
        .as_array()
        .unwrap()
        .iter()
        .map(|view| {
            let left_out: Vec<&str> =
                view["left_out"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
            // The sample tenant's accounts have no such column.
            let known = ["email_optin ← donotbulkemail"];
            assert!(left_out.iter().all(|line| known.contains(line)), "{view}");
            (view["starter"].as_str().unwrap().to_owned(), view["definition"].clone())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_starter_fits_the_sample_tenant_and_plans_rows() {
    let bench = Bench::new(200).await;
    bench.connect("contoso", "contoso").await;
    bench.connect("fabrikam", "fabrikam").await;
    bench.marketing("marketing").await;
    let marketing = starters(&bench, "marketing").await;
    let names: Vec<&str> = marketing.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "account-to-insider",
            "contact-to-insider",
            "lead-to-insider",
            "opportunity-to-insider",
            "order-to-insider"
        ]
    );
    let copies = starters(&bench, "fabrikam").await;
    let names: Vec<&str> = copies.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "account-to-account",
            "contact-to-contact",
            "lead-to-lead",
            "opportunity-to-opportunity",
            "order-to-order"
        ]
    );
    for (name, definition) in marketing.into_iter().chain(copies) {
        // The shape of the window's type and of the file are one.
        let text = definition.to_string();
        SyncDefinition::from_json(&text).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let check = bench.rpc("definitions.check", json!({ "json": text })).await;
        assert_eq!(check["problems"], json!([]), "{name}");
        let plan = bench.preview(&definition).await;
        let summary = &plan["summary"];
        assert!(count(summary, "read") > 0 && count(summary, "create") > 0, "{name}: {summary}");
        assert_eq!(count(summary, "invalid"), 0, "{name}: {}", plan["issues"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_purchases_and_no_customer_is_twice_in_a_request() {
    let bench = Bench::new(400).await;
    bench.connect("contoso", "contoso").await;
    let recorder = Recorder::start(&bench.sandbox.details().insider).await;
    bench.marketing_at("marketing", &recorder.url).await;
    let mut definition = starters(&bench, "marketing").await["order-to-insider"].clone();
    // One customer for all: the worst case.
    definition["identifiers"] = json!([{ "to": "segment", "from": "transactioncurrencyid" }]);
    let columns = definition["source"]["columns"].as_array_mut().unwrap();
    columns.retain(|name| name != "customerid");
    let plan = bench.preview(&definition).await;
    let planned = count(&plan["summary"], "create");
    assert!(planned > 10, "{plan}");
    let purchase = &bench.items(&plan).await[0]["events"][0];
    assert_eq!(purchase["name"], "purchase");
    for needed in ["currency", "quantity", "unit_sale_price", "event_group_id"] {
        assert!(!purchase["parameters"][needed].is_null(), "{needed}: {purchase}");
    }
    let report = bench.run(&plan).await;
    assert_eq!(count(&report, "failed"), 0, "{report}");
    assert_eq!(count(&report, "events"), planned, "{report}");
    let mut sent = 0;
    let text = recorder.text();
    for (at, _) in text.match_indices("{\"skip_hook\"") {
        let body = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>().next();
        let body = body.unwrap().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for user in body["users"].as_array().unwrap() {
            assert!(seen.insert(user["identifiers"].to_string()), "twice in one request: {body}");
            sent += 1;
        }
    }
    assert_eq!(sent, planned);

    // Attributes alone: the rule makes no sense, and says so.
    definition.as_object_mut().unwrap().remove("events");
    definition["fields"] = json!([{ "to": "name", "from": "name" }]);
    let check = bench.rpc("definitions.check", json!({ "json": definition.to_string() })).await;
    assert_eq!(check["problems"][0]["code"], "all_without_events", "{check}");
}
