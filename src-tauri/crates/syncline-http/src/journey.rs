//! One request with all its tries: token, gate, transport, redirects within the origin, retry.

use http::{HeaderValue, Method, header};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use syncline_model::{ErrorCode, SynclineError};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::Tally;
use crate::request::RequestParts;
use crate::{
    AccessToken, HttpClient, Response, SendError, TransportFault, Verdict, WireRequest, WireResponse,
    retry_after,
};

/// Redirects within the same origin that are followed for a read.
const MOST_REDIRECTS: u32 = 5;

/// One request with all its tries.
pub(crate) struct Journey<'a> {
    client: &'a HttpClient,
    parts: RequestParts,
    token: Option<AccessToken>,
    renewed: bool,
    tries: u32,
    retries: u32,
    throttles: u32,
    redirects: u32,
    maybe_sent: AtomicBool,
    /// The transport has the request at this moment.
    pub(crate) under_way: Arc<AtomicBool>,
}

impl<'a> Journey<'a> {
    pub(crate) fn new(client: &'a HttpClient, parts: RequestParts) -> Self {
        Self {
            client,
            parts,
            token: None,
            renewed: false,
            tries: 0,
            retries: 0,
            throttles: 0,
            redirects: 0,
            maybe_sent: false.into(),
            under_way: Arc::default(),
        }
    }

    pub(crate) async fn travel(&mut self) -> Result<Response, SendError> {
        loop {
            let request = match self.wire().await {
                Ok(request) => request,
                // The sign-in service can't be reached: what was true of the request itself is true of its token.
                Err(error) if error.code == ErrorCode::Unreachable && self.may_reach_later() => {
                    let wait = self.next_wait();
                    self.rest(wait).await?;
                    continue;
                }
                Err(error) => return Err(self.failed(error)),
            };
            self.tries += 1;
            let answer = self.call(request).await;
            let wait = match answer {
                Err(fault) => match self.client.retry.on_fault(fault.kind, self.parts.idempotent) {
                    Verdict::Retry if self.retries < self.client.retry.after_fault(fault.kind) => {
                        self.next_wait()
                    }
                    Verdict::Retry | Verdict::Return | Verdict::Throttled => return Err(self.fault(&fault)),
                },
                Ok(response) => {
                    if response.status.as_u16() == 401 && self.parts.bearer.is_some() {
                        self.renew(&response).await?;
                        continue;
                    }
                    if let Some(target) = self.redirect(&response) {
                        self.parts.url = target;
                        continue;
                    }
                    match self.client.retry.on_status(response.status, self.parts.idempotent) {
                        Verdict::Retry if self.retries < self.client.retry.retries => {
                            let asked = retry_after(&response.headers, self.client.clock.now());
                            if asked.is_some_and(|asked| asked > self.client.retry.longest_pause) {
                                return Ok(self.response(response));
                            }
                            self.next_wait().max(asked.unwrap_or_default())
                        }
                        Verdict::Throttled => match self.pause(&response) {
                            Some(wait) => wait,
                            None => return Ok(self.response(response)),
                        },
                        Verdict::Retry | Verdict::Return => return Ok(self.response(response)),
                    }
                }
            };
            self.rest(wait).await?;
        }
    }

    /// Waits before the next try, unless the work was cancelled meanwhile.
    async fn rest(&self, wait: Duration) -> Result<(), SendError> {
        if self.parts.cancel.as_ref().is_some_and(CancellationToken::is_cancelled) {
            return Err(self.cancelled());
        }
        tracing::debug!(place = %self.place(), tries = self.tries, wait_ms = wait.as_millis(), "trying again");
        tokio::time::sleep(wait).await;
        Ok(())
    }

    fn may_reach_later(&self) -> bool {
        let retry = &self.client.retry;
        self.retries < retry.retries.min(retry.connect_retries)
    }

    /// The request with a token. Asked anew for each try: a long wait may have outlived the last token.
    async fn wire(&mut self) -> Result<WireRequest, SynclineError> {
        let mut headers = self.parts.headers.clone();
        if let Some(provider) = &self.parts.bearer {
            let token = provider.token().await?;
            let mut value =
                HeaderValue::from_str(&format!("Bearer {}", token.secret.expose())).map_err(|_| {
                    SynclineError::new(
                        ErrorCode::SignInNeeded,
                        "the access token has characters that can't be sent",
                    )
                    .hint("copy the token again, without quotes, spaces or line breaks inside")
                })?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
            self.token = Some(token);
        }
        Ok(WireRequest {
            method: self.parts.method.clone(),
            url: self.parts.url.clone(),
            headers,
            body: self.parts.body.clone(),
            timeout: self.parts.timeout.unwrap_or(self.client.timeout),
            sink: self.parts.sink.clone(),
        })
    }

