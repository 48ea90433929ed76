//! The audit: records of runs with everything that is known of them, and how long they are kept.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use syncline_model::{Action, FieldChange, MappedRecord, RowIssue};
use ts_rs::TS;

use super::{ExportFormat, RequestView};

/// Which records of which runs. What is not given does not narrow.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[ts(optional_fields)]
#[serde(default)]
pub struct AuditQuery {
    /// Only of this run.
    pub run: Option<String>,
    /// Only of the record with this id, at the source or the destination: its whole story.
    pub record: Option<String>,
    /// Only where this connection is source or destination; with a record, the end at which it has that id.
    pub connection: Option<String>,
    /// Only where this entity is source or destination; with a record, the end at which it has that id.
    pub entity: Option<String>,
    /// `created`, `updated`, `upserted`, `deleted`, `drifted`, `failed`, `unknown`, `sending`, `unchanged`, `skipped`, `invalid`, `held back` or
    /// `not reached`.
    pub outcome: Option<String>,
    /// Only rows that hold this text.
    pub search: Option<String>,
    /// Only rows that were sent, or were to be.
    pub sent: Option<bool>,
    /// From 0.
    pub offset: Option<u64>,
    /// At most 1000.
    pub limit: Option<u32>,
}

/// A window of the audit.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct AuditView {
    /// Rows, latest run first.
    pub rows: Vec<AuditRowView>,
    /// All that fit.
    pub total: u64,
}

/// One record in one run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct AuditRowView {
    /// Run.
    pub run_id: String,
    /// Name of its definition.
    pub definition: String,
    /// When the run began, RFC 3339 UTC.
    pub started_at: String,
    /// Source connection.
    pub source: String,
    /// Source entity.
    pub source_entity: String,
    /// Destination connection.
    pub destination: String,
    /// Destination entity.
    pub destination_entity: String,
    /// Row of the plan.
    pub ordinal: u64,
    /// Id of the source record.
    pub source_id: String,
    /// Version of the source record that was planned.
    pub source_version: Option<String>,
    /// Something to know it by.
    pub title: String,
    /// What was planned.
    pub action: Action,
    /// Why.
    pub reason: String,
    /// What became of it.
    pub outcome: String,
    /// Id at the destination.
    pub destination_id: Option<String>,
    /// Version at the destination after the write, where it was read.
    pub destination_version: Option<String>,
    /// Identifiers, attributes and events as they were mapped.
    pub mapped: MappedRecord,
    /// What the destination held before.
    #[ts(type = "unknown")]
    pub before: Option<Box<RawValue>>,
    /// Old against new.
    pub changes: Vec<FieldChange>,
    /// Warnings.
    pub issues: Vec<RowIssue>,
    /// The request as it was sent, or would be.
    pub request: Option<RequestView>,
    /// SHA-256 of the request: of method, path and headers (if any) as one JSON object, a line feed, and the body.
    pub request_hash: Option<String>,
    /// The service's code, or ours.
    pub code: Option<String>,
    /// The service's text.
    pub message: Option<String>,
    /// The service's request id.
    pub request_id: Option<String>,
    /// When the request left, RFC 3339 UTC.
    pub sent_at: Option<String>,
    /// When the answer came, RFC 3339 UTC.
    pub answered_at: Option<String>,
}

/// Whether edits by hand are a part of an export. They belong to no run, so a query that names one has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ByHand {
    /// Behind the records of runs.
    With,
    /// Without the records of runs.
    Only,
}

/// Writes a part of the audit to a file; ends as a job.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct AuditExport {
    /// Which records.
    pub query: AuditQuery,
    /// Edits by hand: beside the runs, or alone. Absent: runs alone.
    pub by_hand: Option<ByHand>,
    /// Form: CSV, JSON lines or Excel.
    pub format: ExportFormat,
    /// File to write; replaced when it exists.
    pub path: String,
}

/// How long runs are kept.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RetentionView {
    /// Days after which a run that ended goes, with its plan and before-images; 0: never.
    pub days: u32,
    /// Runs that are older now.
    pub runs: u64,
    /// Records in them.
    pub records: u64,
    /// Previews that were never run and are older.
    pub plans: u64,
    /// Edits by hand that are older.
    pub edits: u64,
    /// Older runs and previews that stay unless `all` is asked for: signed off, or with failures that nobody has dealt with.
    pub kept: u64,
    /// When the oldest of the runs began, RFC 3339 UTC.
    pub oldest: Option<String>,
    /// True: they were removed. False: it was only counted.
    pub removed: bool,
}

/// Counts, or removes, what is older.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[ts(optional_fields)]
#[serde(default)]
pub struct RetentionAsk {
    /// Days; absent: as the settings say.
    pub days: Option<u32>,
    /// Keep this number from now on.
    pub keep: Option<bool>,
    /// Remove what is older.
    pub remove: Option<bool>,
    /// What was signed off, and runs with failures that nobody has dealt with, too.
    pub all: Option<bool>,
}
