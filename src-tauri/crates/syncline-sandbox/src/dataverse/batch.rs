//! `$batch`: multipart requests, change sets that are one transaction, Content-ID references.
use super::dispatch::{change, handle};
use super::environment::Environment;
use super::error::{Outcome, ServiceError, code};
use super::path::segments;
use super::request::{ApiRequest, ApiResponse, Preferences};
use super::server::error_answer;
use super::write::payload::References;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::sync::PoisonError;

/// Requests a batch may hold.
const MOST: usize = 1000;

/// Longest address of a request inside a batch, in characters (Dataverse Web API, query: 64 KB).
const MAX_URL: usize = 65_536;

/// One request of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Vec<u8>,
    content_id: Option<String>,
}

/// One item of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Single(Part),
    ChangeSet(Vec<Part>),
}

fn bad(message: impl Into<String>) -> ServiceError {
    ServiceError::odata(message.into())
}

fn boundary(content_type: &str) -> Option<String> {
    content_type.split(';').map(str::trim).find_map(|p| {
        let (name, value) = p.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// A line of a batch's own; all of them end in CRLF ("Execute batch operations", batch requests).
fn ended(line: &[u8]) -> Outcome<()> {
    if line.ends_with(b"\r\n") {
        return Ok(());
    }
    Err(bad(format!(
        "The line '{}' of the batch does not end in CRLF.",
        String::from_utf8_lossy(line.trim_ascii_end())
    )))
}

/// Splits a multipart body.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Outcome<Vec<&'a [u8]>> {
    let delimiter = format!("--{boundary}");
    let (mut out, mut start, mut at, mut closed) = (Vec::new(), None, 0, false);
    while at < body.len() {
        let end = body[at..].iter().position(|b| *b == b'\n').map_or(body.len(), |n| at + n + 1);
        let line = body[at..end].trim_ascii_end();
        if let Some(rest) = line.strip_prefix(delimiter.as_bytes())
            && (rest.is_empty() || rest == b"--")
        {
            ended(&body[at..end])?;
            if let Some(from) = start {
                out.push(&body[from..at]);
            }
            start = Some(end);
            if rest == b"--" {
                closed = true;
                break;
            }
        }
        at = end;
    }
    if start.is_none() || !closed {
        return Err(bad(format!("The multipart body has no complete part for the boundary '{boundary}'.")));
    }
    Ok(out)
}

fn head(text: &[u8]) -> Outcome<(HeaderMap, &[u8])> {
    let (mut headers, mut at) = (HeaderMap::new(), 0);
    loop {
        let end = text[at..].iter().position(|b| *b == b'\n').map_or(text.len(), |n| at + n + 1);
        let line =
            std::str::from_utf8(text[at..end].trim_ascii()).map_err(|_| bad("A header is not text."))?;
        if end > at {
            ended(&text[at..end])?;
        }
        at = end;
        if line.is_empty() {
            return Ok((headers, &text[at..]));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| bad(format!("'{line}' is not a header.")))?;
        let name = HeaderName::try_from(name.trim())
            .map_err(|_| bad(format!("'{name}' is not a header's name.")))?;
        let value = HeaderValue::try_from(value.trim()).map_err(|_| bad("A header's value is not text."))?;
        headers.append(name, value);
    }
}

fn request(content: &[u8], content_id: Option<String>) -> Outcome<Part> {
    let content = content.trim_ascii_start();
    let end = content.iter().position(|b| *b == b'\n').unwrap_or(content.len());
    let line = std::str::from_utf8(&content[..end]).map_err(|_| bad("A request line is not text."))?.trim();
    let mut words = line.split_whitespace();
    let (Some(method), Some(_), Some("HTTP/1.1")) = (words.next(), words.next(), words.next_back()) else {
        return Err(bad(format!("'{line}' is not a request line: METHOD URL HTTP/1.1.")));
    };
    let method = Method::try_from(method).map_err(|_| bad(format!("'{method}' is not a method.")))?;
    let url = line[method.as_str().len()..].trim().trim_end_matches("HTTP/1.1").trim().replace(' ', "%20");
    let rest = content.get(end + 1..).unwrap_or_default();
    if !content[..end].ends_with(b"\r") {
        return Err(bad(format!("The line '{line}' of the batch does not end in CRLF.")));
    }
    let (headers, body) = if rest.is_empty() { (HeaderMap::new(), rest) } else { head(rest)? };
    Ok(Part { method, url, headers, body: body.trim_ascii().to_vec(), content_id })
}

/// A part that holds a request says so in both headers.
fn is_http(headers: &HeaderMap) -> Outcome<()> {
    for (name, wanted) in [("content-type", "application/http"), ("content-transfer-encoding", "binary")] {
        let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let value = value.split(';').next().unwrap_or_default().trim();
        if !value.eq_ignore_ascii_case(wanted) {
            return Err(bad(format!("A part of a batch has the {name} '{value}'; {wanted} was expected.")));
        }
    }
    Ok(())
}

/// Reads a batch.
pub(crate) fn parse(body: &[u8], content_type: &str) -> Outcome<Vec<Item>> {
    let outer = boundary(content_type)
        .ok_or_else(|| bad("The Content-Type of a batch must be multipart/mixed with a boundary."))?;
    let (mut items, mut count) = (Vec::new(), 0);
    for part in parts(body, &outer)? {
        let (headers, content) = head(part)?;
        let text =
            |name: &str| headers.get(name).and_then(|h| h.to_str().ok()).unwrap_or_default().to_owned();
        let kind = text("content-type");
        if kind.starts_with("multipart/mixed") {
            let inner = boundary(&kind).ok_or_else(|| bad("A change set needs a boundary."))?;
            let mut set = Vec::new();
            for one in parts(content, &inner)? {
                let (headers, content) = head(one)?;
                is_http(&headers)?;
                let id = headers.get("content-id").and_then(|h| h.to_str().ok()).map(str::to_owned);
                let part = request(content, id)?;
                if part.method == Method::GET {
                    return Err(bad("A change set must not contain GET requests."));
                }
                set.push(part);
            }
            count += set.len();
            items.push(Item::ChangeSet(set));
        } else {
            is_http(&headers)?;
            count += 1;
            items.push(Item::Single(request(content, None)?));
        }
    }
    if count > MOST {
        return Err(ServiceError::bad(
            code::INVALID_ARGUMENT,
            format!("A batch may hold {MOST} requests; this one has {count}."),
        ));
    }
    Ok(items)
}

fn inner(outer: &ApiRequest, part: &Part) -> ApiRequest {
    let after = match part.url.find("/api/data/") {
        Some(at) => part.url[at + 10..].split_once('/').map_or("", |p| p.1),
        None => part.url.trim_start_matches('/'),
    };
    let (path, query) = after.split_once('?').unwrap_or((after, ""));
    let mut headers = part.headers.clone();
    // Annotations asked for on the batch hold for its parts.
    if !headers.contains_key("prefer") {
        for value in outer
            .headers
            .get_all("prefer")
            .iter()
            .filter(|v| v.to_str().is_ok_and(|t| t.contains("include-annotations")))
        {
            headers.append("prefer", value.clone());
        }
    }
    ApiRequest {
        method: part.method.clone(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: part.body.clone(),
        caller: outer.caller.clone(),
        service_root: outer.service_root.clone(),
    }
}

/// Runs a batch.
pub(crate) fn run(environment: &Environment, outer: &ApiRequest) -> Outcome<ApiResponse> {
    let content_type = outer.headers.get("content-type").and_then(|h| h.to_str().ok()).unwrap_or_default();
    let items = parse(&outer.body, content_type)?;
    let preferences = Preferences::read(&outer.headers);
    let (mut out, mut status) = (Vec::new(), 200);
    let own = format!("batchresponse_{}", uuid::Uuid::new_v4());
    for item in items {
        let failed = match item {
            Item::Single(part) => {
                let answer = if part.url.contains("$batch") {
                    error_answer(&bad("A batch must not contain a batch."), false)
                } else if part.url.len() > MAX_URL {
                    error_answer(
                        &bad(format!("A URL in a batch is longer than {MAX_URL} characters.")),
                        false,
                    )
                } else {
                    handle(environment, inner(outer, &part))
                };
                out.extend_from_slice(format!("--{own}\r\n").as_bytes());
                write(&mut out, &answer, None);
                answer.status
            }
            Item::ChangeSet(parts) => {
                out.extend_from_slice(format!("--{own}\r\n").as_bytes());
                change_set(environment, outer, &parts, &mut out)
            }
        };
        if failed >= 400 && !preferences.continue_on_error {
            status = failed;
            break;
        }
    }
    out.extend_from_slice(format!("--{own}--\r\n").as_bytes());
    Ok(ApiResponse { status, headers: HeaderMap::new(), body: out }
        .with("content-type", format!("multipart/mixed; boundary={own}")))
}

/// Runs a change set as one transaction; the status of its failure, or 200.
fn change_set(environment: &Environment, outer: &ApiRequest, parts: &[Part], out: &mut Vec<u8>) -> u16 {
    let mut store = environment.store.write().unwrap_or_else(PoisonError::into_inner);
    store.begin();
    let (mut references, mut answers) = (References::new(), Vec::new());
    for part in parts {
        let request = inner(outer, part);
        let outcome = segments(&request.path)
            .and_then(|path| change(environment, &mut store, &request, &path, &references));
        match outcome {
            Ok((answer, row)) => {
                if let (Some(id), Some(row)) = (&part.content_id, row) {
                    references.insert(id.clone(), row);
                }
                answers.push((answer, part.content_id.clone()));
            }
            Err(error) => {
                store.rollback();
                let detailed = Preferences::read(&request.headers).include_annotations.is_some();
                write(out, &error_answer(&error, detailed), part.content_id.as_deref());
                return error.status;
            }
        }
    }
    let own = format!("changesetresponse_{}", uuid::Uuid::new_v4());
    out.extend_from_slice(format!("Content-Type: multipart/mixed; boundary={own}\r\n\r\n").as_bytes());
    for (answer, id) in answers {
        out.extend_from_slice(format!("--{own}\r\n").as_bytes());
        write(out, &answer, id.as_deref());
    }
    out.extend_from_slice(format!("--{own}--\r\n").as_bytes());
    200
}

fn write(out: &mut Vec<u8>, answer: &ApiResponse, content_id: Option<&str>) {
    out.extend_from_slice(b"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n");
    if let Some(id) = content_id {
        out.extend_from_slice(format!("Content-ID: {id}\r\n").as_bytes());
    }
    let reason =
        http::StatusCode::from_u16(answer.status).ok().and_then(|s| s.canonical_reason()).unwrap_or("");
    out.extend_from_slice(format!("\r\nHTTP/1.1 {} {reason}\r\n", answer.status).as_bytes());
    for (name, value) in &answer.headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"OData-Version: 4.0\r\n\r\n");
    out.extend_from_slice(&answer.body);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parsing_never_panics(body in proptest::collection::vec(any::<u8>(), 0..300), kind: String) {
            let _ = parse(&body, &kind);
        }

        #[test]
        fn broken_batches_never_panic(cut in 0usize..330, junk in "[\\-a-zA-Z:;=\" \\r\\n]{0,20}") {
            let text = "--b\r\nContent-Type: multipart/mixed; boundary=\"c\"\r\n\r\n--c\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nPOST /api/data/v9.2/accounts HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{}\r\n--c--\r\n--b--\r\n";
            let cut = cut.min(text.len());
            let _ = parse(format!("{}{junk}{}", &text[..cut], &text[cut..]).as_bytes(), "multipart/mixed; boundary=b");
        }
    }
}
