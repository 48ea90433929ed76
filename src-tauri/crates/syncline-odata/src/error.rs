//! The error body, and what a refusal means. Source: Dataverse Web API, handle errors; OData v4 JSON format, error response.

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use syncline_http::Response;
use syncline_model::{ErrorCode, SynclineError};

/// `{"error":{"code":…,"message":…}}`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ErrorBody {
    /// The service's code; may be empty.
    pub code: String,
    /// Its text.
    pub message: String,
    /// More of its text: an inner error or a trace.
    pub inner: Option<String>,
}

#[derive(Deserialize)]
struct Outer {
    #[serde(alias = "Error", alias = "odata.error")]
    error: Inner,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(default)]
    code: Option<Json>,
    #[serde(default)]
    message: Option<Json>,
    #[serde(default, alias = "innererror")]
    innererror: Option<Json>,
    #[serde(flatten)]
    rest: BTreeMap<String, Json>,
}

/// Reads an error body; `None` when the bytes are something else, such as a page of HTML.
pub fn error_body(bytes: &[u8]) -> Option<ErrorBody> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let outer: Outer = serde_json::from_slice(bytes).ok()?;
    let text = |json: &Json| match json {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        // OData v3: {"lang":"en-US","value":"…"}
        Json::Object(object) => {
            object.get("value").or_else(|| object.get("message")).and_then(Json::as_str).map(str::to_owned)
        }
        Json::Null | Json::Bool(_) | Json::Array(_) => None,
    };
    let inner = outer.error.innererror.as_ref().and_then(text).or_else(|| {
        ["InnerError.Message", "TraceText"].into_iter().find_map(|end| {
            let (_, json) = outer.error.rest.iter().find(|(name, _)| name.ends_with(end))?;
            text(json).filter(|text| !text.trim().is_empty())
        })
    });
    Some(ErrorBody {
        code: outer.error.code.as_ref().and_then(text).unwrap_or_default(),
        message: outer.error.message.as_ref().and_then(text).unwrap_or_default(),
        inner,
    })
}

/// What an answer that is no success means: by its error body, else by its status.
pub fn response_error(response: &Response) -> SynclineError {
    if error_body(&response.body).is_none() {
        return response.to_error();
    }
    refusal(
        response.status,
        &response.headers,
        &response.body,
        &format!("{} {}", response.method, response.place),
    )
}

/// What to do where the service's code does not say more.
fn remedy(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "sign in again",
        403 => "ask an administrator for the missing privilege",
        404 => "check the address and the names in it",
        408 | 502..=504 => "try again later; the service may be busy",
        412 => "read the row again: it changed, or it exists already",
        413 | 414 => "send less at once: fewer rows, columns or values",
        429 => "wait some minutes, or lower the number of parallel requests",
        500..=599 => "try again; if it stays so, give the request id to Microsoft support",
        _ => "the text is the service's own; change what it names",
    }
}

/// The same for a part of a `$batch` answer. `what` names the request without its query.
pub fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8], what: &str) -> SynclineError {
    let code = match status.as_u16() {
        401 => ErrorCode::SignInNeeded,
        403 => ErrorCode::PrivilegeMissing,
        404 => ErrorCode::NotFound,
        429 => ErrorCode::Throttled,
        502..=504 => ErrorCode::Unreachable,
        _ => ErrorCode::ServiceRefused,
    };
    let parsed = error_body(body).unwrap_or_default();
    let message = parsed.message.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = match message.trim_end_matches('.') {
        "" => format!("the service refused the request: HTTP {status}"),
        text => text.to_owned(),
    };
    let mut error = SynclineError::new(code, message).hint(remedy(status));
    let mut detail = format!("{what}: HTTP {status}");
    if let Some(inner) = parsed.inner.filter(|inner| *inner != parsed.message) {
        detail.push_str(": ");
        detail.push_str(&inner);
    }
    error.detail = Some(detail);
    if !matches!(parsed.code.as_str(), "" | "0x0") {
        error.service_code = Some(parsed.code);
    }
    error.request_id = ["x-ms-service-request-id", "req_id", "request-id"]
        .into_iter()
        .find_map(|name| headers.get(name)?.to_str().ok())
        .map(str::to_owned);
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_refusal_keeps_code_text_and_request_id() {
        let mut headers = HeaderMap::new();
        headers.insert("x-ms-service-request-id", "abc".parse().unwrap());
        let body = br#"{"error":{"code":"0x80040217","message":"account With Id = 1 Does Not Exist.",
            "@Microsoft.PowerApps.CDS.InnerError.Message":"inner words"}}"#;
        let error = refusal(StatusCode::NOT_FOUND, &headers, body, "GET x/accounts(1)");
        assert_eq!(error.code, ErrorCode::NotFound);
        assert_eq!(error.message, "account With Id = 1 Does Not Exist");
        assert_eq!(error.service_code.as_deref(), Some("0x80040217"));
        assert_eq!(error.request_id.as_deref(), Some("abc"));
        assert_eq!(error.detail.as_deref(), Some("GET x/accounts(1): HTTP 404 Not Found: inner words"));
    }

    #[test]
    fn odd_bodies() {
        assert_eq!(error_body(b"<html>"), None);
        assert_eq!(error_body(b""), None);
        let v3 = error_body(br#"{"error":{"code":"","message":{"lang":"en-US","value":"no"}}}"#).unwrap();
        assert_eq!((v3.code.as_str(), v3.message.as_str()), ("", "no"));
        let error = refusal(StatusCode::BAD_REQUEST, &HeaderMap::new(), br#"{"error":{"code":"0x0"}}"#, "x");
        assert_eq!(error.service_code, None);
        assert_eq!(error.message, "the service refused the request: HTTP 400 Bad Request");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = error_body(&bytes);
        }
    }
}
