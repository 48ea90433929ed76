//! What was asked and answered, for whoever looks into a failure, without anything secret.
//!
//! Headers are kept by a list of those that hold no secret. Nothing is kept of bodies and queries where somebody signs in.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, header};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Clock, HttpService, Tally, TransportFault, WireRequest, WireResponse};

/// Most bytes of a body that are kept.
const MOST_BODY: usize = 4 * 1024;

/// Headers that hold no secret.
const SHOWN: &[&str] = &[
    "accept",
    "content-encoding",
    "content-type",
    "date",
    "etag",
    "if-match",
    "if-none-match",
    "odata-entityid",
    "odata-maxversion",
    "odata-version",
    "preference-applied",
    "prefer",
    "req_id",
    "retry-after",
    "x-ms-dop-hint",
    "x-ms-ratelimit-burst-remaining-xrm-requests",
    "x-ms-ratelimit-time-remaining-xrm-requests",
    "x-ms-request-id",
    "x-ms-service-request-id",
    "x-partner-name",
];

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// When the request left.
    pub at: Timestamp,
    /// The work that it was part of: [`Tally::id`](crate::Tally::id) of who counted it.
    pub work: Option<u64>,
    /// Milliseconds until the answer was whole.
    pub took_ms: u64,
    /// Method.
    pub method: String,
    /// Scheme, host and port.
    pub origin: String,
    /// Path, with its query where nobody signs in.
    pub path: String,
    /// Headers of the request that hold no secret.
    pub request_headers: BTreeMap<String, String>,
    /// Beginning of the request's body; absent where there is none, or somebody signs in.
    pub request_body: Option<String>,
    /// Status of the answer; absent where none came.
    pub status: Option<u16>,
    /// Headers of the answer that hold no secret.
    pub answer_headers: BTreeMap<String, String>,
    /// Beginning of the answer's body.
    pub answer_body: Option<String>,
    /// Why no answer came.
    pub fault: Option<String>,
}

/// Is told of each exchange.
pub type OnExchange = Arc<dyn Fn(Exchange) + Send + Sync>;

/// A transport that tells what it carries.
pub struct Watched {
    inner: Arc<dyn HttpService>,
    clock: Arc<dyn Clock>,
    tell: OnExchange,
}

impl Watched {
    /// Around another transport.
    pub fn new(inner: Arc<dyn HttpService>, clock: Arc<dyn Clock>, tell: OnExchange) -> Self {
        Self { inner, clock, tell }
    }
}

#[async_trait]
impl HttpService for Watched {
    async fn call(&self, request: WireRequest) -> Result<WireResponse, TransportFault> {
        let begun = self.clock.now();
        let mut exchange = asked(&request, begun);
        let open = !signs_in(&request);
        let secrets = secrets(&request.headers);
        let result = self.inner.call(request).await;
        let took = self.clock.now().duration_since(begun).as_millis();
        exchange.took_ms = u64::try_from(took).unwrap_or(0);
        match &result {
            Ok(answer) => {
                exchange.status = Some(answer.status.as_u16());
                exchange.answer_headers = shown(&answer.headers);
                exchange.answer_body = open.then(|| beginning(&answer.body)).flatten();
                // A server that says back what it was told must not spread it.
                if let Some(text) = &mut exchange.answer_body {
                    for secret in secrets.iter().filter(|secret| text.contains(*secret)).collect::<Vec<_>>() {
                        *text = text.replace(secret, "…");
                    }
                }
            }
            Err(fault) => exchange.fault = Some(format!("{:?}", fault.kind)),
        }
        (self.tell)(exchange);
        result
    }
}

/// Somebody signs in, or a form is sent: bodies hold secrets.
fn signs_in(request: &WireRequest) -> bool {
    let form = request
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let path = request.url.path().to_ascii_lowercase();
    form || path.contains("/oauth2/") || path.contains("/token") || path.contains("/devicecode")
}

fn asked(request: &WireRequest, at: Timestamp) -> Exchange {
    let open = !signs_in(request);
    let query = request.url.query().filter(|_| open).map(|query| format!("?{query}")).unwrap_or_default();
    Exchange {
        at,
        work: Tally::here(),
        took_ms: 0,
        method: request.method.to_string(),
        origin: request.url.origin().ascii_serialization(),
        path: format!("{}{query}", request.url.path()),
        request_headers: shown(&request.headers),
        request_body: open.then(|| beginning(&request.body)).flatten(),
        status: None,
        answer_headers: BTreeMap::new(),
        answer_body: None,
        fault: None,
    }
}

/// The credentials of a request.
fn secrets(headers: &HeaderMap) -> Vec<String> {
    ["authorization", "x-request-token", "cookie"]
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok())
        .map(|value| value.trim_start_matches("Bearer ").trim().to_owned())
        .filter(|value| !value.is_empty())
        .collect()
}

fn shown(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, value)| SHOWN.contains(&name.as_str()) && !value.is_sensitive())
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect()
}

/// The beginning of a text; `None` for an empty one.
fn beginning(body: &Bytes) -> Option<String> {
    let cut = body.get(..MOST_BODY.min(body.len())).filter(|cut| !cut.is_empty())?;
    let mut text = String::from_utf8_lossy(cut).into_owned();
    if cut.len() < body.len() {
        text.push('…');
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, Method};
    use std::time::Duration;

    fn request(url: &str, kind: &str, body: &str) -> WireRequest {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_str(kind).unwrap());
        headers.insert("authorization", HeaderValue::from_static("Bearer hidden-one"));
        headers.insert("x-request-token", HeaderValue::from_static("hidden-two"));
        headers.insert("cookie", HeaderValue::from_static("hidden-three"));
        headers.insert("if-match", HeaderValue::from_static("*"));
        WireRequest {
            method: Method::POST,
            url: url.parse().unwrap(),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
            timeout: Duration::from_secs(1),
            sink: None,
        }
    }

    #[test]
    fn nothing_secret_is_kept() {
        let at = Timestamp::UNIX_EPOCH;
        let data = asked(
            &request("https://c.example/api/data/v9.2/contacts?$top=1", "application/json", "{\"a\":1}"),
            at,
        );
        assert_eq!(data.path, "/api/data/v9.2/contacts?$top=1");
        assert_eq!(data.request_body.as_deref(), Some("{\"a\":1}"));
        assert_eq!(data.request_headers.keys().collect::<Vec<_>>(), ["content-type", "if-match"]);
        assert!(!format!("{data:?}").contains("hidden"));
        for (url, kind) in [
            ("https://login.example/t/oauth2/v2.0/token?x=hidden", "application/json"),
            ("https://login.example/elsewhere?x=hidden", "application/x-www-form-urlencoded"),
        ] {
            let sign_in = asked(&request(url, kind, "client_secret=hidden"), at);
            assert!(!format!("{sign_in:?}").contains("hidden"), "{sign_in:?}");
        }
        let long = beginning(&Bytes::from("x".repeat(MOST_BODY + 1))).unwrap();
        assert!(long.ends_with('…') && long.len() < MOST_BODY + 8);
        assert_eq!(beginning(&Bytes::new()), None);
    }
}
