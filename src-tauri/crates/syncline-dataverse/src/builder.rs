//! Putting a connector together from its address and the parts it works with.

use std::sync::Arc;
use std::time::Duration;
use syncline_http::{Gate, HttpClient, RetryConfig, TokenProvider, require_secure};
use syncline_model::{ErrorCode, SynclineError};
use url::Url;

use crate::DataverseConnector;
use crate::api::Api;

/// What a person can set.
#[derive(Debug, Clone, PartialEq)]
pub struct DataverseSettings {
    /// The environment's origin, such as `https://contoso.crm4.dynamics.com`. A path is dropped.
    pub url: String,
    /// Path of the Web API, `/api/data` unless a proxy moved it.
    pub api_path: String,
    /// Version such as `v9.2`.
    pub api_version: String,
    /// Records a page, 1 to 5000, where a selection does not say.
    pub page_size: u32,
    /// Longest time for one request, up to 300 s.
    pub timeout: Duration,
    /// Retries of a failed request, up to 10.
    pub retries: u32,
    /// Entra tenant id, for the identity; the Web API does not tell it.
    pub tenant_id: Option<String>,
    /// Rows in one write batch, 1 to 1000. Small batches share the service's time limits better.
    pub batch_rows: usize,
}

impl DataverseSettings {
    /// Brings numbers within what the service and this client take.
    pub(crate) fn bound(&mut self) {
        self.page_size = self.page_size.clamp(1, 5000);
        self.timeout = self.timeout.clamp(Duration::from_secs(1), Duration::from_secs(300));
        self.batch_rows = self.batch_rows.clamp(1, syncline_odata::MOST_REQUESTS);
        self.retries = self.retries.min(RetryConfig::MOST_RETRIES);
    }
}

impl Default for DataverseSettings {
    fn default() -> Self {
        Self {
            url: String::new(),
            api_path: "/api/data".to_owned(),
            api_version: "v9.2".to_owned(),
            page_size: 500,
            timeout: Duration::from_secs(60),
            retries: 3,
            tenant_id: None,
            batch_rows: 100,
        }
    }
}

/// Settings and parts.
#[derive(Clone)]
pub struct DataverseBuilder {
    settings: DataverseSettings,
    client: HttpClient,
    gate: Arc<Gate>,
    tokens: Arc<dyn TokenProvider>,
}

impl DataverseBuilder {
    /// A connector to be. `gate` is shared by everything that talks to the same environment as the same user.
    pub fn new(
        settings: DataverseSettings,
        client: HttpClient,
        gate: Arc<Gate>,
        tokens: Arc<dyn TokenProvider>,
    ) -> Self {
        Self { settings, client, gate, tokens }
    }

    /// The connector. Nothing is sent yet. Fails for an address that is none.
    pub fn build(self) -> Result<DataverseConnector, SynclineError> {
        let mut settings = self.settings;
        let bad = |what: &str| {
            SynclineError::new(ErrorCode::Usage, format!("{what}: {}", settings.url))
                .hint("use the environment's address, such as https://contoso.crm4.dynamics.com")
        };
        let url = Url::parse(settings.url.trim()).map_err(|_| bad("not an address"))?;
        require_secure(&url)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SynclineError::new(ErrorCode::Usage, "an address must not hold a user or password"));
        }
        let path =
            format!("/{}/{}", settings.api_path.trim_matches('/'), settings.api_version.trim_matches('/'));
        if !path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-~".contains(c)) {
            return Err(SynclineError::new(ErrorCode::Usage, format!("not a path of a Web API: {path}"))
                .hint("use the path /api/data and a version such as v9.2"));
        }
        settings.bound();
        let retry = RetryConfig {
            retries: settings.retries,
            connect_retries: settings.retries.min(self.client.retry().connect_retries),
            ..*self.client.retry()
        };
        let client =
            self.client.with_gate(Arc::clone(&self.gate)).with_retry(retry).with_timeout(settings.timeout);
        let origin = url.origin().ascii_serialization();
        let api = Api { client, gate: self.gate, tokens: self.tokens, base: url, origin, path };
        Ok(DataverseConnector::assemble(api, settings))
    }
}
