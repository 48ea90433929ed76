//! Edits by hand in a record's story: what was done, as whom, with what it held before and after; and how long previews stay.

use serde_json::{Value, json};
use syncline_model::ErrorCode;

use crate::app_support::Bench;
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
