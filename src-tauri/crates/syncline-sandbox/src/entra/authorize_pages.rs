//! The pages between an authorize request and its answer.

use axum::http::StatusCode;
use axum::response::Response;

use super::authorize::Request;
use super::directory::Person;
use super::form::text;
use super::pages::{account_list, escape, hidden, page};
use super::scopes::{Api, Asked};

/// What the pages keep from one form to the next, beside the person's own answers.
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
    "client_info",
];

fn carried(request: &Request<'_>, answers: &[(&str, &str)]) -> String {
    let mut pairs: Vec<(&str, &str)> = CARRIED
        .iter()
        .filter_map(|name| request.fields.get(*name).map(|value| (*name, value.as_str())))
        .collect();
    pairs.extend(answers.iter().filter(|(_, value)| !value.is_empty()));
    hidden(&pairs)
}

/// "Pick an account", the hinted one first.
pub(super) fn choose_account(request: &Request<'_>, message: &str) -> Response {
    let hint = text(request.fields, "login_hint");
    let mut people: Vec<&Person> = request
        .entra
        .directory
        .people
        .iter()
        .filter(|person| request.tenant_id.is_none_or(|tenant| tenant == person.tenant))
        .collect();
    people.sort_by_key(|person| !person.user_name.eq_ignore_ascii_case(hint));
    let alert =
        if message.is_empty() { String::new() } else { format!("<p role=\"alert\">{}</p>", escape(message)) };
    let fields = carried(request, &[]);
    let content = format!(
        "<p>to continue to {}</p>{alert}<form method=\"post\">{fields}{}</form>\
         <form method=\"post\">{fields}<label for=\"account\">Use another account</label>\
         <input type=\"text\" id=\"account\" name=\"account\" autocomplete=\"username\" required \
         placeholder=\"someone@example.com\" value=\"{}\"><div class=\"row\"><button class=\"main\">Next</button></div></form>",
        escape(&request.application.name),
        account_list(&people),
        escape(hint)
    );
    page(StatusCode::OK, "Pick an account", &content)
}

/// "Approve sign in request".
pub(super) fn ask_second_factor(request: &Request<'_>, person: &Person) -> Response {
    let content = format!(
        "<p>{}</p><p>Your organization asks for a second factor. Approve the request to go on.</p><form method=\"post\">{}\
         <div class=\"row\"><button class=\"main\" name=\"approved\" value=\"mfa\">Approve</button></div></form>",
        escape(&person.user_name),
        carried(request, &[("account", &person.user_name)])
    );
    page(StatusCode::OK, "Approve sign in request", &content)
}

/// "Permissions requested".
pub(super) fn ask_consent(request: &Request<'_>, person: &Person, asked: &Asked) -> Response {
    let resource = asked.resource();
    let mut permissions = vec![format!("{} ({})", Api::of(resource).permission(), escape(resource))];
    if asked.offline {
        permissions.push("Maintain access to data you have given it access to".to_owned());
    }
    if asked.openid {
        permissions.push("View your basic profile".to_owned());
    }
    let list: String = permissions.iter().map(|permission| format!("<li>{permission}</li>")).collect();
    let answers = [("account", person.user_name.as_str()), ("approved", text(request.fields, "approved"))];
    let content = format!(
        "<p>{}</p><p><strong>{}</strong> would like to:</p><ul class=\"permissions\">{list}</ul>\
         <p><small>Accepting these permissions means that you allow this app to use your data. You can change them at any time.</small></p>\
         <form method=\"post\">{}<div class=\"row\"><button class=\"plain\" name=\"consent\" value=\"cancel\">Cancel</button>\
         <button class=\"main\" name=\"consent\" value=\"accept\">Accept</button></div></form>",
        escape(&person.user_name),
        escape(&request.application.name),
        carried(request, &answers)
    );
    page(StatusCode::OK, "Permissions requested", &content)
}

/// `response_mode=form_post`: a form that sends itself.
pub(super) fn post_back(redirect_uri: &str, pairs: &[(&str, &str)]) -> Response {
    let content = format!(
        "<form method=\"post\" action=\"{}\">{}<div class=\"row\"><button class=\"main\">Continue</button></div></form>\
         <script>document.forms[0].submit()</script>",
        escape(redirect_uri),
        hidden(pairs)
    );
    page(StatusCode::OK, "Working...", &content)
}
