//! The token check in front of an environment ("Authenticate to Dataverse with the Web API", entra: conditional access and challenges).

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use std::sync::Arc;

use crate::dataverse::Environment;
use crate::entra::Refusal;
use crate::server::Shared;

/// An environment with the origin that its tokens must be made for.
#[derive(Clone)]
pub(crate) struct Checked {
    pub(crate) shared: Arc<Shared>,
    pub(crate) environment: Arc<Environment>,
    pub(crate) origin: String,
}

pub(crate) async fn check(State(checked): State<Checked>, mut request: Request, next: Next) -> Response {
    let token = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let Some(token) = token else {
        return unauthorized(&checked, "0x80040204", "No bearer token was sent.");
    };
    let claims = match checked.shared.entra.verify(token) {
        Ok(claims) => claims,
        Err(refusal) => {
            let code = if refusal == Refusal::Expired { "0x8005F101" } else { "0x80040204" };
            return unauthorized(&checked, code, refusal.text());
        }
    };
    if claims.aud.trim_end_matches('/') != checked.origin || claims.tid != checked.environment.tenant_id {
        return unauthorized(&checked, "0x80040204", "The token was issued for another resource or tenant.");
    }
    let caller = match claims.oid {
        Some(user) => checked.environment.caller_by_object_id(user),
        None => checked.environment.caller_by_application_id(claims.appid),
    };
    match caller {
        Some(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        None => error(StatusCode::FORBIDDEN, "0x80072560", "The user is not a member of the organization."),
    }
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = serde_json::json!({ "error": { "code": code, "message": message } }).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; odata.metadata=minimal"));
    if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        headers.insert("x-ms-service-request-id", id.clone());
        headers.insert("req_id", id);
    }
    response
}

fn unauthorized(checked: &Checked, code: &str, message: &str) -> Response {
    let mut response = error(StatusCode::UNAUTHORIZED, code, message);
    let challenge = format!(
        "Bearer authorization_uri={}/{}/oauth2/authorize, resource_id={}/",
        checked.shared.authority, checked.environment.tenant_id, checked.origin
    );
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}
