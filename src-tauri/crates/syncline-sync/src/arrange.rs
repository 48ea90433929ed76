//! The order of a plan's rows becomes a part of the plan: turns, and steps for rows that can't be written at once because they point at one another in a circle.

use serde_json::value::RawValue;
use syncline_connect::{Destination, PlannedWrite, ProbedRow, RowRequest, WriteOptions};
use syncline_model::{
    Action, EntitySchema, FieldChange, MappedRecord, RecordId, RequiredLevel, SynclineError, Value, ValueMap,
};
use syncline_store::{PlanRow, PlanStep, Store};
use uuid::Uuid;

use crate::late::{LateFind, late_finds, without};
use crate::order::{Order, Turns};
use crate::plan::PlanDetail;
use crate::plan_rows::{raw, read_extra};
use crate::progress::blocking;

/// Rows that are rewritten at once.
const AT_ONCE: usize = 200;

/// Where the rows go.
pub(crate) struct Place<'a> {
    pub(crate) store: &'a Store,
    pub(crate) plan: Uuid,
    pub(crate) destination: &'a dyn Destination,
    pub(crate) schema: &'a EntitySchema,
    pub(crate) options: &'a WriteOptions,
}

/// Stores in which turn rows go, and makes two rows of each that goes in two steps. `next`: the ordinal behind the plan's last row.
pub(crate) async fn arrange(
    place: &Place<'_>,
    mut order: Order,
    next: &mut u32,
    detail: &mut PlanDetail,
) -> Result<(), SynclineError> {
    let nobody_makes = order.unresolved();
    for rows in nobody_makes.chunks(AT_ONCE) {
        refuse(place, rows, detail).await?;
    }
    let itself = place.destination.takes_own_reference();
    let (store, plan, schema) = (place.store.clone(), place.plan, place.schema.clone());
    let Turns { cut, last, late, .. } = {
        blocking(move || {
            let turns = order.turns(itself, |name, action| {
                schema.column(name).is_some_and(|column| {
                    let empty = column.required != RequiredLevel::System;
                    empty && column.updatable && (column.creatable || action == Action::Delete)
                })
            });
            for part in turns.turns.chunks(10_000) {
                store.save_plan_turns(plan, part)?;
            }
            Ok(turns)
        })
        .await?
    };
    detail.arranged = true;
    detail.turns = u64::from(last);
    detail.late_finds = late;
    let mut cut = cut.into_iter();
    loop {
        let part: Vec<(u32, Vec<String>)> = cut.by_ref().take(AT_ONCE).collect();
        if part.is_empty() {
            break;
        }
        let (mut rows, mut steps, mut turns) = (Vec::new(), Vec::new(), Vec::new());
        for (ordinal, columns) in part {
            let kept = place.store.clone();
            let Some(row) = blocking(move || Ok(kept.plan_row(plan, ordinal)?)).await? else { continue };
            let Some((main, step)) = apart(place, &row, &columns, *next)? else { continue };
            // A row that is made loses its columns to the step after it; one that is deleted comes after its step.
            let first = row.action == Action::Delete;
            if !first {
                turns.push((step.ordinal, last + 1));
                detail.turns = u64::from(last) + 1;
            }
            steps.push(PlanStep { step: step.ordinal, main: ordinal, first });
            if let Some(old) = request_of(&row) {
                detail.take_back(&old, lane(place, &old));
            }
            for made in [&main, &step].into_iter().filter_map(request_of) {
                detail.note(&made, lane(place, &made));
            }
            detail.counts.update += 1;
            detail.counts.steps += 1;
            rows.extend([main, step]);
            *next += 1;
        }
        let kept = place.store.clone();
        blocking(move || {
            kept.add_plan_rows(plan, &rows)?;
            kept.save_plan_turns(plan, &turns)?;
            Ok(kept.save_plan_steps(plan, &steps)?)
        })
        .await?;
    }
    Ok(())
}

/// Rows whose lookup leads to a row that will not be there are not sent.
async fn refuse(place: &Place<'_>, ordinals: &[u32], detail: &mut PlanDetail) -> Result<(), SynclineError> {
    let (kept, plan, ordinals) = (place.store.clone(), place.plan, ordinals.to_vec());
    let found = blocking(move || {
        let rows = ordinals.into_iter().map(|ordinal| kept.plan_row(plan, ordinal));
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    })
    .await?;
    let mut rows = Vec::with_capacity(found.len());
    for mut row in found.into_iter().flatten() {
        if let Some(old) = request_of(&row) {
            detail.take_back(&old, lane(place, &old));
        }
        for find in late_finds(&row) {
            let issue = find.not_found(place.schema);
            row.reason.clone_from(&issue.message);
            row.issues.push(issue);
        }
        let counts = &mut detail.counts;
        let planned = if row.action == Action::Create { &mut counts.create } else { &mut counts.update };
        *planned = planned.saturating_sub(1);
        counts.invalid += 1;
        (row.action, row.request, row.request_hash) = (Action::Invalid, None, None);
        // A later run looks at its record again.
        detail.waiting += 1;
        rows.push(row);
    }
    let kept = place.store.clone();
    blocking(move || Ok(kept.add_plan_rows(plan, &rows)?)).await
}

fn lane(place: &Place<'_>, request: &RowRequest) -> u8 {
    place.destination.lane(place.schema, request, place.options)
}

fn request_of(row: &PlanRow) -> Option<RowRequest> {
    row.request.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok())
}

/// A row and its step; `None` where the destination has no such requests, so that the row stays as it is.
fn apart(
    place: &Place<'_>,
    row: &PlanRow,
    columns: &[String],
    ordinal: u32,
) -> Result<Option<(PlanRow, PlanRow)>, SynclineError> {
    match row.action {
        Action::Create => made_apart(place, row, columns, ordinal),
        Action::Delete => deleted_apart(place, row, columns, ordinal),
        Action::Update | Action::Unchanged | Action::Skip | Action::Invalid => Ok(None),
    }
}

