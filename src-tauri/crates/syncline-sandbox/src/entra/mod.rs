//! Microsoft Entra's v2.0 endpoints: authorize, token, device code, discovery document and keys ("Microsoft identity platform and OAuth
//! 2.0", "Authentication and authorization error codes").
//!
//! # Driving the sign-in page without a browser
//! `GET /{tenant}/oauth2/v2.0/authorize?…` answers a page with plain forms. `POST` to the same path with the same parameters as form
//! fields and `account=<sign-in name>`; where asked, again with `approved=mfa`, then with `consent=accept` (or `consent=cancel`). The last
//! answer is a 302 to the redirect URI.

mod authorize;
mod device;
mod directory;
mod errors;
mod jwt;
mod pages;
mod redirect;
mod scopes;
mod state;
mod token;

pub use directory::{AppKind, Application, Directory, Person, PersonKind, Tenant};
pub use state::Entra;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use std::sync::Arc;

use crate::server::Shared;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/{tenant}/oauth2/v2.0/authorize", get(authorize::show).post(authorize::submit))
        .route("/{tenant}/oauth2/v2.0/token", post(token::token))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device::begin))
        .route("/devicelogin", get(device::page).post(device::submit))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(keys))
        .with_state(shared)
}

async fn configuration(
    State(shared): State<Arc<Shared>>,
    Path(tenant): Path<String>,
) -> Json<serde_json::Value> {
    let root = format!("{}/{tenant}", shared.authority);
    let issuer = match shared.entra.directory.tenant(&tenant) {
        Some(tenant) => format!("{}/{}/v2.0", shared.authority, tenant.id),
        None => format!("{}/{{tenantid}}/v2.0", shared.authority),
    };
    Json(serde_json::json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{root}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{root}/oauth2/v2.0/token"),
        "device_authorization_endpoint": format!("{root}/oauth2/v2.0/devicecode"),
        "jwks_uri": format!("{root}/discovery/v2.0/keys"),
        "response_modes_supported": ["query"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": ["plain", "S256"],
    }))
}

async fn keys(State(shared): State<Arc<Shared>>) -> Json<serde_json::Value> {
    Json(shared.entra.signer.key_set())
}
