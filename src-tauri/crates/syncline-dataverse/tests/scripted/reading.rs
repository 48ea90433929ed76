//! Schema, pages, counts, single records.

use syncline_connect::{Count, Selection, Source};
use syncline_http::FaultKind;
use syncline_model::{ColumnType, ErrorCode, RecordId, RequiredLevel, Value};
use tokio_util::sync::CancellationToken;

use crate::fake::Answer::{Batch, Fault, Json, Status};
use crate::fake::Fake;

const ID: &str = "5b1c0f3e-0000-4abc-8def-001122334455";

fn contacts(columns: &[&str]) -> Selection {
    Selection {
        entity: Some("contact".into()),
        columns: columns.iter().map(|name| (*name).into()).collect(),
        page_size: 2,
        ..Selection::default()
    }
}

fn none() -> CancellationToken {
    CancellationToken::new()
}

#[tokio::test]
async fn a_schema_is_put_together_from_its_casts() {
    let (_, connector) = Fake::connector([]);
    let entities = Source::entities(&connector, &none()).await.unwrap();
    let names: Vec<_> =
        entities.iter().map(|entity| (entity.logical_name.as_str(), entity.display_name.as_str())).collect();
    assert_eq!(names, [("account", "Account"), ("contact", "Kontakt"), ("list", "list")]);
    let schema = Source::schema(&connector, &"contact".into(), &none()).await.unwrap();
    assert!(schema.column("gendercodename").is_none(), "companions are hidden");
    let gender = schema.column("gendercode").unwrap();
    assert_eq!(
        (gender.column_type, gender.label(1), gender.options.len()),
        (ColumnType::Picklist, Some("Male"), 2)
    );
    let phone = schema.column("donotphone").unwrap();
    assert_eq!((phone.label(0), phone.label(1)), (Some("Allow"), Some("Do not")));
    let email = schema.column("emailaddress1").unwrap();
    assert_eq!((email.max_length, email.required), (Some(20), RequiredLevel::Application));
    assert_eq!(schema.column("parentcustomerid").unwrap().targets.len(), 2);
    assert_eq!(schema.column("statuscode").unwrap().options[1].state, Some(1));
    assert_eq!(schema.keys.iter().filter(|key| key.active).count(), 1);
    let error = Source::schema(&connector, &"nothing".into(), &none()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
}

#[tokio::test]
async fn pages_follow_the_link_and_stop_at_the_top() {
    let (fake, connector) = Fake::connector([
        Json(
            r#"{"value":[{"@odata.etag":"W/\"1\"","contactid":"5B1C0F3E-0000-4ABC-8DEF-001122334455","creditlimit":20000.0000}],
                 "@odata.nextLink":"https://contoso.api.crm4.dynamics.com/api/data/v9.2/contacts?$skiptoken=%3Ccookie%20pagenumber=%222%22"}"#,
        ),
        Json(
            r#"{"value":[{"contactid":"2"},{"contactid":"3"}],"@odata.nextLink":"https://contoso.crm4.dynamics.com/x"}"#,
        ),
    ]);
    let selection = Selection { top: Some(2), ..contacts(&["creditlimit", "parentcustomerid"]) };
    let first = connector.page(&selection, None, &none()).await.unwrap();
    assert_eq!(first.records[0].id.as_str(), ID, "ids are lower case");
    assert!(first.records[0].raw.get().contains("20000.0000"));
    let second = connector.page(&selection, first.next.as_ref(), &none()).await.unwrap();
    assert_eq!(second.records.len(), 1, "top is 2");
    assert!(second.next.is_none());
    let asked = fake.asked();
    assert!(
        asked[0].ends_with("/api/data/v9.2/contacts?$select=contactid,creditlimit,_parentcustomerid_value")
    );
    assert!(
        asked[1].starts_with("https://contoso.api.crm4.dynamics.com/")
            && asked[1].contains("%3Ccookie%20pagenumber=%222%22")
    );
    let seen = fake.seen.lock().unwrap();
    let prefer = seen.last().unwrap().headers["prefer"].to_str().unwrap().to_owned();
    assert!(prefer.starts_with("odata.maxpagesize=1,odata.include-annotations=\""), "{prefer}");
}

