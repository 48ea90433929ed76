//! The joined rows of a query, one root row at a time.
use super::parse::Fetch;
use crate::dataverse::query::Expr;
use crate::dataverse::query::eval::{Slots, holds};
use crate::dataverse::store::{Row, Store};

/// All joined rows that start from a root row and satisfy every condition.
pub(super) fn joined(store: &Store, fetch: &Fetch, root: Row, out: &mut Vec<Slots>) {
    let mut slots: Slots = vec![None; fetch.nodes.len()];
    slots[0] = Some(root);
    let filter = &fetch.nodes[0].filter;
    let early = filter.iter().all(only_root);
    if early && !filter.iter().all(|f| holds(store, &mut slots, f)) {
        return;
    }
    let from = out.len();
    bind(store, fetch, 1, &mut slots, out);
    if !early {
        let mut at = from;
        while at < out.len() {
            if filter.iter().all(|f| holds(store, &mut out[at], f)) {
                at += 1;
            } else {
                out.remove(at);
            }
        }
    }
}

fn bind(store: &Store, fetch: &Fetch, slot: usize, slots: &mut Slots, out: &mut Vec<Slots>) {
    let Some(node) = fetch.nodes.get(slot) else {
        out.push(slots.clone());
        return;
    };
    let Some(join) = &node.join else { return };
    let mut any = false;
    if let Some(parent) = slots[join.parent] {
        let value = store.value(parent, join.near);
        if !value.is_null() {
            for row in store.find_by(node.table, join.column, &value) {
                slots[slot] = Some(row);
                if node.filter.iter().all(|f| holds(store, slots, f)) {
                    any = true;
                    bind(store, fetch, slot + 1, slots, out);
                    if join.first {
                        break;
                    }
                }
            }
        }
    }
    slots[slot] = None;
    if !any && join.outer {
        bind(store, fetch, slot + 1, slots, out);
    }
}

/// True when a condition looks at the root row alone.
pub(super) fn only_root(expr: &Expr) -> bool {
    match expr {
        Expr::And(all) | Expr::Or(all) => all.iter().all(only_root),
        Expr::Not(inner) => only_root(inner),
        Expr::Test(path, _) => path.slot == 0,
        Expr::Columns(a, _, b) => a.slot == 0 && b.slot == 0,
        Expr::Related { .. } => false,
    }
}
