//! In which order rows of one table go that point at one another: a new row after the new rows it points at, a row that is deleted after those that point at it. Where that
//! goes in a circle one row of it is written in two steps. Held in memory are ids alone, as hashes, and only for tables that point at themselves.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use syncline_connect::ProbedRow;
use syncline_mapping::Find;
use syncline_model::{Action, EntityName, EntitySchema, Value};
use syncline_store::RowDraft;

use crate::late::LateFind;
use crate::order_depths::{Edge, depths};

/// A row that points, or pointed, at another row of the table.
#[derive(Debug, Clone, Copy)]
struct Point {
    row: u32,
    /// Place of the column.
    column: u16,
    /// Hash of the other row's id.
    other: u64,
    /// It does so before the write, not after it.
    until: bool,
    /// The other row is found by a key when this one is due, so that it must be there by then.
    late: bool,
}

/// What is learnt of the rows while they are planned.
pub(crate) struct Order {
    entity: EntityName,
    key: String,
    /// Columns that may point at rows of their own table.
    columns: Vec<String>,
    /// Rows that are made, by their ids.
    made: Vec<(u64, u32)>,
    /// Rows that are deleted, by their ids.
    gone: Vec<(u64, u32)>,
    points: Vec<Point>,
    /// Columns by which lookups find rows of the table.
    finds: Vec<String>,
}

/// The order that was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Turns {
    /// Rows and their turns; those of turn 0 are left out.
    pub(crate) turns: Vec<(u32, u32)>,
    /// Rows that go in two steps: a row that is made gets these columns afterwards, one that is deleted loses them before.
    pub(crate) cut: BTreeMap<u32, Vec<String>>,
    /// The last turn.
    pub(crate) last: u32,
    /// Lookups that are found when their rows are due, by the turn in which these go.
    pub(crate) late: BTreeMap<u32, u64>,
}

fn hashed(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.trim_matches(['{', '}']).to_lowercase().hash(&mut hasher);
    hasher.finish()
}

/// What a row is found by. The service finds texts without regard to case.
fn hashed_text(column: &str, text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (column, text.trim().to_lowercase()).hash(&mut hasher);
    hasher.finish()
}

impl Order {
    /// For rows of a table.
    pub(crate) fn of(schema: &EntitySchema) -> Self {
        let entity = schema.summary.logical_name.clone();
        let own = schema.columns.iter().filter(|column| column.targets.contains(&entity));
        Self {
            columns: own.map(|column| column.logical_name.to_string()).collect(),
            key: schema.summary.primary_id.to_string(),
            entity,
            made: Vec::new(),
            gone: Vec::new(),
            points: Vec::new(),
            finds: Vec::new(),
        }
    }

