//! Single records by hand through the command list: named by id or alternate key, held to a version, told what the service said.

use serde_json::{Value, json};
use syncline_model::ErrorCode;
use syncline_sandbox::LoggedRequest;

use crate::app_support::Bench;

async fn bench() -> Bench {
    let bench = Bench::new(12).await;
    bench.connect_writable("contoso", "contoso").await;
    bench
}

fn by_id(entity: &str, operation: &str, id: &str) -> Value {
    json!({ "connection": "contoso", "entity": entity, "operation": operation, "id": id })
}

fn by_key(operation: &str, data: Value) -> Value {
    json!({
        "connection": "contoso", "entity": "account", "operation": operation, "data": data,
        "key": { "accountnumber": "HAND O'1" },
    })
}

fn with(mut request: Value, member: &str, value: Value) -> Value {
    request[member] = value;
    request
}

fn last_write(bench: &Bench) -> LoggedRequest {
    bench.writes("contoso").pop().unwrap()
}

async fn read(bench: &Bench, entity: &str, id: &str) -> Value {
    let ask = json!({ "connection": "contoso", "entity": entity, "id": id, "mode": "live" });
    bench.rpc("records.get", ask).await["row"]["raw"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alternate_key_names_a_record() {
    let bench = bench().await;
    let missing = bench.refused("records.write", by_key("update", json!({ "name": "Nobody" }))).await;
    assert_eq!(missing.code, ErrorCode::NotFound, "an update makes no record: {missing:?}");
    let made = bench.rpc("records.write", by_key("upsert", json!({ "name": "First" }))).await;
    let id = made["id"].as_str().unwrap().to_owned();
    assert!(last_write(&bench).path.contains("/accounts(accountnumber="), "{:?}", last_write(&bench));
    assert_eq!(made["record"]["accountnumber"], "HAND O'1");
    let again = bench.rpc("records.write", by_key("upsert", json!({ "name": "Second" }))).await;
    assert_eq!(again["id"], id.as_str(), "no second record");
    let data = json!({ "telephone1": "+90 1" });
    let updated = bench.rpc("records.write", by_key("update", data)).await;
    assert_eq!(updated["id"], id.as_str());
    let record = read(&bench, "account", &id).await;
    assert_eq!((&record["name"], &record["telephone1"]), (&json!("Second"), &json!("+90 1")));

    let both =
        bench.refused("records.write", with(by_key("update", json!({ "name": "X" })), "id", json!(id))).await;
    assert_eq!(both.code, ErrorCode::Usage);
    let neither = with(by_key("update", json!({ "name": "X" })), "key", json!({}));
    assert_eq!(bench.refused("records.write", neither).await.code, ErrorCode::Usage);
    let unknown = with(by_key("update", json!({ "name": "X" })), "key", json!({ "acountnumber": "1" }));
    let unknown = bench.refused("records.write", unknown).await;
    assert!(unknown.message.contains("acountnumber"), "{unknown:?}");

    let gone = bench.rpc("records.write", by_key("delete", Value::Null)).await;
    assert_eq!(gone["record"], Value::Null);
    let ask = json!({ "connection": "contoso", "entity": "account", "id": id, "mode": "live" });
    assert_eq!(bench.refused("records.get", ask).await.code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_and_deletes_are_held_to_a_version() {
    let bench = bench().await;
    let create = json!({
        "connection": "contoso", "entity": "account", "operation": "create", "data": { "name": "Guarded" },
    });
    let made = bench.rpc("records.write", create).await;
    let (id, old) = (made["id"].as_str().unwrap().to_owned(), made["record"]["@odata.etag"].clone());
    bench.change("contoso", "account", &id, json!({ "name": "By somebody else" })).await;
    let update = with(by_id("account", "update", &id), "data", json!({ "name": "Mine" }));
    for request in [update.clone(), by_id("account", "delete", &id)] {
        let error = bench.refused("records.write", with(request, "etag", old.clone())).await;
        let sent = last_write(&bench);
        assert_eq!((sent.status, sent.headers.get("if-match").map(String::as_str)), (412, old.as_str()));
        assert_eq!(error.service_code.as_deref(), Some("0x80060882"), "{error:?}");
        assert!(error.request_id.is_some(), "{error:?}");
        assert!(error.hint.as_deref().is_some_and(|hint| hint.contains("read it again")), "{error:?}");
    }
    let record = read(&bench, "account", &id).await;
    assert_eq!(record["name"], "By somebody else");
    let refused = with(by_id("account", "upsert", &id), "data", json!({ "name": "Mine" }));
    let refused = bench.refused("records.write", with(refused, "etag", old)).await;
    assert_eq!(refused.code, ErrorCode::Usage, "an upsert would leave the version unheeded");
    let now = record["@odata.etag"].clone();
    let updated = bench.rpc("records.write", with(update, "etag", now)).await;
    let now = updated["record"]["@odata.etag"].clone();
    bench.rpc("records.write", with(by_id("account", "delete", &id), "etag", now)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lookups_are_bound_and_the_service_says_what_is_wrong() {
    let bench = bench().await;
    let account = json!({
        "connection": "contoso", "entity": "account", "operation": "create", "data": { "name": "Employer" },
    });
    let account = bench.rpc("records.write", account).await["id"].as_str().unwrap().to_owned();
    let data = json!({
        "lastname": "Ito", "firstname": "Ann", "gendercode": 2, "creditlimit": 12.5, "birthdate": "1980-02-29",
        "parentcustomerid_account@odata.bind": format!("/accounts({account})"),
    });
    let create = json!({ "connection": "contoso", "entity": "contact", "operation": "create", "data": data });
    let made = bench.rpc("records.write", create).await;
    let id = made["id"].as_str().unwrap().to_owned();
    let record = read(&bench, "contact", &id).await;
    assert_eq!(record["_parentcustomerid_value"], account.as_str());
    assert_eq!(record["_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "account");
    assert_eq!((&record["gendercode"], &record["birthdate"]), (&json!(2), &json!("1980-02-29")));

    let wrong = with(by_id("contact", "update", &id), "data", json!({ "nosuch": 1 }));
    let error = bench.refused("records.write", wrong).await;
    assert!(error.message.contains("nosuch") && error.request_id.is_some(), "{error:?}");

    let clear = json!({ "parentcustomerid_account@odata.bind": null });
    bench.rpc("records.write", with(by_id("contact", "update", &id), "data", clear)).await;
    let after = read(&bench, "contact", &id).await;
    assert_eq!(after["_parentcustomerid_value"], Value::Null);
    assert_eq!(after["firstname"], "Ann", "what was not sent stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn switches_are_off_unless_they_are_asked_for() {
    let bench = bench().await;
    let create = json!({
        "connection": "contoso", "entity": "contact", "operation": "create",
        "data": { "lastname": "Twin", "emailaddress1": "twin@contoso.example" },
    });
    let names = [
        ("bypass_plugins", "mscrm.bypasscustompluginexecution"),
        ("bypass_logic", "mscrm.bypassbusinesslogicexecution"),
        ("suppress_flows", "mscrm.suppresscallbackregistrationexpanderjob"),
        ("detect_duplicates", "mscrm.suppressduplicatedetection"),
    ];
    bench.rpc("records.write", create.clone()).await;
    let sent = last_write(&bench).headers;
    assert!(names.iter().all(|(_, header)| !sent.contains_key(*header)), "{sent:?}");
    for (name, header) in names {
        let asked = with(create.clone(), "switches", json!({ name: true }));
        let shown = bench.rpc("records.prepare", asked.clone()).await;
        bench.rpc("records.write", asked).await;
        let sent = last_write(&bench).headers;
        let value = sent.get(header).unwrap_or_else(|| panic!("{name}: {sent:?}"));
        let told = shown["request"]["headers"].as_object().unwrap();
        let told: Vec<_> = told.iter().filter(|(told, _)| told.starts_with("MSCRM.")).collect();
        let [(told, as_told)] = told[..] else { panic!("{name}: {shown}") };
        assert_eq!(
            (told.to_lowercase().as_str(), as_told.as_str()),
            (header, Some(value.as_str())),
            "{name}"
        );
        assert!(shown["curl"].as_str().unwrap().contains(&format!("{told}: {value}")), "{shown}");
    }
    let shown = bench.rpc("records.prepare", create.clone()).await;
    assert!(!shown["curl"].as_str().unwrap().contains("MSCRM"), "{shown}");
    let contoso = bench.sandbox.environment("contoso").unwrap();
    contoso.set_duplicate_rules(true);
    let asked = with(create.clone(), "switches", json!({ "detect_duplicates": true }));
    let error = bench.refused("records.write", asked).await;
    assert_eq!(error.service_code.as_deref(), Some("0x80040333"), "{error:?}");
    contoso.rights().restrict(contoso.users.iter().map(|user| user.user_id).collect());
    let asked = with(create, "switches", json!({ "bypass_plugins": true }));
    let error = bench.refused("records.write", asked).await;
    assert_eq!(error.code, ErrorCode::PrivilegeMissing);
    assert!(error.message.contains("prvBypassCustomPlugins"), "{error:?}");
    assert!(error.hint.as_deref().is_some_and(|hint| hint.starts_with("leave the switch")), "{error:?}");
}

/// A user or a team by the navigation property that the table has for its owner, and days as the column takes them.
#[tokio::test(flavor = "multi_thread")]
async fn owners_and_dates_go_out_as_the_table_takes_them() {
    let bench = bench().await;
    let teams = json!({ "connection": "contoso", "language": "odata", "text": "teams?$select=name&$top=1", "run": "r" });
    let team = bench.rpc("queries.run", teams).await["rows"][0]["teamid"].as_str().unwrap().to_owned();
    for (entity, data) in [
        ("contact", json!({ "lastname": "Owned" })),
        ("task", json!({ "subject": "Owned", "scheduledend": "2026-03-01" })),
    ] {
        let create =
            json!({ "connection": "contoso", "entity": entity, "operation": "create", "changes": data });
        let made = bench.rpc("records.write", create).await;
        let id = made["id"].as_str().unwrap().to_owned();
        let owner = json!({ "ownerid": { "entity": "team", "id": team } });
        bench.rpc("records.write", with(by_id(entity, "update", &id), "changes", owner)).await;
        let record = read(&bench, entity, &id).await;
        assert_eq!(
            (&record["_ownerid_value"], &record["_owningteam_value"]),
            (&json!(team), &json!(team)),
            "{entity}"
        );
        if entity == "task" {
            assert_eq!(record["scheduledend"], "2026-03-01T00:00:00Z");
            let data = json!({ "scheduledend": "2026-03-02 08:30" });
            bench.rpc("records.write", with(by_id(entity, "update", &id), "changes", data)).await;
            assert_eq!(read(&bench, entity, &id).await["scheduledend"], "2026-03-02T08:30:00Z");
            let writes = bench.writes("contoso").len();
            let soon = with(by_id(entity, "update", &id), "changes", json!({ "scheduledend": "soon" }));
            let refused = bench.refused("records.write", soon).await;
            assert!(format!("{refused:?}").contains("2026-01-31"), "{refused:?}");
            assert_eq!(bench.writes("contoso").len(), writes, "nothing leaves");
        }
    }
}
