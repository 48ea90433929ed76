//! FetchXML.
use crate::support::{Service, serve};
use reqwest::Method;
use serde_json::Value as Json;
use std::collections::HashSet;

fn url(set: &str, xml: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(xml.as_bytes()).collect();
    format!("{set}?fetchXml={}", encoded.replace('+', "%20"))
}

async fn fetch(s: &Service, set: &str, xml: &str) -> Vec<Json> {
    s.get_with(&url(set, xml), "odata.include-annotations=\"*\"").await["value"]
        .as_array()
        .unwrap_or_else(|| panic!("{xml}"))
        .clone()
}

fn cookie_of(page: &Json) -> String {
    let text = page["@Microsoft.Dynamics.CRM.fetchxmlpagingcookie"].as_str().unwrap();
    let inner = text.split("pagingcookie=\"").nth(1).unwrap().split('"').next().unwrap();
    let decode = |t: &str| percent_encoding::percent_decode_str(t).decode_utf8().unwrap().into_owned();
    decode(&decode(inner))
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[tokio::test]
async fn pages_by_cookie_visit_every_row_once() {
    let s = serve(130).await;
    for order in ["", "<order attribute='lastname'/><order attribute='contactid'/>"] {
        let (mut seen, mut page, mut cookie) = (HashSet::new(), 1, String::new());
        loop {
            let xml = format!(
                "<fetch count='30' page='{page}' paging-cookie=\"{cookie}\"><entity name='contact'><attribute name='fullname'/>{order}</entity></fetch>"
            );
            let answer = s.get_with(&url("contacts", &xml), "odata.include-annotations=\"*\"").await;
            for row in answer["value"].as_array().unwrap() {
                assert!(seen.insert(row["contactid"].as_str().unwrap().to_owned()));
            }
            if answer["@Microsoft.Dynamics.CRM.morerecords"] != true {
                break;
            }
            (page, cookie) = (page + 1, cookie_of(&answer));
        }
        assert_eq!((seen.len(), page), (130, 5));
    }
}

#[tokio::test]
async fn filters_links_and_nulls() {
    let s = serve(300).await;
    let with = async |inner: &str| {
        fetch(
            &s,
            "contacts",
            &format!("<fetch><entity name='contact'><attribute name='contactid'/>{inner}</entity></fetch>"),
        )
        .await
        .len()
    };
    let condition = async |c: &str| with(&format!("<filter><condition {c}</filter>")).await;
    let (null, some) = (
        condition("attribute='gendercode' operator='null'/>").await,
        condition("attribute='gendercode' operator='not-null'/>").await,
    );
    assert_eq!(null + some, 300);
    let ones = condition("attribute='gendercode' operator='eq' value='1'/>").await;
    assert_eq!(
        condition("attribute='gendercode' operator='ne' value='1'/>").await,
        300 - ones,
        "ne includes nulls"
    );
    assert_eq!(
        condition("attribute='gendercode' operator='in'><value>1</value><value>2</value></condition>").await,
        some
    );
    assert!(condition("attribute='lastname' operator='like' value='%smith &amp; sons%'/>").await > 0);
    assert!(
        condition("attribute='new_interests' operator='contain-values'><value>9</value></condition>").await
            > 0
    );
    assert!(condition("attribute='birthdate' operator='between'><value>1950-01-01</value><value>1960-01-01</value></condition>").await > 0);
    assert!(condition("attribute='createdon' operator='olderthan-x-years' value='2'/>").await > 0);
    assert!(condition("attribute='ownerid' operator='eq-userid'/>").await > 0);
    assert_eq!(
        condition("attribute='createdon' operator='ge' valueof='modifiedon'/>").await
            + condition("attribute='createdon' operator='lt' valueof='modifiedon'/>").await,
        300
    );
    let rows =
        fetch(&s, "contacts", "<fetch><entity name='contact'><all-attributes/></entity></fetch>").await;
    assert!(rows.iter().all(|r| r.as_object().unwrap().values().all(|v| !v.is_null())), "nulls are left out");
    let link = "<link-entity name='account' from='accountid' to='parentcustomerid' alias='company' link-type='TYPE'><attribute name='name'/><attribute name='primarycontactid'/></link-entity>";
    let inner = fetch(
        &s,
        "contacts",
        &format!(
            "<fetch><entity name='contact'><attribute name='parentcustomerid'/>{}</entity></fetch>",
            link.replace("TYPE", "inner")
        ),
    )
    .await;
    assert!(
        inner.len() > 100
            && inner.iter().all(|r| r["company.name"]
                == r["_parentcustomerid_value@OData.Community.Display.V1.FormattedValue"])
    );
    assert_eq!(with(&link.replace("TYPE", "outer")).await, 300);
    assert_eq!(
        with(&format!(
            "{}<filter><condition entityname='company' attribute='accountid' operator='null'/></filter>",
            link.replace("TYPE", "outer")
        ))
        .await,
        300 - inner.len()
    );
    let any = "<filter><link-entity name='task' from='regardingobjectid' to='contactid' link-type='any'><filter><condition attribute='prioritycode' operator='ge' value='0'/></filter></link-entity></filter>";
    let none = any.replace("'any'", "'not any'");
    assert_eq!(with(any).await + with(&none).await, 300);
    assert!(with(any).await > 0);
}

#[tokio::test]
async fn marketing_list_members_and_views() {
    let s = serve(200).await;
    let list = s.get("lists?$filter=type eq false&$select=listname&$top=1").await["value"][0]["listid"]
        .as_str()
        .unwrap()
        .to_owned();
    let xml = format!(
        "<fetch><entity name='contact'><attribute name='fullname'/><link-entity name='listmember' from='entityid' to='contactid' intersect='true'><filter><condition attribute='listid' operator='eq' value='{{{list}}}'/></filter></link-entity></entity></fetch>"
    );
    assert_eq!(fetch(&s, "contacts", &xml).await.len(), 40);
    let dynamic = s.get("lists?$filter=type eq true&$select=query&$top=1").await["value"][0]["query"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(!fetch(&s, "contacts", &dynamic).await.is_empty());
    let views = s.get("savedqueries?$select=name,fetchxml,returnedtypecode").await;
    for view in views["value"].as_array().unwrap() {
        let set = match view["returnedtypecode"].as_str().unwrap() {
            "opportunity" => "opportunities".to_owned(),
            other => format!("{other}s"),
        };
        assert!(!fetch(&s, &set, view["fetchxml"].as_str().unwrap()).await.is_empty(), "{}", view["name"]);
    }
    let id = views["value"][0]["savedqueryid"].as_str().unwrap();
    assert!(!s.get(&format!("contacts?savedQuery={id}")).await["value"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn aggregates_distinct_and_totals() {
    let s = serve(250).await;
    let xml = "<fetch aggregate='true'><entity name='contact'><attribute name='contactid' alias='n' aggregate='count'/><attribute name='gendercode' alias='filled' aggregate='countcolumn'/><attribute name='gendercode' alias='g' groupby='true'/><order alias='g'/></entity></fetch>";
    let rows = fetch(&s, "contacts", xml).await;
    assert_eq!((rows.len(), rows.iter().map(|r| r["n"].as_i64().unwrap()).sum::<i64>()), (3, 250));
    assert!(rows[0].get("g").is_none() && rows[0]["filled"] == 0);
    let years = fetch(&s, "contacts", "<fetch aggregate='true'><entity name='contact'><attribute name='creditlimit' alias='total' aggregate='sum'/><attribute name='createdon' alias='y' groupby='true' dategrouping='year'/></entity></fetch>").await;
    assert!(years.iter().all(|r| (2015..=2026).contains(&r["y"].as_i64().unwrap())));
    let distinct = fetch(
        &s,
        "contacts",
        "<fetch distinct='true'><entity name='contact'><attribute name='statecode'/></entity></fetch>",
    )
    .await;
    assert_eq!(distinct.len(), 2);
    let all = s.get_with(&url("contacts", "<fetch count='5' returntotalrecordcount='true'><entity name='contact'><attribute name='fullname'/></entity></fetch>"), "odata.include-annotations=\"*\"").await;
    assert_eq!(all["@Microsoft.Dynamics.CRM.totalrecordcount"], 250);
}

#[tokio::test]
async fn errors_have_the_codes_of_the_service() {
    let s = serve(10).await;
    let code = async |xml: &str| s.error(Method::GET, &url("contacts", xml), None).await.1;
    assert_eq!(code("<fetch><entity name='contact'>").await, "0x80040201");
    assert_eq!(code("<fetch><entity name='nothing'/></fetch>").await, "0x80041102");
    assert_eq!(
        code("<fetch><entity name='contact'><attribute name='nope'/></entity></fetch>").await,
        "0x80041103"
    );
    assert_eq!(code("<fetch top='5' page='2'><entity name='contact'/></fetch>").await, "0x80040303");
    assert_eq!(code("<fetch page='20' count='5000'><entity name='contact'/></fetch>").await, "0x8004430a");
    assert_eq!(
        code("<fetch page='2' paging-cookie='junk'><entity name='contact'/></fetch>").await,
        "0x8004112a"
    );
    let links: String = (0..16)
        .map(|n| format!("<link-entity name='account' from='accountid' to='parentcustomerid' alias='a{n}'/>"))
        .collect();
    assert_eq!(code(&format!("<fetch><entity name='contact'>{links}</entity></fetch>")).await, "0x8004430d");
}

#[tokio::test]
async fn a_page_has_five_thousand_rows_at_most_whatever_is_asked() {
    let s = serve(5100).await;
    let xml = "<fetch count='9000'><entity name='contact'><attribute name='contactid'/></entity></fetch>";
    let page = s.get_with(&url("contacts", xml), "odata.include-annotations=*").await;
    assert_eq!(page["value"].as_array().unwrap().len(), 5000);
    assert_eq!(page["@Microsoft.Dynamics.CRM.morerecords"], true);
}
