//! The client, put together from its parts.

use http::Method;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use syncline_model::SynclineError;
use tokio_util::sync::CancellationToken;

use crate::config::require_secure;
use crate::journey::Journey;
use crate::request::RequestParts;
use crate::{
    Clock, Gate, HttpConfig, HttpService, RequestBuilder, ReqwestService, Response, RetryConfig, SendError,
    SystemClock,
};

/// Sends requests. Cheap to clone; clones share connections, gate and random numbers.
#[derive(Clone)]
pub struct HttpClient {
    pub(crate) service: Arc<dyn HttpService>,
    pub(crate) retry: RetryConfig,
    pub(crate) gate: Option<Arc<Gate>>,
    pub(crate) timeout: Duration,
    rng: Arc<Mutex<dyn RngCore + Send>>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Puts a client together from parts; what is not said is the real thing.
pub struct HttpClientBuilder {
    config: HttpConfig,
    service: Option<Arc<dyn HttpService>>,
    retry: RetryConfig,
    rng: Option<Arc<Mutex<dyn RngCore + Send>>>,
    clock: Arc<dyn Clock>,
}

impl HttpClientBuilder {
    /// A transport in place of the network.
    pub fn service(mut self, service: Arc<dyn HttpService>) -> Self {
        self.service = Some(service);
        self
    }
    /// How often and how patiently.
    pub fn retry(mut self, retry: RetryConfig) -> Self {
        self.retry = retry;
        self
    }
    /// Where back-off takes its chance from.
    pub fn rng(mut self, rng: impl RngCore + Send + 'static) -> Self {
        self.rng = Some(Arc::new(Mutex::new(rng)));
        self
    }
    /// The time of day, for `Retry-After` dates.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
    /// The client. Fails for a proxy or certificate that can't be used.
    pub fn build(self) -> Result<HttpClient, SynclineError> {
        let service = match self.service {
            Some(service) => service,
            None => Arc::new(ReqwestService::new(&self.config)?),
        };
        Ok(HttpClient {
            service,
            retry: self.retry,
            gate: None,
            timeout: self.config.request_timeout,
            rng: self.rng.unwrap_or_else(|| Arc::new(Mutex::new(StdRng::from_os_rng()))),
            clock: self.clock,
        })
    }
}

impl HttpClient {
    /// A client over the network with these settings.
    pub fn new(config: &HttpConfig) -> Result<Self, SynclineError> {
        Self::builder(config).build()
    }

    /// A client from parts.
    pub fn builder(config: &HttpConfig) -> HttpClientBuilder {
        HttpClientBuilder {
            config: config.clone(),
            service: None,
            retry: RetryConfig::default(),
            rng: None,
            clock: Arc::new(SystemClock),
        }
    }

    /// The same client, all of whose requests pass this gate.
    pub fn with_gate(&self, gate: Arc<Gate>) -> Self {
        Self { gate: Some(gate), ..self.clone() }
    }

    /// The same client with other retries.
    pub fn with_retry(&self, retry: RetryConfig) -> Self {
        Self { retry, ..self.clone() }
    }

    /// How often and how patiently it retries.
    pub fn retry(&self) -> &RetryConfig {
        &self.retry
    }

    /// The same client with another request timeout.
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// Its gate, where it has one.
    pub fn gate(&self) -> Option<&Arc<Gate>> {
        self.gate.as_ref()
    }

    /// A request. The address may have a query of its own, which is sent as it is.
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> RequestBuilder {
        RequestBuilder::new(self.clone(), method, url.as_ref())
    }
    /// GET.
    pub fn get(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::GET, url)
    }
    /// POST.
    pub fn post(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::POST, url)
    }
    /// PATCH.
    pub fn patch(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }
    /// DELETE.
    pub fn delete(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    pub(crate) async fn run(&self, parts: RequestParts) -> Result<Response, SendError> {
        require_secure(&parts.url).map_err(|error| SendError { error, maybe_sent: false })?;
        let cancel = parts.cancel.clone();
        let finish = parts.finish_what_was_sent;
        let mut journey = Journey::new(self, parts);
        let Some(cancel) = cancel else { return journey.travel().await };
        let under_way = Arc::clone(&journey.under_way);
        {
            let travel = journey.travel();
            tokio::pin!(travel);
            tokio::select! {
                biased;
                result = &mut travel => return result,
                () = cancel.cancelled() => {}
            }
            if finish && under_way.load(Relaxed) {
                return travel.await;
            }
        }
        Err(journey.cancelled())
    }

    pub(crate) fn backoff(&self, retry: u32) -> Duration {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        self.retry.backoff(retry, &mut *rng)
    }
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpClient")
            .field("retry", &self.retry)
            .field("gate", &self.gate)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[expect(dead_code, reason = "proves that a client may cross threads")]
fn crosses_threads(client: HttpClient, token: CancellationToken) -> impl Send + Sync {
    (client, token)
}
