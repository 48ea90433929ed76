//! `requests.list`: what was asked and answered lately, without secrets.

use jiff::Timestamp;
use std::sync::Arc;
use syncline_http::Exchange;
use syncline_model::ErrorCode;

use crate::app::App;
use crate::wire::{ApiError, RequestSeen, RequestsQuery};

const MOST: u32 = 500;

fn time(text: Option<&String>) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        ApiError::new(ErrorCode::Usage, format!("not a time: {text}"))
            .hint("write it as 2026-01-31T12:00:00Z")
    })
}

/// It was refused, or no answer came.
pub(super) fn failed(exchange: &Exchange) -> bool {
    exchange.status.is_none_or(|status| status >= 400)
}

pub(super) fn seen(exchange: Exchange) -> RequestSeen {
    RequestSeen {
        at: exchange.at.to_string(),
        took_ms: exchange.took_ms,
        method: exchange.method,
        origin: exchange.origin,
        path: exchange.path,
        request_headers: exchange.request_headers,
        request_body: exchange.request_body,
        status: exchange.status,
        answer_headers: exchange.answer_headers,
        answer_body: exchange.answer_body,
        fault: exchange.fault,
    }
}

pub(crate) async fn list(app: &Arc<App>, request: RequestsQuery) -> Result<Vec<RequestSeen>, ApiError> {
    let (since, until) = (time(request.since.as_ref())?, time(request.until.as_ref())?);
    let url = match &request.connection {
        Some(name) => Some(app.connection(name).await?.url),
        None => None,
    };
    let only_failed = request.failed.unwrap_or(false);
    let limit = request.limit.unwrap_or(MOST).clamp(1, MOST) as usize;
    let found = app.exchanges.latest(limit, |exchange| {
        since.is_none_or(|since| exchange.at >= since)
            && until.is_none_or(|until| exchange.at <= until)
            && url.as_ref().is_none_or(|url| url.starts_with(&exchange.origin))
            && (!only_failed || failed(exchange))
    });
    Ok(found.into_iter().map(seen).collect())
}
