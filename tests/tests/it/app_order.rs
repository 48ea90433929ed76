//! Several definitions: what is pointed at comes first, and fields that close a circle go in a second pass.

use serde_json::{Value, json};

use crate::app_support::{Bench, count};

fn across(entity: &str, key: &str, fields: &[&str]) -> Value {
    let columns: Vec<&str> = [key].into_iter().chain(fields.iter().copied()).collect();
    json!({
        "version": 1, "name": format!("{entity} across"),
        "source": { "connection": "contoso", "entity": entity, "columns": columns, "page_size": 500,
            "fetch": { "mode": "all", "days": 0 } },
        "destination": { "connection": "fabrikam", "entity": entity },
        "identifiers": [{ "to": key, "from": key }],
        "fields": fields.iter().map(|field| json!({ "to": field, "from": field })).collect::<Vec<_>>(),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_contacts_that_point_at_each_other() {
    for mode in ["all", "new-and-updated"] {
        circle(mode).await;
    }
}

async fn circle(mode: &str) {
    let bench = Bench::new(80).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    let mut contacts = across("contact", "contactid", &["lastname", "parentcustomerid"]);
    let mut accounts = across("account", "accountid", &["name", "primarycontactid", "parentaccountid"]);
    for definition in [&mut contacts, &mut accounts] {
        definition["source"]["fetch"]["mode"] = json!(mode);
    }
    let ask = json!({ "definitions": [contacts.to_string(), accounts.to_string()] });
    let order = bench.rpc("syncs.order", ask).await;
    let steps = order["steps"].as_array().unwrap();
    assert_eq!(steps.len(), 4, "two passes of both: {order}");
    assert_eq!((count(&steps[0], "pass"), count(&steps[3], "pass")), (1, 2));
    assert!(!steps[0]["left_out"].as_array().unwrap().is_empty());
    assert!(steps[2]["left_out"].as_array().unwrap().is_empty());
    let mut failed = 0;
    for step in steps {
        let plan = bench.done("plans.start", json!({ "json": step["json"] })).await;
        let report = bench.run(&plan).await;
        failed += count(&report, "failed") + count(&report, "drifted");
    }
    assert_eq!(failed, 0, "nothing pointed at what was not there yet");
    for mut definition in [contacts, accounts] {
        definition["source"]["fetch"]["mode"] = json!("all");
        let plan = bench.preview(&definition).await;
        let summary = &plan["summary"];
        assert_eq!(count(summary, "create") + count(summary, "update"), 0, "all has arrived: {summary}");
    }
}
