//! Lookups that are given by what their row is found by, where that row is made by the same plan: it goes in an earlier turn, and is found when
//! the row that points at it is due.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use syncline_connect::{
    Destination, MatchKey, Outcome, OutcomeKind, PlannedWrite, Probe, ProbedRow, RowRequest,
};
use syncline_model::{
    Action, ColumnName, EntitySchema, FieldChange, MappedRecord, Reference, RowIssue, SynclineError, Value,
    ValueMap,
};
use syncline_store::PlanRow;
use uuid::Uuid;

use crate::decide::{Changes, Decision, Held, decide, write};
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

/// A record without what is found later.
pub(crate) fn without<'f>(
    mapped: &MappedRecord,
    fields: impl IntoIterator<Item = &'f LateFind>,
) -> MappedRecord {
    let mut without = mapped.clone();
    for find in fields {
        without.attributes.remove(&find.field);
    }
    without
}

/// A change of which it is not known yet what the lookup points at.
pub(crate) fn is_unfound(late: &[LateFind], change: &FieldChange) -> bool {
    matches!(change.to, Value::Text(_)) && late.iter().any(|find| find.field == change.field)
}

/// Decides on a row whose lookups lead to rows that may be made by the same plan.
pub(crate) fn decide_late(
    destination: &dyn Destination,
    schema: &EntitySchema,
    mapped: &MappedRecord,
    held: Held,
    late: &[LateFind],
) -> Decision {
    // Whether the columns may be set at all is told before the run, though not yet to which row.
    let mut trial = mapped.clone();
    for find in late {
        let entity = schema.summary.logical_name.clone();
        let some_row = Reference { entity, id: Uuid::nil().to_string() };
        trial.attributes.insert(find.field.clone(), Value::from(some_row));
    }
    let trial = decide(destination, schema, &trial, held.clone(), false);
    if trial.action == Action::Invalid {
        return trial;
    }
    let before = match &held {
        Held::Probed(Probe::Present(row)) => Some(row.clone()),
        Held::Probed(_) | Held::LastSent(_) | Held::SameSent => None,
    };
    let mut decision = match before {
        None => decide(destination, schema, &without(mapped, late), held, false),
        // What a lookup is to point at is not there, so the row can't hold it by now.
        Some(row) => {
            let is_late = |change: &FieldChange| late.iter().any(|find| find.field == change.field);
            let (later, now): (Vec<_>, Vec<_>) = trial.changes.list(mapped).into_iter().partition(is_late);
            let plain = without(mapped, late);
            let mut decision =
                write(destination, schema, &plain, Action::Update, trial.reason, now.clone(), Some(row));
            let told = |change: FieldChange| {
                let to = mapped.attributes.get(&change.field).cloned().unwrap_or(Value::Null);
                FieldChange { to, ..change }
            };
            decision.changes = Changes::These(now.into_iter().chain(later.into_iter().map(told)).collect());
            decision
        }
    };
    if matches!(decision.action, Action::Create | Action::Update) {
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

/// Says of rows that were written what they point at, since the plan does not know it.
pub(crate) fn tell(found: HashMap<usize, String>, outcomes: &mut [Option<Outcome>]) {
    for (at, found) in found {
        if let Some(Some(told)) = outcomes.get_mut(at)
            && matches!(told.kind, OutcomeKind::Created | OutcomeKind::Updated | OutcomeKind::Upserted)
        {
            told.message = Some(found);
        }
    }
}

impl Batch<'_> {
    /// Finds what the rows point at that earlier turns made, and completes them and their requests. Rows whose lookup leads nowhere are held back.
    /// Gives by the place of the row what was found, in words.
    pub(crate) async fn find_late(
        &mut self,
        open: &[usize],
        outcomes: &mut [Option<Outcome>],
    ) -> Result<HashMap<usize, String>, SynclineError> {
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
        let mut told = HashMap::new();
        for (at, found) in found {
            if outcomes[at].is_some() {
                continue;
            }
            match self.complete(at, &found) {
                Ok(()) => {
                    let words =
                        found.iter().map(|(find, reference)| format!("{} is {}", find.field, reference.id));
                    told.insert(at, words.collect::<Vec<_>>().join(", "));
                }
                Err(error) => {
                    outcomes[at] = Some(outcome(OutcomeKind::Failed, error.code.as_str(), error.message));
                }
            }
        }
        Ok(told)
    }

    /// Puts what was found into a row and its request, which goes where it was planned to go and under its guard.
    fn complete(&mut self, at: usize, found: &[(LateFind, Reference)]) -> Result<(), SynclineError> {
        let due = &mut self.rows[at];
        let found: ValueMap = found
            .iter()
            .map(|(find, reference)| (find.field.clone(), Value::from(reference.clone())))
            .collect();
        let mut mapped = due.row.mapped.clone();
        for (field, value) in found.iter() {
            mapped.attributes.insert(field.clone(), value.clone());
        }
        let existing: Option<ProbedRow> =
            due.row.existing.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok());
        let changed: Vec<&str> = due.row.changes.iter().map(|change| change.field.as_str()).collect();
        let planned = PlannedWrite {
            action: due.row.action,
            mapped: &mapped,
            existing: existing.as_ref(),
            changed: &changed,
        };
        let whole = self.request.destination.request(self.schema, &planned)?;
        due.send_as(RowRequest { body: whole.body, ..due.request.clone() }, found)
    }
}
