//! Profiles: users merged by identifier, attributes kept, events added.

use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// All profiles of the account.
#[derive(Debug, Default)]
pub(super) struct Profiles {
    all: Vec<Profile>,
    by_identifier: HashMap<String, usize>,
    turn: u64,
    events: usize,
}

#[derive(Debug, Default)]
struct Profile {
    insider_id: String,
    /// Default identifiers under their long names, others under `custom`.
    identifiers: Map<String, Value>,
    attributes: Map<String, Value>,
    events: Vec<Value>,
    upserts: u64,
    turn: u64,
    skip_hook: bool,
    received_at: String,
}

/// Identifiers with their places, the one that counts first in front: uuid, e-mail, phone number, custom ones.
fn identifiers(user: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (name, value) in user.get("identifiers").and_then(Value::as_object).into_iter().flatten() {
        match (name.as_str(), value) {
            ("custom", Value::Object(custom)) => {
                found.extend(custom.iter().map(|(name, value)| (format!("custom.{name}"), value.clone())));
            }
            ("em", value) => found.push(("email".to_owned(), value.clone())),
            ("pn", value) => found.push(("phone_number".to_owned(), value.clone())),
            (name, value) => found.push((name.to_owned(), value.clone())),
        }
    }
    let order = |name: &str| match name {
        "uuid" => 0,
        "email" => 1,
        "phone_number" => 2,
        _ => 3,
    };
    found.sort_by_key(|(name, _)| order(name));
    found
}

impl Profiles {
    /// Takes a user that broke no rule. The first identifier that is known decides which profile it is; an upsert never changes an identifier
    /// that a profile has.
    pub(super) fn take(&mut self, user: &Value, skip_hook: bool) {
        let identifiers = identifiers(user);
        let mut keys: Vec<String> =
            identifiers.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        if let Some(id) = user.get("insider_id").and_then(Value::as_str) {
            keys.insert(0, format!("insider_id:{id}"));
        }
        let known = keys.iter().find_map(|key| self.by_identifier.get(key).copied());
        self.turn += 1;
        let position = known.unwrap_or_else(|| self.add(user));
        let Some(profile) = self.all.get_mut(position) else { return };
        for (name, value) in identifiers {
            let place = match name.strip_prefix("custom.") {
                None => Some((&mut profile.identifiers, name.as_str())),
                Some(custom) => profile
                    .identifiers
                    .entry("custom")
                    .or_insert_with(|| json!({}))
                    .as_object_mut()
                    .map(|object| (object, custom)),
            };
            if let Some((object, key)) = place
                && *object.entry(key).or_insert_with(|| value.clone()) == value
            {
                self.by_identifier.entry(format!("{name}:{value}")).or_insert(position);
            }
        }
        let append = match (user.get("append"), user.get("not_append")) {
            // If both are sent, append counts.
            (Some(append), _) => append.as_bool().unwrap_or(true),
            (None, Some(not_append)) => !not_append.as_bool().unwrap_or(false),
            (None, None) => true,
        };
        if let Some(attributes) = user.get("attributes").and_then(Value::as_object) {
            merge(&mut profile.attributes, attributes, append);
        }
        // Events are never de-duplicated.
        let before = profile.events.len();
        profile.events.extend(user.get("events").and_then(Value::as_array).into_iter().flatten().cloned());
        self.events += profile.events.len() - before;
        profile.turn = self.turn;
        profile.upserts += 1;
        profile.skip_hook = skip_hook;
        profile.received_at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    }

    fn add(&mut self, user: &Value) -> usize {
        let position = self.all.len();
        let insider_id = match user.get("insider_id").and_then(Value::as_str) {
            Some(id) => id.to_owned(),
            None => format!("insider-{:08}", position + 1),
        };
        self.by_identifier.insert(format!("insider_id:{insider_id}"), position);
        self.all.push(Profile { insider_id, ..Profile::default() });
        position
    }

    /// Profiles and events altogether.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.all.len(), self.events)
    }

    /// How many profiles hold the text, and some of them, the latest first.
    pub(super) fn search(&self, wanted: &str, offset: usize, limit: usize) -> (usize, Vec<Value>) {
        let wanted = wanted.trim().to_lowercase();
        let mut found: Vec<&Profile> = self
            .all
            .iter()
            .filter(|profile| {
                wanted.is_empty() || profile.json().to_string().to_lowercase().contains(&wanted)
            })
            .collect();
        found.sort_by_key(|profile| std::cmp::Reverse(profile.turn));
        let total = found.len();
        (total, found.into_iter().skip(offset).take(limit).map(Profile::json).collect())
    }
}

