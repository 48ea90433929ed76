//! Microsoft Entra's v2.0 endpoints: authorize, token, device code, discovery document and keys ("Microsoft identity platform and OAuth
//! 2.0", "Authentication and authorization error codes").
//!
//! # Driving the sign-in pages without a browser
//! `GET /{tenant}/oauth2/v2.0/authorize?…` answers a page with plain forms. `POST` to the same path, with the same parameters as form
//! fields and the person's own answers beside them:
//!
//! | field | value | when |
//! |---|---|---|
//! | `account` | sign-in name | always |
//! | `approved` | `mfa` | the person needs a second factor |
//! | `consent` | `accept` or `cancel` | the application is new to this person, or `prompt=consent` |
//!
//! All may be sent at once. The last answer is a 302 to the redirect URI. It also sets a cookie; with it the next request needs no
//! account, unless it says `prompt=login` or `prompt=select_account` or hints at somebody else.
//!
//! `GET /devicelogin` and `POST /devicelogin` take the fields `user_code`, and then `account`, `approved` and `consent` as above.

mod authorize;
mod authorize_pages;
mod device;
mod directory;
mod errors;
mod form;
mod grants;
mod jwt;
mod pages;
mod pkce;
mod redirect;
mod refresh;
mod reply;
mod scopes;
mod state;
mod token;

pub use directory::{AppKind, Application, Directory, Person, PersonKind, Tenant};
pub use state::Entra;

pub(crate) use errors::{STRONGER, throttled_or_down};
pub(crate) use jwt::Refusal;
pub(crate) use state::EntraConfig;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use std::sync::Arc;

use crate::server::Shared;
use errors::method_not_allowed;
use form::Tenanted;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let refuse = |method: http::Method| async move { method_not_allowed(&method) };
    Router::new()
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::show).post(authorize::submit))
        .route("/{tenant}/oauth2/v2.0/token", post(token::token).fallback(refuse))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device::begin).fallback(refuse))
        .route("/devicelogin", get(device::page).post(device::submit))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(keys))
        .with_state(shared)
}

async fn configuration(State(shared): State<Arc<Shared>>, Tenanted(tenant): Tenanted) -> Response {
    let issuer = match shared.entra.directory.tenant_in_path(&tenant) {
        Ok(Some(id)) => format!("{}/{id}/v2.0", shared.authority),
        Ok(None) => format!("{}/{{tenantid}}/v2.0", shared.authority),
        Err(error) => return error.into_response(),
    };
    let root = format!("{}/{tenant}", shared.authority);
    Json(serde_json::json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{root}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{root}/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{root}/oauth2/v2.0/devicecode"),
        "jwks_uri": format!("{root}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["plain", "S256"],
    }))
    .into_response()
}

async fn keys(State(shared): State<Arc<Shared>>, Tenanted(tenant): Tenanted) -> Response {
    match shared.entra.directory.tenant_in_path(&tenant) {
        Ok(_) => Json(shared.entra.signer.key_set()).into_response(),
        Err(error) => error.into_response(),
    }
}
