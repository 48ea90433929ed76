//! Creating, changing, deleting, linking, bulk messages, change tracking.
use crate::support::{Service, serve};
use reqwest::Method;
use serde_json::{Value as Json, json};

const ID: &str = "11111111-2222-4333-8444-555555555555";

async fn send(
    s: &Service,
    method: Method,
    path: &str,
    body: Json,
    headers: &[(&str, &str)],
) -> (u16, reqwest::header::HeaderMap, Json) {
    let mut request = s.request(method, path);
    if !body.is_null() {
        request = request.json(&body);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn create_update_upsert_delete() {
    let s = serve(40).await;
    let (status, headers, _) = send(
        &s,
        Method::POST,
        "accounts",
        json!({ "name": "Zoë & Co", "accountnumber": "Z-1", "revenue": 12.5 }),
        &[],
    )
    .await;
    assert_eq!(status, 204);
    let address = headers["odata-entityid"].to_str().unwrap().to_owned();
    let row = s.get(&address).await;
    assert_eq!((row["name"].as_str(), row["statecode"].as_i64()), (Some("Zoë & Co"), Some(0)));
    let text = s.request(Method::GET, &address).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("\"revenue\":12.5000") && text.contains("\"revenue_base\":"), "{text}");
    let (status, headers, body) = send(&s, Method::POST, "contacts", json!({ "firstname": "A", "lastname": "B", "parentcustomerid_account@odata.bind": "/accounts(accountnumber='Z-1')" }), &[("prefer", "return=representation")]).await;
    assert_eq!((status, body["fullname"].as_str()), (201, Some("A B")));
    assert!(!headers.contains_key("odata-entityid"));
    let contact = format!("contacts({})", body["contactid"].as_str().unwrap());
    let etag = body["@odata.etag"].as_str().unwrap().to_owned();
    assert_eq!(
        send(&s, Method::PATCH, &contact, json!({ "jobtitle": "CEO" }), &[("if-match", &etag)]).await.0,
        204
    );
    let (status, _, body) =
        send(&s, Method::PATCH, &contact, json!({ "jobtitle": "CFO" }), &[("if-match", &etag)]).await;
    assert_eq!((status, body["error"]["code"].as_str()), (412, Some("0x80060882")));
    assert_eq!(
        send(&s, Method::PUT, &format!("{contact}/jobtitle"), json!({ "value": "X" }), &[]).await.0,
        204
    );
    assert_eq!(s.get(&contact).await["jobtitle"], "X");
    assert_eq!(send(&s, Method::DELETE, &format!("{contact}/jobtitle"), Json::Null, &[]).await.0, 204);
    assert_eq!(s.get(&contact).await["jobtitle"], Json::Null);
    assert_eq!(
        send(&s, Method::PATCH, &format!("contacts({ID})"), json!({ "lastname": "N" }), &[("if-match", "*")])
            .await
            .0,
        404
    );
    assert_eq!(
        send(
            &s,
            Method::PATCH,
            &format!("contacts({ID})"),
            json!({ "lastname": "N" }),
            &[("prefer", "return=representation")]
        )
        .await
        .0,
        201
    );
    assert_eq!(
        send(
            &s,
            Method::PATCH,
            &format!("contacts({ID})"),
            json!({ "lastname": "M" }),
            &[("if-none-match", "*")]
        )
        .await
        .0,
        412
    );
    assert_eq!(send(&s, Method::DELETE, &format!("contacts({ID})"), Json::Null, &[]).await.0, 204);
    assert_eq!(s.error(Method::GET, &format!("contacts({ID})"), None).await, (404, "0x80040217".into()));
    let (status, headers, _) = send(&s, Method::PATCH, "new_projects(new_projectcode='Q-9')", json!({ "new_name": "Q", "new_tags": "100000001,100000000", "new_Customer@odata.bind": "/accounts(accountnumber='Z-1')" }), &[]).await;
    assert_eq!(status, 204);
    assert!(headers["odata-entityid"].to_str().unwrap().ends_with("new_projects(new_projectcode='Q-9')"));
    let project =
        s.get("new_projects(new_projectcode='q-9')?$select=new_name,new_tags,_new_customer_value").await;
    assert_eq!(project["new_tags"], "100000000,100000001");
    assert_eq!(
        s.error(Method::GET, "accounts(accountnumber='none')", None).await,
        (404, "0x80060891".into())
    );
    assert_eq!(s.error(Method::GET, "accounts(name='x')", None).await, (400, "0x80060890".into()));
}

#[tokio::test]
async fn validation_has_the_codes_of_the_service() {
    let s = serve(20).await;
    let code = async |set: &str, body: Json| s.error(Method::POST, set, Some(body)).await;
    assert_eq!(code("contacts", json!({ "firstname": "x".repeat(51) })).await, (400, "0x80044331".into()));
    assert_eq!(code("contacts", json!({ "numberofchildren": -1 })).await.1, "0x8004432f");
    assert_eq!(code("contacts", json!({ "new_churnscore": 2 })).await.1, "0x80044330");
    assert_eq!(code("contacts", json!({ "gendercode": 7 })).await.1, "0x8004431a");
    assert_eq!(code("contacts", json!({ "nope": 7 })).await.1, "0x80048d19");
    assert_eq!(code("contacts", json!({ "creditonhold": 1 })).await.1, "0x80048d19");
    assert_eq!(code("contacts", json!({ "birthdate": "2026-01-02T00:00:00Z" })).await.1, "0x80048d19");
    assert_eq!(code("contacts", json!({ "_parentcustomerid_value": ID })).await.1, "0x80060888");
    assert_eq!(
        code("contacts", json!({ "parentcustomerid@odata.bind": "/accounts(x)" })).await.1,
        "0x80048d19"
    );
    assert_eq!(code("contacts", json!({ "createdon": "2026-01-02T00:00:00Z" })).await.1, "0x80040203");
    assert_eq!(code("systemusers", json!({ "firstname": "N" })).await.1, "0x80040200");
    assert_eq!(
        code("accounts", json!({ "name": "d", "accountnumber": "A-000001" })).await,
        (412, "0x80060892".into())
    );
    let id =
        s.get("contacts?$top=1&$select=fullname").await["value"][0]["contactid"].as_str().unwrap().to_owned();
    assert_eq!(
        code("contacts", json!({ "contactid": id, "lastname": "dup" })).await,
        (412, "0x80040237".into())
    );
    let patch = async |body: Json| s.error(Method::PATCH, &format!("contacts({id})"), Some(body)).await;
    assert_eq!(patch(json!({ "statecode": 0, "statuscode": 2 })).await.1, "0x80048408");
    assert_eq!(patch(json!({ "statuscode": 2 })).await.0, 204);
    assert_eq!(s.get(&format!("contacts({id})")).await["statecode"], 1);
    let me = s.environment.users[0].user_id;
    assert_eq!(s.error(Method::DELETE, &format!("systemusers({me})"), None).await.0, 400);
}

#[tokio::test]
async fn roles_are_linked_and_lost_when_a_user_moves() {
    let s = serve(20).await;
    let user = s.environment.users[1].user_id;
    let role = s.get("roles?$filter=name eq 'Salesperson'&$top=1").await["value"][0]["roleid"]
        .as_str()
        .unwrap()
        .to_owned();
    let nav = format!("systemusers({user})/systemuserroles_association");
    let body = json!({ "@odata.id": format!("{}/roles({role})", s.root) });
    assert_eq!(send(&s, Method::POST, &format!("{nav}/$ref"), body.clone(), &[]).await.0, 204);
    assert_eq!(s.get(&nav).await["value"].as_array().unwrap().len(), 2);
    assert_eq!(send(&s, Method::POST, &format!("{nav}/$ref"), body, &[]).await.0, 412);
    assert_eq!(send(&s, Method::DELETE, &format!("{nav}({role})/$ref"), Json::Null, &[]).await.0, 204);
    assert_eq!(s.get(&nav).await["value"].as_array().unwrap().len(), 1);
    let unit = s.get("businessunits?$filter=name eq 'Marketing'").await["value"][0]["businessunitid"]
        .as_str()
        .unwrap()
        .to_owned();
    let body = json!({ "businessunitid@odata.bind": format!("/businessunits({unit})") });
    assert_eq!(
        send(&s, Method::PATCH, &format!("systemusers({user})"), body, &[("if-match", "*")]).await.0,
        204
    );
    assert_eq!(s.get(&nav).await["value"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn bulk_messages_are_all_or_nothing() {
    let s = serve(20).await;
    let of = |body: Json| {
        let mut b = body;
        b["@odata.type"] = json!("Microsoft.Dynamics.CRM.account");
        b
    };
    let path = "accounts/Microsoft.Dynamics.CRM.CreateMultiple";
    let (status, _, body) = send(
        &s,
        Method::POST,
        path,
        json!({ "Targets": [of(json!({ "name": "1" })), of(json!({ "name": "2" }))] }),
        &[],
    )
    .await;
    assert_eq!((status, body["Ids"].as_array().unwrap().len()), (200, 2));
    let before = s.get("accounts?$count=true&$top=1").await["@odata.count"].clone();
    let broken = json!({ "Targets": [of(json!({ "name": "3" })), of(json!({ "name": "x".repeat(200) }))] });
    assert_eq!(send(&s, Method::POST, path, broken, &[]).await.0, 400);
    assert_eq!(s.get("accounts?$count=true&$top=1").await["@odata.count"], before);
    assert_eq!(send(&s, Method::POST, path, json!({ "Targets": [{ "name": "untyped" }] }), &[]).await.0, 400);
    let upsert = json!({ "Targets": [of(json!({ "@odata.id": "accounts(accountnumber='A-000001')", "name": "changed" })), of(json!({ "@odata.id": "accounts(accountnumber='NEW-1')", "name": "new" }))] });
    assert_eq!(
        send(&s, Method::POST, "accounts/Microsoft.Dynamics.CRM.UpsertMultiple", upsert, &[]).await.0,
        204
    );
    assert_eq!(s.get("accounts(accountnumber='A-000001')").await["name"], "changed");
    assert_eq!(s.get("accounts(accountnumber='NEW-1')").await["name"], "new");
    let missing = json!({ "Targets": [of(json!({ "accountid": ID, "name": "no" }))] });
    assert_eq!(
        send(&s, Method::POST, "accounts/Microsoft.Dynamics.CRM.UpdateMultiple", missing, &[]).await.0,
        404
    );
}

#[tokio::test]
async fn change_tracking() {
    let s = serve(60).await;
    let mut page = s.get_with("contacts?$select=lastname", "odata.track-changes,odata.maxpagesize=25").await;
    while let Some(next) = page["@odata.nextLink"].as_str() {
        page = s.get_with(next, "odata.maxpagesize=25").await;
    }
    let link = page["@odata.deltaLink"].as_str().unwrap().to_owned();
    assert!(s.get(&link).await["value"].as_array().unwrap().is_empty());
    let ids: Vec<String> = s.get("contacts?$top=2&$select=lastname").await["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["contactid"].as_str().unwrap().to_owned())
        .collect();
    send(&s, Method::PATCH, &format!("contacts({})", ids[0]), json!({ "lastname": "Changed" }), &[]).await;
    send(&s, Method::DELETE, &format!("contacts({})", ids[1]), Json::Null, &[]).await;
    let delta = s.get(&link).await;
    let rows = delta["value"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(
        (rows[0]["lastname"].as_str(), rows[1]["reason"].as_str(), rows[1]["id"].as_str()),
        (Some("Changed"), Some("deleted"), Some(ids[1].as_str()))
    );
    assert!(s.get(delta["@odata.deltaLink"].as_str().unwrap()).await["value"].as_array().unwrap().is_empty());
    s.environment.expire_delta_tokens();
    assert_eq!(s.error(Method::GET, &link, None).await, (400, "0x80044352".into()));
    let refused = s.get_with("contacts?$filter=statecode eq 0", "odata.track-changes").await;
    assert!(refused["error"]["code"].is_string());
    assert_eq!(s.get_with("savedqueries", "odata.track-changes").await["error"]["code"], "0x80072491");
}

#[tokio::test]
async fn a_sparse_environment_is_a_destination() {
    let s =
        crate::support::serve_as(5000, 2, |c| c.profile = syncline_sandbox::dataverse::Profile::Sparse).await;
    assert_eq!(s.get("contacts?$select=fullname").await["value"].as_array().unwrap().len(), 3);
    assert!(s.get("leads").await["value"].as_array().unwrap().is_empty());
    let of = |n: usize| json!({ "@odata.type": "Microsoft.Dynamics.CRM.account", "@odata.id": format!("accounts(accountnumber='D-{n}')"), "name": format!("Row {n}") });
    for round in 0..2 {
        let body = json!({ "Targets": (0..300).map(of).collect::<Vec<_>>() });
        assert_eq!(
            send(&s, Method::POST, "accounts/Microsoft.Dynamics.CRM.UpsertMultiple", body, &[]).await.0,
            204,
            "round {round}"
        );
    }
    assert_eq!(s.get("accounts?$count=true&$top=1").await["@odata.count"], 303);
    // A join over a column without an index finds written rows too.
    let xml = "<fetch><entity name='account'><attribute name='name'/><filter><condition attribute='name' operator='eq' value='row 7'/></filter><link-entity name='account' from='name' to='name' alias='twin'/></entity></fetch>";
    let encoded: String = url::form_urlencoded::byte_serialize(xml.as_bytes()).collect();
    assert_eq!(s.get(&format!("accounts?fetchXml={encoded}")).await["value"].as_array().unwrap().len(), 1);
    assert_eq!(s.error(Method::GET, "accounts(accountnumber='A%2FB')", None).await.0, 400);
}

#[tokio::test]
async fn money_keeps_every_digit() {
    let s = serve(5).await;
    for (amount, shown) in [
        ("922337203685476.5807", "922337203685476.5807"),
        ("-12345678901234.5678", "-12345678901234.5678"),
        ("0.1", "0.1000"),
    ] {
        let body = format!("{{\"name\":\"Exact \\\"1.2345678901234567\\\"\",\"revenue\":{amount}}}");
        let request =
            s.request(Method::POST, "accounts").header("content-type", "application/json").body(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 204, "{amount}");
        let address = answer.headers()["odata-entityid"].to_str().unwrap().to_owned();
        let text = s.request(Method::GET, &address).send().await.unwrap().text().await.unwrap();
        assert!(text.contains(&format!("\"revenue\":{shown},")), "{amount}: {text}");
        assert!(text.contains(r#"Exact \"1.2345678901234567\""#), "{text}");
    }
}
