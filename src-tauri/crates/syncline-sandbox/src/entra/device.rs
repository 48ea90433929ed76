//! Device codes: the request of an application without a browser, and the page where a person types the code.
//! The page's form fields: `user_code`, `account`, `consent` (`accept` or `cancel`).

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use rand::Rng;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::directory::is_any_tenant;
use super::errors::EntraError;
use super::pages::{escape, hidden, page as show};
use super::scopes;
use super::state::{DeviceGrant, DeviceState, lock, random_text};
use crate::server::Shared;

const LIFETIME_S: u64 = 900;

pub(crate) async fn begin(
    State(shared): State<Arc<Shared>>,
    Path(tenant): Path<String>,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Response {
    let entra = &shared.entra;
    let known = entra.directory.tenant(&tenant);
    if known.is_none() && !is_any_tenant(&tenant) {
        return EntraError::new("invalid_request", 90002, format!("Tenant '{tenant}' not found."))
            .into_response();
    }
    let client_id = fields.get("client_id").map(String::as_str).unwrap_or_default();
    let Some(application) = entra.directory.application(client_id) else {
        return EntraError::new(
            "unauthorized_client",
            700_016,
            format!("Application with identifier '{client_id}' was not found in the directory '{tenant}'."),
        )
        .into_response();
    };
    let scope = fields.get("scope").cloned().unwrap_or_default();
    if let Err(error) = scopes::read(entra, &scope, known.map(|tenant| tenant.id), false) {
        return error.into_response();
    }
    let device_code = random_text("D");
    let user_code: String = {
        const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ23456789";
        let mut rng = rand::rng();
        (0..9).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect()
    };
    lock(&entra.devices).insert(
        device_code.clone(),
        DeviceGrant {
            client_id: application.client_id,
            user_code: user_code.clone(),
            scope,
            state: DeviceState::Waiting,
            polled: None,
            until: Instant::now() + Duration::from_secs(LIFETIME_S),
        },
    );
    let verification_uri = format!("{}/devicelogin", shared.authority);
    Json(serde_json::json!({
        "device_code": device_code, "user_code": user_code, "verification_uri": verification_uri, "expires_in": LIFETIME_S,
        "interval": 1,
        "message": format!("To sign in, use a web browser to open the page {verification_uri} and enter the code {user_code} to authenticate."),
    }))
    .into_response()
}

pub(crate) async fn page(Query(query): Query<BTreeMap<String, String>>) -> Response {
    ask_code(query.get("user_code").map(String::as_str).unwrap_or_default(), "")
}

fn ask_code(code: &str, message: &str) -> Response {
    let alert = if message.is_empty() { String::new() } else { format!("<p role=\"alert\">{message}</p>") };
    let content = format!(
        "{alert}<form method=\"post\"><label>Enter the code shown in the application<input type=\"text\" name=\"user_code\" value=\"{}\"></label>\
         <div class=\"row\"><button class=\"main\">Next</button></div></form>",
        escape(code)
    );
    show(StatusCode::OK, "Enter code", &content)
}

pub(crate) async fn submit(
    State(shared): State<Arc<Shared>>,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Response {
    let entra = &shared.entra;
    let text = |name: &str| fields.get(name).map(|value| value.trim()).unwrap_or_default();
    let code = text("user_code").to_uppercase();
    let waiting = |grant: &DeviceGrant| {
        grant.user_code == code && grant.state == DeviceState::Waiting && grant.until > Instant::now()
    };
    if !lock(&entra.devices).values().any(waiting) {
        return ask_code(&code, "That code didn't work. Check the code and try again.");
    }
    if text("account").is_empty() {
        let accounts: String = entra
            .directory
            .people
            .iter()
            .map(|person| {
                format!(
                    "<li><button class=\"account\" name=\"account\" value=\"{0}\">{1}<span>{0}</span></button></li>",
                    escape(&person.user_name),
                    escape(&person.display_name)
                )
            })
            .collect();
        let content =
            format!("<form method=\"post\">{}<ul>{accounts}</ul></form>", hidden(&[("user_code", &code)]));
        return show(StatusCode::OK, "Pick an account", &content);
    }
    let Some(person) = entra.directory.person(text("account"), None) else {
        return ask_code(&code, "This account does not exist.");
    };
    match text("consent") {
        "accept" | "cancel" => {}
        _ => {
            let content = format!(
                "<p>{}</p><p>Are you trying to sign in to Syncline? Only go on if you started it yourself.</p><form method=\"post\">{}\
                 <div class=\"row\"><button class=\"plain\" name=\"consent\" value=\"cancel\">Cancel</button>\
                 <button class=\"main\" name=\"consent\" value=\"accept\">Continue</button></div></form>",
                escape(&person.user_name),
                hidden(&[("user_code", &code), ("account", &person.user_name)])
            );
            return show(StatusCode::OK, "Sign in", &content);
        }
    }
    let accepted = text("consent") == "accept";
    if let Some(grant) = lock(&entra.devices).values_mut().find(|grant| grant.user_code == code) {
        grant.state = if accepted { DeviceState::Approved(person.id) } else { DeviceState::Declined };
    }
    let content = "<p>You may now close this window.</p>";
    show(StatusCode::OK, if accepted { "You have signed in" } else { "You have declined" }, content)
}
