//! Plans: their making, their counts and their rows.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use syncline_model::{Action, Explanation, FieldChange, MappedRecord, RowIssue};
use ts_rs::TS;

/// Makes a plan; ends as a job whose result is a `PlanSummary`.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[ts(optional_fields)]
pub struct PreviewStart {
    /// A saved definition; or `json`.
    pub name: Option<String>,
    /// Text of a definition.
    pub json: Option<String>,
    /// The definition and the records of this plan; in place of `name` and `json`.
    pub like: Option<String>,
    /// Events that were sent before go again.
    pub resend_events: Option<bool>,
    /// Read no more records than this.
    pub limit: Option<u64>,
    /// One record by id only.
    pub source_id: Option<String>,
    /// Read the source from the store; nothing is asked of the source's service.
    pub cached: Option<bool>,
    /// A two-way definition looks at all records, whatever it says of changes.
    pub full: Option<bool>,
}

/// Names a plan.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PlanRef {
    /// Its id.
    pub plan: String,
}

/// Rows by action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PlanCounts {
    /// Read from the source.
    pub read: u64,
    /// To create.
    pub create: u64,
    /// To update.
    pub update: u64,
    /// To delete.
    #[serde(default)]
    pub delete: u64,
    /// The same already.
    pub unchanged: u64,
    /// Left out by a rule.
    pub skip: u64,
    /// Would be refused.
    pub invalid: u64,
    /// Events to send.
    pub events: u64,
    /// Events that were sent before and are held back.
    #[serde(default)]
    pub events_held_back: u64,
    /// Events that were sent before and go again on purpose; among those to send.
    #[serde(default)]
    pub events_resent: u64,
    /// Rows that are a step of another row, because rows point at one another in a circle; they are among those to update, and not among those that were read.
    #[serde(default)]
    pub steps: u64,
    /// Rows of a mirror whose records the source does not hold any more; they are among those to delete, or refused, and not among those that were read.
    #[serde(default)]
    pub vanished: u64,
    /// Taken out by hand.
    pub excluded: u64,
}

/// Rows of one cause.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct IssueGroup {
    /// Issue code.
    pub code: String,
    /// Field.
    pub field: String,
    /// One of the messages.
    pub example: String,
    /// The rule that it breaks, in words without a value of a row; empty where there is none to tell.
    #[serde(default)]
    pub rule: String,
    /// Rows.
    pub rows: u64,
}

/// A plan.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PlanSummary {
    /// Id.
    pub plan_id: String,
    /// Name of the definition.
    pub definition: String,
    /// Hash of the definition.
    pub definition_hash: String,
    /// Source connection.
    pub source: String,
    /// Source entity.
    pub source_entity: String,
    /// Destination connection.
    pub destination: String,
    /// Destination entity.
    pub destination_entity: String,
    /// RFC 3339 UTC.
    pub created_at: String,
    /// Counts.
    pub summary: PlanCounts,
    /// Causes, most rows first.
    pub issues: Vec<IssueGroup>,
    /// Write requests it would take.
    pub requests: u64,
    /// What a run would cost, all of its requests counted.
    pub cost: super::CostView,
    /// Bytes of all bodies.
    pub bytes: u64,
    /// `ready`, `incomplete` (cancelled or failed while planning) or `run`.
    pub status: String,
    /// Compared with what the destination holds, with what was last sent, or not at all.
    pub compared_with: String,
    /// Run made from it.
    pub run_id: Option<String>,
    /// The source was read from the store.
    pub cached: bool,
    /// The run that it takes back.
    pub undo_of: Option<String>,
    /// The run whose records it sends again.
    pub replay_of: Option<String>,
    /// A run of it can be taken back: the destination tells what it holds, and deletes.
    pub undoable: bool,
    /// Limits that it exceeds: a run stops before its first write.
    pub exceeded: Vec<Exceeded>,
    /// Who signed it off, where somebody did.
    pub signed: Option<super::SignedView>,
    /// It is one way of a two-way sync.
    #[serde(default)]
    pub two_way: Option<super::TwoWayPlan>,
}

/// A limit that a plan exceeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Exceeded {
    /// `updates`, `deletes`, `warnings` or `unfiltered`. The last can't be passed over.
    pub what: String,
    /// In words.
    pub text: String,
    /// What to do about it.
    pub remedy: String,
}

