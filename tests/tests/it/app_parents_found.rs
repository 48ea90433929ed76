//! Lookups that are found by a key lead to rows of the same run: what is pointed at goes first, under whatever id it gets.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use syncline_sandbox::faults::{FaultKind, FaultRule};

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
    bench.sandbox.clear_requests();
    let report = bench.run(&plan).await;
    let took = bench.sandbox.requests().into_iter().filter(|one| one.service != "entra").count() as u64;
    // What the rows point at is looked up once more when they are due, and that is told before.
    let told = count(&plan["cost"], "calls");
    assert!(told.abs_diff(took) * 10 <= took, "told {told}, took {took}");
    assert_eq!(["created", "failed", "drifted"].map(|key| count(&report, key)), [due, 0, 0], "{report}");
    as_it_was_sent(&bench, &report).await;
    let made = numbers(&bench, "fabrikam").await;
    assert!(made.iter().filter(|(_, parent)| parent.is_some()).count() > 5, "{made:?}");
    assert_eq!(made, numbers(&bench, "contoso").await);
    let again = bench.preview(&definition).await;
    assert_eq!(again["summary"]["unchanged"], again["summary"]["read"], "{again}");
}

/// The audit tells the requests of rows whose lookups were found when they were due as they left, with their hashes.
async fn as_it_was_sent(bench: &Bench, report: &Value) {
    let run = &report["run_id"];
    let left = bench.rpc("runs.requests", json!({ "run": run, "limit": 1000 })).await;
    let left: Vec<&str> =
        left["requests"].as_array().unwrap().iter().filter_map(|one| one["request_body"].as_str()).collect();
    let rows = bench.rpc("audit.rows", json!({ "run": run, "limit": 1000 })).await;
    let (mut found, mut seen, mut told) = (0, 0, 0);
    for row in rows["rows"].as_array().unwrap() {
        let Some(id) = row["mapped"]["attributes"]["parentaccountid"]["id"].as_str() else {
            assert!(row["mapped"]["attributes"]["parentaccountid"].is_null(), "{row}");
            continue;
        };
        let [method, path, headers, body] =
            ["method", "path", "headers", "body"].map(|part| &row["request"][part]);
        let body = body.as_str().unwrap();
        let whole = format!("{{\"method\":{method},\"path\":{path},\"headers\":{headers}}}\n{body}");
        assert_eq!(row["request_hash"], hex::encode(Sha256::digest(whole)), "{row}");
        if row["message"].is_string() {
            assert!(body.contains(&format!("\"parentaccountid@odata.bind\":\"/accounts({id})\"")), "{row}");
            let change = row["changes"].as_array().unwrap();
            let change = change.iter().find(|change| change["field"] == "parentaccountid").unwrap();
            assert_eq!(change["to"]["id"], id, "{row}");
            found += 1;
        }
        told += 1;
        seen += usize::from(left.iter().any(|sent| sent.contains(body)));
    }
    assert!(found > 0, "{rows}");
    // Of large requests only the beginning is kept.
    assert!(seen > 0 && (seen == told || told > 10), "{seen} of {told} are in what left: {left:?}");
}

/// Accounts below nobody and above nobody: their numbers, and their ids at the source.
async fn single(bench: &Bench, how_many: usize) -> Vec<(String, String)> {
    bench.rpc("connections.unlock", json!({ "connection": "contoso", "minutes": 30 })).await;
    let all = numbers(bench, "contoso").await;
    let parents: BTreeSet<&String> = all.iter().filter_map(|(_, parent)| parent.as_ref()).collect();
    let single = all.iter().filter(|(number, parent)| parent.is_none() && !parents.contains(number));
    let mut found = Vec::new();
    for (number, _) in single.take(how_many) {
        let id = bench.found("contoso", "account", "accountnumber", number).await.remove(0);
        found.push((number.clone(), id));
    }
    assert_eq!(found.len(), how_many);
    found
}

/// The definition, for some accounts alone.
fn only(accounts: &[(String, String)]) -> Value {
    let values: Vec<String> = accounts.iter().map(|(number, _)| format!("<value>{number}</value>")).collect();
    let mut definition = by_number();
    definition["source"]["filter"] =
        json!(format!("<condition attribute='accountnumber' operator='in'>{}</condition>", values.concat()));
    definition
}

