//! The transport as a trait of one method, so that tests can script it.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
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
}

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
    /// The whole body, decompressed.
    pub body: Bytes,
}

/// Sends one request, once. No retry, no redirect, no credentials of its own.
#[async_trait]
pub trait HttpService: Send + Sync {
    /// The answer, or why there is none.
    async fn call(&self, request: WireRequest) -> Result<WireResponse, TransportFault>;
}
