//! The authorize endpoint: choose an account, approve, consent, and back to the redirect URI with a code.

use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Form, http};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use url::Url;
use uuid::Uuid;

use super::directory::{Application, Person, PersonKind, is_any_tenant};
use super::errors::EntraError;
use super::pages::{error_page, escape, hidden, page};
use super::state::{CodeGrant, Entra, lock};
use super::{redirect, scopes};
use crate::server::Shared;

type Fields = BTreeMap<String, String>;

/// What the page keeps from one form to the next; `account`, `approved` and `consent` are the person's own answers.
const CARRIED: &[&str] = &[
    "client_id",
    "response_type",
    "redirect_uri",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "login_hint",
    "claims",
];

pub(crate) async fn show(
    State(shared): State<Arc<Shared>>,
    Path(tenant): Path<String>,
    Query(fields): Query<Fields>,
) -> Response {
    step(&shared.entra, &tenant, &fields)
}

pub(crate) async fn submit(
    State(shared): State<Arc<Shared>>,
    Path(tenant): Path<String>,
    Form(fields): Form<Fields>,
) -> Response {
    step(&shared.entra, &tenant, &fields)
}

fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map(String::as_str).unwrap_or_default()
}

fn step(entra: &Entra, tenant: &str, fields: &Fields) -> Response {
    // Faults up to here are shown by the page; the browser never returns to the application.
    let (application, tenant_id) = match client(entra, tenant, fields) {
        Ok(found) => found,
        Err(error) => return error_page(&error),
    };
    match answer(entra, tenant, tenant_id, application, fields) {
        Ok(response) => response,
        Err(error) => back(fields, &[("error", error.error), ("error_description", &error.description())]),
    }
}

fn client<'a>(
    entra: &'a Entra,
    tenant: &str,
    fields: &Fields,
) -> Result<(&'a Application, Option<Uuid>), EntraError> {
    let tenant_id = match entra.directory.tenant(tenant) {
        Some(tenant) => Some(tenant.id),
        None if is_any_tenant(tenant) => None,
        None => {
            return Err(EntraError::new(
                "invalid_request",
                90002,
                format!(
                    "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
                ),
            ));
        }
    };
    let client_id = text(fields, "client_id");
    let application = entra.directory.application(client_id).ok_or_else(|| {
        EntraError::new(
            "unauthorized_client",
            700_016,
            format!("Application with identifier '{client_id}' was not found in the directory '{tenant}'."),
        )
    })?;
    if application.disabled {
        return Err(EntraError::new(
            "unauthorized_client",
            7_000_112,
            format!("Application '{client_id}' is disabled."),
        ));
    }
    let redirect_uri = text(fields, "redirect_uri");
    if !redirect::fits(&application.redirect_uris, redirect_uri) {
        return Err(EntraError::new(
            "invalid_request",
            50011,
            format!(
                "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured for the application '{client_id}'."
            ),
        ));
    }
    Ok((application, tenant_id))
}

fn answer(
    entra: &Entra,
    tenant: &str,
    tenant_id: Option<Uuid>,
    application: &Application,
    fields: &Fields,
) -> Result<Response, EntraError> {
    if text(fields, "response_type") != "code" {
        return Err(EntraError::new("unsupported_response_type", 70005, "The response_type must be code."));
    }
    if !matches!(text(fields, "response_mode"), "" | "query") {
        return Err(EntraError::new(
            "invalid_request",
            900_144,
            "Only response_mode query is supported here.",
        ));
    }
    if !matches!(text(fields, "code_challenge_method"), "" | "plain" | "S256") {
        return Err(EntraError::new("invalid_request", 501_491, "The code_challenge_method is invalid."));
    }
    let asked = scopes::read(entra, text(fields, "scope"), tenant_id, true)?;
    let account = text(fields, "account");
    if text(fields, "prompt") == "none" {
        return Err(EntraError::new(
            "login_required",
            50058,
            "A silent sign-in request was sent but no user is signed in.",
        ));
    }
    if account.is_empty() {
        return Ok(choose_account(entra, tenant_id, fields));
    }
    let Some(person) = entra.directory.person(account, tenant_id) else {
        let message =
            format!("AADSTS50034: The user account {} does not exist in this directory.", escape(account));
        return Ok(choose_again(entra, tenant_id, fields, &message));
    };
    if person.kind == PersonKind::Disabled {
        let error = EntraError::new(
            "invalid_grant",
            50057,
            "The user account is disabled. The account has been disabled by an administrator.",
        );
        return Ok(error_page(&error));
    }
    if person.kind == PersonKind::Guest && is_any_tenant(tenant) {
        let error = EntraError::new(
            "interaction_required",
            50020,
            format!(
                "User account '{}' from an external identity provider does not exist in the tenant. Sign in with the tenant's own address.",
                person.user_name
            ),
        );
        return Ok(error_page(&error));
    }
    if person.kind == PersonKind::SecondFactor && text(fields, "approved") != "mfa" {
        return Ok(second_factor(fields, person));
    }
    if let Some(resource) = &asked.resource {
        let consent = (person.id, application.client_id, resource.clone());
        let given = lock(&entra.consents).contains(&consent) && text(fields, "prompt") != "consent";
        match text(fields, "consent") {
            "accept" => {
                lock(&entra.consents).insert(consent);
            }
            "cancel" => {
                return Err(EntraError::new(
                    "access_denied",
                    65004,
                    "User declined to consent to access the app.",
                ));
            }
            _ if given => {}
            _ => return Ok(ask_consent(fields, person, application, resource)),
        }
    }
    let code = entra.code(CodeGrant {
        client_id: application.client_id,
        redirect_uri: text(fields, "redirect_uri").to_owned(),
        challenge: fields.get("code_challenge").cloned(),
        plain: text(fields, "code_challenge_method") != "S256",
        person: person.id,
        tenant_path: tenant.to_owned(),
        scope: text(fields, "scope").to_owned(),
        nonce: fields.get("nonce").cloned(),
        used: false,
        until: Instant::now(),
    });
    Ok(back(fields, &[("code", &code), ("session_state", &Uuid::new_v4().to_string())]))
}

