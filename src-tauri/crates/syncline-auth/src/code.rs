//! Authorization code with PKCE (S256) in the system browser. The caller opens the address; this side waits on the loopback.

use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use std::sync::Arc;
use syncline_http::{Clock, HttpClient};
use syncline_model::{ErrorCode, SynclineError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::explain::OAuthError;
use crate::loopback::{Callback, Loopback};
use crate::token_endpoint::{Refusal, post, signed_in};
use crate::{SignInConfig, SignedIn, explain, page, random};

/// The authorization code flow.
pub struct AuthorizationCodeFlow;

/// A sign-in under way.
pub struct Started {
    /// The address to open in a browser.
    pub authorize_url: String,
    /// Waits for the person; [`PendingCode::finish`].
    pub pending: PendingCode,
}

/// A flow that waits for the browser.
pub struct PendingCode {
    config: SignInConfig,
    http: HttpClient,
    clock: Arc<dyn Clock>,
    loopback: Loopback,
    redirect_uri: String,
    state: String,
    nonce: Option<String>,
    verifier: PkceCodeVerifier,
}

impl AuthorizationCodeFlow {
    /// Binds the loopback listener and makes the address. Nothing is sent yet.
    pub async fn start(
        config: SignInConfig,
        http: HttpClient,
        clock: Arc<dyn Clock>,
    ) -> Result<Started, SynclineError> {
        let loopback = Loopback::bind().await?;
        // Without a path the service adds a slash when it sends the browser back; the very same text goes into the token request.
        let redirect_uri = format!("http://localhost:{}{}", loopback.port, config.redirect_path);
        let verifier = PkceCodeVerifier::new(random::token());
        let state = random::token();
        let nonce = config.asks_id_token().then(random::token);
        let bad = |error: oauth2::url::ParseError| {
            SynclineError::new(ErrorCode::Usage, "the sign-in address can't be made")
                .hint("check authority, tenant and redirect path")
                .detail(error.to_string())
        };
        let client = BasicClient::new(ClientId::new(config.client_id.clone()))
            .set_auth_uri(AuthUrl::new(config.endpoint("authorize")).map_err(bad)?)
            .set_redirect_uri(RedirectUrl::new(redirect_uri.clone()).map_err(bad)?);
        let own_state = state.clone();
        let mut request = client
            .authorize_url(move || CsrfToken::new(own_state))
            .add_scopes(config.scopes.iter().cloned().map(Scope::new))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_extra_param("response_mode", "query");
        for (name, value) in [
            ("prompt", &config.prompt),
            ("login_hint", &config.login_hint),
            ("claims", &config.claims),
            ("nonce", &nonce),
        ] {
            if let Some(value) = value {
                request = request.add_extra_param(name, value.clone());
            }
        }
        let (url, _) = request.url();
        let authorize_url = url.to_string();
        Ok(Started {
            authorize_url,
            pending: PendingCode { config, http, clock, loopback, redirect_uri, state, nonce, verifier },
        })
    }
}

impl PendingCode {
    /// Waits for the browser to come back, redeems the code and tells the person in the browser how it went.
    pub async fn finish(self, cancel: CancellationToken) -> Result<SignedIn, SynclineError> {
        let Self { config, http, clock, loopback, redirect_uri, state, nonce, verifier } = self;
        let (sender, mut callbacks) = mpsc::channel(8);
        let path = if config.redirect_path.is_empty() { "/" } else { &config.redirect_path };
        let serve = loopback.serve(path.to_owned(), sender);
        let wait = async {
            loop {
                let Some(callback) = callbacks.recv().await else { continue };
                match read_answer(&callback.query, &state) {
                    Answer::Foreign => {
                        let lines = [
                            "The answer does not belong to the sign-in that is waiting.",
                            "Close this tab and start the sign-in again in Syncline.",
                        ];
                        callback
                            .answer("400 Bad Request", &page::page(false, "Not this sign-in", &lines))
                            .await;
                    }
                    Answer::Refused(error) => break (callback, Err(explain(&error, None))),
                    Answer::Code(code) => {
                        break (
                            callback,
                            redeem(
                                &config,
                                &http,
                                clock.as_ref(),
                                &code,
                                &redirect_uri,
                                &verifier,
                                nonce.as_deref(),
                            )
                            .await,
                        );
                    }
                }
            }
        };
        let (callback, result): (Callback, Result<SignedIn, SynclineError>) = tokio::select! {
            done = wait => done,
            () = serve => return Err(SynclineError::new(ErrorCode::Internal, "the loopback listener ended")),
            () = cancel.cancelled() => {
                return Err(SynclineError::new(ErrorCode::SignInCancelled, "the sign-in was cancelled"));
            }
            () = tokio::time::sleep(config.timeout) => {
                return Err(SynclineError::new(ErrorCode::SignInCancelled, "nobody signed in in time").hint(
                    "start again; if the browser page shows AADSTS50011 or AADSTS700016, check redirect address, client id and tenant",
                ));
            }
        };
        let html = match &result {
            Ok(_) => {
                page::page(true, "You are signed in", &["You can close this tab and go back to Syncline."])
            }
            Err(error) => page::page(
                false,
                "The sign-in did not work",
                &[
                    &error.message,
                    &error.hint.as_deref().map(|hint| format!("What to do: {hint}")).unwrap_or_default(),
                    &error.service_code.as_deref().map(|code| format!("Code: {code}")).unwrap_or_default(),
                    "You can close this tab and go back to Syncline.",
                ],
            ),
        };
        callback.answer("200 OK", &html).await;
        result
    }
}

enum Answer {
    Code(String),
    Refused(Box<OAuthError>),
    Foreign,
}

fn read_answer(query: &str, state: &str) -> Answer {
    let (mut code, mut own, mut error) = (None, false, OAuthError::default());
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "code" => code = Some(value.into_owned()),
            "state" => own = value == state,
            "error" => error.error = value.into_owned(),
            "error_description" => error.error_description = value.into_owned(),
            _ => {}
        }
    }
    match code {
        _ if !own => Answer::Foreign,
        _ if !error.error.is_empty() => Answer::Refused(Box::new(error)),
        Some(code) if !code.is_empty() => Answer::Code(code),
        _ => Answer::Foreign,
    }
}

