//! The rules of a user object, with the keys under which the service reports that one is broken.

use serde_json::Value;

const BOOLEANS: &[&str] = &["email_optin", "sms_optin", "whatsapp_optin", "gdpr_optin"];
const STRINGS: &[&str] =
    &["email", "phone_number", "name", "surname", "gender", "language", "country", "city", "uuid", "lo"];

/// Broken rules: the key after `users.N.`, and the text.
pub(super) fn check(user: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    identifiers(user, &mut found);
    let attributes = user.get("attributes");
    let events = user.get("events").and_then(Value::as_array);
    if attributes.is_none() && events.is_none_or(Vec::is_empty) {
        add(&mut found, "attributes.required", "at least one of attributes or events must be specified");
    }
    if let Some(attributes) = attributes {
        check_attributes(attributes, &mut found);
    }
    for (position, event) in events.into_iter().flatten().enumerate() {
        check_event(position, event, &mut found);
    }
    found
}

fn add(found: &mut Vec<(String, String)>, key: &str, text: &str) {
    found.push((key.to_owned(), text.to_owned()));
}

fn identifiers(user: &Value, found: &mut Vec<(String, String)>) {
    if user.get("insider_id").is_some_and(Value::is_string) {
        return;
    }
    let Some(identifiers) = user.get("identifiers").and_then(Value::as_object).filter(|map| !map.is_empty())
    else {
        // The service's own spelling.
        add(found, "identifiers.required", "either insider_id or idenifiers must be specified");
        return;
    };
    for (name, value) in identifiers {
        match (name.as_str(), value) {
            ("custom", Value::Object(custom)) if !custom.is_empty() => {}
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

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `^.+@.+\..+$`
fn is_email(text: &str) -> bool {
    text.char_indices().filter(|(_, c)| *c == '@').any(|(at, _)| {
        at > 0 && {
            let domain = &text[at + 1..];
            domain.char_indices().filter(|(_, c)| *c == '.').any(|(dot, _)| dot > 0 && dot + 1 < domain.len())
        }
    })
}

/// `^\+[1-9]\d{6,14}$`
fn is_phone(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0')
}

fn check_attributes(attributes: &Value, found: &mut Vec<(String, String)>) {
    let Some(attributes) = attributes.as_object().filter(|map| !map.is_empty()) else {
        add(found, "attributes.required", "at least one attribute must be specified");
        return;
    };
    for (name, value) in attributes {
        let good = match name.as_str() {
            name if BOOLEANS.contains(&name) => value.is_boolean(),
            name if STRINGS.contains(&name) => value.is_string(),
            "age" => value.is_number(),
            "birthday" => value.as_str().is_some_and(|text| is_time(text) && text.ends_with('Z')),
            "static_segment_id" | "list_id" => {
                value.as_array().is_some_and(|items| items.iter().all(Value::is_number))
            }
            "custom" => {
                value.as_object().is_some_and(|custom| custom.values().all(|value| !value.is_object()))
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
                &format!("invalid value for {name}: {}", shown(value)),
            );
        }
    }
}

/// RFC 3339.
fn is_time(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
}

fn check_event(position: usize, event: &Value, found: &mut Vec<(String, String)>) {
    let name = event.get("event_name").and_then(Value::as_str).unwrap_or_default();
    let first = name.chars().next();
    let named = first.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if !named {
        add(
            found,
            &format!("events.{position}.event_name.*.regexp(^[a-z0-9][a-zA-Z0-9._-]*$)"),
            &format!("invalid event name: {name}"),
        );
    }
    if !event.get("timestamp").and_then(Value::as_str).is_some_and(is_time) {
        add(found, &format!("events.{position}.timestamp.required"), "timestamp must be RFC 3339");
    }
    let needed: &[&str] = match name {
        "purchase" => &["currency", "quantity", "unit_sale_price", "event_group_id"],
        "cart_page_view" => &["currency", "unit_sale_price", "event_group_id"],
        _ => &[],
    };
    for parameter in needed {
        if event.get("event_params").and_then(|params| params.get(parameter)).is_none() {
            add(
                found,
                &format!("events.{position}.event_params.*.required"),
                &format!("{parameter} parameter is required on {name} event"),
            );
        }
    }
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
        assert!(check(&good).is_empty());
        assert_eq!(
            keys(json!({"identifiers":{"email":"sample"},"attributes":{"name":"A"}})),
            [r"identifiers.*.regexp(^.+@.+\..+$)"]
        );
        assert_eq!(
            keys(json!({"identifiers":{"phone_number":"12345"},"attributes":{"name":"A"}})),
            [r"identifiers.*.regexp(^\+[1-9]\d{6,14}$)"]
        );
        assert_eq!(
            keys(json!({"identifiers":{"uuid":12345},"attributes":{"name":"A"}})),
            ["identifiers.*.type(string)"]
        );
        assert_eq!(
            keys(json!({"identifiers":{"x":"1"},"attributes":{"name":"A"}})),
            ["identifiers.*.in(defaults_column)"]
        );
        assert_eq!(keys(json!({"attributes":{"name":"A"}})), ["identifiers.required"]);
        assert_eq!(keys(json!({"identifiers":{"uuid":"1"}})), ["attributes.required"]);
        assert_eq!(
            keys(json!({"identifiers":{"uuid":"1"},"attributes":{"age":"30"}})),
            ["attributes.age.type"]
        );
        assert_eq!(
            keys(json!({"identifiers":{"uuid":"1"},"events":[{"event_name":"purchase","timestamp":"2021-01-17T14:41:21+03:00"}]})).len(),
            4
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = check(&json!({"identifiers":{"email":text,"phone_number":text},"attributes":{"birthday":text},"events":[{"event_name":text,"timestamp":text}]}));
        }
    }
}
