//! What was asked of the services: method, path, headers without secrets, status, time. Never bodies.

use http::HeaderMap;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Requests that are kept; older ones are forgotten.
const KEPT: usize = 50_000;

/// Headers whose values are never kept.
const SECRET: &[&str] = &["authorization", "proxy-authorization", "cookie", "x-request-token"];

/// One request.
#[derive(Debug, Clone, Serialize)]
pub struct LoggedRequest {
    /// `entra`, `insider`, or the environment's name.
    pub service: String,
    /// Method.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Headers by lower-case name; of those that carry a secret only that they were there (`…`).
    pub headers: BTreeMap<String, String>,
    /// Status of the answer; 0 when the client went away before there was one.
    pub status: u16,
    /// Milliseconds since the sandbox began, when the request came.
    pub at_ms: u64,
    /// Milliseconds until the head of the answer was ready.
    pub took_ms: u64,
    /// The fault that was applied.
    pub fault: Option<String>,
}

/// The headers as they are kept.
pub(crate) fn without_secrets(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| {
            let secret = SECRET.contains(&name.as_str());
            let text = if secret {
                "…".to_owned()
            } else {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            };
            (name.as_str().to_owned(), text)
        })
        .collect()
}

/// The log.
#[derive(Debug)]
pub(crate) struct Log {
    begun: Instant,
    requests: Mutex<VecDeque<LoggedRequest>>,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), requests: Mutex::default() }
    }
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
    pub(crate) fn add(&self, request: LoggedRequest) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() == KEPT {
            requests.pop_front();
        }
        requests.push_back(request);
    }
    pub(crate) fn all(&self) -> Vec<LoggedRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
    pub(crate) fn clear(&self) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
