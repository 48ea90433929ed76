//! One record by hand: named by alternate key, only what differs sent, shown before it is sent.

use serde_json::{Value, json};

use crate::program::{Ended, World};

struct Hand {
    world: World,
}

impl Hand {
    fn new() -> Option<Self> {
        let world = World::new(20)?;
        world.add_crm(&["--writable"]).with(0);
        Some(Self { world })
    }

    fn account(&self, rest: &[&str]) -> Ended {
        self.world.home.json(&[&["record", "crm", "account"], rest].concat())
    }

    fn patches(&self) -> usize {
        self.world.sandbox.requests().iter().filter(|request| request.method == "PATCH").count()
    }
}

const KEY: &str = r#"{"accountnumber":"CLI O'7"}"#;

#[test]
fn a_record_is_read_by_its_key() {
    let Some(hand) = Hand::new() else { return };
    hand.account(&["upsert", "--key", KEY, "--data", r#"{"name":"Keyed"}"#]).with(0);
    let read = hand.account(&["get", "--key", KEY]).with(0).json();
    assert_eq!((&read["name"], &read["accountnumber"]), (&json!("Keyed"), &json!("CLI O'7")));
    let none = hand.account(&["get", "--key", r#"{"accountnumber":"NONE"}"#]).with(1).json();
    assert_eq!(none["error"]["code"], "not_found");
    for wrong in [&["get"][..], &["get", "--key", "{"], &["get", "--key", "7"], &["get", "--key", "{}"]] {
        assert_eq!(hand.account(wrong).with(2).json()["error"]["code"], "usage", "{wrong:?}");
    }
    let unpulled = hand.account(&["get", "--key", KEY, "--cached"]).with(1).json();
    assert_eq!(unpulled["error"]["code"], "not_found", "{unpulled}");
    hand.world.home.json(&["cache", "pull", "crm", "account"]).with(0);
    assert_eq!(hand.account(&["get", "--key", KEY, "--cached"]).with(0).json()["name"], "Keyed");
    // For people: a member a line.
    let text = hand.world.home.run(&["record", "crm", "account", "get", "--key", KEY]).with(0).out;
    assert!(text.contains("\n  \"name\": \"Keyed\""), "{text}");
}

#[test]
fn only_what_differs_is_sent() {
    let Some(hand) = Hand::new() else { return };
    hand.account(&["upsert", "--key", KEY, "--data", r#"{"name":"First","telephone1":"+90 1"}"#]).with(0);
    let read = hand.account(&["get", "--key", KEY]).with(0);
    let before = hand.patches();
    // What was read goes back from standard input.
    let back =
        ["--json", "record", "crm", "account", "update", "--key", KEY, "--only-changed", "--data", "-"];
    let same = hand.world.home.told(&read.out, &back).with(0).json();
    assert_eq!((&same["sent"], hand.patches()), (&json!([]), before), "nothing differed");
    let edited = read.out.replace("\"First\"", "\"Second\"");
    let sent = hand.world.home.told(&edited, &back).with(0).json();
    assert_eq!((&sent["sent"], hand.patches()), (&json!(["name"]), before + 1));
    assert_eq!(sent["record"]["name"], "Second");

    let etag = read.json()["@odata.etag"].as_str().unwrap().to_owned();
    let third = ["update", "--key", KEY, "--only-changed", "--data", r#"{"name":"Third"}"#, "--etag", &etag];
    let stale = hand.account(&third).with(1).json();
    assert_eq!(stale["error"]["service_code"], "0x80060882", "{stale}");
    let wrong = hand.account(&["upsert", "--key", KEY, "--only-changed", "--data", "{}"]).with(2).json();
    assert_eq!(wrong["error"]["code"], "usage");
}

#[test]
fn the_request_is_shown_and_not_sent() {
    let Some(hand) = Hand::new() else { return };
    hand.account(&["upsert", "--key", KEY, "--data", r#"{"name":"First"}"#]).with(0);
    hand.world.home.json(&["connection", "set", "crm", "--read-only"]).with(0);
    let before = hand.patches();
    let changes = r#"{"name":"Second","revenue":12345678901234.1234,"primarycontactid":null}"#;
    let shown = hand.account(&["update", "--key", KEY, "--changes", changes, "--preview"]).with(0).json();
    assert_eq!(shown["request"]["method"], "PATCH");
    assert_eq!(shown["request"]["headers"]["If-Match"], "*");
    let body = shown["request"]["body"].as_str().unwrap();
    assert!(body.contains("\"revenue\":12345678901234.1234"), "digit for digit: {body}");
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["name"], &body["primarycontactid@odata.bind"]), (&json!("Second"), &Value::Null));
    let curl = hand.world.home.run(&[
        "record",
        "crm",
        "account",
        "update",
        "--key",
        KEY,
        "--changes",
        changes,
        "--preview",
    ]);
    let curl = curl.with(0).out;
    assert!(curl.starts_with("curl ") && !curl.contains("Bearer ey"), "{curl}");
    let same = [
        "record",
        "crm",
        "account",
        "update",
        "--key",
        KEY,
        "--changes",
        r#"{"name":"First"}"#,
        "--only-changed",
        "--preview",
    ];
    assert!(hand.world.home.run(&same).with(0).out.starts_with("Nothing differs"));

    let faulty = r#"{"numberofemployees":"many","createdon":"2026-01-01T00:00:00Z","name":"Fine"}"#;
    let faults = hand.account(&["update", "--key", KEY, "--changes", faulty, "--preview"]).with(2).json();
    let columns: Vec<&str> =
        faults["faults"].as_array().unwrap().iter().map(|fault| fault["column"].as_str().unwrap()).collect();
    assert_eq!(columns, ["createdon", "numberofemployees"], "{faults}");
    assert_eq!(hand.patches(), before, "nothing was sent");
    let refused = hand.account(&["update", "--key", KEY, "--changes", changes]).with(5).json();
    assert_eq!(refused["error"]["code"], "read_only");
}

#[test]
fn what_was_done_by_hand_is_listed_and_exported() {
    let Some(hand) = Hand::new() else { return };
    hand.account(&["upsert", "--key", KEY, "--data", r#"{"name":"First"}"#]).with(0);
    hand.account(&["update", "--key", KEY, "--data", r#"{"name":"Second"}"#]).with(0);
    let home = &hand.world.home;
    let edits = home.json(&["runs", "edits", "--connection", "crm", "--entity", "account"]).with(0).lines();
    assert_eq!(edits.len(), 2, "{edits:?}");
    assert_eq!((&edits[0]["operation"], &edits[0]["connection"]), (&json!("update"), &json!("crm")));
    let changes = edits[0]["changes"].as_array().unwrap();
    let name = changes.iter().find(|change| change["field"] == "name").unwrap();
    assert_eq!((&name["from"], &name["to"]), (&json!("First"), &json!("Second")));
    assert!(home.run(&["runs", "edits"]).with(0).out.contains("name"));
    assert_eq!(home.json(&["runs", "edits", "--top", "1"]).with(0).lines().len(), 1);
    let file = home.path("by hand.jsonl");
    let out = file.to_str().unwrap();
    let told = home.json(&["runs", "edits", "--text", "SECOND", "--out", out]).with(0).json();
    assert_eq!(told["records"], 1);
    let line: Value = serde_json::from_str(std::fs::read_to_string(&file).unwrap().trim()).unwrap();
    assert_eq!((&line["outcome"], &line["action"]), (&json!("by hand"), &json!("update")), "{line}");
    let told = home.json(&["runs", "find", "--edits", "--out", out]).with(0).json();
    assert_eq!(told["records"], 2);
    home.json(&["runs", "find", "--edits"]).with(2);
}
