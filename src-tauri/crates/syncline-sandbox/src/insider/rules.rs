//! The rules of a user object, with the keys under which the service reports that one is broken. Keys and texts that the reference prints are
//! taken over as they stand; the others follow the same pattern.

use serde_json::Value;

use super::event_rules::check_event;

const BOOLEANS: &[&str] = &["email_optin", "sms_optin", "whatsapp_optin", "gdpr_optin"];
const STRINGS: &[&str] = &["name", "surname", "gender", "language", "city", "lo"];
/// This account has them configured as identifiers, so they are refused among the attributes.
const IDENTIFIERS: &[&str] = &["email", "phone_number", "uuid"];

/// Broken rules: the key after `users.N.`, and the text.
pub(super) type Found = Vec<(String, String)>;

/// All rules that a user breaks.
pub(super) fn check(user: &Value) -> Found {
    let mut found = Vec::new();
    identifiers(user, &mut found);
    for flag in ["append", "not_append"] {
        if let Some(value) = user.get(flag).filter(|value| !value.is_boolean()) {
            add(
                &mut found,
                &format!("{flag}.type(bool)"),
                &format!("{flag} must be boolean: {}", shown(value)),
            );
        }
    }
    let attributes = user.get("attributes");
    let events = match user.get("events") {
        None => &[][..],
        Some(Value::Array(events)) => events.as_slice(),
        Some(other) => {
            add(&mut found, "events.type(array)", &format!("events must be array: {}", shown(other)));
            return found;
        }
    };
    if attributes.is_none() && events.is_empty() {
        add(&mut found, "attributes.required", "at least one of attributes or events must be specified");
    }
    if let Some(attributes) = attributes {
        check_attributes(attributes, &mut found);
    }
    for (position, event) in events.iter().enumerate() {
        check_event(position, event, &mut found);
    }
    found
}

pub(super) fn add(found: &mut Found, key: &str, text: &str) {
    found.push((key.to_owned(), text.to_owned()));
}

/// A value inside a text.
pub(super) fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn identifiers(user: &Value, found: &mut Found) {
    let identifiers = match (user.get("insider_id"), user.get("identifiers")) {
        (Some(Value::String(id)), None) if !id.is_empty() => return,
        (_, Some(Value::Object(identifiers))) if !identifiers.is_empty() => identifiers,
        _ => {
            // The service's own spelling.
            add(found, "identifiers.required", "either insider_id or idenifiers must be specified");
            add(found, "insider_id.required", "either insider_id or idenifiers must be specified");
            return;
        }
    };
    for (name, value) in identifiers {
        match (name.as_str(), value) {
            ("custom", Value::Object(custom)) if !custom.is_empty() => {
                for (name, value) in custom.iter().filter(|(_, value)| !value.is_string()) {
                    add(
                        found,
                        "identifiers.*.type(string)",
                        &format!("{name} must be string: {}", shown(value)),
                    );
                }
            }
            ("email" | "em", Value::String(text)) if is_email(text) => {}
            ("email" | "em", value) => {
                add(
                    found,
                    r"identifiers.*.regexp(^.+@.+\..+$)",
                    &format!("not a valid email address: {}", shown(value)),
                );
            }
            ("phone_number" | "pn", Value::String(text)) if is_phone(text) => {}
            ("phone_number" | "pn", value) => {
                add(
                    found,
                    r"identifiers.*.regexp(^\+[1-9]\d{6,14}$)",
                    &format!("user has an invalid phone number: {}", shown(value)),
                );
            }
            ("uuid", Value::String(_)) => {}
            ("uuid", value) => {
                add(found, "identifiers.*.type(string)", &format!("uuid must be string: {}", shown(value)))
            }
            _ => add(
                found,
                "identifiers.*.in(defaults_column)",
                "key must be one of phone_number(pn), email(em) or uuid",
            ),
        }
    }
}

/// `^.+@.+\..+$`, where a dot is no line end.
fn is_email(text: &str) -> bool {
    !text.contains('\n')
        && text.char_indices().filter(|(_, c)| *c == '@').any(|(at, _)| {
            let domain = &text[at + 1..];
            let inner = |(dot, c): (usize, char)| c == '.' && dot > 0 && dot + 1 < domain.len();
            at > 0 && domain.char_indices().any(inner)
        })
}