    async fn call(&self, request: WireRequest) -> Result<WireResponse, TransportFault> {
        let _permit = match &self.client.gate {
            Some(gate) => {
                let permit = gate.enter().await;
                Tally::one_more();
                Some(permit)
            }
            None => None,
        };
        let before = self.maybe_sent.swap(true, Relaxed);
        self.under_way.store(true, Relaxed);
        let begun = tokio::time::Instant::now();
        let answer = self.client.service.call(request).await;
        self.under_way.store(false, Relaxed);
        if let (Ok(response), Some(sink)) = (&answer, &self.parts.sink)
            && response.status.is_success()
            && !response.sunk
        {
            // A transport that knows whole bodies only.
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            sink.begin(&response.headers);
            sink.take(&response.body);
        }
        match &answer {
            Ok(response) => {
                // Turned away at the door: not acted on.
                if matches!(response.status.as_u16(), 401 | 429) {
                    self.maybe_sent.store(before, Relaxed);
                }
                if let Some(gate) = &self.client.gate {
                    gate.observe(&response.headers);
                    if response.status.is_success() {
                        gate.took(self.parts.method == Method::GET, begun.elapsed());
                    }
                    // Inside the permit, so that no request slips through between the answer and the pause.
                    if response.status.as_u16() == 429 || retry_after_503(response) {
                        let asked = retry_after(&response.headers, self.client.clock.now());
                        gate.pause_for(asked.unwrap_or_default().min(self.client.retry.longest_pause));
                    }
                }
            }
            Err(fault) if fault.kind.not_sent() => self.maybe_sent.store(before, Relaxed),
            Err(_) => {}
        }
        answer
    }

    fn next_wait(&mut self) -> Duration {
        let wait = self.client.backoff(self.retries);
        self.retries += 1;
        wait
    }

    /// The wait after a 429; `None` when there have been enough or the wait is too long.
    fn pause(&mut self, response: &WireResponse) -> Option<Duration> {
        if self.throttles >= self.client.retry.throttle_retries {
            return None;
        }
        let asked = retry_after(&response.headers, self.client.clock.now());
        let wait = asked.unwrap_or_else(|| self.client.backoff(self.throttles));
        if wait > self.client.retry.longest_pause {
            return None;
        }
        self.throttles += 1;
        // With a gate the wait is the gate's; it began when the answer came. Without one it is this request's own.
        match (&self.client.gate, asked) {
            (Some(_), Some(asked)) if !asked.is_zero() => Some(Duration::ZERO),
            _ => Some(wait.max(self.client.retry.initial.min(Duration::from_millis(100)))),
        }
    }

    async fn renew(&mut self, response: &WireResponse) -> Result<(), SendError> {
        let (Some(provider), Some(rejected)) = (&self.parts.bearer, &self.token) else {
            return Err(self.refused(response));
        };
        for challenge in response.headers.get_all(header::WWW_AUTHENTICATE) {
            if let Ok(challenge) = challenge.to_str() {
                provider.challenged(challenge).await;
            }
        }
        if self.renewed {
            return Err(self.refused(response));
        }
        let (provider, rejected) = (Arc::clone(provider), rejected.clone());
        self.renewed = true;
        loop {
            match provider.renew(&rejected).await {
                Ok(token) if token.is_same(&rejected) => return Err(self.refused(response)),
                Ok(_) => return Ok(()),
                Err(error) if error.code == ErrorCode::Unreachable && self.may_reach_later() => {
                    let wait = self.next_wait();
                    self.rest(wait).await?;
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
    }

    fn refused(&self, response: &WireResponse) -> SendError {
        let mut error = self.response(response.clone()).to_error();
        error.hint = Some("sign in again; the user may have been blocked or the password changed".to_owned());
        SendError { error, maybe_sent: false }
    }

    /// The target, for a read that is sent elsewhere within its own origin. All other redirects are handed to the caller.
    fn redirect(&mut self, response: &WireResponse) -> Option<Url> {
        let read = matches!(self.parts.method, Method::GET | Method::HEAD);
        if !read
            || !matches!(response.status.as_u16(), 301 | 302 | 303 | 307 | 308)
            || self.redirects >= MOST_REDIRECTS
        {
            return None;
        }
        let location = response.headers.get(header::LOCATION)?.to_str().ok()?;
        let target = self.parts.url.join(location).ok()?;
        (target.origin() == self.parts.url.origin()).then(|| {
            self.redirects += 1;
            target
        })
    }

    fn response(&self, wire: WireResponse) -> Response {
        Response {
            status: wire.status,
            headers: wire.headers,
            body: wire.body,
            tries: self.tries,
            method: self.parts.method.clone(),
            place: self.place(),
            sensitive: self.parts.sensitive,
        }
    }

    fn host(&self) -> String {
        let host = self.parts.url.host_str().unwrap_or_default();
        match self.parts.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    fn place(&self) -> String {
        if self.parts.sensitive { self.host() } else { format!("{}{}", self.host(), self.parts.url.path()) }
    }

    fn sent(&self) -> bool {
        self.maybe_sent.load(Relaxed)
    }

    fn failed(&self, error: SynclineError) -> SendError {
        SendError { error, maybe_sent: self.sent() }
    }

    fn fault(&self, fault: &TransportFault) -> SendError {
        self.failed(fault.to_error(&self.host(), &self.place(), self.tries))
    }

    pub(crate) fn cancelled(&self) -> SendError {
        self.failed(SynclineError::new(ErrorCode::Cancelled, format!("cancelled: {}", self.place())))
    }
}

fn retry_after_503(response: &WireResponse) -> bool {
    response.status.as_u16() == 503 && response.headers.contains_key(header::RETRY_AFTER)
}
