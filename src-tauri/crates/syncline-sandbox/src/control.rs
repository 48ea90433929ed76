//! The control endpoint on the sign-in port: faults, the request log, the lifetime of tokens, service protection.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

use crate::dataverse::Limits;
use crate::faults::FaultRule;
use crate::log::LoggedRequest;
use crate::server::Shared;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/__control/faults", post(add_faults))
        .route("/__control/faults", delete(clear_faults))
        .route("/__control/requests", get(requests))
        .route("/__control/requests", delete(clear_requests))
        .route("/__control/settings", post(settings))
        .with_state(shared)
}

async fn add_faults(State(shared): State<Arc<Shared>>, Json(rules): Json<Vec<FaultRule>>) -> StatusCode {
    shared.faults.add(rules);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.faults.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Wanted {
    service: Option<String>,
    path: Option<String>,
}

async fn requests(
    State(shared): State<Arc<Shared>>,
    Query(wanted): Query<Wanted>,
) -> Json<Vec<LoggedRequest>> {
    let fits = |request: &LoggedRequest| {
        wanted.service.as_deref().is_none_or(|service| request.service == service)
            && wanted.path.as_deref().is_none_or(|path| request.path.contains(path))
    };
    Json(shared.log.all().into_iter().filter(fits).collect())
}

async fn clear_requests(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.log.clear();
    StatusCode::NO_CONTENT
}

/// What can be changed while it runs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    access_token_lifetime_s: Option<u64>,
    expire_refresh_tokens: Option<bool>,
    /// Requests a user may send within `window_s`; 0: no limit.
    requests: Option<usize>,
    window_s: Option<u64>,
}

async fn settings(State(shared): State<Arc<Shared>>, Json(settings): Json<Settings>) -> StatusCode {
    if let Some(seconds) = settings.access_token_lifetime_s {
        shared.entra.set_access_token_lifetime(seconds);
    }
    if settings.expire_refresh_tokens == Some(true) {
        shared.entra.expire_refresh_tokens();
    }
    if let Some(requests) = settings.requests {
        let window = Duration::from_secs(settings.window_s.unwrap_or(300));
        let limits = (requests > 0).then(|| Limits { requests, window, ..Limits::default() });
        for environment in &shared.environments {
            environment.protection.set(limits);
        }
    }
    StatusCode::NO_CONTENT
}