/// By what the rows of a plan are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PlanSort {
    /// What they are known by.
    Title,
    /// Action.
    Action,
    /// Id of the source record.
    SourceId,
}

/// Rows of a plan.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct PlanRowsQuery {
    /// Plan.
    pub plan: String,
    /// Only this action.
    pub action: Option<Action>,
    /// Only rows with this issue.
    pub issue: Option<String>,
    /// Only rows whose key or mapped values hold this text.
    pub search: Option<String>,
    /// Order; absent: as they were read.
    pub sort: Option<PlanSort>,
    /// From the last to the first.
    pub descending: Option<bool>,
    /// From 0.
    pub offset: Option<u64>,
    /// At most 1000.
    pub limit: Option<u32>,
}

/// Rows.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PlanRowsPage {
    /// Rows.
    pub rows: Vec<PlanRow>,
    /// All that fit.
    pub total: u64,
}

/// Rows in the shape that scripts read.
#[derive(Debug, Clone, Serialize, TS)]
pub struct PlanItems {
    /// Rows.
    pub items: Vec<PlanItem>,
}

/// One row for scripts.
#[derive(Debug, Clone, Serialize, TS)]
pub struct PlanItem {
    /// Source id.
    pub source_id: String,
    /// Action.
    pub action: Action,
    /// Held back by hand.
    pub held_back: bool,
    /// Why.
    pub reason: String,
    /// Surviving identifiers.
    #[ts(type = "Record<string, unknown>")]
    pub identifiers: BTreeMap<String, syncline_model::Value>,
    /// Mapped attributes.
    #[ts(type = "Record<string, unknown>")]
    pub mapped: BTreeMap<String, syncline_model::Value>,
    /// Old against new.
    pub changes: Vec<FieldChange>,
    /// Events.
    pub events: Vec<syncline_model::MappedEvent>,
    /// The exact request.
    pub request: Option<RequestView>,
    /// Issues.
    pub issues: Vec<RowIssue>,
}

/// A row in the list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PlanRow {
    /// Place in the plan, from 0.
    pub ordinal: u64,
    /// Source id.
    pub source_id: String,
    /// Something to know it by.
    pub title: String,
    /// Action.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// Surviving identifiers.
    #[ts(type = "Record<string, unknown>")]
    pub identifiers: BTreeMap<String, syncline_model::Value>,
    /// Old against new.
    pub changes: Vec<FieldChange>,
    /// Events that would be sent.
    #[serde(default)]
    pub events: Vec<syncline_model::MappedEvent>,
    /// Issues.
    pub issues: Vec<RowIssue>,
    /// Taken out by hand.
    pub excluded: bool,
}

/// Names a row.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PlanRowRef {
    /// Plan.
    pub plan: String,
    /// Row.
    pub ordinal: u64,
}

/// A row whole.
#[derive(Debug, Clone, Serialize, TS)]
pub struct PlanRowDetail {
    /// The row.
    pub row: PlanRow,
    /// Source in the Web API's JSON shape; absent when it is no longer in the store.
    #[ts(type = "Record<string, unknown> | null")]
    pub source: Option<Box<serde_json::value::RawValue>>,
    /// Mapped.
    pub mapped: MappedRecord,
    /// The exact request, credentials left out.
    pub request: Option<RequestView>,
    /// The same as a command line for curl; the token is a variable of the shell.
    pub curl: Option<String>,
    /// How each value came to be.
    pub explanations: Vec<Explanation>,
}

/// A request as sent.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RequestView {
    /// Method.
    pub method: String,
    /// Path below the service's root.
    pub path: String,
    /// Headers, credentials left out.
    pub headers: BTreeMap<String, String>,
    /// Body.
    pub body: String,
}

/// Takes rows out of a plan or puts them back.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct PlanExclude {
    /// Plan.
    pub plan: String,
    /// These rows; absent: all that fit `action` and `issue`.
    pub ordinals: Option<Vec<u64>>,
    /// Group by action.
    pub action: Option<Action>,
    /// Group by issue.
    pub issue: Option<String>,
    /// Out, or back in.
    pub excluded: bool,
}
