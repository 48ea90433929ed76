//! Lookups that are found by a key lead to rows of the same run: what is pointed at goes first, under whatever id it gets.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

use crate::app_support::{Bench, count};
use crate::app_undo::{two_environments, undo_plan};

/// Account numbers of an environment with those of the parents.
async fn numbers(bench: &Bench, connection: &str) -> BTreeSet<(String, Option<String>)> {
    let columns = json!(["accountnumber", "parentaccountid"]);
    let ask = json!({ "connection": connection, "entity": "account", "columns": columns, "full": true });
    bench.done("cache.pull", ask).await;
    let rows = bench.cached(connection, "account").await;
    let rows: BTreeMap<String, Value> =
        rows.into_iter().map(|(id, raw)| (id, serde_json::from_str(&raw).unwrap())).collect();
    let number = |row: &Value| row["accountnumber"].as_str().map(str::to_owned);
    let parent = |row: &Value| number(rows.get(row["_parentaccountid_value"].as_str()?)?);
    rows.values().filter_map(|row| Some((number(row)?, parent(row)))).collect()
}

fn by_number() -> Value {
    json!({
        "version": 1, "name": "accounts by number",
        "source": { "connection": "contoso", "entity": "account", "columns": ["accountid", "accountnumber", "name", "parentaccountid"],
            "page_size": 50, "fetch": { "mode": "all", "days": 0 } },
        "destination": { "connection": "fabrikam", "entity": "account" },
        "identifiers": [{ "to": "accountnumber", "from": "accountnumber" }],
        "fields": [
            { "to": "name", "from": "name" },
            { "to": "parentaccountid", "from": "parentaccountid.accountnumber", "find_by": { "column": "accountnumber" } },
        ],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_known_by_their_numbers_go_under_accounts_in_one_run() {
    let bench = two_environments(600).await;
    let definition = by_number();
    let plan = bench.preview(&definition).await;
    let due = count(&plan["summary"], "create");
    assert!(due > 50 && count(&plan["summary"], "invalid") == 0, "{plan}");
    let items = bench.items(&plan).await;
    let waits =
        |item: &&Value| item["reason"].as_str().unwrap().contains("it goes after the row of this plan");
    assert!(items.iter().filter(waits).count() > 5, "{items:?}");
    let report = bench.run(&plan).await;
    assert_eq!(["created", "failed", "drifted"].map(|key| count(&report, key)), [due, 0, 0], "{report}");
    let made = numbers(&bench, "fabrikam").await;
    assert!(made.iter().filter(|(_, parent)| parent.is_some()).count() > 5, "{made:?}");
    assert_eq!(made, numbers(&bench, "contoso").await);
    let again = bench.preview(&definition).await;
    assert_eq!(again["summary"]["unchanged"], again["summary"]["read"], "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_points_at_an_account_that_nobody_makes_is_refused_or_held_back() {
    let bench = two_environments(60).await;
    bench.rpc("connections.unlock", json!({ "connection": "contoso", "minutes": 30 })).await;
    let all = numbers(&bench, "contoso").await;
    let parents: BTreeSet<&String> = all.iter().filter_map(|(_, parent)| parent.as_ref()).collect();
    let alone: Vec<&String> =
        all.iter().map(|(number, _)| number).filter(|number| !parents.contains(number)).take(7).collect();
    let mut ids = Vec::new();
    for number in &alone {
        ids.extend(bench.found("contoso", "account", "accountnumber", number).await);
    }
    // A circle with one below it, one that is its own parent, and one below an account that is not selected, with one below that.
    for (child, parent) in [(0, 1), (1, 0), (3, 1), (2, 2), (4, 5), (6, 4)] {
        let set = json!({ "parentaccountid@odata.bind": format!("/accounts({})", ids[parent]) });
        bench.change("contoso", "account", &ids[child], set).await;
    }
    let mut definition = by_number();
    definition["source"]["filter"] =
        json!(format!("<condition attribute='accountnumber' operator='ne' value='{}'/>", alone[5]));
    let plan = bench.preview(&definition).await;
    let (read, refused) = (count(&plan["summary"], "read"), count(&plan["summary"], "invalid"));
    assert!(refused > 3 && count(&plan["summary"], "create") + refused == read, "{plan}");
    let items = bench.items(&plan).await;
    for at in [2, 4, 6] {
        let item = items.iter().find(|item| item["source_id"] == ids[at].as_str()).unwrap();
        assert_eq!(item["action"], "invalid", "{item}");
        assert_eq!(item["issues"][0]["code"], "lookup_not_found", "{item}");
    }
    let report = bench.run(&plan).await;
    // Of a circle what could not be refused before is held back.
    let told = ["created", "failed", "drifted"].map(|key| count(&report, key));
    assert_eq!(told, [read - 6, 0, 6 - refused], "{report}");
    let made = numbers(&bench, "fabrikam").await;
    let all = numbers(&bench, "contoso").await;
    assert!(made.iter().all(|row| all.contains(row)), "each has its parent: {made:?}");
    let undone = bench.run(&undo_plan(&bench, &report).await).await;
    assert_eq!(["deleted", "failed", "drifted"].map(|key| count(&undone, key)), [read - 6, 0, 0], "{undone}");
}
