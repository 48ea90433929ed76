//! Two paired records: what is known of each field, and what is merged of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use syncline_mapping::{Mapped, TwoWay, TwoWayField};
use syncline_model::{
    Direction, FieldChange, MappedRecord, RowIssue, SyncDefinition, TwoWaySection, Value, ValueMap,
};
use syncline_store::{Base, BaseValue, Conflict, ConflictBody, ConflictSide, FoundConflict, Link, LinkSide};

use super::crosswalk::Crosswalk;
use super::merge::{FieldState, Rules, Verdict, merge_field};
use super::side::{Side, SideRow};
use crate::decide::Decision;

/// What a row of a two-way plan keeps: what is known of the pair once the row has gone well, or needed no write.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairExtra {
    /// Record of the source; absent where the write makes it and its id is told then.
    pub left: Option<String>,
    /// Record of the destination; absent where the write makes it and its id is told then.
    pub right: Option<String>,
    /// Values that both sides hold then.
    pub base: Base,
    /// Deleted on this side, and kept on the other one by rule.
    pub gone: Option<LinkSide>,
    /// They are no pair any more then.
    pub ends: bool,
    /// Something of the pair can be written only after this row was.
    pub again: bool,
    /// The new row's id is made from the record that it comes from: who finds it there finds what this row made.
    #[serde(skip_serializing_if = "is_false")]
    pub own_id: bool,
    /// By what the new row would have been matched, where its table keeps no two rows with these values apart.
    #[serde(skip_serializing_if = "ValueMap::is_empty")]
    pub known_by: ValueMap,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Records that belong together.
#[derive(Debug, Clone, Default)]
pub(super) struct Pair {
    pub(super) link: Option<Link>,
    pub(super) left: Option<SideRow>,
    pub(super) right: Option<SideRow>,
    /// Conflicts of it that were found before.
    pub(super) conflicts: Vec<Conflict>,
}

/// A row for one of the two plans.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) source_id: String,
    pub(super) title: String,
    pub(super) source_etag: Option<String>,
    pub(super) source: Option<Box<RawValue>>,
    pub(super) mapped: MappedRecord,
    pub(super) decision: Decision,
    pub(super) extra: PairExtra,
}

/// What became of a pair.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) to: Option<Draft>,
    pub(super) from: Option<Draft>,
    pub(super) conflicts: Vec<FoundConflict>,
    /// Its conflicts are these and no others.
    pub(super) looked_at: Option<(String, String)>,
}

/// Both sides and the rules between them.
pub(super) struct Merger {
    pub(super) left: Side,
    pub(super) right: Side,
    pub(super) two_way: TwoWay,
    pub(super) definition: SyncDefinition,
    pub(super) now: Timestamp,
}

/// A field of a pair.
pub(super) struct Seen {
    pub(super) left: Value,
    pub(super) right: Value,
    pub(super) forward: Option<Value>,
    pub(super) backward: Option<Value>,
    pub(super) base: Option<BaseValue>,
    pub(super) state: FieldState,
}

fn empty(value: &Value) -> bool {
    value.is_null() || value.as_text().is_some_and(str::is_empty)
}

impl Merger {
    pub(super) fn rules_of_new(&self) -> TwoWaySection {
        self.definition.two_way.unwrap_or_default()
    }

    pub(super) fn side(&self, side: LinkSide) -> &Side {
        match side {
            LinkSide::Source => &self.left,
            LinkSide::Destination => &self.right,
        }
    }

    pub(super) fn rules(&self, pair: &Pair, decided: Option<LinkSide>) -> Rules {
        let times = |pair: &Pair| Some((pair.left.as_ref()?.changed_at?, pair.right.as_ref()?.changed_at?));
        let newer = times(pair).and_then(|(left, right)| match left.cmp(&right) {
            std::cmp::Ordering::Greater => Some(LinkSide::Source),
            std::cmp::Ordering::Less => Some(LinkSide::Destination),
            std::cmp::Ordering::Equal => None,
        });
        Rules {
            conflict: self.definition.conflict_rule(),
            deleted: self.rules_of_new().deleted,
            newer,
            decided,
        }
    }

