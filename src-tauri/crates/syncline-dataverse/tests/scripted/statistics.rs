//! Counting columns: one aggregate for many, one by one where the service refuses, a sample above the limit; solutions and rights.

use syncline_connect::Source;
use syncline_dataverse::over_the_limit;
use syncline_model::{Column, ErrorCode};
use tokio_util::sync::CancellationToken;

use crate::fake::{
    Answer::{Json, Status},
    Fake,
};

fn none() -> CancellationToken {
    CancellationToken::new()
}

#[tokio::test]
async fn a_column_that_can_not_be_aggregated_does_not_spoil_the_others() {
    let (fake, connector) = Fake::connector([
        Status(400, r#"{"error":{"code":"0x80040216","message":"An unexpected error occurred."}}"#),
        Json(r#"{"value":[{"total":10,"f0":"4","d0":2}]}"#),
        Status(400, r#"{"error":{"code":"0x80040216","message":"memo columns are refused here"}}"#),
        Json(
            r#"{"value":[{"v":2,"v@OData.Community.Display.V1.FormattedValue":"Female","n":3},{"n":6},{"v":1,"n":1}]}"#,
        ),
    ]);
    let schema = connector.schema(&"contact".into(), &none()).await.unwrap();
    let columns: Vec<&Column> =
        ["gendercode", "fullname"].iter().map(|name| schema.column(name).unwrap()).collect();
    let found = connector.count_columns(&schema, &columns, &none()).await.unwrap();
    assert_eq!((found[0].rows, found[0].filled, found[0].distinct), (10, Some(4), Some(2)));
    let top: Vec<(&str, Option<&str>, u64)> =
        found[0].top.iter().map(|one| (one.value.as_str(), one.label.as_deref(), one.count)).collect();
    assert_eq!(top, [("2", Some("Female"), 3), ("1", None, 1)], "records without a value are no value");
    assert_eq!(found[1].filled, None);
    assert!(found[1].note.as_deref().unwrap().contains("memo columns"), "{:?}", found[1]);
    assert_eq!(fake.asked().len(), 4);
}

#[tokio::test]
async fn above_the_limit_it_says_so() {
    let refused = r#"{"error":{"code":"0x8004E023","message":"AggregateQueryRecordLimit exceeded."}}"#;
    let page = r#"{"value":[{"contactid":"1","gendercode":1},{"contactid":"2","gendercode":null},{"contactid":"3","gendercode":1}]}"#;
    let (_, connector) = Fake::connector([Status(400, refused), Json(page)]);
    let schema = connector.schema(&"contact".into(), &none()).await.unwrap();
    let columns = [schema.column("gendercode").unwrap()];
    let error = connector.count_columns(&schema, &columns, &none()).await.unwrap_err();
    assert!(over_the_limit(&error), "{error:?}");
    let sample = connector.sample_columns(&schema, &columns, &none()).await.unwrap();
    assert_eq!(
        (sample[0].rows, sample[0].filled, sample[0].distinct, sample[0].sampled),
        (3, Some(2), Some(1), true)
    );
}

#[tokio::test]
async fn solutions_follow_pages_and_stay_at_home() {
    let one = r#"{"value":[{"solutionid":"AA000000-0000-0000-0000-000000000001","uniquename":"Core","friendlyname":null}],
        "@odata.nextLink":"https://contoso.crm4.dynamics.com/api/data/v9.2/solutions?$skiptoken=x"}"#;
    let two = r#"{"value":[{"solutionid":"aa000000-0000-0000-0000-000000000002","uniquename":"Other","friendlyname":"Other one","version":"1.2","ismanaged":true}]}"#;
    let (_, connector) = Fake::connector([Json(one), Json(two)]);
    let found = connector.solutions(&none()).await.unwrap();
    assert_eq!(
        (found[0].name.as_str(), found[1].name.as_str(), found[1].managed),
        ("Core", "Other one", true)
    );
    let away = r#"{"value":[],"@odata.nextLink":"https://elsewhere.example/solutions"}"#;
    let (_, connector) = Fake::connector([Json(away)]);
    assert_eq!(connector.solutions(&none()).await.unwrap_err().code, ErrorCode::UnexpectedReply);
    let broken = r#"{"value":[{"uniquename":"no id"}]}"#;
    let (_, connector) = Fake::connector([Json(broken)]);
    assert_eq!(connector.solutions(&none()).await.unwrap_err().code, ErrorCode::UnexpectedReply);
}
