//! Databases from the command line: save, test, describe, read, sync.

use serde_json::json;
use syncline_tests::postgres::{PASSWORD, PostgresServer, USERS};

use crate::program::{World, count};

#[test]
fn postgres_with_a_password() {
    let Some(world) = World::new(60) else { return };
    let server = PostgresServer::start();
    server.database("app", "app");
    server.sql("app", USERS);
    server.sql("app", r#"GRANT SELECT, INSERT, UPDATE ON "Users", "Companies" TO app"#);
    let home = &world.home;
    world.add_crm(&[]).with(0);
    let url = server.loopback_url("app", "app");
    let with_password = format!("postgres://app:{}@127.0.0.1/app", "geheim");
    let add = |url: &str| {
        [
            "--json",
            "connection",
            "add",
            "db",
            "--system",
            "postgres",
            "--url",
            url,
            "--writable",
            "--secret-stdin",
        ]
        .map(str::to_owned)
    };
    let refused = home.told(PASSWORD, &add(&with_password).each_ref().map(String::as_str)).with(2);
    assert!(refused.out.contains("password") && !format!("{refused:?}").contains("geheim"), "{refused:?}");
    home.told(PASSWORD, &add(&url).each_ref().map(String::as_str)).with(0);
    let test = home.json(&["connection", "test", "db"]).with(0).json();
    assert_eq!(test["status"], "verified", "{test}");
    assert!(test["identity"]["user_name"].as_str().unwrap().starts_with("app (PostgreSQL"), "{test}");
    let shown = home.run(&["connection", "show", "db"]).with(0);
    assert!(!shown.out.contains("Paß") && shown.out.contains("postgres://app@127.0.0.1"), "{shown:?}");

    let entities = home.json(&["entities", "db"]).with(0).json();
    let names: Vec<&str> =
        entities.as_array().unwrap().iter().map(|one| one["logical_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Companies", "Users"]);
    let described = home.json(&["describe", "db", "Users"]).with(0).json();
    let column = |name: &str| {
        described["columns"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["logical_name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(
        (&column("Balance")["type"], &column("Balance")["format"]),
        (&json!("decimal"), &json!("numeric(19,4)"))
    );
    assert_eq!(column("LastName")["max_length"], 50);

    let definition = world.definition(&json!({
        "version": 1, "name": "contacts to users",
        "source": { "connection": "crm", "entity": "contact", "columns": ["contactid", "firstname", "lastname"],
            "filter": "<condition attribute='lastname' operator='not-null' />", "fetch": { "mode": "all", "days": 0 } },
        "destination": { "connection": "db", "entity": "Users" },
        "identifiers": [{ "to": "Id", "from": "contactid" }],
        "fields": [{ "to": "FirstName", "from": "firstname" }, { "to": "LastName", "from": "lastname" }],
        "fixed": [{ "to": "IsActive", "value": true }],
    }));
    home.json(&["sync", "check", &definition]).with(0);
    let run = home.json(&["sync", "run", &definition, "--yes"]).with(0).json();
    let created = count(&run, "created");
    assert!(created > 40 && run["status"] == "succeeded", "{run}");
    let again = home.json(&["sync", "run", &definition, "--yes"]).with(0).json();
    assert_eq!((count(&again, "unchanged"), count(&again, "updated")), (created, 0), "{again}");
    let records = home
        .json(&["records", "db", "Users", "--columns", "LastName", "--top", "3", "--order", "LastName:desc"])
        .with(0);
    assert_eq!(records.lines().len(), 3);
    assert_eq!(server.sql("app", r#"SELECT count(*) FROM "Users""#), created.to_string());
}