    /// What is known of a pair by: its first key that has a value, else its id.
    pub(super) fn title(&self, pair: &Pair) -> String {
        let of_left =
            |row: &SideRow| self.two_way.keys.iter().map(|key| row.value(&key.left)).find(|v| !empty(v));
        let of_right =
            |row: &SideRow| self.two_way.keys.iter().map(|key| row.value(&key.right)).find(|v| !empty(v));
        let found = pair.left.as_ref().and_then(of_left).or_else(|| pair.right.as_ref().and_then(of_right));
        let id = || pair.left.as_ref().or(pair.right.as_ref()).map(|row| row.id.clone()).unwrap_or_default();
        found.map_or_else(id, |value| value.display_text())
    }

    pub(super) fn forward(&self, row: &SideRow) -> Mapped {
        self.two_way.forward.apply(&row.record, self.now)
    }

    pub(super) fn backward(&self, row: &SideRow) -> Mapped {
        self.two_way.backward.apply(&row.record, self.now)
    }

    /// The value of one side in the other one's form; `None` with a reason where it can't go there, without one where it is to be left out.
    pub(super) fn across(
        &self,
        at: usize,
        field: &TwoWayField,
        from: LinkSide,
        row: &SideRow,
        mapped: &Mapped,
        crosswalk: &Crosswalk,
    ) -> Result<Option<Value>, RowIssue> {
        let (own, target) = match from {
            LinkSide::Source => (&field.left, &field.right),
            LinkSide::Destination => (&field.right, &field.left),
        };
        if field.linked.is_some() {
            let value = row.value(own);
            return match crosswalk.across(at, field, from, &value, self.side(from.other())) {
                Some(value) => Ok(Some(value)),
                None => Err(RowIssue {
                    code: "not_linked".to_owned(),
                    field: target.clone(),
                    message: format!(
                        "{own} points at {}, which is paired with nothing",
                        value.display_text()
                    ),
                }),
            };
        }
        match mapped.record.attributes.get(target) {
            Some(value) => Ok(Some(value.clone())),
            None => match mapped.issues.iter().find(|issue| issue.field == *target) {
                Some(issue) => Err(issue.clone()),
                None => Ok(None),
            },
        }
    }

    fn seen(
        &self,
        at: usize,
        field: &TwoWayField,
        pair: (&SideRow, &SideRow),
        mapped: (&Mapped, &Mapped),
        link: Option<&Link>,
        crosswalk: &Crosswalk,
    ) -> (Seen, Vec<RowIssue>) {
        let (left, right) = (pair.0.value(&field.left), pair.1.value(&field.right));
        let mut issues = Vec::new();
        let mut way = |wanted: bool, from: LinkSide, row: &SideRow, mapped: &Mapped| {
            if !wanted {
                return None;
            }
            match self.across(at, field, from, row, mapped, crosswalk) {
                Ok(value) => value,
                Err(issue) => {
                    issues.push(issue);
                    None
                }
            }
        };
        let forward = way(field.direction != Direction::From, LinkSide::Source, pair.0, mapped.0);
        let backward = way(field.direction != Direction::To, LinkSide::Destination, pair.1, mapped.1);
        let there = forward.as_ref().is_some_and(|value| self.right.same(&field.right, value, &right));
        let back = backward.as_ref().is_some_and(|value| self.left.same(&field.left, value, &left));
        let base = link.and_then(|link| link.base.get(&field.right)).cloned();
        let state = FieldState {
            direction: field.direction,
            equal: there || back || (empty(&left) && empty(&right)),
            based: base.is_some(),
            left_changed: base.as_ref().is_some_and(|base| !self.left.same(&field.left, &base.left, &left)),
            right_changed: base
                .as_ref()
                .is_some_and(|base| !self.right.same(&field.right, &base.right, &right)),
            left_empty: empty(&left),
            right_empty: empty(&right),
        };
        (Seen { left, right, forward, backward, base, state }, issues)
    }