/// The row without the columns, and an update that sets them.
fn made_apart(
    place: &Place<'_>,
    row: &PlanRow,
    columns: &[String],
    ordinal: u32,
) -> Result<Option<(PlanRow, PlanRow)>, SynclineError> {
    let key = &place.schema.summary.primary_id;
    let values = [&row.mapped.identifiers, &row.mapped.attributes];
    let id = values.iter().find_map(|values| values.get(key.as_str()));
    let mut main = row.clone();
    let mut later = ValueMap::new();
    for column in columns {
        if let Some(value) = main.mapped.attributes.remove(column.as_str()) {
            later.insert(column.clone(), value);
        }
    }
    main.changes.retain(|change| !columns.contains(&change.field));
    let changes = later.iter().map(|(field, to)| FieldChange {
        field: field.clone(),
        from: Value::Null,
        to: to.clone(),
    });
    let changes: Vec<FieldChange> = changes.collect();
    let existing = ProbedRow {
        // A row that is known by a key gets its id when it is made.
        id: RecordId::new(id.map(Value::display_text).unwrap_or_default()),
        etag: None,
        values: changes.iter().map(|change| (change.field.clone(), Value::Null)).collect(),
    };
    let mapped =
        MappedRecord { identifiers: row.mapped.identifiers.clone(), attributes: later, events: Vec::new() };
    let names = columns.join(", ");
    // What is found when it is due is in neither request yet.
    let (finds, others): (Vec<LateFind>, Vec<LateFind>) =
        late_finds(row).into_iter().partition(|find| columns.contains(&find.field));
    let Some(request) = planned(place, Action::Create, &without(&main.mapped, &others), None, &main.changes)
    else {
        return Ok(None);
    };
    let Some(update) = planned(place, Action::Update, &without(&mapped, &finds), Some(&existing), &changes)
    else {
        return Ok(None);
    };
    let update = match id {
        Some(_) => update,
        None => match place.destination.update_of_made(&request, update) {
            Some(update) => update,
            None => return Ok(None),
        },
    };
    main.reason = format!("{}; {names} follows, because rows point at one another in a circle", row.reason);
    put(&mut main, &request)?;
    let reason = format!("sets {names} of the new row once what it points at is there too");
    let mut step = step(row, ordinal, reason, mapped, changes);
    step.existing = Some(raw(&existing)?);
    put(&mut step, &update)?;
    keep_finds(&mut main, others)?;
    keep_finds(&mut step, finds)?;
    Ok(Some((main, step)))
}

/// Keeps with a row what of it is found when it is due.
fn keep_finds(row: &mut PlanRow, finds: Vec<LateFind>) -> Result<(), SynclineError> {
    if let Some(mut extra) = read_extra(row).filter(|extra| extra.finds != finds) {
        extra.finds = finds;
        row.extra = Some(raw(&extra)?);
    }
    Ok(())
}

/// An update that empties the columns, and the deletion after it. That update changes the row's version, so the deletion is guarded by what came of it.
fn deleted_apart(
    place: &Place<'_>,
    row: &PlanRow,
    columns: &[String],
    ordinal: u32,
) -> Result<Option<(PlanRow, PlanRow)>, SynclineError> {
    let Some(mut existing) = row.existing.as_ref().and_then(|held| probed(held)) else { return Ok(None) };
    let changes: Vec<FieldChange> = columns
        .iter()
        .filter_map(|column| {
            let from = existing.values.get(column)?.clone();
            Some(FieldChange { field: column.clone(), from, to: Value::Null })
        })
        .collect();
    let mapped = MappedRecord {
        identifiers: row.mapped.identifiers.clone(),
        attributes: changes.iter().map(|change| (change.field.clone(), Value::Null)).collect(),
        events: Vec::new(),
    };
    let Some(update) = planned(place, Action::Update, &mapped, Some(&existing), &changes) else {
        return Ok(None);
    };
    existing.etag = None;
    let Some(request) = planned(place, Action::Delete, &row.mapped, Some(&existing), &row.changes) else {
        return Ok(None);
    };
    let reason = format!(
        "empties {}, because rows that are deleted point at one another in a circle",
        columns.join(", ")
    );
    let mut step = step(row, ordinal, reason, mapped, changes);
    step.existing.clone_from(&row.existing);
    put(&mut step, &update)?;
    let mut main = row.clone();
    put(&mut main, &request)?;
    Ok(Some((main, step)))
}

fn probed(held: &RawValue) -> Option<ProbedRow> {
    serde_json::from_str(held.get()).ok()
}

fn planned(
    place: &Place<'_>,
    action: Action,
    mapped: &MappedRecord,
    existing: Option<&ProbedRow>,
    changes: &[FieldChange],
) -> Option<RowRequest> {
    let changed: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
    let write = PlannedWrite { action, mapped, existing, changed: &changed };
    place.destination.request(place.schema, &write).ok()
}

fn put(row: &mut PlanRow, request: &RowRequest) -> Result<(), SynclineError> {
    row.request = Some(raw(request)?);
    row.request_hash = Some(request.hash());
    Ok(())
}

fn step(
    row: &PlanRow,
    ordinal: u32,
    reason: String,
    mapped: MappedRecord,
    changes: Vec<FieldChange>,
) -> PlanRow {
    PlanRow {
        ordinal,
        action: Action::Update,
        reason,
        mapped,
        changes,
        existing: None,
        request: None,
        request_hash: None,
        issues: Vec::new(),
        ..row.clone()
    }
}
