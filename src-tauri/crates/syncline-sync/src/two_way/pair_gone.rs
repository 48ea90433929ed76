//! Pairs of which a record was deleted: the deletion goes to the other side by rule, or the record is made again.

use syncline_mapping::active_codes;
use syncline_model::{Action, Direction, FieldChange, MappedRecord, RowIssue, Value, ValueMap};
use syncline_store::{Base, BaseValue, ConflictBody, FoundConflict, Link, LinkSide, WHOLE_RECORD};

use super::crosswalk::Crosswalk;
use super::merge::{GoneVerdict, merge_gone};
use super::pair::{Draft, Merged, Merger, Pair, PairExtra, conflict_side};
use super::side::SideRow;
use crate::decide::{Decision, deletion, write};

impl Merger {
    /// Both records are deleted.
    pub(super) fn both_gone(&self, link: &Link) -> Merged {
        let extra = PairExtra {
            left: Some(link.left.clone()),
            right: Some(link.right.clone()),
            ends: true,
            ..PairExtra::default()
        };
        let decision =
            Decision::left_out(Action::Unchanged, "deleted on both sides; they are no pair any more");
        let draft = Draft {
            source_id: link.left.clone(),
            title: link.left.clone(),
            source_etag: None,
            source: None,
            mapped: MappedRecord::default(),
            decision,
            extra,
        };
        let looked_at = Some((link.left.clone(), link.right.clone()));
        Merged { to: Some(draft), looked_at, ..Merged::default() }
    }

    /// The record of the side `gone` is deleted, the other one is there.
    pub(super) fn one_gone(
        &self,
        pair: &Pair,
        link: &Link,
        rest: &SideRow,
        gone: LinkSide,
        crosswalk: &Crosswalk,
    ) -> Merged {
        let looked_at = Some((link.left.clone(), link.right.clone()));
        let mut merged = Merged { looked_at, ..Merged::default() };
        let ids = PairExtra {
            left: Some(link.left.clone()),
            right: Some(link.right.clone()),
            ..PairExtra::default()
        };
        // Whose record is to be written: the one that is left, or the deleted one anew.
        let mut place = |at: LinkSide, draft: Draft| match at {
            LinkSide::Destination => merged.to = Some(draft),
            LinkSide::Source => merged.from = Some(draft),
        };
        let left_alone = |action: Action, text: &str, extra: PairExtra| Draft {
            source_id: rest.id.clone(),
            title: self.title(pair),
            source_etag: None,
            source: None,
            mapped: MappedRecord::default(),
            decision: Decision::left_out(action, text),
            extra,
        };
        if link.gone == Some(gone) {
            let draft = left_alone(
                Action::Skip,
                "deleted on the other side; it is left alone by rule",
                PairExtra::default(),
            );
            place(gone.other(), draft);
            return merged;
        }
        let changed = self.changed_fields(link, rest, gone.other());
        let known = pair.conflicts.iter().find(|one| one.field == WHOLE_RECORD);
        let decided = known.and_then(|one| one.decision.as_ref()).map(|(side, _, _)| *side);
        let verdict = merge_gone(gone, !changed.is_empty(), &self.rules(pair, decided));
        let at = gone.other();
        if verdict == GoneVerdict::Conflict || decided.is_some() {
            let (there, away) = (
                conflict_side(Some(rest), Value::Text(changed.join(", "))),
                conflict_side(None, Value::Null),
            );
            let (left, right) = if gone == LinkSide::Source { (away, there) } else { (there, away) };
            merged.conflicts.push(FoundConflict {
                left: link.left.clone(),
                right: link.right.clone(),
                field: WHOLE_RECORD.to_owned(),
                body: ConflictBody {
                    title: self.title(pair),
                    left_field: String::new(),
                    base: None,
                    left,
                    right,
                },
            });
        }
        let mut place = |at: LinkSide, draft: Draft| match at {
            LinkSide::Destination => merged.to = Some(draft),
            LinkSide::Source => merged.from = Some(draft),
        };
        match verdict {
            GoneVerdict::Leave => {
                let extra = PairExtra { gone: Some(gone), ..ids };
                place(
                    at,
                    left_alone(Action::Unchanged, "deleted on the other side; it stays here by rule", extra),
                );
            }
            GoneVerdict::Conflict => {
                let mut draft = left_alone(
                    Action::Skip,
                    "deleted on the other side and changed here: it waits for a decision",
                    PairExtra::default(),
                );
                draft.decision.issues.push(RowIssue {
                    code: "conflict".to_owned(),
                    field: String::new(),
                    message: format!(
                        "deleted at the {}, changed at the {}: {}",
                        gone.as_str(),
                        at.as_str(),
                        changed.join(", ")
                    ),
                });
                place(at, draft);
            }
            GoneVerdict::Recreate => {
                let draft = self.create(pair, rest, gone, crosswalk, true);
                place(gone, draft);
            }
            GoneVerdict::Delete => {
                let mut draft = left_alone(Action::Delete, "", PairExtra { ends: true, ..ids });
                draft.source_id = gone_id(link, gone);
                draft.mapped.identifiers = self.key_of(at, rest);
                let access = &self.side(at).access;
                let (destination, schema) = (access.destination.as_ref(), &access.schema);
                draft.decision =
                    deletion(destination, schema, &draft.mapped, rest.probed(), "deleted on the other side");
                place(at, draft);
            }
            GoneVerdict::Deactivate => {
                let draft = self.deactivate(pair, link, rest, at, left_alone, ids);
                place(at, draft);
            }
        }
        merged
    }

