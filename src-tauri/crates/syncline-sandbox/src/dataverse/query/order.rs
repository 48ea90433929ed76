//! Sorting: twelve bytes a row while sorting, four bytes afterwards, remembered for the pages that follow.
use super::eval::{Slots, holds, read};
use super::{Expr, Path};
use crate::data::fold::folded;
use crate::data::{Table, Value};
use crate::dataverse::store::{Row, Store};
use std::cmp::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// A column to sort by; true is descending.
pub(crate) type Order = (Path, bool);

/// Which query, how many writes it has seen, the rows in order.
type Kept = (String, u64, Arc<Vec<u32>>);

/// The last few orders.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    kept: Mutex<Vec<Kept>>,
}

const KEPT: usize = 4;

impl Orders {
    /// Positions of the rows that satisfy the filter, sorted. `name` says which query this is.
    pub(crate) fn sorted(
        &self,
        store: &Store,
        table: Table,
        filter: Option<&Expr>,
        order: &[Order],
        name: &str,
    ) -> Arc<Vec<u32>> {
        let writes = store.tables.iter().map(|t| t.writes).sum();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, _, found)) = kept.iter().find(|k| k.0 == name && k.1 == writes) {
            return found.clone();
        }
        let rows = Arc::new(sort(store, table, filter, order));
        kept.retain(|k| k.0 != name);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((name.to_owned(), writes, rows.clone()));
        rows
    }
}

fn sort(store: &Store, table: Table, filter: Option<&Expr>, order: &[Order]) -> Vec<u32> {
    let descending = order.first().is_some_and(|o| o.1);
    let mut slots: Slots = vec![None];
    let mut rows: Vec<(u64, u32)> = Vec::new();
    for position in store.table(table).positions(0) {
        slots[0] = Some((table, position));
        if filter.is_none_or(|f| holds(store, &mut slots, f)) {
            let key = order.first().map_or(0, |o| prefix(&read(store, &slots, &o.0)));
            rows.push((if descending { !key } else { key }, position));
        }
    }
    rows.sort_unstable_by(|a, b| {
        a.0.cmp(&b.0)
            .then_with(|| compare(store, &[Some((table, a.1))], &[Some((table, b.1))], order))
            .then(a.1.cmp(&b.1))
    });
    rows.into_iter().map(|r| r.1).collect()
}

/// Order of two joined rows.
pub(crate) fn compare(store: &Store, a: &[Option<Row>], b: &[Option<Row>], order: &[Order]) -> Ordering {
    for (path, descending) in order {
        let found = read(store, a, path).compare(&read(store, b, path)).unwrap_or(Ordering::Equal);
        let found = if *descending { found.reverse() } else { found };
        if found.is_ne() {
            return found;
        }
    }
    Ordering::Equal
}

/// A word that never contradicts the value's order.
fn prefix(value: &Value) -> u64 {
    match value {
        Value::Null => 0,
        Value::Bool(b) => 1 + u64::from(*b),
        Value::Int(n) | Value::Time(n) => (*n as u64) ^ (1 << 63),
        Value::Date(n) => (i64::from(*n) as u64) ^ (1 << 63),
        Value::Text(text) => {
            let mut bytes = [0; 8];
            let mut at = 0;
            'all: for c in folded(text).take(8) {
                let mut buffer = [0; 4];
                for byte in c.encode_utf8(&mut buffer).bytes() {
                    if at == 8 {
                        break 'all;
                    }
                    bytes[at] = byte;
                    at += 1;
                }
            }
            u64::from_be_bytes(bytes)
        }
        Value::Id(id) | Value::Ref(_, id) => id.as_u64_pair().0,
        // Decimals and doubles: by the double, coarsely, so that rounding cannot contradict.
        Value::Decimal(_) | Value::Double(_) => {
            let bits = value.number().unwrap_or_default() as f32;
            let bits = bits.to_bits();
            u64::from(if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }) >> 1
        }
        Value::Choices(_) => 1,
    }
}
