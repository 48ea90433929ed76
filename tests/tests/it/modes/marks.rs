//! Watermarks: seen, set back to a time or to a pull, forgotten.

use serde_json::{Value, json};

use super::{bench, cached, change, create, delete, first_ids, live, pull};
use crate::app_support::{Bench, count};

async fn mark(bench: &Bench) -> Value {
    let marks = bench.rpc("marks.list", json!({ "connection": "crm", "entity": "contact" })).await;
    assert_eq!(marks.as_array().unwrap().len(), 1, "{marks}");
    marks[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn set_back_to_a_time_the_records_since_then_are_read_again() {
    let bench = bench(800).await;
    let first = pull(&bench, "contact", "all").await;
    let stands = mark(&bench).await;
    assert_eq!(stands["modified_at"], first["watermark"]);
    assert_eq!(
        (&stands["tracked"], &stands["by_hand"], &stands["pull"]),
        (&json!(true), &json!(false), &first["pull"])
    );
    let to = "2025-06-01T00:00:00Z";
    let forward = json!({ "connection": "crm", "id": stands["id"], "modified_at": "2999-01-01T00:00:00Z" });
    let refusal = bench.refused("marks.set_back", forward).await;
    assert!(refusal.hint.unwrap().contains("earlier"), "{}", refusal.message);
    bench.refused("marks.set_back", json!({ "connection": "crm", "id": stands["id"] })).await;
    bench.refused("marks.set_back", json!({ "connection": "crm", "id": "nobody", "modified_at": to })).await;
    let set = json!({ "connection": "crm", "id": stands["id"], "modified_at": to });
    let back = bench.rpc("marks.set_back", set).await;
    assert_eq!(
        (&back["modified_at"], &back["by_hand"], &back["tracked"]),
        (&json!(to), &json!(true), &json!(false))
    );
    let again = pull(&bench, "contact", "new-and-updated").await;
    // With the five minutes by which windows overlap.
    let window = "<condition attribute='modifiedon' operator='ge' value='2025-05-31T23:55:00Z'/>";
    let wanted = live(&bench, "contact", Some(window)).await;
    assert!(!wanted.is_empty() && wanted.len() < 800, "the sample has both older and newer ones");
    assert_eq!((&again["way"], count(&again, "read")), (&json!("since"), wanted.len() as u64), "{again}");
    assert_eq!(mark(&bench).await["modified_at"], first["watermark"], "it is where it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn set_back_to_a_pull_its_changes_come_again_with_the_deletions() {
    let bench = bench(300).await;
    let first = pull(&bench, "contact", "all").await;
    let [a, b] = first_ids(&bench, "contact").await;
    change(&bench, "contacts", &a, json!({ "lastname": "Changed" })).await;
    delete(&bench, "contacts", &b).await;
    let changes = pull(&bench, "contact", "new-and-updated").await;
    assert_eq!(count(&changes, "read"), 1);
    let pulls = bench.rpc("pulls.list", json!({ "connection": "crm", "entity": "contact" })).await;
    assert_eq!((&pulls[1]["pull"], &pulls[1]["left_mark"]), (&first["pull"], &json!(true)), "{pulls}");
    let id = mark(&bench).await["id"].clone();
    let back =
        bench.rpc("marks.set_back", json!({ "connection": "crm", "id": id, "pull": first["pull"] })).await;
    assert_eq!((&back["tracked"], &back["pull"]), (&json!(true), &first["pull"]));
    let again = pull(&bench, "contact", "new-and-updated").await;
    assert_eq!((&again["way"], count(&again, "read")), (&json!("changes"), 1), "{again}");
    bench.rpc("marks.forget", json!({ "connection": "crm", "id": id })).await;
    let made = create(&bench, "contacts", json!({ "lastname": "New" })).await;
    let anew = pull(&bench, "contact", "new-and-updated").await;
    assert_eq!((&anew["way"], count(&anew, "read")), (&json!("baseline"), 300), "{anew}");
    assert!(cached(&bench, "contact").await.contains(&made));
}
