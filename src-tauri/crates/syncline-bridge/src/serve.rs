//! Routes.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::sse::{Event as SseEvent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::Stream;
use std::collections::HashMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use syncline_api::App;
use tokio::sync::broadcast::error::RecvError;

use crate::guard::Guard;

#[derive(Clone)]
struct Served {
    app: Arc<App>,
    guard: Guard,
    ui: Option<PathBuf>,
}

pub(crate) fn router(app: Arc<App>, guard: Guard, ui: Option<PathBuf>) -> Router {
    Router::new()
        .route("/rpc/{name}", post(rpc))
        .route("/events", get(events))
        .route("/bridge.json", get(bridge))
        .fallback(get(file))
        .with_state(Served { app, guard, ui })
}

/// Tells the page, which is of our own origin, the token.
async fn bridge(State(served): State<Served>, headers: HeaderMap) -> Response {
    if !served.guard.is_ours(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    Json(serde_json::json!({ "token": served.guard.token() })).into_response()
}

async fn rpc(
    State(served): State<Served>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(request): Json<serde_json::Value>,
) -> Response {
    if !served.guard.is_ours(&headers) || !served.guard.knows(&headers, None) {
        return StatusCode::FORBIDDEN.into_response();
    }
    match served.app.rpc(&name, request).await {
        Ok(response) => Json(response).into_response(),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Json(error)).into_response(),
    }
}

async fn events(
    State(served): State<Served>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if !served.guard.is_ours(&headers)
        || !served.guard.knows(&headers, query.get("token").map(String::as_str))
    {
        return StatusCode::FORBIDDEN.into_response();
    }
    Sse::new(stream(served.app)).keep_alive(KeepAlive::default()).into_response()
}

fn stream(app: Arc<App>) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    futures::stream::unfold(app.events(), |mut receiver| async move {
        loop {
            match receiver.recv().await {
                Ok(event) => {
                    let data = serde_json::to_string(&event).unwrap_or_default();
                    return Some((Ok(SseEvent::default().data(data)), receiver));
                }
                // Events are states; the next one says it all.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    })
}

/// A file of the built UI; an address of the application is its first page.
async fn file(State(served): State<Served>, uri: Uri, headers: HeaderMap) -> Response {
    let Some(folder) = served.ui.filter(|_| served.guard.is_ours(&headers)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let wanted = uri.path().trim_start_matches('/');
    let safe = !wanted.split('/').any(|part| part == ".." || part.contains('\\'));
    let path = folder.join(if safe && !wanted.is_empty() { wanted } else { "index.html" });
    let path = if path.is_file() { path } else { folder.join("index.html") };
    match tokio::fs::read(&path).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, content_type(&path))], bytes).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

fn content_type(path: &std::path::Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}
