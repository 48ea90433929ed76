//! Lookups through the pairs of other tables: the account of a contact becomes the company that it is paired with.

use std::collections::HashMap;
use syncline_mapping::TwoWayField;
use syncline_model::{SynclineError, Value};
use syncline_store::{LinkPair, LinkSide, Store};
use uuid::Uuid;

use super::pair::Pair;
use super::side::Side;
use crate::progress::blocking;

/// Pairs of the records that a window of rows points at.
#[derive(Debug, Default)]
pub(super) struct Crosswalk {
    known: HashMap<(usize, LinkSide, String), String>,
}

fn id_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Reference(reference) => Some(reference.id.clone()),
        Value::Bool(_)
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::Double(_)
        | Value::Text(_)
        | Value::List(_) => Some(value.display_text()).filter(|text| !text.is_empty()),
    }
}

impl Crosswalk {
    /// Looks up what the fields of these pairs point at.
    pub(super) async fn of(
        store: &Store,
        fields: &[TwoWayField],
        connections: (Uuid, Uuid),
        pairs: &[Pair],
    ) -> Result<Self, SynclineError> {
        let mut wanted = Vec::new();
        for (at, field) in fields.iter().enumerate() {
            let Some(linked) = &field.linked else { continue };
            let tables = LinkPair {
                source: connections.0,
                source_entity: linked.source.clone(),
                destination: connections.1,
                destination_entity: linked.destination.clone(),
            };
            let left = pairs.iter().filter_map(|pair| id_of(&pair.left.as_ref()?.value(&field.left)));
            let right = pairs.iter().filter_map(|pair| id_of(&pair.right.as_ref()?.value(&field.right)));
            for (side, ids) in
                [(LinkSide::Source, left.collect::<Vec<_>>()), (LinkSide::Destination, right.collect())]
            {
                wanted.push((at, side, tables.clone(), ids));
            }
        }
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let store = store.clone();
        blocking(move || {
            let mut known = HashMap::new();
            for (at, side, tables, mut ids) in wanted {
                ids.sort();
                ids.dedup();
                let asked: Vec<&str> = ids.iter().map(String::as_str).collect();
                for (id, link) in ids.iter().zip(store.links_of(&tables, side, &asked)?) {
                    let Some(link) = link else { continue };
                    let other = match side {
                        LinkSide::Source => link.right,
                        LinkSide::Destination => link.left,
                    };
                    known.insert((at, side, id.clone()), other);
                }
            }
            Ok(Self { known })
        })
        .await
    }

    /// The value of one side in the other side's form; `None`: the record is not paired.
    pub(super) fn across(
        &self,
        at: usize,
        field: &TwoWayField,
        from: LinkSide,
        value: &Value,
        other: &Side,
    ) -> Option<Value> {
        let linked = field.linked.as_ref()?;
        let Some(id) = id_of(value) else { return Some(Value::Null) };
        let (own, there, column) = match from {
            LinkSide::Source => (&linked.source, &linked.destination, &field.right),
            LinkSide::Destination => (&linked.destination, &linked.source, &field.left),
        };
        if let Value::Reference(reference) = value
            && reference.entity != *own
        {
            return None;
        }
        let found = self.known.get(&(at, from, id))?;
        Some(other.id_value(column, there, found))
    }
}
