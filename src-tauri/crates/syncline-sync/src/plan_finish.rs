//! The last part of planning a page, which needs nobody any more: rows are decided on and packed one after the other, and what they were
//! made of is let go at once.

use std::borrow::Cow;
use syncline_connect::Probe;
use syncline_mapping::Mapped;
use syncline_model::{Action, Record, SyncAction, SynclineError};
use syncline_store::{BesideSent, PackedRows, PlanPacker, RequestText, RowDraft};

use crate::decide::{Changes, Decision, Held, decide};
use crate::events::EventNotes;
use crate::late::{LateFind, decide_late};
use crate::order::Order;
use crate::plan::{PlanDetail, Planner};
use crate::plan_rows::{RowExtra, unwritable};
use crate::title::title;
use crate::waiting::{tell_left_states, waits};

/// A mapped record with everything that had to be looked up for it.
pub(crate) struct Looked {
    pub(crate) record: Record,
    pub(crate) mapped: Mapped,
    /// The decision, where it is not sent.
    pub(crate) left_out: Option<Decision>,
    /// What is held under it otherwise.
    pub(crate) held: Option<Held>,
    pub(crate) events: EventNotes,
    /// Lookups to rows that the plan may make.
    pub(crate) late: Vec<LateFind>,
}

/// Texts that are made of each row, in room that is used again.
#[derive(Default)]
struct Texts {
    head: String,
    existing: Vec<u8>,
    extra: String,
}

/// Where a row goes.
struct Room<'a> {
    packer: &'a mut PlanPacker,
    order: Option<&'a mut Order>,
    load: &'a mut PlanDetail,
    texts: &'a mut Texts,
}

/// Decides on rows and packs them; `first`: the ordinal of the first of them. What they add to a plan is a detail of its own.
pub(crate) fn finish(
    planner: &Planner,
    mut rows: Vec<Looked>,
    first: u32,
    packer: &mut PlanPacker,
    mut order: Option<&mut Order>,
) -> Result<(PackedRows, PlanDetail), SynclineError> {
    let (mut load, mut texts) = (PlanDetail::default(), Texts::default());
    if !planner.destination.capabilities().reads_back {
        last_sent(planner, &mut rows)?;
    }
    for (row, ordinal) in rows.into_iter().zip(first..) {
        let room = Room { packer, order: order.as_deref_mut(), load: &mut load, texts: &mut texts };
        finish_row(planner, row, ordinal, room)?;
    }
    Ok((packer.page()?, load))
}

/// Looks up what was last sent under each row that may be sent.
fn last_sent(planner: &Planner, rows: &mut [Looked]) -> Result<(), SynclineError> {
    let may_go = rows.iter().filter(|row| row.left_out.is_none());
    let asked: Vec<_> = may_go.map(|row| (row.record.id.as_str(), &row.mapped.record)).collect();
    let request = &planner.request;
    let entity = &request.destination_schema.summary.logical_name;
    let sent = planner.store.beside_sent(request.destination, entity, request.source, &asked)?;
    for (row, sent) in rows.iter_mut().filter(|row| row.left_out.is_none()).zip(sent) {
        row.held = Some(match sent {
            BesideSent::Never => Held::Probed(Probe::Unknown),
            BesideSent::Same => Held::SameSent,
            BesideSent::Sent(mapped) => Held::LastSent(mapped),
        });
    }
    Ok(())
}

fn finish_row(planner: &Planner, row: Looked, ordinal: u32, room: Room<'_>) -> Result<(), SynclineError> {
    let Room { packer, order, load, texts } = room;
    let Looked { record, mapped, left_out, held, events, late } = row;
    let Mapped { record: mapped, mut issues, .. } = mapped;
    let schema = &planner.request.destination_schema;
    let Decision { action, reason, mut changes, request, existing, issues: more } = match (left_out, held) {
        (Some(decision), _) => decision,
        (None, Some(held)) if !late.is_empty() => {
            decide_late(planner.destination.as_ref(), schema, &mapped, held, &late)
        }
        (None, Some(held)) => decide(
            planner.destination.as_ref(),
            schema,
            &mapped,
            held,
            planner.request.definition.options.action == SyncAction::Delete,
        ),
        (None, None) => Decision::left_out(Action::Invalid, "the destination did not answer for this row"),
    };
    issues.extend(more);
    load.counts.add(action);
    if action.writes() || action == Action::Unchanged {
        load.counts.events_held_back += events.held_back;
    }
    if action.writes() {
        load.counts.events_resent += events.resent;
        load.counts.events += mapped.events.len() as u64;
        if let Some(request) = &request {
            load.note(request, planner.destination.lane(schema, request, &planner.request.options));
        }
    }
    let body = request.as_ref().map(|request| request.body.as_str());
    if action == Action::Create {
        tell_left_states(&planner.states, &mapped, body, &mut changes, &mut issues);
    }
    load.waiting += u64::from(waits(&planner.states, action, &mapped, body, &issues));
    let title = title(&record, &mapped);
    let extra = RowExtra {
        source: record.raw,
        events: events.keys,
        resent: events.resent > 0,
        pair: None,
        finds: late,
    };
    texts.extra.clear();
    extra.push_json(&mut texts.extra)?;
    let draft = RowDraft {
        ordinal,
        source_id: record.id.as_str(),
        title: Cow::Owned(title),
        source_etag: record.etag.as_deref(),
        action,
        reason: &reason,
        existing: existing.as_ref().map(|existing| json(existing, &mut texts.existing)).transpose()?,
        changes: match &changes {
            Changes::AllNew => None,
            Changes::These(changes) => Some(changes),
        },
        request_hash: request.as_ref().map(|request| Cow::Owned(request.hash())),
        request: request.as_ref().map(|request| {
            texts.head.clear();
            request.push_head(&mut texts.head);
            RequestText { json: &texts.head, body: Some(&request.body) }
        }),
        mapped: &mapped,
        issues: Cow::Owned(issues),
        extra: Some(&texts.extra),
        excluded: false,
    };
    if let Some(order) = order {
        order.note(&draft, &extra.finds);
    }
    Ok(packer.add(draft)?)
}

/// Writes a value's JSON into room that is used again.
fn json<'t>(value: &impl serde::Serialize, room: &'t mut Vec<u8>) -> Result<&'t str, SynclineError> {
    room.clear();
    serde_json::to_writer(&mut *room, value).map_err(|error| unwritable(&error))?;
    std::str::from_utf8(room).map_err(|error| unwritable(&error))
}