    /// The same where lookups find rows of the table by some of its columns.
    pub(crate) fn finding<'f>(mut self, finds: impl Iterator<Item = (&'f str, &'f Find)>) -> Self {
        let own =
            finds.filter(|(_, find)| find.entity == self.entity).map(|(_, find)| find.column.to_string());
        self.finds = own.collect();
        self.finds.sort_unstable();
        self.finds.dedup();
        self
    }

    /// The row of this table that a value points at.
    fn other(&self, value: &Value) -> Option<u64> {
        match value {
            Value::Null | Value::List(_) => None,
            Value::Reference(reference) => (reference.entity == self.entity).then(|| hashed(&reference.id)),
            Value::Bool(_) | Value::Integer(_) | Value::Decimal(_) | Value::Double(_) | Value::Text(_) => {
                Some(hashed(&value.display_text()))
            }
        }
    }

    /// Looks at a row that was planned. `late`: what of it leads to rows that are not there yet.
    pub(crate) fn note(&mut self, row: &RowDraft<'_>, late: &[LateFind]) {
        if self.columns.is_empty() || !row.action.writes() {
            return;
        }
        // What is found by a key is no id.
        let to_id =
            |field: &str, to| if late.iter().any(|find| find.field == field) { &Value::Null } else { to };
        match row.changes {
            Some(changes) => {
                for change in changes {
                    self.note_change(row, &change.field, &change.from, to_id(&change.field, &change.to));
                }
            }
            None => {
                for (field, to) in row.mapped.attributes.iter() {
                    self.note_change(row, field, &Value::Null, to_id(field, to));
                }
            }
        }
        for find in late {
            let other = hashed_text(find.column.as_str(), &find.text);
            let Some(column) = self.place(&find.field) else { continue };
            self.points.push(Point { row: row.ordinal, column, other, until: false, late: true });
        }
        match row.action {
            Action::Create => {
                let values = [&row.mapped.identifiers, &row.mapped.attributes];
                let id = values.iter().find_map(|values| values.get(&self.key)).filter(|id| !id.is_null());
                self.made.extend(id.map(|id| (hashed(&id.display_text()), row.ordinal)));
                for column in &self.finds {
                    let value =
                        values.iter().find_map(|values| values.get(column)).filter(|value| !value.is_null());
                    self.made
                        .extend(value.map(|value| (hashed_text(column, &value.display_text()), row.ordinal)));
                }
            }
            Action::Delete => {
                let held: Option<ProbedRow> = row.existing.and_then(|json| serde_json::from_str(json).ok());
                self.gone.extend(held.map(|held| (hashed(held.id.as_str()), row.ordinal)));
            }
            Action::Update | Action::Unchanged | Action::Skip | Action::Invalid => {}
        }
    }

    /// Place of a column that may point at rows of its own table.
    fn place(&self, field: &str) -> Option<u16> {
        self.columns.iter().position(|name| name == field).and_then(|place| u16::try_from(place).ok())
    }

    fn note_change(&mut self, row: &RowDraft<'_>, field: &str, from: &Value, to: &Value) {
        let Some(column) = self.place(field) else { return };
        let (to, from) = (self.other(to), self.other(from));
        let mut point = |other: Option<u64>, until| {
            let point = |other| Point { row: row.ordinal, column, other, until, late: false };
            self.points.extend(other.map(point));
        };
        point(to.filter(|_| row.action != Action::Delete), false);
        point(from.filter(|_| row.action != Action::Create), true);
    }

    /// Rows that point at a row which nobody makes: they are no rows of the order any more, nor are those that point at them so.
    pub(crate) fn unresolved(&mut self) -> Vec<u32> {
        let mut gone: BTreeSet<u32> = BTreeSet::new();
        let mut late: Vec<(u32, u64)> =
            self.points.iter().filter(|point| point.late).map(|point| (point.row, point.other)).collect();
        while !late.is_empty() {
            let left = self.made.iter().filter(|(_, row)| !gone.contains(row));
            let made: HashSet<u64> = left.map(|(id, _)| *id).collect();
            let before = gone.len();
            late.retain(|(row, other)| {
                let there = made.contains(other);
                if !there {
                    gone.insert(*row);
                }
                there
            });
            if gone.len() == before {
                break;
            }
        }
        self.made.retain(|(_, row)| !gone.contains(row));
        self.points.retain(|point| !gone.contains(&point.row));
        gone.into_iter().collect()
    }

    /// The order. `itself`: a row can be made that points at itself; `may_cut`: a column can be empty for a moment.
    pub(crate) fn turns(mut self, itself: bool, may_cut: impl Fn(&str, Action) -> bool) -> Turns {
        let mut turns = Turns::default();
        self.made.sort_unstable();
        self.gone.sort_unstable();
        let may = |column: u16, action| {
            self.columns.get(usize::from(column)).is_some_and(|name| may_cut(name, action))
        };
        let mut cut: Vec<(u32, u16)> = Vec::new();
        let mut edges = Vec::new();
        for Point { row, column, other, until, late } in &self.points {
            let rows = if *until { &self.gone } else { &self.made };
            let at = rows.partition_point(|(id, _)| id < other);
            let Some((_, other)) = rows.get(at).filter(|(id, _)| id == other) else { continue };
            match (*other == *row, *until) {
                (true, false) if (*late || !itself) && may(*column, Action::Create) => {
                    cut.push((*row, *column))
                }
                (true, _) => {}
                (false, false) => {
                    edges.push(Edge { after: *row, before: *other, points: *row, column: *column });
                }
                (false, true) => {
                    edges.push(Edge { after: *other, before: *row, points: *row, column: *column });
                }
            }
        }
        drop((std::mem::take(&mut self.made), std::mem::take(&mut self.gone)));
        edges.sort_unstable();
        let (depths, closing) = depths(&edges);
        for edge in closing {
            let action = if edge.points == edge.after { Action::Create } else { Action::Delete };
            if may(edge.column, action) {
                cut.push((edge.points, edge.column));
            }
        }
        cut.sort_unstable();
        cut.dedup();
        let last = depths.values().max().copied().unwrap_or(0);
        for Point { row, column, .. } in self.points.iter().filter(|point| point.late) {
            // What is cut follows in a turn of its own.
            let apart = cut.binary_search(&(*row, *column)).is_ok();
            let turn = if apart { last + 1 } else { depths.get(row).copied().unwrap_or(0) };
            *turns.late.entry(turn).or_default() += 1;
        }
        for (row, column) in cut {
            let names = turns.cut.entry(row).or_default();
            names.extend(self.columns.get(usize::from(column)).cloned());
        }
        turns.turns = depths.into_iter().filter(|(_, depth)| *depth > 0).collect();
        turns.turns.sort_unstable();
        turns.last = last;
        turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn order(made: &[u32], gone: &[u32], points: &[(u32, u32, bool)]) -> Order {
        let id = |row: u32| hashed(&row.to_string());
        Order {
            entity: "account".into(),
            key: "accountid".to_owned(),
            columns: vec!["parentaccountid".to_owned()],
            made: made.iter().map(|row| (id(*row), *row)).collect(),
            gone: gone.iter().map(|row| (id(*row), *row)).collect(),
            points: points
                .iter()
                .map(|(row, other, until)| Point {
                    row: *row,
                    column: 0,
                    other: id(*other),
                    until: *until,
                    late: false,
                })
                .collect(),
            finds: Vec::new(),
        }
    }

    fn by_key(made: &[u32], points: &[(u32, u32)]) -> Order {
        let points: Vec<_> = points.iter().map(|(row, other)| (*row, *other, false)).collect();
        let mut order = order(made, &[], &points);
        order.points.iter_mut().for_each(|point| point.late = true);
        order
    }

    fn parent() -> Vec<String> {
        vec!["parentaccountid".to_owned()]
    }

    #[test]
    fn parents_first_circles_and_rows_that_are_their_own_parent() {
        // 0 is under 1, 1 under 2, 3 under a row that is there already.
        let found = order(&[0, 1, 2, 3], &[], &[(0, 1, false), (1, 2, false), (3, 99, false)])
            .turns(false, |_, _| true);
        assert_eq!(found, Turns { turns: vec![(0, 2), (1, 1)], last: 2, ..Turns::default() });

        let circle = || order(&[0, 1], &[], &[(0, 1, false), (1, 0, false)]);
        let found = circle().turns(false, |_, _| true);
        assert_eq!((found.turns, found.cut), (vec![(0, 1)], BTreeMap::from([(1, parent())])));
        assert_eq!(circle().turns(false, |_, _| false).cut, BTreeMap::new(), "a column that can't be empty");

        let own = || order(&[0], &[], &[(0, 0, false)]);
        assert_eq!(own().turns(false, |_, _| true).cut, BTreeMap::from([(0, parent())]));
        assert_eq!(own().turns(true, |_, _| true), Turns::default());
    }

    #[test]
    fn who_points_at_a_row_that_nobody_makes_is_left_out_and_so_is_who_points_at_it() {
        // 0 leads to 1, 1 to nobody, 2 to 3.
        let mut order = by_key(&[0, 1, 2, 3], &[(0, 1), (1, 99), (2, 3)]);
        assert_eq!(order.unresolved(), [0, 1]);
        let found = order.turns(false, |_, _| true);
        let late = BTreeMap::from([(1, 1)]);
        assert_eq!(found, Turns { turns: vec![(2, 1)], last: 1, late, ..Turns::default() });
    }

    #[test]
    fn circles_of_rows_that_are_found_by_a_key_are_cut_and_so_is_who_finds_itself() {
        // 0 and 1 in a circle, 2 below it, 3 its own parent: found by a key it must be there first, whatever the destination takes.
        let mut order = by_key(&[0, 1, 2, 3], &[(0, 1), (1, 0), (2, 1), (3, 3)]);
        assert_eq!(order.unresolved(), Vec::<u32>::new());
        let found = order.turns(true, |_, _| true);
        assert_eq!(found.turns, [(0, 1), (2, 1)]);
        assert_eq!(found.cut, BTreeMap::from([(1, parent()), (3, parent())]));
        assert_eq!(
            found.late,
            BTreeMap::from([(1, 2), (2, 2)]),
            "the second steps look in a turn of their own"
        );
    }

    #[test]
    fn what_is_deleted_goes_after_what_points_at_it() {
        let found = order(&[], &[0, 1], &[(1, 0, true), (5, 0, true)]).turns(false, |_, _| true);
        assert_eq!(found, Turns { turns: vec![(0, 1)], last: 1, ..Turns::default() });
        let found = order(&[], &[0, 1], &[(1, 0, true), (0, 1, true)]).turns(false, |_, _| true);
        assert_eq!(found.cut.len(), 1);
        assert_eq!(found.turns, [(0, 2), (1, 1)], "neither goes before the step that lets it go");
    }

    proptest! {
        #[test]
        fn every_row_waits_for_what_it_points_at_or_goes_in_two_steps(
            parents in prop::collection::vec(0u32..40, 1..40), deleted in any::<bool>()
        ) {
            let rows: Vec<u32> = (0..parents.len() as u32).collect();
            let points: Vec<(u32, u32, bool)> =
                rows.iter().zip(&parents).map(|(row, parent)| (*row, *parent, deleted)).collect();
            let none = Vec::new();
            let (made, gone) = if deleted { (&none, &rows) } else { (&rows, &none) };
            let found = order(made, gone, &points).turns(false, |_, _| true);
            let turn: HashMap<u32, u32> = found.turns.iter().copied().collect();
            let turn = |row: &u32| turn.get(row).copied().unwrap_or(0);
            for (row, parent) in rows.iter().zip(&parents) {
                let apart = found.cut.contains_key(row);
                if !rows.contains(parent) || (deleted && row == parent) {
                    prop_assert!(!apart, "nothing is cut for what is not in the way");
                } else if deleted {
                    prop_assert!(apart && turn(parent) > 0 || turn(parent) > turn(row));
                    prop_assert!(!apart || turn(row) > 0);
                } else {
                    prop_assert!(apart || turn(row) > turn(parent));
                }
            }
            // No more are cut than there are circles: each row is in one at most.
            let mut circles = HashSet::new();
            for row in &rows {
                let mut at = *row;
                for _ in 0..rows.len() {
                    at = parents.get(at as usize).copied().unwrap_or(u32::MAX);
                }
                let mut circle = Vec::new();
                while let Some(next) = parents.get(at as usize).filter(|_| !circle.contains(&at)) {
                    circle.push(at);
                    at = *next;
                }
                circle.sort_unstable();
                if !circle.is_empty() && (!deleted || circle.len() > 1) && circle.contains(&at) {
                    circles.insert(circle);
                }
            }
            prop_assert_eq!(found.cut.len(), circles.len());
        }
    }
}
