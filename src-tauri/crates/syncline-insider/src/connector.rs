//! The connector: settings, requests, sending.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::time::Duration;
use syncline_connect::{
    Capabilities, Destination, MatchKey, Outcome, OutcomeKind, PlannedWrite, Probe, RowRequest, WriteOptions,
};
use syncline_http::{HttpClient, RetryConfig, StatusCode};
use syncline_model::{EntityName, EntitySchema, EntitySummary, ErrorCode, Identity, Secret, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::{reply, schema, user};

const UPSERT_PATH: &str = "/api/user/v1/upsert";
/// "Upsert User Data": limits.
const MAX_USERS: usize = 1000;
const MAX_BYTES: usize = 5_000_000;

/// What a connection says.
#[derive(Debug, Clone)]
pub struct InsiderSettings {
    /// The API's root, without path.
    pub url: String,
    /// `X-PARTNER-NAME`: lower case, no spaces.
    pub partner: String,
    /// `X-REQUEST-TOKEN`.
    pub request_token: Secret,
    /// Time until a request is given up.
    pub timeout: Duration,
}

/// Insider One as a destination.
#[derive(Clone)]
pub struct InsiderConnector {
    http: HttpClient,
    settings: InsiderSettings,
}

impl InsiderConnector {
    /// A connector. The partner name is checked here, since the service refuses capital letters.
    pub fn new(http: HttpClient, mut settings: InsiderSettings) -> Result<Self, SynclineError> {
        settings.url = settings.url.trim_end_matches('/').to_owned();
        let partner = &settings.partner;
        if partner.is_empty() || partner.chars().any(|c| c.is_uppercase() || c.is_whitespace()) {
            return Err(SynclineError::new(ErrorCode::Usage, format!("not a partner name: {partner:?}"))
                .hint("give the partner name in lower case without spaces: --option partner=NAME"));
        }
        Ok(Self { http, settings })
    }

    /// The same connector for long work: it goes on trying when the service can't be reached for a while.
    pub fn patient(&self) -> Self {
        let retry = *self.http.retry();
        let retry = RetryConfig { connect_retries: retry.retries, ..retry };
        Self { http: self.http.with_retry(retry), settings: self.settings.clone() }
    }

    /// The same connector within other limits: seconds until a request is given up (1 to 300), sends after the first (at most 10).
    pub fn with_limits(&self, timeout: Duration, retries: u32) -> Self {
        let timeout = timeout.clamp(Duration::from_secs(1), Duration::from_secs(300));
        let settings = InsiderSettings { timeout, ..self.settings.clone() };
        Self { http: self.http.with_retry(RetryConfig::with_retries(retries)), settings }
    }

    async fn post(
        &self,
        body: String,
        idempotent: bool,
        cancel: &CancellationToken,
    ) -> Result<syncline_http::Response, syncline_http::SendError> {
        let mut request = self
            .http
            .post(format!("{}{UPSERT_PATH}", self.settings.url))
            .header("X-PARTNER-NAME", &self.settings.partner)
            .header("X-REQUEST-TOKEN", self.settings.request_token.expose())
            .header("Content-Type", "application/json")
            .timeout(self.settings.timeout)
            .body(body)
            .cancel_unsent(cancel);
        if idempotent {
            request = request.idempotent();
        }
        request.try_send().await
    }
}

#[async_trait]
impl Destination for InsiderConnector {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reads_back: false,
            upserts: true,
            guards_versions: false,
            deletes: false,
            takes_events: true,
            partial_batches: true,
            filters: false,
            max_batch_rows: MAX_USERS,
            max_batch_bytes: MAX_BYTES,
            max_page_size: 0,
            parallel_batches: 1,
        }
    }

    /// There is no "who am I"; an upsert without users is refused as a bad request by an account that is accepted, and as
    /// unauthorized by one that is not. It writes nothing.
    async fn identity(&self) -> Result<Identity, SynclineError> {
        let response = self
            .post("{\"users\":[]}".to_owned(), true, &CancellationToken::new())
            .await
            .map_err(|error| error.error)?;
        // A page of a proxy is no answer, whatever its status.
        let own =
            serde_json::from_slice::<serde_json::Value>(&response.body).is_ok_and(|body| body.is_object());
        let refused_users = response.status == StatusCode::BAD_REQUEST
            && String::from_utf8_lossy(&response.body).to_lowercase().contains("users");
        if own && (refused_users || response.status.is_success()) {
            let partner = Some(self.settings.partner.clone());
            return Ok(Identity {
                organization_id: partner.clone(),
                user_name: partner,
                ..Identity::default()
            });
        }
        if response.status.is_success() {
            return Err(reply::unreadable("no JSON"));
        }
        Err(reply::error(&response))
    }

    async fn entities(&self, _: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError> {
        Ok(vec![schema::summary()])
    }

    async fn schema(
        &self,
        entity: &EntityName,
        _: &CancellationToken,
    ) -> Result<EntitySchema, SynclineError> {
        if entity.as_str() != schema::PROFILE {
            return Err(SynclineError::new(
                ErrorCode::NotFound,
                format!("Insider One has no entity {entity}"),
            )
            .hint("use profile"));
        }
        Ok(schema::schema())
    }

    async fn probe(
        &self,
        _: &EntitySchema,
        keys: &[MatchKey],
        _: &[String],
        _: &CancellationToken,
    ) -> Result<Vec<Probe>, SynclineError> {
        Ok(keys.iter().map(|_| Probe::Unknown).collect())
    }

    fn request(&self, _: &EntitySchema, write: &PlannedWrite<'_>) -> Result<RowRequest, SynclineError> {
        let mut headers = BTreeMap::new();
        if !write.mapped.events.is_empty() {
            // Tells the sending side that a second try would repeat events.
            headers.insert("events".to_owned(), write.mapped.events.len().to_string());
        }
        Ok(RowRequest {
            method: "POST".to_owned(),
            path: UPSERT_PATH.to_owned(),
            headers,
            body: user::user_json(write.mapped)?,
        })
    }

    async fn write(
        &self,
        _: &EntitySchema,
        rows: &[RowRequest],
        options: &WriteOptions,
        cancel: &CancellationToken,
    ) -> Result<Vec<Outcome>, SynclineError> {
        if cancel.is_cancelled() {
            return Err(SynclineError::new(ErrorCode::Cancelled, "cancelled before the batch was sent"));
        }
        let users: Vec<&str> = rows.iter().map(|row| row.body.as_str()).collect();
        let with_events = rows.iter().any(|row| row.headers.contains_key("events"));
        let sent = self.post(user::envelope(&users, options.skip_hook), !with_events, cancel).await;
        match sent {
            Ok(response) if response.status == StatusCode::OK => {
                match reply::outcomes(&response.body, rows.len(), response.request_id()) {
                    Ok(outcomes) => Ok(outcomes),
                    Err(error) => Ok(unknown(rows.len(), &error)),
                }
            }
            // A gateway that gave up may have passed the request on.
            Ok(response) if matches!(response.status.as_u16(), 502 | 504 | 520) => {
                Ok(unknown(rows.len(), &reply::error(&response)))
            }
            // So may a service that fails in the middle of it, and events never go twice ("unknown error").
            Ok(response) if with_events && response.status == StatusCode::INTERNAL_SERVER_ERROR => {
                Ok(unknown(rows.len(), &reply::error(&response)))
            }
            Ok(response) => Err(reply::error(&response)),
            Err(error) if error.maybe_sent => Ok(unknown(rows.len(), &error.error)),
            Err(error) => Err(error.error),
        }
    }
}

fn unknown(rows: usize, error: &SynclineError) -> Vec<Outcome> {
    (0..rows)
        .map(|_| Outcome {
            kind: OutcomeKind::Unknown,
            id: None,
            code: Some(error.code.as_str().to_owned()),
            message: Some(format!("the records may have been taken, which nobody told: {}", error.message)),
            request_id: error.request_id.clone(),
        })
        .collect()
}
