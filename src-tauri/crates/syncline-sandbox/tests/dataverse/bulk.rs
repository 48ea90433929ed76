//! Which tables have bulk messages, elastic tables, duplicate rules, and plug-ins left out.
use crate::support::{Service, serve, serve_as};
use reqwest::Method;
use serde_json::{Value as Json, json};

const FILTERS: &str =
    "sdkmessagefilters?$filter=sdkmessageid/name eq 'CreateMultiple' and primaryobjecttypecode eq";

async fn offered(s: &Service, table: &str) -> usize {
    let answer = s.get(&format!("{FILTERS} '{table}'").replace(' ', "%20")).await;
    answer["value"].as_array().unwrap().len()
}

async fn post(s: &Service, path: &str, body: &Json, headers: &[(&str, &str)]) -> (u16, Json) {
    let mut request = s.request(Method::POST, path).json(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

fn contact(body: Json) -> Json {
    let mut body = body;
    body["@odata.type"] = json!("Microsoft.Dynamics.CRM.contact");
    body
}

const CREATE: &str = "contacts/Microsoft.Dynamics.CRM.CreateMultiple";

#[tokio::test]
async fn some_tables_have_no_bulk_messages() {
    let s = serve(5).await;
    assert_eq!((offered(&s, "contact").await, offered(&s, "systemuser").await), (1, 0));
    let body = json!({ "Targets": [{ "@odata.type": "Microsoft.Dynamics.CRM.systemuser" }] });
    let (status, refused) = post(&s, "systemusers/Microsoft.Dynamics.CRM.CreateMultiple", &body, &[]).await;
    assert_eq!((status, &refused["error"]["code"]), (405, &json!("0x80040800")));
    s.environment.messages().set_without(["contact".to_owned()]);
    assert_eq!(offered(&s, "contact").await, 0);
    let body = json!({ "Targets": [contact(json!({ "lastname": "A" }))] });
    assert_eq!(post(&s, CREATE, &body, &[]).await.0, 405);
}

#[tokio::test]
async fn an_elastic_table_takes_what_it_can() {
    let s = serve(5).await;
    s.environment.messages().set_elastic(["contact".to_owned()]);
    let id = "00000000-0000-4000-8000-00000000e1a5";
    let targets = [
        contact(json!({ "lastname": "One", "contactid": id })),
        contact(json!({ "lastname": "x".repeat(5000) })),
        contact(json!({ "lastname": "Three" })),
    ];
    let body = json!({ "Targets": targets });
    let prefer = [("prefer", "odata.include-annotations=\"*\"")];
    let (status, answer) = post(&s, CREATE, &body, &prefer).await;
    assert_eq!(status, 400, "{answer}");
    let text = &answer["error"]["@Microsoft.PowerApps.CDS.ErrorDetails.Plugin.BulkApiErrorDetails"];
    let details: Vec<Json> = serde_json::from_str(text.as_str().unwrap()).unwrap();
    let statuses: Vec<&Json> = details.iter().map(|detail| &detail["StatusCode"]).collect();
    assert_eq!(statuses, [&json!(201), &json!(400), &json!(201)]);
    assert_eq!(details[0]["Id"], id);
    assert_eq!(s.get(&format!("contacts({id})")).await["lastname"], "One");
    let (_, bare) =
        post(&s, CREATE, &json!({ "Targets": [contact(json!({ "lastname": "x".repeat(5000) }))] }), &[])
            .await;
    assert_eq!(bare["error"].as_object().unwrap().len(), 2, "details come only when asked for: {bare}");
}

#[tokio::test]
async fn duplicates_are_looked_for_when_asked() {
    let s = serve(5).await;
    let twin = json!({ "lastname": "Twin", "emailaddress1": "twin@contoso.example" });
    let ask = [("mscrm.suppressduplicatedetection", "false")];
    assert_eq!(post(&s, "contacts", &twin, &ask).await.0, 204);
    assert_eq!(post(&s, "contacts", &twin, &ask).await.0, 204, "no rule is published");
    s.environment.set_duplicate_rules(true);
    let (status, refused) = post(&s, "contacts", &twin, &ask).await;
    assert_eq!((status, &refused["error"]["code"]), (412, &json!("0x80040333")));
    assert_eq!(post(&s, "contacts", &twin, &[]).await.0, 204, "off unless asked for");
}

#[tokio::test]
async fn leaving_plugins_out_needs_a_privilege() {
    let person = json!({ "lastname": "Quiet" });
    for (header, value, privilege) in [
        ("mscrm.bypasscustompluginexecution", "true", "prvBypassCustomPlugins"),
        ("mscrm.bypassbusinesslogicexecution", "CustomSync,CustomAsync", "prvBypassCustomBusinessLogic"),
    ] {
        let s = serve(5).await;
        assert_eq!(post(&s, "contacts", &person, &[(header, value)]).await.0, 204);
        let s = serve_as(5, 1, |_| {}).await;
        assert_eq!(post(&s, "contacts", &person, &[]).await.0, 204);
        let (status, refused) = post(&s, "contacts", &person, &[(header, value)]).await;
        assert_eq!((status, &refused["error"]["code"]), (403, &json!("0x80040220")));
        assert!(refused["error"]["message"].as_str().unwrap().contains(privilege));
    }
    let s = serve(5).await;
    assert_eq!(post(&s, "contacts", &person, &[("mscrm.bypassbusinesslogicexecution", "All")]).await.0, 400);
}
