//! Reading a `$batch` answer. Its boundary differs from the request's and may be unquoted; a change set that failed is one part; after
//! a failure without `odata.continue-on-error` later parts are missing (Dataverse Web API, batch operations).

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// What came back for one item.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchReply {
    /// For a request by itself, or for a whole change set that failed.
    Single(BatchPart),
    /// For a change set that succeeded, one a request.
    ChangeSet(Vec<BatchPart>),
}

/// One answer inside.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BatchPart {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
    /// The request's `Content-ID`, in change sets.
    pub content_id: Option<String>,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BatchAnswer {
    /// By position: a change set counts as one.
    pub replies: Vec<BatchReply>,
    /// False when the answer broke off before its closing boundary: the last reply may be cut, later ones are missing.
    pub complete: bool,
}

/// An answer that is no `$batch` answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// No boundary in the type and none at the start of the body.
    #[error("the answer is no multipart message")]
    NoBoundary,
    /// A part that can't be read.
    #[error("part {0} of the answer can't be read: {1}")]
    BadPart(usize, &'static str),
}

/// Reads an answer.
pub fn read_batch(content_type: &str, body: &[u8]) -> Result<BatchAnswer, BatchError> {
    let boundary =
        boundary_of(content_type).or_else(|| first_line_boundary(body)).ok_or(BatchError::NoBoundary)?;
    let (parts, complete) = split(body, &boundary).ok_or(BatchError::NoBoundary)?;
    let last = parts.len();
    let mut replies = Vec::with_capacity(last);
    for (at, part) in parts.into_iter().enumerate() {
        match reply(part) {
            Ok(reply) => replies.push(reply),
            // Where the answer broke off the last part may be cut anywhere.
            Err(_) if !complete && at + 1 == last => break,
            Err(what) => return Err(BatchError::BadPart(at + 1, what)),
        }
    }
    Ok(BatchAnswer { replies, complete })
}

fn reply(part: &[u8]) -> Result<BatchReply, &'static str> {
    let (headers, rest) = headers(part).ok_or("no headers")?;
    let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        return Ok(BatchReply::Single(http_part(&headers, rest)?));
    }
    let boundary = boundary_of(kind).or_else(|| first_line_boundary(rest)).ok_or("no boundary")?;
    let (parts, complete) = split(rest, &boundary).ok_or("no boundary")?;
    if !complete {
        return Err("broken off");
    }
    parts
        .into_iter()
        .map(|part| {
            let (headers, rest) = self::headers(part).ok_or("no headers")?;
            http_part(&headers, rest)
        })
        .collect::<Result<_, _>>()
        .map(BatchReply::ChangeSet)
}

fn http_part(outer: &HeaderMap, rest: &[u8]) -> Result<BatchPart, &'static str> {
    let rest = trim_start_lines(rest);
    let (line, rest) = next_line(rest).ok_or("no status line")?;
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    if !words.next().is_some_and(|word| word.starts_with(b"HTTP/")) {
        return Err("no status line");
    }
    let status = words.next().and_then(|word| StatusCode::from_bytes(word).ok()).ok_or("no status")?;
    let (headers, body) = headers(rest).ok_or("no headers")?;
    let content_id = outer
        .get("content-id")
        .or_else(|| headers.get("content-id"))
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    Ok(BatchPart { status, headers, body: body.trim_ascii_end().to_vec(), content_id })
}

/// Header lines up to the first empty line, and what follows. Lines that are no headers are passed over.
fn headers(mut text: &[u8]) -> Option<(HeaderMap, &[u8])> {
    let mut headers = HeaderMap::new();
    if text.is_empty() {
        return Some((headers, text));
    }
    loop {
        let (line, rest) = next_line(text)?;
        text = rest;
        if line.trim_ascii().is_empty() {
            return Some((headers, text));
        }
        if let Some(colon) = line.iter().position(|byte| *byte == b':')
            && let Ok(name) = HeaderName::from_bytes(line[..colon].trim_ascii())
            && let Ok(value) = HeaderValue::from_bytes(line[colon + 1..].trim_ascii())
        {
            headers.append(name, value);
        }
    }
}

/// The next line without its end; the last one may have none.
fn next_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.is_empty() {
        return None;
    }
    let end = text.iter().position(|byte| *byte == b'\n');
    let (line, rest) = end.map_or((text, &text[text.len()..]), |end| (&text[..end], &text[end + 1..]));
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest))
}

fn trim_start_lines(mut text: &[u8]) -> &[u8] {
    while let Some((line, rest)) = next_line(text)
        && line.trim_ascii().is_empty()
    {
        text = rest;
    }
    text
}

/// The parts between boundary lines, and whether the closing one was there. `None`: no boundary line at all.
fn split<'a>(body: &'a [u8], boundary: &str) -> Option<(Vec<&'a [u8]>, bool)> {
    let delimiter = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut start: Option<usize> = None;
    let mut at = 0;
    while at < body.len() {
        let line_start = at;
        let (line, rest) = next_line(&body[at..])?;
        at = body.len() - rest.len();
        let Some(tail) = line.strip_prefix(delimiter.as_bytes()) else { continue };
        let closing = tail.trim_ascii() == b"--";
        if !closing && !tail.trim_ascii().is_empty() {
            continue;
        }
        if let Some(start) = start {
            parts.push(&body[start..line_start]);
        }
        if closing {
            return Some((parts, true));
        }
        start = Some(at);
    }
    parts.push(&body[start?..]);
    Some((parts, false))
}

fn boundary_of(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (name.trim().eq_ignore_ascii_case("boundary") && !value.is_empty()).then(|| value.to_owned())
    })
}

fn first_line_boundary(body: &[u8]) -> Option<String> {
    let (line, _) = next_line(trim_start_lines(body))?;
    let name = line.strip_prefix(b"--")?.trim_ascii_end();
    (!name.is_empty()).then(|| String::from_utf8_lossy(name).into_owned())
}
