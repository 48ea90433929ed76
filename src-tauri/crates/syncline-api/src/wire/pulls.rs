//! Pulls: what is asked and reported, watermarks, what changed, marketing lists.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use syncline_model::FetchMode;
use ts_rs::TS;

use super::{ApiError, ExportFormat};

/// Pulls an entity, or the members of a marketing list, into the store; ends as a job.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct PullStart {
    /// Connection.
    pub connection: String,
    /// What is pulled.
    #[serde(flatten)]
    pub item: PullItem,
}

/// What is pulled, and how.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[ts(optional_fields)]
pub struct PullItem {
    /// Logical name. May be left out for a list.
    pub entity: Option<String>,
    /// A marketing list by id or name: its members.
    pub list: Option<String>,
    /// Columns; absent: all readable.
    pub columns: Option<Vec<String>>,
    /// FetchXML `<filter>` or `<condition>`.
    pub filter: Option<String>,
    /// Which records; absent: all.
    pub mode: Option<FetchMode>,
    /// Days to look back; 0 or absent: no look-back.
    pub days: Option<u32>,
    /// Begin anew even if an interrupted pull could go on.
    pub full: Option<bool>,
    /// Records a page, at most; absent: as many as the service gives and memory allows.
    pub page_size: Option<u32>,
}

/// Pulls several entities and lists one after the other; ends as one job.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct PullManyStart {
    /// Connection.
    pub connection: String,
    /// What is pulled.
    pub items: Vec<PullItem>,
}

/// What a pull did.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct PullReport {
    /// Logical name.
    pub entity: String,
    /// Records read.
    pub read: u64,
    /// Not cached before.
    pub new: u64,
    /// Changed since.
    pub changed: u64,
    /// The same as before.
    pub unchanged: u64,
    /// No longer there.
    pub deleted: u64,
    /// Pages.
    pub pages: u64,
    /// Requests that it sent, all that it asked beside the pages included.
    pub requests: u64,
    /// Seconds until every record was stored.
    pub seconds: f64,
    /// Seconds that the search index took afterwards.
    pub indexing_seconds: f64,
    /// Records that can't be found by words yet: the index did not catch up because the job was stopped.
    pub not_indexed: u64,
    /// It went on where an interrupted pull stood.
    pub resumed: bool,
    /// Its id, by which its changes are read.
    pub pull: String,
    /// Name of the marketing list.
    pub list: Option<String>,
    /// The fetch mode that was asked for: `all`, `updated` or `new-and-updated`.
    pub mode: String,
    /// How it was done: `everything`, `baseline`, `changes`, `since`, `look-back` or `members`.
    pub way: String,
    /// Records modified before were not read, RFC 3339 UTC.
    pub since: Option<String>,
    /// Records that were left out because they are new.
    pub left_out: Option<u64>,
    /// The watermark it leaves: the latest modification it saw, RFC 3339 UTC.
    pub watermark: Option<String>,
    /// The service will tell changes and deletions from here on.
    pub tracked: bool,
    /// What should be known, as sentences.
    pub notes: Vec<String>,
}

/// What a pull of several did.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct PullsReport {
    /// Those that went well.
    pub pulls: Vec<PullReport>,
    /// Those that did not.
    pub failures: Vec<PullFailure>,
    /// The one under way, while the job runs.
    pub doing: Option<String>,
    /// Those that wait for their turn.
    pub waiting: Vec<String>,
}

/// A pull that failed beside others.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PullFailure {
    /// Entity or list, as asked.
    pub what: String,
    /// Why.
    pub error: ApiError,
}

/// Names an entity whose pulls are wanted.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct PullsQuery {
    /// Connection.
    pub connection: String,
    /// Logical name.
    pub entity: String,
    /// At most so many, 50 when absent.
    pub limit: Option<u32>,
}

/// A pull with what it changed.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct PullView {
    /// Its id.
    pub pull: String,
    /// `done`, `running`, `interrupted` or `cancelled`.
    pub status: String,
    /// When it began, RFC 3339 UTC.
    pub started_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
    /// Records read.
    pub read: u64,
    /// How it was done: `everything`, `baseline`, `changes`, `since`, `look-back` or `members`.
    pub way: String,
    /// Nothing was cached before it, so that there are no changes to tell.
    pub first: bool,
    /// Records that came.
    pub added: u64,
    /// Records that changed.
    pub changed: u64,
    /// Records that went.
    pub deleted: u64,
    /// Its changes are no longer kept.
    pub dropped: bool,
    /// The watermark it left can be set back to.
    pub left_mark: bool,
    /// The latest modification that watermark stands for, RFC 3339 UTC.
    pub watermark: Option<String>,
    /// What should be known, as sentences.
    pub notes: Vec<String>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It came.
    Added,
    /// Columns changed.
    Changed,
    /// It went.
    Deleted,
}

