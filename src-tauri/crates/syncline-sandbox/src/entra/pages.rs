//! The pages of the sign-in service. Plain HTML with one style sheet, no script needed.

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::directory::Person;

/// A text safe inside HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

const STYLE: &str = "
:root{color-scheme:light dark;--surface:#fff;--page:#f2f2f2;--text:#1b1b1b;--quiet:#5e5e5e;--line:#d8d8d8;--button:#0f6cbd;--mark:#0f6cbd}
@media(prefers-color-scheme:dark){:root{--surface:#292929;--page:#1a1a1a;--text:#fff;--quiet:#adadad;--line:#525252;--button:#115ea3;--mark:#479ef5}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--page);color:var(--text);
font:15px/1.45 'Segoe UI',system-ui,sans-serif}main{width:min(440px,94vw);background:var(--surface);padding:40px 44px;margin:24px 0;border-radius:4px;
box-shadow:0 2px 12px rgba(0,0,0,.18)}h1{font-size:24px;font-weight:600;margin:0 0 12px}p{margin:8px 0;color:var(--quiet);overflow-wrap:anywhere}
p[role=alert]{color:inherit;border-left:3px solid #d13438;padding-left:10px}p strong{color:var(--text)}
ul{list-style:none;margin:16px 0;padding:0}ul.permissions{list-style:disc;padding-left:20px}ul:not(.permissions) li+li{border-top:1px solid var(--line)}
button{font:inherit;cursor:pointer}.account{display:block;width:100%;text-align:left;padding:12px 8px;border:0;background:none;color:inherit}
.account:hover{background:rgba(128,128,128,.15)}:focus-visible{outline:2px solid var(--mark);outline-offset:2px}
.account span{display:block;color:var(--quiet);font-size:13px}
.row{display:flex;gap:8px;justify-content:flex-end;margin-top:24px}.main{background:var(--button);color:#fff;border:1px solid var(--button);padding:8px 20px;border-radius:2px}
.plain{background:none;color:inherit;border:1px solid var(--line);padding:8px 20px;border-radius:2px}
input[type=text]{width:100%;font:inherit;padding:8px;border:0;border-bottom:2px solid var(--mark);background:none;color:inherit}
.brand{font-size:13px;letter-spacing:.04em;color:var(--quiet);margin-bottom:18px}dl{margin:16px 0;display:grid;grid-template-columns:auto 1fr;gap:2px 12px}
dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}";

/// A whole page. `content` is HTML.
pub(crate) fn page(status: StatusCode, title: &str, content: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} - Sample sign-in service</title><style>{STYLE}</style></head><body><main><div class=\"brand\">Sample sign-in service</div>\
         <h1>{title}</h1>{content}</main></body></html>"
    );
    (status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response()
}

/// Form fields that carry the request along.
pub(crate) fn hidden(fields: &[(&str, &str)]) -> String {
    fields
        .iter()
        .map(|(name, value)| {
            format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value))
        })
        .collect()
}

/// A button for each person; it submits `account`.
pub(crate) fn account_list(people: &[&Person]) -> String {
    let items: String = people
        .iter()
        .map(|person| {
            format!(
                "<li><button class=\"account\" name=\"account\" value=\"{0}\">{1}<span>{0}</span></button></li>",
                escape(&person.user_name),
                escape(&person.display_name)
            )
        })
        .collect();
    format!("<ul>{items}</ul>")
}

/// The page of an error that never reaches the application.
pub(crate) fn error_page(error: &super::errors::EntraError) -> Response {
    let content = format!(
        "<p>Sorry, but we're having trouble signing you in.</p><p role=\"alert\">AADSTS{}: {}</p>\
         <dl><dt>Correlation ID</dt><dd>{}</dd><dt>Timestamp</dt><dd>{}</dd></dl>",
        error.number,
        escape(&error.text),
        error.correlation_id,
        super::errors::timestamp()
    );
    page(StatusCode::BAD_REQUEST, "Sign in", &content)
}
