//! Taking runs back: what was there before is put back, what was made is deleted, and what somebody else changed since is left alone.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::app_support::{Bench, contacts_to, count};

const NARROW: &str = "<condition attribute='gendercode' operator='eq' value='2'/>";

/// Contacts of one environment as contacts of another, under their ids.
pub(crate) fn copy() -> Value {
    let mut definition = contacts_to("contoso", "fabrikam", "contact");
    definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
    definition["fields"] =
        json!([{ "to": "firstname", "from": "firstname" }, { "to": "lastname", "from": "lastname" }]);
    definition["fixed"] = json!([]);
    definition
}

/// Every contact at the destination with the columns that matter, by id.
pub(crate) async fn held(bench: &Bench, connection: &str) -> BTreeMap<String, (Value, Value, Value)> {
    let mut found = BTreeMap::new();
    bench
        .done(
            "cache.pull",
            json!({ "connection": connection, "entity": "contact", "columns": ["firstname", "lastname", "jobtitle"], "full": true }),
        )
        .await;
    for (id, raw) in bench.cached(connection, "contact").await {
        let row: Value = serde_json::from_str(&raw).unwrap();
        found.insert(id, (row["firstname"].clone(), row["lastname"].clone(), row["jobtitle"].clone()));
    }
    found
}

pub(crate) async fn two_environments(records: u64) -> Bench {
    let bench = Bench::new(records).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    bench
}

pub(crate) async fn whole(bench: &Bench, definition: &Value) -> Value {
    let plan = bench.preview(definition).await;
    bench.run(&plan).await
}

