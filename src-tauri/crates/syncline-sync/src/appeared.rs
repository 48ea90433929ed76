//! New rows that are recognised by columns that are no key: nothing at the destination keeps such a row from being made twice, so it is asked
//! for them once more right before their batch leaves.

use std::collections::BTreeSet;
use syncline_connect::{Destination, MatchKey, Probe};
use syncline_model::{Action, EntitySchema, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::feed::Due;

/// Whether the destination itself keeps rows with these identifiers apart: they are its primary key or one of its keys.
pub(crate) fn is_key<'n>(schema: &EntitySchema, identifiers: impl Iterator<Item = &'n str>) -> bool {
    let given: BTreeSet<&str> = identifiers.collect();
    let primary = schema.summary.primary_id.as_str();
    (given.len() == 1 && given.contains(primary))
        || schema.keys.iter().any(|key| {
            key.active
                && key.columns.len() == given.len()
                && key.columns.iter().all(|column| given.contains(column.as_str()))
        })
}

/// The rows among `open` that the plan would make and that are at the destination by now, with their number there. The cost is that of one
/// look at the batch's keys, and nothing where keys decide.
pub(crate) async fn appeared(
    destination: &dyn Destination,
    schema: &EntitySchema,
    rows: &[Due],
    open: &[usize],
    cancel: &CancellationToken,
) -> Result<Vec<(usize, u64)>, SynclineError> {
    let able = destination.capabilities();
    if !able.reads_back || !able.guards_versions {
        return Ok(Vec::new());
    }
    let asked: Vec<usize> = open
        .iter()
        .copied()
        .filter(|at| {
            let row = &rows[*at].row;
            let identifiers = &row.mapped.identifiers;
            row.action == Action::Create
                && !identifiers.is_empty()
                && !is_key(schema, identifiers.keys().map(String::as_str))
        })
        .collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<MatchKey> =
        asked.iter().map(|at| MatchKey(rows[*at].row.mapped.identifiers.clone())).collect();
    let probes = destination.probe(schema, &keys, &[], cancel).await?;
    let there = |(at, probe)| match probe {
        Probe::Present(_) => Some((at, 1)),
        Probe::Ambiguous(rows) => Some((at, rows)),
        Probe::Absent | Probe::Unknown => None,
    };
    Ok(asked.into_iter().zip(probes).filter_map(there).collect())
}
