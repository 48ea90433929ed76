//! Access tokens as a provider, so that who sends need not know how one signs in.

use async_trait::async_trait;
use jiff::Timestamp;
use syncline_model::{ErrorCode, Secret, SynclineError};

/// An access token.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The token.
    pub secret: Secret,
    /// When it stops being taken, where that is known.
    pub expires_at: Option<Timestamp>,
}

impl AccessToken {
    /// True when both are the same token.
    pub fn is_same(&self, other: &AccessToken) -> bool {
        self.secret.expose() == other.secret.expose()
    }
}

/// Gives the token for a request.
#[async_trait]
pub trait TokenProvider: Send + Sync {
    /// A token that should be taken.
    async fn token(&self) -> Result<AccessToken, SynclineError>;
    /// Another one, because this one was refused with 401. Asked once a request.
    async fn renew(&self, rejected: &AccessToken) -> Result<AccessToken, SynclineError>;
    /// Hears what a 401 said in `WWW-Authenticate`, before [`TokenProvider::renew`]: it may ask for more than another token.
    async fn challenged(&self, _challenge: &str) {}
}

/// A pasted token. It can't be renewed.
#[derive(Debug, Clone)]
pub struct FixedToken(pub AccessToken);

#[async_trait]
impl TokenProvider for FixedToken {
    async fn token(&self) -> Result<AccessToken, SynclineError> {
        Ok(self.0.clone())
    }
    async fn renew(&self, _rejected: &AccessToken) -> Result<AccessToken, SynclineError> {
        Err(SynclineError::new(ErrorCode::SignInNeeded, "the access token was refused or has expired")
            .hint("paste a new access token, or choose another way to sign in"))
    }
}
