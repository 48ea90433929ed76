//! The user object of a request, made from a mapped record ("Upsert User Data", request body).

use syncline_model::{ErrorCode, MappedRecord, SynclineError, Value, push_json_text};

use crate::events::is_default_parameter;
use crate::schema::{DEFAULT_IDENTIFIERS, is_default};

/// Writes the name of a member behind an object that began at a place of the text.
fn name(out: &mut String, begun: usize, name: &str) {
    out.push(if out.len() == begun { '{' } else { ',' });
    push_json_text(out, name);
    out.push(':');
}

/// Writes an object of those values that stand beside the custom ones, and those under `custom`; nothing where there is no value.
fn push_object<'v>(
    out: &mut String,
    values: impl Iterator<Item = (&'v String, &'v Value)> + Clone,
    is_beside: impl Fn(&str) -> bool,
) {
    let split = |full: &'v String| match full.strip_prefix("custom.") {
        Some(name) => (name, true),
        None => (full.as_str(), !is_beside(full)),
    };
    let begun = out.len();
    let mut customs = 0;
    for (full, value) in values.clone() {
        match split(full) {
            (_, true) => customs += 1,
            (plain, false) => {
                name(out, begun, plain);
                value.push_json(out);
            }
        }
    }
    if customs > 0 {
        name(out, begun, "custom");
        let begun = out.len();
        for (full, value) in values {
            if let (plain, true) = split(full) {
                name(out, begun, plain);
                value.push_json(out);
            }
        }
        out.push('}');
    }
    if out.len() > begun {
        out.push('}');
    }
}

/// Room that most users fit in.
const USUAL_BYTES: usize = 1024;

/// The user object. A user needs an identifier, and an attribute or an event; without them the service refuses it.
pub(crate) fn user_json(mapped: &MappedRecord) -> Result<String, SynclineError> {
    let refuse =
        |message: &str, hint: &str| SynclineError::new(ErrorCode::DefinitionInvalid, message).hint(hint);
    let mut user = String::with_capacity(USUAL_BYTES);
    user.push_str("{\"identifiers\":");
    let begun = user.len();
    push_object(&mut user, mapped.identifiers.iter(), |name| DEFAULT_IDENTIFIERS.contains(&name));
    if user.len() == begun {
        return Err(refuse("a user without identifier is refused", "map an identifier that is filled"));
    }
    let before = user.len();
    user.push_str(",\"attributes\":");
    let begun = user.len();
    // An identifier that is configured as one must not be sent as an attribute too.
    let identifiers: Vec<&str> = mapped.identifiers.keys().map(String::as_str).collect();
    let attributes = mapped.attributes.iter().filter(|(name, _)| !identifiers.contains(&name.as_str()));
    push_object(&mut user, attributes, is_default);
    if user.len() == begun {
        user.truncate(before);
        if mapped.events.is_empty() {
            return Err(refuse(
                "a user without attribute or event is refused",
                "map at least one field that is filled, or a fixed value",
            ));
        }
    }
    // Lists replace what is there, so that sending twice changes nothing.
    user.push_str(",\"not_append\":true");
    for (at, event) in mapped.events.iter().enumerate() {
        user.push_str(if at == 0 { ",\"events\":[{\"event_name\":" } else { ",{\"event_name\":" });
        push_json_text(&mut user, &event.name);
        user.push_str(",\"timestamp\":");
        push_json_text(&mut user, &event.timestamp);
        let before = user.len();
        user.push_str(",\"event_params\":");
        let begun = user.len();
        push_object(&mut user, event.parameters.iter(), is_default_parameter);
        if user.len() == begun {
            user.truncate(before);
        }
        user.push('}');
    }
    user.push_str(if mapped.events.is_empty() { "}" } else { "]}" });
    Ok(user)
}

/// The body of a request: the users byte for byte as they were planned.
pub(crate) fn envelope(users: &[&str], skip_hook: bool) -> String {
    let mut body = String::with_capacity(users.iter().map(|user| user.len() + 1).sum::<usize>() + 40);
    body.push_str("{\"skip_hook\":");
    body.push_str(if skip_hook { "true" } else { "false" });
    body.push_str(",\"users\":[");
    for (position, user) in users.iter().enumerate() {
        if position > 0 {
            body.push(',');
        }
        body.push_str(user);
    }
    body.push_str("]}");
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use syncline_model::{MappedEvent, ValueMap};

    proptest! {
        #[test]
        fn a_user_is_json_whatever_the_texts_are(name in ".{1,12}", text in ".{0,20}", number in any::<f64>()) {
            let mapped = MappedRecord {
                identifiers: ValueMap::from([(name.clone(), text.as_str().into())]),
                attributes: ValueMap::from([
                    (format!("{name}_"), text.as_str().into()),
                    ("custom.a".to_owned(), Value::Double(number)),
                    ("custom.b".to_owned(), Value::List(vec![text.as_str().into(), Value::Null])),
                ]),
                events: vec![MappedEvent { name, timestamp: text, parameters: ValueMap::new() }],
            };
            let json = user_json(&mapped).unwrap();
            let read = serde_json::from_str::<serde_json::Value>(&json);
            prop_assert!(read.is_ok(), "{}", json);
            prop_assert_eq!(&read.unwrap()["events"][0]["timestamp"], &mapped.events[0].timestamp);
        }
    }

    #[test]
    fn custom_and_default_names_go_where_they_belong() {
        let mapped = MappedRecord {
            identifiers: ValueMap::from([
                ("email".into(), "a@b.example".into()),
                ("loyalty_id".into(), "x\"1".into()),
            ]),
            attributes: ValueMap::from([
                ("name".into(), "Ann".into()),
                ("points".into(), Value::from_json_text("12.5000").unwrap()),
                ("email".into(), "a@b.example".into()),
            ]),
            events: vec![MappedEvent {
                name: "purchase".into(),
                timestamp: "2026-01-10T21:35:20Z".into(),
                parameters: ValueMap::from([
                    ("currency".into(), "USD".into()),
                    ("store".into(), Value::Integer(7)),
                ]),
            }],
        };
        assert_eq!(
            user_json(&mapped).unwrap(),
            r#"{"identifiers":{"email":"a@b.example","custom":{"loyalty_id":"x\"1"}},"attributes":{"name":"Ann","custom":{"points":12.5000}},"not_append":true,"events":[{"event_name":"purchase","timestamp":"2026-01-10T21:35:20Z","event_params":{"currency":"USD","custom":{"store":7}}}]}"#
        );
        assert_eq!(envelope(&["{}", "{}"], true), r#"{"skip_hook":true,"users":[{},{}]}"#);
    }

    #[test]
    fn what_would_be_refused_is_an_error() {
        let mut mapped = MappedRecord::default();
        assert!(user_json(&mapped).is_err());
        mapped.identifiers.insert("email".into(), "a@b.example".into());
        assert!(user_json(&mapped).is_err());
        mapped.attributes.insert("name".into(), "Ann".into());
        assert!(user_json(&mapped).is_ok());
    }
}