impl Profile {
    fn json(&self) -> Value {
        json!({
            "insider_id": self.insider_id, "identifiers": self.identifiers, "attributes": self.attributes, "events": self.events,
            "upserts": self.upserts, "skip_hook": self.skip_hook, "received_at": self.received_at,
        })
    }
}

fn merge(kept: &mut Map<String, Value>, sent: &Map<String, Value>, append: bool) {
    for (name, value) in sent {
        match (kept.get_mut(name), value) {
            (Some(Value::Object(kept)), Value::Object(sent)) => merge(kept, sent, append),
            (Some(Value::Array(kept)), Value::Array(sent)) if append => {
                let new: Vec<Value> = sent.iter().filter(|item| !kept.contains(item)).cloned().collect();
                kept.extend(new);
            }
            _ => {
                kept.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(users: &[Value]) -> Vec<Value> {
        let mut profiles = Profiles::default();
        for user in users {
            profiles.take(user, false);
        }
        profiles.search("", 0, usize::MAX).1
    }

    #[test]
    fn the_same_person_twice_is_one_profile() {
        let all = taken(&[
            json!({"identifiers":{"email":"a@b.c","uuid":"1"},"attributes":{"name":"A","custom":{"tags":["x"]}}}),
            json!({"identifiers":{"uuid":"1"},"attributes":{"custom":{"tags":["y"]}},"events":[{"event_name":"e"}]}),
            json!({"identifiers":{"uuid":"1"},"not_append":true,"attributes":{"custom":{"tags":["z"]}},"events":[{"event_name":"e"}]}),
        ]);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0]["attributes"], json!({"name":"A","custom":{"tags":["z"]}}));
        assert_eq!(all[0]["events"].as_array().map(Vec::len), Some(2), "events are never de-duplicated");
        assert_eq!(all[0]["upserts"], 3);
    }

    #[test]
    fn arrays_are_appended_unless_the_user_says_otherwise() {
        let tags = |flags: Value| {
            let mut second = json!({"identifiers":{"uuid":"1"},"attributes":{"custom":{"tags":["y"]}}});
            second.as_object_mut().unwrap().extend(flags.as_object().unwrap().clone());
            let first = json!({"identifiers":{"uuid":"1"},"attributes":{"custom":{"tags":["x"]}}});
            taken(&[first, second])[0]["attributes"]["custom"]["tags"].clone()
        };
        assert_eq!(tags(json!({})), json!(["x", "y"]));
        assert_eq!(tags(json!({"not_append":true})), json!(["y"]));
        assert_eq!(tags(json!({"append":false})), json!(["y"]));
        assert_eq!(tags(json!({"append":true,"not_append":true})), json!(["x", "y"]), "append counts");
    }

    #[test]
    fn an_identifier_is_added_but_never_changed() {
        let all = taken(&[
            json!({"identifiers":{"email":"a@b.c","uuid":"1"},"attributes":{"name":"A"}}),
            json!({"identifiers":{"em":"a@b.c","uuid":"2","pn":"+491234567"},"attributes":{"name":"B"}}),
            json!({"identifiers":{"uuid":"2","email":"other@b.c"},"attributes":{"name":"C"}}),
            json!({"identifiers":{"custom":{"card":"7"},"phone_number":"+491234567"},"attributes":{"name":"D"}}),
        ]);
        let identifiers: Vec<Value> = all.iter().map(|profile| profile["identifiers"].clone()).collect();
        assert_eq!(
            identifiers,
            [
                json!({"email":"a@b.c","uuid":"1","phone_number":"+491234567","custom":{"card":"7"}}),
                json!({"uuid":"2","email":"other@b.c"})
            ]
        );
    }

    #[test]
    fn a_profile_is_found_by_its_insider_id() {
        let first = json!({"identifiers":{"uuid":"1"},"attributes":{"name":"A"}});
        let id = taken(std::slice::from_ref(&first))[0]["insider_id"].clone();
        let all = taken(&[first, json!({"insider_id":id,"attributes":{"surname":"B"}})]);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0]["attributes"], json!({"name":"A","surname":"B"}));
    }
}
