//! What was asked of the services: method, path, status, time. Never headers or bodies.

use serde::Serialize;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Requests that are kept.
const KEPT: usize = 200_000;

/// One request.
#[derive(Debug, Clone, Serialize)]
pub struct LoggedRequest {
    /// `entra`, `insider`, or the environment's name.
    pub service: String,
    /// Method.
    pub method: String,
    /// Path with query.
    pub path: String,
    /// Status of the answer; 0 when none was given.
    pub status: u16,
    /// Milliseconds since the sandbox began, when the request came.
    pub at_ms: u64,
    /// Milliseconds until the answer was ready.
    pub took_ms: u64,
    /// The fault that was applied.
    pub fault: Option<String>,
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
