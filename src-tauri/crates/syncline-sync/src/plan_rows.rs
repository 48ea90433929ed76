//! The rows of a plan, page by page: mapped, freed of duplicates, compared, decided, stored.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use syncline_connect::MatchKey;
use syncline_mapping::{Mapped, Verdict};
use syncline_model::{
    Action, EntitySchema, ErrorCode, Record, RowIssue, SyncAction, SynclineError, push_json_text,
};
use syncline_store::{PlanKey, PlanKeys, PlanPacker, PlanRow, Store};
use uuid::Uuid;

use crate::arrange::{Place, arrange};
use crate::decide::{Decision, Held};
use crate::finds::{Finder, Resolved};
use crate::late::LateFind;
use crate::mapped_page::MappedPage;
use crate::order::Order;
use crate::plan::{PlanDetail, Planner};
use crate::plan_finish::{Looked, finish};
use crate::plan_writer::Writer;
use crate::progress::{Work, blocking};
use crate::seen::latest;
use crate::two_way::PairExtra;
use crate::vanished::{VANISHED_AT_ONCE, vanished_rows, whole_image};

/// What a row keeps beside what the store knows of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RowExtra {
    /// The source record as it was planned, in the Web API's JSON shape.
    pub source: Box<RawValue>,
    /// Events that its request holds: name and source timestamp.
    #[serde(default)]
    pub events: Vec<(String, String)>,
    /// Some of them were sent before and go again on purpose.
    #[serde(default)]
    pub resent: bool,
    /// What becomes known of a pair of records in a two-way sync.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pair: Option<PairExtra>,
    /// Lookups that are found when the row is due, because their row is made by the same plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finds: Vec<LateFind>,
}

impl RowExtra {
    /// Writes it as JSON behind a text, as serializing it would.
    pub(crate) fn push_json(&self, out: &mut String) -> Result<(), SynclineError> {
        out.push_str("{\"source\":");
        out.push_str(self.source.get());
        out.push_str(",\"events\":[");
        for (at, (name, timestamp)) in self.events.iter().enumerate() {
            out.push_str(if at == 0 { "[" } else { ",[" });
            push_json_text(out, name);
            out.push(',');
            push_json_text(out, timestamp);
            out.push(']');
        }
        out.push_str(if self.resent { "],\"resent\":true" } else { "],\"resent\":false" });
        if let Some(pair) = &self.pair {
            out.push_str(",\"pair\":");
            out.push_str(raw(pair)?.get());
        }
        if !self.finds.is_empty() {
            out.push_str(",\"finds\":");
            out.push_str(raw(&self.finds)?.get());
        }
        out.push('}');
        Ok(())
    }
}

/// Reads what [`RowExtra`] was stored as.
pub fn read_extra(row: &PlanRow) -> Option<RowExtra> {
    row.extra.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok())
}

/// What runs through all pages.
pub(crate) struct Rows {
    pub(crate) next: u32,
    /// Hashes of the identifiers; not here while a page is looked up in them.
    pub(crate) keys: Option<PlanKeys>,
    /// In a mirror, hashes of the identifiers that are not in `keys`: those of rows that are left out, or of all where none is.
    pub(crate) others: HashSet<PlanKey>,
    /// Which rows point at one another.
    order: Option<Order>,
    /// Rows that lookups of the destination are to point at.
    finder: Finder,
    /// Makes rows ready for the store; not here while it does, and before the first.
    packer: Option<PlanPacker>,
    /// Stores the pages before.
    writer: Option<Writer>,
}

impl Rows {
    /// Begins with no rows.
    pub(crate) fn new(store: &Store, plan: Uuid, find_tables: Vec<EntitySchema>, order: Order) -> Self {
        let keys = Some(PlanKeys::new(store, plan));
        Self {
            next: 0,
            keys,
            others: HashSet::new(),
            order: Some(order),
            finder: Finder::new(find_tables),
            packer: None,
            writer: None,
        }
    }

    /// Removes what was needed only while the rows were made.
    pub(crate) async fn end(mut self) -> Result<(), SynclineError> {
        let written = self.settle().await;
        if let Some(keys) = self.keys.take() {
            blocking(move || Ok(keys.end()?)).await?;
        }
        written
    }

