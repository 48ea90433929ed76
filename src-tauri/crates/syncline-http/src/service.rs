//! The transport as a trait of one method, so that tests can script it.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use url::Url;

use crate::TransportFault;

/// One request as it leaves.
#[derive(Clone)]
pub struct WireRequest {
    /// Method.
    pub method: Method,
    /// Whole address, query included.
    pub url: Url,
    /// Headers, credentials included.
    pub headers: HeaderMap,
    /// Body; empty where there is none.
    pub body: Bytes,
    /// Longest time until the last byte of the answer.
    pub timeout: Duration,
    /// Takes the body of a success while it arrives.
    pub sink: Option<SharedSink>,
}

/// Takes a body while it arrives, so that a long one is never in memory whole.
pub trait BodySink: Send {
    /// A success begins. What came of an earlier try of the same request is void.
    fn begin(&mut self, headers: &HeaderMap);
    /// What arrived next, decompressed. It may take its time: nothing more is read meanwhile. False: no more is wanted.
    fn take(&mut self, bytes: &[u8]) -> bool;
}

/// A sink as the tries of a request share it.
pub type SharedSink = Arc<Mutex<dyn BodySink>>;

impl std::fmt::Debug for WireRequest {
    /// Method, host and path only: query and headers may hold what must not be seen.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WireRequest")
            .field("method", &self.method)
            .field("host", &self.url.host_str())
            .field("path", &self.url.path())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// One answer as it came, whatever its status.
#[derive(Debug, Clone, Default)]
pub struct WireResponse {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The whole body, decompressed; of one that a sink took its beginning.
    pub body: Bytes,
    /// The request's sink took the body.
    pub sunk: bool,
}

/// Sends one request, once. No retry, no redirect, no credentials of its own.
#[async_trait]
pub trait HttpService: Send + Sync {
    /// The answer, or why there is none.
    async fn call(&self, request: WireRequest) -> Result<WireResponse, TransportFault>;
}
