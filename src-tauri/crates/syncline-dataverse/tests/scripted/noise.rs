//! Whatever bytes come in place of an answer: each kind of request ends in data or in an error with words and a remedy, never in a panic.

use async_trait::async_trait;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use syncline_connect::{Destination, RowRequest, Selection, Source, WriteOptions};
use syncline_dataverse::{DataverseBuilder, DataverseSettings, RecordBody, RowKey, environments};
use syncline_http::{
    AccessToken, Bytes, FixedToken, Gate, HttpClient, HttpConfig, HttpService, RetryConfig, StatusCode,
    TransportFault, WireRequest, WireResponse,
};
use syncline_model::{ErrorCode, RecordId, Secret, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::fake::metadata;

/// Answers descriptions well and all else with the same noise.
struct Noise {
    status: u16,
    kind: String,
    body: Vec<u8>,
}

#[async_trait]
impl HttpService for Noise {
    async fn call(&self, request: WireRequest) -> Result<WireResponse, TransportFault> {
        let url = request.url.to_string();
        let mut response = WireResponse::default();
        match url.split_once("/EntityDefinitions") {
            Some((_, rest)) => response.body = Bytes::from_static(metadata(rest).as_bytes()),
            None => {
                response.status = StatusCode::from_u16(self.status).unwrap();
                response.body = Bytes::from(self.body.clone());
                if let Ok(kind) = self.kind.parse() {
                    response.headers.insert("content-type", kind);
                }
            }
        }
        Ok(response)
    }
}

fn clear(what: &str, result: Result<(), SynclineError>) -> Result<(), TestCaseError> {
    let Err(error) = result else { return Ok(()) };
    prop_assert!(!matches!(error.code, ErrorCode::Internal | ErrorCode::Cancelled), "{}: {:?}", what, error);
    prop_assert!(!error.message.trim().is_empty(), "{}: {:?}", what, error);
    prop_assert!(error.hint.as_deref().is_some_and(|hint| !hint.is_empty()), "{}: {:?}", what, error);
    prop_assert!(!format!("{error:?}").contains("tok-en"), "{}: {:?}", what, error);
    Ok(())
}

async fn everything(noise: Noise) -> Result<(), TestCaseError> {
    let service: Arc<dyn HttpService> = Arc::new(noise);
    let client = HttpClient::builder(&HttpConfig::default())
        .service(service)
        .retry(RetryConfig::none())
        .build()
        .unwrap();
    let tokens = Arc::new(FixedToken(AccessToken { secret: Secret::new("tok-en"), expires_at: None }));
    let settings = DataverseSettings {
        url: "https://contoso.crm4.dynamics.com".to_owned(),
        retries: 0,
        timeout: Duration::from_secs(5),
        ..DataverseSettings::default()
    };
    let connector = DataverseBuilder::new(settings, client.clone(), Arc::new(Gate::new(4)), tokens.clone())
        .build()
        .unwrap();
    let (cancel, contact) = (CancellationToken::new(), "contact".into());
    let all = Selection { entity: Some("contact".into()), ..Selection::default() };
    let some = |filter: &str| Selection { filter: Some(filter.to_owned()), ..all.clone() };
    let filtered = some("<condition attribute='fullname' operator='not-null'/>");
    let values: String = (0..900).map(|n| format!("<value>somebody called {n:05}</value>")).collect();
    let long = some(&format!("<condition attribute='fullname' operator='in'>{values}</condition>"));
    let id = RecordId::new("5b1c0f3e-0000-4abc-8def-001122334455");
    let key = RowKey::Id(id.clone());
    let body = RecordBody::parse("{\"fullname\":\"X\"}").unwrap();
    clear("who", Source::identity(&connector).await.map(drop))?;
    clear("page", connector.page(&all, None, &cancel).await.map(drop))?;
    clear("fetch", connector.page(&filtered, None, &cancel).await.map(drop))?;
    clear("long", connector.page(&long, None, &cancel).await.map(drop))?;
    clear("count", connector.count(&all, &cancel).await.map(drop))?;
    clear("count of some", connector.count(&filtered, &cancel).await.map(drop))?;
    clear("ids", connector.get(&contact, &[id], &[], &cancel).await.map(drop))?;
    clear("one", connector.read_record(&contact, &key, &[], &cancel).await.map(drop))?;
    clear("lists", connector.marketing_lists(&cancel).await.map(drop))?;
    clear("create", connector.create_record(&contact, &body, &cancel).await.map(drop))?;
    clear("update", connector.update_record(&contact, &key, &body, None, &cancel).await)?;
    clear("upsert", connector.upsert_record(&contact, &key, &body, &cancel).await.map(drop))?;
    clear("delete", connector.delete_record(&contact, &key, None, &cancel).await)?;
    let schema = Destination::schema(&connector, &contact, &cancel).await.unwrap();
    let row = RowRequest {
        method: "PATCH".to_owned(),
        path: "/contacts(5b1c0f3e-0000-4abc-8def-001122334455)".to_owned(),
        headers: BTreeMap::new(),
        body: "{}".to_owned(),
    };
    let rows = [row.clone(), row];
    match connector.write(&schema, &rows, &WriteOptions::default(), &cancel).await {
        Ok(outcomes) => prop_assert_eq!(outcomes.len(), 2, "one outcome a row"),
        Err(error) => clear("write", Err(error))?,
    }
    clear(
        "discovery",
        environments(&client, "https://globaldisco.crm.dynamics.com", tokens, &cancel).await.map(drop),
    )
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let nearly = prop_oneof![
        Just(r#"{"value":[{"contactid":7}]}"#),
        Just(r#"{"value":[{"contactid":"1"},null,3]}"#),
        Just(r#"{"value":[{}],"@odata.nextLink":"::"}"#),
        Just(r#"{"value":{}}"#),
        Just(r#"{"value":[{"total":-1}]}"#),
        Just(r#"{"UserId":null,"OrganizationId":3}"#),
        Just(r#"{"error":{"code":5,"message":{"value":"x"}}}"#),
        Just(r#"{"error":[]}"#),
        Just("12345678901234567890123"),
        Just("\u{feff}"),
        Just("--b\r\n\r\n\r\nHTTP/1.1 999 X\r\n\r\n--b--"),
        Just(
            "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{\"value\":[]}\r\n--b--\r\n"
        ),
        Just(
            "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 429 X\r\nRetry-After: 99999999999999999999\r\n\r\n\r\n--b--\r\n"
        ),
        Just("<!DOCTYPE html><html></html>"),
        Just(""),
    ];
    prop_oneof![
        nearly.prop_map(|text| text.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..120)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_is_a_panic(
        status in prop_oneof![Just(200u16), Just(201), Just(204), Just(304), Just(429), 200u16..600],
        kind in prop_oneof![Just("application/json"), Just("multipart/mixed; boundary=b"), Just("text/html"), Just("")],
        body in bodies(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(everything(Noise { status, kind: kind.to_owned(), body }))?;
    }
}
