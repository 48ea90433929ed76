//! Databases as destination and as source: contacts to an application's users, and users to contacts.

use serde_json::{Value, json};
use std::path::PathBuf;
use syncline_model::ErrorCode;
use syncline_tests::postgres::{PASSWORD, PostgresServer, USERS};

use crate::app_support::{Bench, count};

/// A database that a test can look into past the application.
pub(crate) enum Database {
    Postgres(PostgresServer),
    Sqlite(PathBuf),
}

impl Database {
    /// PostgreSQL with the tables of an application, and its user.
    pub(crate) fn postgres() -> Self {
        let server = PostgresServer::start();
        server.database("app", "app");
        server.sql("app", USERS);
        server.sql("app", r#"GRANT SELECT, INSERT, UPDATE ON "Users", "Companies" TO app"#);
        Self::Postgres(server)
    }

    pub(crate) fn sqlite(bench: &Bench) -> Self {
        let path = bench.home.path().join("app.db");
        let tables = USERS.replace("now()", "CURRENT_TIMESTAMP").replace("timestamptz", "datetime");
        rusqlite::Connection::open(&path).unwrap().execute_batch(&tables).unwrap();
        Self::Sqlite(path)
    }

    pub(crate) async fn connect(&self, bench: &Bench) {
        let (system, url, secret) = match self {
            Self::Postgres(server) => ("postgres", server.loopback_url("app", "app"), json!(PASSWORD)),
            Self::Sqlite(path) => ("sqlite", path.display().to_string(), Value::Null),
        };
        let save = json!({ "name": "app", "system": system, "url": url, "writable": true, "kind": "sandbox", "secret": secret, "options": { "modified.Users": "UpdatedAt" } });
        bench.rpc("connections.save", save).await;
        let test = bench.rpc("connections.test", json!({ "connection": "app" })).await;
        assert_eq!(test["status"], "verified", "{test}");
    }

    /// The first column of the first row, as text.
    pub(crate) fn ask(&self, sql: &str) -> String {
        match self {
            Self::Postgres(server) => server.sql("app", sql),
            Self::Sqlite(path) => {
                let database = rusqlite::Connection::open(path).unwrap();
                let value: rusqlite::types::Value = database.query_row(sql, [], |row| row.get(0)).unwrap();
                match value {
                    rusqlite::types::Value::Text(text) => text,
                    rusqlite::types::Value::Integer(number) => number.to_string(),
                    rusqlite::types::Value::Real(number) => number.to_string(),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    pub(crate) fn tell(&self, sql: &str) {
        match self {
            Self::Postgres(server) => drop(server.sql("app", sql)),
            Self::Sqlite(path) => rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap(),
        }
    }
}

pub(crate) fn companies() -> Value {
    json!({
        "version": 1, "name": "accounts to companies",
        "source": { "connection": "contoso", "entity": "account", "columns": ["accountid", "name", "creditlimit"], "page_size": 500 },
        "destination": { "connection": "app", "entity": "Companies" },
        "identifiers": [{ "to": "Id", "from": "accountid" }],
        "fields": [{ "to": "Name", "from": "name" }, { "to": "CreditLimit", "from": "creditlimit" }],
    })
}

fn users() -> Value {
    json!({
        "version": 1, "name": "contacts to users",
        "source": {
            "connection": "contoso", "entity": "contact", "page_size": 500,
            "columns": ["contactid", "emailaddress1", "firstname", "lastname", "telephone1", "statecode", "parentcustomerid", "creditlimit", "modifiedon"],
            "filter": "<condition attribute='lastname' operator='not-null' />",
        },
        "destination": { "connection": "app", "entity": "Users" },
        "identifiers": [{ "to": "Id", "from": "contactid" }],
        "fields": [
            { "to": "FirstName", "from": "firstname" }, { "to": "LastName", "from": "lastname" },
            { "to": "PhoneNumber", "from": "telephone1" }, { "to": "IsActive", "from": "statecode", "map": { "0": true, "1": false } },
            { "to": "CompanyId", "from": "parentcustomerid" }, { "to": "Balance", "from": "creditlimit" },
            { "to": "UpdatedAt", "from": "modifiedon" },
        ],
    })
}

/// Accounts and contacts go to the database, nothing is left to do, one change is one update, and what changed there is left alone.
async fn there_and_unchanged(bench: &Bench, database: &Database) {
    bench.connect_writable("contoso", "contoso").await;
    database.connect(bench).await;
    for definition in [companies(), users()] {
        let first = bench.preview(&definition).await;
        let creates = count(&first["summary"], "create");
        assert!(creates > 4 && creates == count(&first["summary"], "read"), "{first}");
        let report = bench.run(&first).await;
        let (created, failed) = (count(&report, "created"), count(&report, "failed"));
        assert_eq!(created + failed, creates, "{report}");
        // Some contacts belong to other contacts, which are no companies: the database refuses those rows, each by itself.
        let companies = definition["destination"]["entity"] == "Companies";
        assert_eq!(failed == 0, companies, "{report}");
        for failure in report["failures"].as_array().unwrap() {
            assert!(
                ["23503", "SQLITE_CONSTRAINT_FOREIGNKEY"].contains(&failure["code"].as_str().unwrap()),
                "{failure}"
            );
            assert!(failure["message"].as_str().unwrap().contains("pointed at"), "{failure}");
        }
        let second = bench.preview(&definition).await;
        let summary = &second["summary"];
        assert_eq!((count(summary, "unchanged"), count(summary, "create")), (created, failed), "{second}");
    }
    let items = bench.items(&bench.preview(&users()).await).await;
    let mut there = items
        .iter()
        .filter(|item| item["action"] == "unchanged")
        .map(|item| item["source_id"].as_str().unwrap());
    let (id, other) = (there.next().unwrap(), there.next().unwrap());
    for (id, job) in [(id, "O'Neill \"; DROP TABLE x"), (other, "Changed")] {
        bench.change("contoso", "contact", id, json!({ "lastname": job })).await;
    }
    let plan = bench.preview(&users()).await;
    assert_eq!(count(&plan["summary"], "update"), 2, "{plan}");
    database.tell(&format!(r#"UPDATE "Users" SET "FirstName" = 'Elsewhere' WHERE "Id" = '{other}'"#));
    let report = bench.run(&plan).await;
    assert_eq!((count(&report, "updated"), count(&report, "drifted")), (1, 1), "{report}");
    let name = |id: &str| database.ask(&format!(r#"SELECT "LastName" FROM "Users" WHERE "Id" = '{id}'"#));
    assert_eq!(name(id), "O'Neill \"; DROP TABLE x");
    assert_ne!(name(other), "Changed");
    let row = bench.items(&plan).await.into_iter().find(|item| item["action"] == "update").unwrap();
    let request = &row["request"];
    assert!(request["path"].as_str().unwrap().starts_with("UPDATE "), "{request}");
}

/// Users become contacts of the other environment.
async fn back_as_a_source(bench: &Bench, database: &Database) {
    bench.connect_writable("fabrikam", "fabrikam").await;
    let active = count(&bench.rpc("records.query", json!({ "connection": "app", "entity": "Users", "mode": "live", "limit": 1, "filter": "<condition attribute='IsActive' operator='eq' value='1' />" })).await, "total");
    let definition = json!({
        "version": 1, "name": "users to contacts",
        "source": {
            "connection": "app", "entity": "Users", "columns": ["Id", "FirstName", "LastName", "PhoneNumber", "Balance"], "page_size": 200,
            "filter": "<condition attribute='IsActive' operator='eq' value='1' />", "fetch": { "mode": "all", "days": 0 },
        },
        "destination": { "connection": "fabrikam", "entity": "contact" },
        "identifiers": [{ "to": "contactid", "from": "Id" }],
        "fields": [
            { "to": "firstname", "from": "FirstName" }, { "to": "lastname", "from": "LastName" },
            { "to": "telephone1", "from": "PhoneNumber" },
        ],
    });
    let first = bench.preview(&definition).await;
    assert_eq!(count(&first["summary"], "read"), active, "{first}");
    let report = bench.run(&first).await;
    assert_eq!((&report["status"], count(&report, "failed")), (&json!("succeeded"), 0), "{report}");
    let second = bench.preview(&definition).await;
    assert_eq!(count(&second["summary"], "unchanged"), active, "{second}");
    // A user that changes while the plan waits is held back.
    let id = bench.items(&second).await[0]["source_id"].as_str().unwrap().to_owned();
    database.tell(&format!(r#"UPDATE "Users" SET "LastName" = 'One' WHERE "Id" = '{id}'"#));
    let third = bench.preview(&definition).await;
    assert_eq!(count(&third["summary"], "update"), 1, "{third}");
    database.tell(&format!(r#"UPDATE "Users" SET "LastName" = 'Two' WHERE "Id" = '{id}'"#));
    let report = bench.run(&third).await;
    assert_eq!((count(&report, "updated"), count(&report, "drifted")), (0, 1), "{report}");
}

/// Tables are pulled into the store and read from there as entities are.
async fn kept_offline(bench: &Bench, database: &Database) {
    let total = database.ask(r#"SELECT count(*) FROM "Users""#);
    let pulled = bench.done("cache.pull", json!({ "connection": "app", "entity": "Users" })).await;
    assert!(pulled.to_string().contains(&total), "{pulled}");
    // The column that the option names tells what changed since.
    let later = match database {
        Database::Postgres(_) => "now() + interval '1 hour'",
        Database::Sqlite(_) => "datetime('now', '+1 hour')",
    };
    let id = database.ask(r#"SELECT min(CAST("Id" AS text)) FROM "Users""#);
    database.tell(&format!(
        r#"UPDATE "Users" SET "LastName" = 'Moved', "UpdatedAt" = {later} WHERE "Id" = '{id}'"#
    ));
    let again = bench
        .done("cache.pull", json!({ "connection": "app", "entity": "Users", "mode": "new-and-updated" }))
        .await;
    let number: u64 = total.parse().unwrap();
    assert!(count(&again, "read") < number, "only what changed is read: {again}");
    assert_eq!(count(&again, "changed"), 1, "{again}");
    let cached = bench.cached("app", "Users").await;
    assert_eq!(cached.len().to_string(), total);
    let live = bench
        .rpc(
            "records.query",
            json!({ "connection": "app", "entity": "Users", "mode": "live", "limit": 5, "offset": 0 }),
        )
        .await;
    assert_eq!(live["rows"].as_array().unwrap().len(), 5, "{live}");
    let found = bench.rpc("cache.search", json!({ "text": "Elsewhere", "connection": "app" })).await;
    assert!(found.to_string().contains("Elsewhere"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_there_and_back() {
    let database = Database::postgres();
    let bench = Bench::new(120).await;
    there_and_unchanged(&bench, &database).await;
    back_as_a_source(&bench, &database).await;
    kept_offline(&bench, &database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_there_and_back() {
    let bench = Bench::new(120).await;
    let database = Database::sqlite(&bench);
    there_and_unchanged(&bench, &database).await;
    back_as_a_source(&bench, &database).await;
    kept_offline(&bench, &database).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_and_what_is_missing() {
    let database = Database::postgres();
    let Database::Postgres(server) = &database else { unreachable!() };
    let bench = Bench::new(30).await;
    bench.connect_writable("contoso", "contoso").await;
    let save = |url: String, secret: &str| json!({ "name": "app", "system": "postgres", "url": url, "writable": true, "kind": "sandbox", "secret": secret });

    let refused = bench
        .refused("connections.save", save(format!("postgres://app:{}@127.0.0.1/app", "geheim"), "x"))
        .await;
    assert_eq!(refused.code, ErrorCode::Usage);
    assert!(
        refused.message.contains("password") && !format!("{refused:?}").contains("geheim"),
        "{refused:?}"
    );
    let plain = bench
        .refused(
            "connections.save",
            save("postgres://app@db.contoso.com/app?sslmode=disable".to_owned(), "x"),
        )
        .await;
    assert!(plain.message.contains("plain text"), "{plain:?}");

    bench.rpc("connections.save", save(server.loopback_url("app", "app"), "wrong")).await;
    let test = bench.rpc("connections.test", json!({ "connection": "app" })).await;
    assert_eq!(
        (&test["status"], &test["error"]["code"], &test["error"]["service_code"]),
        (&json!("broken"), &json!("sign_in_refused"), &json!("28P01")),
        "{test}"
    );
    database.connect(&bench).await;
    let view = bench.rpc("connections.get", json!({ "connection": "app" })).await;
    let organization = view["identity"]["organization_id"].as_str().unwrap();
    let system = server.sql("postgres", "SELECT system_identifier FROM pg_control_system()");
    assert!(organization.starts_with("app (") && organization.contains(&system), "{organization}");
    assert!(view["identity"]["user_name"].as_str().unwrap().contains("PostgreSQL"), "{view}");

    // What the user may not do is told with the statement that would give it.
    let plan = bench.preview(&companies()).await;
    server.sql("app", r#"REVOKE INSERT ON "Companies" FROM app"#);
    let error = bench.run(&plan).await["error"].take();
    assert_eq!(error["code"], "privilege_missing", "{error}");
    assert!(
        error["hint"].as_str().unwrap().contains(r#"GRANT INSERT ON TABLE "public"."Companies" TO "app";"#),
        "{error:?}"
    );

    // Another database behind the same address is noticed before anything is written.
    server.sql("app", r#"GRANT INSERT ON "Companies" TO app"#);
    let plan = bench.preview(&companies()).await;
    server.sql("postgres", r#"SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE usename = 'app' AND pid <> pg_backend_pid();
           ALTER DATABASE app RENAME TO before; CREATE DATABASE app"#);
    server.sql("app", USERS);
    server.sql("app", r#"GRANT SELECT, INSERT, UPDATE ON "Users", "Companies" TO app"#);
    let error = bench.failed("runs.start", json!({ "plan": plan["plan_id"] })).await;
    assert_eq!(error.code, ErrorCode::IdentityChanged, "{error:?}");
    assert_eq!(server.sql("app", r#"SELECT count(*) FROM "Companies""#), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_missing_is_told_and_counts_as_soon_as_it_is_given() {
    let server = PostgresServer::start();
    server.database("app", "app");
    server.sql("app", USERS);
    let database = Database::Postgres(server);
    let bench = Bench::new(30).await;
    bench.connect_writable("contoso", "contoso").await;
    database.connect(&bench).await;
    // A list that would be empty says why.
    let entities = json!({ "connection": "app", "refresh": true, "wait": true });
    let refused = bench.refused("entities.list", entities.clone()).await;
    assert_eq!(refused.code, ErrorCode::PrivilegeMissing, "{refused:?}");
    assert!(refused.message.contains(r#""public"."Companies", "public"."Users""#), "{refused:?}");
    let select = r#"GRANT SELECT ON TABLE "public"."Companies" TO "app";"#;
    assert!(refused.hint.as_deref().unwrap_or_default().contains(select), "{refused:?}");
    database.tell(select);
    let listed = bench.rpc("entities.list", entities).await;
    assert_eq!(listed["entities"].as_array().unwrap().len(), 1, "{listed}");

    let definition = json!({ "json": companies().to_string() });
    let grant = r#"GRANT INSERT, UPDATE ON TABLE "public"."Companies" TO "app";"#;
    let check = bench.rpc("definitions.check", definition.clone()).await;
    assert_eq!(check["problems"][0]["code"], "privilege_missing", "{check}");
    assert!(check["problems"][0]["message"].as_str().unwrap().contains(grant), "{check}");
    let refused = bench.failed("plans.start", definition.clone()).await;
    assert!(refused.message.contains(grant), "{refused:?}");

    database.tell(grant);
    let check = bench.rpc("definitions.check", definition).await;
    assert_eq!(check["valid"], true, "{check}");
    let report = bench.run(&bench.preview(&companies()).await).await;
    assert!(count(&report, "created") > 0 && count(&report, "failed") == 0, "{report}");
    // A column that the table gets is there for the next preview.
    database.tell(r#"ALTER TABLE "Companies" ADD COLUMN "Motto" text"#);
    let mut more = companies();
    more["fields"].as_array_mut().unwrap().push(json!({ "to": "Motto", "from": "name" }));
    let plan = bench.preview(&more).await;
    assert_eq!(count(&plan["summary"], "update"), count(&report, "created"), "{plan}");
}

/// Numbers with more digits than a program counts with go from a database to another one as they are.
#[tokio::test(flavor = "multi_thread")]
async fn long_numbers_go_as_they_are() {
    let server = PostgresServer::start();
    server.database("app", "app");
    let columns = "(id int PRIMARY KEY, n numeric(40,10), any_n numeric)";
    server.sql("app", &format!(
        "CREATE TABLE one {columns}; CREATE TABLE other {columns}; GRANT SELECT, INSERT, UPDATE ON one, other TO app;
         INSERT INTO one VALUES (1, -123456789012345678901234567890.0123456789, 123456789012345678901234567890123456789),
           (2, 0.5, 'NaN'), (3, NULL, 1.00000000000000000000000000000000001)"
    ));
    let database = Database::Postgres(server);
    let bench = Bench::new(5).await;
    database.connect(&bench).await;
    let same = |name: &str| json!({ "to": name, "from": name });
    let definition = json!({
        "version": 1, "name": "numbers", "source": { "connection": "app", "entity": "one", "columns": ["id", "n", "any_n"] },
        "destination": { "connection": "app", "entity": "other" },
        "identifiers": [same("id")], "fields": [same("n"), same("any_n")],
    });
    let report = bench.run(&bench.preview(&definition).await).await;
    assert_eq!(["created", "failed"].map(|key| count(&report, key)), [3, 0], "{report}");
    let differ = "SELECT count(*) FROM one a JOIN other b USING (id) WHERE (a.n, a.any_n) IS DISTINCT FROM (b.n, b.any_n)";
    assert_eq!(database.ask(differ), "0");
    let again = bench.preview(&definition).await;
    assert_eq!(count(&again["summary"], "unchanged"), 3, "{again}");
    database.tell("UPDATE one SET any_n = any_n + 0.00000000000000000000000000000000001 WHERE id = 3");
    let report = bench.run(&bench.preview(&definition).await).await;
    assert_eq!(["updated", "unchanged"].map(|key| count(&report, key)), [1, 2], "{report}");
    assert_eq!(database.ask(differ), "0");
}