/// What changed in a pull, or between the ends of two.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ChangesQuery {
    /// The pull.
    pub pull: String,
    /// Everything since the end of this earlier pull; absent: of the one pull.
    pub since: Option<String>,
    /// Only this kind.
    pub kind: Option<ChangeKind>,
    /// Only records whose column, by logical name, changed.
    pub column: Option<String>,
    /// Only records with this text in name or id.
    pub search: Option<String>,
    /// Rows to pass over.
    pub offset: Option<u64>,
    /// Most rows, 100 when absent, at most 1000.
    pub limit: Option<u32>,
}

/// Changed records.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ChangesPage {
    /// The rows.
    pub rows: Vec<ChangeRow>,
    /// All that fit the query.
    pub total: u64,
    /// Records that came, whatever the query.
    pub added: u64,
    /// Records that changed.
    pub changed: u64,
    /// Records that went.
    pub deleted: u64,
    /// Columns that changed, most first.
    pub columns: Vec<ChangedColumn>,
    /// More changed than is kept one by one.
    pub cut: bool,
}

/// A column with the number of records that it changed in.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ChangedColumn {
    /// Logical name.
    pub column: String,
    /// Records.
    pub records: u64,
}

/// A changed record.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ChangeRow {
    /// Its id.
    pub id: String,
    /// What became of it.
    pub kind: ChangeKind,
    /// Its name, where known.
    pub title: Option<String>,
    /// Columns that changed.
    pub fields: Vec<ChangeField>,
    /// A deleted record as it was cached last, Web API shape.
    #[ts(type = "Record<string, unknown> | null")]
    pub last: Option<Box<RawValue>>,
}

/// A column before and after.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ChangeField {
    /// Logical name.
    pub column: String,
    /// Before.
    #[ts(type = "unknown")]
    pub old: Box<RawValue>,
    /// After.
    #[ts(type = "unknown")]
    pub new: Box<RawValue>,
    /// Label before.
    pub old_label: Option<String>,
    /// Label after.
    pub new_label: Option<String>,
}

/// Writes changes to a file; ends as a job. CSV: a line a column; JSON lines: a line a record.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct ChangesExport {
    /// What; offset and limit are not looked at.
    pub query: ChangesQuery,
    /// Form.
    pub format: ExportFormat,
    /// File to write; replaced when it exists.
    pub path: String,
}

/// Asks for watermarks.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct MarksQuery {
    /// Connection.
    pub connection: String,
    /// Only of this entity; watermarks of definitions are left out then.
    pub entity: Option<String>,
}

/// A watermark: how far was read.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct MarkView {
    /// Its id.
    pub id: String,
    /// Connection.
    pub connection: String,
    /// The definition it belongs to; null: pulls into the store.
    pub definition: Option<String>,
    /// Logical name; null for a definition.
    pub entity: Option<String>,
    /// Columns of the selection; empty: all.
    pub columns: Vec<String>,
    /// Filter of the selection.
    pub filter: Option<String>,
    /// Latest modification that was read, RFC 3339 UTC.
    pub modified_at: Option<String>,
    /// Greatest version number that was read, as text: it may pass what a JSON number holds.
    pub version: Option<String>,
    /// The service tells changes and deletions from here.
    pub tracked: bool,
    /// Records created since were left out.
    pub left_out_since: Option<String>,
    /// The pull that set it.
    pub pull: Option<String>,
    /// Somebody set it back.
    pub by_hand: bool,
    /// When it was set.
    pub set_at: Option<String>,
}

/// Names a watermark.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct MarkRef {
    /// Connection.
    pub connection: String,
    /// Its id.
    pub id: String,
}

/// Sets a watermark back: to a time, or to where a pull left it.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct MarkSetBack {
    /// Connection.
    pub connection: String,
    /// Its id.
    pub id: String,
    /// To this modification time, RFC 3339.
    pub modified_at: Option<String>,
    /// To where this pull left it.
    pub pull: Option<String>,
}

/// A marketing list.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ListView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Entity of its members: `account`, `contact` or `lead`.
    pub entity: String,
    /// Its members are found by a query.
    pub dynamic: bool,
    /// Members, as the list says; not kept up to date for dynamic lists, so null there.
    pub members: Option<u64>,
    /// Active.
    pub active: bool,
    /// When it was used last, RFC 3339 UTC.
    pub last_used: Option<String>,
}

/// Names a marketing list.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct ListRef {
    /// Connection.
    pub connection: String,
    /// Id or name.
    pub list: String,
}

/// How many members a list has now.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ListCount {
    /// The list.
    pub list: ListView,
    /// Members.
    pub members: u64,
    /// The number is exact; else at least so many.
    pub exact: bool,
    /// Why it is better not pulled often.
    pub warning: Option<String>,
}
