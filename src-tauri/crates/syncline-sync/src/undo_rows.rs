//! What becomes of each record when its run is taken back.

use std::collections::BTreeSet;
use syncline_connect::{Destination, MatchKey, PlannedWrite, Probe, ProbedRow, RowRequest};
use syncline_model::{
    Action, EntitySchema, FieldChange, MappedRecord, RowIssue, SynclineError, Value, ValueMap,
};
use syncline_store::{AuditRow, PlanRow};

use crate::decide::{Decision, deletion, write};
use crate::late::{is_unfound, late_finds};
use crate::plan::PlanDetail;
use crate::plan_rows::raw;
use crate::progress::Work;
use crate::undo::UndoRequest;
use crate::vanished::whole_image;

/// A row whose record is left alone, with the cause by which it is listed.
fn left(code: &str, field: &str, text: impl Into<String>) -> Decision {
    let text = text.into();
    let mut decision = Decision::left_out(Action::Skip, text.clone());
    decision.issues.push(RowIssue { code: code.to_owned(), field: field.to_owned(), message: text });
    decision
}

/// The row as it was found before the run.
fn before(row: &PlanRow) -> Option<ProbedRow> {
    row.existing.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok())
}

/// By what the row is found now: its id where the destination told it, else what identified it then.
fn key_of(schema: &EntitySchema, row: &AuditRow) -> ValueMap {
    let primary = schema.summary.primary_id.as_str();
    let told = row.answer.as_ref().and_then(|answer| answer.destination_id.clone());
    let id = told.or_else(|| before(&row.planned).map(|row| row.id.to_string()));
    match id {
        // The id of a key of several columns is a list; such a row is found by what identified it.
        Some(id) if !primary.is_empty() && !id.starts_with('[') => {
            ValueMap::from([(primary.to_owned(), Value::from(id.as_str()))])
        }
        Some(_) | None => row.planned.mapped.identifiers.clone(),
    }
}

/// Plans a window of rows.
pub(crate) async fn undo_page(
    destination: &dyn Destination,
    request: &UndoRequest,
    written: Vec<AuditRow>,
    first: u32,
    detail: &mut PlanDetail,
    work: &Work,
) -> Result<Vec<PlanRow>, SynclineError> {
    let schema = &request.schema;
    let keys: Vec<MatchKey> = written.iter().map(|row| MatchKey(key_of(schema, row))).collect();
    let probes = if destination.capabilities().reads_back {
        destination.probe(schema, &keys, &fields(schema, &written), &work.cancel).await?
    } else {
        vec![Probe::Unknown; keys.len()]
    };
    let mut rows = Vec::with_capacity(written.len());
    for ((row, MatchKey(key)), probe) in written.into_iter().zip(keys).zip(probes) {
        let (mapped, decision) = decide(destination, schema, &row, key, probe);
        detail.counts.add(decision.action);
        if let (true, Some(request_of_row)) = (decision.action.writes(), &decision.request) {
            detail.note(request_of_row, destination.lane(schema, request_of_row, &request.options));
        }
        rows.push(PlanRow {
            ordinal: first + rows.len() as u32,
            source_id: row.planned.source_id,
            title: row.planned.title,
            source_etag: None,
            action: decision.action,
            reason: decision.reason,
            existing: decision.existing.as_ref().map(raw).transpose()?,
            changes: decision.changes.list(&mapped),
            request_hash: decision.request.as_ref().map(RowRequest::hash),
            request: decision.request.as_ref().map(raw).transpose()?,
            mapped,
            issues: decision.issues,
            extra: None,
            excluded: false,
        });
    }
    Ok(rows)
}

/// What is read of the rows: the fields that were written, and all of a row that is to be deleted.
fn fields(schema: &EntitySchema, written: &[AuditRow]) -> Vec<String> {
    let mut fields: BTreeSet<String> = BTreeSet::new();
    for row in written {
        match row.planned.action {
            Action::Create => {
                fields.extend(whole_image(schema));
                fields.extend(row.planned.mapped.attributes.keys().cloned());
            }
            Action::Update | Action::Delete | Action::Unchanged | Action::Skip | Action::Invalid => {
                fields.extend(row.planned.changes.iter().map(|change| change.field.clone()));
            }
        }
    }
    fields.into_iter().collect()
}

fn decide(
    destination: &dyn Destination,
    schema: &EntitySchema,
    row: &AuditRow,
    key: ValueMap,
    probe: Probe,
) -> (MappedRecord, Decision) {
    let mapped = MappedRecord { identifiers: key, attributes: ValueMap::new(), events: Vec::new() };
    let now = match probe {
        Probe::Unknown => {
            let text = "the destination can't be read back, so what it held before is not known";
            return (mapped, left("not_undoable", "", text));
        }
        Probe::Ambiguous(rows) => {
            return (mapped, left("ambiguous_match", "", format!("{rows} rows have its identifiers now")));
        }
        Probe::Present(now) => Some(now),
        Probe::Absent => None,
    };
    let unsure = matches!(row.outcome.as_str(), "unknown" | "sending");
    match (row.planned.action, now) {
        (Action::Create, Some(now)) => {
            if let Some(other) = changed_since(destination, schema, row, &now) {
                return (mapped, other);
            }
            let known = row.answer.as_ref().is_some_and(|answer| answer.version.is_some());
            if destination.capabilities().guards_versions && !known {
                let text = "the version that the run made is not known, so others may have added to the row: delete it by hand";
                return (mapped, left("version_unknown", "", text));
            }
            let decision = deletion(destination, schema, &mapped, now, "the run made it");
            (mapped, decision)
        }
        (Action::Create, None) => (mapped, Decision::left_out(Action::Unchanged, "it is not there any more")),
        (Action::Update, Some(now)) => {
            if let Some(other) = changed_since(destination, schema, row, &now) {
                return (mapped, other);
            }
            put_back(destination, schema, row, mapped, now)
        }
        (Action::Update, None) => {
            (mapped, left("gone_since", "", "somebody deleted the record since the run"))
        }
        (Action::Delete, None) => bring_back(destination, schema, row, mapped),
        (Action::Delete, Some(_)) if unsure => {
            (mapped, Decision::left_out(Action::Unchanged, "it was not deleted"))
        }
        (Action::Delete, Some(_)) => {
            (mapped, left("there_again", "", "somebody made a record with its key since the run"))
        }
        (Action::Unchanged | Action::Skip | Action::Invalid, _) => {
            (mapped, Decision::left_out(Action::Unchanged, "the run did not write it"))
        }
    }
}