    /// Merges two records that are both there.
    pub(super) fn both(&self, pair: &Pair, left: &SideRow, right: &SideRow, crosswalk: &Crosswalk) -> Merged {
        let (forward, backward) = (self.forward(left), self.backward(right));
        let link = pair.link.as_ref();
        let mut to = Changes::default();
        let mut from = Changes::default();
        let mut refreshed = Base::new();
        let mut issues: Vec<RowIssue> = Vec::new();
        let mut conflicts = Vec::new();
        for (at, field) in self.two_way.fields.iter().enumerate() {
            let (seen, found) = self.seen(at, field, (left, right), (&forward, &backward), link, crosswalk);
            let known = pair.conflicts.iter().find(|one| one.field == field.right);
            let decided = known
                .filter(|one| {
                    self.left.same(&field.left, &one.body.left.value, &seen.left)
                        && self.right.same(&field.right, &one.body.right.value, &seen.right)
                })
                .and_then(|one| one.decision.as_ref())
                .map(|(side, _, _)| *side);
            let verdict = merge_field(&seen.state, &self.rules(pair, decided));
            let still_open = decided.is_some() && verdict != Verdict::Same;
            match verdict {
                Verdict::Same => {
                    let current = BaseValue { left: seen.left, right: seen.right };
                    if seen.base.as_ref() != Some(&current) {
                        refreshed.insert(field.right.clone(), current);
                    }
                    continue;
                }
                Verdict::Keep => continue,
                Verdict::Conflict => {
                    let body = self.conflict_body(pair, field, &seen, left, right);
                    issues.push(conflict_issue(field, &body));
                    conflicts.push(FoundConflict {
                        left: left.id.clone(),
                        right: right.id.clone(),
                        field: field.right.clone(),
                        body,
                    });
                    continue;
                }
                Verdict::Send(_) if still_open => {
                    // It stays in the queue until it has gone.
                    let body = self.conflict_body(pair, field, &seen, left, right);
                    conflicts.push(FoundConflict {
                        left: left.id.clone(),
                        right: right.id.clone(),
                        field: field.right.clone(),
                        body,
                    });
                }
                Verdict::Send(_) => {}
            }
            match (verdict, seen.forward, seen.backward) {
                (Verdict::Send(LinkSide::Source), Some(value), _) => {
                    to.set(&field.right, seen.right, value.clone());
                    to.base.insert(field.right.clone(), BaseValue { left: seen.left, right: value });
                }
                (Verdict::Send(LinkSide::Destination), _, Some(value)) => {
                    from.set(&field.left, seen.left, value.clone());
                    from.base.insert(field.right.clone(), BaseValue { left: value, right: seen.right });
                }
                _ => issues.extend(found),
            }
        }
        self.drafts(pair, (left, right), to, from, refreshed, issues, conflicts)
    }

    fn conflict_body(
        &self,
        pair: &Pair,
        field: &TwoWayField,
        seen: &Seen,
        left: &SideRow,
        right: &SideRow,
    ) -> ConflictBody {
        ConflictBody {
            title: self.title(pair),
            left_field: field.left.clone(),
            base: seen.base.as_ref().map(|base| (base.left.clone(), base.right.clone())),
            left: conflict_side(Some(left), seen.left.clone()),
            right: conflict_side(Some(right), seen.right.clone()),
        }
    }
}

pub(super) fn conflict_side(row: Option<&SideRow>, value: Value) -> ConflictSide {
    ConflictSide {
        value,
        deleted: row.is_none(),
        changed_at: row.and_then(|row| row.changed_at).map(|at| at.to_string()),
        changed_by: row.and_then(|row| row.changed_by.clone()),
    }
}

fn conflict_issue(field: &TwoWayField, body: &ConflictBody) -> RowIssue {
    let shown = |value: &Value| if empty(value) { "nothing".to_owned() } else { value.display_text() };
    RowIssue {
        code: "conflict".to_owned(),
        field: field.right.clone(),
        message: format!(
            "both sides changed it: {} at the source, {} at the destination",
            shown(&body.left.value),
            shown(&body.right.value)
        ),
    }
}

/// What is to change at one side.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub(super) list: Vec<FieldChange>,
    pub(super) base: Base,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
    fn set(&mut self, field: &str, from: Value, to: Value) {
        self.list.push(FieldChange { field: field.to_owned(), from, to });
    }
}
