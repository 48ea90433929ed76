//! What goes to a side as a row of that side's plan.

use syncline_model::{Action, ColumnType, FieldChange, MappedRecord, RowIssue, System, Value, ValueMap};
use syncline_store::{Base, FoundConflict, LinkSide};

use super::pair::{Changes, Draft, Merged, Merger, Pair, PairExtra};
use super::side::{STATUS, Side, SideRow};
use crate::decide::{Decision, write};

impl Merger {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn drafts(
        &self,
        pair: &Pair,
        (left, right): (&SideRow, &SideRow),
        mut to: Changes,
        mut from: Changes,
        refreshed: Base,
        issues: Vec<RowIssue>,
        conflicts: Vec<FoundConflict>,
    ) -> Merged {
        let title = self.title(pair);
        let extra = |base: Base| PairExtra {
            left: Some(left.id.clone()),
            right: Some(right.id.clone()),
            base,
            ..PairExtra::default()
        };
        let looked_at = Some((left.id.clone(), right.id.clone()));
        let mut merged = Merged { conflicts, looked_at, ..Merged::default() };
        let both = !to.is_empty() && !from.is_empty();
        if !from.is_empty() {
            from.base.extend(if to.is_empty() { refreshed.clone() } else { Base::new() });
            // Where the pair is written at both sides, the version of this one will be another by then, by the own write.
            let etag = if both { None } else { right.etag.clone() };
            let mut draft = self.update(LinkSide::Source, from, left, right, etag, &title, extra);
            if to.is_empty() {
                draft.decision.issues.extend(issues.clone());
            }
            merged.from = Some(draft);
        }
        if !to.is_empty() {
            to.base.extend(refreshed);
            let mut draft =
                self.update(LinkSide::Destination, to, right, left, left.etag.clone(), &title, extra);
            draft.decision.issues.extend(issues);
            merged.to = Some(draft);
        } else if merged.from.is_none() {
            let open = merged.conflicts.len();
            let mut decision = if open > 0 {
                let text = if open == 1 { "1 field waits".to_owned() } else { format!("{open} fields wait") };
                Decision::left_out(Action::Skip, format!("{text} for a decision"))
            } else if pair.link.is_none() {
                Decision::left_out(Action::Unchanged, "the same on both sides; they become a pair")
            } else {
                Decision::left_out(Action::Unchanged, "the same on both sides")
            };
            decision.issues = issues;
            // What is known already is not noted again.
            let known = pair.link.as_ref().is_some_and(|link| link.gone.is_none()) && refreshed.is_empty();
            merged.to = Some(Draft {
                source_id: left.id.clone(),
                title,
                source_etag: None,
                source: None,
                mapped: MappedRecord::default(),
                decision,
                extra: if known { PairExtra::default() } else { extra(refreshed) },
            });
        }
        merged
    }

    /// An update of one side.
    #[allow(clippy::too_many_arguments)]
    fn update(
        &self,
        at: LinkSide,
        changes: Changes,
        held: &SideRow,
        of: &SideRow,
        source_etag: Option<String>,
        title: &str,
        extra: impl Fn(Base) -> PairExtra,
    ) -> Draft {
        let side = self.side(at);
        let Changes { mut list, base } = changes;
        self.with_status(side, held, &mut list);
        let mapped = MappedRecord {
            identifiers: ValueMap::from([(side.key().to_owned(), Value::from(held.id.as_str()))]),
            attributes: list.iter().map(|one| (one.field.clone(), one.to.clone())).collect(),
            events: Vec::new(),
        };
        let reason = match list.len() {
            1 => "1 field differs".to_owned(),
            several => format!("{several} fields differ"),
        };
        let access = &side.access;
        let decision = write(
            access.destination.as_ref(),
            &access.schema,
            &mapped,
            Action::Update,
            reason,
            list,
            Some(held.probed()),
        );
        Draft {
            source_id: of.id.clone(),
            title: title.to_owned(),
            source_etag,
            source: Some(of.record.raw.clone()),
            mapped,
            decision,
            extra: extra(base),
        }
    }

    /// A state goes with a status reason of it (Dataverse Web API, state and status).
    pub(super) fn with_status(&self, side: &Side, held: &SideRow, list: &mut Vec<FieldChange>) {
        if side.access.system != System::Dataverse || list.iter().any(|one| one.field == STATUS) {
            return;
        }
        let schema = &side.access.schema;
        let is_state =
            |name: &str| schema.column(name).is_some_and(|one| one.column_type == ColumnType::State);
        let Some(state) = list.iter().find(|one| is_state(&one.field)).map(|one| one.to.clone()) else {
            return;
        };
        let Some(code) = state.display_text().parse::<i64>().ok() else { return };
        let reason = schema
            .column(STATUS)
            .into_iter()
            .flat_map(|column| &column.options)
            .filter(|option| option.state == Some(code))
            .map(|option| option.value)
            .min();
        if let Some(reason) = reason {
            list.push(FieldChange { field: STATUS.to_owned(), from: held.value(STATUS), to: reason.into() });
        }
    }
}
