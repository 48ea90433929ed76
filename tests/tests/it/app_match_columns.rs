//! Records of Dataverse recognised by columns that are no key: looked up, written where one alone fits, and made once.

use serde_json::{Value, json};

use crate::app_support::{Bench, count};

fn by_name_and_city() -> Value {
    let pair = |name: &str| json!({ "to": name, "from": name });
    json!({
        "version": 1, "name": "Accounts by name and city",
        "source": {
            "connection": "contoso", "entity": "account", "retries": 1,
            "columns": ["accountid", "name", "accountnumber", "address1_city", "telephone1"],
            "filter": "<condition attribute='address1_city' operator='not-null' />",
        },
        "destination": { "connection": "fabrikam", "entity": "account" },
        "identifiers": [pair("name"), pair("address1_city")],
        "fields": [pair("telephone1"), pair("accountnumber")],
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_are_no_key_find_rows_where_one_alone_fits() {
    let bench = Bench::new(60).await;
    for environment in ["contoso", "fabrikam"] {
        bench.connect_writable(environment, environment).await;
    }
    let definition = by_name_and_city();
    let check = bench.rpc("definitions.check", json!({ "json": definition.to_string() })).await;
    assert_eq!(check["valid"], true, "{check}");
    let told: Vec<&str> =
        check["warnings"].as_array().unwrap().iter().filter_map(|one| one["code"].as_str()).collect();
    assert!(told.contains(&"matched_by_columns"), "{check}");

    let first = bench.preview(&definition).await;
    let made = count(&first["summary"], "create");
    assert!(made > 5, "{first}");
    assert_eq!(bench.run(&first).await["status"], "succeeded");
    let again = bench.preview(&definition).await;
    assert_eq!((count(&again["summary"], "create"), count(&again["summary"], "unchanged")), (0, made));

    // A changed field is a change of the row that was found, not a new row; a value of the key that is written otherwise, too.
    let rows = bench.items(&again).await;
    let unchanged: Vec<&Value> = rows.iter().filter(|row| row["action"] == "unchanged").collect();
    let source = unchanged[0]["source_id"].as_str().unwrap();
    bench.change("contoso", "account", source, json!({ "telephone1": "+31 20 555 0100" })).await;
    let changed = bench.preview(&definition).await;
    assert_eq!((count(&changed["summary"], "create"), count(&changed["summary"], "update")), (0, 1));
    assert_eq!(bench.run(&changed).await["status"], "succeeded");

    // A second row with the same name and city: which one is meant nobody knows, so neither is written.
    let twin = unchanged[1];
    let twin = json!({
        "connection": "fabrikam", "entity": "account", "operation": "create",
        "data": { "name": twin["identifiers"]["name"], "address1_city": twin["identifiers"]["address1_city"] },
    });
    bench.rpc("records.write", twin).await;
    let unclear = bench.preview(&definition).await;
    let summary = &unclear["summary"];
    assert_eq!((count(summary, "invalid"), count(summary, "unchanged")), (1, made - 1), "{unclear}");
    assert_eq!(unclear["issues"][0]["code"], "ambiguous_match", "{unclear}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_came_since_the_preview_is_not_made_twice() {
    let bench = Bench::new(60).await;
    for environment in ["contoso", "fabrikam"] {
        bench.connect_writable(environment, environment).await;
    }
    let plan = bench.preview(&by_name_and_city()).await;
    let made = count(&plan["summary"], "create");
    let rows = bench.items(&plan).await;
    let new: Vec<&Value> = rows.iter().filter(|row| row["action"] == "create").collect();
    // Somebody else adds one row that the plan would make, with other values beside the same name and city.
    let other = json!({
        "connection": "fabrikam", "entity": "account", "operation": "create",
        "data": { "name": new[0]["identifiers"]["name"], "address1_city": new[0]["identifiers"]["address1_city"],
                  "telephone1": "+31 20 555 0199" },
    });
    bench.rpc("records.write", other).await;
    let report = bench.run(&plan).await;
    assert_eq!((count(&report, "created"), count(&report, "drifted")), (made - 1, 1), "{report}");
    let drifted = json!({ "run": report["run_id"], "outcome": "drifted", "limit": 5 });
    let told = bench.rpc("runs.rows", drifted).await;
    assert_eq!(told["rows"][0]["code"], "appeared_meanwhile", "{told}");
    assert_eq!(told["rows"][0]["source_id"], new[0]["source_id"], "{told}");
    // The next preview compares the record with that row.
    let next = bench.preview(&by_name_and_city()).await;
    assert_eq!((count(&next["summary"], "create"), count(&next["summary"], "update")), (0, 1), "{next}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_second_look_costs_is_in_the_estimate() {
    let bench = Bench::new(600).await;
    for environment in ["contoso", "fabrikam"] {
        bench.connect_writable(environment, environment).await;
    }
    let plan = bench.preview(&by_name_and_city()).await;
    assert!(count(&plan["summary"], "create") > 40, "{plan}");
    let report = bench.run(&plan).await;
    let (told, sent) = (count(&plan["cost"], "calls"), count(&report, "calls"));
    assert!(told.abs_diff(sent) <= 1, "{told} told, {sent} sent");
}
