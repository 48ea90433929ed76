//! Jobs and events.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Long work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Waiting for a sign-in.
    SignIn,
    /// Pulling an entity.
    Pull,
    /// Exporting.
    Export,
    /// Making a plan.
    Preview,
    /// Running a plan.
    Run,
    /// Counting how columns are filled.
    Statistics,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// At work.
    Running,
    /// Asked to stop.
    Cancelling,
    /// Ended well.
    Done,
    /// Ended with an error.
    Failed,
    /// Stopped on request.
    Cancelled,
}

/// A job as it stands.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct JobView {
    /// Id.
    pub id: String,
    /// Kind.
    pub kind: JobKind,
    /// Connection it works on.
    pub connection: Option<String>,
    /// What it does, such as `pulling contact`.
    pub title: String,
    /// State.
    pub state: JobState,
    /// Stage, such as `reading` or `writing`.
    pub stage: String,
    /// Done so far.
    pub done: u64,
    /// In all, where known.
    pub total: Option<u64>,
    /// Records a second over the last seconds.
    pub rate: Option<f64>,
    /// Seconds left, where it can be told.
    pub seconds_left: Option<f64>,
    /// Requests so far and in all, where the work counts them; corrected while it goes on.
    pub calls: Option<super::JobCalls>,
    /// Seconds so far.
    pub seconds: f64,
    /// RFC 3339 UTC.
    pub started_at: String,
    /// RFC 3339 UTC.
    pub finished_at: Option<String>,
    /// Why it failed.
    pub error: Option<super::ApiError>,
    /// What it made: a `PullReport` or `PullsReport`, `PlanSummary`, `RunReport`, `ExportReport` or `ConnectionTest`.
    #[ts(type = "unknown")]
    pub result: serde_json::Value,
    /// Events of a job are numbered; an older number than one seen is ignored.
    pub number: u64,
}

/// What an export wrote.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ExportReport {
    /// File.
    pub path: String,
    /// Records.
    pub records: u64,
    /// Bytes.
    pub bytes: u64,
}

/// Names a job.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct JobRef {
    /// Its id.
    pub job: String,
}

/// What shells are told without asking.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A job moved or ended.
    Job {
        /// As it stands.
        job: Box<JobView>,
    },
    /// Data with these tags is stale.
    Invalidate {
        /// Tags.
        tags: Vec<Tag>,
    },
    /// Open an address in the system browser.
    OpenUrl {
        /// The address.
        url: String,
    },
}

/// Groups of data that become stale together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Tag {
    /// Connections and their status.
    Connections,
    /// Entity lists and descriptions.
    Metadata,
    /// Counts of columns.
    Statistics,
    /// Cached records.
    Cache,
    /// Saved queries and their history.
    Queries,
    /// Definitions.
    Definitions,
    /// Plans.
    Plans,
    /// Runs.
    Runs,
    /// Jobs.
    Jobs,
    /// Settings and session.
    Settings,
}
