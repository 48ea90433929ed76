//! The part of a definition that makes an event of each record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{FixedValue, is_false};
use crate::ColumnName;

/// Events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct EventSection {
    /// The event's name.
    pub name: EventName,
    /// The event's time.
    pub timestamp: EventTimestamp,
    /// Parameters from columns.
    #[serde(default)]
    pub parameters: Vec<ParameterMapping>,
    /// Parameters with the same value on every event.
    #[serde(default)]
    pub fixed: Vec<FixedValue>,
}

/// An event's name: one for all, or from a column through a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct EventName {
    /// One name for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fixed: Option<String>,
    /// Column whose value is looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub from: Option<ColumnName>,
    /// Value of the column to event name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
}

/// `"processing"`, or `{"from": column}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum EventTimestamp {
    /// The word `processing`.
    Processing(ProcessingWord),
    /// From a date column.
    Column {
        /// The column.
        from: ColumnName,
    },
}

/// The word `processing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum ProcessingWord {
    /// The time at which the record is processed.
    Processing,
}

/// One event parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct ParameterMapping {
    /// Parameter name.
    pub to: String,
    /// Source column.
    pub from: ColumnName,
    /// Send the label in place of the code.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub label: bool,
}
