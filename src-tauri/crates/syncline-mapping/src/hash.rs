//! The hash of a definition: equal exactly for definitions of equal meaning, whatever the spacing or order of keys.

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use syncline_model::SyncDefinition;

/// SHA-256 over the definition's canonical JSON (keys sorted, no white space, defaults written out, numbers digit for
/// digit), as 64 hex digits. Name and schedule belong to it.
pub fn definition_hash(definition: &SyncDefinition) -> String {
    let text = definition.to_json();
    let mut canonical = String::with_capacity(text.len());
    write(&text, &mut canonical);
    hex::encode(Sha256::digest(canonical.as_bytes()))
}

fn write(json: &str, out: &mut String) {
    let json = json.trim();
    match json.as_bytes().first() {
        Some(b'{') => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(json).unwrap_or_default();
            out.push('{');
            for (index, (key, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&serde_json::Value::from(key.as_str()).to_string());
                out.push(':');
                write(value.get(), out);
            }
            out.push('}');
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item.get(), out);
            }
            out.push(']');
        }
        Some(_) | None => out.push_str(json),
    }
}
