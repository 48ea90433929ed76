//! Several definitions run in their order.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{ApiError, StepAfter};

/// Looks at what several definitions would write now; ends as a job whose result is a [`RunAllView`].
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[ts(optional_fields)]
#[serde(default)]
pub struct RunAllAsk {
    /// Saved definitions, by name.
    pub names: Option<Vec<String>>,
    /// Texts of others.
    pub definitions: Option<Vec<String>>,
}

/// Runs several definitions in their order; ends as a job whose result, while it goes on too, is a [`RunAllView`].
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[ts(optional_fields)]
#[serde(default)]
pub struct RunAllStart {
    /// Saved definitions, by name.
    pub names: Option<Vec<String>>,
    /// Texts of others.
    pub definitions: Option<Vec<String>>,
    /// Most records that may be written by all of them together. Needed where one of them writes to production.
    pub at_most: Option<u64>,
    /// Run although limits or warnings would stop it.
    pub beyond_limits: Option<bool>,
}

/// Where several definitions stand.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct RunAllView {
    /// In their order.
    pub steps: Vec<RunAllStep>,
    /// Records that will be written, as far as they are planned; those of a run that ended: that were written.
    pub writes: u64,
    /// Destinations that are production.
    pub production: Vec<String>,
}

/// One step.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunAllStep {
    /// Definition.
    pub name: String,
    /// Where it reads.
    pub source: String,
    /// Where it writes.
    pub destination: String,
    /// 1, or 2 for what waited for the others.
    pub pass: u32,
    /// Fields that wait for the second pass.
    pub left_out: Vec<String>,
    /// Why it comes here.
    pub after: Vec<StepAfter>,
    /// How far it is.
    pub state: StepState,
    /// Its preview.
    pub plan: Option<String>,
    /// Its run.
    pub run: Option<String>,
    /// Planned, then written: created.
    pub created: u64,
    /// Updated.
    pub updated: u64,
    /// Deleted.
    pub deleted: u64,
    /// The same already.
    pub unchanged: u64,
    /// Planned: invalid. Run: failed or drifted.
    pub failed: u64,
    /// Why it did not go well.
    pub error: Option<ApiError>,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Its turn has not come.
    Waiting,
    /// What it writes depends on what the steps before it make.
    Later,
    /// It is being planned.
    Planning,
    /// It is planned.
    Planned,
    /// It is under way.
    Running,
    /// It ended, and every record went well.
    Succeeded,
    /// It ended; some records did not go well.
    Partial,
    /// It could not be planned or run, or broke off.
    Failed,
    /// It was stopped.
    Cancelled,
    /// An earlier step did not come to its end.
    NotReached,
}
