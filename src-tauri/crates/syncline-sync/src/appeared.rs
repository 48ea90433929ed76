//! New rows that are recognised by columns that are no key: nothing at the destination keeps such a row from being made twice, so it is asked
//! for them once more right before their batch leaves.

use std::collections::BTreeSet;
use syncline_connect::{Destination, MatchKey, Probe};
use syncline_model::{Action, EntitySchema, SynclineError, ValueMap};
use syncline_store::PlanRow;
use tokio_util::sync::CancellationToken;

use crate::feed::Due;
use crate::plan_rows::read_extra;

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

/// What a new row is asked for by: its identifiers where they are no key, or in a two-way sync that by which it would have been matched.
fn asked_by(schema: &EntitySchema, row: &PlanRow) -> Option<ValueMap> {
    let identifiers = &row.mapped.identifiers;
    if row.action != Action::Create {
        return None;
    }
    if !identifiers.is_empty() && !is_key(schema, identifiers.keys().map(String::as_str)) {
        return Some(identifiers.clone());
    }
    // What a row keeps is as large as its record: it is read only where it tells something.
    row.extra.as_ref().filter(|extra| extra.get().contains("\"known_by\":"))?;
    read_extra(row)?.pair.map(|pair| pair.known_by).filter(|values| !values.is_empty())
}

/// A row that is there by now.
pub(crate) struct Appeared {
    /// Place of the row that the plan would make.
    pub(crate) at: usize,
    /// How many are there.
    pub(crate) rows: u64,
    /// Its id, where it is one.
    pub(crate) id: Option<String>,
}

/// The rows among `open` that the plan would make and that are at the destination by now. The cost is that of one look at the batch's keys, and
/// nothing where keys decide.
pub(crate) async fn appeared(
    destination: &dyn Destination,
    schema: &EntitySchema,
    rows: &[Due],
    open: &[usize],
    cancel: &CancellationToken,
) -> Result<Vec<Appeared>, SynclineError> {
    let able = destination.capabilities();
    if !able.reads_back || !able.guards_versions {
        return Ok(Vec::new());
    }
    let (mut asked, mut keys) = (Vec::new(), Vec::new());
    for at in open {
        if let Some(values) = asked_by(schema, &rows[*at].row) {
            asked.push(*at);
            keys.push(MatchKey(values));
        }
    }
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let probes = destination.probe(schema, &keys, &[], cancel).await?;
    let there = |(at, probe)| match probe {
        Probe::Present(row) => Some(Appeared { at, rows: 1, id: Some(row.id.to_string()) }),
        Probe::Ambiguous(rows) => Some(Appeared { at, rows, id: None }),
        Probe::Absent | Probe::Unknown => None,
    };
    Ok(asked.into_iter().zip(probes).filter_map(there).collect())
}
