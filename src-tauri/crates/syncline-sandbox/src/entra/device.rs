//! Device codes: the request of an application without a browser, and the page where a person types the code.
//! The page's form fields: `user_code`, `account`, `approved` (`mfa`), `consent` (`accept` or `cancel`).

use axum::extract::rejection::FormRejection;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use rand::Rng;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::directory::{AppKind, Application, Person, PersonKind};
use super::errors::EntraError;
use super::form::{Fields, Tenanted, need, no_resource, posted, queried, text};
use super::grants::demands_more;
use super::pages::{account_list, error_page, escape, hidden, page as show};
use super::scopes::{self, Api, Asked};
use super::state::{DeviceGrant, DeviceState, Entra, lock, random_text};
use super::token::secret_missing;
use crate::server::Shared;

/// Seconds that a code lives.
const LIFETIME_S: u64 = 900;

pub(crate) async fn begin(
    State(shared): State<Arc<Shared>>,
    Tenanted(tenant): Tenanted,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    let verification_uri = format!("{}/devicelogin", shared.authority);
    match posted(form).and_then(|fields| start(&shared.entra, &tenant, &fields, &verification_uri)) {
        Ok(body) => Json(body).into_response(),
        Err(error) => error.into_response(),
    }
}

fn start(
    entra: &Entra,
    tenant: &str,
    fields: &Fields,
    verification_uri: &str,
) -> Result<serde_json::Value, EntraError> {
    let tenant_id = entra.directory.tenant_in_path(tenant)?;
    let application = entra.directory.application(tenant, need(fields, "client_id")?)?;
    if application.kind != AppKind::Public {
        return Err(secret_missing());
    }
    no_resource(fields)?;
    let scope = need(fields, "scope")?;
    scopes::read(entra, scope, tenant_id, false)?;
    let device_code = random_text("D");
    let user_code: String = {
        const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ23456789";
        let mut rng = rand::rng();
        (0..9).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect()
    };
    let grant = DeviceGrant {
        client_id: application.client_id,
        tenant: tenant_id,
        user_code: user_code.clone(),
        scope: scope.to_owned(),
        state: DeviceState::Waiting,
        strong: demands_more(fields)?,
        polled: None,
        until: Instant::now() + Duration::from_secs(LIFETIME_S),
    };
    lock(&entra.devices).insert(device_code.clone(), grant);
    Ok(serde_json::json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": verification_uri,
        "expires_in": LIFETIME_S, "interval": entra.device_interval(),
        "message": format!("To sign in, use a web browser to open the page {verification_uri} and enter the code {user_code} to authenticate."),
    }))
}

pub(crate) async fn page(RawQuery(query): RawQuery) -> Response {
    ask_code(text(&queried(query.as_deref()), "user_code"), "")
}

fn ask_code(code: &str, message: &str) -> Response {
    let alert =
        if message.is_empty() { String::new() } else { format!("<p role=\"alert\">{}</p>", escape(message)) };
    let content = format!(
        "{alert}<form method=\"post\"><label for=\"code\">Enter the code shown in the application</label>\
         <input type=\"text\" id=\"code\" name=\"user_code\" autocomplete=\"off\" required value=\"{}\">\
         <div class=\"row\"><button class=\"main\">Next</button></div></form>",
        escape(code)
    );
    show(StatusCode::OK, "Enter code", &content)
}

pub(crate) async fn submit(
    State(shared): State<Arc<Shared>>,
    form: Result<Form<Fields>, FormRejection>,
) -> Response {
    match posted(form).and_then(|fields| step(&shared.entra, &fields)) {
        Ok(response) => response,
        Err(error) => error_page(&error),
    }
}

fn step(entra: &Entra, fields: &Fields) -> Result<Response, EntraError> {
    let code = text(fields, "user_code").trim().to_uppercase();
    let waiting = |grant: &&DeviceGrant| {
        grant.user_code == code && grant.state == DeviceState::Waiting && grant.until > Instant::now()
    };
    let Some(grant) = lock(&entra.devices).values().find(waiting).cloned() else {
        return Ok(ask_code(&code, "That code didn't work. Check the code and try again."));
    };
    let application = entra.directory.application("organizations", &grant.client_id.to_string())?;
    let account = text(fields, "account").trim();
    let Some(person) = entra.directory.person(account, grant.tenant) else {
        let message = (!account.is_empty())
            .then(|| format!("AADSTS50034: The user account {account} does not exist in this directory."));
        return Ok(choose_account(entra, &grant, message.as_deref()));
    };
    if entra.is_disabled(person) {
        return Err(EntraError::disabled_person());
    }
    let asked = scopes::read(entra, &grant.scope, Some(person.tenant), false)?;
    let answers = [("user_code", code.as_str()), ("account", person.user_name.as_str())];
    if (person.kind == PersonKind::SecondFactor || grant.strong) && text(fields, "approved") != "mfa" {
        return Ok(ask_second_factor(person, &answers));
    }
    let (state, title) = match text(fields, "consent") {
        "accept" => {
            entra.consent(person, application, asked.resource());
            (DeviceState::Approved(person.id), "You have signed in")
        }
        "cancel" => (DeviceState::Declined, "You have declined"),
        _ => return Ok(confirm(application, person, &asked, &answers, text(fields, "approved"))),
    };
    if let Some(grant) = lock(&entra.devices).values_mut().find(|grant| grant.user_code == code) {
        grant.state = state;
    }
    let content =
        format!("<p>You may now close this window and go back to {}.</p>", escape(&application.name));
    Ok(show(StatusCode::OK, title, &content))
}

fn choose_account(entra: &Entra, grant: &DeviceGrant, message: Option<&str>) -> Response {
    let people: Vec<&Person> = entra
        .directory
        .people
        .iter()
        .filter(|person| grant.tenant.is_none_or(|tenant| tenant == person.tenant))
        .collect();
    let alert = message.map(|text| format!("<p role=\"alert\">{}</p>", escape(text))).unwrap_or_default();
    let content = format!(
        "{alert}<form method=\"post\">{}{}</form>",
        hidden(&[("user_code", &grant.user_code)]),
        account_list(&people)
    );
    show(StatusCode::OK, "Pick an account", &content)
}

fn ask_second_factor(person: &Person, answers: &[(&str, &str)]) -> Response {
    let content = format!(
        "<p>{}</p><p>Your organization asks for a second factor. Approve the request to go on.</p><form method=\"post\">{}\
         <div class=\"row\"><button class=\"main\" name=\"approved\" value=\"mfa\">Approve</button></div></form>",
        escape(&person.user_name),
        hidden(answers)
    );
    show(StatusCode::OK, "Approve sign in request", &content)
}

fn confirm(
    application: &Application,
    person: &Person,
    asked: &Asked,
    answers: &[(&str, &str)],
    approved: &str,
) -> Response {
    let mut answers = answers.to_vec();
    if !approved.is_empty() {
        answers.push(("approved", approved));
    }
    let content = format!(
        "<p>{}</p><p>Are you trying to sign in to <strong>{}</strong>? Only go on if you started it yourself. It would like to:</p>\
         <ul class=\"permissions\"><li>{} ({})</li></ul><form method=\"post\">{}\
         <div class=\"row\"><button class=\"plain\" name=\"consent\" value=\"cancel\">Cancel</button>\
         <button class=\"main\" name=\"consent\" value=\"accept\">Continue</button></div></form>",
        escape(&person.user_name),
        escape(&application.name),
        Api::of(asked.resource()).permission(),
        escape(asked.resource()),
        hidden(&answers)
    );
    show(StatusCode::OK, "Sign in", &content)
}
