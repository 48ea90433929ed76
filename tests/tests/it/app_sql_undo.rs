//! Taking runs back in a database: rows that somebody else changed since are left alone and listed, the others are as they were; and the
//! right to delete is looked at before a row is planned to go.

use serde_json::{Value, json};

use crate::app_sql::{Database, companies};
use crate::app_support::{Bench, count};
use crate::app_undo::{undo_plan, whole};

/// The issues of a plan: code and rows.
fn causes(plan: &Value) -> Vec<(String, u64)> {
    let groups = plan["issues"].as_array().unwrap().iter();
    groups.map(|group| (group["code"].as_str().unwrap().to_owned(), count(group, "rows"))).collect()
}

fn ids(database: &Database) -> Vec<String> {
    let all = match database {
        Database::Postgres(_) => r#"SELECT string_agg("Id"::text, ',' ORDER BY "Id"::text) FROM "Companies""#,
        Database::Sqlite(_) => {
            r#"SELECT group_concat("Id", ',') FROM (SELECT "Id" FROM "Companies" ORDER BY "Id")"#
        }
    };
    database.ask(all).split(',').map(str::to_owned).collect()
}

/// Name and credit limit of each company, as one text.
fn held(database: &Database) -> Vec<String> {
    let of = |id: &String| {
        database.ask(&format!(
            r#"SELECT "Name" || ' / ' || coalesce(CAST("CreditLimit" AS text), '-') FROM "Companies" WHERE "Id" = '{id}'"#
        ))
    };
    ids(database).iter().map(of).collect()
}

