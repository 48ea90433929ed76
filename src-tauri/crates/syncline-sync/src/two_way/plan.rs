//! Making the two plans of a two-way sync.

use serde::{Deserialize, Serialize};
use syncline_connect::{Selection, WriteOptions};
use syncline_mapping::{compile_two_way, definition_hash};
use syncline_model::{Identity, Problem, SyncDefinition, SynclineError};
use syncline_store::{LinkPair, Plan, PlanStatus, Store};
use uuid::Uuid;

use super::gather::Gather;
use super::pair::Merger;
use super::reader::TwoWayMarks;
use super::sheet::{Sheet, damaged};
use super::side::{Side, SideAccess};
use crate::plan::{PlanDetail, problems_error};
use crate::progress::Work;

/// Which records are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of both sides.
    Whole,
    /// What changed since these marks, and what waits for a decision; all of a side that tells no changes.
    Changes(TwoWayMarks),
    /// These records, by their ids on either side.
    Ids(Vec<String>),
}

/// What to plan.
#[derive(Clone)]
pub struct TwoWayRequest {
    /// The definition.
    pub definition: SyncDefinition,
    /// The source.
    pub left: SideAccess,
    /// The destination.
    pub right: SideAccess,
    /// What of the source takes part: entity, filter, page size, limit.
    pub selection: Selection,
    /// Which records.
    pub scope: Scope,
    /// Switches that a run would write with.
    pub options: WriteOptions,
}

/// What a plan keeps that is one way of a two-way sync.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TwoWayPart {
    /// The plan of the other way.
    pub other: Uuid,
    /// It goes from the destination back to the source.
    pub returns: bool,
    /// Fields that wait for a decision.
    pub conflicts: u64,
    /// How far both sides were read; kept when both ways went well.
    pub marks: TwoWayMarks,
    /// Its outcomes are in the links.
    pub committed: bool,
    /// Plans that followed for what could be written only after new records were made; kept with the way to the destination.
    pub again: Vec<Uuid>,
    /// The plan to the destination that it followed so.
    pub follows: Option<Uuid>,
}

fn head(
    definition: &SyncDefinition,
    (from, to): (&SideAccess, &SideAccess),
    identity: &Identity,
    now: jiff::Timestamp,
) -> Result<Plan, SynclineError> {
    Ok(Plan {
        id: Uuid::new_v4(),
        definition: definition.name.clone(),
        definition_json: definition.to_json(),
        definition_hash: definition_hash(definition),
        source: from.connection,
        source_entity: from.schema.summary.logical_name.clone(),
        destination: to.connection,
        destination_entity: to.schema.summary.logical_name.clone(),
        source_hash: None,
        status: PlanStatus::Planning,
        created_at: now,
        detail: serde_json::to_value(PlanDetail::default()).map_err(damaged)?,
        destination_schema: serde_json::to_value(&to.schema).map_err(damaged)?,
        identity: serde_json::to_value(identity).map_err(damaged)?,
        signature: None,
    })
}

/// Makes and stores both plans: to the destination, and back to the source. Nothing is written on either side.
pub async fn make_two_way(
    store: &Store,
    request: TwoWayRequest,
    work: &Work,
) -> Result<(Plan, Plan), SynclineError> {
    let TwoWayRequest { definition, left, right, selection, scope, options } = request;
    let two_way = compile_two_way(&definition, &left.schema, &right.schema, (left.system, right.system))
        .map_err(|problems| problems_error(&problems))?;
    keyed(&left, "source.entity").and(keyed(&right, "destination.entity"))?;
    work.tell("asking who writes", 0, None);
    let (left_identity, right_identity) =
        (left.destination.identity().await?, right.destination.identity().await?);
    left.destination.prepare(&left.schema, &work.cancel).await?;
    right.destination.prepare(&right.schema, &work.cancel).await?;
    let now = work.now();
    let to = head(&definition, (&left, &right), &right_identity, now)?;
    let from = head(&definition, (&right, &left), &left_identity, now)?;
    let tables = LinkPair {
        source: left.connection,
        source_entity: left.schema.summary.logical_name.clone(),
        destination: right.connection,
        destination_entity: right.schema.summary.logical_name.clone(),
    };
    let detail = |other: Uuid, returns: bool, access: &SideAccess| {
        let able = access.destination.capabilities();
        PlanDetail {
            compared_with: "both sides and the last sync".to_owned(),
            partial: selection.top.is_some() || matches!(scope, Scope::Ids(_)),
            filter: selection.filter.clone(),
            undoable: able.reads_back && able.deletes,
            two_way: Some(TwoWayPart { other, returns, ..TwoWayPart::default() }),
            ..PlanDetail::default()
        }
    };
    let (to_id, from_id) = (to.id, from.id);
    let (to_detail, from_detail) = (detail(from_id, false, &right), detail(to_id, true, &left));
    let to_sheet =
        Sheet::begin(store, to, to_detail, right.destination.clone(), right.schema.clone(), options.clone())
            .await?;
    let from_sheet =
        Sheet::begin(store, from, from_detail, left.destination.clone(), left.schema.clone(), options)
            .await?;
    let columns = |of_left: bool| {
        let fields = two_way
            .fields
            .iter()
            .map(move |one| if of_left { one.left.as_str() } else { one.right.as_str() });
        let keys =
            two_way.keys.iter().map(move |one| if of_left { one.left.as_str() } else { one.right.as_str() });
        fields.chain(keys).collect::<Vec<_>>()
    };
    let (left, right) =
        (Side::new(left, columns(true).into_iter()), Side::new(right, columns(false).into_iter()));
    let merger = Merger { left, right, two_way, definition, now };
    let mut gather = Gather::new(store, &merger, tables, work, to_sheet, from_sheet);
    let result = gather.all(selection, scope).await;
    let (mut to_sheet, mut from_sheet, conflicts, marks) = gather.parts();
    for sheet in [&mut to_sheet, &mut from_sheet] {
        if let Some(part) = &mut sheet.detail.two_way {
            (part.conflicts, part.marks) = (conflicts, marks.clone());
        }
    }
    let whole = result.is_ok();
    let (to, from) = (to_sheet.end(store, whole).await?, from_sheet.end(store, whole).await?);
    result.map(|()| (to, from))
}

/// Records are found again by one key.
fn keyed(access: &SideAccess, path: &str) -> Result<(), SynclineError> {
    if !access.schema.summary.primary_id.as_str().is_empty() {
        return Ok(());
    }
    let name = &access.schema.summary.logical_name;
    let problem = Problem::new(path, "no_single_key", format!("{name} has no primary key of one column"))
        .hint("give the table a primary key of one column");
    Err(problems_error(&[problem]))
}
