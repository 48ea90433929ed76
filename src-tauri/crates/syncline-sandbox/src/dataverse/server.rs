//! The axum router: takes a request off the wire, applies service protection, hands it to the dispatcher.
use super::caller::Caller;
use super::dispatch;
use super::environment::Environment;
use super::error::{ServiceError, code};
use super::request::{ApiRequest, ApiResponse, Preferences};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

/// Longest address of a request, in characters (Dataverse Web API, query: 32 KB).
const MAX_URL: usize = 32_768;

/// Largest request body taken, in bytes.
const MAX_BODY: usize = 128 * 1024 * 1024;

/// Everything under `/api/data/{version}`. The caller puts a middleware in front that checks the bearer token and
/// inserts `axum::Extension<Caller>`; a request without it is refused with 401.
pub fn router(environment: Arc<Environment>) -> axum::Router {
    axum::Router::new()
        .route("/api/data", any(serve))
        .route("/api/data/{*rest}", any(serve))
        .with_state(environment)
}

async fn serve(State(environment): State<Arc<Environment>>, request: Request) -> Response {
    let service_request_id = Uuid::new_v4();
    let detailed = Preferences::read(request.headers()).include_annotations.is_some();
    let caller = request.extensions().get::<Caller>().cloned();
    let answer = match caller {
        None => Err(ServiceError::new(
            401,
            "0x80040204",
            "The request has no valid user. Sign in and send a bearer token.",
        )),
        Some(caller) => answer(environment, request, caller).await,
    };
    let mut answer = answer.unwrap_or_else(|error| error_answer(&error, detailed));
    answer = answer
        .with("x-ms-service-request-id", service_request_id.to_string())
        .with("req_id", service_request_id.to_string());
    if !answer.headers.contains_key("odata-version") {
        answer = answer.with("odata-version", "4.0");
    }
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        http::StatusCode::from_u16(answer.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    *response.headers_mut() = answer.headers;
    response
}

/// The answer for an error, with `Retry-After` when the error asks for it.
pub(crate) fn error_answer(error: &ServiceError, detailed: bool) -> ApiResponse {
    let answer = ApiResponse::json(error.status, error.body(detailed));
    match error.retry_after {
        Some(seconds) => answer.with("retry-after", seconds.to_string()),
        None => answer,
    }
}

async fn answer(
    environment: Arc<Environment>,
    request: Request,
    caller: Caller,
) -> Result<ApiResponse, ServiceError> {
    let ticket = environment.protection.admit(caller.user_id, Instant::now())?;
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY)
        .await
        .map_err(|e| ServiceError::bad(code::PAYLOAD, format!("The request body could not be read: {e}")))?
        .to_vec();
    let full = parts.uri.path().strip_prefix("/api/data").unwrap_or_default().trim_start_matches('/');
    let (version, path) = full.split_once('/').unwrap_or((full, ""));
    if !matches!(version, "v8.2" | "v9.0" | "v9.1" | "v9.2") {
        return Err(ServiceError::no_segment(version));
    }
    let authority = parts
        .headers
        .get("host")
        .and_then(|h| h.to_str().ok())
        .map(str::to_owned)
        .or_else(|| parts.uri.authority().map(ToString::to_string))
        .unwrap_or_else(|| "localhost".into());
    let length = authority.len() + parts.uri.path_and_query().map_or(0, |path| path.as_str().len());
    if length + "http://".len() > MAX_URL {
        return Err(ServiceError::new(
            414,
            "",
            format!("The request URL is longer than {MAX_URL} characters."),
        ));
    }
    let api = ApiRequest {
        method: parts.method,
        path: path.to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
        caller,
        service_root: format!("http://{authority}/api/data/{version}"),
    };
    let mut answer = tokio::task::spawn_blocking(move || dispatch::handle(&environment, api))
        .await
        .map_err(|e| ServiceError::new(500, code::UNEXPECTED, format!("The request failed: {e}")))?;
    if let Some(ticket) = &ticket {
        tokio::time::sleep(ticket.left()).await;
        let allowance = ticket.allowance;
        answer = answer
            .with("x-ms-ratelimit-burst-remaining-xrm-requests", allowance.remaining.to_string())
            .with("x-ms-ratelimit-time-remaining-xrm-requests", allowance.execution_text())
            .with("x-ms-dop-hint", allowance.parallelism_hint.to_string());
    }
    Ok(answer)
}
