//! Identifiers: brought to one spelling and checked, so that the same person is the same key everywhere.

use std::borrow::Cow;
use syncline_model::{MappedRecord, RowIssue, Value};

use crate::columns::Picked;
use crate::convert::{phone_text, quoted};
use crate::phone::is_e164;
use crate::plan::{IdentifierKind, IdentifierRule, Mapping};
use crate::target::{Refusal, fit};
use crate::trace::Trace;

/// What became of an identifier.
pub(crate) enum Found {
    /// Good.
    Value(Value),
    /// The record has none.
    Missing,
    /// There is one, but it is malformed.
    Invalid(RowIssue),
}

/// One identifier of a record.
pub(crate) fn identifier<T: Trace>(
    mapping: &Mapping,
    rule: &IdentifierRule,
    picked: &Picked<'_>,
    trace: &mut T,
) -> Found {
    let column = mapping.columns.get(rule.from);
    let raw = picked.value(rule.from).unwrap_or(Value::Null);
    trace.step("raw", || format!("column {}", column.name), Some(&raw));
    let name = rule.target.name.as_str();
    let invalid = |code: &str, message: String| {
        Found::Invalid(RowIssue { code: code.to_owned(), field: name.to_owned(), message })
    };
    let text: Cow<'_, str> = match &raw {
        Value::Text(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.display_text()),
    };
    let text = text.trim();
    if text.is_empty() {
        trace.step("missing", || "the record has no value for it".to_owned(), None);
        return Found::Missing;
    }
    let checked = match rule.kind {
        IdentifierKind::Email => {
            let email = if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() };
            let folded = Value::Text(email);
            trace.step("email", || "folded to lower case and checked".to_owned(), Some(&folded));
            match email_fault(folded.as_text().unwrap_or_default()) {
                None => folded,
                Some(fault) => {
                    let message = format!("{} is no e-mail address: {fault}", quoted(&folded));
                    return invalid("email_malformed", message);
                }
            }
        }
        IdentifierKind::Phone => {
            let written = phone_text(&raw).unwrap_or_else(|| text.to_owned());
            let number = if mapping.phone_international {
                mapping.phone.to_e164(&written)
            } else if is_e164(text) {
                Ok(text.to_owned())
            } else {
                Err("it is not in the international form and the definition does not convert numbers")
            };
            match number {
                Ok(number) => {
                    let number = Value::Text(number);
                    let told = || "brought to the international form and checked".to_owned();
                    trace.step("phone", told, Some(&number));
                    number
                }
                Err(reason) => {
                    trace.step("phone", || reason.to_owned(), None);
                    return invalid(
                        "phone_malformed",
                        format!("{written:?} is no phone number in international form: {reason}"),
                    );
                }
            }
        }
        IdentifierKind::Uuid => match uuid::Uuid::try_parse(text) {
            Ok(id) => {
                let id = Value::from(&*id.hyphenated().encode_lower(&mut [0; 36]));
                trace.step("uuid", || "a UUID, in its usual form".to_owned(), Some(&id));
                id
            }
            Err(_) => {
                trace.step("uuid", || "it is no UUID".to_owned(), None);
                return invalid("uuid_malformed", format!("{} is no UUID", quoted(&Value::from(text))));
            }
        },
        IdentifierKind::Text => {
            let value = match uuid::Uuid::try_parse(text) {
                // Ids are compared to the letter: one spelling, lower case and without braces.
                Ok(id) if column.column_type != syncline_model::ColumnType::String => {
                    Value::Text(id.hyphenated().to_string())
                }
                Ok(_) | Err(_) => Value::from(text),
            };
            trace.step("text", || "sent as text".to_owned(), Some(&value));
            value
        }
        IdentifierKind::Raw => raw.clone(),
    };
    let value = if rule.key {
        match fit(&rule.target, checked, Some((column, rule.from)), picked) {
            Ok(Some(value)) if !value.is_null() => {
                trace.step("key", || format!("in the form of {name}"), Some(&value));
                value
            }
            Ok(_) => return Found::Missing,
            Err(Refusal { code, text, .. }) => {
                trace.step("key", || text.clone(), None);
                return invalid(code, text);
            }
        }
    } else {
        checked
    };
    if let Some(pattern) = &rule.pattern {
        if !pattern.is_match(&value.display_text()) {
            let message = format!("{} does not fit the pattern of {name}", quoted(&value));
            trace.step("pattern", || message.clone(), None);
            return invalid("pattern_mismatch", message);
        }
        trace.step("pattern", || "fits the pattern".to_owned(), Some(&value));
    }
    Found::Value(value)
}

