//! The request of one row, from the plan that keeps it to the run that sends it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use syncline_model::push_json_text;

/// The exact request of one row. Stored with the plan, shown in the preview, sent by the run byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRequest {
    /// HTTP method, or `APPEND` for files.
    pub method: String,
    /// Path below the service's root, or the file's entity.
    pub path: String,
    /// Headers of this row, such as `If-Match`; never credentials.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The body's bytes as text. It comes last: a plan's row keeps it as it is, behind the others (see [`RowRequest::push_head`]).
    pub body: String,
}

impl RowRequest {
    /// Writes everything but the body behind a text: the request as JSON without its last member.
    pub fn push_head(&self, out: &mut String) {
        out.push_str("{\"method\":");
        push_json_text(out, &self.method);
        out.push_str(",\"path\":");
        push_json_text(out, &self.path);
        for (at, (name, value)) in self.headers.iter().enumerate() {
            out.push_str(if at == 0 { ",\"headers\":{" } else { "," });
            push_json_text(out, name);
            out.push(':');
            push_json_text(out, value);
        }
        out.push_str(if self.headers.is_empty() { "}" } else { "}}" });
    }

    /// SHA-256 of the request in hexadecimal digits: of its head, a line feed, and the bytes of its body.
    pub fn hash(&self) -> String {
        let mut head = String::with_capacity(128);
        self.push_head(&mut head);
        let mut digest = Sha256::new();
        digest.update(head);
        digest.update(b"\n");
        digest.update(&self.body);
        hex::encode(digest.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_the_request_without_its_body() {
        let headers = [("If-Match", "W/\"1\""), ("Prefer", "return=minimal")];
        let mut hashes = Vec::new();
        for with in 0..=headers.len() {
            let request = RowRequest {
                method: "PATCH".into(),
                path: "contacts(emailaddress1='a\"b')".into(),
                headers: headers[..with]
                    .iter()
                    .map(|(name, value)| ((*name).into(), (*value).into()))
                    .collect(),
                body: "{\"a\":1}".into(),
            };
            let mut head = String::new();
            request.push_head(&mut head);
            let whole = format!("{},\"body\":\"{{\\\"a\\\":1}}\"}}", head.strip_suffix('}').unwrap());
            assert_eq!(whole, serde_json::to_string(&request).unwrap());
            let digest = Sha256::digest(format!("{head}\n{}", request.body));
            assert_eq!(request.hash(), hex::encode(digest));
            hashes.push(request.hash());
            hashes.push(RowRequest { body: "{\"a\":2}".into(), ..request }.hash());
        }
        hashes.dedup();
        assert_eq!(hashes.len(), 6);
    }
}