/// Left alone where the row is not as the run left it: by its version where that is known, else by the values that the run wrote.
fn changed_since(
    destination: &dyn Destination,
    schema: &EntitySchema,
    row: &AuditRow,
    now: &ProbedRow,
) -> Option<Decision> {
    let differs = |field: &str, to: &Value| {
        now.values.get(field).is_some_and(|held| !destination.same(schema, field, to, held))
    };
    // Of runs that did not keep what was found when a row was due the version tells.
    let late = late_finds(&row.planned);
    let mut planned = row.planned.changes.iter().filter(|change| !is_unfound(&late, change));
    let field = planned.find(|change| differs(&change.field, &change.to));
    let answer = row.answer.as_ref();
    let version = answer.and_then(|answer| answer.version.as_ref()).zip(now.etag.as_ref());
    if matches!(row.outcome.as_str(), "unknown" | "sending") && field.is_some() {
        return Some(Decision::left_out(Action::Unchanged, "the run's write did not arrive"));
    }
    match (version, field) {
        (_, Some(change)) => {
            let text = format!("{} was changed by somebody else since the run", change.field);
            Some(left("changed_since", &change.field, text))
        }
        (Some((then, now)), None) if then != now => {
            Some(left("changed_since", "", "the record was changed by somebody else since the run"))
        }
        _ => None,
    }
}

/// The values that the row had before.
fn put_back(
    destination: &dyn Destination,
    schema: &EntitySchema,
    row: &AuditRow,
    mut mapped: MappedRecord,
    now: ProbedRow,
) -> (MappedRecord, Decision) {
    let Some(before) = before(&row.planned) else {
        return (mapped, left("no_image", "", "what it held before was not kept"));
    };
    let mut changes = Vec::new();
    let mut unread = None;
    for change in &row.planned.changes {
        let Some(was) = before.values.get(&change.field) else {
            unread = Some(change.field.clone());
            continue;
        };
        let held = now.values.get(&change.field).unwrap_or(&Value::Null);
        if destination.same(schema, &change.field, was, held) {
            continue;
        }
        mapped.attributes.insert(change.field.clone(), was.clone());
        changes.push(FieldChange { field: change.field.clone(), from: held.clone(), to: was.clone() });
    }
    let mut decision = if changes.is_empty() {
        Decision::left_out(Action::Unchanged, "it holds what it held before")
    } else {
        let reason = "as it was before the run".to_owned();
        write(destination, schema, &mapped, Action::Update, reason, changes, Some(now))
    };
    if let Some(field) = unread {
        let message = format!("{field} could not be read before the run, so it stays as the run wrote it");
        decision.issues.push(RowIssue { code: "no_image".to_owned(), field, message });
    }
    (mapped, decision)
}

/// The deleted row, under the id that it had where the destination takes one.
fn bring_back(
    destination: &dyn Destination,
    schema: &EntitySchema,
    row: &AuditRow,
    mut mapped: MappedRecord,
) -> (MappedRecord, Decision) {
    let Some(before) = before(&row.planned) else {
        return (mapped, left("no_image", "", "what it held before was not kept"));
    };
    let set = before.values.into_iter().filter(|(name, value)| {
        let takes = schema.column(name).is_none_or(|column| column.creatable);
        takes && !value.is_null() && !mapped.identifiers.contains_key(name)
    });
    mapped.attributes = set.collect();
    let mut lost = Vec::new();
    for (field, value) in std::mem::take(&mut mapped.attributes) {
        let alone = MappedRecord {
            identifiers: mapped.identifiers.clone(),
            attributes: ValueMap::from([(field.clone(), value.clone())]),
            events: Vec::new(),
        };
        let changed = [field.as_str()];
        let write =
            PlannedWrite { action: Action::Create, mapped: &alone, existing: None, changed: &changed };
        match destination.request(schema, &write) {
            Ok(_) => drop(mapped.attributes.insert(field, value)),
            Err(error) => {
                let message = format!("{field} can't be brought back: {}", error.message);
                lost.push(RowIssue { code: "not_restored".to_owned(), field, message });
            }
        }
    }
    let changes = mapped
        .attributes
        .iter()
        .map(|(field, to)| FieldChange { field: field.clone(), from: Value::Null, to: to.clone() })
        .collect();
    let reason = "the run deleted it".to_owned();
    let mut decision = write(destination, schema, &mapped, Action::Create, reason, changes, None);
    decision.issues.extend(lost);
    (mapped, decision)
}
