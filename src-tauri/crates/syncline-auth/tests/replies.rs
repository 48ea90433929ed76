//! Whatever the token endpoint answers: a token, or an error with words and a remedy; never a panic, and never a secret in it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use async_trait::async_trait;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;
use syncline_auth::{SignInConfig, client_credentials, jwt_expiry};
use syncline_http::{
    Bytes, HttpClient, HttpConfig, HttpService, RetryConfig, StatusCode, SystemClock, TransportFault,
    WireRequest, WireResponse,
};
use syncline_model::{AuthMethod, ErrorCode, Secret};
use uuid::Uuid;

struct Endpoint(u16, Vec<u8>);

#[async_trait]
impl HttpService for Endpoint {
    async fn call(&self, _: WireRequest) -> Result<WireResponse, TransportFault> {
        let status = StatusCode::from_u16(self.0).unwrap();
        Ok(WireResponse { status, body: Bytes::from(self.1.clone()), ..WireResponse::default() })
    }
}

fn config() -> SignInConfig {
    SignInConfig {
        connection: Uuid::from_u128(1),
        connection_name: "contoso".to_owned(),
        auth: AuthMethod::ClientCredentials,
        authority: "https://login.microsoftonline.com".parse().unwrap(),
        tenant: "7e4a0000-0000-4000-8000-000000000001".to_owned(),
        client_id: "c11e0000-0000-4000-8000-000000000001".to_owned(),
        scopes: vec!["https://contoso.crm4.dynamics.com/.default".to_owned()],
        prompt: None,
        login_hint: None,
        claims: None,
        redirect_path: "/".to_owned(),
        client_secret: None,
        timeout: Duration::from_secs(5),
    }
}

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let nearly = prop_oneof![
        Just(r#"{"access_token":"s3cr-et-token","expires_in":3599,"token_type":"Bearer"}"#),
        Just(r#"{"access_token":"s3cr-et-token","expires_in":"3599"}"#),
        Just(r#"{"access_token":"s3cr-et-token","expires_in":-9223372036854775808}"#),
        Just(r#"{"access_token":"s3cr-et-token","expires_in":{}}"#),
        Just(r#"{"access_token":"s3cr-et-token","refresh_token":7}"#),
        Just(r#"{"access_token":"","expires_in":1}"#),
        Just(r#"{"access_token":["s3cr-et-token"]}"#),
        Just(
            r#"{"error":"invalid_grant","error_description":"AADSTS: ","error_codes":[18446744073709551615]}"#
        ),
        Just(
            r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret.\r\nTrace ID: "}"#
        ),
        Just(r#"{"error":{"code":"x"}}"#),
        Just("<html>s3cr-et-token</html>"),
        Just(""),
    ];
    let whole = br#"{"access_token":"s3cr-et-token","expires_in":3599,"refresh_token":"s3cr-et-refresh","scope":"a b"}"#;
    let cut = (0..whole.len()).prop_map(|at| whole[..at].to_vec());
    let flipped = (0..whole.len(), any::<u8>()).prop_map(|(at, byte)| {
        let mut bytes = whole.to_vec();
        bytes[at] = byte;
        bytes
    });
    let noise = proptest::collection::vec(any::<u8>(), 0..80);
    prop_oneof![nearly.prop_map(|text| text.as_bytes().to_vec()), cut, flipped, noise]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn a_token_or_a_clear_error(status in prop_oneof![Just(200u16), Just(400), Just(401), 200u16..600], body in bodies()) {
        let service: Arc<dyn HttpService> = Arc::new(Endpoint(status, body));
        let http = HttpClient::builder(&HttpConfig::default()).service(service).retry(RetryConfig::none()).build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let secret = Secret::new("s3cr-et-own");
        match runtime.block_on(client_credentials(&config(), &secret, &http, &SystemClock)) {
            Ok(reply) => prop_assert!((200..300).contains(&status) && !reply.access.secret.is_empty()),
            Err(error) => {
                let told = format!("{error:?}");
                prop_assert!(!told.contains("s3cr-et"), "{}", told);
                prop_assert!(!error.message.trim().is_empty() && error.code != ErrorCode::Cancelled, "{}", told);
                prop_assert!(error.hint.as_deref().is_some_and(|hint| !hint.is_empty()), "{}", told);
            }
        }
    }

    #[test]
    fn any_text_is_a_pasted_token(text in any::<String>(), claims in "[A-Za-z0-9_=-]{0,60}") {
        let _ = jwt_expiry(&text);
        let _ = jwt_expiry(&format!("a.{claims}.b"));
    }
}
