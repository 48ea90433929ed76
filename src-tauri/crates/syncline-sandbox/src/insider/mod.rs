//! Insider One's upsert API as its public reference describes it ("Upsert User Data"): limits, rules, partial failures, and a page that shows
//! the profiles received.

mod page;
mod profiles;
mod rules;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use std::sync::{Arc, Mutex, PoisonError};

use crate::server::Shared;
use profiles::Profiles;

/// "Upsert User Data": limits.
const MAX_BYTES: usize = 5_000_000;
const MAX_USERS: usize = 1000;

/// The account.
#[derive(Debug)]
pub(crate) struct Insider {
    partner: String,
    token: String,
    profiles: Mutex<Profiles>,
}

impl Insider {
    pub(crate) fn new(partner: &str, token: &str) -> Self {
        Self { partner: partner.to_owned(), token: token.to_owned(), profiles: Mutex::default() }
    }

    pub(crate) fn profiles(&self) -> Vec<serde_json::Value> {
        self.profiles.lock().unwrap_or_else(PoisonError::into_inner).newest_first()
    }
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(page::show))
        .route("/profiles", get(profiles_json))
        .route("/api/user/v1/upsert", any(upsert))
        .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
        .with_state(shared)
}

async fn profiles_json(State(shared): State<Arc<Shared>>) -> Json<Vec<serde_json::Value>> {
    Json(shared.insider.profiles())
}

/// The two envelopes that occur on this host.
fn plain(status: StatusCode, error: &str) -> Response {
    (status, Json(serde_json::json!({ "error": error }))).into_response()
}
fn wordy(status: StatusCode, message: &str) -> Response {
    (status, Json(serde_json::json!({ "success": false, "message": message }))).into_response()
}

async fn upsert(
    State(shared): State<Arc<Shared>>,
    method: axum::http::Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header_text =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if method != axum::http::Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if body.len() > MAX_BYTES {
        return plain(
            StatusCode::BAD_REQUEST,
            "request body is bigger than maximum allowed size 5,000,000 bytes",
        );
    }
    if !header_text(header::CONTENT_TYPE.as_str()).starts_with("application/json") {
        return plain(StatusCode::BAD_REQUEST, "content type must be application/json");
    }
    if header_text("x-partner-name") != shared.insider.partner {
        return wordy(StatusCode::BAD_REQUEST, "Partner is invalid.");
    }
    if header_text("x-request-token") != shared.insider.token {
        return wordy(StatusCode::UNAUTHORIZED, "Partner token authentication failed.");
    }
    let Ok(request) = serde_json::from_slice::<serde_json::Value>(&body) else {
        return wordy(StatusCode::BAD_REQUEST, "Request data is not in valid JSON format.");
    };
    let users = match request.get("users").and_then(serde_json::Value::as_array) {
        Some(users) if !users.is_empty() => users,
        _ => return plain(StatusCode::BAD_REQUEST, "users must be defined: bad request"),
    };
    if users.len() > MAX_USERS {
        return plain(StatusCode::BAD_REQUEST, "users must be at most 1000: bad request");
    }
    let skip_hook = request.get("skip_hook").and_then(serde_json::Value::as_bool).unwrap_or(false);
    let mut profiles = shared.insider.profiles.lock().unwrap_or_else(PoisonError::into_inner);
    let mut errors = serde_json::Map::new();
    let (mut taken, mut failed) = (0_u64, 0_u64);
    for (position, user) in users.iter().enumerate() {
        let found = rules::check(user);
        if found.is_empty() {
            profiles.take(user, skip_hook);
            taken += 1;
        } else {
            failed += 1;
            for (rule, text) in found {
                let key = format!("users.{position}.{rule}");
                match errors.get_mut(&key).and_then(serde_json::Value::as_array_mut) {
                    Some(texts) => texts.push(text.into()),
                    None => {
                        errors.insert(key, serde_json::json!([text]));
                    }
                }
            }
        }
    }
    // Counts are absent when zero.
    let successful = if taken > 0 { serde_json::json!({ "count": taken }) } else { serde_json::json!({}) };
    let fail = if failed > 0 {
        serde_json::json!({ "count": failed, "errors": errors })
    } else {
        serde_json::json!({})
    };
    Json(serde_json::json!({ "data": { "successful": successful, "fail": fail } })).into_response()
}
