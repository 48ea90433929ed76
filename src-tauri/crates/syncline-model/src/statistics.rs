//! How a column is used: how many records have a value, how many different ones, and which are the most frequent.

use serde::{Deserialize, Serialize};

use crate::ColumnName;

/// A value and how often it occurs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ValueCount {
    /// The value as text: a code, an id, a date, a number, a text.
    pub value: String,
    /// Label of a choice, name of a row.
    pub label: Option<String>,
    /// Records that have it.
    pub count: u64,
}

/// What was counted of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ColumnStatistics {
    /// Logical name.
    pub column: ColumnName,
    /// Records that were looked at.
    pub rows: u64,
    /// Records with a value; none where that could not be told.
    pub filled: Option<u64>,
    /// Different values; none where they can't be counted.
    pub distinct: Option<u64>,
    /// Most frequent values, most frequent first.
    pub top: Vec<ValueCount>,
    /// `filled` is of all records, but `distinct` and `top` are of a part of them; or, with `rows` below the total, everything is.
    pub sampled: bool,
    /// Why something is missing or not exact.
    pub note: Option<String>,
}

impl ColumnStatistics {
    /// Nothing was counted, for this reason.
    pub fn uncounted(column: ColumnName, note: impl Into<String>) -> Self {
        Self {
            column,
            rows: 0,
            filled: None,
            distinct: None,
            top: vec![],
            sampled: false,
            note: Some(note.into()),
        }
    }
}