#[tokio::test]
async fn a_link_to_a_foreign_host_is_refused() {
    for link in [
        "https://evil.example/api/data/v9.2/contacts",
        "http://contoso.crm4.dynamics.com/x",
        "https://contoso.crm4.dynamics.com.evil.example/x",
        "https://contoso.crm4.dynamics.com:8443/x",
        "https://a:b@contoso.crm4.dynamics.com/x",
        "https://fabrikam.api.crm4.dynamics.com/x",
        "//evil.example/api/data/v9.2/contacts",
        "http:contacts",
        "data:text/plain,x",
    ] {
        let body = format!(r#"{{"value":[],"@odata.nextLink":"{link}"}}"#);
        let (fake, connector) = Fake::connector([Json(Box::leak(body.into_boxed_str()))]);
        let error = connector.page(&contacts(&[]), None, &none()).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::UnexpectedReply, "{link}");
        assert!(error.message.contains("foreign host: "), "{}", error.message);
        assert!(!link.contains("evil") || error.message.contains("evil.example"), "{}", error.message);
        assert_eq!(fake.asked().len(), 1);
    }
}

#[tokio::test]
async fn a_relative_link_is_completed_and_a_circle_ends() {
    let ends = r#"{"value":[{"contactid":"2"}]}"#;
    let first = r#"{"value":[{"contactid":"1"}],"@odata.nextLink":"contacts?$skiptoken=2"}"#;
    let (fake, connector) = Fake::connector([Json(first), Json(ends)]);
    let page = connector.page(&contacts(&[]), None, &none()).await.unwrap();
    let page = connector.page(&contacts(&[]), page.next.as_ref(), &none()).await.unwrap();
    assert!(page.next.is_none());
    assert_eq!(fake.asked()[1], "https://contoso.crm4.dynamics.com/api/data/v9.2/contacts?$skiptoken=2");

    let link = |n: u32| {
        let body = format!(r#"{{"value":[],"@odata.nextLink":"contacts?$skiptoken={n}"}}"#);
        Json(Box::leak(body.into_boxed_str()))
    };
    let (fake, connector) = Fake::connector((0..60).map(|n| link(n % 7)));
    let mut cursor = None;
    let error = loop {
        match connector.page(&contacts(&[]), cursor.as_ref(), &none()).await {
            Ok(page) => cursor = page.next,
            Err(error) => break error,
        }
        assert!(cursor.is_some(), "each page names a next one");
    };
    assert!(error.message.contains("in a circle"), "{error:?}");
    assert!(fake.asked().len() <= 21, "seven pages in a circle were asked {} times", fake.asked().len());
}

#[tokio::test]
async fn fetchxml_pages_carry_the_cookie_and_fill_nulls() {
    let (fake, connector) = Fake::connector([
        Json(
            r#"{"@Microsoft.Dynamics.CRM.morerecords":true,
          "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie":"<cookie pagenumber=\"2\" pagingcookie=\"%253ccookie%2520page%253d%25221%2522%252f%253e\" istracking=\"False\" />",
          "value":[{"contactid":"1","fullname":"Ann"},{"contactid":"2"}]}"#,
        ),
        Json(r#"{"@Microsoft.Dynamics.CRM.morerecords":false,"value":[{"contactid":"3","fullname":"Bo"}]}"#),
    ]);
    let selection = Selection {
        filter: Some(r#"<condition attribute="fullname" operator="like" value="A&amp;%"/>"#.to_owned()),
        ..contacts(&["fullname", "parentcustomerid"])
    };
    let first = connector.page(&selection, None, &none()).await.unwrap();
    let fields = first.records[1].fields().unwrap();
    assert_eq!(fields.value("fullname"), Some(Value::Null));
    assert_eq!(fields.value("parentcustomerid"), Some(Value::Null));
    assert_eq!(fields.value("gendercode"), None, "not pulled");
    let second = connector.page(&selection, first.next.as_ref(), &none()).await.unwrap();
    assert!(second.next.is_none());
    let decode = |url: &str| percent_encoding::percent_decode_str(url).decode_utf8().unwrap().into_owned();
    let asked: Vec<String> = fake.asked().iter().map(|url| decode(url)).collect();
    assert!(
        asked[0].contains(r#"value="A&amp;%""#) && asked[0].contains(r#"<order attribute="contactid""#),
        "{}",
        asked[0]
    );
    assert!(asked[1].contains(r#"page="2""#), "{}", asked[1]);
    assert!(
        asked[1].contains("&lt;cookie page=&quot;1&quot;/&gt;")
            || asked[1].contains("&lt;cookie page=&quot;1&quot;/>"),
        "{}",
        asked[1]
    );
}

#[tokio::test]
async fn members_of_lists() {
    let list = r#"{"listid":"5b1c0f3e-0000-4abc-8def-001122334455","listname":"News","type":false,"createdfromcode":2,"query":null}"#;
    let (fake, connector) = Fake::connector([Json(list), Json(r#"{"value":[]}"#), Json(list)]);
    let selection = Selection { list: Some(ID.to_owned()), ..contacts(&["fullname"]) };
    connector.page(&selection, None, &none()).await.unwrap();
    assert!(fake.asked()[1].contains("listmember"));
    let accounts = Selection { entity: Some("account".into()), ..selection };
    let error = connector.page(&accounts, None, &none()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::QueryInvalid, "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn answers_that_can_not_be_read() {
    let (fake, connector) = Fake::connector([
        Json(r#"{"value":[{"contactid":"1"},"#),
        Fault(FaultKind::BodyBroken),
        Status(503, "<html>busy</html>"),
        Json(r#"{"value":[{"contactid":"1"}]}"#),
    ]);
    assert_eq!(connector.page(&contacts(&[]), None, &none()).await.unwrap().records.len(), 1);
    assert_eq!(fake.asked().len(), 4);
    for (body, words) in [
        ("<html>Sign in</html>", "web page"),
        ("", "empty"),
        (r#"{"value":[{"#, "broke off"),
        (r#"{"x":1}"#, "JSON"),
    ] {
        let (_, connector) = Fake::connector([Json(body), Json(body), Json(body)]);
        let error = connector.page(&contacts(&[]), None, &none()).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::UnexpectedReply);
        assert!(error.message.contains(words), "{error:?}");
    }
    let (_, connector) = Fake::connector([Json(r#"{"value":[{"fullname":"no id"}]}"#)]);
    let error = connector.page(&contacts(&[]), None, &none()).await.unwrap_err();
    assert!(error.message.contains("contactid"), "{error:?}");
}

#[tokio::test]
async fn refusals_are_explained() {
    let (_, connector) = Fake::connector([Status(
        403,
        r#"{"error":{"code":"0x80040220","message":"Principal user is missing prvReadContact privilege on OTC=2."}}"#,
    )]);
    let error = connector.page(&contacts(&[]), None, &none()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::PrivilegeMissing);
    assert!(error.hint.unwrap().contains("prvReadContact"));
    let (fake, connector) = Fake::connector([]);
    let error = connector.page(&contacts(&["nocolumn"]), None, &none()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::QueryInvalid);
    let filter = Some("<filter><condition attribute='x' operator='nope'/></filter>".to_owned());
    let error = connector.page(&Selection { filter, ..contacts(&[]) }, None, &none()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::QueryInvalid);
    assert!(fake.asked().is_empty());
    let cursor = syncline_connect::Cursor("garbage".to_owned());
    let error = connector.page(&contacts(&[]), Some(&cursor), &none()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::UnexpectedReply);
}

#[tokio::test]
async fn counts_know_their_caps() {
    let check = async |answers: Vec<crate::fake::Answer>, filter: bool, expected: Count| {
        let (_, connector) = Fake::connector(answers);
        let filter = filter.then(|| r#"<condition attribute="fullname" operator="not-null"/>"#.to_owned());
        let count = connector.count(&Selection { filter, ..contacts(&[]) }, &none()).await.unwrap();
        assert_eq!(count, expected);
    };
    let refused =
        || Status(400, r#"{"error":{"code":"0x8004e023","message":"AggregateQueryRecordLimit exceeded."}}"#);
    check(vec![Json("\u{feff}17")], false, Count { value: 17, exact: true }).await;
    check(
        vec![Json("5000"), Json(r#"{"value":[{"total":43210}]}"#)],
        false,
        Count { value: 43210, exact: true },
    )
    .await;
    check(
        vec![
            Json("5000"),
            refused(),
            Json(r#"{"EntityRecordCountCollection":{"Count":1,"Keys":["contact"],"Values":[200000]}}"#),
        ],
        false,
        Count { value: 200_000, exact: false },
    )
    .await;
    check(vec![Json(r#"{"value":[{"total":9}]}"#)], true, Count { value: 9, exact: true }).await;
    check(vec![refused()], true, Count { value: 50_000, exact: false }).await;
}

#[tokio::test]
async fn records_by_id_come_in_the_order_asked() {
    let other = "00000000-0000-4abc-8def-001122334455";
    let (fake, connector) =
        Fake::connector([Json(r#"{"value":[{"contactid":"5b1c0f3e-0000-4abc-8def-001122334455"}]}"#)]);
    let ids = [RecordId::new(other), RecordId::new(ID.to_uppercase())];
    let found = connector.get(&"contact".into(), &ids, &["fullname".into()], &none()).await.unwrap();
    assert!(found[0].is_none());
    assert_eq!(found[1].as_ref().unwrap().id.as_str(), ID);
    assert!(fake.asked()[0].contains("Microsoft.Dynamics.CRM.In("), "{}", fake.asked()[0]);
    let error =
        connector.get(&"contact".into(), &[RecordId::new("x' or 1")], &[], &none()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Usage);
}

#[tokio::test]
async fn a_long_query_goes_in_a_batch() {
    let (fake, connector) =
        Fake::connector([Batch(vec![(200, r#"{"value":[{"contactid":"1"}]}"#.to_owned())], true)]);
    let values: String = (0..900).map(|n| format!("<value>value-number-{n}</value>")).collect();
    let filter = Some(format!(r#"<condition attribute="fullname" operator="in">{values}</condition>"#));
    let page = connector.page(&Selection { filter, ..contacts(&["fullname"]) }, None, &none()).await.unwrap();
    assert_eq!(page.records.len(), 1);
    assert!(fake.asked()[0].ends_with("/$batch"));
    assert!(fake.body(0).contains("GET /api/data/v9.2/contacts?fetchXml="));

    let values: String = (0..3000).map(|n| format!("<value>value-number-{n}</value>")).collect();
    let filter = Some(format!(r#"<condition attribute="fullname" operator="in">{values}</condition>"#));
    let (fake, connector) = Fake::connector([]);
    let error =
        connector.page(&Selection { filter, ..contacts(&["fullname"]) }, None, &none()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::QueryInvalid);
    assert!(error.message.contains("too long") && error.hint.is_some(), "{error:?}");
    assert!(fake.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_long_query_that_is_turned_away_inside_the_batch_is_sent_again() {
    let values: String = (0..900).map(|n| format!("<value>value-number-{n}</value>")).collect();
    let filter = Some(format!(r#"<condition attribute="fullname" operator="in">{values}</condition>"#));
    let rows = || Batch(vec![(200, r#"{"value":[{"contactid":"1"}]}"#.to_owned())], true);
    let (fake, connector) = Fake::connector([
        Batch(vec![(429, r#"{"error":{"code":"0x80072322","message":"wait"}}"#.to_owned())], true),
        Batch(vec![(503, String::new())], true),
        Batch(vec![(200, r#"{"value":["#.to_owned())], false),
        rows(),
    ]);
    let selection = Selection { filter, ..contacts(&["fullname"]) };
    let page = connector.page(&selection, None, &none()).await.unwrap();
    assert_eq!((page.records.len(), fake.asked().len()), (1, 4));
    assert_eq!(connector.budget().pauses, 1);
}

#[tokio::test]
async fn identity_without_the_right_to_read_users() {
    let who = r#"{"UserId":"AA000000-0000-0000-0000-000000000001","OrganizationId":"BB000000-0000-0000-0000-000000000001","BusinessUnitId":"x"}"#;
    let (_, connector) = Fake::connector([Json(who), Status(403, r#"{"error":{"code":"","message":"no"}}"#)]);
    let identity = Source::identity(&connector).await.unwrap();
    assert_eq!(identity.user_id.as_deref(), Some("aa000000-0000-0000-0000-000000000001"));
    assert_eq!(identity.user_name, None);
}
