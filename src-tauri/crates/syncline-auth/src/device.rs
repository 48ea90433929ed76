//! Device code: a code is typed in a browser anywhere, while this side asks until it is done (RFC 8628).

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use syncline_http::{Clock, HttpClient};
use syncline_model::{ErrorCode, Secret, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::token_endpoint::{Refusal, post, refusal, signed_in};
use crate::{SignInConfig, SignedIn};

/// What the person must see.
#[derive(Debug, Clone)]
pub struct DevicePrompt {
    /// The code to type.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// The service's own sentence.
    pub message: String,
}

#[derive(Deserialize)]
struct Wire {
    device_code: Secret,
    user_code: String,
    verification_uri: String,
    expires_in: i64,
    interval: Option<u64>,
    message: Option<String>,
}

/// The device code flow.
pub struct DeviceCodeFlow;

/// A flow that waits for the person. [`PendingDevice::finish`] ends it.
pub struct PendingDevice {
    config: SignInConfig,
    http: HttpClient,
    clock: Arc<dyn Clock>,
    device_code: Secret,
    interval: Duration,
    expires_at: Timestamp,
}

impl DeviceCodeFlow {
    /// Asks for a code.
    pub async fn start(
        config: SignInConfig,
        http: HttpClient,
        clock: Arc<dyn Clock>,
    ) -> Result<(DevicePrompt, PendingDevice), SynclineError> {
        let scope = config.scope_text();
        let mut form = vec![("client_id", config.client_id.as_str()), ("scope", scope.as_str())];
        if let Some(claims) = &config.claims {
            form.push(("claims", claims));
        }
        let now = clock.now();
        let response =
            http.post(config.endpoint("devicecode")).form(form).sensitive().idempotent().send().await?;
        if !response.status.is_success() {
            return Err(refusal(&response).into_error());
        }
        let wire: Wire = response.json()?;
        let life = SignedDuration::from_secs(wire.expires_in.clamp(1, 3600));
        let expires_at = now.checked_add(life).unwrap_or(Timestamp::MAX);
        let prompt = DevicePrompt {
            message: wire
                .message
                .unwrap_or_else(|| format!("Open {} and type {}", wire.verification_uri, wire.user_code)),
            user_code: wire.user_code,
            verification_uri: wire.verification_uri,
            expires_at,
        };
        let interval = Duration::from_secs(wire.interval.unwrap_or(5).min(300));
        Ok((
            prompt,
            PendingDevice { config, http, clock, device_code: wire.device_code, interval, expires_at },
        ))
    }
}

impl PendingDevice {
    /// Asks until the person is done, declines, or the code runs out.
    pub async fn finish(self, cancel: CancellationToken) -> Result<SignedIn, SynclineError> {
        let mut interval = self.interval;
        let url = self.config.endpoint("token");
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", self.config.client_id.as_str()),
            ("device_code", self.device_code.expose()),
        ];
        loop {
            tokio::select! {
                () = tokio::time::sleep(interval) => {}
                () = cancel.cancelled() => {
                    return Err(SynclineError::new(ErrorCode::SignInCancelled, "the sign-in was cancelled"));
                }
            }
            if self.clock.now() >= self.expires_at {
                return Err(SynclineError::new(ErrorCode::SignInCancelled, "the code was not typed in time")
                    .hint("start the sign-in again"));
            }
            match post(&self.http, &url, &form, || self.clock.now(), false).await {
                Ok(reply) => return signed_in(reply, &self.config, None, self.clock.now()),
                Err(Refusal::OAuth(error, status)) => match error.error.as_str() {
                    "authorization_pending" => {}
                    "slow_down" => interval += Duration::from_secs(5),
                    _ => return Err(Refusal::OAuth(error, status).into_error()),
                },
                // A network that is gone for a moment does not end the wait (RFC 8628, 3.5: ask less often).
                Err(Refusal::Other(error)) if error.code == ErrorCode::Unreachable => {
                    interval = (interval * 2).max(Duration::from_secs(1)).min(Duration::from_secs(60));
                }
                Err(refusal) => return Err(refusal.into_error()),
            }
        }
    }
}
