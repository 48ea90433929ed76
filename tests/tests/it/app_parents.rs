//! Rows of one table that point at one another go in one run: what is pointed at first, circles in two steps; and they are taken back the other way round.

use serde_json::{Value, json};
use syncline_api::{App, AppConfig, VaultChoice};
use syncline_sandbox::faults::{FaultKind, FaultRule};

use crate::app_sql::Database;
use crate::app_support::{Bench, count};
use crate::app_undo::{two_environments, undo_plan};

const KEYS: [&str; 3] = ["create", "update", "steps"];

fn accounts() -> Value {
    let same = |name: &str| json!({ "to": name, "from": name });
    json!({
        "version": 1, "name": "accounts across",
        "source": { "connection": "contoso", "entity": "account", "columns": ["accountid", "name", "parentaccountid"],
            "page_size": 500, "fetch": { "mode": "all", "days": 0 } },
        "destination": { "connection": "fabrikam", "entity": "account" },
        "identifiers": [same("accountid")], "fields": [same("name"), same("parentaccountid")],
    })
}

/// Accounts of an environment with their parents, by id.
async fn parents(bench: &Bench, connection: &str) -> Vec<(String, Option<String>)> {
    let ask = json!({ "connection": connection, "entity": "account", "columns": ["name", "parentaccountid"], "full": true });
    bench.done("cache.pull", ask).await;
    let rows = bench.cached(connection, "account").await;
    let row = |(id, raw): (String, String)| {
        let row: Value = serde_json::from_str(&raw).unwrap();
        (id, row["_parentaccountid_value"].as_str().map(str::to_owned))
    };
    rows.into_iter().map(row).collect()
}

