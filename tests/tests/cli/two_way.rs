//! Two-way syncs from the command line: check, preview, run, one record, conflicts.

use serde_json::json;
use syncline_tests::postgres::USERS;

use crate::program::{World, count};

#[test]
fn users_and_contacts_both_ways() {
    let Some(world) = World::new(30) else { return };
    let home = &world.home;
    world.add_crm(&["--writable"]).with(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let tables = USERS.replace("now()", "CURRENT_TIMESTAMP").replace("timestamptz", "datetime");
    let database = rusqlite::Connection::open(&path).unwrap();
    database.execute_batch(&tables).unwrap();
    let add = [
        "--json",
        "connection",
        "add",
        "db",
        "--system",
        "sqlite",
        "--url",
        path.to_str().unwrap(),
        "--writable",
    ];
    home.run(&[&add[..], &["--option", "modified.Users=UpdatedAt"]].concat()).with(0);
    let definition = json!({
        "version": 1, "name": "people",
        "source": { "connection": "crm", "entity": "contact", "columns": ["contactid", "emailaddress1", "firstname", "lastname", "statecode"], "page_size": 500 },
        "destination": { "connection": "db", "entity": "Users" },
        "identifiers": [{ "to": "Email", "from": "emailaddress1", "check": "email" }],
        "fields": [
            { "to": "Email", "from": "emailaddress1", "direction": "both" },
            { "to": "FirstName", "from": "firstname", "direction": "both" },
            { "to": "LastName", "from": "lastname", "direction": "both" },
            { "to": "IsActive", "from": "statecode", "direction": "both" },
        ],
        "conflict": "ask",
    });
    let file = folder.path().join("people.sync.json");
    let file = file.to_str().unwrap();
    std::fs::write(file, definition.to_string()).unwrap();
    let check = home.json(&["sync", "check", file]).with(0).json();
    assert_eq!(check["valid"], true, "{check}");
    let schema = home.run(&["sync", "schema"]).with(0);
    assert!(schema.out.contains("two_way") && schema.out.contains("\"linked\""));
    // A way that can't be turned around is told with its place.
    let mut wrong = definition.clone();
    wrong["fields"][1]["split"] = json!({ "by": " ", "part": 1 });
    let other = folder.path().join("wrong.sync.json");
    std::fs::write(&other, wrong.to_string()).unwrap();
    let problems = home.json(&["sync", "check", other.to_str().unwrap()]).with(2).json();
    assert_eq!(problems["problems"][0]["path"], "fields[1].split", "{problems}");
    assert_eq!(problems["problems"][0]["code"], "not_reversible");

    let report = home.json(&["sync", "run", file, "--yes"]);
    let report = report.json();
    assert!(count(&report, "created") > 5, "{report}");
    let row = |column: &str, of: &str| -> String {
        database
            .query_row(&format!("SELECT \"{column}\" FROM \"Users\" WHERE \"Email\" = '{of}'"), [], |row| {
                row.get(0)
            })
            .unwrap()
    };
    let emails: Vec<String> = {
        let mut statement = database
            .prepare("SELECT \"Email\" FROM \"Users\" WHERE \"Email\" IS NOT NULL AND \"FirstName\" IS NOT NULL ORDER BY 1")
            .unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let id_of = |email: &str| -> (String, String) {
        let right: String = database
            .query_row("SELECT \"Id\" FROM \"Users\" WHERE \"Email\" = ?1", [email], |row| row.get(0))
            .unwrap();
        let found = home.json(&["records", "crm", "contact", "--columns", "emailaddress1"]).with(0);
        let line = found
            .out
            .lines()
            .find(|line| line.to_lowercase().contains(&email.to_lowercase()))
            .unwrap()
            .to_owned();
        let record: serde_json::Value = serde_json::from_str(&line).unwrap();
        (record["contactid"].as_str().unwrap().to_owned(), right)
    };
    let (left, right) = id_of(&emails[0]);
    home.json(&[
        "record",
        "crm",
        "contact",
        "update",
        &left,
        "--data",
        r#"{"lastname":"Left","firstname":"Only"}"#,
    ])
    .with(0);
    database.execute("UPDATE \"Users\" SET \"LastName\" = 'Right' WHERE \"Id\" = ?1", [&right]).unwrap();
    database
        .execute("UPDATE \"Users\" SET \"FirstName\" = 'Back' WHERE \"Email\" = ?1", [&emails[1]])
        .unwrap();
    let preview = home.json(&["sync", "preview", file]).with(0).json();
    let items = preview["items"].as_array().unwrap();
    let due = |direction: &str| {
        items.iter().filter(|one| one["direction"] == direction && one["action"] == "update").count()
    };
    assert_eq!((due("to"), due("from")), (1, 1), "{items:?}");
    assert_eq!(preview["conflicts"].as_array().unwrap().len(), 1, "{preview}");
    let plan = preview["plan_id"].as_str().unwrap();
    let report = home.json(&["sync", "run", "--plan", plan, "--expect", "2"]).with(0).json();
    assert_eq!(report["two_way"]["status"], "succeeded", "{report}");
    assert_eq!(
        (row("LastName", &emails[0]).as_str(), row("FirstName", &emails[0]).as_str()),
        ("Right", "Only")
    );

    let listed = home.json(&["sync", "conflicts", file]).with(0).json();
    let conflict = &listed["conflicts"][0];
    assert_eq!(
        (&conflict["source"]["value"], &conflict["destination"]["value"]),
        (&json!("Left"), &json!("Right"))
    );
    let id = conflict["id"].as_str().unwrap();
    let text = home.run(&["sync", "conflicts", file]).with(0);
    assert!(
        text.out.contains("LastName") && text.out.contains("Left") && text.out.contains("Right"),
        "{text:?}"
    );
    let told = home
        .json(&["sync", "conflicts", file, "decide", id, "--side", "source", "--by", "Ann"])
        .with(0)
        .json();
    assert_eq!(told["decided"], 1);
    // One record, by its id on the other side.
    home.json(&["sync", "one", file, &right]).with(0);
    assert_eq!(row("LastName", &emails[0]), "Left");
    let left_over = home.json(&["sync", "conflicts", file, "list"]).with(0).json();
    assert_eq!(left_over["conflicts"], json!([]));
}
