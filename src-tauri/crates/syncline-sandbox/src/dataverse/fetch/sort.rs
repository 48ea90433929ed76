//! Orders: choices by their label, lookups by the name of the row they point at.
use super::parse::Fetch;
use crate::data::{Kind, Value};
use crate::dataverse::json;
use crate::dataverse::query::Path;
use crate::dataverse::query::eval::{Slots, read};
use crate::dataverse::store::Store;
use std::cmp::Ordering;

/// True when a column is not ordered by what it holds.
pub(super) fn by_name(store: &Store, fetch: &Fetch, path: &Path) -> bool {
    match store.schema.entity(path.table).columns[path.column].kind {
        Kind::Choice { .. } | Kind::Choices { .. } | Kind::State { .. } | Kind::Status { .. } => {
            !fetch.raw_order
        }
        Kind::Lookup { .. } => true,
        _ => false,
    }
}

fn key(store: &Store, fetch: &Fetch, slots: &Slots, path: &Path) -> Value {
    let value = read(store, slots, path);
    if value.is_null() || !by_name(store, fetch, path) {
        return value;
    }
    let column = &store.schema.entity(path.table).columns[path.column];
    match &value {
        Value::Ref(table, id) => store.name_of(*table, *id).into(),
        other => json::formatted(column, other).into(),
    }
}

/// Sorts joined rows; equal ones stay as they are.
pub(super) fn sort(store: &Store, fetch: &Fetch, rows: &mut [Slots]) {
    rows.sort_by_cached_key(|slots| {
        Keys(fetch.order.iter().map(|(path, down)| (key(store, fetch, slots, path), *down)).collect())
    });
}

/// What a row is sorted by; true is descending.
struct Keys(Vec<(Value, bool)>);

impl Ord for Keys {
    fn cmp(&self, other: &Self) -> Ordering {
        let pairs = self.0.iter().zip(&other.0);
        pairs
            .map(|((a, down), (b, _))| {
                let order = a.compare(b).unwrap_or(Ordering::Equal);
                if *down { order.reverse() } else { order }
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}
impl PartialOrd for Keys {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Keys {}
