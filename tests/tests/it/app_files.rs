//! Files as destinations: a second run changes nothing, a changed record changes its own row.

use serde_json::{Value, json};

use crate::app_preview::{plant, planted};
use crate::app_support::{Bench, contacts_to, count};

async fn twice(system: &str) {
    let bench = Bench::new(120).await;
    bench.connect_writable("contoso", "contoso").await;
    let path = bench.file("out", system).await;
    let mut definition = contacts_to("contoso", "out", "rows");
    definition["source"]["columns"] = json!([
        "contactid",
        "fullname",
        "firstname",
        "lastname",
        "creditlimit",
        "gendercode",
        "new_churnscore",
        "birthdate",
        "donotemail",
        "description",
        "new_interests",
        "parentcustomerid",
        "jobtitle"
    ]);
    definition["fields"] = json!([
        { "to": "name", "from": "fullname" }, { "to": "limit", "from": "creditlimit" },
        { "to": "gender", "from": "gendercode", "label": true }, { "to": "churn", "from": "new_churnscore" },
        { "to": "born", "from": "birthdate" }, { "to": "mail", "from": "donotemail", "invert": true },
        { "to": "note", "from": "description" }, { "to": "interests", "from": "new_interests" },
        { "to": "company", "from": "parentcustomerid" }, { "to": "job", "from": "jobtitle" },
    ]);
    let first = bench.preview(&definition).await;
    assert_eq!(count(&first["summary"], "create"), 120, "{first}");
    let report = bench.run(&first).await;
    assert_eq!((&report["status"], count(&report, "created")), (&json!("succeeded"), 120), "{report}");
    let written = std::fs::read_to_string(&path).unwrap();

    let second = bench.preview(&definition).await;
    assert_eq!(count(&second["summary"], "unchanged"), 120, "{second}");
    bench.run(&second).await;
    assert_eq!(std::fs::read_to_string(&path).unwrap(), written, "the second run changes no byte");

    let id = bench.items(&second).await[7]["source_id"].as_str().unwrap().to_owned();
    bench.change("contoso", "contact", &id, json!({ "jobtitle": "Keeper; of \"all\"\r\nkeys" })).await;
    let third = bench.preview(&definition).await;
    assert_eq!(
        (count(&third["summary"], "update"), count(&third["summary"], "unchanged")),
        (1, 119),
        "{third}"
    );
    let changed = bench.rpc("plans.rows", json!({ "plan": third["plan_id"], "action": "update" })).await;
    let row = &changed["rows"][0];
    assert_eq!(row["source_id"], *id);
    let fields: Vec<&Value> =
        row["changes"].as_array().unwrap().iter().map(|change| &change["field"]).collect();
    assert_eq!(fields, ["job"], "{row}");
    let report = bench.run(&third).await;
    assert_eq!((count(&report, "updated"), count(&report, "created")), (1, 0), "{report}");
    let after = std::fs::read_to_string(&path).unwrap();
    assert!(after.contains("Keeper"), "{after}");
    let fourth = bench.preview(&definition).await;
    assert_eq!(count(&fourth["summary"], "unchanged"), 120, "{fourth}");
    if system == "jsonl" {
        let differing = written.lines().zip(after.lines()).filter(|(a, b)| a != b).count();
        assert_eq!((differing, after.lines().count()), (1, 120), "one row was touched");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_twice_then_one_change() {
    twice("csv").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_twice_then_one_change() {
    twice("jsonl").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_record_that_changed_since_the_preview_is_held_back_alone() {
    let bench = Bench::new(20).await;
    bench.connect_writable("contoso", "contoso").await;
    let path = bench.file("out", "jsonl").await;
    let mut ids = Vec::new();
    for number in 0..6 {
        ids.push(plant(&bench, number, json!({ "lastname": format!("Row {number}") })).await);
    }
    let mut definition = planted("out");
    definition["destination"]["entity"] = json!("rows");
    let plan = bench.preview(&definition).await;
    assert_eq!(count(&plan["summary"], "create"), 6);
    bench.change("contoso", "contact", &ids[2], json!({ "lastname": "Changed meanwhile" })).await;
    let gone = json!({ "connection": "contoso", "entity": "contact", "operation": "delete", "id": ids[4] });
    bench.rpc("records.write", gone).await;
    let report = bench.run(&plan).await;
    assert_eq!(
        (&report["status"], count(&report, "created"), count(&report, "drifted"), count(&report, "failed")),
        (&json!("partial"), 4, 2, 0),
        "{report}"
    );
    let mut drifted: Vec<&str> = report["failures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|failure| failure["source_id"].as_str().unwrap())
        .collect();
    drifted.sort_unstable();
    assert_eq!(drifted, [ids[2].as_str(), ids[4].as_str()]);
    let rows = bench.rpc("runs.rows", json!({ "run": report["run_id"], "outcome": "drifted" })).await;
    assert_eq!(count(&rows, "total"), 2);
    let text = std::fs::read_to_string(&path).unwrap();
    for (number, id) in ids.iter().enumerate() {
        assert_eq!(text.contains(id.as_str()), ![2, 4].contains(&number), "{number}: {text}");
    }
    assert!(!text.contains("Changed meanwhile"), "what was not previewed is not sent");
    // The next preview shows what is left.
    let next = bench.preview(&definition).await;
    assert_eq!((count(&next["summary"], "create"), count(&next["summary"], "unchanged")), (1, 4));
}
