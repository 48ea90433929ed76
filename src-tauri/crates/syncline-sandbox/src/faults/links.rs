//! Links of a page, changed: to another origin, without an origin, or back to the page itself.

use axum::extract::Request;
use http::header;
use serde_json::Value as Json;

/// Members of an answer that lead to another one.
const LINKS: [&str; 2] = ["@odata.nextLink", "@odata.deltaLink"];

/// The answer with its links at another origin; an empty origin makes them relative. What is no JSON stays as it is.
pub(super) fn lead_to(body: &[u8], origin: &str) -> Vec<u8> {
    changed(body, &LINKS, |link| match link.split_once("/api/data/") {
        Some((_, rest)) => format!("{origin}/api/data/{rest}"),
        None => link.to_owned(),
    })
}

/// The answer with `own` as its next page.
pub(super) fn lead_back(body: &[u8], own: &str) -> Vec<u8> {
    changed(body, &LINKS[..1], |_| own.to_owned())
}

/// The answer without the link to what changes from now on.
pub(super) fn without_delta(body: &[u8]) -> Vec<u8> {
    let Ok(text) = String::from_utf8(body.to_vec()) else { return body.to_vec() };
    let Ok(Json::Object(members)) = serde_json::from_str::<Json>(&text) else { return body.to_vec() };
    let Some(link) = members.get(LINKS[1]).and_then(Json::as_str) else { return body.to_vec() };
    let written = format!("\"{}\":{}", LINKS[1], Json::from(link));
    text.replace(&format!("{written},"), "").replace(&format!(",{written}"), "").into_bytes()
}

/// A request's whole address.
pub(super) fn own_address(request: &Request) -> String {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    format!("http://{host}{path}")
}

/// Only the links' texts are replaced, so that all other bytes stay what the service wrote.
fn changed(body: &[u8], names: &[&str], new: impl Fn(&str) -> String) -> Vec<u8> {
    let Ok(mut text) = String::from_utf8(body.to_vec()) else { return body.to_vec() };
    let Ok(Json::Object(members)) = serde_json::from_str::<Json>(&text) else { return body.to_vec() };
    for name in names {
        let Some(old) = members.get(*name).and_then(Json::as_str) else { continue };
        let written = |link: &str| format!("\"{name}\":{}", Json::from(link));
        text = text.replace(&written(old), &written(&new(old)));
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_change() {
        let body =
            br#"{"value":[{"a":20.00}],"@odata.nextLink":"http://h:1/api/data/v9.2/x?$skiptoken=%22"}"#;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let moved = text(lead_to(body, "https://e.example"));
        assert!(moved.contains("\"@odata.nextLink\":\"https://e.example/api/data/v9.2/x?$skiptoken=%22\""));
        assert!(moved.contains("20.00"));
        assert!(text(lead_to(body, "")).contains("\":\"/api/data/v9.2/x"));
        assert!(text(lead_back(body, "http://me/")).contains("\"http://me/\""));
        assert_eq!(lead_to(b"<html>", "x"), b"<html>");
        let last = br#"{"@odata.deltaLink":"http://h/x?$deltatoken=1","value":[{"a":20.00}]}"#;
        assert_eq!(text(without_delta(last)), r#"{"value":[{"a":20.00}]}"#);
        assert_eq!(without_delta(body), body);
    }
}
