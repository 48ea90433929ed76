//! The token endpoint: who asks, and with what grant.

use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::Arc;

use super::directory::{AppKind, Application};
use super::errors::EntraError;
use super::form::{Fields, Tenanted, need, no_resource, posted};
use super::grants::{self, Request};
use super::state::Entra;
use crate::server::Shared;

pub(crate) async fn token(
    State(shared): State<Arc<Shared>>,
    Tenanted(tenant): Tenanted,
    headers: HeaderMap,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let answer = posted(form).and_then(|mut fields| {
        take_basic(&headers, &mut fields);
        grant(&shared.entra, &tenant, &fields)
    });
    match answer {
        Ok(body) => {
            ([(header::CACHE_CONTROL, "no-store, no-cache"), (header::PRAGMA, "no-cache")], Json(body))
                .into_response()
        }
        Err(error) => error.into_response(),
    }
}

/// HTTP Basic in place of `client_id` and `client_secret`, both form-encoded.
fn take_basic(headers: &HeaderMap, fields: &mut Fields) {
    let decoded = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|value| STANDARD.decode(value).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some((id, secret)) = decoded.as_deref().and_then(|text| text.split_once(':')) {
        let decode = |text: &str| {
            percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
        };
        fields.entry("client_id".to_owned()).or_insert_with(|| decode(id));
        fields.entry("client_secret".to_owned()).or_insert_with(|| decode(secret));
    }
}

fn grant(entra: &Entra, tenant: &str, fields: &Fields) -> Result<serde_json::Value, EntraError> {
    let tenant_id = entra.directory.tenant_in_path(tenant)?;
    let application = entra.directory.application(tenant, need(fields, "client_id")?)?;
    let kind = need(fields, "grant_type")?;
    no_resource(fields)?;
    check_secret(application, fields)?;
    let request = Request { entra, tenant, tenant_id, application, fields };
    match kind {
        "authorization_code" => grants::by_code(&request),
        "refresh_token" => grants::by_refresh(&request),
        "client_credentials" => grants::by_secret(&request),
        "urn:ietf:params:oauth:grant-type:device_code" => grants::by_device(&request),
        other => Err(EntraError::new(
            "unsupported_grant_type",
            70003,
            format!("The app requested an unsupported grant type '{other}'."),
        )),
    }
}

fn check_secret(application: &Application, fields: &Fields) -> Result<(), EntraError> {
    let refused = |number, text: String| Err(EntraError::new("invalid_client", number, text));
    let assertion = fields.contains_key("client_assertion");
    let given = fields.get("client_secret").map(String::as_str);
    match (&application.kind, given) {
        (AppKind::Public, None) if !assertion => Ok(()),
        (AppKind::Public, _) => refused(
            700_025,
            "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.".to_owned(),
        ),
        (AppKind::Confidential { .. }, None) if assertion => refused(
            700_027,
            "The certificate with identifier used to sign the client assertion is not registered on application."
                .to_owned(),
        ),
        (AppKind::Confidential { .. }, None) => Err(secret_missing()),
        (AppKind::Confidential { secret, .. }, Some(given)) if given == secret => Ok(()),
        (AppKind::Confidential { expired_secret, .. }, Some(given)) if given == expired_secret => refused(
            7_000_222,
            format!(
                "The provided client secret keys for app '{}' are expired. Visit the Azure portal to create new keys for your app.",
                application.client_id
            ),
        ),
        (AppKind::Confidential { .. }, Some(_)) => refused(
            7_000_215,
            format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{}'.",
                application.client_id
            ),
        ),
    }
}

/// A secret is needed: the registration is not a public client.
pub(crate) fn secret_missing() -> EntraError {
    EntraError::new(
        "invalid_client",
        7_000_218,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    )
}