async fn taken_back(database: &Database, bench: &Bench) {
    bench.connect_writable("contoso", "contoso").await;
    database.connect(bench).await;
    let first = whole(bench, &companies()).await;
    let made = count(&first, "created");
    assert!(made > 5, "{first}");
    let all = ids(database);
    assert_eq!((all.len() as u64, &first["undoable"]), (made, &json!(true)));
    let before = held(database);

    // A run changes every name, then somebody else edits three of the rows, one of them in a column that the run did not change.
    let mut capitals = companies();
    capitals["name"] = json!("companies in capitals");
    capitals["fields"][0]["case"] = json!("upper");
    let second = whole(bench, &capitals).await;
    let changed = count(&second, "updated");
    assert!(changed > 5, "{second}");
    let rows = bench.rpc("runs.rows", json!({ "run": second["run_id"], "outcome": "updated" })).await;
    let at_of = |row: &Value| all.iter().position(|id| *id == row["destination_id"]).unwrap();
    let touched: Vec<usize> = rows["rows"].as_array().unwrap().iter().take(3).map(at_of).collect();
    for (id, edit) in [
        (&all[touched[0]], r#""Name" = 'by hand'"#),
        (&all[touched[1]], r#""Name" = 'by hand too'"#),
        (&all[touched[2]], r#""CreditLimit" = 4.5"#),
    ] {
        database.tell(&format!(r#"UPDATE "Companies" SET {edit} WHERE "Id" = '{id}'"#));
    }
    let edited = held(database);
    let plan = undo_plan(bench, &second).await;
    assert_eq!(
        (count(&plan["summary"], "update"), count(&plan["summary"], "skip")),
        (changed - 3, 3),
        "{plan}"
    );
    assert_eq!(causes(&plan).iter().map(|(_, rows)| rows).sum::<u64>(), 3, "{:?}", causes(&plan));
    assert!(causes(&plan).iter().all(|(code, _)| code == "changed_since"), "{:?}", causes(&plan));
    assert_eq!(held(database), edited, "a preview writes nothing");
    let left = bench.rpc("plans.rows", json!({ "plan": plan["plan_id"], "action": "skip" })).await;
    for row in left["rows"].as_array().unwrap() {
        let title = row["title"].as_str().unwrap();
        assert!(!title.is_empty() && title != row["source_id"], "a row is told by its name: {row}");
    }
    let undone = bench.run(&plan).await;
    assert_eq!(
        (undone["status"].as_str(), count(&undone, "updated")),
        (Some("succeeded"), changed - 3),
        "{undone}"
    );
    let now = held(database);
    for at in 0..all.len() {
        let wanted = if touched.contains(&at) { &edited[at] } else { &before[at] };
        assert_eq!(&now[at], wanted, "{}", all[at]);
    }
    let origin = bench.rpc("runs.get", json!({ "run": second["run_id"] })).await;
    assert_eq!(origin["undone_by"], undone["run_id"]);

    // What a run made is deleted, but for the row that somebody edited.
    database.tell(r#"DELETE FROM "Companies""#);
    let third = whole(bench, &companies()).await;
    assert_eq!(count(&third, "created"), made, "{third}");
    database.tell(&format!(r#"UPDATE "Companies" SET "Name" = 'by hand' WHERE "Id" = '{}'"#, all[1]));
    if let Database::Postgres(_) = database {
        // The user was given no right to delete: that is told in the preview, not by every row of a run.
        let plan = undo_plan(bench, &third).await;
        let summary = &plan["summary"];
        assert_eq!((count(summary, "delete"), count(summary, "invalid")), (0, made - 1), "{plan}");
        let told = plan["issues"].to_string();
        assert!(told.contains("privilege_missing") && told.contains("GRANT DELETE ON TABLE"), "{told}");
        database.tell(r#"GRANT DELETE ON "Companies" TO app"#);
    }
    let plan = undo_plan(bench, &third).await;
    assert_eq!((count(&plan["summary"], "delete"), count(&plan["summary"], "skip")), (made - 1, 1), "{plan}");
    let undone = bench.run(&plan).await;
    assert_eq!(count(&undone, "deleted"), made - 1, "{undone}");
    assert_eq!(ids(database), [all[1].clone()]);

    // The undo of the undo brings them back with the same values.
    let redo = bench.run(&undo_plan(bench, &undone).await).await;
    assert_eq!((count(&redo, "created"), count(&redo, "failed")), (made - 1, 0), "{redo}");
    let again = held(database);
    for at in (0..all.len()).filter(|at| *at != 1) {
        assert_eq!(again[at], before[at]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_into_postgres_is_taken_back() {
    let database = Database::postgres();
    let bench = Bench::new(80).await;
    taken_back(&database, &bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_into_sqlite_is_taken_back() {
    let bench = Bench::new(80).await;
    let database = Database::sqlite(&bench);
    taken_back(&database, &bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_privilege_to_delete_is_told_in_the_preview() {
    let bench = Bench::new(60).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    let accounts = json!({
        "version": 1, "name": "accounts across",
        "source": { "connection": "contoso", "entity": "account", "columns": ["accountid", "name"], "page_size": 500,
            "fetch": { "mode": "all", "days": 0 } },
        "destination": { "connection": "fabrikam", "entity": "account" },
        "identifiers": [{ "to": "accountid", "from": "accountid" }],
        "fields": [{ "to": "name", "from": "name" }],
    });
    let made = count(&whole(&bench, &accounts).await, "created");
    let mut delete = accounts.clone();
    delete["name"] = json!("accounts gone");
    delete["fields"] = json!([]);
    delete["source"]["filter"] = json!("<condition attribute='name' operator='not-null'/>");
    delete["options"] = json!({ "action": "delete" });
    let fabrikam = bench.sandbox.environment("fabrikam").unwrap();
    fabrikam.rights().restrict(fabrikam.users.iter().map(|user| user.user_id).collect());
    let plan = bench.preview(&delete).await;
    assert_eq!((count(&plan["summary"], "delete"), count(&plan["summary"], "invalid")), (0, made), "{plan}");
    assert_eq!(causes(&plan), [("privilege_missing".to_owned(), made)]);
    assert!(plan["issues"].to_string().contains("prvDeleteaccount"), "{}", plan["issues"]);
    fabrikam.rights().restrict([].into());
    let plan = bench.preview(&delete).await;
    assert_eq!(count(&plan["summary"], "delete"), made, "a role that was given since counts: {plan}");
}
