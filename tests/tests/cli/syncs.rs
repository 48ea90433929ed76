//! Definitions: check, preview, run, run again, history.

use serde_json::{Value, json};

use crate::program::{World, count};

fn to_file() -> Value {
    json!({
        "version": 1, "name": "Contacts to a file",
        "source": { "connection": "crm", "entity": "contact", "columns": ["contactid", "fullname", "gendercode"],
            "fetch": { "mode": "all", "days": 0 }, "page_size": 100 },
        "destination": { "connection": "out", "entity": "rows" },
        "identifiers": [{ "to": "id", "from": "contactid" }],
        "fields": [{ "to": "name", "from": "fullname" }, { "to": "gender", "from": "gendercode", "label": true }]
    })
}

fn to_marketing() -> Value {
    json!({
        "version": 1, "name": "Contacts to marketing",
        "source": { "connection": "crm", "entity": "contact", "columns": ["contactid", "emailaddress1", "firstname"],
            "fetch": { "mode": "all", "days": 0 }, "page_size": 500 },
        "destination": { "connection": "marketing", "entity": "profile" },
        "identifiers": [{ "to": "email", "from": "emailaddress1" }, { "to": "uuid", "from": "contactid" }],
        "on_invalid_identifier": "skip-identifier",
        "fields": [{ "to": "name", "from": "firstname" }],
        "fixed": [{ "to": "source", "value": "Dynamics" }]
    })
}

#[test]
fn all_problems_of_a_definition_at_once() {
    let Some(world) = World::new(20) else { return };
    world.add_crm(&[]).with(0);
    world.add_file("out", "out.csv");
    let good = world.definition(&to_file());
    let check = world.home.json(&["sync", "check", &good]).with(0).json();
    assert_eq!((&check["valid"], &check["problems"]), (&true.into(), &json!([])), "{check}");
    let mut bad = to_file();
    bad["source"]["columns"] = json!(["contactid", "fulname", "gendercode"]);
    bad["fields"][0]["from"] = json!("fulname");
    bad["fields"][1]["from"] = json!("nosuchcolumn");
    bad["identifiers"] = json!([]);
    let bad = world.definition(&bad);
    let check = world.home.json(&["sync", "check", &bad]).with(2).json();
    assert_eq!(check["valid"], false);
    insta::assert_json_snapshot!("problems", check["problems"]);
    insta::assert_snapshot!("problems_for_people", world.home.run(&["sync", "check", &bad]).with(2).out);
    let mut unknown = to_file();
    unknown["feilds"] = json!([]);
    let check = world.home.json(&["sync", "check", &world.definition(&unknown)]).with(2);
    assert!(check.out.contains("feilds") && check.out.contains("fields"), "{check:?}");
    world.home.json(&["sync", "preview", &bad]).with(2);
}

#[test]
fn preview_run_and_run_again() {
    let Some(world) = World::new(150) else { return };
    let home = &world.home;
    world.add_crm(&[]).with(0);
    let file = world.add_file("out", "out.csv");
    let definition = world.definition(&to_file());

    let preview = home.json(&["sync", "preview", &definition]).with(0).json();
    assert_eq!(count(&preview["summary"], "create"), 150, "{preview}");
    let items = preview["items"].as_array().unwrap();
    assert_eq!(items.len(), 150);
    assert!(!file.exists(), "a preview writes nothing");
    let body: Value = serde_json::from_str(items[0]["request"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["id"], items[0]["source_id"]);
    let plan = preview["plan_id"].as_str().unwrap();

    let run = home.json(&["sync", "run", "--plan", plan, "--yes"]).with(0).json();
    assert_eq!((&run["status"], count(&run, "created")), (&"succeeded".into(), 150), "{run}");
    let written = std::fs::read_to_string(&file).unwrap();
    let again = home.json(&["sync", "run", &definition, "--yes"]).with(0).json();
    assert_eq!((count(&again, "unchanged"), count(&again, "created"), count(&again, "updated")), (150, 0, 0));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written);
    let twice = home.json(&["sync", "run", "--plan", plan, "--yes"]);
    assert_ne!(twice.code, 0, "a plan runs once: {twice:?}");

    let list = home.json(&["runs", "list"]).with(0).json();
    let ids: Vec<&Value> = list.as_array().unwrap().iter().map(|run| &run["run_id"]).collect();
    assert_eq!(ids, [&again["run_id"], &run["run_id"]], "newest first");
    let id = run["run_id"].as_str().unwrap();
    assert_eq!(count(&home.json(&["runs", "show", id]).with(0).json(), "created"), 150);
    let out = home.path("outcomes.jsonl").display().to_string();
    home.json(&["runs", "export", id, "--out", &out]).with(0);
    let lines: Vec<Value> = std::fs::read_to_string(&out)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines.len() == 150 && lines.iter().all(|line| line["outcome"] == "created"), "{}", lines[0]);
    // What it asked is kept with it for the next process, and a record's story is told at the end where it stands.
    let requests = home.json(&["runs", "requests", id]).with(0).lines();
    assert!(requests.iter().any(|one| one["path"].as_str().unwrap().contains("/contacts")), "{requests:?}");
    assert!(home.json(&["runs", "requests", id, "--failed"]).with(0).lines().is_empty());
    let source = lines[0]["source_id"].as_str().unwrap();
    let story = |entity| ["runs", "find", "--connection", "crm", "--entity", entity, "--record", source];
    let told = home.json(&story("contact")).with(0).lines();
    let outcomes: Vec<&Value> = told.iter().map(|row| &row["outcome"]).collect();
    assert_eq!(outcomes, ["unchanged", "created"]);
    assert!(home.json(&story("account")).with(0).lines().is_empty());
    let csv = home.path("outcomes.csv").display().to_string();
    home.json(&["runs", "export", id, "--out", &csv]).with(0);
    assert_eq!(std::fs::read_to_string(&csv).unwrap().lines().count(), 151);
    home.json(&["runs", "export", id, "--out", "outcomes.doc"]).with(2);
}

#[test]
fn marketing_gets_what_was_previewed() {
    let Some(world) = World::new(120) else { return };
    let home = &world.home;
    world.add_crm(&[]).with(0);
    world.add_marketing();
    let definition = world.definition(&to_marketing());
    let preview = home.json(&["sync", "preview", &definition]).with(0).json();
    let creates = count(&preview["summary"], "create");
    assert!(creates > 100, "{}", preview["summary"]);
    assert_eq!(world.sandbox.profiles().len(), 0, "a preview writes nothing");
    let run =
        home.json(&["sync", "run", "--plan", preview["plan_id"].as_str().unwrap(), "--yes"]).with(0).json();
    assert_eq!(count(&run, "created") + count(&run, "updated"), creates, "{run}");
    assert!(!world.sandbox.profiles().is_empty());
    let again = home.json(&["sync", "run", &definition, "--yes"]).with(0).json();
    assert_eq!(count(&again, "unchanged"), creates, "nothing is sent twice: {again}");
    let id = preview["items"][3]["source_id"].as_str().unwrap();
    let one = home.json(&["sync", "one", &definition, id]).with(0).json();
    assert_eq!(count(&one, "read"), 1, "{one}");
}