    fn key_of(&self, at: LinkSide, rest: &SideRow) -> ValueMap {
        ValueMap::from([(self.side(at).key().to_owned(), Value::from(rest.id.as_str()))])
    }

    /// Fields of the record that is left which were changed since the last sync, and of which it is an owner.
    fn changed_fields(&self, link: &Link, rest: &SideRow, side: LinkSide) -> Vec<String> {
        self.two_way
            .fields
            .iter()
            .filter(|field| match side {
                LinkSide::Source => field.direction != Direction::From,
                LinkSide::Destination => field.direction != Direction::To,
            })
            .filter_map(|field| {
                let base = link.base.get(&field.right)?;
                let (column, was) = match side {
                    LinkSide::Source => (&field.left, &base.left),
                    LinkSide::Destination => (&field.right, &base.right),
                };
                (!self.side(side).same(column, was, &rest.value(column))).then(|| column.clone())
            })
            .collect()
    }

    fn deactivate(
        &self,
        pair: &Pair,
        link: &Link,
        rest: &SideRow,
        at: LinkSide,
        left_alone: impl Fn(Action, &str, PairExtra) -> Draft,
        ids: PairExtra,
    ) -> Draft {
        let side = self.side(at);
        let extra = PairExtra { gone: Some(at.other()), ..ids };
        let state = self.two_way.fields.iter().find(|field| field.state);
        let Some(field) = state else {
            return left_alone(
                Action::Invalid,
                "no field says whether a record is active",
                PairExtra::default(),
            );
        };
        let column = if at == LinkSide::Source { &field.left } else { &field.right };
        let Some(described) = side.access.schema.column(column) else {
            return left_alone(
                Action::Invalid,
                "no field says whether a record is active",
                PairExtra::default(),
            );
        };
        let inactive = active_codes(described).1;
        let held = rest.value(column);
        if side.same(column, &inactive, &held) {
            return left_alone(Action::Unchanged, "deleted on the other side; it is inactive already", extra);
        }
        let mut changes = vec![FieldChange { field: column.clone(), from: held, to: inactive.clone() }];
        self.with_status(side, rest, &mut changes);
        let mut draft = left_alone(Action::Update, "", extra);
        draft.title = self.title(pair);
        draft.source_id = gone_id(link, at.other());
        draft.mapped.identifiers = self.key_of(at, rest);
        draft.mapped.attributes = changes.iter().map(|one| (one.field.clone(), one.to.clone())).collect();
        let was = link.base.get(&field.right).cloned();
        let (left, right) = match (at, was) {
            (LinkSide::Source, was) => (inactive, was.map_or(Value::Null, |was| was.right)),
            (LinkSide::Destination, was) => (was.map_or(Value::Null, |was| was.left), inactive),
        };
        draft.extra.base = Base::from([(field.right.clone(), BaseValue { left, right })]);
        let access = &side.access;
        draft.decision = write(
            access.destination.as_ref(),
            &access.schema,
            &draft.mapped,
            Action::Update,
            "deleted on the other side".to_owned(),
            changes,
            Some(rest.probed()),
        );
        draft
    }
}

/// Id of the record that is gone, under which the row is found in the other side's plan.
fn gone_id(link: &Link, gone: LinkSide) -> String {
    match gone {
        LinkSide::Source => link.left.clone(),
        LinkSide::Destination => link.right.clone(),
    }
}
