//! What is done with the records of a definition, switches of the run, and what stops it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_false;

/// Switches of the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct DefinitionOptions {
    /// No journeys or automation at the destination.
    #[serde(default)]
    pub skip_hook: bool,
    /// Stop at the first failed batch.
    #[serde(default)]
    pub stop_on_failed_batch: bool,
    /// Dataverse: leave synchronous plug-ins and workflows out; needs the privilege prvBypassCustomPlugins.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub bypass_plugins: bool,
    /// Dataverse: leave synchronous and asynchronous logic out; needs the privilege prvBypassCustomBusinessLogic.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub bypass_logic: bool,
    /// Dataverse: start no Power Automate flows.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub suppress_flows: bool,
    /// Dataverse: let duplicate detection rules refuse a record.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub detect_duplicates: bool,
    /// Dataverse: a batch is taken whole or not at all.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub all_or_nothing: bool,
    /// What is done with the records: `write` makes and changes them at the destination, `delete` deletes them there, `mirror` writes and also
    /// deletes what this source brought there before and does not hold any more.
    #[serde(default, skip_serializing_if = "is_write")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<SyncAction>"))]
    pub action: SyncAction,
    /// `delete` and `mirror` without a filter are refused unless this is set.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub allow_unfiltered: bool,
    /// Any warning of the preview stops the run before its first write.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub strict: bool,
    /// More updates or deletions than this stop the run before its first write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub limits: Option<RunLimits>,
}

/// What is done with the records of a definition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum SyncAction {
    /// Made where they are not, changed where they differ.
    #[default]
    Write,
    /// Deleted at the destination.
    Delete,
    /// Written; what vanished from the source is deleted.
    Mirror,
}

fn is_write(action: &SyncAction) -> bool {
    *action == SyncAction::Write
}

/// Limits of a run. What is not given does not limit. Percentages are of the records that the plan read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct RunLimits {
    /// Most records that may be updated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub updates: Option<u64>,
    /// Most records that may be updated, in percent, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub updates_percent: Option<u8>,
    /// Most records that may be deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub deletes: Option<u64>,
    /// Most records that may be deleted, in percent, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub deletes_percent: Option<u8>,
}
