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

const STYLE: &str = ":root{color-scheme:light dark;--line:rgba(128,128,128,.35);--quiet:rgba(128,128,128,.95)}
body{font:14px/1.45 'Segoe UI',system-ui,sans-serif;margin:0;padding:24px 32px}h1{font-size:20px;margin:0 0 4px}p{color:var(--quiet);margin:0 0 16px}
form{margin:0 0 16px}input{font:inherit;padding:6px 8px;width:320px}table{border-collapse:collapse;width:100%}
th{text-align:left;font-weight:600;border-bottom:2px solid var(--line);padding:6px 10px}td{vertical-align:top;border-bottom:1px solid var(--line);padding:6px 10px;overflow-wrap:anywhere}
code{font:12px/1.4 Consolas,monospace}small{color:var(--quiet)}";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let wanted = query.get("q").map(|text| text.trim().to_lowercase()).unwrap_or_default();
    let all = shared.insider.profiles();
    let fits: Vec<&Value> = all
        .iter()
        .filter(|profile| wanted.is_empty() || profile.to_string().to_lowercase().contains(&wanted))
        .collect();
    let events: usize = all.iter().filter_map(|profile| profile["events"].as_array().map(Vec::len)).sum();
    let mut rows = String::new();
    for profile in fits.iter().take(SHOWN) {
        // Writing to a text does not fail.
        let _ = write!(
            rows,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            pairs(&profile["identifiers"]),
            pairs(&profile["attributes"]),
            event_list(&profile["events"]),
            profile["upserts"]
        );
    }
    let note = match (all.is_empty(), fits.len()) {
        (true, _) => "Nothing received yet. Run a sync to this account and reload the page.".to_owned(),
        (false, 0) => "No profile holds this text.".to_owned(),
        (false, count) if count > SHOWN => format!("The newest {SHOWN} of {count} are shown."),
        (false, _) => String::new(),
    };
    Html(format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Profiles received</title><style>{STYLE}</style></head><body>\
         <h1>Profiles received</h1><p>{} profiles, {events} events, newest first. {note}</p>\
         <form><input name=\"q\" aria-label=\"Search profiles\" placeholder=\"Search profiles\" value=\"{}\"></form>\
         <table><thead><tr><th>Identifiers</th><th>Attributes</th><th>Events</th><th>Upserts</th></tr></thead><tbody>{rows}</tbody></table></body></html>",
        all.len(),
        escape(&wanted)
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
