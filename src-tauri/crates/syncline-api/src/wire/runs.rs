//! Runs and what became of their rows.

use serde::{Deserialize, Serialize};
use syncline_model::Action;
use ts_rs::TS;

use super::IssueGroup;

/// Runs a plan; ends as a job whose result is a `RunReport`.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct RunStart {
    /// Plan.
    pub plan: String,
    /// The number of records that will be written, as typed by the person; asked for on production.
    pub expect: Option<u64>,
    /// Hash of the plan as it was signed off, or its beginning (8 digits at least): another one is refused.
    pub signed: Option<String>,
    /// Limits and warnings were shown and are accepted.
    pub beyond_limits: Option<bool>,
    /// Nobody is there: the limit of the definition's schedule holds (`schedule.at_most`), which production needs.
    pub scheduled: Option<bool>,
    /// Most records that may be written, whatever the schedule allows; a plan that writes more is refused.
    #[ts(optional, type = "number")]
    pub at_most: Option<u64>,
}

/// Which records of a run go again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ReplayWhich {
    /// What failed, drifted, has no answer or was not reached.
    #[default]
    Failed,
    /// The chosen ones.
    Chosen,
    /// All.
    All,
}

/// Previews records of a run under today's definition; ends as a job whose result is a `PlanSummary`.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ReplayStart {
    /// Run.
    pub run: String,
    /// Which; absent: those that failed.
    pub which: Option<ReplayWhich>,
    /// Ids of the chosen source records.
    pub records: Option<Vec<String>>,
    /// Under the definition as it was then.
    pub as_it_was: Option<bool>,
}

/// Asks how a run went over time.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct TimelineAsk {
    /// Run.
    pub run: String,
    /// At most so many points, 2 to 500; absent: 60.
    pub points: Option<u32>,
}

/// How a run went over time.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct Timeline {
    /// Stretches of equal length, in order.
    pub points: Vec<TimelinePoint>,
    /// Length of a stretch in seconds.
    pub seconds: f64,
}

/// A stretch of time of a run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TimelinePoint {
    /// Where it begins, RFC 3339 UTC.
    pub at: String,
    /// Rows that were written.
    pub written: u64,
    /// Rows that failed or have no answer.
    pub failed: u64,
    /// Rows that were held back as drifted.
    pub drifted: u64,
}

/// A run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunView {
    /// Id.
    pub run_id: String,
    /// Plan it executed.
    pub plan_id: String,
    /// Name of the definition.
    pub definition: String,
    /// The record's name, where it was a run of one record; told in lists.
    #[serde(default)]
    pub record: Option<String>,
    /// Hash of the definition.
    pub definition_hash: String,
    /// Sign-in name of the user under whom the destination was written, or their id, where it tells one.
    #[serde(default)]
    pub by: Option<String>,
    /// Source connection.
    pub source: String,
    /// Destination connection.
    pub destination: String,
    /// `running`, `succeeded`, `partial`, `failed`, `cancelled` or `interrupted`.
    pub status: String,
    /// RFC 3339 UTC.
    pub started_at: String,
    /// RFC 3339 UTC.
    pub finished_at: Option<String>,
    /// Records read.
    pub read: u64,
    /// Made.
    pub created: u64,
    /// Changed.
    pub updated: u64,
    /// Deleted.
    #[serde(default)]
    pub deleted: u64,
    /// The same already.
    pub unchanged: u64,
    /// Left out by a rule, by hand, or as invalid.
    pub skipped: u64,
    /// Changed in between; held back.
    pub drifted: u64,
    /// Refused.
    pub failed: u64,
    /// Taken out by hand before the run; among the skipped ones.
    #[serde(default)]
    pub held_back: u64,
    /// It began by itself and had nothing to write, as so many runs in a row, this one among them, of which it stands for all; 0 otherwise.
    #[serde(default)]
    pub checks: u64,
    /// When the first of them began, RFC 3339 UTC.
    #[serde(default)]
    pub checks_since: Option<String>,
    /// Events sent.
    pub events: u64,
    /// What was predicted against what came out; absent while the run is under way.
    pub prediction: Option<super::PredictionView>,
    /// Most write batches that were under way at once.
    pub most_at_once: u64,
    /// Requests that were sent for it, at both ends.
    pub calls: u64,
    /// Rows that were to be written.
    pub due: u64,
    /// Rows of them that were not sent.
    pub not_reached: u64,
    /// How often it was taken up again.
    pub resumed: u64,
    /// It ended before its end and can go on.
    pub resumable: bool,
    /// What it wrote can be taken back.
    pub undoable: bool,
    /// The run that it took back.
    pub undo_of: Option<String>,
    /// The run whose records it sent again.
    pub replay_of: Option<String>,
    /// The latest run that took it back.
    pub undone_by: Option<String>,
    /// Seconds.
    pub seconds: f64,
    /// Why it stopped, where it did.
    pub error: Option<super::ApiError>,
}

