//! Several definitions as one piece of work: looked at, agreed on once, run in their order.

use serde_json::{Value, json};
use syncline_model::ErrorCode;

use crate::app_support::{Bench, count};

fn across(entity: &str, key: &str, fields: &[&str]) -> Value {
    let columns: Vec<&str> = [key].into_iter().chain(fields.iter().copied()).collect();
    json!({
        "version": 1, "name": format!("{entity} across"),
        "source": { "connection": "contoso", "entity": entity, "columns": columns, "page_size": 500,
            "fetch": { "mode": "new-and-updated", "days": 0 } },
        "destination": { "connection": "fabrikam", "entity": entity },
        "identifiers": [{ "to": key, "from": key }],
        "fields": fields.iter().map(|field| json!({ "to": field, "from": field })).collect::<Vec<_>>(),
    })
}

fn states(view: &Value) -> Vec<&str> {
    view["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_them_with_one_guard() {
    let bench = Bench::new(60).await;
    bench.connect("contoso", "contoso").await;
    bench.connect("fabrikam", "fabrikam").await;
    let contacts = across("contact", "contactid", &["lastname", "parentcustomerid"]);
    let accounts = across("account", "accountid", &["name", "primarycontactid"]);
    let definitions = json!([contacts.to_string(), accounts.to_string()]);
    let look = bench.done("syncs.look_all", json!({ "definitions": definitions })).await;
    assert_eq!(states(&look), ["planned", "planned", "later"], "{look}");
    let writes = count(&look, "writes");
    assert!(writes > 60, "{look}");
    assert_eq!(look["steps"][1]["after"][0]["name"], look["steps"][0]["name"], "{look}");

    // Nothing goes to what is read-only, and what is refused is told before the first step.
    let refused = bench.refused("syncs.run_all", json!({ "definitions": definitions })).await;
    assert_eq!(refused.code, ErrorCode::ReadOnly);
    bench.rpc("connections.unlock", json!({ "connection": "fabrikam", "minutes": 30 })).await;
    let short = bench.done("syncs.run_all", json!({ "definitions": definitions, "at_most": 3 })).await;
    assert_eq!(states(&short), ["failed", "not_reached", "not_reached"], "{short}");
    assert_eq!(short["steps"][0]["error"]["code"], "guard_refused");
    assert!(bench.writes("fabrikam").is_empty(), "nothing was written");

    let whole =
        bench.done("syncs.run_all", json!({ "definitions": definitions, "at_most": 2 * writes })).await;
    assert_eq!(states(&whole), ["succeeded"; 3], "{whole}");
    let steps = whole["steps"].as_array().unwrap();
    assert!(
        count(&steps[2], "updated") > 0,
        "the fields that waited are written in the second pass: {whole}"
    );
    for step in steps {
        let run = bench.rpc("runs.get", json!({ "run": step["run"] })).await;
        assert_eq!(run["status"], "succeeded");
    }
    for definition in [&contacts, &accounts] {
        let mut all = definition.clone();
        all["source"]["fetch"]["mode"] = json!("all");
        let summary = bench.preview(&all).await["summary"].take();
        assert_eq!(count(&summary, "create") + count(&summary, "update"), 0, "all has arrived: {summary}");
    }

    // Production asks for the number once, for all of them.
    let mut production = bench.as_application("fabrikam", "fabrikam");
    (production["kind"], production["writable"]) = (json!("production"), json!(true));
    bench.rpc("connections.save", production).await;
    let refused = bench.refused("syncs.run_all", json!({ "definitions": definitions })).await;
    assert_eq!(refused.code, ErrorCode::ConfirmationNeeded, "{refused:?}");
    bench.done("syncs.run_all", json!({ "definitions": definitions, "at_most": 10 })).await;
    assert_eq!(bench.refused("syncs.run_all", json!({ "definitions": [] })).await.code, ErrorCode::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_records_story_is_told_at_its_end_only() {
    let bench = Bench::new(40).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    let mut contacts = across("contact", "contactid", &["lastname"]);
    contacts["source"]["fetch"]["mode"] = json!("all");
    let plan = bench.preview(&contacts).await;
    bench.run(&plan).await;
    contacts["fields"][0]["case"] = json!("upper");
    let plan = bench.preview(&contacts).await;
    let second = bench.run(&plan).await;
    let id = bench.items(&plan).await[0]["source_id"].clone();
    // A later run leaves it as it is, and hears of no id there.
    let plan = bench.preview(&contacts).await;
    bench.run(&plan).await;
    let story =
        |connection: &str, entity: &str| json!({ "record": id, "connection": connection, "entity": entity });
    for end in ["contoso", "fabrikam"] {
        let told = bench.rpc("audit.rows", story(end, "contact")).await;
        let rows = told["rows"].as_array().unwrap();
        assert_eq!((count(&told, "total"), &rows[1]["run_id"]), (3, &second["run_id"]), "{end}: {told}");
        let outcomes: Vec<&Value> = rows.iter().map(|row| &row["outcome"]).collect();
        assert_eq!(outcomes, [&json!("unchanged"), &json!("updated"), &json!("created")]);
        assert_eq!(rows[1]["changes"][0]["field"], "lastname");
        assert!(rows.iter().all(|row| row["title"] != row["source_id"]), "{told}");
    }
    let told = bench.rpc("audit.rows", story("fabrikam", "account")).await;
    assert_eq!(count(&told, "total"), 0, "an account with that id is another record");
    bench.rpc("connections.save", bench.as_application("elsewhere", "fabrikam")).await;
    let told = bench.rpc("audit.rows", story("elsewhere", "contact")).await;
    assert_eq!(count(&told, "total"), 0, "and so is one of another connection");
    let told = bench.rpc("audit.rows", json!({ "record": id })).await;
    assert_eq!(count(&told, "total"), 3);
    bench.refused("audit.rows", story("nowhere", "contact")).await;

    // In the list of runs, a run of one record names it.
    let ask = json!({ "json": contacts.to_string(), "source_id": id });
    bench.run(&bench.done("plans.start", ask).await).await;
    let listed = bench.rpc("runs.list", json!({})).await;
    assert!(listed[0]["record"].is_string() && listed[0]["record"] != id, "{}", listed[0]);
    assert!(listed[1]["record"].is_null(), "{}", listed[1]);
}
