//! What was asked of the services: method, path, headers without secrets, status, time. Never bodies.

use http::HeaderMap;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
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
    /// Status of the answer; 0 while there is none, and for good when the client went away before.
    pub status: u16,
    /// Milliseconds since the sandbox began, when the request came.
    pub at_ms: u64,
    /// Milliseconds until the head of the answer was ready, or the client went away.
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

/// The log. A request is in it from the moment it comes; its status follows.
#[derive(Debug)]
pub(crate) struct Log {
    begun: Instant,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    requests: VecDeque<LoggedRequest>,
    /// Number of the first one that is kept.
    first: u64,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), kept: Mutex::default() }
    }
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
    /// Takes a request that has just come, and gives its number.
    pub(crate) fn begin(&self, request: LoggedRequest) -> u64 {
        let mut kept = self.lock();
        if kept.requests.len() == KEPT {
            kept.requests.pop_front();
            kept.first += 1;
        }
        kept.requests.push_back(request);
        kept.first + kept.requests.len() as u64 - 1
    }
    /// Notes how a request ended, unless it has been forgotten meanwhile.
    pub(crate) fn end(&self, number: u64, status: u16) {
        let now = self.now_ms();
        let mut kept = self.lock();
        let position = number.checked_sub(kept.first).and_then(|position| usize::try_from(position).ok());
        if let Some(request) = position.and_then(|position| kept.requests.get_mut(position)) {
            request.status = status;
            request.took_ms = now.saturating_sub(request.at_ms);
        }
    }
    pub(crate) fn all(&self) -> Vec<LoggedRequest> {
        self.lock().requests.iter().cloned().collect()
    }
    pub(crate) fn clear(&self) {
        let mut kept = self.lock();
        kept.first += kept.requests.len() as u64;
        kept.requests.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str) -> LoggedRequest {
        LoggedRequest {
            service: "entra".into(),
            method: "GET".into(),
            path: path.into(),
            headers: BTreeMap::new(),
            status: 0,
            at_ms: 0,
            took_ms: 0,
            fault: None,
        }
    }

    #[test]
    fn an_end_finds_its_beginning() {
        let log = Log::new();
        let (first, second) = (log.begin(request("/1")), log.begin(request("/2")));
        log.end(second, 204);
        assert_eq!(log.all().iter().map(|request| request.status).collect::<Vec<_>>(), [0, 204]);
        log.clear();
        let third = log.begin(request("/3"));
        log.end(first, 500);
        assert_eq!(log.all()[0].status, 0, "what was forgotten stays so");
        for _ in 0..KEPT {
            log.begin(request("/more"));
        }
        log.end(third, 500);
        assert_eq!((log.all().len(), log.all()[0].status), (KEPT, 0));
    }
}