/// Names a run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunRef {
    /// Its id.
    pub run: String,
}

/// A run with its failures.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunReport {
    /// The run.
    #[serde(flatten)]
    pub run: RunView,
    /// Each failed record; the first 1,000.
    pub failures: Vec<RunFailure>,
    /// Failures by cause.
    pub causes: Vec<IssueGroup>,
    /// The other way of a two-way sync, and what followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub two_way: Option<Box<super::TwoWayReport>>,
    /// Of a run that is one way of a two-way sync: the rest of it. Told when the run is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub pair: Option<Box<super::RunPair>>,
}

/// A failed record.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunFailure {
    /// Source id.
    pub source_id: String,
    /// Something to know it by.
    #[serde(default)]
    pub title: String,
    /// Row of the plan.
    pub ordinal: u64,
    /// The service's code, or ours.
    pub code: String,
    /// The service's text.
    pub message: String,
    /// The service's request id.
    pub request_id: Option<String>,
}

/// Outcomes of a run.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct RunRowsQuery {
    /// Run.
    pub run: String,
    /// `created`, `updated`, `upserted`, `drifted`, `failed`, `unknown`.
    pub outcome: Option<String>,
    /// Only rows that came out otherwise than predicted.
    pub otherwise: Option<bool>,
    /// Only rows that hold this text.
    pub search: Option<String>,
    /// From 0.
    pub offset: Option<u64>,
    /// At most 1000.
    pub limit: Option<u32>,
}

/// Outcomes.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunRowsPage {
    /// Rows.
    pub rows: Vec<RunRow>,
    /// All that fit.
    pub total: u64,
}

/// An outcome.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunRow {
    /// Row of the plan.
    pub ordinal: u64,
    /// Source id.
    pub source_id: String,
    /// Something to know it by.
    pub title: String,
    /// What the plan said.
    pub action: Action,
    /// What came.
    pub outcome: String,
    /// Id at the destination.
    pub destination_id: Option<String>,
    /// Code of a failure.
    pub code: Option<String>,
    /// Text of a failure.
    pub message: Option<String>,
    /// Request id.
    pub request_id: Option<String>,
    /// RFC 3339 UTC.
    pub at: String,
}

/// Several definitions that are run after one another.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct SyncOrderAsk {
    /// Texts of the definitions.
    pub definitions: Vec<String>,
}

/// The order that their lookups ask for.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SyncOrder {
    /// One after the other.
    pub steps: Vec<SyncStep>,
}

/// One run of an order.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SyncStep {
    /// Name of the definition.
    pub name: String,
    /// Its text for this pass.
    pub json: String,
    /// 1, or 2 for what waited for the others.
    pub pass: u32,
    /// Fields that wait for the second pass, because they point at what comes later.
    pub left_out: Vec<String>,
    /// Why it comes here: what it points at, by the definitions that come before it.
    #[serde(default)]
    pub after: Vec<StepAfter>,
}

/// A definition that another one waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StepAfter {
    /// Its name.
    pub name: String,
    /// The fields that point at what it writes.
    pub fields: Vec<String>,
}
