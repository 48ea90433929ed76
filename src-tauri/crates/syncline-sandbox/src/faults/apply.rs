//! The middleware in front of every service: logs the request and breaks the answer where a rule says so.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{StatusCode, header};
use std::sync::Arc;
use std::time::Duration;

use super::refusal::{challenged, elsewhere, page, refused, refused_until};
use super::{FaultKind, FaultRule, links};
use crate::dataverse::Environment;
use crate::distance::takes_gzip;
use crate::log::{LoggedRequest, without_secrets};
use crate::server::Shared;
use crate::wire::Cut;

/// Longest a hanging answer is held.
const HANG: Duration = Duration::from_secs(600);
/// Pieces that a slow answer comes in.
const PIECES: usize = 16;
/// Neither JSON nor UTF-8.
const GARBAGE: &[u8] = b"{\"value\":[{\"\xff\xfe\": nul";

/// A service and what its faults reach.
#[derive(Clone)]
pub(crate) struct Guarded {
    pub(crate) service: String,
    pub(crate) shared: Arc<Shared>,
    pub(crate) environment: Option<Arc<Environment>>,
}

/// Notes the end of a request when it is dropped, so that one whose client has gone away has an end as well.
struct Entry {
    shared: Arc<Shared>,
    number: u64,
    status: u16,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.shared.log.end(self.number, self.status);
    }
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
    cut.whole();
    let rule = guarded.shared.faults.next(&guarded.service, &method, &path);
    let number = guarded.shared.log.begin(LoggedRequest {
        service: guarded.service.clone(),
        method,
        path,
        headers: without_secrets(request.headers()),
        status: 0,
        at_ms: guarded.shared.log.now_ms(),
        took_ms: 0,
        fault: rule.as_ref().map(|rule| rule.kind.name().to_owned()),
    });
    let mut entry = Entry { shared: Arc::clone(&guarded.shared), number, status: 0 };
    let takes_gzip = takes_gzip(request.headers());
    let response = match rule {
        None => next.run(request).await,
        Some(rule) => apply(&guarded, &rule, &cut, request, next).await,
    };
    entry.status = response.status().as_u16();
    if guarded.environment.is_some() {
        return guarded.shared.distance.travel(takes_gzip, response).await;
    }
    response
}

async fn apply(guarded: &Guarded, rule: &FaultRule, cut: &Cut, request: Request, next: Next) -> Response {
    match &rule.kind {
        FaultKind::Status { status, retry_after } => refused(&guarded.service, *status, *retry_after),
        FaultKind::StatusUntil { status, seconds } => refused_until(&guarded.service, *status, *seconds),
        FaultKind::Redirect { status, location } => elsewhere(*status, location),
        FaultKind::LinksTo { origin } => {
            rewritten(next.run(request).await, |body| links::lead_to(&body, origin).into()).await
        }
        FaultKind::LinkLoops => {
            let own = links::own_address(&request);
            rewritten(next.run(request).await, |body| links::lead_back(&body, &own).into()).await
        }
        FaultKind::NoDeltaLink => {
            rewritten(next.run(request).await, |body| links::without_delta(&body).into()).await
        }
        FaultKind::PreferDropped => {
            let mut request = request;
            while request.headers_mut().remove("prefer").is_some() {}
            next.run(request).await
        }
        FaultKind::HtmlPage { status } => page(*status),
        FaultKind::Hang => {
            tokio::time::sleep(HANG).await;
            refused(&guarded.service, 504, None)
        }
        FaultKind::ResetBefore => {
            let response = next.run(request).await;
            cut.after(0);
            response
        }
        FaultKind::ResetUnheard => {
            cut.after(0);
            Response::new(Body::empty())
        }
        FaultKind::ResetInside { after_bytes } => {
            let response = next.run(request).await;
            cut.after(*after_bytes);
            response
        }
        FaultKind::TruncatedJson => {
            rewritten(next.run(request).await, |body| body.slice(..body.len() / 2)).await
        }
        FaultKind::GarbageJson => rewritten(next.run(request).await, |_| Bytes::from_static(GARBAGE)).await,
        FaultKind::Slow { chunk_ms } => slow(next.run(request).await, Duration::from_millis(*chunk_ms)).await,
        FaultKind::ExpireTokens => {
            guarded.shared.entra.expire_access_tokens();
            next.run(request).await
        }
        FaultKind::ClaimsChallenge => challenged(&guarded.shared.authority),
        FaultKind::OtherOrganization { organization_id } => {
            if let Some(environment) = &guarded.environment {
                environment.set_organization_id(organization_id.unwrap_or_else(uuid::Uuid::new_v4));
            }
            next.run(request).await
        }
    }
}

async fn whole(response: Response) -> (http::response::Parts, Bytes) {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    (parts, to_bytes(body, usize::MAX).await.unwrap_or_default())
}

async fn rewritten(response: Response, change: impl FnOnce(Bytes) -> Bytes) -> Response {
    let (mut parts, body) = whole(response).await;
    // An answer without content has no place for a broken one.
    if parts.status == StatusCode::NO_CONTENT {
        parts.status = StatusCode::OK;
    }
    Response::from_parts(parts, Body::from(change(body)))
}

async fn slow(response: Response, wait: Duration) -> Response {
    let (parts, body) = whole(response).await;
    let size = body.len().div_ceil(PIECES).max(1);
    let pieces: Vec<Bytes> =
        (0..body.len()).step_by(size).map(|at| body.slice(at..(at + size).min(body.len()))).collect();
    let stream = futures::stream::unfold(pieces.into_iter(), move |mut pieces| async move {
        let piece = pieces.next()?;
        tokio::time::sleep(wait).await;
        Some((Ok::<_, std::convert::Infallible>(piece), pieces))
    });
    Response::from_parts(parts, Body::from_stream(stream))
}