async fn settled(bench: &Bench, definition: &Value) {
    let plan = bench.preview(definition).await;
    assert_eq!(KEYS.map(|key| count(&plan["summary"], key)), [0, 0, 0], "all has arrived: {plan}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_under_accounts_go_in_one_run_and_back() {
    let bench = two_environments(3000).await;
    let definition = accounts();
    let plan = bench.preview(&definition).await;
    let due = count(&plan["summary"], "create");
    assert!(due > 500 && count(&plan["summary"], "steps") == 0, "{plan}");
    let report = bench.run(&plan).await;
    assert_eq!((count(&report, "created"), count(&report, "failed")), (due, 0), "{report}");
    assert_eq!(parents(&bench, "fabrikam").await, parents(&bench, "contoso").await);
    settled(&bench, &definition).await;
    let undone = bench.run(&undo_plan(&bench, &report).await).await;
    assert_eq!((count(&undone, "deleted"), count(&undone, "failed")), (due, 0), "{undone}");
    assert_eq!(parents(&bench, "fabrikam").await, []);
}

/// Two accounts that are each other's parent, one that is its own, and one below the first two.
async fn circles(bench: &Bench) -> Vec<String> {
    let all = parents(bench, "contoso").await;
    let alone = |id: &String| all.iter().all(|(_, parent)| parent.as_ref() != Some(id));
    let ids: Vec<String> = all.iter().map(|(id, _)| id.clone()).filter(alone).take(4).collect();
    for (child, parent) in [(0, 1), (1, 0), (2, 2), (3, 1)] {
        let set = json!({ "parentaccountid@odata.bind": format!("/accounts({})", ids[parent]) });
        bench.change("contoso", "account", &ids[child], set).await;
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn circles_go_in_two_steps_and_back() {
    let bench = two_environments(60).await;
    bench.rpc("connections.unlock", json!({ "connection": "contoso", "minutes": 30 })).await;
    let ids = circles(&bench).await;
    let definition = accounts();
    let plan = bench.preview(&definition).await;
    let due = count(&plan["summary"], "create");
    assert_eq!(KEYS.map(|key| count(&plan["summary"], key)), [due, 2, 2], "{plan}");
    let items = bench.items(&plan).await;
    let steps: Vec<&Value> = items.iter().filter(|item| item["action"] == "update").collect();
    for step in &steps {
        assert_eq!(step["changes"][0]["field"], "parentaccountid", "{step}");
        assert!(step["request"].to_string().contains("parentaccountid"), "{step}");
        let made =
            items.iter().find(|item| item["action"] == "create" && item["source_id"] == step["source_id"]);
        assert!(!made.unwrap()["request"].to_string().contains("parentaccountid"), "{made:?}");
    }
    assert!(steps.iter().any(|step| step["source_id"] == ids[2].as_str()), "{steps:?}");
    let report = bench.run(&plan).await;
    let told = ["created", "updated", "failed", "drifted"].map(|key| count(&report, key));
    assert_eq!(told, [due, 2, 0, 0], "{report}");
    let before = parents(&bench, "contoso").await;
    assert_eq!(parents(&bench, "fabrikam").await, before);
    settled(&bench, &definition).await;

    // Back: one row of the circle is let go first. The undo of the undo brings all of it again.
    let back = undo_plan(&bench, &report).await;
    assert_eq!(
        ["delete", "update", "steps", "skip"].map(|key| count(&back["summary"], key)),
        [due, 1, 1, 0],
        "{back}"
    );
    let undone = bench.run(&back).await;
    assert_eq!(["deleted", "failed", "drifted"].map(|key| count(&undone, key)), [due, 0, 0], "{undone}");
    assert_eq!(parents(&bench, "fabrikam").await, []);
    let redo = bench.run(&undo_plan(&bench, &undone).await).await;
    assert_eq!(["created", "updated", "failed"].map(|key| count(&redo, key)), [due, 2, 0], "{redo}");
    assert_eq!(parents(&bench, "fabrikam").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_step_does_not_leave_without_the_first() {
    let bench = two_environments(60).await;
    bench.rpc("connections.unlock", json!({ "connection": "contoso", "minutes": 30 })).await;
    let ids = circles(&bench).await;
    let plan = bench.preview(&accounts()).await;
    let due = count(&plan["summary"], "create");
    // The row that is its own parent is held back by hand.
    let rows =
        bench.rpc("plans.rows", json!({ "plan": plan["plan_id"], "action": "create", "limit": 1000 })).await;
    let own =
        rows["rows"].as_array().unwrap().iter().find(|row| row["source_id"] == ids[2].as_str()).unwrap();
    let hold = json!({ "plan": plan["plan_id"], "ordinals": [own["ordinal"]], "excluded": true });
    bench.rpc("plans.exclude", hold).await;
    let report = bench.run(&plan).await;
    let told = ["created", "updated", "failed", "drifted"].map(|key| count(&report, key));
    assert_eq!(told, [due - 1, 1, 0, 1], "{report}");
    assert_eq!(report["failures"][0]["code"], "other_step_missing", "{report}");

    // What somebody else wrote between the steps of a deletion stays: before the last look at it, and after that, while the service lets the deletion wait.
    edited_between_the_steps(&bench, &report, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_edited_after_the_last_look_is_not_deleted() {
    let bench = two_environments(60).await;
    bench.rpc("connections.unlock", json!({ "connection": "contoso", "minutes": 30 })).await;
    circles(&bench).await;
    let plan = bench.preview(&accounts()).await;
    let report = bench.run(&plan).await;
    assert_eq!(count(&report, "failed"), 0, "{report}");
    edited_between_the_steps(&bench, &report, true).await;
}

/// Takes a run back, and edits the row that goes in two steps between them. `late`: once the deletion has left and was told to wait.
async fn edited_between_the_steps(bench: &Bench, report: &Value, late: bool) {
    // Somebody else has an application of their own, which no pause of ours holds up.
    let home = tempfile::tempdir().unwrap();
    let colleague =
        App::open(AppConfig::new(Some(home.path().to_owned()), VaultChoice::Memory)).await.unwrap();
    colleague.rpc("connections.save", bench.as_application("fabrikam", "fabrikam")).await.unwrap();
    colleague.rpc("connections.test", json!({ "connection": "fabrikam" })).await.unwrap();
    colleague.rpc("connections.unlock", json!({ "connection": "fabrikam", "minutes": 30 })).await.unwrap();

    let back = undo_plan(bench, report).await;
    let step = bench.rpc("plans.rows", json!({ "plan": back["plan_id"], "action": "update" })).await;
    let cut = step["rows"][0]["source_id"].as_str().unwrap().to_owned();
    let slow =
        FaultRule::new(FaultKind::Status { status: 429, retry_after: Some(4) }).at("fabrikam").on("$batch");
    // The third call deletes the row, the second one the rows that go before it.
    bench.sandbox.faults().add([slow.after(if late { 2 } else { 1 }, 1)]);
    bench.sandbox.clear_requests();
    let job = bench.start("runs.start", json!({ "plan": back["plan_id"] })).await;
    let ask = json!({ "connection": "fabrikam", "entity": "account", "id": cut, "mode": "live" });
    loop {
        let row = colleague.rpc("records.get", ask.clone()).await.unwrap();
        let waits = bench.sandbox.requests().iter().any(|request| request.status == 429);
        if row["row"]["raw"]["_parentaccountid_value"].is_null() && (waits || !late) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let edit = json!({ "connection": "fabrikam", "entity": "account", "operation": "update", "id": cut,
        "data": { "name": "edited by hand" } });
    colleague.rpc("records.write", edit).await.unwrap();
    let undone = bench.wait(&job).await.result;
    assert_eq!(count(&undone, "drifted"), 1, "{undone}");
    assert_eq!(bench.live("fabrikam", "account", &cut).await["name"], "edited by hand");
}

fn companies() -> Value {
    let same = |name: &str| json!({ "to": name, "from": name });
    json!({
        "version": 1, "name": "companies", "source": { "connection": "app", "entity": "Old", "columns": ["Id", "Name", "ParentId"] },
        "destination": { "connection": "app", "entity": "New" },
        "identifiers": [same("Id")], "fields": [same("Name"), same("ParentId")],
    })
}

async fn tables(database: &Database, bench: &Bench) {
    for name in ["Old", "New"] {
        database.tell(&format!(
            r#"CREATE TABLE "{name}" ("Id" integer PRIMARY KEY, "Name" varchar(50), "ParentId" integer REFERENCES "{name}"("Id"))"#
        ));
    }
    if let Database::Postgres(_) = database {
        database.tell(r#"GRANT SELECT, INSERT, UPDATE, DELETE ON "Old", "New" TO app"#);
    }
    // A chain that stands the wrong way round, a circle of three with a row below it, and a row that is its own parent.
    let rows: Vec<String> = (1..=1200).map(|id| format!("({id}, 'c{id}', NULL)")).collect();
    database.tell(&format!(r#"INSERT INTO "Old" VALUES {}"#, rows.join(", ")));
    for (child, parent) in
        [(1, 700), (700, 1100), (1100, 1200), (10, 20), (20, 30), (30, 10), (5, 10), (40, 40)]
    {
        database.tell(&format!(r#"UPDATE "Old" SET "ParentId" = {parent} WHERE "Id" = {child}"#));
    }
    database.connect(bench).await;
    let held = r#"SELECT count(*) FROM "Old" o JOIN "New" n ON o."Id" = n."Id" WHERE o."ParentId" IS NOT DISTINCT FROM n."ParentId""#;
    let definition = companies();
    let plan = bench.preview(&definition).await;
    assert_eq!(KEYS.map(|key| count(&plan["summary"], key)), [1200, 1, 1], "{plan}");
    let report = bench.run(&plan).await;
    assert_eq!(["created", "updated", "failed"].map(|key| count(&report, key)), [1200, 1, 0], "{report}");
    assert_eq!(database.ask(held), "1200");
    settled(bench, &definition).await;
    let undone = bench.run(&undo_plan(bench, &report).await).await;
    assert_eq!(["deleted", "failed", "drifted"].map(|key| count(&undone, key)), [1200, 0, 0], "{undone}");
    assert_eq!(database.ask(r#"SELECT count(*) FROM "New""#), "0");
    let redo = bench.run(&undo_plan(bench, &undone).await).await;
    assert_eq!(["created", "failed"].map(|key| count(&redo, key)), [1200, 0], "{redo}");
    assert_eq!(database.ask(held), "1200");

    // What goes away together goes in the same order.
    let mut gone = companies();
    gone["name"] = json!("companies gone");
    gone["fields"] = json!([]);
    gone["source"]["columns"] = json!(["Id"]);
    gone["options"] = json!({ "action": "delete", "allow_unfiltered": true });
    let plan = bench.preview_any(&gone).await;
    let report = bench.run(&plan).await;
    assert_eq!(["deleted", "failed", "drifted"].map(|key| count(&report, key)), [1200, 0, 0], "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_table_in_sqlite() {
    let bench = Bench::new(10).await;
    tables(&Database::sqlite(&bench), &bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_table_in_postgres() {
    let bench = Bench::new(10).await;
    tables(&Database::postgres(), &bench).await;
}
