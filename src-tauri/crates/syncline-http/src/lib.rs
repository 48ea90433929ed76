//! The only place that builds an HTTP client. It owns transport, retry, the pause shared by a tenant's requests and the renewal of
//! access tokens; it knows no product, no sign-in and no body format.
//!
//! A request goes: [`HttpClient`] → [`Gate`] (concurrency, pause) → bearer token from a [`TokenProvider`] → [`HttpService`] →
//! [`RetryConfig`] decides → [`Response`].

mod client;
mod clock;
mod config;
mod exchange;
mod fault;
mod gate;
mod journey;
mod request;
mod response;
mod retry;
mod service;
mod tally;
mod token;
mod token_cache;
mod transport;

pub use client::{HttpClient, HttpClientBuilder};
pub use clock::{Clock, SystemClock};
pub use config::{HttpConfig, ProxySetting, is_loopback, require_secure};
pub use exchange::{Exchange, OnExchange, Watched};
pub use fault::{FaultKind, TransportFault};
pub use gate::{Gate, GatePermit, GateState};
pub use request::RequestBuilder;
pub use response::{Response, SendError, retry_after};
pub use retry::{RetryConfig, Verdict};
pub use service::{BodySink, HttpService, SharedSink, WireRequest, WireResponse};
pub use tally::Tally;
pub use token::{AccessToken, FixedToken, TokenProvider};
pub use token_cache::{TokenCache, TokenFetch};
pub use transport::ReqwestService;

/// Re-exported, so that other crates speak of the same types without depending on the client library.
pub use bytes::Bytes;
pub use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
