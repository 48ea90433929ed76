//! Signing in against the sample tenant's own Entra half, as a browser and a person would.

use std::sync::Arc;
use std::time::Duration;
use syncline_auth::{
    AuthorizationCodeFlow, ConnectionTokens, DeviceCodeFlow, SignInConfig, SignedIn, client_credentials,
};
use syncline_http::{HttpClient, HttpConfig, RetryConfig, SystemClock, TokenProvider};
use syncline_model::{AuthMethod, ErrorCode, Secret, SynclineError};
use syncline_sandbox::{Sandbox, SandboxConfig};
use syncline_secrets::{MemoryVault, SecretKind, Vault, VaultKey};
use tokio_util::sync::CancellationToken;
use url::Url;
use uuid::Uuid;

fn http() -> HttpClient {
    HttpClient::new(&HttpConfig::default()).unwrap().with_retry(RetryConfig::none())
}

async fn sandbox() -> Sandbox {
    Sandbox::start(SandboxConfig { records: 20, ..SandboxConfig::default() }).await.unwrap()
}

pub(crate) fn config(
    sandbox: &Sandbox,
    id: u128,
    auth: AuthMethod,
    environment: &str,
    tenant: &str,
) -> SignInConfig {
    let details = sandbox.details();
    let app_only = auth == AuthMethod::ClientCredentials;
    SignInConfig {
        connection: Uuid::from_u128(id),
        connection_name: format!("c{id}"),
        auth,
        authority: Url::parse(&details.authority).unwrap(),
        tenant: tenant.to_owned(),
        client_id: if app_only { &details.confidential_client_id } else { &details.client_id }.clone(),
        scopes: syncline_auth::default_scopes(environment, !app_only),
        prompt: None,
        login_hint: None,
        claims: None,
        redirect_path: String::new(),
        client_secret: None,
        timeout: Duration::from_secs(20),
    }
}

pub(crate) fn person(sandbox: &Sandbox, tenant: &str) -> String {
    let found = sandbox.details().users.iter().find(|user| user.kind == "normal" && user.tenant == tenant);
    found.unwrap_or_else(|| panic!("nobody in {tenant}: {:?}", sandbox.details().users)).user_name.clone()
}