    pub(crate) async fn plan_page(
        &mut self,
        planner: &Planner,
        page: MappedPage,
        detail: &mut PlanDetail,
        hash: &mut Sha256,
        work: &Work,
    ) -> Result<(), SynclineError> {
        let MappedPage { now, records: mut mapped, events: event_notes } = page;
        for (record, _) in &mapped {
            hash.update(record.id.as_str());
            hash.update(record.etag.as_deref().unwrap_or_default());
            hash.update([0]);
        }
        detail.modified_to = detail.modified_to.max(latest(mapped.iter().map(|(record, _)| record)));
        for (_, mapped) in &mut mapped {
            for event in mapped.record.events.iter_mut().filter(|event| event.timestamp.is_empty()) {
                event.timestamp = now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            }
        }
        let identifiers = &planner.request.definition.identifiers;
        let identifiers = identifiers.iter().map(|one| one.to.as_str()).collect::<Vec<_>>().join(", ");
        let mut left_out: Vec<Option<Decision>> =
            mapped.iter_mut().map(|(_, mapped)| leave_out(mapped, &identifiers)).collect();
        self.leave_out_duplicates(planner, &mut mapped, &mut left_out, detail).await?;
        let own = (planner.request.definition.options.action != SyncAction::Delete
            && planner.destination.capabilities().reads_back)
            .then_some(&planner.request.destination_schema.summary.logical_name);
        let Resolved { issues: unfound, mut late } = self
            .finder
            .resolve(
                planner.destination.as_ref(),
                &planner.mapping,
                &mut mapped,
                |place| left_out[place].is_none(),
                own,
                &work.cancel,
            )
            .await?;
        for (place, issue) in unfound {
            mapped[place].1.refuse(issue);
            left_out[place] = leave_out(&mut mapped[place].1, &identifiers);
        }
        if planner.request.definition.options.action == SyncAction::Mirror {
            self.hold(planner.request.definition.on_duplicate, &mapped, &left_out);
        }
        // What was last sent is looked up with the rest of the page's work, since the store tells it.
        let held = if planner.destination.capabilities().reads_back {
            look_up(planner, &mapped, &left_out, work).await?
        } else {
            mapped.iter().map(|_| None).collect()
        };
        let decided: Vec<Looked> = mapped
            .into_iter()
            .zip(left_out)
            .zip(held)
            .zip(event_notes)
            .enumerate()
            .map(|(place, ((((record, mapped), left_out), held), events))| Looked {
                record,
                mapped,
                left_out,
                held,
                events,
                late: late.remove(&place).unwrap_or_default(),
            })
            .collect();
        let (first, kept) = (self.next, planner.clone());
        self.next += decided.len() as u32;
        let (packer, mut order) = (self.packer.take(), self.order.take());
        let (packed, load, packer, order) = blocking(move || {
            let mut packer = match packer {
                Some(packer) => packer,
                None => PlanPacker::new(&kept.store, kept.plan)?,
            };
            let (packed, load) = finish(&kept, decided, first, &mut packer, order.as_mut())?;
            Ok((packed, load, packer, order))
        })
        .await?;
        (self.packer, self.order) = (Some(packer), order);
        detail.add(&load);
        let writer = self.writer.get_or_insert_with(|| Writer::begin(&planner.store, planner.plan));
        if writer.write(packed).await {
            return Ok(());
        }
        // It stopped, and says why.
        self.settle().await
    }

    /// Plans what this source brought to the destination before and does not hold any more: it is deleted there.
    pub(crate) async fn plan_vanished(
        &mut self,
        planner: &Planner,
        detail: &mut PlanDetail,
        work: &Work,
    ) -> Result<(), SynclineError> {
        self.settle().await?;
        let (store, id) = (planner.store.clone(), planner.plan);
        let Some(plan) = blocking(move || Ok(store.plan(id)?)).await? else { return Ok(()) };
        let mut after = String::new();
        loop {
            work.check()?;
            let (store, head, from) = (planner.store.clone(), plan.clone(), after.clone());
            let vanished =
                blocking(move || Ok(store.sent_and_vanished(&head, &from, VANISHED_AT_ONCE)?)).await?;
            let Some(last) = vanished.last() else { return Ok(()) };
            after.clone_from(&last.record_id);
            let vanished = self.not_held(planner, vanished).await?;
            let rows = vanished_rows(planner, vanished, self.next, detail, work).await?;
            self.next += rows.len() as u32;
            if let Some(order) = &mut self.order {
                rows.iter().for_each(|row| order.note(&row.into(), &[]));
            }
            let (store, plan) = (planner.store.clone(), planner.plan);
            blocking(move || Ok(store.add_plan_rows(plan, &rows)?)).await?;
            work.tell("looking for what vanished", detail.counts.read, None);
        }
    }

