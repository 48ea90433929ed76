//! Whether rows of which no answer came are at the destination.

use std::collections::BTreeMap;
use syncline_connect::{Destination, MatchKey, Probe};
use syncline_model::{Action, EntitySchema, ErrorCode, SynclineError, Value};
use tokio_util::sync::CancellationToken;

use crate::feed::Due;
use crate::late::{is_unfound, late_finds};
use crate::plan_rows::read_extra;

/// Asks the destination about rows, with the fields that they change.
pub(crate) async fn probe_rows(
    destination: &dyn Destination,
    schema: &EntitySchema,
    rows: &[&Due],
    cancel: &CancellationToken,
) -> Result<Vec<Probe>, SynclineError> {
    let keys: Vec<MatchKey> = rows.iter().map(|due| MatchKey(due.row.mapped.identifiers.clone())).collect();
    let mut fields: Vec<String> = rows
        .iter()
        .filter(|due| due.row.action != Action::Delete)
        .flat_map(|due| due.row.changes.iter().map(|change| change.field.clone()))
        .collect();
    fields.sort();
    fields.dedup();
    let probes = destination.probe(schema, &keys, &fields, cancel).await?;
    if probes.len() == rows.len() {
        return Ok(probes);
    }
    Err(SynclineError::new(
        ErrorCode::UnexpectedReply,
        format!("the destination answered for {} of {} rows", probes.len(), rows.len()),
    ))
}

/// Whether the destination holds a row as it was sent, or one that only this plan can have made, and its id there where it has one; `None` where it does not.
pub(crate) fn arrived(
    destination: &dyn Destination,
    schema: &EntitySchema,
    due: &Due,
    probe: &Probe,
) -> Option<Option<String>> {
    // Of rows that left before it was kept what they left as, it is not known what they point at. That does not tell whether a new row is there.
    let late = if due.row.action == Action::Create { late_finds(&due.row) } else { Vec::new() };
    let as_sent = |values: &BTreeMap<String, Value>| {
        due.row.changes.iter().filter(|change| !is_unfound(&late, change)).all(|change| {
            values
                .get(&change.field)
                .is_some_and(|held| destination.same(schema, &change.field, &change.to, held))
        })
    };
    let own_id = || {
        let told = due.row.extra.as_ref().is_some_and(|extra| extra.get().contains("\"own_id\":true"));
        told && read_extra(&due.row).and_then(|extra| extra.pair).is_some_and(|pair| pair.own_id)
    };
    match (due.row.action, probe) {
        (Action::Delete, Probe::Absent) => Some(None),
        // Whatever became of it since: nobody else gives a row this id.
        (Action::Create, Probe::Present(row)) if own_id() => Some(Some(row.id.to_string())),
        (Action::Create | Action::Update, Probe::Present(row)) if as_sent(&row.values) => {
            Some(Some(row.id.to_string()))
        }
        _ => None,
    }
}