async fn put_under(bench: &Bench, child: &(String, String), parent: &(String, String)) {
    let set = json!({ "parentaccountid@odata.bind": format!("/accounts({})", parent.1) });
    bench.change("contoso", "account", &child.1, set).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_there_goes_under_an_account_of_the_same_run() {
    let bench = two_environments(60).await;
    let accounts = single(&bench, 3).await;
    let first = bench.run(&bench.preview(&only(&accounts[..2])).await).await;
    assert_eq!(count(&first, "created"), 2, "{first}");
    put_under(&bench, &accounts[0], &accounts[2]).await;
    bench.change("contoso", "account", &accounts[1].1, json!({ "name": "renamed and moved" })).await;
    put_under(&bench, &accounts[1], &accounts[2]).await;

    let plan = bench.preview(&only(&accounts)).await;
    let planned = ["create", "update", "invalid"].map(|key| count(&plan["summary"], key));
    assert_eq!(planned, [1, 2, 0], "{plan}");
    // An answer that is lost says nothing: the service is asked, also whether the row is where it was to go.
    let lost = FaultRule::new(FaultKind::ResetUnheard).at("fabrikam").on("$batch");
    bench.sandbox.faults().add([lost.after(1, 1)]);
    let report = bench.run(&plan).await;
    assert_eq!(["created", "updated", "failed"].map(|key| count(&report, key)), [1, 0, 2], "{report}");
    bench.sandbox.faults().clear();
    let made = numbers(&bench, "fabrikam").await;
    assert!(made.iter().all(|(_, parent)| parent.is_none()), "nothing of it arrived: {made:?}");
    let undone = bench.run(&undo_plan(&bench, &report).await).await;
    assert_eq!(["deleted", "failed", "drifted"].map(|key| count(&undone, key)), [1, 0, 0], "{undone}");

    let report = bench.run(&bench.preview(&only(&accounts)).await).await;
    let told = ["created", "updated", "failed", "drifted"].map(|key| count(&report, key));
    assert_eq!(told, [1, 2, 0, 0], "{report}");
    as_it_was_sent(&bench, &report).await;
    let under = Some(accounts[2].0.clone());
    let made = numbers(&bench, "fabrikam").await;
    for (number, _) in &accounts[..2] {
        assert!(made.contains(&(number.clone(), under.clone())), "{made:?}");
    }
    let undone = bench.run(&undo_plan(&bench, &report).await).await;
    let told = ["deleted", "updated", "failed", "drifted"].map(|key| count(&undone, key));
    assert_eq!(told, [1, 2, 0, 0], "{undone}");
    assert_eq!(numbers(&bench, "fabrikam").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn circles_known_by_numbers_go_in_two_steps_and_back() {
    let bench = two_environments(60).await;
    let accounts = single(&bench, 4).await;
    // Each other's parent, one below, and one that is its own parent.
    for (child, parent) in [(0, 1), (1, 0), (2, 1), (3, 3)] {
        put_under(&bench, &accounts[child], &accounts[parent]).await;
    }
    let definition = only(&accounts);
    let plan = bench.preview(&definition).await;
    let planned = ["create", "update", "steps", "invalid"].map(|key| count(&plan["summary"], key));
    assert_eq!(planned, [4, 2, 2, 0], "{plan}");
    let report = bench.run(&plan).await;
    let told = ["created", "updated", "failed", "drifted"].map(|key| count(&report, key));
    assert_eq!(told, [4, 2, 0, 0], "{report}");
    as_it_was_sent(&bench, &report).await;
    let wanted: BTreeSet<(String, Option<String>)> = [(0, 1), (1, 0), (2, 1), (3, 3)]
        .map(|(child, parent): (usize, usize)| (accounts[child].0.clone(), Some(accounts[parent].0.clone())))
        .into();
    assert_eq!(numbers(&bench, "fabrikam").await, wanted);
    let again = bench.preview(&definition).await;
    assert_eq!(again["summary"]["unchanged"], again["summary"]["read"], "{again}");
    let undone = bench.run(&undo_plan(&bench, &report).await).await;
    assert_eq!(["deleted", "failed", "drifted"].map(|key| count(&undone, key)), [4, 0, 0], "{undone}");
    assert_eq!(numbers(&bench, "fabrikam").await, BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_points_at_an_account_that_nobody_makes_is_refused() {
    let bench = two_environments(60).await;
    let accounts = single(&bench, 4).await;
    // Below an account that is not selected, one below that, and one that stands alone.
    for (child, parent) in [(0, 3), (1, 0)] {
        put_under(&bench, &accounts[child], &accounts[parent]).await;
    }
    let plan = bench.preview(&only(&accounts[..3])).await;
    assert_eq!(["create", "invalid"].map(|key| count(&plan["summary"], key)), [1, 2], "{plan}");
    let items = bench.items(&plan).await;
    for (_, id) in &accounts[..2] {
        let item = items.iter().find(|item| item["source_id"] == id.as_str()).unwrap();
        assert_eq!(item["action"], "invalid", "{item}");
        assert_eq!(item["issues"][0]["code"], "lookup_not_found", "{item}");
    }
    // One that is there already is not moved there either.
    let report = bench.run(&plan).await;
    assert_eq!(["created", "failed", "drifted"].map(|key| count(&report, key)), [1, 0, 0], "{report}");
    put_under(&bench, &accounts[2], &accounts[3]).await;
    let plan = bench.preview(&only(&accounts[..3])).await;
    assert_eq!(["create", "update", "invalid"].map(|key| count(&plan["summary"], key)), [0, 0, 3], "{plan}");
}