pub(crate) async fn undo_plan(bench: &Bench, report: &Value) -> Value {
    bench.done("runs.undo", json!({ "run": report["run_id"] })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_is_put_back_but_what_others_changed() {
    let bench = two_environments(120).await;
    // Some contacts are there before, so that the run changes some and makes others.
    let mut first = copy();
    first["source"]["filter"] = json!(NARROW);
    whole(&bench, &first).await;
    let before = held(&bench, "fabrikam").await;
    let mut second = copy();
    second["fields"][1]["case"] = json!("upper");
    let report = whole(&bench, &second).await;
    let (created, updated) = (count(&report, "created"), count(&report, "updated"));
    assert!(created > 5 && updated > 5, "{report}");
    assert_eq!((&report["undoable"], count(&report, "not_reached")), (&json!(true), 0));
    let after = held(&bench, "fabrikam").await;

    // Somebody edits one that was changed, one that was made, and a column of another that the run does not write.
    let made: Vec<&String> = after.keys().filter(|id| !before.contains_key(*id)).collect();
    let changed: Vec<&String> =
        after.keys().filter(|id| before.get(*id).is_some_and(|was| *was != after[*id])).collect();
    let edits = [(changed[0], "lastname"), (made[0], "firstname"), (changed[1], "jobtitle")];
    for (id, column) in edits {
        bench.change("fabrikam", "contact", id, json!({ column: "edited by hand" })).await;
    }
    let edited = held(&bench, "fabrikam").await;

    bench.sandbox.clear_requests();
    let plan = undo_plan(&bench, &report).await;
    let summary = &plan["summary"];
    assert_eq!(plan["undo_of"], report["run_id"]);
    assert_eq!(count(summary, "skip"), 3, "{plan}");
    assert_eq!(count(summary, "delete"), created - 1, "{plan}");
    assert_eq!(count(summary, "update"), updated - 2, "{plan}");
    let left: u64 = plan["issues"].as_array().unwrap().iter().map(|group| count(group, "rows")).sum();
    assert_eq!(left, 3, "each is listed with its cause: {}", plan["issues"]);
    assert!(plan["issues"].as_array().unwrap().iter().all(|group| group["code"] == "changed_since"));
    assert!(bench.writes("fabrikam").is_empty(), "a preview writes nothing");

    let undone = bench.run(&plan).await;
    assert_eq!(undone["status"], "succeeded", "{undone}");
    assert_eq!((count(&undone, "deleted"), count(&undone, "updated")), (created - 1, updated - 2));
    let now = held(&bench, "fabrikam").await;
    for (id, was) in &before {
        let wanted = if edits.iter().any(|(edited, _)| *edited == id) { &edited[id] } else { was };
        assert_eq!(&now[id], wanted, "{id}");
    }
    let more: Vec<_> = now.keys().filter(|id| !before.contains_key(*id)).collect();
    assert_eq!(more, [made[0]], "only the one that somebody edited is left");
    let origin = bench.rpc("runs.get", json!({ "run": report["run_id"] })).await;
    assert_eq!(origin["undone_by"], undone["run_id"]);

    // The undo of an undo does it again, with the ids of before.
    let redo = bench.run(&undo_plan(&bench, &undone).await).await;
    assert_eq!((count(&redo, "created"), count(&redo, "updated")), (created - 1, updated - 2), "{redo}");
    let again = held(&bench, "fabrikam").await;
    for (id, was) in &after {
        let wanted = if edits.iter().any(|(edited, _)| *edited == id) { &edited[id] } else { was };
        assert_eq!(&again[id], wanted, "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_back_comes_again_with_the_next_sync() {
    let bench = two_environments(40).await;
    let mut definition = copy();
    definition["source"]["fetch"] = json!({ "mode": "new-and-updated", "days": 0 });
    let report = whole(&bench, &definition).await;
    let created = count(&report, "created");
    assert!(created > 20, "{report}");
    let idle = bench.preview(&definition).await;
    assert!(
        count(&idle["summary"], "read") < created,
        "only what changed since is read: {}",
        idle["summary"]
    );
    let undone = bench.run(&undo_plan(&bench, &report).await).await;
    assert_eq!(count(&undone, "deleted"), created, "{undone}");
    let again = whole(&bench, &definition).await;
    assert_eq!(count(&again, "created"), created, "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_rows_come_back_under_their_ids() {
    let bench = two_environments(60).await;
    whole(&bench, &copy()).await;
    let before = held(&bench, "fabrikam").await;
    let mut delete = copy();
    delete["name"] = json!("delete contacts");
    delete["fields"] = json!([]);
    delete["source"]["filter"] = json!(NARROW);
    delete["options"] = json!({ "action": "delete" });
    let plan = bench.preview(&delete).await;
    let gone = count(&plan["summary"], "delete");
    assert!(gone > 3 && count(&plan["summary"], "update") == 0, "{plan}");
    let items = bench.items(&plan).await;
    let one = items.iter().find(|item| item["action"] == "delete").unwrap();
    assert_eq!(one["request"]["method"], "DELETE", "{one}");
    assert!(one["request"]["headers"]["If-Match"].as_str().unwrap().starts_with("W/"), "{one}");
    let report = bench.run(&plan).await;
    assert_eq!((count(&report, "deleted"), report["status"].as_str()), (gone, Some("succeeded")), "{report}");
    assert_eq!(held(&bench, "fabrikam").await.len() as u64, before.len() as u64 - gone);
    let plan = undo_plan(&bench, &report).await;
    assert_eq!(count(&plan["summary"], "create"), gone, "{}", plan["issues"]);
    let back = bench.run(&plan).await;
    assert_eq!(count(&back, "created"), gone, "{back}");
    assert_eq!(held(&bench, "fabrikam").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_deletes_what_vanished_and_nothing_else() {
    let bench = two_environments(60).await;
    let own = held(&bench, "fabrikam").await;
    let mut mirror = copy();
    mirror["options"] = json!({ "action": "mirror", "allow_unfiltered": true });
    whole(&bench, &mirror).await;
    let all = held(&bench, "fabrikam").await;
    let source = held(&bench, "contoso").await;
    let gone: Vec<&String> = source.keys().take(4).collect();
    for id in &gone {
        bench.rpc("connections.unlock", json!({ "connection": "contoso", "minutes": 5 })).await;
        bench
            .rpc(
                "records.write",
                json!({ "connection": "contoso", "entity": "contact", "operation": "delete", "id": id }),
            )
            .await;
    }
    let plan = bench.preview_any(&mirror).await;
    assert_eq!(count(&plan["summary"], "delete"), 4, "{plan}");
    let report = bench.run(&plan).await;
    assert_eq!(count(&report, "deleted"), 4, "{report}");
    let now = held(&bench, "fabrikam").await;
    assert!(gone.iter().all(|id| !now.contains_key(*id)));
    assert_eq!(now.len(), all.len() - 4);
    assert!(
        own.keys().filter(|id| !source.contains_key(*id)).all(|id| now.contains_key(id)),
        "others' rows stay"
    );
    // Once gone they are not planned again; taken back they are.
    assert_eq!(count(&bench.preview_any(&mirror).await["summary"], "delete"), 0);
    bench.run(&undo_plan(&bench, &report).await).await;
    assert_eq!(held(&bench, "fabrikam").await, all);
    assert_eq!(count(&bench.preview_any(&mirror).await["summary"], "delete"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_undone_is_said_before() {
    let bench = Bench::new(40).await;
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let plan = bench.preview(&contacts_to("contoso", "marketing", "profile")).await;
    assert_eq!(plan["undoable"], false, "said before the run: {plan}");
    let report = bench.run(&plan).await;
    assert_eq!(report["undoable"], false);
    let undo = undo_plan(&bench, &report).await;
    let summary = &undo["summary"];
    assert_eq!(count(summary, "skip"), count(&report, "created"), "{undo}");
    assert_eq!(undo["issues"][0]["code"], "not_undoable");
    assert_eq!(count(summary, "create") + count(summary, "update") + count(summary, "delete"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_as_it_was() {
    let bench = Bench::new(50).await;
    bench.connect("contoso", "contoso").await;
    for system in ["csv", "jsonl"] {
        let path = bench.file(system, system).await;
        let mut definition = contacts_to("contoso", system, "rows");
        definition["source"]["filter"] = json!(NARROW);
        whole(&bench, &definition).await;
        let before = std::fs::read_to_string(&path).unwrap();
        definition["source"].as_object_mut().unwrap().remove("filter");
        definition["fields"][1]["case"] = json!("upper");
        let report = whole(&bench, &definition).await;
        assert!(count(&report, "created") > 3 && count(&report, "updated") > 3, "{report}");
        let undone = bench.run(&undo_plan(&bench, &report).await).await;
        assert_eq!(undone["status"], "succeeded", "{undone}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
    }
}
