//! Errors as the service words them ("Authentication and authorization error codes"): a JSON body at the token endpoint, a page in the
//! browser.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

/// The claims of a policy that demands a second factor.
pub(crate) const STRONGER: &str =
    r#"{"access_token":{"capolids":{"essential":true,"values":["b8a1ee0c-0000-4000-8000-000000000001"]}}}"#;

/// An error.
#[derive(Debug, Clone)]
pub(crate) struct EntraError {
    /// OAuth's word.
    pub(crate) error: &'static str,
    /// The number after `AADSTS`.
    pub(crate) number: u32,
    pub(crate) text: String,
    pub(crate) suberror: Option<&'static str>,
    /// A claims challenge to be met in an interactive sign-in.
    pub(crate) claims: Option<String>,
    pub(crate) correlation_id: Uuid,
    trace_id: Uuid,
    status: Option<StatusCode>,
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
            status: None,
        }
    }

    /// A fault of the sandbox itself.
    pub(crate) fn internal(text: String) -> Self {
        Self::new("server_error", 90000, text)
    }

    pub(crate) fn malformed(what: &str) -> Self {
        Self::new(
            "invalid_request",
            9_002_313,
            format!("Invalid request. Request is malformed or invalid. {what}"),
        )
    }

    pub(crate) fn missing(name: &str) -> Self {
        Self::new(
            "invalid_request",
            900_144,
            format!("The request body must contain the following parameter: '{name}'."),
        )
    }

    /// `error` differs: a grant is not valid, or the person has to do something.
    pub(crate) fn second_factor(error: &'static str) -> Self {
        let mut error = Self::new(
            error,
            50076,
            "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.",
        );
        error.suberror = Some("basic_action");
        error.claims = Some(STRONGER.to_owned());
        error
    }

    pub(crate) fn consent_missing(error: &'static str, client_id: Uuid, application: &str) -> Self {
        let mut error = Self::new(
            error,
            65001,
            format!(
                "The user or administrator has not consented to use the application with ID '{client_id}' named '{application}'. Send an interactive authorization request for this user and resource."
            ),
        );
        error.suberror = Some("consent_required");
        error
    }

    pub(crate) fn disabled_person() -> Self {
        Self::new(
            "invalid_grant",
            50057,
            "The user account is disabled. The account has been disabled by an administrator.",
        )
    }

    pub(crate) fn unknown_resource(resource: &str) -> Self {
        Self::new(
            "invalid_resource",
            500_011,
            format!(
                "The resource principal named {resource} was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."
            ),
        )
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
        self.status.unwrap_or(match self.error {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        })
    }
}

/// The answer while the service is throttled or down.
pub(crate) fn throttled_or_down(status: StatusCode) -> Response {
    let mut error = EntraError::new(
        "temporarily_unavailable",
        90033,
        "A transient error has occurred. Please try again.",
    );
    error.status = Some(status);
    error.into_response()
}

/// A method that an endpoint does not take.
pub(crate) fn method_not_allowed(method: &http::Method) -> Response {
    let mut error = EntraError::new(
        "invalid_request",
        900_561,
        format!("The endpoint only accepts POST requests. Received a {method} request."),
    );
    error.status = Some(StatusCode::METHOD_NOT_ALLOWED);
    error.into_response()
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
