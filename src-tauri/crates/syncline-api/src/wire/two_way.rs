//! Two-way syncs: both ways of a plan and of a run, the queue of conflicts, pairs of records.

use serde::{Deserialize, Serialize};
use syncline_model::Value;
use ts_rs::TS;

use super::{PlanCounts, RunReport, RunView};

/// One way of a two-way sync.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TwoWayPlan {
    /// The plan of the other way.
    pub other: String,
    /// It goes from the destination back to the source.
    pub returns: bool,
    /// Fields that wait for a person's decision.
    pub conflicts: u64,
    /// What the other way does.
    pub other_counts: PlanCounts,
}

/// The other way of a two-way run, and what followed.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TwoWayReport {
    /// From the destination back to the source; absent where nothing was to be written.
    pub back: Option<RunReport>,
    /// What could be written only after the new records were made, such as a state or the new record's id.
    pub again: Vec<RunReport>,
    /// Fields that wait for a person's decision.
    pub conflicts: u64,
    /// `succeeded`, `partial`, `failed`, `cancelled` or `interrupted`: the worst of all runs.
    pub status: String,
}

/// The rest of a two-way sync, as the page of one of its runs tells it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunPair {
    /// This run goes from the destination back to the source.
    pub returns: bool,
    /// The plan of the other way.
    pub other_plan: String,
    /// Records that the other way was to write.
    pub other_writes: u64,
    /// The run of the other way; absent where it was not run.
    pub other: Option<RunView>,
    /// Runs that wrote what could be written only after new records were made.
    pub after: Vec<RunView>,
    /// This run is one of those, and followed that one.
    pub first: Option<RunView>,
}

/// A side of a two-way sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum TwoWaySide {
    /// The source.
    Source,
    /// The destination.
    Destination,
}

/// Asks for conflicts.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ConflictsQuery {
    /// Of this definition; absent: of all.
    pub definition: Option<String>,
    /// Begin after so many.
    pub offset: Option<u64>,
    /// So many at most; default 100, at most 1000.
    pub limit: Option<u64>,
}

/// A window of conflicts, those of a record beside one another.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ConflictsPage {
    /// Conflicts.
    pub conflicts: Vec<ConflictView>,
    /// All there are.
    pub total: u64,
}

/// A conflict: a field that both sides changed since the last sync, or a record that one side deleted and the other one changed.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ConflictView {
    /// Its number, by which it is decided.
    pub id: String,
    /// Name of the definition.
    pub definition: String,
    /// Something to know the record by.
    pub title: String,
    /// Column at the source; empty where the whole record is meant.
    pub source_field: String,
    /// Column at the destination; empty where the whole record is meant.
    pub destination_field: String,
    /// What both sides had after the last sync; absent before the first one.
    pub base: Option<ConflictBase>,
    /// The source now.
    pub source: ConflictEnd,
    /// The destination now.
    pub destination: ConflictEnd,
    /// When it was found, RFC 3339 UTC.
    pub found_at: String,
    /// What was decided; it is done at the next sync.
    pub decision: Option<ConflictDecision>,
}

/// What both sides had after the last sync.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ConflictBase {
    /// As the source held it.
    pub source: Value,
    /// As the destination held it.
    pub destination: Value,
}

/// One side of a conflict.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ConflictEnd {
    /// Connection.
    pub connection: String,
    /// Entity.
    pub entity: String,
    /// Id of the record.
    pub record: String,
    /// What it holds. Where the whole record is meant: the names of the changed columns.
    pub value: Value,
    /// The record is deleted there.
    pub deleted: bool,
    /// When the record was changed last, RFC 3339, where that side tells it.
    pub changed_at: Option<String>,
    /// By whom, where that side tells it.
    pub changed_by: Option<String>,
}

/// A decision.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ConflictDecision {
    /// The side that wins.
    pub side: TwoWaySide,
    /// Who decided.
    pub by: String,
    /// When, RFC 3339 UTC.
    pub at: String,
}

/// Decides conflicts.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ConflictsDecide {
    /// Which.
    pub ids: Vec<String>,
    /// The side that wins; absent: the decision is taken back.
    pub side: Option<TwoWaySide>,
    /// Who decides; default: this machine's user.
    pub by: Option<String>,
}

/// What became of a decision.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ConflictsDecided {
    /// Conflicts that were decided.
    pub decided: u64,
    /// Conflicts that are not there any more.
    pub gone: u64,
}

/// Asks for the pairs of records that a definition keeps.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct LinksQuery {
    /// Text of the definition; or `name`.
    pub json: Option<String>,
    /// A saved definition.
    pub name: Option<String>,
    /// Only those with this text in an id, or in a value that both sides held after the last sync.
    pub search: Option<String>,
    /// Only those in this state.
    pub state: Option<LinkState>,
    /// Begin after so many.
    pub offset: Option<u64>,
    /// So many at most; default 100, at most 1000.
    pub limit: Option<u64>,
}

/// A state of pairs that needs a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum LinkState {
    /// Deleted on one side, while the other keeps it by rule.
    Gone,
    /// Something of it waits to be settled.
    Conflict,
}

/// Forgets pairs. The records stay; the next look at both sides matches them by their keys, as before the first sync.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct LinksForget {
    /// Text of the definition; or `name`.
    pub json: Option<String>,
    /// A saved definition.
    pub name: Option<String>,
    /// Numbers of the pairs.
    pub ids: Vec<String>,
}

/// What became of it.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct LinksForgotten {
    /// Pairs that were forgotten.
    pub forgotten: u64,
    /// Pairs that were not there any more.
    pub gone: u64,
}

/// A window of pairs, the one synced last first.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct LinksPage {
    /// Pairs.
    pub rows: Vec<LinkView>,
    /// All that fit.
    pub total: u64,
}

/// A pair of records.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct LinkView {
    /// Its number.
    pub id: String,
    /// What it is known by: the first key that has a value, else the first two fields with one; may be empty.
    pub title: String,
    /// Record of the source.
    pub source_id: String,
    /// Record of the destination.
    pub destination_id: String,
    /// The side on which it was deleted, while the other one keeps it by rule.
    pub gone: Option<TwoWaySide>,
    /// Conflicts of it that are not settled.
    pub conflicts: u64,
    /// When it was synced last, RFC 3339 UTC.
    pub at: String,
}
