//! Profiles: users merged by identifier, attributes kept, events added.

use serde_json::{Map, Value, json};
use std::collections::HashMap;

#[derive(Debug, Default)]
pub(super) struct Profiles {
    all: Vec<Profile>,
    by_identifier: HashMap<String, usize>,
    turn: u64,
}

#[derive(Debug, Default)]
struct Profile {
    identifiers: Map<String, Value>,
    attributes: Map<String, Value>,
    events: Vec<Value>,
    upserts: u64,
    turn: u64,
    skip_hook: bool,
}

/// Identifiers as texts: `email:a@b.example`, `custom.loyalty:1`.
fn keys(user: &Value) -> Vec<String> {
    let mut keys = Vec::new();
    for (name, value) in user.get("identifiers").and_then(Value::as_object).into_iter().flatten() {
        match value {
            Value::Object(custom) => {
                keys.extend(custom.iter().map(|(name, value)| format!("custom.{name}:{value}")))
            }
            value => keys.push(format!("{name}:{value}")),
        }
    }
    if let Some(id) = user.get("insider_id") {
        keys.push(format!("insider_id:{id}"));
    }
    keys
}

impl Profiles {
    /// Takes a user that broke no rule.
    pub(super) fn take(&mut self, user: &Value, skip_hook: bool) {
        let keys = keys(user);
        let known = keys.iter().find_map(|key| self.by_identifier.get(key).copied());
        let position = known.unwrap_or_else(|| {
            self.all.push(Profile::default());
            self.all.len() - 1
        });
        for key in keys {
            self.by_identifier.entry(key).or_insert(position);
        }
        self.turn += 1;
        let turn = self.turn;
        let Some(profile) = self.all.get_mut(position) else { return };
        profile.turn = turn;
        profile.upserts += 1;
        profile.skip_hook = skip_hook;
        for (name, value) in user.get("identifiers").and_then(Value::as_object).into_iter().flatten() {
            // An upsert does not change an identifier that is there.
            profile.identifiers.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let append = match (user.get("append"), user.get("not_append")) {
            (Some(append), _) => append.as_bool().unwrap_or(true),
            (None, Some(not_append)) => !not_append.as_bool().unwrap_or(false),
            (None, None) => true,
        };
        if let Some(attributes) = user.get("attributes").and_then(Value::as_object) {
            merge(&mut profile.attributes, attributes, append);
        }
        // Events are never de-duplicated.
        profile.events.extend(user.get("events").and_then(Value::as_array).into_iter().flatten().cloned());
    }

    /// All profiles as JSON.
    pub(super) fn newest_first(&self) -> Vec<Value> {
        let mut sorted: Vec<&Profile> = self.all.iter().collect();
        sorted.sort_by_key(|profile| std::cmp::Reverse(profile.turn));
        sorted
            .into_iter()
            .map(|profile| {
                json!({
                    "identifiers": profile.identifiers, "attributes": profile.attributes, "events": profile.events,
                    "upserts": profile.upserts, "skip_hook": profile.skip_hook,
                })
            })
            .collect()
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

    #[test]
    fn the_same_person_twice_is_one_profile() {
        let mut profiles = Profiles::default();
        profiles.take(&json!({"identifiers":{"email":"a@b.c","uuid":"1"},"attributes":{"name":"A","custom":{"tags":["x"]}}}), false);
        profiles.take(&json!({"identifiers":{"uuid":"1"},"attributes":{"custom":{"tags":["y"]}},"events":[{"event_name":"e"}]}), true);
        profiles.take(&json!({"identifiers":{"uuid":"1"},"not_append":true,"attributes":{"custom":{"tags":["z"]}},"events":[{"event_name":"e"}]}), true);
        let all = profiles.newest_first();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0]["attributes"], json!({"name":"A","custom":{"tags":["z"]}}));
        assert_eq!(all[0]["events"].as_array().map(Vec::len), Some(2), "events are never de-duplicated");
        assert_eq!(all[0]["upserts"], 3);
    }
}
