//! A request being put together. Faults in its parts are kept until it is sent, so that a chain of calls needs no `?` inside.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use syncline_model::{ErrorCode, SynclineError};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::{HttpClient, Response, SendError, SharedSink, TokenProvider};

/// A request. Not sent before [`RequestBuilder::send`] or [`RequestBuilder::try_send`].
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    pub(crate) client: HttpClient,
    pub(crate) parts: Result<RequestParts, SynclineError>,
}

#[derive(Clone)]
pub(crate) struct RequestParts {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) bearer: Option<Arc<dyn TokenProvider>>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) idempotent: bool,
    pub(crate) sensitive: bool,
    pub(crate) cancel: Option<CancellationToken>,
    pub(crate) finish_what_was_sent: bool,
    pub(crate) sink: Option<SharedSink>,
}

fn usage(message: String) -> SynclineError {
    SynclineError::new(ErrorCode::Usage, message)
}

impl RequestBuilder {
    pub(crate) fn new(client: HttpClient, method: Method, url: &str) -> Self {
        // The text of a bad address is not repeated: it may hold a password or a code.
        let parsed = Url::parse(url).map_err(|error| {
            usage(format!("not an address: {error}")).hint("use an address that begins with https://")
        });
        let idempotent = matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
        let parts = parsed.map(|url| RequestParts {
            method,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            bearer: None,
            timeout: None,
            idempotent,
            sensitive: false,
            cancel: None,
            finish_what_was_sent: false,
            sink: None,
        });
        Self { client, parts }
    }

    fn change(mut self, change: impl FnOnce(&mut RequestParts) -> Result<(), SynclineError>) -> Self {
        self.parts = self.parts.and_then(|mut parts| change(&mut parts).map(|()| parts));
        self
    }

    /// Sending it twice does no more than sending it once: it may be retried after it was sent. GET, HEAD and OPTIONS are so anyway.
    pub fn idempotent(self) -> Self {
        self.change(|parts| {
            parts.idempotent = true;
            Ok(())
        })
    }

    /// Path and body hold what must not be seen: errors and logs name the host only.
    pub fn sensitive(self) -> Self {
        self.change(|parts| {
            parts.sensitive = true;
            Ok(())
        })
    }

    /// Adds a header; a second one of the same name stands beside the first.
    pub fn header(self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.change(|parts| {
            let name = HeaderName::from_bytes(name.as_ref().as_bytes())
                .map_err(|_| usage(format!("not a header name: {:?}", name.as_ref())))?;
            let value = HeaderValue::from_str(value.as_ref())
                .or_else(|_| HeaderValue::from_bytes(value.as_ref().as_bytes()))
                .map_err(|_| usage(format!("a value that can't stand in a header: {name}")))?;
            parts.headers.append(name, value);
            Ok(())
        })
    }

    /// Adds query pairs, encoded as a form does it.
    pub fn query<'a>(self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.change(|parts| {
            parts.url.query_pairs_mut().extend_pairs(pairs);
            Ok(())
        })
    }

    /// The body as it is. Say its type with [`RequestBuilder::header`].
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.change(|parts| {
            parts.body = body.into();
            Ok(())
        })
    }

    /// A JSON body with its `Content-Type`.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        self.change(|parts| {
            parts.body = serde_json::to_vec(value)
                .map_err(|error| {
                    SynclineError::new(ErrorCode::Internal, "a request body can't be written as JSON")
                        .detail(error.to_string())
                })?
                .into();
            let json = HeaderValue::from_static("application/json; charset=utf-8");
            parts.headers.insert(header::CONTENT_TYPE, json);
            Ok(())
        })
    }

    /// A form body (`application/x-www-form-urlencoded`) with its `Content-Type`.
    pub fn form<'a>(self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.change(|parts| {
            let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            parts.body = text.into();
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            parts.headers.insert(header::CONTENT_TYPE, form);
            Ok(())
        })
    }

    /// Signs with the provider's token, and once more with a renewed one after a 401.
    pub fn bearer(self, provider: Arc<dyn TokenProvider>) -> Self {
        self.change(|parts| {
            parts.bearer = Some(provider);
            Ok(())
        })
    }

    /// Longest time until the last byte of the answer, of each try.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.change(|parts| {
            parts.timeout = Some(timeout);
            Ok(())
        })
    }

    /// Hands the body of a success over while it arrives. Each try begins anew.
    pub fn sink(self, sink: SharedSink) -> Self {
        self.change(|parts| {
            parts.sink = Some(sink);
            Ok(())
        })
    }

    /// Gives up as soon as the token is cancelled.
    pub fn cancel(self, token: &CancellationToken) -> Self {
        self.change(|parts| {
            parts.cancel = Some(token.clone());
            Ok(())
        })
    }

    /// Gives up when the token is cancelled, unless the request is under way: then its answer is awaited. For writes, whose outcome
    /// must not be lost.
    pub fn cancel_unsent(self, token: &CancellationToken) -> Self {
        self.cancel(token).change(|parts| {
            parts.finish_what_was_sent = true;
            Ok(())
        })
    }

    /// Sends. Any status is an `Ok`, after the retries; see [`Response::ensure_success`]. A 401 that stays after renewing the token
    /// is `SignInNeeded`.
    pub async fn send(self) -> Result<Response, SynclineError> {
        self.try_send().await.map_err(SynclineError::from)
    }

    /// Sends like [`RequestBuilder::send`] and tells, when no answer came, whether the service may have acted.
    pub async fn try_send(self) -> Result<Response, SendError> {
        let parts = self.parts.map_err(|error| SendError { error, maybe_sent: false })?;
        self.client.run(parts).await
    }
}
