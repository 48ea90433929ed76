//! Identifiers with rules of their own, records of a selection that are the same, and choices that are too many.

use serde_json::{Value, json};

use crate::app_preview::{plant, planted};
use crate::app_support::{Bench, count};

/// A row of a plan by its source record.
fn row<'a>(items: &'a [Value], id: &str) -> &'a Value {
    items.iter().find(|item| item["source_id"] == id).unwrap_or_else(|| panic!("{id} in {items:?}"))
}

fn codes(row: &Value) -> Vec<&str> {
    row["issues"].as_array().unwrap().iter().map(|issue| issue["code"].as_str().unwrap()).collect()
}

async fn tenant() -> Bench {
    let bench = Bench::new(20).await;
    bench.connect_writable("contoso", "contoso").await;
    bench.marketing("marketing").await;
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_identifiers_are_checked_by_kind_and_pattern() {
    let bench = tenant().await;
    let mut definition = planted("marketing");
    definition["source"]["columns"] =
        json!(["contactid", "lastname", "nickname", "suffix", "salutation", "jobtitle"]);
    definition["identifiers"] = json!([
        { "to": "uuid", "from": "nickname", "check": "uuid" },
        { "to": "member", "from": "suffix", "pattern": "[A-Z]{2}-[0-9]{2}" },
        { "to": "second_email", "from": "salutation", "check": "email" },
        { "to": "second_phone", "from": "jobtitle", "check": "phone" },
    ]);
    definition["phone"] = json!({ "international": true, "country_code": "90" });
    definition["fields"] = json!([{ "to": "surname", "from": "lastname" }]);
    let id = "{5B1C7A3E-0000-0000-0000-000000000001}";
    let good = json!({
        "lastname": "Good", "nickname": id, "suffix": "AB-12", "salutation": "Ann@Example.org",
        "jobtitle": "0532 123 45 67",
    });
    let good = plant(&bench, 1, good).await;
    let bad = json!({
        "lastname": "Bad", "nickname": "no id", "suffix": "xAB-12", "salutation": "ann@", "jobtitle": "12",
    });
    let bad = plant(&bench, 2, bad).await;
    let plan = bench.preview(&definition).await;
    let items = bench.items(&plan).await;
    assert_eq!(
        row(&items, &good)["identifiers"],
        json!({
            "uuid": "5b1c7a3e-0000-0000-0000-000000000001", "member": "AB-12",
            "second_email": "ann@example.org", "second_phone": "+905321234567",
        })
    );
    assert_eq!(row(&items, &good)["issues"], json!([]));
    let row = row(&items, &bad);
    assert_eq!(row["action"], "skip");
    for code in ["uuid_malformed", "pattern_mismatch", "email_malformed", "phone_malformed", "no_identifier"]
    {
        assert!(codes(row).contains(&code), "{code}: {row}");
    }
    let group = plan["issues"].as_array().unwrap().iter().find(|group| group["code"] == "pattern_mismatch");
    assert_eq!(group.unwrap()["rule"], "identifier: member must fit the definition's pattern");

    for (pattern, says) in [("(", "unclosed"), ("(?=x)", "look-around"), ("(\\w{100}){100}", "too large")] {
        definition["identifiers"][1]["pattern"] = json!(pattern);
        let check = bench.rpc("definitions.check", json!({ "json": definition.to_string() })).await;
        let problem = &check["problems"][0];
        assert_eq!(
            (&problem["path"], &problem["code"]),
            (&json!("identifiers[1].pattern"), &json!("pattern_unusable"))
        );
        assert!(problem["message"].as_str().unwrap().contains(says), "{problem}");
    }
    definition["identifiers"] = json!([{ "to": "email", "from": "salutation", "check": "uuid" }]);
    let check = bench.rpc("definitions.check", json!({ "json": definition.to_string() })).await;
    assert_eq!(check["problems"][0]["path"], "identifiers[0].check", "{check}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_definition_decides_which_of_the_same_records_goes() {
    let bench = tenant().await;
    let mut definition = planted("marketing");
    definition["identifiers"] = json!([{ "to": "email", "from": "emailaddress1" }]);
    // A page holds one record, so that the same ones lie on different pages.
    definition["source"]["page_size"] = json!(1);
    let same = json!({ "emailaddress1": "same@planted.example" });
    let mut planted = Vec::new();
    for number in 1..=3 {
        planted.push(plant(&bench, number, same.clone()).await);
    }
    let other = plant(&bench, 4, json!({ "emailaddress1": "other@planted.example" })).await;
    // The second one is changed last.
    for id in [&planted[0], &planted[2], &planted[1]] {
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        bench.change("contoso", "contact", id, json!({ "lastname": format!("Changed {id}") })).await;
    }
    bench
        .done(
            "cache.pull",
            json!({ "connection": "contoso", "entity": "contact", "columns": ["contactid", "emailaddress1", "firstname", "lastname", "department"] }),
        )
        .await;
    for cached in [false, true] {
        for page_size in [1, 500] {
            definition["source"]["page_size"] = json!(page_size);
            for (rule, goes) in
                [("first", vec![&planted[0]]), ("latest", vec![&planted[1]]), ("none", Vec::new())]
            {
                definition["on_duplicate"] = json!(rule);
                let ask = json!({ "json": definition.to_string(), "cached": cached });
                let plan = bench.done("plans.start", ask).await;
                let items = bench.items(&plan).await;
                let told = format!("{rule}, pages of {page_size}, cached {cached}: {items:?}");
                assert_eq!(items.len(), 4, "{told}");
                assert_eq!(row(&items, &other)["action"], "create", "{told}");
                for id in &planted {
                    let row = row(&items, id);
                    let sent = goes.contains(&id);
                    assert_eq!(row["action"], if sent { "create" } else { "skip" }, "{told}");
                    assert_eq!(codes(row).contains(&"duplicate_identifiers"), !sent, "{told}");
                    assert_eq!(row["request"].is_null(), !sent, "{told}");
                    if !sent {
                        assert!(row["reason"].as_str().unwrap().contains("the same identifiers"), "{told}");
                    }
                }
                let summary = &plan["summary"];
                let skipped = 3 - goes.len() as u64;
                assert_eq!(
                    (count(summary, "create"), count(summary, "skip")),
                    (4 - skipped, skipped),
                    "{told}"
                );
                let group = plan["issues"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|one| one["code"] == "duplicate_identifiers");
                assert_eq!(count(group.unwrap(), "rows"), skipped, "{told}");
            }
        }
    }
    // What is planned is what is sent: of the three none.
    definition["on_duplicate"] = json!("none");
    let plan = bench.preview(&definition).await;
    let report = bench.run(&plan).await;
    assert_eq!((count(&report, "created"), count(&report, "skipped")), (1, 3), "{report}");

    definition["source"]["entity"] = json!("systemuserroles");
    definition["on_duplicate"] = json!("last");
    let check = bench.rpc("definitions.check", json!({ "json": definition.to_string() })).await;
    assert_eq!(check["problems"][0]["path"], "on_duplicate", "{check}");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_choices_are_foreseen_as_the_service_refuses_them() {
    let bench = tenant().await;
    bench.connect_writable("fabrikam", "fabrikam").await;
    let mut definition = planted("fabrikam");
    definition["destination"]["entity"] = json!("contact");
    definition["source"]["columns"] = json!(["contactid", "lastname", "description"]);
    definition["identifiers"] = json!([{ "to": "contactid", "from": "contactid" }]);
    definition["fields"] = json!([
        { "to": "lastname", "from": "lastname" }, { "to": "new_interests", "from": "description" },
    ]);
    definition["fixed"] = json!([]);
    let list = |count: usize| vec!["1"; count].join(",");
    let fits = plant(&bench, 1, json!({ "lastname": "F", "description": list(150) })).await;
    let over = plant(&bench, 2, json!({ "lastname": "O", "description": list(151) })).await;
    let plan = bench.preview(&definition).await;
    let items = bench.items(&plan).await;
    assert_eq!(row(&items, &fits)["action"], "create", "{items:?}");
    let refused = row(&items, &over);
    assert_eq!(refused["action"], "invalid", "{refused}");
    assert_eq!(refused["issues"][0]["code"], "too_many", "{refused}");
    let group = plan["issues"].as_array().unwrap().iter().find(|group| group["code"] == "too_many").unwrap();
    assert_eq!(group["rule"], "too many: new_interests takes at most 150 choices at once");
    let report = bench.run(&plan).await;
    assert_eq!((count(&report, "created"), count(&report, "failed")), (1, 0), "{report}");
    // The service says the same of what was held back.
    let error = bench
        .refused(
            "records.write",
            json!({
                "connection": "fabrikam", "entity": "contact", "operation": "create",
                "data": { "lastname": "O", "new_interests": list(151) },
            }),
        )
        .await;
    assert_eq!(error.service_code.as_deref(), Some("0x80050222"), "{error:?}");
}