async fn redeem(
    config: &SignInConfig,
    http: &HttpClient,
    clock: &dyn Clock,
    code: &str,
    redirect_uri: &str,
    verifier: &PkceCodeVerifier,
    nonce: Option<&str>,
) -> Result<SignedIn, SynclineError> {
    let scope = config.scope_text();
    let mut form = vec![
        ("client_id", config.client_id.as_str()),
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", verifier.secret()),
        ("scope", &scope),
    ];
    if let Some(secret) = &config.client_secret {
        form.push(("client_secret", secret.expose()));
    }
    // A code redeems once: not repeatable.
    let reply = post(http, &config.endpoint("token"), &form, || clock.now(), false)
        .await
        .map_err(Refusal::into_error)?;
    signed_in(reply, config, nonce, clock.now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_is_taken_only_with_the_own_state() {
        assert!(matches!(read_answer("code=a&state=s", "s"), Answer::Code(code) if code == "a"));
        assert!(matches!(read_answer("code=a&state=x", "s"), Answer::Foreign));
        assert!(matches!(read_answer("code=a", "s"), Answer::Foreign));
        assert!(
            matches!(read_answer("error=access_denied&error_description=AADSTS65004%3a+no&state=s", "s"),
            Answer::Refused(error) if error.number() == Some(65004))
        );
    }

    proptest! {
        #[test]
        fn never_panics(query in ".{0,100}") {
            read_answer(&query, "s");
        }
    }
}
