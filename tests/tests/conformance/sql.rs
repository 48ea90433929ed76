//! PostgreSQL and SQLite. The PostgreSQL is a real one that the test starts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use syncline_connect::conformance::{DestinationFixture, SourceFixture, destination, source};
use syncline_model::{MappedRecord, RecordId, Value, ValueMap};
use syncline_sql::{PostgresAddress, SqlConnector, SqlOptions};
use syncline_tests::postgres::{PostgresServer, USERS};

use crate::all;

fn clock() -> syncline_sql::Clock {
    Arc::new(jiff::Timestamp::now)
}

fn fixture(entity: &str, absent: &str) -> SourceFixture {
    SourceFixture {
        entity: entity.into(),
        columns: vec![
            "LastName".into(),
            "Email".into(),
            "Balance".into(),
            "IsActive".into(),
            "UpdatedAt".into(),
        ],
        records: 230,
        page_size: 50,
        absent: RecordId::new(absent),
        unknown_entity: "Nothing".into(),
    }
}

fn by_id(number: usize) -> MappedRecord {
    let id = format!("00000000-0000-4000-8000-{number:012x}");
    MappedRecord {
        identifiers: ValueMap::from([("Id".to_owned(), id.into())]),
        attributes: attributes(number),
        events: Vec::new(),
    }
}

fn by_mail(number: usize) -> MappedRecord {
    let mut attributes = attributes(number);
    attributes.insert("Id".to_owned(), format!("10000000-0000-4000-8000-{number:012x}").into());
    let mail = format!("o'row+{number}@conformance.example");
    MappedRecord {
        identifiers: ValueMap::from([("Email".to_owned(), mail.into())]),
        attributes,
        events: Vec::new(),
    }
}

fn attributes(number: usize) -> ValueMap {
    ValueMap::from([
        ("LastName".to_owned(), Value::from(format!("Row \"{number}\"; DROP TABLE x --"))),
        ("FirstName".to_owned(), if number.is_multiple_of(3) { Value::Null } else { "Zoë".into() }),
        ("IsActive".to_owned(), Value::Bool(number.is_multiple_of(2))),
        ("Balance".to_owned(), Value::from_json_text(&format!("1{number}2345.6789")).unwrap()),
        ("UpdatedAt".to_owned(), "2026-01-02T03:04:05.25Z".into()),
    ])
}

async fn as_destination(connector: &SqlConnector) {
    let rows: [&(dyn Fn(usize) -> MappedRecord + Sync); 2] = [&by_id, &by_mail];
    for row in rows {
        let fixture = DestinationFixture {
            entity: "Users".into(),
            row,
            change: ("LastName".to_owned(), "Changed".into()),
            spoil: Some(|request| {
                let (before, after) = request.body.split_once("\"LastName\":\"").unwrap();
                let (_, rest) = after.split_once("--\"").unwrap();
                request.body = format!("{before}\"LastName\":null{rest}");
            }),
            unknown_entity: Some("Nothing".into()),
        };
        all(destination(connector, &fixture).await, 10);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_as_source_and_destination() {
    let server = PostgresServer::start();
    server.database("app", "app");
    server.sql("app", USERS);
    server.sql(
        "app",
        r#"GRANT SELECT, INSERT, UPDATE, DELETE ON "Users", "Companies" TO app;
           CREATE TABLE filled (LIKE "Users" INCLUDING ALL);
           INSERT INTO filled SELECT gen_random_uuid(), 'u' || n || '@x.example', NULLIF('F' || n % 7, 'F3'), 'L' || n % 11, NULL, n % 2 = 0, NULL, n * 1.25, now()
             FROM generate_series(1, 230) n;
           CREATE TABLE numbered ("Id" int GENERATED ALWAYS AS IDENTITY, "Part" text, "LastName" text, "Email" text, "Balance" numeric, "IsActive" bool, "UpdatedAt" timestamp, PRIMARY KEY ("Id", "Part"));
           INSERT INTO numbered ("Part", "LastName", "Email", "Balance") SELECT 'a "b", ' || n, NULLIF('L' || n % 5, 'L2'), NULL, n FROM generate_series(1, 230) n;
           CREATE VIEW seen AS SELECT * FROM filled;
           GRANT SELECT ON filled, numbered, seen TO app;"#,
    );
    let url = server.socket_url("app", "app");
    let address = PostgresAddress::parse(&url, &BTreeMap::new()).unwrap();
    let options = SqlOptions::of(&BTreeMap::from([("key.seen".to_owned(), "Id".to_owned())]));
    let connector = SqlConnector::postgres(&address, None, options, clock()).unwrap();
    let nobody = "00000000-0000-4000-8000-000000000000";
    all(source(&connector, &fixture("filled", nobody)).await, 9);
    all(source(&connector, &fixture("seen", "no uuid at all")).await, 9);
    all(source(&connector, &fixture("numbered", r#"["7","x"]"#)).await, 9);
    as_destination(&connector).await;
}

fn sqlite(path: &Path) -> SqlConnector {
    SqlConnector::sqlite(path, SqlOptions::default(), clock())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_as_source_and_destination() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(
            r#"CREATE TABLE "Users" ("Id" uniqueidentifier PRIMARY KEY, "Email" varchar(100) UNIQUE, "FirstName" text, "LastName" nvarchar(50) NOT NULL,
                 "IsActive" boolean NOT NULL DEFAULT 1, "Balance" decimal(19,4), "UpdatedAt" datetime NOT NULL DEFAULT CURRENT_TIMESTAMP);
               CREATE TABLE filled ("Id" INTEGER PRIMARY KEY, "Email" text, "LastName" text, "IsActive" boolean, "Balance" decimal(19,4), "UpdatedAt" datetime);
               WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 230)
                 INSERT INTO filled SELECT n, 'u' || n || '@x.example', iif(n % 5 = 2, NULL, 'L' || n % 5), n % 2, n * 1.25, '2026-01-02 03:04:05' FROM n;"#,
        )
        .unwrap();
    drop(database);
    let connector = sqlite(&path);
    all(source(&connector, &fixture("filled", "no number")).await, 9);
    as_destination(&connector).await;
}
