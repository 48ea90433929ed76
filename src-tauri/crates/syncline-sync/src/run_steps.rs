//! Rows that are written in two steps: the second one leaves only if the first one landed, and a deletion only if nobody wrote the row in between.

use std::collections::HashMap;
use syncline_connect::{MatchKey, Outcome, OutcomeKind, Probe};
use syncline_model::{Action, SynclineError, Value, ValueMap};
use syncline_store::RunOutcome;

use crate::progress::blocking;
use crate::run_batch::{Batch, STEP_MISSING, outcome};

/// True where the row was written.
pub(crate) fn landed(outcome: &str) -> bool {
    matches!(outcome, "created" | "updated" | "upserted" | "deleted")
}

impl Batch<'_> {
    /// Holds rows back whose other step must be there first and is not.
    pub(crate) async fn hold_steps(&self, outcomes: &mut [Option<Outcome>]) -> Result<(), SynclineError> {
        let ordinals: Vec<u32> = self.rows.iter().map(|due| due.row.ordinal).collect();
        let (store, plan, run) = (self.store.clone(), self.request.plan.id, self.run);
        let waits: HashMap<u32, Option<RunOutcome>> = blocking(move || {
            let steps = store.plan_steps(plan, &ordinals)?;
            let waits = steps
                .into_iter()
                .map(|one| if one.first { (one.main, one.step) } else { (one.step, one.main) });
            let told = waits.map(|(second, first)| Ok((second, store.run_outcome(run, first)?)));
            told.collect()
        })
        .await?;
        let mut deletions = Vec::new();
        for (at, due) in self.rows.iter().enumerate() {
            let Some(first) = waits.get(&due.row.ordinal) else { continue };
            let first = first.as_ref().filter(|first| landed(&first.outcome));
            if outcomes[at].is_some() {
                continue;
            }
            match first {
                None => {
                    let text = "it goes in two steps, and the first one was not done";
                    outcomes[at] = Some(outcome(OutcomeKind::Drifted, STEP_MISSING, text.to_owned()));
                }
                Some(first) if due.row.action == Action::Delete => {
                    deletions.push((at, first.version.clone()))
                }
                Some(_) => {}
            }
        }
        self.unchanged_since(deletions, outcomes).await
    }

    /// The step before a deletion changed the row's version; a later one is somebody else's.
    async fn unchanged_since(
        &self,
        deletions: Vec<(usize, Option<String>)>,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), SynclineError> {
        let destination = self.request.destination.as_ref();
        if deletions.is_empty() || !destination.capabilities().guards_versions {
            return Ok(());
        }
        let primary = self.schema.summary.primary_id.to_string();
        let key = |at: usize| {
            let row = &self.rows[at].row;
            let held: Option<syncline_connect::ProbedRow> =
                row.existing.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok());
            MatchKey(match held {
                Some(held) => ValueMap::from([(primary.clone(), Value::from(held.id.as_str()))]),
                None => row.mapped.identifiers.clone(),
            })
        };
        let keys: Vec<MatchKey> = deletions.iter().map(|(at, _)| key(*at)).collect();
        let now = destination.probe(self.schema, &keys, &[], &self.work.cancel).await?;
        for ((at, version), probe) in deletions.into_iter().zip(now) {
            let same = match probe {
                Probe::Present(row) => version.is_some() && row.etag == version,
                // Its deletion tells.
                Probe::Absent => true,
                Probe::Ambiguous(_) | Probe::Unknown => false,
            };
            if !same {
                let text = "somebody else wrote the row between the two steps of its deletion";
                outcomes[at] = Some(outcome(OutcomeKind::Drifted, STEP_MISSING, text.to_owned()));
            }
        }
        Ok(())
    }
}
