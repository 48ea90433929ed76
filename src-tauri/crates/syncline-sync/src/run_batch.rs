//! One batch of a run: drift is looked for, the rest is sent, each outcome is stored together with what was sent.

use jiff::Timestamp;
use std::collections::HashMap;
use syncline_connect::{MatchKey, Outcome, OutcomeKind, Probe, RowRequest};
use syncline_model::{Action, ColumnName, EntitySchema, ErrorCode, RecordId, SynclineError, Value, ValueMap};
use syncline_store::{AsSent, RunOutcome, SENDING, Sent, Store, Stream};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::appeared::{Appeared, appeared};
use crate::arrived::{arrived, probe_rows};
use crate::feed::Due;
use crate::late::tell;
use crate::progress::{Work, blocking};
use crate::run::RunRequest;
use crate::run_counts::RunDetail;
use crate::run_steps::guard;
use crate::two_way::in_no_pair;

pub(crate) struct Batch<'a> {
    pub(crate) store: &'a Store,
    pub(crate) request: &'a RunRequest,
    pub(crate) schema: &'a EntitySchema,
    pub(crate) run: Uuid,
    pub(crate) rows: Vec<Due>,
    /// Rows of the plan may be steps of others.
    pub(crate) stepped: bool,
    /// Primary key of the source's entity.
    pub(crate) source_key: &'a [ColumnName],
    pub(crate) work: &'a Work,
}

/// Codes of rows that were held back and did not leave.
const SOURCE_CHANGED: &str = "source_changed";
const EVENT_SENT: &str = "event_already_sent";
const APPEARED: &str = "appeared_meanwhile";
pub(crate) const STEP_MISSING: &str = "other_step_missing";

pub(crate) fn outcome(kind: OutcomeKind, code: &str, message: String) -> Outcome {
    Outcome { kind, id: None, code: Some(code.to_owned()), message: Some(message), request_id: None }
}

/// Failures that the next batch would meet too: the run stops, and the rows of the batch stay unsent.
fn ends_the_run(code: ErrorCode) -> bool {
    !matches!(code, ErrorCode::ServiceRefused | ErrorCode::NotFound | ErrorCode::DefinitionInvalid)
}

