//! Rows that ask for care: pointing at rows of their own table, made by a run whose answer was lost, refused only at the end of a transaction, known by a key that is a person's
//! address.

use serde_json::{Value as Json, json};
use std::sync::Arc;
use syncline_connect::{Destination, OutcomeKind, PlannedWrite, Source, WriteOptions};
use syncline_model::{Action, MappedRecord, Value, ValueMap};
use syncline_sandbox::dataverse::Limits;
use syncline_sandbox::faults::{FaultKind, FaultRule};
use syncline_sql::{SqlConnector, SqlOptions};
use tokio_util::sync::CancellationToken;

use crate::app_support::{Bench, contacts_to, count};
use crate::app_undo::{copy, held, two_environments, undo_plan};
use crate::two_way_world::Database;

/// Accounts as they are, with these columns.
fn accounts(columns: &[&str]) -> Json {
    let mut definition = copy();
    definition["source"]["entity"] = json!("account");
    definition["source"]["columns"] = json!([&["accountid"], columns].concat());
    definition["destination"]["entity"] = json!("account");
    definition["identifiers"] = json!([{ "to": "accountid", "from": "accountid" }]);
    let same = |name: &&str| json!({ "to": name, "from": name });
    definition["fields"] = json!(columns.iter().map(same).collect::<Vec<_>>());
    definition
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_wait_until_those_of_their_table_that_they_may_point_at_have_landed() {
    for columns in [&["name"][..], &["name", "parentaccountid"][..]] {
        let bench = two_environments(3000).await;
        let plan = bench.preview(&accounts(columns)).await;
        let limits = Limits { parallelism_hint: 3, ..Limits::default() };
        bench.sandbox.environment("fabrikam").unwrap().protection.set(Some(limits));
        let slow = FaultRule::new(FaultKind::Slow { chunk_ms: 40 }).at("fabrikam").on("CRM.CreateMultiple");
        bench.sandbox.faults().add([FaultRule { every: Some(1), ..slow }]);
        let report = bench.run(&plan).await;
        assert!(count(&report, "most_at_once") > 1, "rows of one turn need not wait: {columns:?}: {report}");
        let due = count(&plan["summary"], "create");
        assert!(due > 500, "several batches: {plan}");
        let (made, failed) = (count(&report, "created"), count(&report, "failed"));
        assert_eq!((made, failed), (due, 0), "{columns:?}: {report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn made_rows_whose_version_is_not_known_are_listed_and_not_deleted() {
    let bench = two_environments(40).await;
    let plan = bench.preview(&copy()).await;
    // The rows are made, but nobody may read them back.
    for place in ["/contacts?", "$batch"] {
        let refused = FaultRule::new(FaultKind::Status { status: 403, retry_after: None });
        let refused = FaultRule { every: Some(1), ..refused.at("fabrikam").on(place) };
        bench.sandbox.faults().add([refused]);
    }
    let report = bench.run(&plan).await;
    bench.sandbox.faults().clear();
    let made = count(&report, "created");
    assert!(made > 10 && count(&report, "failed") == 0, "{report}");
    let there = held(&bench, "fabrikam").await.len();
    let undo = undo_plan(&bench, &report).await;
    let causes = undo["issues"].as_array().unwrap();
    let unknown = causes.iter().find(|one| one["code"] == "version_unknown");
    assert_eq!(unknown.map(|one| count(one, "rows")), Some(made), "they are listed: {undo}");
    assert_eq!(count(&undo["summary"], "delete"), 0, "none is deleted");
    assert_eq!(held(&bench, "fabrikam").await.len(), there);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_looked_at_last_refuses_its_row_alone() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("later.db");
    let ask = || rusqlite::Connection::open(&path).unwrap();
    ask().execute_batch(
        "CREATE TABLE later (id INTEGER PRIMARY KEY, other INTEGER REFERENCES later DEFERRABLE INITIALLY DEFERRED)",
    )
    .unwrap();
    let clock: syncline_sql::Clock = Arc::new(jiff::Timestamp::now);
    let connector = SqlConnector::sqlite(&path, SqlOptions::default(), clock);
    let cancel = CancellationToken::new();
    let schema = Source::schema(&connector, &"later".into(), &cancel).await.unwrap();
    // The first points at a later one, the third at none.
    let rows: Vec<_> = [(1, Some(2)), (2, None), (3, Some(99)), (4, Some(1)), (5, None)]
        .into_iter()
        .map(|(id, other): (i64, Option<i64>)| {
            let mapped = MappedRecord {
                identifiers: ValueMap::from([("id".to_owned(), Value::Integer(id))]),
                attributes: ValueMap::from([("other".to_owned(), other.map_or(Value::Null, Value::Integer))]),
                events: Vec::new(),
            };
            let write =
                PlannedWrite { action: Action::Create, mapped: &mapped, existing: None, changed: &[] };
            connector.request(&schema, &write).unwrap()
        })
        .collect();
    let there = || -> Vec<i64> {
        let database = ask();
        let mut statement = database.prepare("SELECT id FROM later ORDER BY id").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let whole = WriteOptions { all_or_nothing: true, ..WriteOptions::default() };
    let outcomes = connector.write(&schema, &rows, &whole, &cancel).await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.kind == OutcomeKind::Failed), "{outcomes:?}");
    assert_eq!(there(), Vec::<i64>::new(), "whole or not at all");

    // What is told as made is there, and what is there is told as made.
    let outcomes = connector.write(&schema, &rows, &WriteOptions::default(), &cancel).await.unwrap();
    let told: Vec<i64> = outcomes
        .iter()
        .zip(1..)
        .filter(|(outcome, _)| outcome.kind == OutcomeKind::Created)
        .map(|(_, id)| id)
        .collect();
    assert_eq!(told, there());
    assert!(told.contains(&2) && told.contains(&5) && !told.contains(&3), "{outcomes:?}");
    assert_eq!(outcomes[2].kind, OutcomeKind::Failed);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_addresses_are_masked_too() {
    let bench = Bench::new(10).await;
    bench.marketing("marketing").await;
    let database = Database::sqlite(&bench);
    database.tell(
        r#"CREATE TABLE "Readers" ("Email" varchar(100) PRIMARY KEY, "Nick" varchar(50));
           INSERT INTO "Readers" VALUES('zenobia@quillfeather.example', 'Zen'), ('bad address of Zenobia', 'Zed')"#,
    );
    database.connect(&bench).await;
    let mut definition = contacts_to("app", "marketing", "profile");
    definition["source"]["entity"] = json!("Readers");
    definition["source"]["columns"] = json!(["Email", "Nick"]);
    definition["identifiers"] = json!([{ "to": "email", "from": "Email", "check": "email" }]);
    definition["fields"] = json!([{ "to": "custom.nick", "from": "Nick" }]);
    let plan = bench.preview(&definition).await;
    assert_eq!(count(&plan["summary"], "read"), 2, "{plan}");
    for ending in ["html", "json"] {
        let path = bench.home.path().join(format!("masked.{ending}"));
        let ask = json!({ "plan": plan["plan_id"], "path": path, "by": "Ada Auditor", "masked": true });
        bench.done("plans.sign_off", ask).await;
        let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
        assert!(text.contains("@masked.invalid"), "{ending}");
        assert!(!text.contains("quillfeather") && !text.contains("zenobia"), "{ending}: {text}");
        if ending == "json" {
            let told: Json = serde_json::from_str(&text).unwrap();
            let ids: Vec<&str> = told["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["source_id"].as_str().unwrap())
                .collect();
            assert_eq!(ids.len(), 2);
            assert!(
                ids.iter().all(|id| id.ends_with("@masked.invalid") || id.starts_with("name-")),
                "{ids:?}"
            );
        }
    }
}
