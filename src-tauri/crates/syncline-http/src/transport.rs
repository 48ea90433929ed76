//! The real transport, over reqwest and rustls.

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use std::error::Error as StdError;
use std::io;
use std::sync::PoisonError;
use syncline_model::{ErrorCode, SynclineError};

use crate::config::{HttpConfig, ProxySetting, is_loopback};
use crate::{FaultKind, HttpService, SharedSink, TransportFault, WireRequest, WireResponse};

/// Bytes that are kept of a body which a sink takes: enough to quote it.
const BEGINNING: usize = 8 * 1024;

/// Sends through reqwest. Redirects are handed back, not followed; there is no cookie store (Dataverse's affinity cookie would
/// pin all requests to one server).
#[derive(Debug, Clone)]
pub struct ReqwestService {
    outward: reqwest::Client,
    /// Loopback never goes through a proxy.
    loopback: reqwest::Client,
    max_body_bytes: usize,
}

impl ReqwestService {
    /// Builds the clients. Fails for a proxy address or certificate that can't be read.
    pub fn new(config: &HttpConfig) -> Result<Self, SynclineError> {
        let outward = match &config.proxy {
            ProxySetting::System => base(config)?,
            ProxySetting::Direct => base(config)?.no_proxy(),
            ProxySetting::Url { url, credentials } => {
                let mut proxy = reqwest::Proxy::all(url).map_err(|error| {
                    SynclineError::new(ErrorCode::Usage, "the proxy's address can't be read")
                        .hint("use the form http://proxy.example:8080 or socks5://…")
                        .detail(chain(&error.without_url()))
                })?;
                if let Some((user, password)) = credentials {
                    proxy = proxy.basic_auth(user, password.expose());
                }
                base(config)?.no_proxy().proxy(proxy)
            }
        };
        let build = |builder: reqwest::ClientBuilder| {
            builder.build().map_err(|error| {
                SynclineError::new(ErrorCode::Usage, "the network settings can't be used")
                    .hint("check proxy and certificate in the settings")
                    .detail(chain(&error.without_url()))
            })
        };
        Ok(Self {
            outward: build(outward)?,
            loopback: build(base(config)?.no_proxy())?,
            max_body_bytes: config.max_body_bytes,
        })
    }

    /// Hands a body over as it arrives; its beginning.
    async fn sink(
        &self,
        mut response: reqwest::Response,
        headers: &HeaderMap,
        sink: &SharedSink,
    ) -> Result<Bytes, TransportFault> {
        let taker = || sink.lock().unwrap_or_else(PoisonError::into_inner);
        taker().begin(headers);
        let (mut beginning, mut came) = (Vec::new(), 0);
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    came += chunk.len();
                    self.check_length(came)?;
                    let more = BEGINNING.saturating_sub(beginning.len()).min(chunk.len());
                    beginning.extend_from_slice(&chunk[..more]);
                    if !taker().take(&chunk) {
                        return Ok(beginning.into());
                    }
                }
                Ok(None) => return Ok(beginning.into()),
                Err(error) => return Err(classify_body(&error.without_url())),
            }
        }
    }

    fn check_length(&self, bytes: usize) -> Result<(), TransportFault> {
        if bytes <= self.max_body_bytes {
            return Ok(());
        }
        Err(TransportFault::new(FaultKind::TooLarge, format!("more than {} bytes", self.max_body_bytes)))
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Bytes, TransportFault> {
        let expected = response.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        // A vector: it grows in place where it is large.
        let mut body = Vec::with_capacity(expected.min(8 * 1024 * 1024));
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    self.check_length(body.len() + chunk.len())?;
                    body.extend_from_slice(&chunk);
                }
                Ok(None) => return Ok(body.into()),
                Err(error) => return Err(classify_body(&error.without_url())),
            }
        }
    }
}

fn base(config: &HttpConfig) -> Result<reqwest::ClientBuilder, SynclineError> {
    let mut builder = reqwest::Client::builder()
        .user_agent(&config.user_agent)
        .connect_timeout(config.connect_timeout)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .pool_idle_timeout(std::time::Duration::from_secs(30))
        .tcp_nodelay(true);
    if let Some(pem) = &config.extra_roots_pem {
        let roots =
            reqwest::Certificate::from_pem_bundle(pem.as_bytes()).ok().filter(|roots| !roots.is_empty());
        let roots = roots.ok_or_else(|| {
            SynclineError::new(ErrorCode::Usage, "the root certificate can't be read")
                .hint("give the certificate as PEM text, from -----BEGIN CERTIFICATE----- on")
        })?;
        builder = builder.tls_certs_merge(roots);
    }
    Ok(builder)
}

#[async_trait]
impl HttpService for ReqwestService {
    async fn call(&self, request: WireRequest) -> Result<WireResponse, TransportFault> {
        let client = if is_loopback(&request.url) { &self.loopback } else { &self.outward };
        let sent = client
            .request(request.method, request.url)
            .headers(request.headers)
            .body(request.body)
            .timeout(request.timeout)
            .send()
            .await;
        let mut response = sent.map_err(|error| classify_send(&error.without_url()))?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        if let Some(sink) = request.sink.filter(|_| status.is_success()) {
            let body = self.sink(response, &headers, &sink).await?;
            return Ok(WireResponse { status, headers, body, sunk: true });
        }
        let body = self.body(response).await?;
        Ok(WireResponse { status, headers, body, sunk: false })
    }
}

/// The words of an error and all its causes.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !words.contains(&text) {
            words.push_str(": ");
            words.push_str(&text);
        }
        next = cause.source();
    }
    words
}

fn io_kind(error: &(dyn StdError + 'static)) -> Option<io::ErrorKind> {
    let mut next = Some(error);
    let mut found = None;
    while let Some(cause) = next {
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            found = Some(io.kind());
        }
        next = cause.source();
    }
    found
}

fn classify_send(error: &reqwest::Error) -> TransportFault {
    let words = chain(error);
    let lower = words.to_lowercase();
    let has = |needles: &[&str]| needles.iter().any(|needle| lower.contains(needle));
    let kind = if error.is_builder() {
        FaultKind::Request
    } else if error.is_connect() {
        if error.is_dns() || has(&["dns error", "failed to lookup"]) {
            FaultKind::Dns
        } else if has(&["tunnel", "proxy", "socks"]) {
            FaultKind::Proxy
        } else if error.is_timeout() {
            FaultKind::ConnectTimeout
        } else if io_kind(error) == Some(io::ErrorKind::ConnectionRefused) {
            FaultKind::Refused
        } else if has(&["certificate", "tls", "handshake", "unknownissuer", "corrupt message"]) {
            FaultKind::Tls
        } else {
            FaultKind::Connect
        }
    } else if error.is_timeout() {
        FaultKind::Timeout
    } else if has(&["invalid http", "parse error", "httpversion", "message head is too large"]) {
        FaultKind::Decode
    } else {
        FaultKind::Reset
    };
    TransportFault::new(kind, words)
}

fn classify_body(error: &reqwest::Error) -> TransportFault {
    let words = chain(error);
    let kind = if error.is_timeout() {
        FaultKind::Timeout
    } else {
        match io_kind(error) {
            // What the decompressor says of bytes that are no gzip.
            Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other)
                if !words.contains("end of file") =>
            {
                FaultKind::Decode
            }
            _ => FaultKind::BodyBroken,
        }
    };
    TransportFault::new(kind, words)
}
