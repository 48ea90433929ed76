//! The authorize endpoint: choose an account, approve, consent, and back to the redirect URI with a code.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use std::time::Instant;
use url::Url;
use uuid::Uuid;

use super::authorize_pages::{ask_consent, ask_second_factor, choose_account, post_back};
use super::directory::{Application, Person, PersonKind, is_any_tenant};
use super::errors::EntraError;
use super::form::{Fields, Tenanted, need, no_resource, posted, queried, text};
use super::pages::error_page;
use super::scopes::Asked;
use super::state::{CodeGrant, Entra, Session, lock, random_text};
use super::{pkce, redirect, scopes};
use crate::server::Shared;

/// The cookie of a browser where somebody is signed in.
const COOKIE: &str = "ESTSAUTH";

/// The person's own answers. They count only when posted.
const ANSWERS: &[&str] = &["account", "approved", "consent"];

pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Tenanted(tenant): Tenanted,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let mut fields = queried(query.as_deref());
    fields.retain(|name, _| !ANSWERS.contains(&name.as_str()));
    step(&shared.entra, &tenant, &fields, &headers)
}

pub(crate) async fn submit(
    State(shared): State<Arc<Shared>>,
    Tenanted(tenant): Tenanted,
    headers: HeaderMap,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    match posted(form) {
        Ok(fields) => step(&shared.entra, &tenant, &fields, &headers),
        Err(error) => error_page(&error),
    }
}

/// An authorize request whose application and redirect URI are known to be good.
pub(super) struct Request<'a> {
    pub(super) entra: &'a Entra,
    /// As in the path.
    pub(super) tenant: &'a str,
    pub(super) tenant_id: Option<Uuid>,
    pub(super) application: &'a Application,
    pub(super) fields: &'a Fields,
}

fn step(entra: &Entra, tenant: &str, fields: &Fields, headers: &HeaderMap) -> Response {
    // Faults up to here are shown by the page; the browser never returns to the application.
    let request = match client(entra, tenant, fields) {
        Ok(found) => found,
        Err(error) => return error_page(&error),
    };
    match answer(&request, headers) {
        Ok(response) => response,
        Err(error) => back(fields, &[("error", error.error), ("error_description", &error.description())]),
    }
}

fn client<'a>(entra: &'a Entra, tenant: &'a str, fields: &'a Fields) -> Result<Request<'a>, EntraError> {
    let tenant_id = entra.directory.tenant_in_path(tenant)?;
    let client_id = need(fields, "client_id")?;
    let application = entra.directory.application(tenant, client_id)?;
    let redirect_uri = text(fields, "redirect_uri");
    if !redirect::fits(&application.redirect_uris, redirect_uri) {
        return Err(EntraError::new(
            "invalid_request",
            50011,
            format!(
                "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured for the application '{client_id}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal."
            ),
        ));
    }
    Ok(Request { entra, tenant, tenant_id, application, fields })
}

/// Checks the parameters that are reported to the application.
fn parameters(request: &Request<'_>) -> Result<Asked, EntraError> {
    let Request { entra, fields, .. } = request;
    no_resource(fields)?;
    if need(fields, "response_type")? != "code" {
        return Err(EntraError::new(
            "unsupported_response_type",
            70005,
            "The provided value for the input parameter 'response_type' is not expected for this app. Expected value is 'code'.",
        ));
    }
    if !matches!(text(fields, "response_mode"), "" | "query" | "fragment" | "form_post") {
        return Err(EntraError::new(
            "invalid_request",
            70007,
            "The provided value for 'response_mode' is not supported. Use query, fragment or form_post.",
        ));
    }
    if !matches!(text(fields, "prompt"), "" | "none" | "login" | "consent" | "select_account") {
        return Err(EntraError::new(
            "invalid_request",
            90023,
            "Unsupported 'prompt' value. Use none, login, consent or select_account.",
        ));
    }
    pkce::check_challenge(
        fields.get("code_challenge").map(String::as_str),
        text(fields, "code_challenge_method"),
    )?;
    if let Some(claims) = fields.get("claims")
        && serde_json::from_str::<serde_json::Value>(claims).is_err()
    {
        return Err(EntraError::malformed("The parameter 'claims' is not valid JSON."));
    }
    scopes::read(entra, need(fields, "scope")?, request.tenant_id, true)
}

/// What a claims challenge of the token endpoint asks for.
fn meets_challenge(fields: &Fields) -> bool {
    serde_json::from_str::<serde_json::Value>(text(fields, "claims"))
        .is_ok_and(|claims| claims["access_token"]["capolids"].is_object())
}

