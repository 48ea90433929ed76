//! Rows that are written in two steps: the second one leaves only if the first one landed, and a deletion only if nobody wrote the row in between.

use std::collections::HashMap;
use syncline_connect::{MatchKey, Outcome, OutcomeKind, Probe, RowRequest};
use syncline_model::{Action, SynclineError, Value, ValueMap};
use syncline_store::RunOutcome;

use crate::progress::blocking;
use crate::run_batch::{Batch, STEP_MISSING, outcome};

/// The header of a request that names the version its row must still have (RFC 9110, 13.1.1).
const IF_MATCH: &str = "If-Match";

/// True where the row was written.
pub(crate) fn landed(outcome: &str) -> bool {
    matches!(outcome, "created" | "updated" | "upserted" | "deleted")
}

/// Guards a deletion by the version that its row has had since the first step, where the destination guards by versions: a plan can't know it.
pub(crate) fn guard(request: &mut RowRequest, version: Option<&String>) {
    let any = |held: &&mut String| held.as_str() == "*";
    if let (Some(version), Some(held)) = (version, request.headers.get_mut(IF_MATCH).filter(any)) {
        held.clone_from(version);
    }
}

impl Batch<'_> {
    /// Holds rows back whose other step must be there first and is not. Returns the versions, by the place of the row, that rows to be deleted have had since
    /// their first step.
    pub(crate) async fn hold_steps(
        &self,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<HashMap<usize, String>, SynclineError> {
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
        let versions =
            deletions.iter().filter_map(|(at, version)| version.clone().map(|version| (*at, version)));
        let versions = versions.collect();
        self.unchanged_since(deletions, outcomes).await?;
        Ok(versions)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_deletion_is_guarded_by_the_version_of_its_first_step() {
        let request = |held: Option<&str>| RowRequest {
            method: "DELETE".to_owned(),
            path: "/accounts(1)".to_owned(),
            headers: held.map(|held| (IF_MATCH.to_owned(), held.to_owned())).into_iter().collect(),
            body: String::new(),
        };
        let version = "W/\"12\"".to_owned();
        for (held, version, then) in [
            (Some("*"), Some(&version), Some("W/\"12\"")),
            (Some("*"), None, Some("*")),
            (Some("W/\"7\""), Some(&version), Some("W/\"7\"")),
            (None, Some(&version), None),
        ] {
            let mut request = request(held);
            guard(&mut request, version);
            let expected: BTreeMap<String, String> =
                then.map(|then| (IF_MATCH.to_owned(), then.to_owned())).into_iter().collect();
            assert_eq!(request.headers, expected);
        }
    }
}
