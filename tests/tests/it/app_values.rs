//! Values on their way from an environment: labels in a language, what a lookup points at.

use serde_json::{Value, json};

use crate::app_support::{Bench, contacts_to, count};

async fn check(bench: &Bench, definition: &Value) -> Value {
    bench.rpc("definitions.check", json!({ "json": definition.to_string() })).await
}

fn problem<'a>(check: &'a Value, code: &str) -> &'a Value {
    check["problems"]
        .as_array()
        .unwrap()
        .iter()
        .find(|problem| problem["code"] == code)
        .unwrap_or_else(|| panic!("no {code}: {check}"))
}

/// The attributes of each row by its source record, under their names.
fn mapped(items: &[Value], name: &str) -> Vec<Value> {
    items.iter().map(|item| item["mapped"][name].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_of_the_language_that_is_chosen() {
    let bench = Bench::new(60).await;
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let languages =
        bench.rpc("definitions.languages", json!({ "connection": "contoso", "entity": "contact" })).await;
    let names: Vec<&str> =
        languages.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["German (1031)", "English (1033)"]);

    let mut definition = contacts_to("contoso", "marketing", "profile");
    definition["source"]["columns"] =
        json!(["contactid", "gendercode", "new_interests", "donotphone", "statecode"]);
    definition["fields"] = json!([
        { "to": "gender", "from": "gendercode", "label": true },
        { "to": "interests", "from": "new_interests", "label": true },
        { "to": "calls", "from": "donotphone", "label": true },
        { "to": "state", "from": "statecode", "label": true },
    ]);
    let plan = bench.preview(&definition).await;
    let english = bench.items(&plan).await;
    definition["label_language"] = json!(1031);
    let checked = check(&bench, &definition).await;
    assert_eq!(checked["valid"], true, "{checked}");
    // Two of the four interests were never translated, which is told.
    let warning = checked["warnings"].as_array().unwrap().iter().find(|one| one["path"] == "fields[1].label");
    assert!(warning.unwrap()["message"].as_str().unwrap().contains("no label in German (1031)"), "{checked}");
    let plan = bench.preview(&definition).await;
    let german = bench.items(&plan).await;
    assert_eq!(english.len(), german.len());
    let pairs = [("Male", "Männlich"), ("Female", "Weiblich")];
    let mut seen = 0;
    for (before, after) in mapped(&english, "gender").iter().zip(mapped(&german, "gender")) {
        match pairs.iter().find(|(english, _)| before == english) {
            Some((_, german)) => {
                assert_eq!(after, *german);
                seen += 1;
            }
            None => assert_eq!(*before, after),
        }
    }
    assert!(seen > 10, "{seen}");
    assert!(mapped(&german, "state").contains(&json!("Aktiv")));
    assert!(mapped(&german, "calls").contains(&json!("Zulassen")));
    // What has no label in the language goes by the rule for unknown codes, never in another language.
    let interests = mapped(&german, "interests");
    assert!(interests.iter().any(|list| list.to_string().contains("Musik")), "{interests:?}");
    assert!(interests.iter().all(|list| !list.to_string().contains("Food & Wine")), "{interests:?}");
    assert!(plan["issues"].as_array().unwrap().iter().any(|group| group["code"] == "unknown_code"));
    let first = german.iter().position(|item| item["mapped"]["gender"] == "Männlich").unwrap();
    let told = bench.rpc("plans.row", json!({ "plan": plan["plan_id"], "ordinal": first })).await;
    assert!(told["explanations"].to_string().contains("their labels in German (1031)"), "{told}");

    definition["label_language"] = json!(1036);
    let checked = check(&bench, &definition).await;
    let problem = problem(&checked, "language_not_provisioned");
    assert_eq!(problem["path"], "label_language");
    assert!(problem["message"].as_str().unwrap().contains("French (1036)"), "{problem}");
    assert_eq!(problem["hint"], "labels are there in German (1031), English (1033)");
}

/// The value of a column of a record, read anew.
async fn held(bench: &Bench, connection: &str, entity: &str, id: &str, column: &str) -> Value {
    let filter = format!("<condition attribute='{entity}id' operator='eq' value='{id}' />");
    let ask = json!({
        "connection": connection, "entity": entity, "mode": "live", "limit": 1, "filter": filter,
        "columns": [column],
    });
    let found = bench.rpc("records.query", ask).await;
    found["rows"][0]["raw"][column].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_of_the_record_that_a_lookup_points_at_is_mapped_live_and_from_the_cache() {
    let bench = Bench::new(40).await;
    bench.connect("contoso", "contoso").await;
    bench.marketing("marketing").await;
    let mut definition = contacts_to("contoso", "marketing", "profile");
    definition["source"]["columns"] = json!(["contactid", "parentcustomerid"]);
    definition["fields"] = json!([
        { "to": "company_number", "from": "parentcustomerid.accountnumber" },
        { "to": "industry", "from": "parentcustomerid.industrycode", "label": true },
        { "to": "company_id", "from": "parentcustomerid" },
        { "to": "company", "from": "parentcustomerid", "label": true },
    ]);
    let checked = check(&bench, &definition).await;
    assert_eq!(checked["valid"], true, "{checked}");
    let plan = bench.preview(&definition).await;
    let live = bench.items(&plan).await;
    let mut seen = 0;
    for item in &live {
        let Some(account) = item["mapped"]["company_id"].as_str() else { continue };
        let Some(number) = item["mapped"]["company_number"].as_str() else { continue };
        assert_eq!(held(&bench, "contoso", "account", account, "accountnumber").await, number);
        seen += 1;
        if seen == 3 {
            break;
        }
    }
    assert_eq!(seen, 3, "contacts of accounts: {live:?}");
    assert!(mapped(&live, "industry").iter().any(|label| label == "Consulting"), "{live:?}");
    // The companies are other contacts for some: they have no number, and nothing is sent for it.
    let first = live.iter().position(|item| item["mapped"]["company_number"].is_string()).unwrap();
    let told = bench.rpc("plans.row", json!({ "plan": plan["plan_id"], "ordinal": first })).await;
    assert!(told["explanations"].to_string().contains("column parentcustomerid.accountnumber"), "{told}");
    let sample =
        bench.rpc("definitions.sample", json!({ "json": definition.to_string(), "limit": 10 })).await;
    assert!(sample["records"].to_string().contains("company_number"), "{sample}");

    // From the cache: what was pulled is there, what was not is told and nothing is guessed.
    let pull = |entity: &str, columns: Value| json!({ "connection": "contoso", "entity": entity, "columns": columns });
    bench.done("cache.pull", pull("contact", json!(["contactid", "parentcustomerid"]))).await;
    let mut offline = json!({ "json": definition.to_string(), "cached": true });
    let plan = bench.done("plans.start", offline.clone()).await;
    let group = plan["issues"].as_array().unwrap().iter().find(|group| group["code"] == "related_missing");
    assert_eq!(group.unwrap()["field"], "parentcustomerid.accountnumber", "{plan}");
    let items = bench.items(&plan).await;
    let missing = items.iter().find(|item| item["action"] == "invalid").unwrap();
    assert!(missing["reason"].as_str().unwrap().contains("pull account with accountnumber"), "{missing}");
    bench.done("cache.pull", pull("account", json!(["accountid", "accountnumber", "industrycode"]))).await;
    offline["cached"] = json!(true);
    let plan = bench.done("plans.start", offline).await;
    let cached = bench.items(&plan).await;
    let by_id = |items: &[Value]| {
        let pair = |item: &Value| {
            let id = item["source_id"].as_str().unwrap().to_owned();
            (id, item["mapped"]["company_number"].clone())
        };
        items.iter().map(pair).collect::<std::collections::BTreeMap<_, _>>()
    };
    assert_eq!(by_id(&live), by_id(&cached));

    // What does not lead anywhere is told when the definition is checked.
    for (from, code, says) in [
        ("parentcustomerid.acountnumber", "unknown_column", "points at account or contact"),
        ("firstname.accountnumber", "related_no_lookup", "firstname is no lookup"),
        ("parentcustomer.accountnumber", "unknown_column", "no column \"parentcustomer\""),
    ] {
        definition["fields"] = json!([{ "to": "x", "from": from }]);
        let checked = check(&bench, &definition).await;
        let problem = problem(&checked, code);
        assert_eq!(problem["path"], "fields[0].from");
        assert!(problem["message"].as_str().unwrap().contains(says), "{problem}");
    }
    // The lookup itself must be read.
    definition["source"]["columns"] = json!(["contactid"]);
    definition["fields"] = json!([{ "to": "x", "from": "parentcustomerid.accountnumber" }]);
    let checked = check(&bench, &definition).await;
    let problem = problem(&checked, "column_not_chosen");
    assert_eq!(problem["hint"], "add \"parentcustomerid\" to source.columns");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lookup_of_the_destination_is_found_by_an_alternate_key() {
    let bench = Bench::new(20).await;
    bench.connect("contoso", "contoso").await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    // The same companies are at both, under other ids.
    let mut companies = contacts_to("contoso", "fabrikam", "account");
    companies["source"]["entity"] = json!("account");
    companies["source"]["columns"] = json!(["accountnumber", "name"]);
    companies["identifiers"] = json!([{ "to": "accountnumber", "from": "accountnumber" }]);
    companies["fields"] = json!([{ "to": "name", "from": "name" }]);
    companies["fixed"] = json!([]);
    let plan = bench.preview(&companies).await;
    let report = bench.run(&plan).await;
    assert!(count(&report, "created") > 0, "{report}");
    let mut definition = contacts_to("contoso", "fabrikam", "contact");
    definition["name"] = json!("found by a key");
    definition["source"]["columns"] = json!(["contactid", "lastname", "parentcustomerid"]);
    definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
    let field = json!({
        "to": "parentcustomerid", "from": "parentcustomerid.accountnumber",
        "find_by": { "entity": "account", "column": "accountnumber" },
    });
    definition["fields"] = json!([{ "to": "lastname", "from": "lastname" }, field]);
    definition["fixed"] = json!([]);
    let checked = check(&bench, &definition).await;
    assert_eq!(checked["valid"], true, "{checked}");
    let plan = bench.preview(&definition).await;
    let items = bench.items(&plan).await;
    let bound: Vec<&Value> = items
        .iter()
        .filter(|item| {
            item["request"]["body"]
                .as_str()
                .is_some_and(|body| body.contains("parentcustomerid_account@odata.bind"))
        })
        .collect();
    assert!(!bound.is_empty(), "{items:?}");
    let reference = &bound[0]["mapped"]["parentcustomerid"];
    assert_eq!(reference["entity"], "account", "{reference}");
    let report = bench.run(&plan).await;
    assert_eq!(report["failed"], 0, "{report}");
    let again = bench.preview(&definition).await;
    assert_eq!(again["summary"]["unchanged"], again["summary"]["read"], "{again}");

    // A number that nobody has.
    definition["fields"][1]["map"] = json!({ "nothing": "nothing" });
    definition["fields"][1]["case"] = json!("lower");
    definition["fields"][1]["trim"] = json!(true);
    definition["fields"][1]["expression"] = json!("value + \"x\"");
    let plan = bench.preview(&definition).await;
    let group = plan["issues"].as_array().unwrap().iter().find(|group| group["code"] == "lookup_not_found");
    let group = group.unwrap_or_else(|| panic!("{plan}"));
    assert!(group["rule"].as_str().unwrap().starts_with("lookup:"), "{group}");

    // What is wrong about it is told when the definition is read.
    for (find, code) in [
        (json!({ "column": "accountnumber" }), "entity_unknown"),
        (json!({ "entity": "lead", "column": "subject" }), "wrong_entity"),
        (json!({ "entity": "account", "column": "acountnumber" }), "unknown_column"),
    ] {
        definition["fields"][1]["find_by"] = find;
        let checked = check(&bench, &definition).await;
        assert!(problem(&checked, code)["path"].as_str().unwrap().starts_with("fields[1].find_by"));
    }
    definition["fields"][1]["find_by"] = json!({ "entity": "account", "column": "name" });
    let checked = check(&bench, &definition).await;
    assert!(checked["warnings"].to_string().contains("find_not_unique"), "{checked}");
}
