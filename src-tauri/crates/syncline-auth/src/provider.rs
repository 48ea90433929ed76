//! Access tokens of a connection, whatever the way of signing in. One per connection: tenants never mix.

use async_trait::async_trait;
use std::sync::{Arc, Mutex, PoisonError};
use syncline_http::{AccessToken, Clock, HttpClient, TokenCache, TokenProvider};
use syncline_model::{AuthMethod, ErrorCode, SynclineError};
use syncline_secrets::{SecretKind, Vault, VaultKey};

use crate::refresh::{forget_claims, keep_claims, refresh, sign_in_needed, with_vault};
use crate::{SignInConfig, SignedIn, client_credentials, jwt_expiry, parse_challenge};

/// The tokens of one connection. Access tokens stay in memory; a burst of requests makes one renewal.
#[derive(Clone)]
pub struct ConnectionTokens {
    shared: Arc<Shared>,
    cache: TokenCache,
}

struct Shared {
    config: SignInConfig,
    vault: Arc<dyn Vault>,
    http: HttpClient,
    clock: Arc<dyn Clock>,
    /// One renewal at a time, whichever resource it is for: all share one refresh token.
    renewing: tokio::sync::Mutex<()>,
    /// What a resource demanded of the next token (Microsoft identity platform, claims challenge).
    claims: Mutex<Option<String>>,
}

impl ConnectionTokens {
    /// Over a vault that holds the connection's refresh token, client secret or access token.
    pub fn new(config: SignInConfig, vault: Arc<dyn Vault>, http: HttpClient, clock: Arc<dyn Clock>) -> Self {
        let scopes = config.scopes.clone();
        let shared = Arc::new(Shared {
            config,
            vault,
            http,
            clock,
            renewing: tokio::sync::Mutex::default(),
            claims: Mutex::default(),
        });
        let cache = cache_for(&shared, scopes);
        Self { shared, cache }
    }

    /// Keeps what a sign-in gave: the refresh token in the vault, the access token in memory.
    pub async fn adopt(&mut self, signed_in: &SignedIn) -> Result<(), SynclineError> {
        let key = VaultKey::new(self.shared.config.connection, SecretKind::RefreshToken);
        let token = signed_in.refresh_token.clone();
        let _one = self.shared.renewing.lock().await;
        let met = VaultKey::new(key.id, SecretKind::ClaimsChallenge);
        with_vault(&self.shared.vault, move |vault| {
            vault.delete(&met)?;
            match token {
                Some(token) => vault.set(&key, &token),
                None => vault.delete(&key).map(|_| ()),
            }
        })
        .await?;
        self.cache =
            cache_for(&self.shared, self.shared.config.scopes.clone()).with_token(signed_in.access.clone());
        Ok(())
    }

    /// Tokens of the same sign-in for another resource of the same tenant, such as the discovery service.
    pub fn for_resource(&self, scopes: Vec<String>) -> Arc<dyn TokenProvider> {
        Arc::new(cache_for(&self.shared, scopes))
    }

    /// Removes the tokens from vault and memory; the client secret stays. True where there were any.
    pub async fn sign_out(&self) -> Result<bool, SynclineError> {
        let id = self.shared.config.connection;
        let _one = self.shared.renewing.lock().await;
        let removed = with_vault(&self.shared.vault, move |vault| {
            let refresh = vault.delete(&VaultKey::new(id, SecretKind::RefreshToken))?;
            let access = vault.delete(&VaultKey::new(id, SecretKind::AccessToken))?;
            vault.delete(&VaultKey::new(id, SecretKind::ClaimsChallenge))?;
            Ok(refresh || access)
        })
        .await?;
        self.cache.clear();
        Ok(removed)
    }

    /// The settings they were made from.
    pub fn config(&self) -> &SignInConfig {
        &self.shared.config
    }
}

