//! The way between an environment and its client: how long an answer is on it, and whether it is compressed, as Dataverse compresses where a
//! client takes it.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, header};
use std::io::Write;
use std::time::Duration;

/// Shorter answers are not worth compressing.
const LEAST: usize = 1024;

/// How far away the environments are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Distance {
    pub(crate) latency: Duration,
    pub(crate) gzip: bool,
}

impl Distance {
    /// The answer as it arrives.
    pub(crate) async fn travel(self, takes_gzip: bool, response: Response) -> Response {
        let response = if self.gzip && takes_gzip { compressed(response).await } else { response };
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        response
    }
}

/// Whether a client takes compressed answers.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|list| list.split(',').any(|one| one.trim().starts_with("gzip")))
}

async fn compressed(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    // A body of the sandbox is made whole before it is sent, so that it can't break off here.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    if body.len() < LEAST {
        return Response::from_parts(parts, Body::from(body));
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 6), Compression::fast());
    let packed = encoder.write_all(&body).and_then(|()| encoder.finish());
    let Ok(packed) = packed else { return Response::from_parts(parts, Body::from(body)) };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    Response::from_parts(parts, Body::from(packed))
}
