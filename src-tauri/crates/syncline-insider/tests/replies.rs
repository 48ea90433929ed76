//! Whatever Insider One, or something in its place, answers: one outcome a user, or an error with words and a remedy.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use async_trait::async_trait;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use syncline_connect::{Destination, OutcomeKind, RowRequest, WriteOptions};
use syncline_http::{
    Bytes, HttpClient, HttpConfig, HttpService, RetryConfig, StatusCode, TransportFault, WireRequest,
    WireResponse,
};
use syncline_insider::{InsiderConnector, InsiderSettings};
use syncline_model::Secret;
use tokio_util::sync::CancellationToken;

struct Service(u16, Vec<u8>);

#[async_trait]
impl HttpService for Service {
    async fn call(&self, _: WireRequest) -> Result<WireResponse, TransportFault> {
        let status = StatusCode::from_u16(self.0).unwrap();
        Ok(WireResponse { status, body: Bytes::from(self.1.clone()), ..WireResponse::default() })
    }
}

const WHOLE: &[u8] = br#"{"data":{"successful":{"count":2},"fail":{"count":1,"errors":{"users.1.identifiers.*.in(defaults_column)":["key must be one of"]}}}}"#;

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let cut = (0..WHOLE.len()).prop_map(|at| WHOLE[..at].to_vec());
    let flipped = (0..WHOLE.len(), any::<u8>()).prop_map(|(at, byte)| {
        let mut bytes = WHOLE.to_vec();
        bytes[at] = byte;
        bytes
    });
    let nearly = prop_oneof![
        Just(r#"{"data":{}}"#),
        Just(
            r#"{"data":{"fail":{"count":18446744073709551615,"errors":{"users.9999999999999999999.x":["y"]}}}}"#
        ),
        Just(r#"{"data":{"fail":{"errors":{"users.":[],"users.1":["a"],"users.-1.x":["b"],"x":["c"]}}}}"#),
        Just(r#"{"success":false,"message":"users can't be empty"}"#),
        Just("<html>users</html>"),
        Just("[]"),
        Just(""),
    ];
    let noise = proptest::collection::vec(any::<u8>(), 0..80);
    prop_oneof![cut, flipped, nearly.prop_map(|text| text.as_bytes().to_vec()), noise]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn an_outcome_a_user_or_a_clear_error(status in prop_oneof![Just(200u16), Just(400), 200u16..600], body in bodies()) {
        let html = body.starts_with(b"<");
        let service: Arc<dyn HttpService> = Arc::new(Service(status, body));
        let http = HttpClient::builder(&HttpConfig::default()).service(service).retry(RetryConfig::none()).build().unwrap();
        let settings = InsiderSettings {
            url: "https://unification.useinsider.com".to_owned(),
            partner: "contoso".to_owned(),
            request_token: Secret::new("s3cr-et"),
            timeout: Duration::from_secs(5),
        };
        let connector = InsiderConnector::new(http, settings).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let cancel = CancellationToken::new();
            let row = RowRequest {
                method: "POST".to_owned(),
                path: "/api/user/v1/upsert".to_owned(),
                headers: BTreeMap::new(),
                body: "{}".to_owned(),
            };
            let schema = connector.schema(&"profile".into(), &cancel).await.unwrap();
            match connector.write(&schema, &[row.clone(), row.clone(), row], &WriteOptions::default(), &cancel).await {
                Ok(outcomes) => {
                    prop_assert_eq!(outcomes.len(), 3);
                    let untold = outcomes.iter().find(|one| one.kind != OutcomeKind::Upserted && one.message.is_none());
                    prop_assert!(untold.is_none(), "{:?}", untold);
                }
                Err(error) => {
                    prop_assert!(!error.message.is_empty() && error.hint.is_some(), "{:?}", error);
                    prop_assert!(!format!("{error:?}").contains("s3cr-et"), "a secret is told");
                }
            }
            match connector.identity().await {
                Ok(_) => prop_assert!(!html, "a page is nobody"),
                Err(error) => prop_assert!(!error.message.is_empty() && error.hint.is_some(), "{:?}", error),
            }
            Ok(())
        })?;
    }
}

/// What may have been taken is never reported as not taken where it holds events: they would be sent again.
#[tokio::test]
async fn events_of_a_request_that_failed_inside_the_service_are_unknown() {
    for (status, with_events, unknown) in [
        (500, true, true),
        (500, false, false),
        (502, true, true),
        (504, true, true),
        (520, true, true),
        (503, true, false),
        (429, true, false),
        (400, true, false),
    ] {
        let body = br#"{"success":false,"message":"An unknown error."}"#.to_vec();
        let service: Arc<dyn HttpService> = Arc::new(Service(status, body));
        let http = HttpClient::builder(&HttpConfig::default()).service(service);
        let settings = InsiderSettings {
            url: "https://unification.useinsider.com".to_owned(),
            partner: "contoso".to_owned(),
            request_token: Secret::new("s3cr-et"),
            timeout: Duration::from_secs(5),
        };
        let connector =
            InsiderConnector::new(http.retry(RetryConfig::none()).build().unwrap(), settings).unwrap();
        let headers = with_events.then(|| ("events".to_owned(), "1".to_owned()));
        let row = RowRequest {
            method: "POST".to_owned(),
            path: "/api/user/v1/upsert".to_owned(),
            headers: headers.into_iter().collect(),
            body: "{}".to_owned(),
        };
        let cancel = CancellationToken::new();
        let schema = connector.schema(&"profile".into(), &cancel).await.unwrap();
        let written = connector.write(&schema, &[row], &WriteOptions::default(), &cancel).await;
        let told = written.is_ok_and(|outcomes| outcomes[0].kind == OutcomeKind::Unknown);
        assert_eq!(told, unknown, "{status} {with_events}");
    }
}
