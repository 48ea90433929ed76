//! The page that shows the profiles received.

use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Response};
use serde_json::Value;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use crate::server::Shared;

/// Profiles on one page.
const SHOWN: usize = 200;

const STYLE: &str = ":root{color-scheme:light dark;--line:rgba(128,128,128,.35);--quiet:#5e5e5e}
@media(prefers-color-scheme:dark){:root{--quiet:#adadad}}

body{font:14px/1.45 'Segoe UI',system-ui,sans-serif;margin:0;padding:24px 32px}h1{font-size:20px;margin:0 0 4px}p{color:var(--quiet);margin:0 0 16px}
form{margin:0 0 16px;display:flex;gap:8px}input{font:inherit;padding:6px 8px;width:320px;max-width:60vw}button{font:inherit;padding:6px 14px}
:focus-visible{outline:2px solid #479ef5;outline-offset:2px}table{border-collapse:collapse;width:100%}
th{text-align:left;font-weight:600;border-bottom:2px solid var(--line);padding:6px 10px}td{vertical-align:top;border-bottom:1px solid var(--line);padding:6px 10px;overflow-wrap:anywhere}
small{color:var(--quiet)}";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let wanted = query.get("q").map(|text| text.trim()).unwrap_or_default();
    let ((profiles, events), (total, found)) = {
        let all = shared.insider.lock();
        (all.counts(), all.search(wanted, 0, SHOWN))
    };
    let mut rows = String::new();
    for profile in &found {
        // Writing to a text does not fail.
        let _ = write!(
            rows,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            pairs(&profile["identifiers"]),
            pairs(&profile["attributes"]),
            event_list(&profile["events"]),
            profile["upserts"],
            escape(profile["received_at"].as_str().unwrap_or_default())
        );
    }
    let note = match (profiles, total) {
        (0, _) => "Nothing received yet. Run a sync to this account and reload the page.".to_owned(),
        (_, 0) => "No profile holds this text.".to_owned(),
        (_, total) if total > SHOWN => format!("The newest {SHOWN} of {total} are shown."),
        (_, total) if total < profiles => format!("{total} fit."),
        _ => String::new(),
    };
    let head = ["Identifiers", "Attributes", "Events", "Upserts", "Received"]
        .map(|name| format!("<th scope=\"col\">{name}</th>"))
        .concat();
    Html(format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Profiles received</title><style>{STYLE}</style></head><body><main>\
         <h1>Profiles received</h1><p role=\"status\">{profiles} profiles, {events} events, newest first. {note}</p>\
         <form role=\"search\"><input type=\"search\" name=\"q\" aria-label=\"Search profiles\" placeholder=\"Search profiles\" value=\"{}\">\
         <button>Search</button></form>\
         <table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></main></body></html>",
        escape(wanted)
    ))
    .into_response()
}

fn pairs(object: &Value) -> String {
    let mut text = String::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        match value {
            Value::Object(_) => text.push_str(&pairs(value)),
            value => {
                let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let _ = write!(
                    text,
                    "<div><small>{}</small> <span dir=\"auto\">{}</span></div>",
                    escape(name),
                    escape(&shown)
                );
            }
        }
    }
    text
}

fn event_list(events: &Value) -> String {
    events
        .as_array()
        .into_iter()
        .flatten()
        .map(|event| {
            format!(
                "<div>{} <small>{}</small></div>",
                escape(event["event_name"].as_str().unwrap_or_default()),
                escape(event["timestamp"].as_str().unwrap_or_default())
            )
        })
        .collect()
}
