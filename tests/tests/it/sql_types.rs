//! Types, names, keys and encryption of a real PostgreSQL, against the connector itself.

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use syncline_connect::{
    Destination, MatchKey, OutcomeKind, PlannedWrite, Probe, Selection, Source, WriteOptions,
};
use syncline_model::{
    Action, ColumnType, DateTimeBehavior, ErrorCode, MappedRecord, RelationshipKind, RequiredLevel, Secret,
    Value, ValueMap,
};
use syncline_sql::{PostgresAddress, SqlConnector, SqlOptions};
use syncline_tests::postgres::{PASSWORD, PostgresServer, USERS};
use tokio_util::sync::CancellationToken;

fn connector(url: &str, options: &[(&str, &str)], password: Option<&str>) -> SqlConnector {
    let options: BTreeMap<String, String> =
        options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let address = PostgresAddress::parse(url, &options).unwrap();
    let clock: syncline_sql::Clock = Arc::new(jiff::Timestamp::now);
    SqlConnector::postgres(&address, password.map(Secret::new), SqlOptions::of(&options), clock).unwrap()
}

/// A table with a column of each type, the type's name as it is described, and a value as records tell it.
const TYPES: &[(&str, &str, &str, &str)] = &[
    ("b", "boolean", "'t'", "true"),
    ("i2", "smallint", "-7", "-7"),
    ("i4", "integer", "2147483647", "2147483647"),
    ("i8", "bigint", "9223372036854775807", "9223372036854775807"),
    ("n", "numeric", "123456789012345678.123456789", "123456789012345678.123456789"),
    ("ns", "numeric(12,2)", "1234.50", "1234.50"),
    (
        "n40",
        "numeric(40,10)",
        "-123456789012345678901234567890.0123456789",
        "\"-123456789012345678901234567890.0123456789\"",
    ),
    ("m", "money", "'12.34'", "12.34"),
    ("f4", "real", "0.1", "0.1"),
    ("f8", "double precision", "0.1", "0.1"),
    ("t", "text", "E'a\\nb \"c\" Zoë'", "\"a\\nb \\\"c\\\" Zoë\""),
    ("v", "character varying(20)", "'x'", "\"x\""),
    ("c", "character(4)", "'x'", "\"x\""),
    ("u", "uuid", "'A0000000-0000-4000-8000-00000000000F'", "\"a0000000-0000-4000-8000-00000000000f\""),
    ("d", "date", "'2026-01-31'", "\"2026-01-31\""),
    ("ts", "timestamp without time zone", "'2026-01-31 12:00:00.5'", "\"2026-01-31T12:00:00.5Z\""),
    ("tz", "timestamp with time zone", "'2026-01-31 12:00:00+02'", "\"2026-01-31T10:00:00Z\""),
    (
        "tzu",
        "timestamp with time zone",
        "'2026-01-31 12:00:00.123456+05:30'",
        "\"2026-01-31T06:30:00.123456Z\"",
    ),
    ("tz0", "timestamp(0) with time zone", "'2026-01-31 12:00:00+00'", "\"2026-01-31T12:00:00Z\""),
    ("tm", "time without time zone", "'12:30'", "\"12:30:00\""),
    ("j", "json", "'{\"a\": 1.0}'", "\"{\\\"a\\\": 1.0}\""),
    ("jb", "jsonb", "'{\"a\":  1.0}'", "\"{\\\"a\\\": 1.0}\""),
    (
        "jn",
        "jsonb",
        "'{\"n\": 123456789012345678901234567890.50, \"z\": \"Zoë\"}'",
        "\"{\\\"n\\\": 123456789012345678901234567890.50, \\\"z\\\": \\\"Zoë\\\"}\"",
    ),
    ("by", "bytea", "'\\x01ff'", "\"\\\\x01ff\""),
    ("a", "text[]", "'{a,\"b,c\",NULL}'", "[\"a\",\"b,c\",null]"),
    ("ai", "integer[]", "'{1,2}'", "[1,2]"),
    ("e", "mood", "'so so'", "\"so so\""),
    ("ip", "inet", "'10.0.0.1'", "\"10.0.0.1/32\""),
    ("dom", "short", "'ab'", "\"ab\""),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_type_there_and_back() {
    let server = PostgresServer::start();
    server.database("app", "app");
    let columns: Vec<String> = TYPES.iter().map(|(name, kind, _, _)| format!("\"{name}\" {kind}")).collect();
    let values: Vec<&str> = TYPES.iter().map(|(_, _, literal, _)| *literal).collect();
    server.sql("app", &format!(
        "CREATE TYPE mood AS ENUM ('sad', 'so so', 'ok'); CREATE DOMAIN short AS varchar(5) CHECK (VALUE <> 'no');
         CREATE TABLE all_types (id int PRIMARY KEY, {}); INSERT INTO all_types VALUES (1, {}), (2{});
         GRANT ALL ON all_types TO app", columns.join(", "), values.join(", "), ", NULL".repeat(TYPES.len())));
    let connector = connector(&server.socket_url("app", "app"), &[], None);
    let cancel = CancellationToken::new();
    let schema = Source::schema(&connector, &"all_types".into(), &cancel).await.unwrap();
    for (name, kind, _, _) in TYPES {
        assert_eq!(schema.column(name).unwrap().format.as_deref(), Some(*kind), "{name}");
    }
    let kind = |name: &str| schema.column(name).unwrap().column_type;
    assert_eq!(
        (kind("n"), kind("i8"), kind("u"), kind("f8"), kind("t"), kind("v")),
        (
            ColumnType::Decimal,
            ColumnType::BigInt,
            ColumnType::UniqueIdentifier,
            ColumnType::Double,
            ColumnType::Memo,
            ColumnType::String
        )
    );
    assert_eq!(schema.column("ts").unwrap().behavior, Some(DateTimeBehavior::TimeZoneIndependent));
    assert_eq!(schema.column("dom").unwrap().max_length, Some(5));
    assert_eq!(schema.column("e").unwrap().options.len(), 3);

    let selection = Selection { entity: Some("all_types".into()), page_size: 10, ..Selection::default() };
    let page = connector.page(&selection, None, &cancel).await.unwrap();
    let fields = page.records[0].fields().unwrap();
    for (name, _, _, told) in TYPES {
        assert_eq!(fields.raw(name).unwrap().get(), *told, "{name}");
    }
    // What was read is written to the other row, and read from there the same.
    let attributes: ValueMap =
        TYPES.iter().map(|(name, _, _, _)| ((*name).to_owned(), fields.value(name).unwrap())).collect();
    let mapped = MappedRecord {
        identifiers: ValueMap::from([("id".to_owned(), Value::Integer(2))]),
        attributes,
        events: Vec::new(),
    };
    let names: Vec<String> = TYPES.iter().map(|(name, _, _, _)| (*name).to_owned()).collect();
    let key = [MatchKey(mapped.identifiers.clone())];
    let Probe::Present(row) = connector.probe(&schema, &key, &names, &cancel).await.unwrap().remove(0) else {
        panic!("no row")
    };
    let changed: Vec<&str> = names.iter().map(String::as_str).collect();
    let write =
        PlannedWrite { action: Action::Update, mapped: &mapped, existing: Some(&row), changed: &changed };
    let request = connector.request(&schema, &write).unwrap();
    let outcomes = connector.write(&schema, &[request], &WriteOptions::default(), &cancel).await.unwrap();
    assert_eq!(outcomes[0].kind, OutcomeKind::Updated, "{outcomes:?}");
    let plain = names
        .iter()
        .filter(|name| !["j"].contains(&name.as_str()))
        .map(|name| format!("a.\"{name}\" IS NOT DISTINCT FROM b.\"{name}\""))
        .collect::<Vec<_>>()
        .join(" AND ");
    assert_eq!(
        server
            .sql("app", &format!("SELECT {plain} FROM all_types a, all_types b WHERE a.id = 1 AND b.id = 2")),
        "t"
    );
    let Probe::Present(row) = connector.probe(&schema, &key, &names, &cancel).await.unwrap().remove(0) else {
        panic!("no row")
    };
    for (name, value) in &mapped.attributes {
        assert!(
            connector.same(&schema, name, value, &row.values[name]),
            "{name}: {value:?} against {:?}",
            row.values[name]
        );
    }
    // Filters of each family find the row.
    for (condition, found) in [
        ("<condition attribute='n' operator='eq' value='123456789012345678.123456789' />", 2),
        ("<condition attribute='t' operator='like' value='A%ZOË' />", 2),
        ("<condition attribute='t' operator='like' value='[a-c]%' />", 2),
        ("<condition attribute='v' operator='in'><value>X</value><value>y</value></condition>", 2),
        ("<condition attribute='tz' operator='on' value='2026-01-31' />", 2),
        ("<condition attribute='d' operator='last-x-years' value='100' />", 2),
        ("<condition attribute='u' operator='eq' value='{A0000000-0000-4000-8000-00000000000F}' />", 2),
        ("<condition attribute='b' operator='ne' value='1' />", 0),
        ("<condition attribute='e' operator='begins-with' value='SO' />", 2),
        (
            "<filter type='or'><condition attribute='i4' operator='null' /><condition attribute='f8' operator='between'><value>0</value><value>1</value></condition></filter>",
            2,
        ),
        ("<condition attribute='ts' operator='gt' value='2026-01-31T12:00:00Z' />", 2),
        ("<condition attribute='m' operator='le' value='12.34' />", 2),
        ("<condition attribute='t' operator='not-like' value='%nobody%' />", 2),
    ] {
        let selection = Selection { filter: Some(condition.to_owned()), ..selection.clone() };
        assert_eq!(
            connector.count(&selection, &cancel).await.unwrap_or_else(|e| panic!("{condition}: {e:?}")).value,
            found,
            "{condition}"
        );
    }
    for condition in [
        "<condition attribute='u' operator='eq' value='x' />",
        "<condition attribute='i4' operator='eq-userid' />",
        "<condition attribute='x' operator='null' />",
    ] {
        let selection = Selection { filter: Some(condition.to_owned()), ..selection.clone() };
        assert_eq!(
            connector.count(&selection, &cancel).await.unwrap_err().code,
            ErrorCode::QueryInvalid,
            "{condition}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_keys_rights_and_refusals() {
    let server = PostgresServer::start();
    server.database("app", "app");
    server.sql("app", USERS);
    server.sql("app", r#"
        CREATE SCHEMA "a.b"; GRANT USAGE ON SCHEMA "a.b" TO app;
        CREATE TABLE "a.b"."x""; DROP TABLE ""Users""; --" ("k""ey" int, "p" text, "v'al" text, PRIMARY KEY ("k""ey", "p"));
        GRANT ALL ON "a.b"."x""; DROP TABLE ""Users""; --" TO app;
        CREATE TABLE secret (id int PRIMARY KEY); CREATE TABLE no_key (a text); GRANT SELECT ON no_key TO app;
        GRANT SELECT, INSERT ON "Users" TO app; GRANT UPDATE ("LastName") ON "Users" TO app;
        CREATE TABLE later (id int PRIMARY KEY, other int REFERENCES later DEFERRABLE INITIALLY DEFERRED, made int GENERATED ALWAYS AS (id * 2) STORED, n int NOT NULL DEFAULT 3);
        GRANT ALL ON later TO app"#);
    let connector = connector(&server.socket_url("app", "app"), &[], None);
    let cancel = CancellationToken::new();
    let entities = Source::entities(&connector, &cancel).await.unwrap();
    let names: Vec<&str> = entities.iter().map(|one| one.logical_name.as_str()).collect();
    let odd = "\"a.b\".\"x\"\"; DROP TABLE \"\"Users\"\"; --\"";
    assert_eq!(names, [odd, "Users", "later", "no_key"], "only what the user may use");

    let users = Source::schema(&connector, &"Users".into(), &cancel).await.unwrap();
    let keys: Vec<Vec<&str>> =
        users.keys.iter().map(|key| key.columns.iter().map(|c| c.as_str()).collect()).collect();
    assert_eq!(keys, [["Id"], ["Email"]]);
    let column = |name: &str| users.column(name).unwrap();
    assert_eq!(
        (column("LastName").required, column("IsActive").required, column("Email").required),
        (RequiredLevel::System, RequiredLevel::Application, RequiredLevel::None)
    );
    assert_eq!(
        (column("LastName").updatable, column("FirstName").updatable, column("FirstName").creatable),
        (true, false, true)
    );
    assert_eq!(
        (users.summary.primary_id.as_str(), users.summary.primary_name.as_ref().unwrap().as_str()),
        ("Id", "Email")
    );
    assert_eq!(column("CompanyId").targets, ["Companies".into()]);
    let to_company = &users.relationships[0];
    assert_eq!(
        (to_company.kind, to_company.other_entity.as_str(), to_company.column.as_ref().unwrap().as_str()),
        (RelationshipKind::ManyToOne, "Companies", "CompanyId")
    );

    // A name that tries to end the statement is a name.
    let schema = Source::schema(&connector, &odd.into(), &cancel).await.unwrap();
    let mapped = |number: i64| MappedRecord {
        identifiers: ValueMap::from([
            ("k\"ey".to_owned(), Value::Integer(number)),
            ("p".to_owned(), "'); DROP".into()),
        ]),
        attributes: ValueMap::from([("v'al".to_owned(), "\"'".into())]),
        events: Vec::new(),
    };
    let create = |schema: &_, mapped: &MappedRecord| {
        connector
            .request(schema, &PlannedWrite { action: Action::Create, mapped, existing: None, changed: &[] })
    };
    let rows: Vec<_> = (1..4).map(|number| create(&schema, &mapped(number)).unwrap()).collect();
    let outcomes = connector.write(&schema, &rows, &WriteOptions::default(), &cancel).await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.kind == OutcomeKind::Created), "{outcomes:?}");
    assert_eq!(outcomes[0].id.as_ref().unwrap().as_str(), r#"["1","'); DROP"]"#);
    let wanted = [outcomes[1].id.clone().unwrap()];
    let got = connector.get(&odd.into(), &wanted, &[], &cancel).await.unwrap();
    let told: Json = serde_json::from_str(got[0].as_ref().unwrap().raw.get()).unwrap();
    assert_eq!(told, json!({ "k\"ey": 2, "p": "'); DROP", "v'al": "\"'" }));
    // Deleting: a row that is still as it was seen.
    let keys = [MatchKey(mapped(1).identifiers), MatchKey(mapped(2).identifiers)];
    let probes = connector.probe(&schema, &keys, &["v'al".to_owned()], &cancel).await.unwrap();
    let deletes: Vec<_> = probes
        .iter()
        .map(|probe| match probe {
            Probe::Present(row) => connector.delete_request(&schema, row).unwrap(),
            other => panic!("{other:?}"),
        })
        .collect();
    server
        .sql("app", r#"UPDATE "a.b"."x""; DROP TABLE ""Users""; --" SET "v'al" = 'other' WHERE "k""ey" = 2"#);
    let outcomes = connector.write(&schema, &deletes, &WriteOptions::default(), &cancel).await.unwrap();
    assert_eq!([outcomes[0].kind, outcomes[1].kind], [OutcomeKind::Deleted, OutcomeKind::Drifted]);

    // Refusals in plain words, and a batch that goes whole or not at all.
    let user = |number: i64, mail: &str, last: Value| MappedRecord {
        identifiers: ValueMap::from([(
            "Id".to_owned(),
            format!("00000000-0000-4000-8000-{number:012}").into(),
        )]),
        attributes: ValueMap::from([("Email".to_owned(), mail.into()), ("LastName".to_owned(), last)]),
        events: Vec::new(),
    };
    let rows = [
        user(1, "a@x", "One".into()),
        user(2, "a@x", "Two".into()),
        user(3, "c@x", "x".repeat(60).into()),
        user(4, "d@x", "Four".into()),
    ];
    let rows: Vec<_> = rows.iter().map(|row| create(&users, row).unwrap()).collect();
    let whole = WriteOptions { all_or_nothing: true, ..WriteOptions::default() };
    let outcomes = connector.write(&users, &rows, &whole, &cancel).await.unwrap();
    let codes: Vec<&str> =
        outcomes.iter().map(|outcome| outcome.code.as_deref().unwrap_or("taken")).collect();
    assert_eq!(codes, ["rolled_back", "23505", "22001", "rolled_back"], "{outcomes:?}");
    assert_eq!(server.sql("app", r#"SELECT count(*) FROM "Users""#), "0");
    let outcomes = connector.write(&users, &rows, &WriteOptions::default(), &cancel).await.unwrap();
    let codes: Vec<&str> =
        outcomes.iter().map(|outcome| outcome.code.as_deref().unwrap_or("taken")).collect();
    assert_eq!(codes, ["taken", "23505", "22001", "taken"]);
    let told = outcomes[1].message.as_deref().unwrap();
    assert!(
        told.starts_with("Email: another row has this value already (unique key Users_Email_key)"),
        "{told}"
    );
    let error = create(&users, &user(5, "e@x", Value::Null)).unwrap_err();
    assert!(error.message.contains("LastName") && error.message.contains("NOT NULL"), "{error:?}");
    let no_key = Source::schema(&connector, &"no_key".into(), &cancel).await.unwrap();
    let selection = Selection { entity: Some("no_key".into()), page_size: 10, ..Selection::default() };
    let error = connector.page(&selection, None, &cancel).await.unwrap_err();
    assert!(error.hint.unwrap().contains("key.no_key=") && no_key.keys.is_empty());

    // What is checked only at the end of a transaction fails alone too.
    let later = Source::schema(&connector, &"later".into(), &cancel).await.unwrap();
    assert!(!later.column("made").unwrap().creatable);
    let row = |id: i64, other: i64| MappedRecord {
        identifiers: ValueMap::from([("id".to_owned(), Value::Integer(id))]),
        attributes: ValueMap::from([("other".to_owned(), Value::Integer(other))]),
        events: Vec::new(),
    };
    let circle: Vec<_> = [row(1, 2), row(2, 1)].iter().map(|row| create(&later, row).unwrap()).collect();
    let outcomes = connector.write(&later, &circle, &WriteOptions::default(), &cancel).await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.kind == OutcomeKind::Created), "{outcomes:?}");
    let broken: Vec<_> = [row(3, 1), row(4, 99)].iter().map(|row| create(&later, row).unwrap()).collect();
    let outcomes = connector.write(&later, &broken, &WriteOptions::default(), &cancel).await.unwrap();
    assert_eq!(
        (outcomes[0].kind, outcomes[1].code.as_deref()),
        (OutcomeKind::Created, Some("23503")),
        "{outcomes:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_checks_who_answers() {
    let folder = tempfile::Builder::new().prefix("syncline-tls").tempdir_in("/tmp").unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let openssl = |arguments: &[&str]| {
        let done = std::process::Command::new("openssl").args(arguments).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let made = |name: &str, host: &str| {
        let (key, certificate) = (path(&format!("{name}.key")), path(&format!("{name}.crt")));
        openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=test",
            "-addext",
            &format!("subjectAltName={host}"),
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            &key,
            "-out",
            &certificate,
        ]);
        (key, certificate)
    };
    let (key, certificate) = made("server", "IP:127.0.0.1");
    let (_, other) = made("other", "IP:127.0.0.1");
    std::process::Command::new("chmod").args(["755", &folder.path().display().to_string()]).status().unwrap();
    let owner = if std::process::Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
        "postgres"
    } else {
        ""
    };
    if !owner.is_empty() {
        std::process::Command::new("chown").args([owner, &key]).status().unwrap();
    }
    let server = PostgresServer::start_with(&[
        "ssl=on",
        &format!("ssl_cert_file={certificate}"),
        &format!("ssl_key_file={key}"),
    ]);
    server.database("app", "app");
    let url = server.loopback_url("app", "app");
    let ask = |root: &str| connector(&url, &[("sslmode", "require"), ("sslrootcert", root)], Some(PASSWORD));
    let trusted = ask(&certificate);
    let identity = Source::identity(&trusted).await.unwrap();
    assert!(identity.user_name.unwrap().starts_with("app "));
    assert_eq!(
        server.sql(
            "app",
            "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND usename = 'app'"
        ),
        "1"
    );
    let error = Source::identity(&ask(&other)).await.unwrap_err();
    assert!(error.code == ErrorCode::Unreachable && error.message.contains("certificate"), "{error:?}");
    assert!(error.hint.unwrap().contains("sslrootcert"));
    // The operating system knows neither of them.
    let error =
        Source::identity(&connector(&url, &[("sslmode", "verify-full")], Some(PASSWORD))).await.unwrap_err();
    assert!(error.message.contains("certificate"), "{error:?}");
}
