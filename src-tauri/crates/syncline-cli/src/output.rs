//! What is printed: JSON documents, JSON lines, tables, failures.

use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::io::Write;
use syncline_api::ApiError;

/// Prints a line on standard output. A closed pipe ends the command quietly.
pub(crate) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{text}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// One JSON document, or one JSON line.
pub(crate) fn json<T: Serialize>(value: &T) {
    line(&serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}")));
}

/// A table with aligned columns and no frame.
pub(crate) fn table(headers: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headers.iter().map(|header| header.to_uppercase()));
    let mut count = 0;
    for row in rows {
        table.add_row(row);
        count += 1;
    }
    if count == 0 {
        line("nothing found");
        return;
    }
    for text in table.lines() {
        line(text.trim_end());
    }
}

/// A failure: `{"error":{…}}` on standard output with `--json`, else message, hint and detail on standard error.
pub(crate) fn failure(error: &ApiError, as_json: bool) {
    if as_json {
        json(&serde_json::json!({ "error": error }));
        return;
    }
    eprintln!("error: {}", error.message);
    if let Some(hint) = &error.hint {
        eprintln!("hint: {hint}");
    }
    let mut detail = Vec::new();
    detail.extend(error.service_code.as_ref().map(|code| format!("code {code}")));
    detail.extend(error.detail.clone());
    detail.extend(error.request_id.as_ref().map(|id| format!("request id {id}")));
    if !detail.is_empty() {
        eprintln!("detail: {}", detail.join("; "));
    }
}

/// A text for people, on standard error, unless JSON is asked for.
pub(crate) fn note(as_json: bool, text: &str) {
    if !as_json {
        eprintln!("{text}");
    }
}
