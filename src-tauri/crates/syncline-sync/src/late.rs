//! Lookups that are given by what their row is found by, where that row is made by the same plan: it goes in an earlier turn, and is found when
//! the row that points at it is due.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use syncline_connect::{Destination, MatchKey, Outcome, OutcomeKind, PlannedWrite, Probe, RowRequest};
use syncline_model::{
    Action, ColumnName, EntitySchema, MappedRecord, Reference, RowIssue, SynclineError, Value,
};
use syncline_store::PlanRow;

use crate::decide::{Decision, Held, decide};
use crate::plan_rows::read_extra;
use crate::run_batch::{Batch, outcome};

/// Code of a row whose lookup leads to no row.
pub(crate) const NOT_FOUND: &str = "lookup_not_found";
/// Code of a row whose lookup leads to several rows.
pub(crate) const AMBIGUOUS: &str = "lookup_ambiguous";

/// A lookup of a planned row that is found when the row is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateFind {
    /// The lookup.
    pub field: String,
    /// Column of the destination's table that holds the value.
    pub column: ColumnName,
    /// The value.
    pub text: String,
}

impl LateFind {
    /// Why a row with it can't be sent.
    pub(crate) fn not_found(&self, schema: &EntitySchema) -> RowIssue {
        let entity = &schema.summary.logical_name;
        let message = format!("there is no {entity} with the {} {:?}", self.column, self.text);
        RowIssue { code: NOT_FOUND.to_owned(), field: self.field.clone(), message }
    }
}

/// Decides on a row whose lookups lead to rows that may be made by the same plan. That is for new rows; one that is there already is pointed at
/// them by the next run.
pub(crate) fn decide_late(
    destination: &dyn Destination,
    schema: &EntitySchema,
    mapped: &MappedRecord,
    held: Held,
    late: &[LateFind],
) -> Decision {
    if !matches!(held, Held::Probed(Probe::Absent)) {
        let issue = late.first().map(|find| find.not_found(schema));
        let text = issue.as_ref().map(|issue| issue.message.clone()).unwrap_or_default();
        let mut decision = Decision::left_out(Action::Invalid, text);
        decision.issues.extend(issue);
        return decision;
    }
    let mut without = mapped.clone();
    for find in late {
        without.attributes.remove(&find.field);
    }
    let mut decision = decide(destination, schema, &without, held, false);
    if decision.action == Action::Create {
        let told = late.iter().map(|find| format!("{} {:?} for {}", find.column, find.text, find.field));
        decision.reason = format!(
            "{}; it goes after the row of this plan with {}",
            decision.reason,
            told.collect::<Vec<_>>().join(", ")
        );
    }
    decision
}

/// What of a row is found when it is due. What a row keeps is as large as its record: it is read only where it tells something.
pub(crate) fn late_finds(row: &PlanRow) -> Vec<LateFind> {
    let told = row.extra.as_ref().is_some_and(|extra| extra.get().contains("\"finds\":["));
    if told { read_extra(row).map(|extra| extra.finds).unwrap_or_default() } else { Vec::new() }
}

/// A request that is whole by now, and what was found.
pub(crate) struct Completed {
    pub(crate) request: RowRequest,
    pub(crate) told: String,
}

/// Says of rows that were made what they point at, since the plan does not know it.
pub(crate) fn tell(late: HashMap<usize, Completed>, outcomes: &mut [Option<Outcome>]) {
    for (at, late) in late {
        if let Some(Some(told)) = outcomes.get_mut(at)
            && matches!(told.kind, OutcomeKind::Created | OutcomeKind::Upserted)
        {
            told.message = Some(late.told);
        }
    }
}

impl Batch<'_> {
    /// Finds what the rows point at that earlier turns made, and completes their requests. Rows whose lookup leads nowhere are held back.
    pub(crate) async fn find_late(
        &self,
        open: &[usize],
        outcomes: &mut [Option<Outcome>],
    ) -> Result<HashMap<usize, Completed>, SynclineError> {
        let mut finds: Vec<(usize, LateFind)> = Vec::new();
        for at in open {
            finds.extend(late_finds(&self.rows[*at].row).into_iter().map(|find| (*at, find)));
        }
        if finds.is_empty() {
            return Ok(HashMap::new());
        }
        let key =
            |find: &LateFind| MatchKey([(find.column.to_string(), Value::from(find.text.as_str()))].into());
        let destination = self.request.destination.as_ref();
        let mut probes = HashMap::new();
        let mut columns: Vec<&ColumnName> = finds.iter().map(|(_, find)| &find.column).collect();
        columns.sort();
        columns.dedup();
        // Keys of one look are of the same columns.
        for column in columns {
            let mut asked: Vec<&LateFind> =
                finds.iter().map(|(_, find)| find).filter(|find| find.column == *column).collect();
            asked.sort_by(|a, b| a.text.cmp(&b.text));
            asked.dedup_by(|a, b| a.text == b.text);
            let keys: Vec<MatchKey> = asked.iter().map(|find| key(find)).collect();
            let told = destination.probe(self.schema, &keys, &[], &self.work.cancel).await?;
            probes.extend(asked.iter().map(|find| (column.clone(), find.text.clone())).zip(told));
        }
        let mut found: HashMap<usize, Vec<(LateFind, Reference)>> = HashMap::new();
        for (at, find) in finds {
            let issue = match probes.get(&(find.column.clone(), find.text.clone())) {
                Some(Probe::Present(row)) => {
                    let entity = self.schema.summary.logical_name.clone();
                    let reference = Reference { entity, id: row.id.to_string() };
                    found.entry(at).or_default().push((find, reference));
                    continue;
                }
                Some(Probe::Ambiguous(rows)) => RowIssue {
                    code: AMBIGUOUS.to_owned(),
                    field: find.field.clone(),
                    message: format!("{rows} rows have the {} {:?}", find.column, find.text),
                },
                Some(Probe::Absent | Probe::Unknown) | None => find.not_found(self.schema),
            };
            outcomes[at] = Some(outcome(OutcomeKind::Drifted, &issue.code, issue.message));
        }
        let mut completed = HashMap::new();
        for (at, found) in found {
            if outcomes[at].is_some() {
                continue;
            }
            let row = &self.rows[at].row;
            let mut mapped = row.mapped.clone();
            for (find, reference) in &found {
                mapped.attributes.insert(find.field.clone(), Value::from(reference.clone()));
            }
            let changed: Vec<&str> = mapped
                .attributes
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, _)| name.as_str())
                .collect();
            let planned =
                PlannedWrite { action: row.action, mapped: &mapped, existing: None, changed: &changed };
            match destination.request(self.schema, &planned) {
                Ok(request) => {
                    let told =
                        found.iter().map(|(find, reference)| format!("{} is {}", find.field, reference.id));
                    completed.insert(at, Completed { request, told: told.collect::<Vec<_>>().join(", ") });
                }
                Err(error) => {
                    outcomes[at] = Some(outcome(OutcomeKind::Failed, error.code.as_str(), error.message));
                }
            }
        }
        Ok(completed)
    }
}
