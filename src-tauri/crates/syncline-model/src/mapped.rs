//! What mapping makes of a record, and what a plan says of a row.

use crate::{Value, ValueMap, push_json_text};
use serde::{Deserialize, Serialize};

/// A record as it would look in the destination, before the destination's own wire shape.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MappedRecord {
    /// Identifiers that survived their checks, by target name.
    #[cfg_attr(feature = "ts", ts(as = "std::collections::BTreeMap<String, Value>"))]
    pub identifiers: ValueMap,
    /// Attributes by target name; null is present only where null is to be sent.
    #[cfg_attr(feature = "ts", ts(as = "std::collections::BTreeMap<String, Value>"))]
    pub attributes: ValueMap,
    /// Events to send with the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<MappedEvent>,
}

impl MappedRecord {
    /// Writes the record as JSON behind a text, as serializing it would.
    pub fn push_json(&self, out: &mut String) {
        self.push_values(out);
        for (at, event) in self.events.iter().enumerate() {
            out.push_str(if at == 0 { ",\"events\":[" } else { "," });
            event.push_json(out);
        }
        out.push_str(if self.events.is_empty() { "}" } else { "]}" });
    }

    /// The beginning of the JSON: identifiers and attributes.
    fn push_values(&self, out: &mut String) {
        out.push_str("{\"identifiers\":");
        self.identifiers.push_json(out);
        out.push_str(",\"attributes\":");
        self.attributes.push_json(out);
    }

    /// True where the JSON of a mapped record has the same identifiers and attributes to the letter, whatever its events. `room` is written
    /// over. False says nothing: the same may be written otherwise.
    pub fn has_values_of(&self, json: &[u8], room: &mut String) -> bool {
        room.clear();
        self.push_values(room);
        json.strip_prefix(room.as_bytes())
            .is_some_and(|rest| rest == b"}" || rest.starts_with(b",\"events\":["))
    }
}

impl MappedEvent {
    fn push_json(&self, out: &mut String) {
        out.push_str("{\"name\":");
        push_json_text(out, &self.name);
        out.push_str(",\"timestamp\":");
        push_json_text(out, &self.timestamp);
        out.push_str(",\"parameters\":");
        self.parameters.push_json(out);
        out.push('}');
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct MappedEvent {
    /// Its name.
    pub name: String,
    /// RFC 3339; empty when the time of processing is to be used.
    pub timestamp: String,
    /// Parameters by name.
    #[cfg_attr(feature = "ts", ts(as = "std::collections::BTreeMap<String, Value>"))]
    pub parameters: ValueMap,
}

/// Something worth telling about a row. The code groups rows by cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RowIssue {
    /// Stable code such as `email_malformed`.
    pub code: String,
    /// Target or source field it concerns.
    pub field: String,
    /// A sentence for people, with the value.
    pub message: String,
}

/// What the plan does with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Not there yet: make it.
    Create,
    /// There, but different: change it.
    Update,
    /// There, and to go: delete it.
    Delete,
    /// There, and the same: leave it.
    Unchanged,
    /// Left out by a rule, with the reason.
    Skip,
    /// Would be refused; not sent.
    Invalid,
}

impl Action {
    /// As written in JSON and the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Unchanged => "unchanged",
            Self::Skip => "skip",
            Self::Invalid => "invalid",
        }
    }
    /// Reads what [`Action::as_str`] wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete, Self::Unchanged, Self::Skip, Self::Invalid]
            .into_iter()
            .find(|a| a.as_str() == text)
    }
    /// True when a run sends something for it.
    pub fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Delete)
    }
}

/// Old against new for one field. `from` is absent where the destination holds nothing or can't be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct FieldChange {
    /// Target field.
    pub field: String,
    /// What is there.
    pub from: Value,
    /// What would be there.
    pub to: Value,
}

/// How one target value came to be: from the raw value through each step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Explanation {
    /// Target field.
    pub field: String,
    /// Where in the definition, such as `fields[2]`.
    pub path: String,
    /// The steps, first to last.
    pub steps: Vec<Step>,
}

/// One step of an explanation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Step {
    /// `raw`, `label`, `invert`, `phone`, `fixed`, `rule` and so on.
    pub rule: String,
    /// A sentence for people.
    pub text: String,
    /// The value after this step; absent when the step dropped it.
    pub value: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Integer),
            any::<f64>().prop_map(Value::Double),
            (any::<i64>(), 0u32..20)
                .prop_map(|(digits, scale)| Value::Decimal(rust_decimal::Decimal::new(digits, scale))),
            ".*".prop_map(Value::Text),
            prop::collection::vec(".{0,5}".prop_map(Value::Text), 0..3).prop_map(Value::List),
        ]
    }

    fn values() -> impl Strategy<Value = ValueMap> {
        prop::collection::btree_map(".{0,9}", value(), 0..5).prop_map(ValueMap::from)
    }

    proptest! {
        #[test]
        fn written_as_it_would_be_serialized(
            identifiers in values(),
            attributes in values(),
            events in prop::collection::vec((".{0,9}", ".{0,9}", values()), 0..3),
        ) {
            let events =
                events.into_iter().map(|(name, timestamp, parameters)| MappedEvent { name, timestamp, parameters });
            let record = MappedRecord { identifiers, attributes, events: events.collect() };
            let mut text = String::new();
            record.push_json(&mut text);
            prop_assert_eq!(text, serde_json::to_string(&record).unwrap());
        }
    }
}