fn answer(request: &Request<'_>, headers: &HeaderMap) -> Result<Response, EntraError> {
    let Request { entra, tenant, tenant_id, application, fields } = request;
    let asked = parameters(request)?;
    let silent = text(fields, "prompt") == "none";
    let (person, session) = match who(request, headers) {
        Who::Answered(person) => (person, None),
        Who::SignedIn(person, session) => (person, Some(session)),
        Who::Nobody if silent => {
            return Err(EntraError::new(
                "login_required",
                50058,
                "A silent sign-in request was sent but no user is signed in.",
            ));
        }
        Who::Nobody => return Ok(choose_account(request, "")),
        Who::Unknown(name) => {
            let message = format!("AADSTS50034: The user account {name} does not exist in this directory.");
            return Ok(choose_account(request, &message));
        }
    };
    if entra.is_disabled(person) {
        return Ok(error_page(&EntraError::disabled_person()));
    }
    if person.kind == PersonKind::Guest && is_any_tenant(tenant) {
        return Ok(error_page(&EntraError::new(
            "interaction_required",
            50020,
            format!(
                "User account '{}' from an external identity provider does not exist in the tenant. Sign in with the tenant's own address.",
                person.user_name
            ),
        )));
    }
    // With a common path the tenant is known only now.
    let resource = asked.resource();
    if tenant_id.is_none() && !entra.knows_resource(resource, Some(person.tenant)) {
        return Err(EntraError::unknown_resource(resource));
    }
    let strong = meets_challenge(fields);
    let approved =
        text(fields, "approved") == "mfa" || (!strong && session.is_some_and(|session| session.approved));
    if (strong || person.kind == PersonKind::SecondFactor) && !approved {
        return if silent {
            Err(EntraError::second_factor("interaction_required"))
        } else {
            Ok(ask_second_factor(request, person))
        };
    }
    let given = entra.consented(person, application, resource) && text(fields, "prompt") != "consent";
    match text(fields, "consent") {
        "accept" => entra.consent(person, application, resource),
        "cancel" => {
            return Err(EntraError::new(
                "access_denied",
                65004,
                "User declined to consent to access the app.",
            ));
        }
        _ if given => {}
        _ if silent => {
            return Err(EntraError::consent_missing(
                "consent_required",
                application.client_id,
                &application.name,
            ));
        }
        _ => return Ok(ask_consent(request, person, &asked)),
    }
    let code = entra.code(CodeGrant {
        client_id: application.client_id,
        redirect_uri: text(fields, "redirect_uri").to_owned(),
        challenge: fields.get("code_challenge").cloned(),
        plain: text(fields, "code_challenge_method") != "S256",
        person: person.id,
        tenant_path: (*tenant).to_owned(),
        scope: text(fields, "scope").to_owned(),
        nonce: fields.get("nonce").cloned(),
        strong,
        used: false,
        until: Instant::now(),
    });
    let response = back(fields, &[("code", &code), ("session_state", &Uuid::new_v4().to_string())]);
    Ok(remembering(entra, response, Session { person: person.id, approved }))
}

/// Who signs in.
enum Who<'a> {
    Answered(&'a Person),
    SignedIn(&'a Person, Session),
    Unknown(&'a str),
    Nobody,
}

fn who<'a>(request: &Request<'a>, headers: &HeaderMap) -> Who<'a> {
    let Request { entra, tenant_id, fields, .. } = request;
    let account = text(fields, "account").trim();
    if !account.is_empty() {
        return match entra.directory.person(account, *tenant_id) {
            Some(person) => Who::Answered(person),
            None => Who::Unknown(account),
        };
    }
    if matches!(text(fields, "prompt"), "login" | "select_account") {
        return Who::Nobody;
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let session = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .find_map(|(_, value)| lock(&entra.sessions).get(value).copied());
    let hint = text(fields, "login_hint");
    let signed_in = session.and_then(|session| {
        let person = entra.directory.person_by_id(session.person)?;
        let fits = tenant_id.is_none_or(|tenant| tenant == person.tenant)
            && (hint.is_empty() || hint.eq_ignore_ascii_case(&person.user_name));
        fits.then_some((person, session))
    });
    signed_in.map_or(Who::Nobody, |(person, session)| Who::SignedIn(person, session))
}

/// Sets the cookie that spares the next request the account page.
fn remembering(entra: &Entra, mut response: Response, session: Session) -> Response {
    let key = random_text("S");
    if let Ok(cookie) = HeaderValue::from_str(&format!("{COOKIE}={key}; Path=/; HttpOnly; SameSite=Lax")) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
        lock(&entra.sessions).insert(key, session);
    }
    response
}

/// Sends the browser back to the application.
fn back(fields: &Fields, pairs: &[(&str, &str)]) -> Response {
    let redirect_uri = text(fields, "redirect_uri");
    let mut pairs: Vec<(&str, &str)> = pairs.to_vec();
    if let Some(state) = fields.get("state") {
        pairs.push(("state", state));
    }
    let Ok(mut target) = Url::parse(redirect_uri) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match text(fields, "response_mode") {
        "form_post" => return post_back(redirect_uri, &pairs),
        "fragment" => {
            let text = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            target.set_fragment(Some(&text));
        }
        _ => {
            target.query_pairs_mut().extend_pairs(&pairs);
        }
    }
    let headers = [(header::LOCATION, target.to_string()), (header::CACHE_CONTROL, "no-store".to_owned())];
    (StatusCode::FOUND, headers).into_response()
}
