//! Refusals in the words of the service that is asked: each has its own error envelope.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::entra::throttled_or_down;

fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A status with the body that `service` gives it; `Retry-After` in seconds where asked for.
pub(super) fn refused(service: &str, number: u16, retry_after: Option<u64>) -> Response {
    let mut response = match service {
        "entra" => throttled_or_down(status(number)),
        "insider" => insider(number),
        _ => dataverse(number),
    };
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// The same, to be tried again at a date so many seconds ahead.
pub(super) fn refused_until(service: &str, number: u16, seconds: u64) -> Response {
    let mut response = refused(service, number, None);
    let ahead = jiff::SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    let date = jiff::Timestamp::now().saturating_add(ahead).unwrap_or(jiff::Timestamp::MAX);
    let text = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// "Claims challenges": the token lacks what a policy demands. The claims are base64, those that the sign-in service names too.
pub(super) fn challenged(authority: &str) -> Response {
    use base64::Engine;
    let claims = base64::engine::general_purpose::STANDARD.encode(crate::entra::STRONGER);
    let challenge = format!(
        "Bearer realm=\"\", authorization_uri=\"{authority}/common/oauth2/authorize\", error=\"insufficient_claims\", claims=\"{claims}\""
    );
    let mut response = dataverse(401);
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

/// A redirect.
pub(super) fn elsewhere(number: u16, location: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status(number);
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

fn json_response(number: u16, body: &serde_json::Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status(number);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// "Service protection API limits"; "Web service error codes".
fn dataverse(number: u16) -> Response {
    let (code, message) = match number {
        429 => {
            ("0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds.")
        }
        401 => ("0x8005F101", "AccessTokenExpired"),
        403 => ("0x80040220", "Principal user is missing a privilege."),
        _ => ("0x80040216", "An unexpected error occurred."),
    };
    let mut response = json_response(number, &json!({ "error": { "code": code, "message": message } }));
    if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        response.headers_mut().insert("x-ms-service-request-id", id);
    }
    response
}

/// "Status and error codes": two envelopes occur, and pages of a gateway.
fn insider(number: u16) -> Response {
    let body = match number {
        401 => json!({ "success": false, "message": "Partner token authentication failed." }),
        403 => json!({ "error": "Invalid api key" }),
        429 => json!({ "error": "rejected: too many requests" }),
        502..=504 | 520 => return page(number),
        _ => json!({ "success": false, "message": "An unknown error." }),
    };
    json_response(number, &body)
}

/// A gateway's page in place of the service.
pub(super) fn page(number: u16) -> Response {
    let page = "<!DOCTYPE html><html><head><title>Our services aren't available right now</title></head>\
                <body><h1>Our services aren't available right now</h1><p>We're working to restore all services.</p></body></html>";
    (status(number), [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
}
