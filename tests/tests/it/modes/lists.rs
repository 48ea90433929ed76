//! Marketing lists: static and dynamic ones of contacts, accounts and leads; several in one job; as the source of a definition.

use serde_json::{Value, json};
use std::collections::BTreeSet;

use super::{bench, cached, live, notes};
use crate::app_support::{Bench, contacts_to, count};

async fn lists(bench: &Bench) -> Vec<Value> {
    bench.rpc("lists.list", json!({ "connection": "crm" })).await.as_array().unwrap().clone()
}

fn one<'a>(lists: &'a [Value], entity: &str, dynamic: bool) -> &'a Value {
    lists.iter().find(|list| list["entity"] == entity && list["dynamic"] == dynamic).unwrap()
}

/// Who is in a list, by the way the documents give: links in `listmember`, or the list's own query.
async fn members(bench: &Bench, list: &Value) -> BTreeSet<String> {
    let entity = list["entity"].as_str().unwrap();
    let document = if list["dynamic"] == true {
        let ask = json!({ "connection": "crm", "entity": "list", "id": list["id"], "mode": "live" });
        let record = bench.rpc("records.get", ask).await;
        record["row"]["raw"]["query"].as_str().unwrap().to_owned()
    } else {
        format!(
            "<fetch distinct='true'><entity name='{entity}'><attribute name='{entity}id'/><link-entity name='listmember' from='entityid' to='{entity}id'>\
             <filter><condition attribute='listid' operator='eq' value='{}'/></filter></link-entity></entity></fetch>",
            list["id"].as_str().unwrap()
        )
    };
    let page = bench.rpc("records.fetch", json!({ "connection": "crm", "fetchxml": document })).await;
    let rows = page["rows"].as_array().unwrap().iter();
    rows.map(|row| row[format!("{entity}id")].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_every_kind_of_list_are_pulled_whole() {
    let bench = bench(1_000).await;
    let all = lists(&bench).await;
    let kinds =
        [("contact", false), ("contact", true), ("account", false), ("account", true), ("lead", false)];
    let mut seen: std::collections::BTreeMap<&str, BTreeSet<String>> = Default::default();
    for (entity, dynamic) in kinds {
        let list = one(&all, entity, dynamic);
        assert!(list["name"].is_string() && list["active"].is_boolean());
        assert_eq!(list["members"].is_null(), dynamic, "a dynamic list's own number is not kept up: {list}");
        let wanted = members(&bench, list).await;
        assert!(wanted.len() > 5, "{list}");
        let counted = bench.rpc("lists.count", json!({ "connection": "crm", "list": list["id"] })).await;
        assert_eq!(
            (count(&counted, "members"), &counted["warning"]),
            (wanted.len() as u64, &Value::Null),
            "{list}"
        );
        for round in 0..2 {
            let ask = json!({ "connection": "crm", "list": list["name"], "mode": "new-and-updated" });
            let report = bench.done("cache.pull", ask).await;
            assert_eq!((&report["way"], &report["list"]), (&json!("members"), &list["name"]), "{report}");
            assert_eq!(
                count(&report, "read"),
                wanted.len() as u64,
                "round {round}: whole each time: {report}"
            );
            assert!(notes(&report).contains("whole"));
        }
        seen.entry(entity).or_default().extend(wanted);
        assert_eq!(cached(&bench, entity).await, seen[entity], "{list}");
    }
    assert!(all.iter().any(|list| list["last_used"].is_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_lists_and_entities_go_in_one_job() {
    let bench = bench(1_000).await;
    let all = lists(&bench).await;
    let (people, firms) = (one(&all, "contact", false), one(&all, "account", true));
    let items = json!([
        { "list": people["id"] }, { "list": firms["name"] }, { "entity": "lead", "mode": "new-and-updated" },
        { "entity": "nothing" },
    ]);
    let report = bench.done("cache.pull_many", json!({ "connection": "crm", "items": items })).await;
    let pulls = report["pulls"].as_array().unwrap();
    let told: Vec<_> =
        pulls.iter().map(|pull| (pull["entity"].as_str().unwrap(), count(pull, "read"))).collect();
    let lead = live(&bench, "lead", None).await.len() as u64;
    assert_eq!(
        told,
        [
            ("contact", members(&bench, people).await.len() as u64),
            ("account", members(&bench, firms).await.len() as u64),
            ("lead", lead)
        ]
    );
    assert_eq!(
        (report["failures"].as_array().unwrap().len(), &report["failures"][0]["what"]),
        (1, &json!("nothing"))
    );
    bench.refused("cache.pull_many", json!({ "connection": "crm", "items": [] })).await;
    bench.refused("cache.pull", json!({ "connection": "crm" })).await;
    let wrong = json!({ "connection": "crm", "entity": "account", "list": people["id"] });
    assert!(bench.failed("cache.pull", wrong).await.message.contains("contact"));
    let missing = json!({ "connection": "crm", "list": "No such list" });
    bench.failed("cache.pull", missing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_reads_the_members_whole_whatever_its_mode() {
    let bench = bench(1_000).await;
    bench.file("out", "jsonl").await;
    let all = lists(&bench).await;
    for dynamic in [false, true] {
        let list = one(&all, "contact", dynamic);
        let wanted = members(&bench, list).await;
        let mut definition = contacts_to("crm", "out", "people");
        definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
        let source = definition["source"].as_object_mut().unwrap();
        source.remove("entity");
        source.insert("list".to_owned(), list["name"].clone());
        source.insert("fetch".to_owned(), json!({ "mode": "new-and-updated", "days": 0 }));
        for round in 0..2 {
            let plan = bench.done("plans.start", json!({ "json": definition.to_string() })).await;
            assert_eq!(count(&plan["summary"], "read"), wanted.len() as u64, "round {round}: {plan}");
            let items = bench.rpc("plans.items", json!({ "plan": plan["plan_id"], "limit": 1000 })).await;
            let read: BTreeSet<String> = items["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["source_id"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(read, wanted, "{list}");
            bench.done("runs.start", json!({ "plan": plan["plan_id"] })).await;
        }
    }
}
