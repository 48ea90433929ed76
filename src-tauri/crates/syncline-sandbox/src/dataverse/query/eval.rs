//! Whether a row satisfies a condition.
use super::{Comparison, Expr, Path, Relation, Test, dates, text};
use crate::data::{Table, Value};
use crate::dataverse::store::{Row, Store};
use uuid::Uuid;

/// The joined rows a condition looks at; `None` is a missing row of an outer join.
pub(crate) type Slots = Vec<Option<Row>>;

/// The value at the end of a path.
pub(crate) fn read(store: &Store, slots: &[Option<Row>], path: &Path) -> Value {
    let mut row = slots.get(path.slot).copied().flatten();
    for hop in &path.hops {
        row = row.and_then(|row| match store.value(row, *hop) {
            Value::Ref(table, id) => store.find(table, id),
            _ => None,
        });
    }
    match row {
        Some(row) if row.0 == path.table => store.value(row, path.column),
        _ => Value::Null,
    }
}

/// True when the condition holds.
pub(crate) fn holds(store: &Store, slots: &mut Slots, expr: &Expr) -> bool {
    match expr {
        Expr::And(all) => all.iter().all(|e| holds(store, slots, e)),
        Expr::Or(any) => any.is_empty() || any.iter().any(|e| holds(store, slots, e)),
        Expr::Not(inner) => !holds(store, slots, inner),
        Expr::Test(path, wanted) => test(store, &read(store, slots, path), wanted, path.table),
        Expr::Columns(left, comparison, right) => {
            let (left, right) = (read(store, slots, left), read(store, slots, right));
            if left.is_null() || right.is_null() {
                return false;
            }
            left.compare(&right).is_some_and(|order| comparison.holds(order))
        }
        Expr::Related { slot, relation, inner, all } => {
            let Some(row) = slots.get(*slot).copied().flatten() else { return *all };
            for related in related(store, row, relation) {
                slots.push(Some(related));
                let holds = holds(store, slots, inner);
                slots.pop();
                if holds != *all {
                    return holds;
                }
            }
            *all
        }
    }
}

/// Related rows.
pub(crate) fn related(store: &Store, row: Row, relation: &Relation) -> Vec<Row> {
    let here = Value::Id(store.id(row));
    match relation {
        Relation::Many { table, column } => store.find_by(*table, *column, &here),
        Relation::Equal { near, table, column } => match store.value(row, *near) {
            Value::Null => Vec::new(),
            value => store.find_by(*table, *column, &value),
        },
        Relation::ManyToMany { intersect, near, far, table } => store
            .find_by(*intersect, *near, &here)
            .into_iter()
            .filter_map(|link| match store.value(link, *far) {
                Value::Ref(target, id) if target == *table => store.find(target, id),
                _ => None,
            })
            .collect(),
    }
}

fn test(store: &Store, value: &Value, wanted: &Test, table: Table) -> bool {
    match wanted {
        Test::Null => value.is_null(),
        Test::Is(comparison, other) => {
            if value.is_null() {
                return match comparison {
                    Comparison::Eq => other.is_null(),
                    Comparison::Ne => !other.is_null(),
                    _ => false,
                };
            }
            if other.is_null() {
                return *comparison == Comparison::Ne;
            }
            match value.compare(other) {
                Some(order) => comparison.holds(order),
                None => *comparison == Comparison::Ne,
            }
        }
        Test::In(all) => all.iter().any(|one| value.same(one)),
        Test::Within(from, to) => {
            let at = match value {
                Value::Time(at) => *at,
                Value::Date(day) => i64::from(*day) * 86_400,
                _ => return false,
            };
            from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to)
        }
        Test::Between(low, high) => {
            !value.is_null()
                && value.compare(low).is_some_and(|o| o.is_ge())
                && value.compare(high).is_some_and(|o| o.is_le())
        }
        Test::Like(pattern) => value.text().is_some_and(|t| text::like(t, pattern)),
        Test::HasAny(wanted) => match value {
            Value::Choices(all) => all.iter().any(|one| wanted.contains(one)),
            _ => false,
        },
        Test::PeriodOfYear(period) => match value {
            Value::Time(at) => dates::period(at.div_euclid(86_400)) == *period,
            Value::Date(day) => dates::period(i64::from(*day)) == *period,
            _ => false,
        },
        Test::Above { id, or_equal } => value.id().is_some_and(|end| {
            let of = match value {
                Value::Ref(of, _) => *of,
                _ => table,
            };
            (*or_equal && end == *id) || ancestors(store, of, *id).contains(&end)
        }),
        Test::Under { id, or_equal } => value.id().is_some_and(|start| {
            let of = match value {
                Value::Ref(of, _) => *of,
                _ => table,
            };
            (*or_equal && start == *id) || ancestors(store, of, start).contains(id)
        }),
    }
}

/// The lookup that leads up in the hierarchy of a table.
pub(crate) fn parent_column(table: Table) -> Option<&'static str> {
    match table {
        Table::Account => Some("parentaccountid"),
        Table::BusinessUnit => Some("parentbusinessunitid"),
        Table::SystemUser => Some("parentsystemuserid"),
        _ => None,
    }
}

/// Ancestors of a row of a hierarchical table, nearest first.
pub(crate) fn ancestors(store: &Store, table: Table, id: Uuid) -> Vec<Uuid> {
    let Some(column) = parent_column(table) else { return Vec::new() };
    let mut out = Vec::new();
    let mut here = id;
    while out.len() < 100 {
        let Some(row) = store.find(table, here) else { break };
        match store.named(row, column).id() {
            Some(up) if !out.contains(&up) => out.push(up),
            _ => break,
        }
        here = out[out.len() - 1];
    }
    out
}