impl Batch<'_> {
    /// Sends; true when a row failed. What became of the rows is added to `detail`, which begins empty.
    pub(crate) async fn send(&mut self, detail: &mut RunDetail) -> Result<bool, SynclineError> {
        let mut outcomes = self.drifted().await?;
        let versions = if self.stepped { self.hold_steps(&mut outcomes).await? } else { HashMap::default() };
        let mut left: Vec<Option<Timestamp>> = vec![None; self.rows.len()];
        let mut open: Vec<usize> =
            (0..self.rows.len()).filter(|position| outcomes[*position].is_none()).collect();
        let destination = self.request.destination.as_ref();
        let there = appeared(destination, self.schema, &self.rows, &open, &self.work.cancel).await?;
        for Appeared { at: position, rows: found, .. } in
            in_no_pair(self.store, &self.request.plan, there).await?
        {
            let rows = if found == 1 { "a row".to_owned() } else { format!("{found} rows") };
            let text = format!("{rows} with these identifiers came to the destination since the preview");
            outcomes[position] = Some(outcome(OutcomeKind::Drifted, APPEARED, text));
        }
        open.retain(|position| outcomes[*position].is_none());
        for position in self.claim_events(&open).await? {
            let text = "its event was sent by another run since the preview";
            outcomes[position] = Some(outcome(OutcomeKind::Drifted, EVENT_SENT, text.to_owned()));
        }
        open.retain(|position| outcomes[*position].is_none());
        let found = self.find_late(&open, &mut outcomes).await?;
        open.retain(|position| outcomes[*position].is_none());
        if !open.is_empty() {
            for (position, version) in &versions {
                let due = &mut self.rows[*position];
                let mut request = due.request.clone();
                guard(&mut request, Some(version));
                due.send_as(request, ValueMap::new())?;
            }
            let requests: Vec<RowRequest> =
                open.iter().map(|position| self.rows[*position].request.clone()).collect();
            detail.batches += 1;
            let now = self.note_sending(&open).await?;
            open.iter().for_each(|position| left[*position] = Some(now));
            let sent = self
                .request
                .destination
                .write(self.schema, &requests, &self.request.options, &self.work.cancel)
                .await;
            match sent {
                Ok(answers) if answers.len() == open.len() => {
                    for (position, answer) in open.iter().zip(answers) {
                        outcomes[*position] = Some(answer);
                    }
                }
                Ok(answers) => {
                    let text =
                        format!("the destination answered for {} of {} records", answers.len(), open.len());
                    for position in &open {
                        outcomes[*position] =
                            Some(outcome(OutcomeKind::Unknown, "unexpected_reply", text.clone()));
                    }
                }
                Err(error) if ends_the_run(error.code) => {
                    self.take_sending_back(&open).await?;
                    self.take_events_back(open).await?;
                    self.store_outcomes(outcomes, Vec::new(), detail).await?;
                    return Err(error);
                }
                Err(error) => {
                    let code = error.service_code.clone().unwrap_or_else(|| error.code.as_str().to_owned());
                    for position in &open {
                        let mut refused = outcome(OutcomeKind::Failed, &code, error.message.clone());
                        refused.request_id.clone_from(&error.request_id);
                        outcomes[*position] = Some(refused);
                    }
                }
            }
            let unknown = |outcome: &Option<Outcome>| {
                outcome.as_ref().is_some_and(|told| told.kind == OutcomeKind::Unknown)
            };
            detail.lost += u64::from(outcomes.iter().any(unknown));
            self.ask_about_unknown(&mut outcomes).await;
            tell(found, &mut outcomes);
            let refused = |at: &usize| {
                outcomes[*at]
                    .as_ref()
                    .is_some_and(|outcome| matches!(outcome.kind, OutcomeKind::Failed | OutcomeKind::Drifted))
            };
            self.take_events_back(open.into_iter().filter(refused).collect()).await?;
        }
        let failed = outcomes
            .iter()
            .flatten()
            .any(|outcome| matches!(outcome.kind, OutcomeKind::Failed | OutcomeKind::Unknown));
        self.store_outcomes(outcomes, left, detail).await?;
        Ok(failed)
    }

    /// What leaves is noted before it leaves: if the machine dies now, the destination is asked about exactly these rows.
    async fn note_sending(&self, rows: &[usize]) -> Result<Timestamp, SynclineError> {
        let now = self.work.now();
        let mark = |at: &usize| RunOutcome {
            ordinal: self.rows[*at].row.ordinal,
            outcome: SENDING.to_owned(),
            destination_id: None,
            code: None,
            message: None,
            request_id: None,
            version: None,
            events: 0,
            sent_at: Some(now),
            at: now,
        };
        let marks: Vec<RunOutcome> = rows.iter().map(mark).collect();
        let as_sent = rows.iter().filter_map(|at| {
            let due = &self.rows[*at];
            Some((due.row.ordinal, due.as_sent.clone()?))
        });
        let as_sent: Vec<(u32, AsSent)> = as_sent.collect();
        let (store, run) = (self.store.clone(), self.run);
        blocking(move || Ok(store.add_sending(run, &marks, &as_sent)?)).await?;
        Ok(now)
    }

    /// Nothing of them was written: they are as if they had not left.
    async fn take_sending_back(&self, rows: &[usize]) -> Result<(), SynclineError> {
        let ordinals: Vec<u32> = rows.iter().map(|at| self.rows[*at].row.ordinal).collect();
        let (store, run) = (self.store.clone(), self.run);
        blocking(move || Ok(store.drop_run_rows(run, &ordinals)?)).await
    }

    /// Rows whose source record is no longer as it was planned.
    async fn drifted(&self) -> Result<Vec<Option<Outcome>>, SynclineError> {
        let mut outcomes: Vec<Option<Outcome>> = self.rows.iter().map(|_| None).collect();
        let versioned: Vec<usize> =
            (0..self.rows.len()).filter(|at| self.rows[*at].row.source_etag.is_some()).collect();
        let (Some(source), false) = (&self.request.source, versioned.is_empty()) else { return Ok(outcomes) };
        let entity = &self.request.plan.source_entity;
        let ids: Vec<RecordId> =
            versioned.iter().map(|at| RecordId::new(&self.rows[*at].row.source_id)).collect();
        // The key alone brings the version along.
        let now = source.get(entity, &ids, self.source_key, &self.work.cancel).await?;
        for (at, record) in versioned.into_iter().zip(now) {
            let text = match record {
                Some(record) if record.etag == self.rows[at].row.source_etag => continue,
                Some(_) => "the source record has changed since the preview",
                None => "the source record is no longer there",
            };
            outcomes[at] = Some(outcome(OutcomeKind::Drifted, SOURCE_CHANGED, text.to_owned()));
        }
        Ok(outcomes)
    }

    /// Where no answer came the destination is asked whether the row is there as planned; it is never sent again blindly.
    async fn ask_about_unknown(&self, outcomes: &mut [Option<Outcome>]) {
        if !self.request.destination.capabilities().reads_back {
            return;
        }
        let open: Vec<usize> = (0..outcomes.len())
            .filter(|at| outcomes[*at].as_ref().is_some_and(|outcome| outcome.kind == OutcomeKind::Unknown))
            .collect();
        if open.is_empty() {
            return;
        }
        let rows: Vec<&Due> = open.iter().map(|at| &self.rows[*at]).collect();
        let destination = self.request.destination.as_ref();
        // If it can't be asked either, the rows stay unknown and count as failed. Who stops a run still wants to know of what left.
        let Ok(probes) = probe_rows(destination, self.schema, &rows, &CancellationToken::new()).await else {
            return;
        };
        for (at, probe) in open.into_iter().zip(probes) {
            if let Some(found) = arrived(destination, self.schema, &self.rows[at], &probe) {
                let (kind, _) = taken_kind(self.rows[at].row.action);
                let id = found.map(RecordId::new);
                outcomes[at] = Some(Outcome { kind, id, code: None, message: None, request_id: None });
            }
        }
    }

    /// Versions of the rows that were written, by their places in the batch, so that a change by somebody else is seen before the run is
    /// undone, also where the run was stopped meanwhile. What can't be read is not known.
    async fn versions(&self, outcomes: &[Option<Outcome>]) -> HashMap<usize, String> {
        let destination = self.request.destination.as_ref();
        let able = destination.capabilities();
        let primary = &self.schema.summary.primary_id;
        if !able.reads_back || !able.guards_versions {
            return HashMap::new();
        }
        let key = |at: usize, outcome: &Outcome| match &outcome.id {
            // The id of a key of several columns is a list; such a row is found by what identified it.
            Some(id) if !primary.as_str().is_empty() && !id.as_str().starts_with('[') => {
                MatchKey(ValueMap::from([(primary.to_string(), Value::from(id.as_str()))]))
            }
            Some(_) | None => MatchKey(self.rows[at].row.mapped.identifiers.clone()),
        };
        let (mut places, mut keys) = (Vec::new(), Vec::new());
        for (at, outcome) in outcomes.iter().enumerate() {
            if let Some(outcome) = outcome
                && matches!(outcome.kind, OutcomeKind::Created | OutcomeKind::Updated | OutcomeKind::Upserted)
            {
                places.push(at);
                keys.push(key(at, outcome));
            }
        }
        if keys.is_empty() {
            return HashMap::new();
        }
        let Ok(probes) = destination.probe(self.schema, &keys, &[], &CancellationToken::new()).await else {
            return HashMap::new();
        };
        places
            .into_iter()
            .zip(probes)
            .filter_map(|(at, probe)| match probe {
                Probe::Present(row) => row.etag.map(|version| (at, version)),
                Probe::Absent | Probe::Ambiguous(_) | Probe::Unknown => None,
            })
            .collect()
    }

    /// `left`: when the rows left, by their places; those without were held back.
    async fn store_outcomes(
        &self,
        outcomes: Vec<Option<Outcome>>,
        left: Vec<Option<Timestamp>>,
        detail: &mut RunDetail,
    ) -> Result<(), SynclineError> {
        let mut versions = self.versions(&outcomes).await;
        let now = self.work.now();
        let mut kept = Vec::with_capacity(outcomes.len());
        let (mut sent, mut gone) = (Vec::new(), Vec::new());
        for (at, (due, outcome)) in self.rows.iter().zip(outcomes).enumerate() {
            let row = &due.row;
            let Some(outcome) = outcome else { continue };
            let (word, taken) = match outcome.kind {
                OutcomeKind::Created => ("created", true),
                OutcomeKind::Updated => ("updated", true),
                OutcomeKind::Upserted => ("upserted", true),
                OutcomeKind::Deleted => ("deleted", true),
                OutcomeKind::Drifted => ("drifted", false),
                OutcomeKind::Failed => ("failed", false),
                OutcomeKind::Unknown => ("unknown", false),
            };
            detail.counts.add(row.action, word, 1);
            let events = if taken { row.mapped.events.len() as u64 } else { 0 };
            detail.counts.events += events;
            if outcome.kind == OutcomeKind::Deleted {
                gone.push(row.source_id.clone());
            } else if taken && (!self.undoes() || outcome.kind == OutcomeKind::Created) {
                let mut mapped = row.mapped.clone();
                // What is compared next time is what the profile holds, not what happened once.
                mapped.events.clear();
                sent.push(Sent {
                    record_id: row.source_id.clone(),
                    hash: row.request_hash.clone().unwrap_or_default(),
                    mapped,
                    at: now,
                });
            }
            kept.push(RunOutcome {
                ordinal: row.ordinal,
                outcome: word.to_owned(),
                version: versions.remove(&at),
                destination_id: outcome.id.map(|id| id.to_string()),
                code: outcome.code,
                message: outcome.message,
                request_id: outcome.request_id,
                events,
                sent_at: left.get(at).copied().flatten(),
                at: now,
            });
        }
        let (store, run, plan) = (self.store.clone(), self.run, self.request.plan.clone());
        blocking(move || {
            store.add_run_rows(run, &kept)?;
            let gone: Vec<&str> = gone.iter().map(String::as_str).collect();
            store.drop_sent(Stream::of(&plan), &gone)?;
            let ids: Vec<&str> = sent.iter().map(|sent| sent.record_id.as_str()).collect();
            let before = store.sent(plan.destination, &plan.destination_entity, plan.source, &ids)?;
            for (sent, before) in sent.iter_mut().zip(before) {
                // Another definition may have sent other attributes of the same row; they are there still.
                if let Some(before) =
                    before.filter(|before| before.mapped.identifiers == sent.mapped.identifiers)
                {
                    let mut attributes = before.mapped.attributes;
                    attributes.append(&mut sent.mapped.attributes);
                    sent.mapped.attributes = attributes;
                }
            }
            Ok(store.save_sent(Stream::of(&plan), &sent)?)
        })
        .await
    }

    /// The run takes another one back: what it puts there is not what the source holds.
    fn undoes(&self) -> bool {
        self.request.undoes
    }
}

/// What a row comes to be when it arrives.
pub(crate) fn taken_kind(action: Action) -> (OutcomeKind, &'static str) {
    match action {
        Action::Create => (OutcomeKind::Created, "created"),
        Action::Delete => (OutcomeKind::Deleted, "deleted"),
        Action::Update | Action::Unchanged | Action::Skip | Action::Invalid => {
            (OutcomeKind::Updated, "updated")
        }
    }
}
