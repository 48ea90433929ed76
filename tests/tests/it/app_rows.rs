//! Rows of a database by hand: made, changed and deleted under the guard of the version that was seen.

use serde_json::{Value, json};
use syncline_model::ErrorCode;

use crate::app_sql::Database;
use crate::app_support::Bench;

const ONE: &str = "6f1f3b1e-0000-4000-8000-000000000001";

fn write(operation: &str, more: Value) -> Value {
    let mut request = json!({ "connection": "app", "entity": "Companies", "operation": operation });
    for (name, value) in more.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

async fn seen(bench: &Bench) -> Value {
    let ask = json!({ "connection": "app", "entity": "Companies", "id": ONE, "mode": "live" });
    bench.rpc("records.get", ask).await["row"].take()
}

async fn by_hand(database: &Database, bench: &Bench) {
    database.connect(bench).await;
    let name = || database.ask(&format!(r#"SELECT "Name" FROM "Companies" WHERE "Id" = '{ONE}'"#));
    let many = || database.ask(r#"SELECT count(*) FROM "Companies""#);
    let create =
        write("create", json!({ "changes": { "Id": ONE, "Name": "Fabrikam", "CreditLimit": 1200.50 } }));
    let made = bench.rpc("records.write", create.clone()).await;
    assert_eq!((&made["id"], &made["record"]["Name"]), (&json!(ONE), &json!("Fabrikam")), "{made}");
    assert_eq!(name(), "Fabrikam");
    let twice = bench.refused("records.write", create).await;
    assert_eq!((twice.code, many().as_str()), (ErrorCode::ServiceRefused, "1"), "{twice:?}");
    assert!(
        ["23505", "SQLITE_CONSTRAINT_PRIMARYKEY"].contains(&twice.service_code.as_deref().unwrap()),
        "{twice:?}"
    );
    let empty = bench
        .refused("records.write", write("create", json!({ "changes": { "Id": ONE, "Name": null } })))
        .await;
    assert!(empty.message.contains("NOT NULL"), "{empty:?}");

    // What was pulled follows what is written by hand.
    bench.done("cache.pull", json!({ "connection": "app", "entity": "Companies" })).await;
    let row = seen(bench).await;
    let etag = row["etag"].as_str().unwrap().to_owned();
    let change = json!({ "id": ONE, "etag": etag, "changes": { "Name": "Fabrikam Ltd" } });
    let told = bench.rpc("records.prepare", write("update", change.clone())).await;
    let statement = told["request"]["path"].as_str().unwrap();
    assert!(statement.starts_with("UPDATE") && statement.contains("\"Name\" ="), "{told}");
    assert_eq!(name(), "Fabrikam", "looking sends nothing");
    let changed = bench.rpc("records.write", write("update", change.clone())).await;
    assert_eq!((name().as_str(), &changed["record"]["Name"]), ("Fabrikam Ltd", &json!("Fabrikam Ltd")));
    let cached = bench.cached("app", "Companies").await;
    assert!(cached[0].1.contains("Fabrikam Ltd"), "{cached:?}");

    // The version that was seen is not the row's any more.
    let stale = bench.refused("records.write", write("update", change)).await;
    assert_eq!(stale.service_code.as_deref(), Some("row_changed"), "{stale:?}");
    let stale = bench.refused("records.write", write("delete", json!({ "id": ONE, "etag": etag }))).await;
    assert_eq!(
        (stale.code, name().as_str()),
        if matches!(database, Database::Postgres(_)) {
            (ErrorCode::PrivilegeMissing, "Fabrikam Ltd")
        } else {
            (ErrorCode::ServiceRefused, "Fabrikam Ltd")
        },
        "{stale:?}"
    );
    let same = json!({ "id": ONE, "only_changed": true, "changes": { "Name": "Fabrikam Ltd" } });
    let same = bench.rpc("records.write", write("update", same)).await;
    assert_eq!(same["sent"], json!([]), "nothing differs, nothing is sent: {same}");
    let upsert = json!({ "key": { "Id": ONE }, "changes": { "Name": "Fabrikam AG" } });
    bench.rpc("records.write", write("upsert", upsert)).await;
    assert_eq!((name().as_str(), many().as_str()), ("Fabrikam AG", "1"));

    if let Database::Postgres(_) = database {
        database.tell(r#"GRANT DELETE ON "Companies" TO app"#);
    }
    let etag = seen(bench).await["etag"].take();
    bench.rpc("records.write", write("delete", json!({ "id": ONE, "etag": etag }))).await;
    assert_eq!(many(), "0");
    assert!(bench.cached("app", "Companies").await.is_empty());
    let switched = json!({ "changes": { "Name": "x" }, "switches": { "suppress_flows": true } });
    assert_eq!(bench.refused("records.write", write("create", switched)).await.code, ErrorCode::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_postgres_by_hand() {
    let database = Database::postgres();
    by_hand(&database, &Bench::new(10).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_sqlite_by_hand() {
    let bench = Bench::new(10).await;
    let database = Database::sqlite(&bench);
    by_hand(&database, &bench).await;
    // A key that the database gives, and a connection that may not be written to.
    database.tell(r#"CREATE TABLE "Notes" ("Id" INTEGER PRIMARY KEY, "Text" TEXT NOT NULL)"#);
    let create = json!({ "connection": "app", "entity": "Notes", "operation": "create", "changes": { "Text": "one" } });
    let made = bench.rpc("records.write", create.clone()).await;
    assert_eq!((&made["id"], &made["record"]["Text"]), (&json!("1"), &json!("one")), "{made}");
    let save = json!({ "name": "app", "system": "sqlite", "url": bench.home.path().join("app.db"), "writable": false, "kind": "sandbox" });
    bench.rpc("connections.save", save).await;
    assert_eq!(bench.refused("records.write", create).await.code, ErrorCode::ReadOnly);
}