    /// Stores in which order the rows go, when all are there.
    pub(crate) async fn arrange(
        &mut self,
        planner: &Planner,
        detail: &mut PlanDetail,
    ) -> Result<(), SynclineError> {
        self.settle().await?;
        let Some(order) = self.order.take() else { return Ok(()) };
        let place = Place {
            store: &planner.store,
            plan: planner.plan,
            destination: planner.destination.as_ref(),
            schema: &planner.request.destination_schema,
            options: &planner.request.options,
        };
        arrange(&place, order, &mut self.next, detail).await
    }

    /// Waits until the pages before are stored.
    pub(crate) async fn settle(&mut self) -> Result<(), SynclineError> {
        match self.writer.take() {
            Some(writer) => writer.end().await,
            None => Ok(()),
        }
    }
}

/// The decision on a row that mapping left out.
fn leave_out(mapped: &mut Mapped, identifiers: &str) -> Option<Decision> {
    match mapped.verdict.clone() {
        Verdict::Skip { code, text } => {
            let field = if code == "no_identifier" { identifiers } else { "" };
            name_cause(&mut mapped.issues, &code, field, &text);
            Some(Decision::left_out(Action::Skip, text))
        }
        Verdict::Invalid { code, field, text } => {
            name_cause(&mut mapped.issues, &code, &field, &text);
            Some(Decision::left_out(Action::Invalid, text))
        }
        Verdict::Ok => None,
    }
}

/// A row that is left out is found under its cause; mapping tells some causes as issues, and others only as its verdict.
fn name_cause(issues: &mut Vec<RowIssue>, code: &str, field: &str, text: &str) {
    if !issues.iter().any(|issue| issue.code == code || issue.message == text) {
        issues.push(RowIssue { code: code.to_owned(), field: field.to_owned(), message: text.to_owned() });
    }
}

/// What the destination holds under each row that may be sent; `None` for the others.
async fn look_up(
    planner: &Planner,
    mapped: &[(Record, Mapped)],
    left_out: &[Option<Decision>],
    work: &Work,
) -> Result<Vec<Option<Held>>, SynclineError> {
    let asked: Vec<usize> = left_out
        .iter()
        .enumerate()
        .filter(|(_, decision)| decision.is_none())
        .map(|(position, _)| position)
        .collect();
    let mut held: Vec<Option<Held>> = (0..mapped.len()).map(|_| None).collect();
    if !asked.is_empty() {
        let keys: Vec<MatchKey> =
            asked.iter().map(|position| MatchKey(mapped[*position].1.record.identifiers.clone())).collect();
        let schema = &planner.request.destination_schema;
        let fields: Vec<String> = match planner.request.definition.options.action {
            // What is deleted is kept whole, so that it can be brought back.
            SyncAction::Delete => whole_image(schema),
            SyncAction::Write | SyncAction::Mirror => {
                planner.mapping.target_names().into_iter().map(str::to_owned).collect()
            }
        };
        let probes = planner.destination.probe(schema, &keys, &fields, &work.cancel).await?;
        if probes.len() != keys.len() {
            return Err(SynclineError::new(
                ErrorCode::UnexpectedReply,
                format!("the destination answered for {} of {} rows", probes.len(), keys.len()),
            ));
        }
        for (position, probe) in asked.into_iter().zip(probes) {
            held[position] = Some(Held::Probed(probe));
        }
    }
    Ok(held)
}

pub(crate) fn raw<T: Serialize>(value: &T) -> Result<Box<RawValue>, SynclineError> {
    serde_json::value::to_raw_value(value).map_err(|error| unwritable(&error))
}

pub(crate) fn unwritable(error: &dyn std::fmt::Display) -> SynclineError {
    SynclineError::new(ErrorCode::Internal, format!("a row can't be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_row_keeps_is_written_as_serializing_it_would() {
        let find = LateFind { field: "ownerid".into(), column: "fullname".into(), text: "Zo\"ë".into() };
        for (events, resent) in [(0, false), (1, true), (3, false)] {
            for (pair, finds) in [(None, 0), (Some(PairExtra::default()), 2)] {
                let extra = RowExtra {
                    source: raw(&json!({ "contactid": "1", "fullname": "Zo\"ë" })).unwrap(),
                    events: vec![("signed\\up".to_owned(), "2026-01-02T03:04:05Z".to_owned()); events],
                    resent,
                    pair,
                    finds: vec![find.clone(); finds],
                };
                let mut text = String::from("> ");
                extra.push_json(&mut text).unwrap();
                assert_eq!(text, format!("> {}", serde_json::to_string(&extra).unwrap()));
            }
        }
    }
}
