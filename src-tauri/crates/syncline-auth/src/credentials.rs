//! Signing in as an application: client id and secret, a concrete tenant, scope `.default`, no refresh token. A token proves
//! nothing yet: the environment may have no application user.

use jiff::{SignedDuration, Timestamp};
use syncline_http::{Clock, HttpClient};
use syncline_model::{Secret, SynclineError};

use crate::SignInConfig;
use crate::config::{concrete_tenant_needed, is_concrete_tenant};
use crate::token_endpoint::{Refusal, TokenReply, post};

/// Asks for a token as the application.
pub async fn client_credentials(
    config: &SignInConfig,
    secret: &Secret,
    http: &HttpClient,
    clock: &dyn Clock,
) -> Result<TokenReply, SynclineError> {
    if !is_concrete_tenant(&config.tenant) {
        return Err(concrete_tenant_needed(&config.tenant));
    }
    let scope = config.scope_text();
    let form = [
        ("client_id", config.client_id.as_str()),
        ("client_secret", secret.expose()),
        ("grant_type", "client_credentials"),
        ("scope", &scope),
    ];
    post(http, &config.endpoint("token"), &form, || clock.now(), true).await.map_err(Refusal::into_error)
}

/// How it stands with a client secret whose end the person has noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretExpiry {
    /// It ended.
    Ended {
        /// When.
        at: Timestamp,
    },
    /// It ends within 30 days.
    Soon {
        /// When.
        at: Timestamp,
        /// Whole days left.
        days: i64,
    },
    /// There is time.
    Fine {
        /// When.
        at: Timestamp,
    },
}

/// Reads the option `secret_expires` (a date, or RFC 3339); `None` where it is neither.
pub fn secret_expiry(text: &str, now: Timestamp) -> Option<SecretExpiry> {
    let text = text.trim();
    let at = text.parse::<Timestamp>().ok().or_else(|| {
        let date: jiff::civil::Date = text.parse().ok()?;
        date.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })?;
    let left = at.duration_since(now);
    Some(if left <= SignedDuration::ZERO {
        SecretExpiry::Ended { at }
    } else if left <= SignedDuration::from_hours(30 * 24) {
        SecretExpiry::Soon { at, days: left.as_hours() / 24 }
    } else {
        SecretExpiry::Fine { at }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secrets_end_in_both_forms() {
        let now: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        assert!(matches!(secret_expiry("2026-03-11", now), Some(SecretExpiry::Soon { days: 10, .. })));
        assert!(matches!(secret_expiry("2026-02-01T00:00:00Z", now), Some(SecretExpiry::Ended { .. })));
        assert!(matches!(secret_expiry("2027-01-01", now), Some(SecretExpiry::Fine { .. })));
        assert!(secret_expiry("soon", now).is_none());
    }
}
