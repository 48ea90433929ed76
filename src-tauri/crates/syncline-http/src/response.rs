//! An answer, and how one that is no success becomes an error when no format of its own explains it.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use std::time::Duration;
use syncline_model::{ErrorCode, SynclineError};

/// An answer of any status.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The whole body, decompressed; of one that a sink took its beginning.
    pub body: Bytes,
    /// How often the request was sent.
    pub tries: u32,
    /// Method of the request.
    pub method: Method,
    /// Host and path of the request, or the host alone for a sensitive one. Never the query.
    pub place: String,
    /// True when the body must not be quoted.
    pub sensitive: bool,
}

/// No answer, and whether the service may have acted nevertheless.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct SendError {
    /// What went wrong.
    pub error: SynclineError,
    /// The request may have reached the service.
    pub maybe_sent: bool,
}

impl From<SendError> for SynclineError {
    fn from(error: SendError) -> Self {
        error.error
    }
}

impl Response {
    /// A header's text, where it is there and readable.
    pub fn header(&self, name: impl AsHeader) -> Option<&str> {
        name.find(&self.headers)
    }

    /// The service's id of this request, for a support case.
    pub fn request_id(&self) -> Option<&str> {
        ["x-ms-service-request-id", "req_id", "x-ms-request-id", "request-id", "x-request-id"]
            .into_iter()
            .find_map(|name| self.header(name))
    }

    /// Itself for 2xx, else [`Response::to_error`].
    pub fn ensure_success(self) -> Result<Response, SynclineError> {
        if self.status.is_success() { Ok(self) } else { Err(self.to_error()) }
    }

    /// Reads a JSON body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, SynclineError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let shown = if self.sensitive { error.classify_text() } else { error.to_string() };
            let mut fault = SynclineError::new(
                ErrorCode::UnexpectedReply,
                format!("the answer of {} can't be read as JSON", self.place),
            )
            .hint("a proxy or sign-in page may have answered in place of the service")
            .detail(format!("{shown}; {} bytes{}", self.body.len(), self.content_note()));
            fault.request_id = self.request_id().map(str::to_owned);
            fault
        })
    }

    /// The error a status means by itself. Connectors with an error format of their own read that first.
    pub fn to_error(&self) -> SynclineError {
        let status = self.status;
        let (code, what, hint) = match status.as_u16() {
            401 => (ErrorCode::SignInNeeded, "the sign-in was not accepted", "sign in again"),
            403 => (
                ErrorCode::PrivilegeMissing,
                "access was refused",
                "ask an administrator for the missing privilege",
            ),
            404 => (ErrorCode::NotFound, "nothing found", "check the address and the version in it"),
            429 => (
                ErrorCode::Throttled,
                "the service asks to wait",
                "wait some minutes, or lower the number of parallel requests",
            ),
            300..=399 => (
                ErrorCode::UnexpectedReply,
                "the service sends the request elsewhere",
                "check the address; a sign-in page of a proxy may be in the way",
            ),
            500..=599 => {
                (ErrorCode::Unreachable, "the service failed", "try again later; the service may be busy")
            }
            _ => (ErrorCode::ServiceRefused, "the service refused the request", "see the detail"),
        };
        let what = match self.redirect_host() {
            Some(target) => format!("{what}, to {target}, which was not followed"),
            None => what.to_owned(),
        };
        let mut error =
            SynclineError::new(code, format!("{what}: {} {}", self.method, self.place)).hint(hint);
        let mut detail = format!("HTTP {status}{}", self.content_note());
        if self.tries > 1 {
            detail.push_str(&format!(", {} tries", self.tries));
        }
        if !self.sensitive && !self.body.is_empty() {
            detail.push_str(": ");
            detail.push_str(&excerpt(&self.body, 300));
        }
        error.detail = Some(detail);
        error.request_id = self.request_id().map(str::to_owned);
        error
    }

    fn content_note(&self) -> String {
        self.header(http::header::CONTENT_TYPE).map(|kind| format!(", {kind}")).unwrap_or_default()
    }

    fn redirect_host(&self) -> Option<String> {
        // A location may leave out the scheme, or scheme and host.
        let own = url::Url::parse(&format!("https://{}", self.place)).ok()?;
        let target = own.join(self.header(http::header::LOCATION)?).ok()?;
        let host = target.host_str()?;
        self.status.is_redirection().then(|| match target.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        })
    }
}

/// The beginning of a text body in one line.
fn excerpt(body: &[u8], most: usize) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(most * 4)]);
    let mut line = String::new();
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() > most {
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// The wait a service asks for: seconds, or a date (RFC 9110, Retry-After).
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// A header's name, as text or as constant.
pub trait AsHeader {
    /// The header's text.
    fn find<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str>;
}
impl AsHeader for &str {
    fn find<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        headers.get(*self)?.to_str().ok()
    }
}
impl AsHeader for HeaderName {
    fn find<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        headers.get(self)?.to_str().ok()
    }
}

trait ClassifyText {
    fn classify_text(&self) -> String;
}
impl ClassifyText for serde_json::Error {
    /// Where, without what: the message of a type error quotes the value.
    fn classify_text(&self) -> String {
        format!("{:?} error at line {} column {}", self.classify(), self.line(), self.column())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u64>) {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", text.parse().unwrap());
        let now: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        assert_eq!(retry_after(&headers, now), expected.map(Duration::from_secs), "{text}");
    }

    #[test]
    fn retry_after_in_both_forms() {
        check("17", Some(17));
        check(" 0 ", Some(0));
        check("Sun, 01 Mar 2026 10:02:00 GMT", Some(120));
        check("Sun, 01 Mar 2026 09:00:00 GMT", Some(0));
        check("-5", None);
        check("soon", None);
    }

    #[test]
    fn an_html_page_is_told_as_such() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "text/html".parse().unwrap());
        headers.insert("x-ms-service-request-id", "r-1".parse().unwrap());
        let response = Response {
            status: StatusCode::OK,
            headers,
            body: Bytes::from_static(b"<html>"),
            tries: 1,
            method: Method::GET,
            place: "contoso.example/api".to_owned(),
            sensitive: false,
        };
        let error = response.json::<serde_json::Value>().unwrap_err();
        assert_eq!(error.code, ErrorCode::UnexpectedReply);
        assert!(error.detail.unwrap().contains("text/html"));
        assert_eq!(error.request_id.as_deref(), Some("r-1"));
    }
}
