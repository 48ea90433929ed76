//! The Global Discovery Service: the environments of the signed-in person ("Discover the URL for your organization").

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use std::collections::HashMap;
use std::sync::Arc;

use crate::server::Shared;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().route("/api/discovery/v2.0/Instances", get(instances)).with_state(shared)
}

async fn instances(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    let claims = match token.map(|token| shared.entra.verify(token)) {
        Some(Ok(claims)) if claims.aud.trim_end_matches('/') == shared.authority => claims,
        _ => return unauthorized(&shared),
    };
    // Application tokens are not taken: the list is of a user's environments.
    let Some(user) = claims.oid else { return unauthorized(&shared) };
    for name in query.keys() {
        if !matches!(name.as_str(), "$select" | "$filter") {
            return refused(&format!("The query option {name} is not supported."));
        }
    }
    let mut found: Vec<serde_json::Value> = shared
        .details
        .get()
        .map(|details| details.environments.as_slice())
        .unwrap_or_default()
        .iter()
        .zip(&shared.environments)
        .filter(|(_, environment)| {
            environment.tenant_id == claims.tid && environment.caller_by_object_id(user).is_some()
        })
        .map(|(details, environment)| {
            serde_json::json!({
                "Id": environment.organization_id(), "EnvironmentId": environment.organization_id(),
                "TenantId": environment.tenant_id, "UniqueName": format!("unq{}", environment.name),
                "UrlName": environment.name, "FriendlyName": details.display_name, "ApiUrl": details.url, "Url": details.url,
                "Version": "9.2.26104.00180", "Region": "EMEA", "State": 0, "OrganizationType": 0,
                "Purpose": details.purpose, "IsUserSysAdmin": true, "DatacenterName": "Loopback", "StatusMessage": 0,
                "LastUpdated": "2026-10-01T00:00:00Z", "TrialExpirationDate": null, "SchemaType": "Full"
            })
        })
        .collect();
    if let Some(filter) = query.get("$filter") {
        let Some((name, value)) = filter.split_once(" eq ") else {
            return refused(&format!("The filter {filter} can't be read."));
        };
        let wanted = value.trim().trim_matches('\'').to_owned();
        found.retain(|instance| match &instance[name.trim()] {
            serde_json::Value::String(text) => *text == wanted,
            other => *other.to_string() == *wanted,
        });
    }
    if let Some(select) = query.get("$select") {
        let names: Vec<&str> = select.split(',').map(str::trim).collect();
        for instance in &mut found {
            if let Some(object) = instance.as_object_mut() {
                object.retain(|name, _| names.contains(&name.as_str()));
            }
        }
    }
    Json(serde_json::json!({ "@odata.context": format!("{}/api/discovery/v2.0/$metadata#Instances", shared.authority), "value": found }))
        .into_response()
}

fn unauthorized(shared: &Shared) -> Response {
    let challenge =
        format!("Bearer authorization_uri={0}/common/oauth2/authorize, resource_id={0}/", shared.authority);
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
}

fn refused(text: &str) -> Response {
    let body = serde_json::json!({ "error": { "code": "0x80060888", "message": text } });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}
