//! Writing a `$batch`. Source: Dataverse Web API, batch operations.

use bytes::Bytes;

/// Most requests in one `$batch`.
pub const MOST_REQUESTS: usize = 1000;

/// One request inside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BatchRequest {
    /// Method.
    pub method: String,
    /// Path and query, from the root of the host, encoded: `/api/data/v9.2/accounts?$select=name`.
    pub path: String,
    /// Headers of this request.
    pub headers: Vec<(String, String)>,
    /// Body; empty for none.
    pub body: String,
}

/// A request by itself, or several that succeed or fail together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchItem {
    /// By itself.
    Single(BatchRequest),
    /// One transaction. Reads are not allowed in it.
    ChangeSet(Vec<BatchRequest>),
}

/// A body and its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenBatch {
    /// For the `Content-Type` header.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

/// Writes the items. Boundaries are made from a count and differ from every text inside, so that no chance is needed.
pub fn write_batch(items: &[BatchItem]) -> WrittenBatch {
    let outer = boundary("batch", items);
    let inner = boundary("changeset", items);
    let mut text = String::new();
    let mut content_id = 0u32;
    for item in items {
        text.push_str(&format!("--{outer}\r\n"));
        match item {
            BatchItem::Single(request) => push_request(&mut text, request, None),
            BatchItem::ChangeSet(requests) => {
                text.push_str(&format!("Content-Type: multipart/mixed; boundary=\"{inner}\"\r\n\r\n"));
                for request in requests {
                    content_id += 1;
                    text.push_str(&format!("--{inner}\r\n"));
                    push_request(&mut text, request, Some(content_id));
                }
                text.push_str(&format!("--{inner}--\r\n\r\n"));
            }
        }
    }
    text.push_str(&format!("--{outer}--\r\n"));
    WrittenBatch { content_type: format!("multipart/mixed; boundary=\"{outer}\""), body: text.into() }
}

fn push_request(text: &mut String, request: &BatchRequest, content_id: Option<u32>) {
    text.push_str("Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n");
    if let Some(id) = content_id {
        text.push_str(&format!("Content-ID: {id}\r\n"));
    }
    text.push_str(&format!("\r\n{} {} HTTP/1.1\r\n", one_line(&request.method), one_line(&request.path)));
    for (name, value) in &request.headers {
        text.push_str(&format!("{}: {}\r\n", one_line(name), one_line(value)));
    }
    let typed = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if !request.body.is_empty() && !typed {
        text.push_str("Content-Type: application/json; charset=utf-8\r\n");
    }
    text.push_str("\r\n");
    text.push_str(&request.body);
    text.push_str("\r\n");
}

/// A line break here would begin another header or request.
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect()
}

fn boundary(kind: &str, items: &[BatchItem]) -> String {
    let holds = |needle: &str| {
        let inside = |request: &BatchRequest| {
            request.body.contains(needle)
                || request.path.contains(needle)
                || request.headers.iter().any(|(_, value)| value.contains(needle))
        };
        items.iter().any(|item| match item {
            BatchItem::Single(request) => inside(request),
            BatchItem::ChangeSet(requests) => requests.iter().any(inside),
        })
    };
    (1u64..).map(|n| format!("{kind}_syncline_{n}")).find(|name| !holds(name)).unwrap_or_default()
}