/// Posts the sign-in page's form, then follows the redirect to the loopback listener; gives the page shown at the end.
async fn browse(authorize_url: &str, answers: &[(&str, &str)]) -> String {
    let url = Url::parse(authorize_url).unwrap();
    let mut form: Vec<(String, String)> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    form.extend(answers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let mut page = url.clone();
    page.set_query(None);
    let pairs = form.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let reply = http().post(page.as_str()).form(pairs).send().await.unwrap();
    assert_eq!(reply.status.as_u16(), 302, "{}", String::from_utf8_lossy(&reply.body));
    let target = reply.header("location").unwrap().to_owned();
    // What else a browser asks for is ignored.
    let mut icon = Url::parse(&target).unwrap();
    icon.set_query(None);
    icon.set_path("/favicon.ico");
    assert_eq!(http().get(icon.as_str()).send().await.unwrap().status.as_u16(), 404);
    let foreign = target.replace("state=", "state=x");
    assert_eq!(http().get(&foreign).send().await.unwrap().status.as_u16(), 400);
    let end = http().get(&target).send().await.unwrap();
    assert!(end.header("content-security-policy").unwrap().contains("default-src 'none'"));
    String::from_utf8(end.body.to_vec()).unwrap()
}

pub(crate) async fn sign_in(
    config: SignInConfig,
    answers: &[(&str, &str)],
) -> (Result<SignedIn, SynclineError>, String) {
    let started = AuthorizationCodeFlow::start(config, http(), Arc::new(SystemClock)).await.unwrap();
    let waiting = tokio::spawn(started.pending.finish(CancellationToken::new()));
    let page = browse(&started.authorize_url, answers).await;
    (waiting.await.unwrap(), page)
}

fn token_requests(sandbox: &Sandbox) -> usize {
    sandbox.requests().iter().filter(|request| request.path.ends_with("/token")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn code_flow_then_a_burst_makes_one_renewal_with_rotation() {
    let sandbox = sandbox().await;
    let details = sandbox.details().clone();
    let settings = config(&sandbox, 1, AuthMethod::AuthorizationCode, &details.dataverse, &details.tenant);
    let user = person(&sandbox, &details.tenant);
    let (signed_in, page) = sign_in(settings.clone(), &[("account", &user), ("consent", "accept")]).await;
    let signed_in = signed_in.unwrap();
    assert!(page.contains("You are signed in"), "{page}");
    let claims = signed_in.claims.clone().unwrap();
    assert_eq!(
        (claims.tid.as_str(), claims.preferred_username.as_deref()),
        (details.tenant.as_str(), Some(user.as_str()))
    );

    let vault = Arc::new(MemoryVault::new());
    let key = VaultKey::new(settings.connection, SecretKind::RefreshToken);
    let mut tokens = ConnectionTokens::new(settings, vault.clone(), http(), Arc::new(SystemClock));
    tokens.adopt(&signed_in).await.unwrap();
    let first = tokens.token().await.unwrap();
    assert!(first.is_same(&signed_in.access));
    let old = vault.get(&key).unwrap().unwrap();

    sandbox.clear_requests();
    let burst: Vec<_> = (0..50)
        .map(|_| {
            let (tokens, first) = (tokens.clone(), first.clone());
            tokio::spawn(async move { tokens.renew(&first).await.unwrap() })
        })
        .collect();
    let mut renewed = Vec::new();
    for one in burst {
        renewed.push(one.await.unwrap());
    }
    assert!(renewed.iter().all(|token| token.is_same(&renewed[0]) && !token.is_same(&first)));
    assert_eq!(token_requests(&sandbox), 1, "{:?}", sandbox.requests());
    assert_ne!(vault.get(&key).unwrap().unwrap().expose(), old.expose(), "the new refresh token is kept");

    let found = tokens.for_resource(syncline_auth::default_scopes(&details.discovery, true));
    let list = format!("{}/api/discovery/v2.0/Instances", details.discovery);
    let reply = http().get(&list).bearer(found).send().await.unwrap().ensure_success().unwrap();
    assert!(!reply.json::<serde_json::Value>().unwrap()["value"].as_array().unwrap().is_empty());
    assert!(tokens.token().await.unwrap().is_same(&renewed[0]), "the environment's own token stays");

    sandbox.entra().expire_refresh_tokens();
    let error = tokens.renew(&renewed[0]).await.unwrap_err();
    assert_eq!((error.code, error.service_code.as_deref()), (ErrorCode::SignInNeeded, Some("AADSTS700082")));
    assert!(error.hint.is_some() && error.request_id.is_some(), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn declined_consent_is_told_on_both_sides() {
    let sandbox = sandbox().await;
    let details = sandbox.details().clone();
    let settings = config(&sandbox, 1, AuthMethod::AuthorizationCode, &details.dataverse, &details.tenant);
    let user = person(&sandbox, &details.tenant);
    let (result, page) = sign_in(settings, &[("account", &user), ("consent", "cancel")]).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.code, error.service_code.as_deref()),
        (ErrorCode::SignInCancelled, Some("AADSTS65004"))
    );
    assert!(page.contains("AADSTS65004") && page.contains("did not work"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_nobody_ends_can_be_cancelled_and_times_out() {
    let sandbox = sandbox().await;
    let details = sandbox.details().clone();
    let mut settings =
        config(&sandbox, 1, AuthMethod::AuthorizationCode, &details.dataverse, &details.tenant);
    let started =
        AuthorizationCodeFlow::start(settings.clone(), http(), Arc::new(SystemClock)).await.unwrap();
    let cancel = CancellationToken::new();
    cancel.cancel();
    assert_eq!(started.pending.finish(cancel).await.unwrap_err().code, ErrorCode::SignInCancelled);
    settings.timeout = Duration::from_millis(50);
    let started = AuthorizationCodeFlow::start(settings, http(), Arc::new(SystemClock)).await.unwrap();
    let error = started.pending.finish(CancellationToken::new()).await.unwrap_err();
    assert!(error.message.contains("in time") && error.hint.unwrap().contains("AADSTS50011"));
}

#[tokio::test(flavor = "multi_thread")]
async fn device_code_accepted_and_declined() {
    let sandbox = sandbox().await;
    let details = sandbox.details().clone();
    let user = person(&sandbox, &details.tenant);
    for (consent, good) in [("accept", true), ("cancel", false)] {
        let settings = config(&sandbox, 1, AuthMethod::DeviceCode, &details.dataverse, &details.tenant);
        let (prompt, pending) = DeviceCodeFlow::start(settings, http(), Arc::new(SystemClock)).await.unwrap();
        assert!(prompt.message.contains(&prompt.user_code));
        let waiting = tokio::spawn(pending.finish(CancellationToken::new()));
        let form = [("user_code", prompt.user_code.as_str()), ("account", &user), ("consent", consent)];
        http().post(&prompt.verification_uri).form(form).send().await.unwrap().ensure_success().unwrap();
        let result = waiting.await.unwrap();
        assert_eq!(
            result.as_ref().is_ok_and(|signed_in| signed_in.refresh_token.is_some()),
            good,
            "{result:?}"
        );
        if let Err(error) = result {
            assert_eq!(error.code, ErrorCode::SignInCancelled);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn as_an_application_and_each_refusal() {
    let sandbox = sandbox().await;
    let details = sandbox.details().clone();
    let settings = config(&sandbox, 1, AuthMethod::ClientCredentials, &details.dataverse, &details.tenant);
    let secret = Secret::new(details.client_secret.clone());
    let reply = client_credentials(&settings, &secret, &http(), &SystemClock).await.unwrap();
    assert!(reply.refresh_token.is_none() && reply.access.expires_at.is_some());

    type Change = fn(&mut SignInConfig);
    let expired = Secret::new(details.expired_client_secret.clone());
    let cases: [(&Secret, Change, &str); 5] = [
        (&Secret::new("wrong"), |_| {}, "AADSTS7000215"),
        (&expired, |_| {}, "AADSTS7000222"),
        (&secret, |config| config.client_id = Uuid::from_u128(9).to_string(), "AADSTS700016"),
        (&secret, |config| config.tenant = "nowhere.example".into(), "AADSTS90002"),
        (
            &secret,
            |config| config.scopes = vec!["https://other.crm.dynamics.com/.default".into()],
            "AADSTS500011",
        ),
    ];
    for (secret, change, code) in cases {
        let mut settings = settings.clone();
        change(&mut settings);
        let error = client_credentials(&settings, secret, &http(), &SystemClock).await.unwrap_err();
        assert_eq!(
            (error.code, error.service_code.as_deref()),
            (ErrorCode::SignInRefused, Some(code)),
            "{error:?}"
        );
        assert!(error.hint.is_some() && error.request_id.is_some());
    }
    sandbox.clear_requests();
    let common = SignInConfig { tenant: "organizations".into(), ..settings };
    let error = client_credentials(&common, &secret, &http(), &SystemClock).await.unwrap_err();
    assert_eq!((error.code, sandbox.requests().len()), (ErrorCode::Usage, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_side_by_side_never_mix() {
    let sandbox = sandbox().await;
    let details = sandbox.details().clone();
    let other =
        details.environments.iter().find(|environment| environment.tenant != details.tenant).unwrap().clone();
    let vault: Arc<MemoryVault> = Arc::new(MemoryVault::new());
    let mut seen = Vec::new();
    for (id, url, tenant) in [(1, &details.dataverse, &details.tenant), (2, &other.url, &other.tenant)] {
        let settings = config(&sandbox, id, AuthMethod::AuthorizationCode, url, tenant);
        let user = person(&sandbox, tenant);
        let (signed_in, _) = sign_in(settings.clone(), &[("account", &user), ("consent", "accept")]).await;
        let signed_in = signed_in.unwrap();
        assert_eq!(&signed_in.claims.as_ref().unwrap().tid, tenant);
        let mut tokens = ConnectionTokens::new(settings, vault.clone(), http(), Arc::new(SystemClock));
        tokens.adopt(&signed_in).await.unwrap();
        seen.push((tokens, url.clone()));
    }
    for (tokens, url) in &seen {
        let renewed = tokens.renew(&tokens.token().await.unwrap()).await.unwrap();
        let ask = format!("{url}/api/data/v9.2/WhoAmI");
        let header = format!("Bearer {}", renewed.secret.expose());
        http().get(&ask).header("authorization", &header).send().await.unwrap().ensure_success().unwrap();
    }
    assert!(seen[0].0.sign_out().await.unwrap());
    assert_eq!(vault.list(Uuid::from_u128(1)).unwrap(), []);
    assert_eq!(vault.list(Uuid::from_u128(2)).unwrap(), [SecretKind::RefreshToken]);
}
