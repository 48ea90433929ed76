//! Updates by hand that send only what differs, and records read by alternate key, live and out of the cache.

use serde_json::{Value, json};
use syncline_model::ErrorCode;

use crate::app_support::Bench;

async fn bench() -> Bench {
    let bench = Bench::new(12).await;
    bench.connect_writable("contoso", "contoso").await;
    bench
}

async fn made(bench: &Bench, entity: &str, data: Value) -> Value {
    let create = json!({ "connection": "contoso", "entity": entity, "operation": "create", "data": data });
    bench.rpc("records.write", create).await["record"].clone()
}

fn update(entity: &str, id: &Value, data: Value) -> Value {
    json!({
        "connection": "contoso", "entity": entity, "operation": "update", "id": id, "data": data,
        "only_changed": true,
    })
}

fn patches(bench: &Bench) -> usize {
    bench.writes("contoso").iter().filter(|request| request.method == "PATCH").count()
}

/// The body as it would be sent.
async fn body(bench: &Bench, request: &Value) -> Value {
    let prepared = bench.rpc("records.prepare", request.clone()).await;
    match prepared["request"]["body"].as_str() {
        Some(text) => serde_json::from_str(text).unwrap(),
        None => prepared["request"].clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_read_is_sent_back_without_what_is_the_same() {
    let bench = bench().await;
    let account = made(&bench, "account", json!({ "name": "Whole", "revenue": 1500.5 })).await;
    let id = account["accountid"].clone();
    // Annotations, read-only columns and lookups under their reading names: all of it came from the service.
    let whole = update("account", &id, account.clone());
    assert_eq!(body(&bench, &whole).await, Value::Null, "nothing differs");
    let before = patches(&bench);
    let written = bench.rpc("records.write", whole).await;
    assert_eq!((&written["sent"], &written["id"]), (&json!([]), &id));
    assert_eq!(written["record"]["@odata.etag"], account["@odata.etag"]);
    assert_eq!(patches(&bench), before, "nothing was sent");

    let mut edited = account.clone();
    edited["name"] = json!("Edited");
    edited["revenue"] = json!(1500.50);
    edited["accountid"] = json!(id.as_str().unwrap().to_uppercase());
    let edited = update("account", &id, edited);
    let sent = body(&bench, &edited).await;
    assert_eq!(sent, json!({ "name": "Edited" }));
    let written = bench.rpc("records.write", edited).await;
    assert_eq!(written["sent"], json!(["name"]));
    let guard = bench.writes("contoso").pop().unwrap();
    let guard = guard.headers.get("if-match").cloned();
    assert_eq!(guard.as_deref(), account["@odata.etag"].as_str(), "held to the version that was read");
    assert_eq!(written["record"]["name"], "Edited");
}

#[tokio::test(flavor = "multi_thread")]
async fn lookups_choices_and_dates_are_compared_by_what_they_mean() {
    let bench = bench().await;
    let first = made(&bench, "account", json!({ "name": "First" })).await["accountid"].clone();
    let second = made(&bench, "account", json!({ "name": "Second" })).await["accountid"].clone();
    let link = |set: &str, id: &Value| json!(format!("/{set}({})", id.as_str().unwrap()));
    let data = json!({
        "lastname": "Ito", "gendercode": 2, "birthdate": "1980-02-29", "creditlimit": 12.5,
        "parentcustomerid_account@odata.bind": link("accounts", &first),
    });
    let contact = made(&bench, "contact", data.clone()).await["contactid"].clone();
    assert_eq!(body(&bench, &update("contact", &contact, data)).await, Value::Null);
    let changes = json!({
        "lastname": "Ito", "gendercode": 2, "birthdate": "1980-02-29", "creditlimit": "12.50",
        "parentcustomerid": { "entity": "account", "id": first },
    });
    let mut by_columns = update("contact", &contact, Value::Null);
    by_columns.as_object_mut().unwrap().remove("data");
    by_columns["changes"] = changes;
    assert_eq!(body(&bench, &by_columns).await, Value::Null, "the same by columns");
    by_columns["changes"]["parentcustomerid"]["id"] = second.clone();
    let bound = json!({ "parentcustomerid_account@odata.bind": link("accounts", &second) });
    assert_eq!(body(&bench, &by_columns).await, bound);
    let written = bench.rpc("records.write", by_columns.clone()).await;
    assert_eq!(written["sent"], json!(["parentcustomerid"]));
    assert_eq!(written["record"]["_parentcustomerid_value"], second);
    by_columns["changes"] = json!({ "parentcustomerid": null, "gendercode": 2 });
    let written = bench.rpc("records.write", by_columns.clone()).await;
    assert_eq!(written["sent"], json!(["parentcustomerid"]));
    assert_eq!(written["record"]["_parentcustomerid_value"], Value::Null);
    let again = bench.rpc("records.write", by_columns).await;
    assert_eq!(again["sent"], json!([]), "cleared already");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_held_to_a_version_and_only_for_updates() {
    let bench = bench().await;
    let account = made(&bench, "account", json!({ "name": "Guarded" })).await;
    let id = account["accountid"].clone();
    bench.change("contoso", "account", id.as_str().unwrap(), json!({ "name": "By somebody else" })).await;
    let mut stale = update("account", &id, json!({ "name": "Mine" }));
    stale["etag"] = account["@odata.etag"].clone();
    let error = bench.refused("records.write", stale).await;
    assert_eq!(error.service_code.as_deref(), Some("0x80060882"), "{error:?}");
    for operation in ["create", "upsert", "delete"] {
        let mut other = update("account", &id, json!({ "name": "Mine" }));
        other["operation"] = json!(operation);
        for command in ["records.write", "records.prepare"] {
            assert_eq!(bench.refused(command, other.clone()).await.code, ErrorCode::Usage, "{operation}");
        }
    }
    let nobody = update("account", &json!("00000000-0000-4000-8000-0000000000aa"), json!({ "name": "X" }));
    assert_eq!(bench.refused("records.write", nobody).await.code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_keep_every_digit() {
    let bench = bench().await;
    let account = made(&bench, "account", json!({ "name": "Digits" })).await["accountid"].clone();
    let exact = "12345678901234.1234";
    let as_text = json!({
        "connection": "contoso", "entity": "account", "operation": "update", "id": account,
        "data": format!("{{\"revenue\":{exact}}}"),
    });
    let mut as_change = as_text.clone();
    as_change.as_object_mut().unwrap().remove("data");
    as_change["changes"] = json!({ "revenue": exact });
    for mut request in [as_text, as_change] {
        let prepared = bench.rpc("records.prepare", request.clone()).await;
        assert_eq!(prepared["request"]["body"], format!("{{\"revenue\":{exact}}}"));
        request["only_changed"] = json!(true);
        let written = bench.rpc("records.write", request.clone()).await;
        assert_eq!(written["sent"], json!(["revenue"]));
        let cleared = json!({
            "connection": "contoso", "entity": "account", "operation": "update", "id": account,
            "data": { "revenue": null },
        });
        bench.rpc("records.write", cleared).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alternate_key_names_a_record_to_read() {
    let bench = bench().await;
    let account = made(&bench, "account", json!({ "name": "Keyed", "accountnumber": "KEY O'1" })).await;
    let get = |mode: &str, key: Value| json!({ "connection": "contoso", "entity": "account", "key": key, "mode": mode });
    let key = json!({ "accountnumber": "KEY O'1" });
    let live = bench.rpc("records.get", get("live", key.clone())).await;
    assert_eq!(live["row"]["raw"]["name"], "Keyed");
    let id = account["accountid"].as_str().unwrap();
    assert_eq!(live["row"]["id"], id);
    assert!(live["source"].as_str().unwrap().ends_with(&format!("/accounts({id})")), "{live}");
    let missing = bench.refused("records.get", get("live", json!({ "accountnumber": "NONE" }))).await;
    assert_eq!(missing.code, ErrorCode::NotFound);
    assert!(missing.message.contains("accountnumber = \"NONE\""), "{missing:?}");

    bench.done("cache.pull", json!({ "connection": "contoso", "entity": "account" })).await;
    let cached = bench.rpc("records.get", get("cached", key)).await;
    assert_eq!(cached["row"]["raw"]["name"], "Keyed");
    assert!(cached["row"]["pulled_at"].is_string(), "{cached}");
    let missing = bench.refused("records.get", get("cached", json!({ "accountnumber": "NONE" }))).await;
    assert_eq!(missing.code, ErrorCode::NotFound);
    let many = bench.refused("records.get", get("cached", json!({ "statecode": 0 }))).await;
    assert_eq!(many.code, ErrorCode::Usage, "{many:?}");
    for (id, key) in
        [(json!(id), json!({ "accountnumber": "1" })), (Value::Null, json!({})), (Value::Null, Value::Null)]
    {
        let ask =
            json!({ "connection": "contoso", "entity": "account", "id": id, "key": key, "mode": "live" });
        assert_eq!(bench.refused("records.get", ask).await.code, ErrorCode::Usage);
    }
}
