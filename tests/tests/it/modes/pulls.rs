//! Modes by their rows: all, all with days, updated only, filtered; the same in the selection of a definition.

use serde_json::json;

use super::{bench, cached, change, create, first_ids, live, notes, pull};
use crate::app_support::count;

#[tokio::test(flavor = "multi_thread")]
async fn only_updated_leaves_new_records_out_and_says_so() {
    let bench = bench(700).await;
    let first = pull(&bench, "contact", "updated").await;
    assert_eq!(count(&first, "read"), 700, "the first time everything is read: {first}");
    let [a] = first_ids(&bench, "contact").await;
    change(&bench, "contacts", &a, json!({ "lastname": "Changed" })).await;
    let made = create(&bench, "contacts", json!({ "lastname": "New" })).await;
    let updated = pull(&bench, "contact", "updated").await;
    assert_eq!((&updated["way"], &updated["left_out"]), (&json!("since"), &json!(1)), "{updated}");
    assert!(notes(&updated).contains("1 new record was left out"), "{updated}");
    assert!(!cached(&bench, "contact").await.contains(&made), "it is new");
    let mark = bench.rpc("marks.list", json!({ "connection": "crm", "entity": "contact" })).await;
    assert!(mark[0]["left_out_since"].is_string(), "{mark}");
    // Changed after that it is no new record to this mode; but until then a pull of new ones brings it.
    let both = pull(&bench, "contact", "new-and-updated").await;
    assert_eq!(both["way"], "changes", "{both}");
    assert!(cached(&bench, "contact").await.contains(&made), "what was left out comes with the new ones");
    let mark = bench.rpc("marks.list", json!({ "connection": "crm", "entity": "contact" })).await;
    assert!(mark[0]["left_out_since"].is_null(), "{mark}");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_records_left_out_come_by_their_creation_date_where_nothing_is_tracked() {
    let bench = bench(3_000).await;
    pull(&bench, "new_project", "updated").await;
    let made = create(&bench, "new_projects", json!({ "new_name": "New", "new_projectcode": "N-1" })).await;
    let [a] = first_ids(&bench, "new_project").await;
    change(&bench, "new_projects", &a, json!({ "new_name": "Renamed" })).await;
    let updated = pull(&bench, "new_project", "updated").await;
    assert_eq!(updated["left_out"], 1, "{updated}");
    let both = pull(&bench, "new_project", "new-and-updated").await;
    assert_eq!(both["way"], "since");
    assert!(cached(&bench, "new_project").await.contains(&made));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_with_days_reads_what_was_modified_in_them() {
    let bench = bench(900).await;
    pull(&bench, "contact", "all").await;
    let [a] = first_ids(&bench, "contact").await;
    change(&bench, "contacts", &a, json!({ "lastname": "Changed" })).await;
    let ask = json!({ "connection": "crm", "entity": "contact", "mode": "all", "days": 2 });
    let report = bench.done("cache.pull", ask).await;
    let window =
        live(&bench, "contact", Some("<condition attribute='modifiedon' operator='last-x-days' value='2'/>"))
            .await;
    assert!(window.contains(&a));
    assert_eq!(
        (&report["way"], count(&report, "read")),
        (&json!("look-back"), window.len() as u64),
        "{report}"
    );
    assert!(notes(&report).contains("last 2 days"), "{report}");
    assert_eq!(cached(&bench, "contact").await.len(), 900, "the others stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_goes_by_modification_date_and_has_a_watermark_of_its_own() {
    let bench = bench(900).await;
    let filter = "<condition attribute='statecode' operator='eq' value='0'/>";
    let ask = json!({ "connection": "crm", "entity": "contact", "mode": "new-and-updated", "filter": filter, "columns": ["fullname"] });
    let first = bench.done("cache.pull", ask.clone()).await;
    let active = live(&bench, "contact", Some(filter)).await;
    assert_eq!(
        (&first["way"], count(&first, "read")),
        (&json!("everything"), active.len() as u64),
        "{first}"
    );
    assert_eq!(cached(&bench, "contact").await, active);
    let again = bench.done("cache.pull", ask.clone()).await;
    assert_eq!(again["way"], "since", "{again}");
    let marks = bench.rpc("marks.list", json!({ "connection": "crm" })).await;
    assert_eq!((&marks[0]["filter"], marks.as_array().unwrap().len()), (&json!(filter), 1), "{marks}");
    // Everything without the filter takes its place: going on from the old watermark would leave a gap.
    pull(&bench, "contact", "all").await;
    let marks = bench.rpc("marks.list", json!({ "connection": "crm" })).await;
    assert_eq!((&marks[0]["filter"], marks.as_array().unwrap().len()), (&json!(null), 1), "{marks}");
    let third = bench.done("cache.pull", ask).await;
    assert_eq!(third["way"], "everything", "{third}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_reads_by_its_mode_and_its_watermark_can_be_set_back() {
    let bench = bench(60).await;
    bench.file("out", "jsonl").await;
    let mut definition = crate::app_support::contacts_to("crm", "out", "people");
    definition["source"]["fetch"] = json!({ "mode": "new-and-updated", "days": 0 });
    definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
    definition["fields"] = json!([{ "to": "surname", "from": "lastname" }]);
    let run = |definition: serde_json::Value| {
        let bench = &bench;
        async move {
            let plan = bench.done("plans.start", json!({ "json": definition.to_string() })).await;
            let run = bench.done("runs.start", json!({ "plan": plan["plan_id"] })).await;
            assert_eq!(run["status"], "succeeded", "{run}");
            count(&plan["summary"], "read")
        }
    };
    assert_eq!(run(definition.clone()).await, 60);
    // It stands where the service's own dates end, whatever the time is on this machine.
    bench.done("cache.pull", json!({ "connection": "crm", "entity": "contact" })).await;
    let modified = |(_, raw): (String, String)| -> jiff::Timestamp {
        let record: serde_json::Value = serde_json::from_str(&raw).unwrap();
        record["modifiedon"].as_str().unwrap().parse().unwrap()
    };
    let latest = bench.cached("crm", "contact").await.into_iter().map(modified).max().unwrap();
    let marks = bench.rpc("marks.list", json!({ "connection": "crm" })).await;
    let mark = marks.as_array().unwrap().iter().find(|mark| mark["definition"].is_string()).unwrap();
    assert_eq!(mark["modified_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap(), latest, "{mark}");
    let [a] = first_ids(&bench, "contact").await;
    change(&bench, "contacts", &a, json!({ "lastname": "Changed" })).await;
    assert_eq!(run(definition.clone()).await, 2, "the latest of before, and what changed since");
    let marks = bench.rpc("marks.list", json!({ "connection": "crm" })).await;
    let mark = marks.as_array().unwrap().iter().find(|mark| mark["definition"].is_string()).unwrap();
    assert_eq!(mark["definition"], definition["name"]);
    let back = json!({ "connection": "crm", "id": mark["id"], "modified_at": "2001-01-01T00:00:00Z" });
    bench.rpc("marks.set_back", back).await;
    assert_eq!(run(definition.clone()).await, 60);
    let later = json!({ "connection": "crm", "id": mark["id"], "modified_at": "2999-01-01T00:00:00Z" });
    bench.refused("marks.set_back", later).await;
    bench.rpc("marks.forget", json!({ "connection": "crm", "id": mark["id"] })).await;
    definition["source"]["fetch"] = json!({ "mode": "updated", "days": 0 });
    assert_eq!(run(definition).await, 60, "without a watermark everything is read");
}