/// Sends the browser back to the application.
fn back(fields: &Fields, pairs: &[(&str, &str)]) -> Response {
    let Ok(mut target) = Url::parse(text(fields, "redirect_uri")) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    {
        let mut query = target.query_pairs_mut();
        for (name, value) in pairs {
            query.append_pair(name, value);
        }
        if let Some(state) = fields.get("state") {
            query.append_pair("state", state);
        }
    }
    (
        StatusCode::FOUND,
        [(header::LOCATION, target.to_string()), (http::header::CACHE_CONTROL, "no-store".to_owned())],
    )
        .into_response()
}

fn carried(fields: &Fields, more: &[&str]) -> String {
    let pairs: Vec<(&str, &str)> = CARRIED
        .iter()
        .chain(more)
        .filter_map(|name| fields.get(*name).map(|value| (*name, value.as_str())))
        .collect();
    hidden(&pairs)
}

fn choose_account(entra: &Entra, tenant: Option<Uuid>, fields: &Fields) -> Response {
    choose_again(entra, tenant, fields, "")
}

fn choose_again(entra: &Entra, tenant: Option<Uuid>, fields: &Fields, message: &str) -> Response {
    let hint = text(fields, "login_hint");
    let mut people: Vec<&Person> = entra
        .directory
        .people
        .iter()
        .filter(|person| tenant.is_none_or(|tenant| tenant == person.tenant))
        .collect();
    people.sort_by_key(|person| !person.user_name.eq_ignore_ascii_case(hint));
    let accounts: String = people
        .iter()
        .map(|person| {
            format!(
                "<li><button class=\"account\" name=\"account\" value=\"{0}\">{1}<span>{0}</span></button></li>",
                escape(&person.user_name),
                escape(&person.display_name)
            )
        })
        .collect();
    let alert = if message.is_empty() { String::new() } else { format!("<p role=\"alert\">{message}</p>") };
    let fields = carried(fields, &[]);
    let content = format!(
        "{alert}<form method=\"post\">{fields}<ul>{accounts}</ul></form>\
         <form method=\"post\">{fields}<label>Use another account<input type=\"text\" name=\"account\" autocomplete=\"username\" \
         placeholder=\"someone@example.com\" value=\"{}\"></label><div class=\"row\"><button class=\"main\">Next</button></div></form>",
        escape(hint)
    );
    page(StatusCode::OK, "Pick an account", &content)
}

fn second_factor(fields: &Fields, person: &Person) -> Response {
    let content = format!(
        "<p>{}</p><p>Your organization asks for a second factor. Approve the request to go on.</p><form method=\"post\">{}\
         <div class=\"row\"><button class=\"main\" name=\"approved\" value=\"mfa\">Approve</button></div></form>",
        escape(&person.user_name),
        carried(fields, &["account"])
    );
    page(StatusCode::OK, "Approve sign in request", &content)
}

fn ask_consent(fields: &Fields, person: &Person, application: &Application, resource: &str) -> Response {
    let content = format!(
        "<p>{}</p><p><strong>{}</strong> would like to:</p><ul><li>Access Dataverse as you ({})</li>\
         <li>Maintain access to data you have given it access to</li><li>View your basic profile</li></ul>\
         <p><small>Accepting these permissions means that you allow this app to use your data. You can change them at any time.</small></p>\
         <form method=\"post\">{}<div class=\"row\"><button class=\"plain\" name=\"consent\" value=\"cancel\">Cancel</button>\
         <button class=\"main\" name=\"consent\" value=\"accept\">Accept</button></div></form>",
        escape(&person.user_name),
        escape(&application.name),
        escape(resource),
        carried(fields, &["account", "approved"])
    );
    page(StatusCode::OK, "Permissions requested", &content)
}
