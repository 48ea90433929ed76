//! One POST to the token endpoint, and its answer.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use syncline_http::{AccessToken, HttpClient};
use syncline_model::{ErrorCode, Secret, SynclineError};

use crate::explain::OAuthError;
use crate::{SignInConfig, SignedIn, explain, read_id_token};

/// A token endpoint's answer.
#[derive(Debug, Clone)]
pub struct TokenReply {
    /// The access token with its end.
    pub access: AccessToken,
    /// A new refresh token, where one came.
    pub refresh_token: Option<Secret>,
    /// The id token, where one came.
    pub id_token: Option<Secret>,
    /// Scopes granted.
    pub scopes: Vec<String>,
}

#[derive(Deserialize)]
struct Wire {
    access_token: Secret,
    refresh_token: Option<Secret>,
    id_token: Option<Secret>,
    expires_in: Option<Seconds>,
    scope: Option<String>,
}

/// A number in v2.0 endpoints, a text in older ones.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Text(String),
}

/// Sends the form. A refusal that the service explains comes as `Err(Refused)` for callers that branch on `error`.
pub(crate) async fn post(
    http: &HttpClient,
    url: &str,
    form: &[(&str, &str)],
    now: impl Fn() -> Timestamp,
    repeatable: bool,
) -> Result<TokenReply, Refusal> {
    let mut request =
        http.post(url).form(form.iter().copied()).header("accept", "application/json").sensitive();
    if repeatable {
        request = request.idempotent();
    }
    let asked = now();
    let response = request.send().await.map_err(Refusal::Other)?;
    if !response.status.is_success() {
        return Err(refusal(&response));
    }
    let wire: Wire = response.json().map_err(Refusal::Other)?;
    if wire.access_token.is_empty() {
        let error = SynclineError::new(
            ErrorCode::UnexpectedReply,
            "the sign-in service answered without an access token",
        );
        return Err(Refusal::Other(
            error.hint("check the address of the sign-in service and any proxy in between"),
        ));
    }
    let seconds = match wire.expires_in {
        Some(Seconds::Number(seconds)) => Some(seconds),
        Some(Seconds::Text(text)) => text.trim().parse().ok(),
        None => None,
    };
    let expires_at = seconds
        .filter(|seconds| (0..=31_536_000).contains(seconds))
        .and_then(|seconds| asked.checked_add(SignedDuration::from_secs(seconds)).ok());
    Ok(TokenReply {
        access: AccessToken { secret: wire.access_token, expires_at },
        refresh_token: wire.refresh_token.filter(|token| !token.is_empty()),
        id_token: wire.id_token,
        scopes: wire.scope.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
    })
}

/// Why there is no token.
pub(crate) enum Refusal {
    /// The service said so, in OAuth's words.
    OAuth(Box<OAuthError>, u16),
    /// Network, proxy or an answer that can't be read.
    Other(SynclineError),
}

impl Refusal {
    pub(crate) fn into_error(self) -> SynclineError {
        match self {
            Self::OAuth(error, status) => explain(&error, Some(status)),
            Self::Other(error) => error,
        }
    }
}

pub(crate) fn refusal(response: &syncline_http::Response) -> Refusal {
    match serde_json::from_slice::<OAuthError>(&response.body) {
        Ok(error) if !error.error.is_empty() => Refusal::OAuth(Box::new(error), response.status.as_u16()),
        _ => Refusal::Other(response.to_error()),
    }
}

/// Checks the id token where one came and makes the outcome of a sign-in.
pub(crate) fn signed_in(
    reply: TokenReply,
    config: &SignInConfig,
    nonce: Option<&str>,
    now: Timestamp,
) -> Result<SignedIn, SynclineError> {
    let claims = match &reply.id_token {
        Some(token) => Some(read_id_token(token.expose(), &config.client_id, nonce, now)?),
        None => None,
    };
    Ok(SignedIn { access: reply.access, refresh_token: reply.refresh_token, claims, scopes: reply.scopes })
}
