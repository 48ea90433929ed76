//! Insider One's upsert API as its public reference describes it ("Upsert User Data"): limits, rules, partial failures, and a page that shows
//! the profiles received.
//!
//! | request | answers |
//! |---|---|
//! | `POST /api/user/v1/upsert` | the service |
//! | `GET /?q=` | a page with the profiles, newest first |
//! | `GET /profiles?q=&offset=&limit=` | the same as a JSON list; `x-total-count` is the number that fits |
//!
//! The last two belong to the sandbox; the real service can't be read with this key.

mod event_rules;
mod page;
mod profiles;
mod rate;
mod rules;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::server::Shared;
use profiles::Profiles;
use rate::Rate;

/// "Upsert User Data": limits.
const MAX_BYTES: usize = 5_000_000;
const MAX_USERS: usize = 1000;

/// The account.
pub(crate) struct Insider {
    partner: String,
    token: String,
    rate: Rate,
    profiles: Mutex<Profiles>,
}

impl std::fmt::Debug for Insider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Insider").field("partner", &self.partner).finish_non_exhaustive()
    }
}

impl Insider {
    pub(crate) fn new(partner: &str, token: &str, requests_per_minute: u32) -> Self {
        Self {
            partner: partner.to_owned(),
            token: token.to_owned(),
            rate: Rate::new(requests_per_minute),
            profiles: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Profiles> {
        self.profiles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn profiles(&self) -> Vec<Value> {
        self.lock().search("", 0, usize::MAX).1
    }

    pub(crate) fn forget_profiles(&self) {
        *self.lock() = Profiles::default();
    }

    pub(crate) fn set_rate(&self, requests_per_minute: u32) {
        self.rate.set(requests_per_minute);
    }
}

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(page::show))
        .route("/profiles", get(profiles_json))
        .route("/api/user/v1/upsert", any(upsert))
        .layer(DefaultBodyLimit::max(16 * MAX_BYTES))
        .with_state(shared)
}

async fn profiles_json(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let number = |name: &str, default: usize| match query.get(name) {
        None => Ok(default),
        Some(text) => {
            text.parse::<usize>().map_err(|_| format!("{name} must be a whole number, not {text:?}"))
        }
    };
    let (offset, limit) = match (number("offset", 0), number("limit", usize::MAX)) {
        (Ok(offset), Ok(limit)) => (offset, limit),
        (Err(error), _) | (_, Err(error)) => return plain(StatusCode::BAD_REQUEST, &error),
    };
    let wanted = query.get("q").map(String::as_str).unwrap_or_default();
    let (total, found) = shared.insider.lock().search(wanted, offset, limit);
    ([("x-total-count", total.to_string())], Json(found)).into_response()
}

/// The two envelopes that occur on this host.
fn plain(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}
fn wordy(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "success": false, "message": message }))).into_response()
}

async fn upsert(
    State(shared): State<Arc<Shared>>,
    method: Method,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let insider = &shared.insider;
    let header_text =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if method != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    // The size is checked before everything else.
    let Some(body) = body.ok().filter(|body| body.len() <= MAX_BYTES) else {
        return plain(
            StatusCode::BAD_REQUEST,
            "request body is bigger than maximum allowed size 5,000,000 bytes",
        );
    };
    let content_type = header_text(header::CONTENT_TYPE.as_str()).split(';').next().unwrap_or_default();
    if !content_type.trim().eq_ignore_ascii_case("application/json") {
        return plain(StatusCode::BAD_REQUEST, "content type must be application/json");
    }
    if header_text("x-partner-name") != insider.partner {
        return wordy(StatusCode::BAD_REQUEST, "Partner is invalid.");
    }
    if header_text("x-request-token") != insider.token {
        return wordy(StatusCode::UNAUTHORIZED, "Partner token authentication failed.");
    }
    if let Err(seconds) = insider.rate.admit(Instant::now()) {
        let refused = plain(StatusCode::TOO_MANY_REQUESTS, "rejected: too many requests");
        return ([(header::RETRY_AFTER, seconds.to_string())], refused).into_response();
    }
    let Ok(request) = serde_json::from_slice::<Value>(&body) else {
        return wordy(StatusCode::BAD_REQUEST, "Request data is not in valid JSON format.");
    };
    match take(insider, &request) {
        Ok(answer) => Json(answer).into_response(),
        Err(text) => plain(StatusCode::BAD_REQUEST, text),
    }
}

/// Takes the users that break no rule and reports the others, or refuses the request as a whole.
fn take(insider: &Insider, request: &Value) -> Result<Value, &'static str> {
    let users = match request.get("users").and_then(Value::as_array) {
        Some(users) if !users.is_empty() => users,
        _ => return Err("users must be defined: bad request"),
    };
    if users.len() > MAX_USERS {
        return Err("users must be at most 1000: bad request");
    }
    let skip_hook = match request.get("skip_hook") {
        None => false,
        Some(Value::Bool(skip_hook)) => *skip_hook,
        Some(_) => return Err("skip_hook must be boolean: bad request"),
    };
    if request.get("error_callback_endpoint").is_some_and(|url| !url.is_string()) {
        return Err("error_callback_endpoint must be string: bad request");
    }
    let mut profiles = insider.lock();
    let mut errors = Map::new();
    let (mut taken, mut failed) = (0_u64, 0_u64);
    for (position, user) in users.iter().enumerate() {
        let found = rules::check(user);
        if found.is_empty() {
            profiles.take(user, skip_hook);
            taken += 1;
            continue;
        }
        failed += 1;
        for (rule, text) in found {
            let key = format!("users.{position}.{rule}");
            match errors.get_mut(&key).and_then(Value::as_array_mut) {
                Some(texts) => texts.push(text.into()),
                None => {
                    errors.insert(key, json!([text]));
                }
            }
        }
    }
    // Counts are absent when zero.
    let successful = if taken > 0 { json!({ "count": taken }) } else { json!({}) };
    let fail = if failed > 0 { json!({ "count": failed, "errors": errors }) } else { json!({}) };
    Ok(json!({ "data": { "successful": successful, "fail": fail } }))
}
