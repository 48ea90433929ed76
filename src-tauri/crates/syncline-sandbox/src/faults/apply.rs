//! The middleware in front of every service: logs the request and breaks the answer where a rule says so.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use std::sync::Arc;
use std::time::Duration;

use super::{FaultKind, FaultRule};
use crate::dataverse::Environment;
use crate::log::LoggedRequest;
use crate::server::Shared;
use crate::wire::Cut;

/// Longest a hanging answer is held.
const HANG: Duration = Duration::from_secs(600);

/// A service and what its faults reach.
#[derive(Clone)]
pub(crate) struct Guarded {
    pub(crate) service: String,
    pub(crate) shared: Arc<Shared>,
    pub(crate) environment: Option<Arc<Environment>>,
}

pub(crate) async fn guard(
    State(guarded): State<Guarded>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().as_str().to_owned();
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    if path.starts_with("/__control") {
        return next.run(request).await;
    }
    let at_ms = guarded.shared.log.now_ms();
    let rule = guarded.shared.faults.next(&guarded.service, &method, &path);
    let fault = rule.as_ref().map(|rule| {
        serde_json::to_value(&rule.kind)
            .ok()
            .and_then(|kind| kind["kind"].as_str().map(str::to_owned))
            .unwrap_or_default()
    });
    let response = match rule {
        None => next.run(request).await,
        Some(rule) => apply(&guarded, &rule, &cut, request, next).await,
    };
    guarded.shared.log.add(LoggedRequest {
        service: guarded.service.clone(),
        method,
        path,
        status: response.status().as_u16(),
        at_ms,
        took_ms: guarded.shared.log.now_ms().saturating_sub(at_ms),
        fault,
    });
    response
}

async fn apply(guarded: &Guarded, rule: &FaultRule, cut: &Cut, request: Request, next: Next) -> Response {
    match &rule.kind {
        FaultKind::Status { status, retry_after } => refused(*status, *retry_after),
        FaultKind::HtmlPage { status } => html(*status),
        FaultKind::Hang => {
            tokio::time::sleep(HANG).await;
            refused(504, None)
        }
        FaultKind::ResetBefore => {
            let response = next.run(request).await;
            cut.after(0);
            response
        }
        FaultKind::ResetInside { after_bytes } => {
            let response = next.run(request).await;
            cut.after(*after_bytes);
            response
        }
        FaultKind::TruncatedJson => {
            rewritten(next.run(request).await, |body| body.slice(..body.len() / 2)).await
        }
        FaultKind::GarbageJson => {
            rewritten(next.run(request).await, |_| Bytes::from_static(b"{\"value\":[{\"\xff\xfe\": nul"))
                .await
        }
        FaultKind::Slow { chunk_ms } => slow(next.run(request).await, Duration::from_millis(*chunk_ms)).await,
        FaultKind::ExpireTokens => {
            guarded.shared.entra.expire_access_tokens();
            next.run(request).await
        }
        FaultKind::OtherOrganization => {
            if let Some(environment) = &guarded.environment {
                environment.set_organization_id(uuid::Uuid::new_v4());
            }
            next.run(request).await
        }
    }
}

fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A refusal in the words of the service's documents ("Service protection API limits").
fn refused(number: u16, retry_after: Option<u64>) -> Response {
    let (code, message) = match number {
        429 => {
            ("0x80072322", "Number of requests exceeded the limit of 6000 over time window of 300 seconds.")
        }
        _ => ("0x80040216", "An unexpected error occurred."),
    };
    let body = serde_json::json!({ "error": { "code": code, "message": message } }).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status(number);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn html(number: u16) -> Response {
    let page = "<!DOCTYPE html><html><head><title>Our services aren't available right now</title></head>\
                <body><h1>Our services aren't available right now</h1><p>We're working to restore all services.</p></body></html>";
    let mut response = Response::new(Body::from(page));
    *response.status_mut() = status(number);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

async fn whole(response: Response) -> (http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    (parts, to_bytes(body, usize::MAX).await.unwrap_or_default())
}

async fn rewritten(response: Response, change: impl FnOnce(Bytes) -> Bytes) -> Response {
    let (mut parts, body) = whole(response).await;
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(change(body)))
}

async fn slow(response: Response, wait: Duration) -> Response {
    const PIECES: usize = 16;
    let (mut parts, body) = whole(response).await;
    parts.headers.remove(header::CONTENT_LENGTH);
    let size = body.len().div_ceil(PIECES).max(1);
    let pieces: Vec<Bytes> =
        (0..body.len()).step_by(size).map(|at| body.slice(at..(at + size).min(body.len()))).collect();
    let stream = futures::stream::unfold(pieces.into_iter(), move |mut pieces| async move {
        tokio::time::sleep(wait).await;
        pieces.next().map(|piece| (Ok::<_, std::convert::Infallible>(piece), pieces))
    });
    Response::from_parts(parts, Body::from_stream(stream))
}