fn cache_for(shared: &Arc<Shared>, scopes: Vec<String>) -> TokenCache {
    let clock = Arc::clone(&shared.clock);
    let shared = Arc::clone(shared);
    TokenCache::new(
        clock,
        Box::new(move || {
            let shared = Arc::clone(&shared);
            let scopes = scopes.clone();
            Box::pin(async move { shared.fetch(&scopes).await })
        }),
    )
}

impl Shared {
    fn lock_claims(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(&self, scopes: &[String]) -> Result<AccessToken, SynclineError> {
        let _one = self.renewing.lock().await;
        let id = self.config.connection;
        match self.config.auth {
            AuthMethod::AuthorizationCode | AuthMethod::DeviceCode => {
                let claims = self.lock_claims().take();
                let (http, clock) = (&self.http, self.clock.as_ref());
                let reply = refresh(&self.config, scopes, claims.as_deref(), &self.vault, http, clock).await;
                if reply.as_ref().is_err_and(|error| error.code == ErrorCode::Unreachable)
                    && let Some(claims) = claims.clone()
                {
                    // Nobody has heard of them yet.
                    self.lock_claims().get_or_insert(claims);
                } else if reply.is_ok() && claims.is_some() {
                    forget_claims(&self.config, &self.vault).await;
                }
                Ok(reply?.access)
            }
            AuthMethod::ClientCredentials => {
                let key = VaultKey::new(id, SecretKind::ClientSecret);
                let secret =
                    with_vault(&self.vault, move |vault| vault.get(&key)).await?.ok_or_else(|| {
                        SynclineError::new(
                            ErrorCode::SignInNeeded,
                            format!("there is no client secret for {}", self.config.connection_name),
                        )
                        .hint("enter the client secret")
                    })?;
                let config = SignInConfig { scopes: scopes.to_vec(), ..self.config.clone() };
                Ok(client_credentials(&config, &secret, &self.http, self.clock.as_ref()).await?.access)
            }
            AuthMethod::AccessToken => {
                let key = VaultKey::new(id, SecretKind::AccessToken);
                let secret = with_vault(&self.vault, move |vault| vault.get(&key)).await?;
                let secret =
                    secret.ok_or_else(|| sign_in_needed(&self.config).hint("paste an access token"))?;
                let expires_at = jwt_expiry(secret.expose());
                if expires_at.is_some_and(|end| end <= self.clock.now()) {
                    return Err(SynclineError::new(
                        ErrorCode::SignInNeeded,
                        format!("the access token of {} has expired", self.config.connection_name),
                    )
                    .hint("paste a new access token, or choose another way to sign in"));
                }
                Ok(AccessToken { secret, expires_at })
            }
            AuthMethod::None => Err(SynclineError::new(
                ErrorCode::Usage,
                format!("{} has no way to sign in", self.config.connection_name),
            )
            .hint("choose how to sign in")),
        }
    }
}

#[async_trait]
impl TokenProvider for ConnectionTokens {
    async fn token(&self) -> Result<AccessToken, SynclineError> {
        self.cache.token().await
    }
    async fn renew(&self, rejected: &AccessToken) -> Result<AccessToken, SynclineError> {
        self.cache.renew(rejected).await
    }
    /// Claims are asked for at the token endpoint first. They are kept for the next sign-in at once: where the new token is refused like
    /// the old one, only a person can give them.
    async fn challenged(&self, challenge: &str) {
        let person =
            matches!(self.shared.config.auth, AuthMethod::AuthorizationCode | AuthMethod::DeviceCode);
        let Some(claims) =
            parse_challenge(challenge).and_then(|challenge| challenge.claims).filter(|_| person)
        else {
            return;
        };
        *self.shared.lock_claims() = Some(claims.clone());
        keep_claims(&self.shared.config, claims, &self.shared.vault).await;
    }
}

impl std::fmt::Debug for ConnectionTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectionTokens")
            .field("connection", &self.shared.config.connection)
            .finish_non_exhaustive()
    }
}
