//! A running sandbox, a client that follows no redirect, and a person at a browser.
use reqwest::header::LOCATION;
use reqwest::{Client, Response, redirect};
use serde_json::{Value, json};
use std::collections::HashMap;
use syncline_sandbox::{Details, Sandbox, SandboxConfig};
use url::Url;

pub(crate) const ADMIN: &str = "admin@contoso.example";
pub(crate) const REDIRECT: &str = "http://localhost:53127";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: Client,
}

pub(crate) type Form = Vec<(String, String)>;

/// Sets fields of a form; an empty value removes the field.
pub(crate) fn with(mut form: Form, changes: &[(&str, &str)]) -> Form {
    for (name, value) in changes {
        form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            form.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    form
}

pub(crate) async fn world() -> World {
    world_with(|_| {}).await
}

pub(crate) async fn world_with(change: impl FnOnce(&mut SandboxConfig)) -> World {
    let mut config = SandboxConfig { records: 50, device_interval_s: 0, ..SandboxConfig::default() };
    change(&mut config);
    let sandbox = Sandbox::start(config).await.unwrap();
    World { sandbox, client: Client::builder().redirect(redirect::Policy::none()).build().unwrap() }
}

impl World {
    pub(crate) fn details(&self) -> &Details {
        self.sandbox.details()
    }

    pub(crate) fn endpoint(&self, tenant: &str, name: &str) -> String {
        format!("{}/{tenant}/oauth2/v2.0/{name}", self.details().authority)
    }

    pub(crate) fn scope(&self) -> String {
        format!("{}/user_impersonation offline_access openid profile", self.details().dataverse)
    }

    /// What an application sends to the authorize endpoint.
    pub(crate) fn request(&self) -> Form {
        let scope = self.scope();
        let client_id = self.details().client_id.clone();
        let pairs = [
            ("client_id", client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("response_mode", "query"),
            ("scope", &scope),
            ("state", "a+b &ü"),
            ("nonce", "n-1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        with(Vec::new(), &pairs)
    }

    pub(crate) async fn authorize(&self, tenant: &str, form: &Form) -> Response {
        self.client.post(self.endpoint(tenant, "authorize")).form(form).send().await.unwrap()
    }

    /// The code of a person who accepts everything.
    pub(crate) async fn code_of(&self, tenant: &str, person: &str, changes: &[(&str, &str)]) -> String {
        let form = with(self.request(), &[("account", person), ("approved", "mfa"), ("consent", "accept")]);
        let answer = returned(&self.authorize(tenant, &with(form, changes)).await);
        answer.get("code").unwrap_or_else(|| panic!("no code: {answer:?}")).clone()
    }

    /// What an application sends to redeem a code.
    pub(crate) fn redemption(&self, code: &str) -> Form {
        let pairs = [
            ("client_id", self.details().client_id.as_str()),
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        with(Vec::new(), &pairs)
    }

    pub(crate) async fn token(&self, tenant: &str, form: &Form) -> (u16, Value) {
        let response = self.client.post(self.endpoint(tenant, "token")).form(form).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// Signs a person in at their tenant and answers the body of the token endpoint.
    pub(crate) async fn sign_in(&self, person: &str, changes: &[(&str, &str)]) -> Value {
        let tenant =
            self.details().users.iter().find(|user| user.user_name == person).unwrap().tenant.clone();
        let code = self.code_of(&tenant, person, changes).await;
        let (status, body) = self.token(&tenant, &self.redemption(&code)).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    pub(crate) async fn refresh(&self, token: &str, changes: &[(&str, &str)]) -> (u16, Value) {
        let pairs = [
            ("client_id", self.details().client_id.as_str()),
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
        ];
        self.token("organizations", &with(with(Vec::new(), &pairs), changes)).await
    }

    /// WhoAmI of an environment by its number in the details.
    pub(crate) async fn who_am_i(&self, environment: usize, token: &str) -> Response {
        let url = format!("{}/api/data/v9.2/WhoAmI", self.details().environments[environment].url);
        self.client.get(url).bearer_auth(token).send().await.unwrap()
    }

    pub(crate) async fn control(&self, path: &str, body: &Value) -> Response {
        let url = format!("{}/{path}", self.details().control);
        self.client.post(url).json(body).send().await.unwrap()
    }

    pub(crate) async fn settings(&self, body: Value) {
        let response = self.control("settings", &body).await;
        assert_eq!(response.status(), 204);
    }

    pub(crate) async fn upsert(&self, body: &Value) -> (u16, Value) {
        let response = self
            .client
            .post(format!("{}/api/user/v1/upsert", self.details().insider))
            .header("x-partner-name", &self.details().insider_partner)
            .header("x-request-token", &self.details().insider_token)
            .json(body)
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

/// An address with a query.
pub(crate) fn query(address: &str, pairs: &[(String, String)]) -> Url {
    Url::parse_with_params(address, pairs).unwrap()
}

/// The parameters that a redirect brings back.
pub(crate) fn returned(response: &Response) -> HashMap<String, String> {
    assert_eq!(response.status(), 302, "no redirect");
    let target = Url::parse(response.headers()[LOCATION].to_str().unwrap()).unwrap();
    assert!(target.as_str().starts_with(REDIRECT), "{target}");
    target.query_pairs().into_owned().collect()
}

/// `error` and the number after AADSTS of an error body, whose form is checked.
pub(crate) fn refusal(body: &Value) -> (String, u64) {
    let number = body["error_codes"][0].as_u64().unwrap_or_else(|| panic!("no error body: {body}"));
    let description = body["error_description"].as_str().unwrap();
    assert!(description.starts_with(&format!("AADSTS{number}: ")), "{description}");
    assert!(description.contains("\r\nTrace ID: ") && description.contains("\r\nCorrelation ID: "));
    for name in ["timestamp", "trace_id", "correlation_id", "error_uri"] {
        assert!(body[name].is_string(), "{name} of {body}");
    }
    (body["error"].as_str().unwrap().to_owned(), number)
}

/// The claims of a token, unchecked.
pub(crate) fn claims(token: &Value) -> Value {
    use base64::Engine;
    let body = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

pub(crate) fn user(identifiers: Value) -> Value {
    json!({ "identifiers": identifiers, "attributes": { "name": "Ann" } })
}
