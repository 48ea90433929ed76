//! What earlier runs of a two-way sync did and could not note, because they died or no answer came.

use std::collections::BTreeSet;
use std::sync::Arc;
use syncline_connect::{Destination, Probe, ProbedRow, WriteOptions};
use syncline_model::{Action, EntitySchema, SyncDefinition, SynclineError};
use syncline_store::{LinkChange, PlanRow, PlanStatus, RunOutcome, RunRowFilter, RunStatus, SENDING, Store};
use uuid::Uuid;

use super::commit::{change, commit, part_of, tables_of};
use super::pair::PairExtra;
use crate::arrived::{arrived, probe_rows};
use crate::feed::due;
use crate::guards::Guards;
use crate::plan_rows::read_extra;
use crate::progress::{Work, blocking};
use crate::run::RunRequest;
use crate::run_open::settle_open;

/// Plans of a definition that are looked through for what an interrupted run left.
const PLANS_BACK: u32 = 50;
/// Rows that are looked up at once.
const WINDOW: u32 = 200;

/// Before a new look at both sides: what earlier runs of the definition did and could not note any more is found out and noted. `writer` reaches
/// a side by its connection.
pub async fn settle_before<'w, W>(
    store: &Store,
    definition: &str,
    writer: W,
    work: &Work,
) -> Result<u64, SynclineError>
where
    W: Fn(uuid::Uuid) -> Option<(Arc<dyn Destination>, EntitySchema)> + 'w,
{
    let (kept, name) = (store.clone(), definition.to_owned());
    let open = blocking(move || {
        let mut open = Vec::new();
        for plan in kept.plans(Some(&name), PLANS_BACK)? {
            let Some((detail, _)) = part_of(&plan) else { continue };
            let committed = detail.two_way.as_ref().is_some_and(|part| part.committed);
            if plan.status != PlanStatus::Run || committed {
                continue;
            }
            if let Some(run) = kept.run_of_plan(plan.id)? {
                open.push((plan, run));
            }
        }
        // The oldest first: what came later counts.
        open.reverse();
        Ok(open)
    })
    .await?;
    let mut settled = 0;
    for (plan, run) in open {
        if run.status == RunStatus::Running {
            continue;
        }
        if let Some((destination, schema)) = writer(plan.destination) {
            let request = RunRequest {
                plan: plan.clone(),
                source: None,
                destination,
                records: 0,
                options: WriteOptions::default(),
                stop_on_failed_batch: false,
                guards: Guards::default(),
                undoes: false,
                mirrors: false,
            };
            note_open(&Open { store, request: &request, schema: &schema, run: run.id, work }).await?;
            // What a run that has ended says of its rows stays as it was told.
            if run.status == RunStatus::Interrupted {
                settle_open(store, &request, &schema, run.id, work).await?;
            }
        }
        commit(store, &plan, true, work).await?;
        settled += 1;
    }
    Ok(settled)
}

/// A run with rows that left and have no answer.
struct Open<'a> {
    store: &'a Store,
    request: &'a RunRequest,
    schema: &'a EntitySchema,
    run: Uuid,
    work: &'a Work,
}

/// Notes of each row that left without an answer what the destination tells of it. A row that is there as planned arrived. Of one that somebody
/// has written since, those fields are noted that hold what was sent: both sides hold the same there, whoever wrote it.
async fn note_open(open: &Open<'_>) -> Result<(), SynclineError> {
    let (plan, destination) = (&open.request.plan, open.request.destination.as_ref());
    let Some((_, returns)) = part_of(plan).filter(|_| destination.capabilities().reads_back) else {
        return Ok(());
    };
    let definition = SyncDefinition::from_json(&plan.definition_json).ok();
    let mut offset = 0;
    loop {
        open.work.check()?;
        let (kept, run, id) = (open.store.clone(), open.run, plan.id);
        let rows: Vec<(PlanRow, RunOutcome)> = blocking(move || {
            let outcomes = vec![SENDING.to_owned(), "unknown".to_owned()];
            let filter = RunRowFilter { outcomes, ..RunRowFilter::default() };
            let mut rows = Vec::new();
            for told in kept.run_rows(run, &filter, offset, WINDOW)?.rows {
                let row = kept.plan_row(id, told.outcome.ordinal)?;
                rows.extend(row.map(|row| (row, told.outcome)));
            }
            Ok(rows)
        })
        .await?;
        if rows.is_empty() {
            return Ok(());
        }
        open.work.tell("asking what arrived", offset, None);
        offset += rows.len() as u64;
        let (rows, told): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let rows = rows.into_iter().map(due).collect::<Result<Vec<_>, _>>()?;
        let asked: Vec<_> = rows.iter().collect();
        let probes = probe_rows(destination, open.schema, &asked, &open.work.cancel).await?;
        let mut changes = Vec::new();
        for ((row, told), probe) in rows.iter().zip(told).zip(&probes) {
            let Some(pair) = read_extra(&row.row).and_then(|extra| extra.pair) else { continue };
            changes.extend(match (arrived(destination, open.schema, row, probe), probe) {
                (Some(found), _) => {
                    let answer = RunOutcome { destination_id: found, ..told };
                    change(&row.row, Some(&answer), pair, returns)
                }
                (None, Probe::Present(held)) if row.row.action == Action::Update => {
                    let columns = held_as_sent(destination, open.schema, &row.row, held);
                    definition.as_ref().and_then(|definition| in_part(definition, &columns, pair, returns))
                }
                (None, _) => None,
            });
        }
        let (store, tables, now) = (open.store.clone(), tables_of(plan, returns), open.work.now());
        blocking(move || Ok(store.change_links(&tables, &changes, now)?)).await?;
    }
}

/// Columns that hold what was sent.
fn held_as_sent<'r>(
    destination: &dyn Destination,
    schema: &EntitySchema,
    row: &'r PlanRow,
    held: &ProbedRow,
) -> BTreeSet<&'r str> {
    row.changes
        .iter()
        .filter(|change| {
            held.values
                .get(&change.field)
                .is_some_and(|held| destination.same(schema, &change.field, &change.to, held))
        })
        .map(|change| change.field.as_str())
        .collect()
}

/// What both sides hold of these columns of the written side.
fn in_part(
    definition: &SyncDefinition,
    columns: &BTreeSet<&str>,
    pair: PairExtra,
    returns: bool,
) -> Option<LinkChange> {
    let PairExtra { left, right, mut base, gone, ends, .. } = pair;
    if ends || gone.is_some() {
        return None;
    }
    base.retain(|name, _| {
        let field = definition.fields.iter().find(|field| field.to == *name);
        field.is_some_and(|field| columns.contains(if returns { field.from.as_str() } else { name.as_str() }))
    });
    if base.is_empty() {
        return None;
    }
    Some(LinkChange::Save { left: left?, right: right?, gone: None, base })
}