/// Why a text is no e-mail address: the service's rule `^.+@.+\..+$` and what no mail server takes besides
/// (Insider One upsert, identifiers).
pub(crate) fn email_fault(text: &str) -> Option<&'static str> {
    if is_usual_email(text.as_bytes()) { None } else { fault_of(text) }
}

fn fault_of(text: &str) -> Option<&'static str> {
    if text.len() > 254 {
        return Some("it is longer than 254 characters");
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("it has white space inside");
    }
    let Some((local, domain)) = text.rsplit_once('@') else { return Some("there is no @") };
    if local.is_empty() {
        return Some("nothing stands before the @");
    }
    if local.contains('@') {
        return Some("it has more than one @");
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Some("the dots before the @ are misplaced");
    }
    let stray = |byte| matches!(byte, b',' | b';' | b'<' | b'>' | b'(' | b')' | b'[' | b']' | b'"' | b'\\');
    if text.bytes().any(stray) {
        return Some("it has a character that stands in no address");
    }
    match domain.rsplit_once('.') {
        None => Some("there is no dot after the @"),
        Some((name, end)) if name.is_empty() || end.is_empty() || domain.contains("..") => {
            Some("the dots after the @ are misplaced")
        }
        Some(_) if domain.starts_with('-') || domain.ends_with('-') => {
            Some("the domain can't begin or end with -")
        }
        Some(_) => None,
    }
}

/// True of nearly every address: letters and digits of ASCII, and what stands between them, where it may. Told in one pass.
fn is_usual_email(text: &[u8]) -> bool {
    // Nothing is before the first character, as before one that follows a dot.
    let (mut before, mut at, mut dot) = (b'.', false, false);
    for byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'+' => {}
            b'-' if before != b'@' => {}
            b'.' if !matches!(before, b'.' | b'@') => dot = at,
            b'@' if !at && before != b'.' => at = true,
            _ => return false,
        }
        before = *byte;
    }
    at && dot && !matches!(before, b'.' | b'-' | b'@') && text.len() <= 254
}

/// One text that is equal for two records exactly if all their identifiers are equal: the key for finding duplicates
/// within a selection.
pub fn identity_key(record: &MappedRecord) -> String {
    let mut key = String::with_capacity(128);
    record.identifiers.push_json(&mut key);
    key
}

#[cfg(test)]
mod tests {
    use super::{fault_of, is_usual_email};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_looks_usual_has_no_fault(text in "[aB0_+.@-]{1,12}", likely in "[a-c0.-]{1,4}@[a-c0.-]{1,4}[.][a-c]{0,2}", any in any::<String>()) {
            for text in [text, likely, any] {
                prop_assert!(!is_usual_email(text.as_bytes()) || fault_of(&text).is_none(), "{}", text);
            }
        }
    }

    #[test]
    fn usual_addresses_need_one_pass() {
        for text in ["a@b.example", "first.last+tag@sub-domain.example.com", "0_a-b@x1.co"] {
            assert!(is_usual_email(text.as_bytes()), "{text}");
        }
        let long = format!("{}@b.example", "a".repeat(250));
        for text in [
            "", "@", "a@", "@b.c", "a@b", "a@.b", "a@b.", "a@-b.c", "a@b.c-", "a@b@c.d", ".a@b.c", "a.@b.c",
            "é@b.c", &long,
        ] {
            assert!(!is_usual_email(text.as_bytes()), "{text}");
        }
    }
}
