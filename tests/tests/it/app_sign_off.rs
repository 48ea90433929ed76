//! Signing a plan off: one page without anything from elsewhere, a workbook, JSON; masked where asked; and what was signed is what runs.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use syncline_model::ErrorCode;

use crate::app_preview::{plant, planted};
use crate::app_support::{Bench, contacts_to, count};

async fn sign(bench: &Bench, plan: &Value, name: &str, masked: bool) -> (PathBuf, Value) {
    let path = bench.home.path().join(name);
    let ask = json!({ "plan": plan["plan_id"], "path": path, "by": "Ada Auditor", "masked": masked });
    let report = bench.done("plans.sign_off", ask).await;
    assert_eq!(report["path"].as_str().unwrap(), path.display().to_string());
    (path, report)
}

/// Every file of a workbook, unpacked with a reader of its own.
fn workbook(path: &Path) -> BTreeMap<String, Vec<Vec<String>>> {
    use calamine::{Reader, Xlsx, open_workbook};
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let names = book.sheet_names().to_vec();
    names
        .into_iter()
        .map(|name| {
            let range = book.worksheet_range(&name).unwrap();
            let rows = range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect();
            (name, rows)
        })
        .collect()
}

/// Contacts with names that must not leave in clear, one of them bad.
async fn with_planted(bench: &Bench) -> Value {
    let mut definition = planted("marketing");
    definition["source"]["columns"] = json!([
        "contactid",
        "emailaddress1",
        "firstname",
        "lastname",
        "fullname",
        "telephone1",
        "address1_line1",
        "description",
        "jobtitle",
        "department",
    ]);
    definition["identifiers"] =
        json!([{ "to": "email", "from": "emailaddress1" }, { "to": "uuid", "from": "contactid" }]);
    definition["fields"] = json!([
        { "to": "name", "from": "firstname" },
        { "to": "surname", "from": "lastname" },
        { "to": "custom.street", "from": "address1_line1" },
        { "to": "custom.call", "from": "telephone1" },
        { "to": "custom.note", "from": "description" },
        { "to": "custom.job", "from": "jobtitle" },
        { "to": "birthday", "from": "department" },
    ]);
    for number in 1..=6_u32 {
        let data = json!({
            "firstname": "Zenobia", "lastname": format!("Quillfeather{}", number % 2),
            "emailaddress1": format!("zenobia{number}@quillfeather.example"),
            "telephone1": "+31 20 555 0199", "address1_line1": "Wisteria Crescent 7",
            "description": "Zenobia likes tea", "jobtitle": "aide of Zenobia",
        });
        plant(bench, number, data).await;
    }
    definition
}

const PLANTED: [&str; 5] = ["zenobia", "quillfeather", "555 0199", "wisteria", "likes tea"];