/// `^\+[1-9]\d{6,14}$`
fn is_phone(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

fn check_attributes(attributes: &Value, found: &mut Found) {
    let Some(attributes) = attributes.as_object().filter(|map| !map.is_empty()) else {
        add(found, "attributes.required", "at least one attribute must be specified");
        return;
    };
    for (name, value) in attributes {
        let (good, wanted) = match name.as_str() {
            name if IDENTIFIERS.contains(&name) => {
                add(
                    found,
                    "attributes.*.not_in(identifiers)",
                    &format!("{name} is an identifier and can't be sent as an attribute"),
                );
                continue;
            }
            name if BOOLEANS.contains(&name) => (value.is_boolean(), "boolean"),
            name if STRINGS.contains(&name) => (value.is_string(), "string"),
            "age" => (value.is_number(), "number"),
            "country" => (value.as_str().is_some_and(is_country), "ISO 3166-1 alpha-2"),
            "birthday" => (
                value.as_str().is_some_and(|text| is_time(text) && text.ends_with('Z')),
                "RFC 3339 ending in Z",
            ),
            "static_segment_id" | "list_id" => {
                (value.as_array().is_some_and(|items| items.iter().all(Value::is_number)), "number array")
            }
            "custom" => {
                check_custom(value, "attributes.custom", found);
                continue;
            }
            _ => {
                add(found, "attributes.*.in(defaults_column)", &format!("unknown default attribute: {name}"));
                continue;
            }
        };
        if !good {
            add(
                found,
                &format!("attributes.{name}.type"),
                &format!("{name} must be {wanted}: {}", shown(value)),
            );
        }
    }
}

/// Custom values: scalars, or arrays of scalars of one type.
pub(super) fn check_custom(custom: &Value, path: &str, found: &mut Found) {
    let Some(custom) = custom.as_object() else {
        add(found, &format!("{path}.type(object)"), &format!("custom must be object: {}", shown(custom)));
        return;
    };
    for (name, value) in custom {
        let good = match value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => true,
            Value::Array(items) => {
                items.iter().all(Value::is_string)
                    || items.iter().all(Value::is_number)
                    || items.iter().all(Value::is_boolean)
            }
            Value::Null | Value::Object(_) => false,
        };
        if !good {
            let text = format!("the type of {name} is not supported: {}", shown(value));
            add(found, &format!("{path}.{name}.type"), &text);
        }
    }
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// RFC 3339.
pub(super) fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    // A day, a time and an offset; ISO 8601 knows more forms than RFC 3339.
    bytes.len() >= 20
        && bytes.get(4) == Some(&b'-')
        && matches!(bytes.get(10), Some(b'T' | b't'))
        && bytes.get(13) == Some(&b':')
        && bytes.get(16) == Some(&b':')
        && !text.contains('[')
        && text.parse::<jiff::Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keys(user: Value) -> Vec<String> {
        check(&user).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn documented_examples() {
        let good = json!({"identifiers":{"email":"ann@example.org","phone_number":"+6598765432"},"attributes":{"name":"Ann","birthday":"1980-01-01T00:00:00Z"}});
        assert_eq!(check(&good), []);
        for (identifiers, key) in [
            (json!({"email":"sample"}), r"identifiers.*.regexp(^.+@.+\..+$)"),
            (json!({"phone_number":"12345"}), r"identifiers.*.regexp(^\+[1-9]\d{6,14}$)"),
            (json!({"uuid":12345}), "identifiers.*.type(string)"),
            (json!({"x":"1"}), "identifiers.*.in(defaults_column)"),
        ] {
            assert_eq!(keys(json!({"identifiers":identifiers,"attributes":{"name":"A"}})), [key]);
        }
        assert_eq!(keys(json!({"attributes":{"name":"A"}})), ["identifiers.required", "insider_id.required"]);
        assert_eq!(keys(json!({"identifiers":{"uuid":"1"}})), ["attributes.required"]);
        assert_eq!(keys(json!({"insider_id":"x","attributes":{"name":"A"}})), [""; 0]);
    }

    #[test]
    fn attributes_have_types() {
        for (attributes, key) in [
            (json!({"age":"30"}), "attributes.age.type"),
            (json!({"email_optin":"true"}), "attributes.email_optin.type"),
            (json!({"name":null}), "attributes.name.type"),
            (json!({"birthday":"1980-01-01T00:00:00+01:00"}), "attributes.birthday.type"),
            (json!({"birthday":"1980-01-01"}), "attributes.birthday.type"),
            (json!({"country":"Singapore"}), "attributes.country.type"),
            (json!({"email":"a@b.example"}), "attributes.*.not_in(identifiers)"),
            (json!({"favourite":"x"}), "attributes.*.in(defaults_column)"),
            (json!({"custom":{"a":null}}), "attributes.custom.a.type"),
            (json!({"custom":{"a":[1,"x"]}}), "attributes.custom.a.type"),
            (json!({"custom":7}), "attributes.custom.type(object)"),
            (json!({}), "attributes.required"),
        ] {
            assert_eq!(keys(json!({"identifiers":{"uuid":"1"},"attributes":attributes})), [key]);
        }
    }

    #[test]
    fn emails_and_times() {
        assert!(is_email("a@b.c") && is_email("a@@b.c.") && is_email("ж@ж.ж"));
        assert!(!is_email("a@b.") && !is_email("@b.c") && !is_email("a@.c") && !is_email("a.b@c"));
        assert!(is_time("2021-01-17T14:41:21+03:00") && is_time("1969-12-31T23:59:59.5Z"));
        assert!(
            !is_time("2021-01-17") && !is_time("2021-13-17T14:41:21Z") && !is_time("2021-01-17T14:41:21")
        );
        assert!(!is_time("20210117T144121+03:00") && !is_time("2021-01-17T14:41:21+03:00[Asia/Istanbul]"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = check(&json!({"identifiers":{"email":text,"phone_number":text},"attributes":{"birthday":text},"events":[{"event_name":text,"timestamp":text}]}));
        }
    }
}
