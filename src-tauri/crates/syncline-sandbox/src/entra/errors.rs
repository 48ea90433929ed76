//! Errors as the service words them ("Authentication and authorization error codes"): a JSON body at the token endpoint, a page in the
//! browser.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

/// An error.
#[derive(Debug, Clone)]
pub(crate) struct EntraError {
    pub(crate) error: &'static str,
    pub(crate) number: u32,
    pub(crate) text: String,
    pub(crate) suberror: Option<&'static str>,
    pub(crate) claims: Option<String>,
    pub(crate) correlation_id: Uuid,
    trace_id: Uuid,
}

impl EntraError {
    pub(crate) fn new(error: &'static str, number: u32, text: impl Into<String>) -> Self {
        Self {
            error,
            number,
            text: text.into(),
            suberror: None,
            claims: None,
            correlation_id: Uuid::new_v4(),
            trace_id: Uuid::new_v4(),
        }
    }

    pub(crate) fn description(&self) -> String {
        format!(
            "AADSTS{}: {}\r\nTrace ID: {}\r\nCorrelation ID: {}\r\nTimestamp: {}",
            self.number,
            self.text,
            self.trace_id,
            self.correlation_id,
            timestamp()
        )
    }

    fn status(&self) -> StatusCode {
        match self.error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

pub(crate) fn timestamp() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

impl IntoResponse for EntraError {
    fn into_response(self) -> Response {
        let mut body = serde_json::json!({
            "error": self.error,
            "error_description": self.description(),
            "error_codes": [self.number],
            "timestamp": timestamp(),
            "trace_id": self.trace_id,
            "correlation_id": self.correlation_id,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.number),
        });
        if let Some(suberror) = self.suberror {
            body["suberror"] = suberror.into();
        }
        if let Some(claims) = &self.claims {
            body["claims"] = claims.as_str().into();
        }
        (self.status(), Json(body)).into_response()
    }
}
