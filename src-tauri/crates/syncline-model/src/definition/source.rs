//! The part of a definition that says what is read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ColumnName, ConnectionName, EntityName};

/// What is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SourceSection {
    /// Name of the source connection.
    pub connection: ConnectionName,
    /// Entity to read. Stands in place of `list`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub entity: Option<EntityName>,
    /// Marketing list to read, by name or id. Stands in place of `entity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub list: Option<String>,
    /// Columns to read. What is not here can't be mapped.
    pub columns: Vec<ColumnName>,
    /// FetchXML `<filter>` or one `<condition>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub filter: Option<String>,
    /// Which records.
    #[serde(default)]
    pub fetch: FetchSection,
    /// Records a page, 1 to 5000.
    #[serde(default = "default_page_size")]
    #[schemars(range(min = 1, max = 5000))]
    pub page_size: u32,
    /// Milliseconds until a request is given up, at most 300,000.
    #[serde(default = "default_timeout_ms")]
    #[schemars(range(min = 1000, max = 300_000))]
    pub timeout_ms: u64,
    /// Retries of a request, at most 10.
    #[serde(default = "default_retries")]
    #[schemars(range(max = 10))]
    pub retries: u32,
}

fn default_page_size() -> u32 {
    500
}
fn default_timeout_ms() -> u64 {
    60_000
}
fn default_retries() -> u32 {
    3
}
/// Which records are fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct FetchSection {
    /// The mode.
    #[serde(default)]
    pub mode: FetchMode,
    /// Days to look back; 0: no look-back.
    #[serde(default)]
    pub days: u32,
}

/// Fetch modes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum FetchMode {
    /// Changed since the last sync, new ones left out.
    Updated,
    /// New or changed since the last sync.
    NewAndUpdated,
    /// Always all.
    #[default]
    All,
}
