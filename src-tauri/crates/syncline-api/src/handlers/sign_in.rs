//! `sign_in.*`: through the browser, with a device code, or silently where no person is needed.

use std::sync::Arc;
use syncline_auth::{AuthorizationCodeFlow, DeviceCodeFlow, SignInConfig, SignedIn};
use syncline_model::{AuthMethod, Connection, ErrorCode, SynclineError, System};
use syncline_secrets::SecretKind;
use tokio_util::sync::CancellationToken;

use super::connections::verify;
use crate::app::App;
use crate::jobs::JobHandle;
use crate::links::{Link, SIGNED_IN_TENANT};
use crate::wire::{ApiError, ConnectionRef, ConnectionView, JobKind, SignInStart, SignInStarted, Tag};

fn job(
    app: &Arc<App>,
    connection: &Connection,
    work: impl Future<Output = Result<SignedIn, SynclineError>> + Send + 'static,
    cancel: CancellationToken,
) -> String {
    let (root, connection) = (Arc::clone(app), connection.clone());
    let name = connection.name.to_string();
    app.jobs().start(
        JobKind::SignIn,
        format!("signing in to {name}"),
        Some(name),
        vec![Tag::Connections],
        move |handle: JobHandle| async move {
            handle.progress("waiting for the sign-in", 0, None);
            let asked = handle.cancel().clone();
            let signed_in = tokio::select! {
                signed_in = work => signed_in?,
                () = asked.cancelled() => {
                    cancel.cancel();
                    return Err(ApiError::new(ErrorCode::SignInCancelled, "the sign-in was cancelled")
                        .hint("sign in again when you are ready"));
                }
            };
            handle.progress("asking who you are", 0, None);
            finish(&root, connection, &signed_in).await
        },
    )
}

/// Keeps the tokens, then asks the service who it is.
async fn finish(
    app: &Arc<App>,
    mut connection: Connection,
    signed_in: &SignedIn,
) -> Result<serde_json::Value, ApiError> {
    if let Some(claims) = &signed_in.claims {
        connection.options.insert(SIGNED_IN_TENANT.to_owned(), claims.tid.clone());
        connection = app.update_connection(connection).await?;
    }
    let link = app.adopt(&connection, signed_in).await?;
    let mut test = verify(app, connection.clone(), &link, true).await?;
    // A list of users may be hidden from a person; the sign-in knows the name.
    if let (Some(identity), Some(claims)) = (&mut test.identity, &signed_in.claims)
        && identity.user_name.is_none()
    {
        identity.user_name.clone_from(&claims.preferred_username);
        let mut connection = app.connection(connection.name.as_str()).await?;
        connection.identity = Some(identity.clone());
        app.update_connection(connection).await?;
    }
    match test.error {
        Some(error) => Err(error),
        None => {
            serde_json::to_value(test).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
        }
    }
}

pub(crate) async fn start(app: &Arc<App>, request: SignInStart) -> Result<SignInStarted, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let minutes = |minutes| (jiff::Timestamp::now() + jiff::SignedDuration::from_mins(minutes)).to_string();
    let by_device = request.device_code.unwrap_or(false) || connection.auth == AuthMethod::DeviceCode;
    let interactive = matches!(connection.auth, AuthMethod::AuthorizationCode | AuthMethod::DeviceCode);
    if connection.system != System::Dataverse || !interactive {
        let (root, connection) = (Arc::clone(app), connection);
        let name = connection.name.to_string();
        let id = app.jobs().start(
            JobKind::SignIn,
            format!("signing in to {name}"),
            Some(name),
            vec![Tag::Connections],
            move |handle: JobHandle| async move {
                handle.progress("asking who it is", 0, None);
                let link = root.link(&connection).await?;
                let test = verify(&root, connection, &link, false).await?;
                match test.error {
                    Some(error) => Err(error),
                    None => serde_json::to_value(test)
                        .map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string())),
                }
            },
        );
        return Ok(SignInStarted {
            job: id,
            authorize_url: None,
            user_code: None,
            verification_uri: None,
            expires_at: minutes(1),
        });
    }
    let mut config = SignInConfig::from_connection(&connection)?;
    let demanded = app.secret(connection.id, SecretKind::ClaimsChallenge).await?;
    config.claims = demanded.map(|claims| claims.expose().to_owned());
    let cancel = CancellationToken::new();
    if by_device {
        let (prompt, pending) = DeviceCodeFlow::start(config, app.client(), App::clock()).await?;
        let id = job(app, &connection, pending.finish(cancel.clone()), cancel);
        return Ok(SignInStarted {
            job: id,
            authorize_url: None,
            user_code: Some(prompt.user_code),
            verification_uri: Some(prompt.verification_uri),
            expires_at: prompt.expires_at.to_string(),
        });
    }
    let started = AuthorizationCodeFlow::start(config, app.client(), App::clock()).await?;
    let url = started.authorize_url.clone();
    let id = job(app, &connection, started.pending.finish(cancel.clone()), cancel);
    if request.open_browser.unwrap_or(true) {
        app.open_url(&url);
    }
    Ok(SignInStarted {
        job: id,
        authorize_url: Some(url),
        user_code: None,
        verification_uri: None,
        expires_at: minutes(5),
    })
}

pub(crate) async fn sign_out(app: &Arc<App>, request: ConnectionRef) -> Result<ConnectionView, ApiError> {
    let connection = app.connection(&request.connection).await?;
    if let Link::Dataverse { tokens, .. } = app.link(&connection).await?.as_ref() {
        tokens.sign_out().await?;
    }
    app.links.lock().await.remove(&connection.id);
    app.view(connection).await
}
