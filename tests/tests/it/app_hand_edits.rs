//! Edits by hand in a record's story: what was done, as whom, with what it held before and after; and how long previews stay.

use serde_json::{Value, json};
use syncline_model::ErrorCode;

use crate::app_support::{Bench, count};
use crate::app_undo::{copy, two_environments, whole};
use crate::two_way_world::Database;

async fn told(bench: &Bench, connection: &str, entity: &str, id: &str) -> Vec<Value> {
    let ask = json!({ "connection": connection, "entity": entity, "record": id });
    bench.rpc("edits.list", ask).await["rows"].as_array().unwrap().clone()
}

fn change<'a>(edit: &'a Value, field: &str) -> (&'a Value, &'a Value) {
    let changes = edit["changes"].as_array().unwrap();
    let found = changes.iter().find(|one| one["field"] == field).unwrap_or_else(|| panic!("{field}: {edit}"));
    (&found["from"], &found["to"])
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_by_hand_are_a_part_of_an_export_where_asked() {
    let bench = two_environments(30).await;
    let run = whole(&bench, &copy()).await;
    let made =
        bench.write("fabrikam", "contact", "create", None, json!({ "lastname": "Quillfeather" })).await;
    let id = made["id"].as_str().unwrap().to_owned();
    bench.write("fabrikam", "contact", "update", Some(&id), json!({ "lastname": "After" })).await;
    let other = bench.write("fabrikam", "account", "create", None, json!({ "name": "Elsewhere" })).await;
    let read = count(&run, "read");
    let export = async |query: Value, by_hand: Value, ending: &str| {
        let path = bench.home.path().join(format!("audit.{ending}"));
        let mut ask = json!({ "query": query, "format": ending, "path": path });
        if !by_hand.is_null() {
            ask["by_hand"] = by_hand;
        }
        (count(&bench.done("audit.export", ask).await, "records"), std::fs::read(&path).unwrap())
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (records, plain) = export(json!({}), Value::Null, "csv").await;
    assert_eq!(records, read);
    let (records, with) = export(json!({}), json!("with"), "csv").await;
    assert_eq!(records, read + 3);
    let (plain, with) = (text(plain), text(with));
    let heads = |text: &str| text.lines().next().unwrap().to_owned();
    assert_eq!(heads(&with), format!("{},by", heads(&plain)), "one column more, at the end");
    assert!(!plain.contains(&id) && with.contains("by hand") && with.contains(&id));
    let (records, only) = export(json!({ "entity": "contact" }), json!("only"), "jsonl").await;
    let rows: Vec<Value> = text(only).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((records, rows.len()), (2, 2));
    assert_eq!(
        (&rows[0]["action"], &rows[1]["action"]),
        (&json!("update"), &json!("create")),
        "latest first"
    );
    assert_eq!((&rows[0]["destination"], &rows[0]["destination_id"]), (&json!("fabrikam"), &json!(id)));
    assert_eq!(rows[0]["outcome"], "by hand");
    assert_eq!(rows[0]["before"]["lastname"], "Quillfeather");
    assert_eq!(change(&rows[0], "lastname"), (&json!("Quillfeather"), &json!("After")));
    assert!(rows[0]["by"].is_string() && rows[0]["at"].is_string(), "{}", rows[0]);
    let (records, sheet) = export(json!({ "search": "QUILLFEATHER" }), json!("only"), "xlsx").await;
    assert_eq!((records, &sheet[..2]), (2, &b"PK"[..]));
    let (records, _) = export(json!({ "connection": "contoso" }), json!("only"), "csv").await;
    assert_eq!(records, 0);
    let of_a_run = json!({ "query": { "run": run["run_id"] }, "by_hand": "with", "format": "csv", "path": bench.home.path().join("x.csv") });
    assert_eq!(bench.refused("audit.export", of_a_run).await.code, ErrorCode::Usage);

    // Listed without a record too, window by window.
    let first = bench.rpc("edits.list", json!({ "limit": 1 })).await["rows"][0].clone();
    assert_eq!((&first["entity"], &first["record"]), (&json!("account"), &other["id"]));
    let ask = json!({ "limit": 9, "before": first["number"] });
    let rest = bench.rpc("edits.list", ask).await["rows"].as_array().unwrap().clone();
    assert_eq!(rest.len(), 2);
    assert!(rest.iter().all(|edit| edit["connection"] == "fabrikam" && edit["record"] == id.as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_by_hand_is_in_the_records_story() {
    let bench = Bench::new(20).await;
    bench.connect_writable("contoso", "contoso").await;
    let data = json!({ "firstname": "Ann", "lastname": "Before" });
    let made = bench.write("contoso", "contact", "create", None, data).await;
    let id = made["id"].as_str().unwrap().to_owned();
    bench.write("contoso", "contact", "update", Some(&id), json!({ "lastname": "After" })).await;
    // A refused edit is none.
    let refused = json!({ "connection": "contoso", "entity": "contact", "operation": "update", "id": id, "data": { "lastname": "X" }, "etag": "W/\"1\"" });
    assert!(bench.app.rpc("records.write", refused).await.is_err());
    bench.write("contoso", "contact", "delete", Some(&id), Value::Null).await;
    let edits = told(&bench, "contoso", "contact", &id.to_uppercase()).await;
    let operations: Vec<&str> = edits.iter().map(|edit| edit["operation"].as_str().unwrap()).collect();
    assert_eq!(operations, ["delete", "update", "create"]);
    assert_eq!(change(&edits[2], "firstname"), (&Value::Null, &json!("Ann")));
    assert_eq!(change(&edits[1], "lastname"), (&json!("Before"), &json!("After")));
    let fields: Vec<&Value> =
        edits[1]["changes"].as_array().unwrap().iter().map(|one| &one["field"]).collect();
    assert!(!fields.contains(&&json!("modifiedon")) && !fields.contains(&&json!("firstname")), "{fields:?}");
    assert_eq!(change(&edits[0], "lastname"), (&json!("After"), &Value::Null));
    assert!(edits.iter().all(|edit| edit["before_known"] == true && edit["by"].is_string()), "{edits:?}");
    assert!(told(&bench, "contoso", "account", &id).await.is_empty());

    // A database's rows too, by their own columns.
    let database = Database::sqlite(&bench);
    database.connect(&bench).await;
    let id = "7e57a000-0000-4000-8000-000000000009";
    database.tell(&format!(
        r#"INSERT INTO "Users"("Id", "Email", "LastName") VALUES('{id}', 'a@example.com', 'Before')"#
    ));
    bench.write("app", "Users", "update", Some(id), json!({ "LastName": "After" })).await;
    let edits = told(&bench, "app", "Users", id).await;
    assert_eq!(edits.len(), 1);
    assert_eq!(change(&edits[0], "LastName"), (&json!("Before"), &json!("After")));
    let nowhere = json!({ "connection": "nowhere", "entity": "contact", "record": id });
    assert_eq!(bench.app.rpc("edits.list", nowhere).await.unwrap_err().code, ErrorCode::NotFound);
}
