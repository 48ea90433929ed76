//! Literals in URLs. Source: OData v4 URL conventions; Dataverse Web API, filter rows and alternate keys.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use syncline_model::Value;

/// Everything but unreserved characters and those that keep a filter readable and are safe in a query and a path segment.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'(')
    .remove(b')')
    .remove(b'*');

/// Percent-encodes a text for one path segment or one query value. `+`, `&`, `#`, `%`, `/`, `'` and blanks all become codes.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// A string literal: in quotes, a quote doubled. Not percent-encoded.
pub fn string_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A GUID as ids are kept: lower case, no braces. `None` when the text is no GUID.
pub fn guid(text: &str) -> Option<String> {
    let bare = text.trim();
    let bare = bare.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(bare);
    let id = uuid::Uuid::try_parse(bare).ok()?;
    (bare.len() == 36).then(|| id.hyphenated().to_string())
}

/// A value as a literal in a filter or key: texts in quotes, numbers, booleans and null bare, a reference by its id. Ids and dates
/// are texts here; write them bare with [`guid`] or as they are. `None` for lists.
pub fn literal(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Decimal(_) | Value::Double(_) => {
            Some(value.to_json_text())
        }
        Value::Text(text) => Some(string_literal(text)),
        Value::Reference(reference) => Some(reference.id.clone()),
        Value::List(_) => None,
    }
}

/// A key predicate, percent-encoded for a path: `(accountnumber='A-1',country=3)`. Values are literals already.
pub fn key_predicate<'a>(parts: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let parts: Vec<String> =
        parts.into_iter().map(|(name, value)| format!("{}={}", encode(name), encode(&value))).collect();
    format!("({})", parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    #[test]
    fn keys_are_quoted_then_encoded() {
        let predicate = key_predicate([
            ("name", literal(&Value::from("O'Neil & Søn")).unwrap()),
            ("code", literal(&Value::Integer(3)).unwrap()),
        ]);
        assert_eq!(predicate, "(name=%27O%27%27Neil%20%26%20S%C3%B8n%27,code=3)");
    }

    #[test]
    fn guids() {
        let plain = "5b1c0f3e-0000-4abc-8def-001122334455";
        assert_eq!(guid(&format!("{{{}}}", plain.to_uppercase())).as_deref(), Some(plain));
        assert_eq!(guid(plain).as_deref(), Some(plain));
        assert_eq!(guid("5b1c0f3e00004abc8def001122334455"), None);
        assert_eq!(guid("A-1"), None);
    }

    proptest! {
        #[test]
        fn encoding_is_undone_by_decoding(text in any::<String>()) {
            let encoded = encode(&text);
            prop_assert!(encoded.is_ascii());
            prop_assert!(!encoded.contains(['+', '&', '#', '/', '?', '=', '\'', ' ', '"']));
            let decoded = percent_decode_str(&encoded).decode_utf8().unwrap();
            prop_assert_eq!(decoded.as_ref(), text.as_str());
        }

        #[test]
        fn a_string_literal_ends_only_at_its_end(text in any::<String>()) {
            let quoted = string_literal(&text);
            let inner = &quoted[1..quoted.len() - 1];
            prop_assert!(!inner.replace("''", "").contains('\''));
            prop_assert_eq!(inner.replace("''", "'"), text);
        }
    }
}