/// An event with a name of a person in it.
fn with_event(definition: &mut Value) {
    for column in ["createdon", "lastname"] {
        let columns = definition["source"]["columns"].as_array_mut().unwrap();
        if !columns.contains(&json!(column)) {
            columns.push(json!(column));
        }
    }
    definition["events"] = json!({
        "name": { "fixed": "signed_up" }, "timestamp": { "from": "createdon" },
        "parameters": [{ "to": "who", "from": "lastname" }], "fixed": [],
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_holds_everything_and_asks_for_nothing() {
    let bench = Bench::new(120).await;
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let mut definition = contacts_to("contoso", "marketing", "profile");
    definition["source"]["columns"].as_array_mut().unwrap().push(json!("description"));
    definition["fields"].as_array_mut().unwrap().push(json!({ "to": "birthday", "from": "description" }));
    with_event(&mut definition);
    let plan = bench.preview(&definition).await;
    let (path, report) = sign(&bench, &plan, "signed.html", false).await;
    let page = std::fs::read_to_string(&path).unwrap();
    let hash = report["signed"]["hash"].as_str().unwrap();
    for part in [
        plan["plan_id"].as_str().unwrap(),
        plan["definition_hash"].as_str().unwrap(),
        hash,
        "Ada Auditor",
        "contacts to marketing",
        "prefers-color-scheme: dark",
        "@media print",
        "<svg",
        "<th scope=\"col\">signed_up</th>",
        "<tr><td>who</td>",
    ] {
        assert!(page.contains(part), "{part} is not in the page");
    }
    for group in plan["issues"].as_array().unwrap() {
        assert!(page.contains(group["code"].as_str().unwrap()), "{group}");
        assert!(!group["rule"].as_str().unwrap().is_empty(), "{group}");
    }
    for outside in ["<script", "<link", "<img", "src=", "@import", "url(", "<iframe"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let items = bench.items(&plan).await;
    let first = items.iter().find(|item| item["action"] == "create").unwrap();
    assert!(page.contains(first["source_id"].as_str().unwrap()));

    // The workbook says the same, with every problem row and a chart of its own.
    let (path, again) = sign(&bench, &plan, "signed.xlsx", false).await;
    assert_eq!(again["signed"]["hash"], hash, "the same plan has the same hash");
    let sheets = workbook(&path);
    let flat: String = sheets["Summary"].iter().flatten().cloned().collect::<Vec<_>>().join("\n");
    assert!(flat.contains(hash) && flat.contains("Ada Auditor"), "{flat}");
    assert!(
        sheets["Samples"].iter().flatten().any(|cell| cell == "event signed_up: who"),
        "events are shown"
    );
    let issues: usize = items.iter().map(|item| item["issues"].as_array().unwrap().len()).sum();
    if issues > 0 {
        assert_eq!(sheets["Problem rows"].len(), issues + 1);
    }
    let packed = std::fs::read(&path).unwrap();
    assert!(String::from_utf8_lossy(&packed).contains("xl/charts/chart1.xml"));
    let (path, _) = sign(&bench, &plan, "signed.json", false).await;
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(
        (&document["plan_hash"], document["items"].as_array().unwrap().len()),
        (&json!(hash), items.len())
    );
    assert_eq!(document["items"][0]["request"], items[0]["request"]);
    let other = json!({ "plan": plan["plan_id"], "path": bench.home.path().join("signed.doc") });
    assert_eq!(bench.refused("plans.sign_off", other).await.code, ErrorCode::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_names_never_leave_in_clear_and_pseudonyms_still_join() {
    let bench = Bench::new(20).await;
    bench.connect_writable("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let mut definition = with_planted(&bench).await;
    with_event(&mut definition);
    let plan = bench.preview(&definition).await;
    assert_eq!(count(&plan["summary"], "invalid"), 6, "a bad date in every row: {plan}");
    let mut good = definition.clone();
    good["fields"].as_array_mut().unwrap().pop();
    good["name"] = json!("good ones");
    let good = bench.preview(&good).await;
    assert_eq!(count(&good["summary"], "create"), 6);
    for (plan, stem) in [(&plan, "bad"), (&good, "good")] {
        for ending in ["html", "json", "xlsx"] {
            let (path, report) = sign(&bench, plan, &format!("{stem}.{ending}"), true).await;
            assert!(report["masked_fields"].as_array().unwrap().len() >= 8, "{report}");
            let text = if ending == "xlsx" {
                workbook(&path).values().flatten().flatten().cloned().collect::<Vec<_>>().join("\n")
            } else {
                std::fs::read_to_string(&path).unwrap()
            };
            let lower = text.to_lowercase();
            for name in PLANTED {
                assert!(!lower.contains(name), "{name} in {}", path.display());
            }
            assert!(lower.contains("@masked.invalid"), "{}: {text}", path.display());
        }
    }
    let read = |name: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(bench.home.path().join(name)).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["items"].as_array().unwrap().clone()
    };
    let (bad, good) = (read("bad.json"), read("good.json"));
    let tally = |items: &[Value], at: &dyn Fn(&Value) -> Value| {
        let mut tally: BTreeMap<String, usize> = BTreeMap::new();
        for item in items {
            *tally.entry(at(item).to_string()).or_default() += 1;
        }
        tally
    };
    let surnames = tally(&good, &|item| item["mapped"]["surname"].clone());
    assert_eq!(surnames.values().copied().collect::<Vec<_>>(), [3, 3], "{surnames:?}");
    assert_eq!(tally(&good, &|item| item["identifiers"]["email"].clone()).len(), 6);
    // The same person has the same pseudonym in another plan and document.
    for item in &good {
        let twin = bad.iter().find(|other| other["source_id"] == item["source_id"]).unwrap();
        assert_eq!(twin["mapped"]["surname"], item["mapped"]["surname"]);
        assert_eq!(twin["identifiers"]["email"], item["identifiers"]["email"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_signed_runs_and_nothing_else() {
    let bench = Bench::new(40).await;
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let definition = contacts_to("contoso", "marketing", "profile");
    let plan = bench.preview(&definition).await;
    let (_, report) = sign(&bench, &plan, "a.html", false).await;
    let hash = report["signed"]["hash"].as_str().unwrap();
    let id = &plan["plan_id"];

    // A row is taken out afterwards: that is another plan than the signed one.
    let exclude = |excluded: bool| json!({ "plan": id, "ordinals": [2], "excluded": excluded });
    let summary = bench.rpc("plans.exclude", exclude(true)).await;
    assert_eq!(summary["signed"]["changed"], true, "{summary}");
    let error = bench.failed("runs.start", json!({ "plan": id })).await;
    assert_eq!(error.code, ErrorCode::GuardRefused, "{error:?}");
    assert!(error.message.contains("Ada Auditor") && error.message.contains(&hash[..16]), "{error:?}");
    bench.rpc("plans.exclude", exclude(false)).await;
    let error = bench.failed("runs.start", json!({ "plan": id, "signed": "00000000" })).await;
    assert_eq!(error.code, ErrorCode::GuardRefused, "{error:?}");

    // The saved definition does something else now.
    let mut changed = definition.clone();
    changed["fixed"] = json!([{ "to": "city", "value": "Elsewhere" }]);
    bench.rpc("definitions.save", json!({ "json": changed.to_string() })).await;
    let error = bench.failed("runs.start", json!({ "plan": id })).await;
    assert!(error.message.contains("was changed since"), "{error:?}");
    assert_eq!(bench.sandbox.profiles().len(), 0, "nothing was sent");
    // When it runs by itself is no matter of what is sent.
    let mut scheduled = definition.clone();
    scheduled["schedule"] = json!({ "cron": "0 * * * *", "paused": true });
    let save = json!({ "json": scheduled.to_string(), "previous_name": definition["name"] });
    bench.rpc("definitions.save", save).await;
    let run = bench.done("runs.start", json!({ "plan": id, "signed": &hash[..12] })).await;
    assert_eq!((&run["status"], count(&run, "created")), (&json!("succeeded"), 40), "{run}");
    assert_eq!(bench.sandbox.profiles().len(), 40);
}
