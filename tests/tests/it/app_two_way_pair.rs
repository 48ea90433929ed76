//! Both ways of a two-way sync told as one: a run's page, the document that is signed, the list of pairs.

use serde_json::{Value, json};
use syncline_model::ErrorCode;

use crate::app_support::{Bench, count};
use crate::two_way_world::{Database, users};

async fn synced(bench: &Bench, create: &str) -> (Database, Value) {
    bench.connect_writable("contoso", "contoso").await;
    let database = Database::sqlite(bench);
    database.connect(bench).await;
    let mut definition = users("source", "ignore");
    definition["fields"].as_array_mut().unwrap().retain(|field| field["to"] != "CompanyId");
    definition["two_way"]["create"] = json!(create);
    bench.sync(&definition).await;
    (database, definition)
}

/// A change on each side, of two records.
async fn change_both(bench: &Bench, database: &Database, definition: &Value) -> Vec<(String, String)> {
    let pairs: Vec<(String, String)> = bench.pairs(definition).await.into_iter().collect();
    bench.change("contoso", "contact", &pairs[0].0, json!({ "firstname": "Zenobia" })).await;
    database.user(&pairs[1].1, r#""LastName" = 'Quillfeather'"#, 0);
    pairs
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_tells_of_the_other_way_and_of_what_followed() {
    let bench = Bench::new(40).await;
    let (database, definition) = synced(&bench, "both").await;
    let pairs = change_both(&bench, &database, &definition).await;
    database.tell(
        r#"INSERT INTO "Users"("Id", "Email", "FirstName", "LastName", "IsActive") VALUES('7e57a000-0000-4000-8000-000000000001', 'inactive@example.com', 'In', 'Active', 0)"#,
    );
    let report = bench.sync(&definition).await;
    assert_eq!(report["two_way"]["status"], "succeeded", "{report}");
    let run = |id: &Value| json!({ "run": id });
    let to = bench.rpc("runs.get", run(&report["run_id"])).await;
    let pair = &to["pair"];
    assert_eq!((&pair["returns"], count(pair, "other_writes")), (&json!(false), 2), "{pair}");
    assert_eq!(
        (count(&to, "updated"), count(&pair["other"], "updated"), count(&pair["other"], "created")),
        (1, 1, 1)
    );
    assert!(pair["first"].is_null());
    // The state of the new contact was written after it was made.
    let after = pair["after"].as_array().unwrap();
    assert_eq!(after.len(), 1, "{pair}");
    assert_eq!(count(&after[0], "updated"), 1);
    let back = bench.rpc("runs.get", run(&pair["other"]["run_id"])).await;
    assert_eq!(back["pair"]["returns"], true);
    assert_eq!(back["pair"]["other"]["run_id"], report["run_id"]);
    assert_eq!(back["pair"]["after"][0]["run_id"], after[0]["run_id"]);
    assert_eq!((&back["source"], &back["destination"]), (&json!("app"), &json!("contoso")));
    let followed = bench.rpc("runs.get", run(&after[0]["run_id"])).await;
    assert_eq!(followed["pair"]["first"]["run_id"], report["run_id"]);

    // A way with nothing to write has no run, and says so.
    bench.change("contoso", "contact", &pairs[2].0, json!({ "firstname": "Only" })).await;
    let one = bench.sync(&definition).await;
    assert!(one["two_way"]["back"].is_null(), "{one}");
    let told = bench.rpc("runs.get", run(&one["run_id"])).await;
    assert!(told["pair"]["other"].is_null());
    assert_eq!(count(&told["pair"], "other_writes"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_of_both_ways_and_so_is_its_signature() {
    let bench = Bench::new(40).await;
    let (database, definition) = synced(&bench, "both").await;
    change_both(&bench, &database, &definition).await;
    let plan = bench.preview(&definition).await;
    let other = plan["two_way"]["other"].clone();
    let signed = async |ending: &str, masked: bool, of: &Value| {
        let path = bench.home.path().join(format!("signed{masked}.{ending}"));
        let ask = json!({ "plan": of, "path": path, "by": "Ada Auditor", "masked": masked });
        (bench.done("plans.sign_off", ask).await, path)
    };
    let (report, path) = signed("html", false, &plan["plan_id"]).await;
    let page = std::fs::read_to_string(path).unwrap();
    for part in ["To app", "Back to contoso", "Zenobia", "Quillfeather", "Hash of both plans", "Ada Auditor"]
    {
        assert!(page.contains(part), "{part} is not in the page");
    }
    for id in [&plan["plan_id"], &other] {
        assert!(page.contains(id.as_str().unwrap()));
    }
    let hash = report["signed"]["hash"].as_str().unwrap().to_owned();
    assert!(page.contains(&format!("--signed {}", &hash[..16])));
    // Either way is the same pair.
    let (again, path) = signed("json", false, &other).await;
    assert_eq!(again["signed"]["hash"], json!(hash));
    let told: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!((&told["plan_id"], &told["back"]["plan_id"]), (&plan["plan_id"], &other));
    assert_eq!((&told["pair_hash"], &told["back"]["pair_hash"]), (&json!(hash), &json!(hash)));
    assert_eq!(told["back"]["summary"]["update"], 1);
    let items = told["back"]["items"].as_array().unwrap();
    assert!(items.iter().any(|item| item["mapped"]["lastname"] == "Quillfeather"), "{items:?}");
    let (_, path) = signed("xlsx", false, &plan["plan_id"]).await;
    use calamine::{Reader, Xlsx, open_workbook};
    let book: Xlsx<_> = open_workbook(path).unwrap();
    let sheets = book.sheet_names();
    assert_eq!(
        sheets,
        ["Summary", "Causes", "Samples", "Summary back", "Causes back", "Samples back", "Definition"]
    );
    // Masked: neither way tells a name.
    for ending in ["html", "json"] {
        let (report, path) = signed(ending, true, &plan["plan_id"]).await;
        let text = std::fs::read_to_string(path).unwrap();
        assert!(!text.contains("Zenobia") && !text.contains("Quillfeather"), "{text}");
        assert!(report["masked_fields"].as_array().unwrap().len() > 3, "{report}");
    }

    // A row that is taken out of the way back voids the signature of both.
    let back = bench.rpc("plans.rows", json!({ "plan": other, "action": "update" })).await;
    let ordinal = back["rows"][0]["ordinal"].clone();
    assert!(ordinal.is_u64(), "{back}");
    bench.rpc("plans.exclude", json!({ "plan": other, "ordinals": [ordinal], "excluded": true })).await;
    let shown = bench.rpc("plans.get", json!({ "plan": plan["plan_id"] })).await;
    assert_eq!(shown["signed"]["changed"], true, "{shown}");
    let ask = json!({ "plan": plan["plan_id"], "signed": hash });
    let started = bench.rpc("runs.start", ask.clone()).await;
    let refused = bench.app.jobs().wait(started["job"].as_str().unwrap()).await.unwrap();
    let refused = refused.error.expect("it is refused");
    assert_eq!(refused.code, ErrorCode::GuardRefused, "{refused:?}");
    assert_eq!(database.ask(r#"SELECT count(*) FROM "Users" WHERE "FirstName" = 'Zenobia'"#), "0");
    bench.rpc("plans.exclude", json!({ "plan": other, "ordinals": [ordinal], "excluded": false })).await;
    signed("html", false, &plan["plan_id"]).await;
    let ran = bench.done("runs.start", ask).await;
    assert_eq!(ran["two_way"]["status"], "succeeded", "{ran}");
    assert_eq!(database.ask(r#"SELECT count(*) FROM "Users" WHERE "FirstName" = 'Zenobia'"#), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn pairs_are_found_and_forgotten() {
    let bench = Bench::new(40).await;
    let (database, definition) = synced(&bench, "both").await;
    let pairs: Vec<(String, String)> = bench.pairs(&definition).await.into_iter().collect();
    let list = async |more: Value| {
        let mut ask = json!({ "json": definition.to_string() });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bench.rpc("links.list", ask).await
    };
    let email = database.held(&pairs[3].1, "Email");
    for text in [pairs[3].0.as_str(), &pairs[3].1, &email.to_uppercase()] {
        let page = list(json!({ "search": text })).await;
        assert_eq!(page["total"], 1, "{text}: {page}");
        assert_eq!(page["rows"][0]["source_id"], json!(pairs[3].0));
        assert_eq!(page["rows"][0]["title"], json!(email));
        assert_eq!(page["rows"][0]["conflicts"], 0);
    }
    assert_eq!(list(json!({ "search": "no such person" })).await["total"], 0);
    assert_eq!(list(json!({ "offset": 2, "limit": 3 })).await["rows"].as_array().unwrap().len(), 3);
    assert_eq!(list(json!({ "state": "gone" })).await["total"], 0);
    // Deleted on one side, kept on the other.
    database.tell(&format!(r#"DELETE FROM "Users" WHERE "Id" = '{}'"#, pairs[0].1));
    bench.sync(&definition).await;
    let page = list(json!({ "state": "gone" })).await;
    assert_eq!((&page["total"], &page["rows"][0]["gone"]), (&json!(1), &json!("destination")));
    assert_eq!(list(json!({ "state": "conflict" })).await["total"], 0);

    // Forgotten, it comes back as what it is: a contact that the other side does not have.
    let id = page["rows"][0]["id"].clone();
    let forget = json!({ "json": definition.to_string(), "ids": [id, "999999"] });
    let told = bench.rpc("links.forget", forget).await;
    assert_eq!((&told["forgotten"], &told["gone"]), (&json!(1), &json!(1)));
    let id = list(json!({ "search": email })).await["rows"][0]["id"].clone();
    bench.rpc("links.forget", json!({ "json": definition.to_string(), "ids": [id] })).await;
    let (due, _, plan) = bench.due(&definition).await;
    assert_eq!(
        due,
        1,
        "one is made again, the other pair is known by its key: {:?}",
        bench.items(&plan).await
    );
    bench.run(&plan).await;
    assert_eq!(bench.pairs(&definition).await.len(), pairs.len());
    assert!(list(json!({ "search": email })).await["total"] == 1);
    let error = bench.app.rpc("links.forget", json!({ "json": definition.to_string(), "ids": ["x"] })).await;
    assert_eq!(error.unwrap_err().code, ErrorCode::Usage);
}
