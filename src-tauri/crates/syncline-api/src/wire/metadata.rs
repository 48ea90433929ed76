//! Solutions, rights on entities, and how columns are filled.

use serde::{Deserialize, Serialize};
use syncline_model::ColumnStatistics;
use ts_rs::TS;

use super::DataMode;

/// Solutions of an environment.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct SolutionsList {
    /// Connection.
    pub connection: String,
    /// Ask the service even if a list is kept.
    pub refresh: Option<bool>,
}

/// A solution that makers see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SolutionView {
    /// Unique name; `Default` is the one that holds everything.
    pub unique_name: String,
    /// Friendly name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Came as a managed solution.
    pub managed: bool,
}

/// What the signed-in user may do with an entity, and who can give more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AccessView {
    /// Logical name.
    pub entity: String,
    /// Its display name.
    pub display_name: String,
    /// The privilege that reading needs, such as `prvReadList`; none where the entity has none of its own.
    pub privilege: Option<String>,
    /// The user's roles give it. Absent: that could not be found out.
    pub held: Option<bool>,
    /// How far it reaches: `Basic` (own records), `Local` (the business unit's), `Deep` (and of units below), `Global`.
    pub depth: Option<String>,
    /// In words: what is missing, or how much is seen.
    pub sentence: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Some people who can give a security role.
    pub administrators: Vec<String>,
}

/// Counts columns of an entity; ends as a job whose result is an `EntityStatistics`.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct StatisticsStart {
    /// Connection.
    pub connection: String,
    /// Logical name.
    pub entity: String,
    /// `cached` counts what was pulled; `live` lets the service count.
    pub mode: DataMode,
    /// Columns by logical name; absent: all that can be read.
    pub columns: Option<Vec<String>>,
}

/// How the columns of an entity are filled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct EntityStatistics {
    /// Logical name.
    pub entity: String,
    /// Where it was counted.
    pub mode: StatisticsMode,
    /// When it was counted, RFC 3339 UTC; for what was pulled, when it was pulled.
    pub as_of: String,
    /// Records of the entity; with `sampled` at least so many.
    pub records: u64,
    /// Only a part of the records was looked at, since the service refuses to aggregate more than 50,000.
    pub sampled: bool,
    /// Counting was stopped before all columns were done.
    pub stopped: bool,
    /// The columns that were counted.
    pub columns: Vec<ColumnStatistics>,
}

/// Where columns were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum StatisticsMode {
    /// By the service.
    Live,
    /// In the store.
    Cached,
}

/// The last count of an entity's columns, where there is one.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct StatisticsKept {
    /// The count.
    pub statistics: Option<EntityStatistics>,
}
