//! The user object of a request, made from a mapped record ("Upsert User Data", request body).

use syncline_model::{ErrorCode, MappedRecord, SynclineError, Value, push_json_text};

use crate::events::is_default_parameter;
use crate::schema::{DEFAULT_IDENTIFIERS, is_default};

/// A JSON object whose members keep their digits and their order.
#[derive(Default)]
struct Object(String);

impl Object {
    fn name(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        push_json_text(&mut self.0, name);
        self.0.push(':');
    }
    fn member(&mut self, name: &str, json: &str) {
        self.name(name);
        self.0.push_str(json);
    }
    fn value(&mut self, name: &str, value: &Value) {
        self.name(name);
        value.push_json(&mut self.0);
    }
    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        push_json_text(&mut self.0, text);
    }
    fn end(mut self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        self.0.push('}');
        Some(self.0)
    }
}

/// Members by name, split into those beside and those under `custom`.
fn object_of<'v>(
    values: impl Iterator<Item = (&'v String, &'v Value)>,
    beside: impl Fn(&str) -> bool,
) -> Option<String> {
    let (mut object, mut custom) = (Object::default(), Object::default());
    for (name, value) in values {
        let name = name.strip_prefix("custom.").map_or((name.as_str(), false), |name| (name, true));
        let target = if !name.1 && beside(name.0) { &mut object } else { &mut custom };
        target.value(name.0, value);
    }
    if let Some(custom) = custom.end() {
        object.member("custom", &custom);
    }
    object.end()
}

/// The user object. A user needs an identifier, and an attribute or an event; without them the service refuses it.
pub(crate) fn user_json(mapped: &MappedRecord) -> Result<String, SynclineError> {
    let refuse =
        |message: &str, hint: &str| SynclineError::new(ErrorCode::DefinitionInvalid, message).hint(hint);
    // An identifier that is configured as one must not be sent as an attribute too.
    let attributes = mapped.attributes.iter().filter(|(name, _)| !mapped.identifiers.contains_key(name));
    let identifiers = object_of(mapped.identifiers.iter(), |name| DEFAULT_IDENTIFIERS.contains(&name))
        .ok_or_else(|| refuse("a user without identifier is refused", "map an identifier that is filled"))?;
    let attributes = object_of(attributes, is_default);
    if attributes.is_none() && mapped.events.is_empty() {
        return Err(refuse(
            "a user without attribute or event is refused",
            "map at least one field that is filled, or a fixed value",
        ));
    }
    let mut user = Object::default();
    user.member("identifiers", &identifiers);
    if let Some(attributes) = attributes {
        user.member("attributes", &attributes);
    }
    // Lists replace what is there, so that sending twice changes nothing.
    user.member("not_append", "true");
    if !mapped.events.is_empty() {
        let mut events = Vec::with_capacity(mapped.events.len());
        for event in &mapped.events {
            let mut object = Object::default();
            object.text("event_name", &event.name);
            object.text("timestamp", &event.timestamp);
            if let Some(parameters) = object_of(event.parameters.iter(), is_default_parameter) {
                object.member("event_params", &parameters);
            }
            events.extend(object.end());
        }
        user.member("events", &format!("[{}]", events.join(",")));
    }
    Ok(user.end().unwrap_or_default())
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
