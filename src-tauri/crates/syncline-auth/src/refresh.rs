//! Refresh tokens: redeemed, rotated, and shared with another process on the same keychain.

use std::sync::Arc;
use syncline_http::{Clock, HttpClient};
use syncline_model::{ErrorCode, Secret, SynclineError};
use syncline_secrets::{SecretKind, Vault, VaultKey};

use crate::SignInConfig;
use crate::token_endpoint::{Refusal, TokenReply, post};

/// A vault's call off the async threads: the keychain may wait for a person.
pub(crate) async fn with_vault<T: Send + 'static>(
    vault: &Arc<dyn Vault>,
    work: impl FnOnce(&dyn Vault) -> Result<T, syncline_secrets::VaultError> + Send + 'static,
) -> Result<T, SynclineError> {
    let vault = Arc::clone(vault);
    match tokio::task::spawn_blocking(move || work(vault.as_ref())).await {
        Ok(result) => result.map_err(SynclineError::from),
        Err(_) => Err(SynclineError::new(ErrorCode::Internal, "the call to the keychain was aborted")),
    }
}

/// Nobody is signed in.
pub(crate) fn sign_in_needed(config: &SignInConfig) -> SynclineError {
    SynclineError::new(ErrorCode::SignInNeeded, format!("nobody is signed in to {}", config.connection_name))
        .hint("sign in")
}

/// Keeps what the next sign-in must ask for. A vault that takes nothing is no reason to hide why the sign-in is needed.
pub(crate) async fn keep_claims(config: &SignInConfig, claims: String, vault: &Arc<dyn Vault>) {
    let key = VaultKey::new(config.connection, SecretKind::ClaimsChallenge);
    if let Err(error) = with_vault(vault, move |vault| vault.set(&key, &Secret::new(claims))).await {
        tracing::warn!(%error, "the claims challenge is not kept");
    }
}

/// A token was given that has them.
pub(crate) async fn forget_claims(config: &SignInConfig, vault: &Arc<dyn Vault>) {
    let key = VaultKey::new(config.connection, SecretKind::ClaimsChallenge);
    if let Err(error) = with_vault(vault, move |vault| vault.delete(&key)).await {
        tracing::warn!(%error, "the claims challenge is not forgotten");
    }
}

/// Redeems the refresh token in the vault for an access token of `scopes`. A new refresh token is stored before the access token
/// is given; a reply without one keeps the old. When another process was faster, its token is tried once. `claims`: what a resource
/// demanded of the new token; claims that the refusal itself names are kept for the next sign-in.
pub(crate) async fn refresh(
    config: &SignInConfig,
    scopes: &[String],
    claims: Option<&str>,
    vault: &Arc<dyn Vault>,
    http: &HttpClient,
    clock: &dyn Clock,
) -> Result<TokenReply, SynclineError> {
    let key = VaultKey::new(config.connection, SecretKind::RefreshToken);
    let mut token =
        with_vault(vault, move |vault| vault.get(&key)).await?.ok_or_else(|| sign_in_needed(config))?;
    let mut tried_again = false;
    let reply = loop {
        match redeem(config, scopes, claims, &token, http, clock).await {
            Ok(reply) => break reply,
            Err(Refusal::OAuth(error, _)) if error.error == "invalid_grant" && !tried_again => {
                tried_again = true;
                let now_kept = with_vault(vault, move |vault| vault.get(&key)).await?;
                match now_kept {
                    Some(other) if other.expose() != token.expose() => token = other,
                    _ => return Err(refused(config, Refusal::OAuth(error, 400), vault).await),
                }
            }
            Err(refusal) => return Err(refused(config, refusal, vault).await),
        }
    };
    if let Some(new) = reply.refresh_token.clone()
        && new.expose() != token.expose()
    {
        with_vault(vault, move |vault| vault.set(&key, &new)).await?;
    }
    Ok(reply)
}

async fn refused(config: &SignInConfig, refusal: Refusal, vault: &Arc<dyn Vault>) -> SynclineError {
    if let Refusal::OAuth(error, _) = &refusal
        && let Some(claims) = error.claims.clone()
    {
        keep_claims(config, claims, vault).await;
    }
    let mut error = refusal.into_error();
    error.message = format!("{}: {}", config.connection_name, error.message);
    error
}

async fn redeem(
    config: &SignInConfig,
    scopes: &[String],
    claims: Option<&str>,
    token: &Secret,
    http: &HttpClient,
    clock: &dyn Clock,
) -> Result<TokenReply, Refusal> {
    let scope = scopes.join(" ");
    let mut form = vec![
        ("client_id", config.client_id.as_str()),
        ("grant_type", "refresh_token"),
        ("refresh_token", token.expose()),
        ("scope", scope.as_str()),
    ];
    if let Some(secret) = &config.client_secret {
        form.push(("client_secret", secret.expose()));
    }
    if let Some(claims) = claims {
        form.push(("claims", claims));
    }
    // Redeeming twice does no harm: Entra does not revoke the old token.
    post(http, &config.endpoint("token"), &form, || clock.now(), true).await
}
