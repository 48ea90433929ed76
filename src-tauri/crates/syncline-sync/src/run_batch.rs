//! One batch of a run: drift is looked for, the rest is sent, each outcome is stored together with what was sent.

use syncline_connect::{MatchKey, Outcome, OutcomeKind, Probe, RowRequest};
use syncline_model::{Action, ColumnName, EntitySchema, ErrorCode, RecordId, SynclineError};
use syncline_store::{EventKey, PlanRow, RunOutcome, Sent, Store};
use uuid::Uuid;

use crate::feed::Due;
use crate::plan_rows::read_extra;
use crate::progress::{Work, blocking};
use crate::run::{RunDetail, RunRequest};

pub(crate) struct Batch<'a> {
    pub(crate) store: &'a Store,
    pub(crate) request: &'a RunRequest,
    pub(crate) schema: &'a EntitySchema,
    pub(crate) run: Uuid,
    pub(crate) rows: Vec<Due>,
    /// Primary key of the source's entity.
    pub(crate) source_key: &'a [ColumnName],
    pub(crate) work: &'a Work,
}

fn outcome(kind: OutcomeKind, code: &str, message: String) -> Outcome {
    Outcome { kind, id: None, code: Some(code.to_owned()), message: Some(message), request_id: None }
}

/// Failures that the next batch would meet too: the run stops, and the rows of the batch stay unsent.
fn ends_the_run(code: ErrorCode) -> bool {
    !matches!(code, ErrorCode::ServiceRefused | ErrorCode::NotFound | ErrorCode::DefinitionInvalid)
}

impl Batch<'_> {
    /// Sends; true when a row failed. What became of the rows is added to `detail`, which begins empty.
    pub(crate) async fn send(&self, detail: &mut RunDetail) -> Result<bool, SynclineError> {
        let mut outcomes = self.drifted().await?;
        let open: Vec<usize> =
            (0..self.rows.len()).filter(|position| outcomes[*position].is_none()).collect();
        if !open.is_empty() {
            let requests: Vec<RowRequest> =
                open.iter().map(|position| self.rows[*position].request.clone()).collect();
            detail.batches += 1;
            self.note_events(&open).await?;
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
                    self.take_events_back(open).await?;
                    self.store_outcomes(outcomes, detail).await?;
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
        self.store_outcomes(outcomes, detail).await?;
        Ok(failed)
    }

    fn events(&self, rows: &[usize]) -> Vec<EventKey> {
        let keys = |row: &PlanRow| {
            let events = read_extra(row).map(|extra| extra.events).unwrap_or_default();
            let key = |(event, timestamp)| EventKey { record_id: row.source_id.clone(), event, timestamp };
            events.into_iter().map(key).collect::<Vec<_>>()
        };
        rows.iter().flat_map(|at| keys(&self.rows[*at].row)).collect()
    }

    /// Events count as sent before they leave: if the machine dies in between, or no answer comes, they may have arrived, and an event that
    /// comes twice can't be taken back.
    async fn note_events(&self, rows: &[usize]) -> Result<(), SynclineError> {
        let (events, now) = (self.events(rows), self.work.now());
        if events.is_empty() {
            return Ok(());
        }
        let (store, plan) = (self.store.clone(), self.request.plan.clone());
        blocking(move || {
            Ok(store.save_events(&plan.definition, plan.source, plan.destination, &events, now)?)
        })
        .await
    }

    /// What was certainly not taken may be sent again.
    async fn take_events_back(&self, mut rows: Vec<usize>) -> Result<(), SynclineError> {
        // What was sent before stays sent, whatever becomes of it the second time.
        rows.retain(|at| !read_extra(&self.rows[*at].row).is_some_and(|extra| extra.resent));
        let events = self.events(&rows);
        if events.is_empty() {
            return Ok(());
        }
        let (store, definition) = (self.store.clone(), self.request.plan.definition.clone());
        blocking(move || Ok(store.drop_events(&definition, &events)?)).await
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
            outcomes[at] = Some(outcome(OutcomeKind::Drifted, "source_changed", text.to_owned()));
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
        let keys: Vec<MatchKey> =
            open.iter().map(|at| MatchKey(self.rows[*at].row.mapped.identifiers.clone())).collect();
        let mut fields: Vec<String> = open
            .iter()
            .flat_map(|at| self.rows[*at].row.changes.iter().map(|change| change.field.clone()))
            .collect();
        fields.sort();
        fields.dedup();
        // If it can't be asked either, the rows stay unknown and count as failed.
        let Ok(probes) = self.request.destination.probe(self.schema, &keys, &fields, &self.work.cancel).await
        else {
            return;
        };
        for (at, probe) in open.into_iter().zip(probes) {
            let Probe::Present(found) = probe else { continue };
            let arrived = self.rows[at].row.changes.iter().all(|change| {
                found.values.get(&change.field).is_some_and(|held| {
                    self.request.destination.same(self.schema, &change.field, &change.to, held)
                })
            });
            if arrived {
                let kind = if self.rows[at].row.action == Action::Create {
                    OutcomeKind::Created
                } else {
                    OutcomeKind::Updated
                };
                outcomes[at] =
                    Some(Outcome { kind, id: Some(found.id), code: None, message: None, request_id: None });
            }
        }
    }

    async fn store_outcomes(
        &self,
        outcomes: Vec<Option<Outcome>>,
        detail: &mut RunDetail,
    ) -> Result<(), SynclineError> {
        let now = self.work.now();
        let mut kept = Vec::with_capacity(outcomes.len());
        let mut sent = Vec::new();
        for (due, outcome) in self.rows.iter().zip(outcomes) {
            let row = &due.row;
            let Some(outcome) = outcome else { continue };
            let counts = &mut detail.counts;
            let (word, taken) = match (outcome.kind, row.action) {
                (OutcomeKind::Created, _) => ("created", true),
                (OutcomeKind::Updated, _) => ("updated", true),
                (OutcomeKind::Upserted, _) => ("upserted", true),
                (OutcomeKind::Drifted, _) => ("drifted", false),
                (OutcomeKind::Failed, _) => ("failed", false),
                (OutcomeKind::Unknown, _) => ("unknown", false),
            };
            match (outcome.kind, row.action) {
                (OutcomeKind::Created, _) | (OutcomeKind::Upserted, Action::Create) => counts.created += 1,
                (OutcomeKind::Updated | OutcomeKind::Upserted, _) => counts.updated += 1,
                (OutcomeKind::Drifted, _) => counts.drifted += 1,
                (OutcomeKind::Failed | OutcomeKind::Unknown, _) => counts.failed += 1,
            }
            if taken {
                counts.events += row.mapped.events.len() as u64;
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
                destination_id: outcome.id.map(|id| id.to_string()),
                code: outcome.code,
                message: outcome.message,
                request_id: outcome.request_id,
                at: now,
            });
        }
        let (store, run, plan) = (self.store.clone(), self.run, self.request.plan.clone());
        blocking(move || {
            store.add_run_rows(run, &kept)?;
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
            Ok(store.save_sent(plan.destination, &plan.destination_entity, plan.source, &sent)?)
        })
        .await
    }
}
