//! The same table in two environments, side by side.

use serde::{Deserialize, Serialize};
use syncline_model::FieldChange;
use ts_rs::TS;

/// Compares the rows of a table in two environments; ends as a job whose result is a `CompareReport`. Nothing is written anywhere but
/// to the file that is named.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct CompareStart {
    /// Connection.
    pub left: String,
    /// The other one.
    pub right: String,
    /// Entity, the same in both.
    pub entity: String,
    /// Columns to compare; absent: all that can be written in both, lookups left out.
    pub columns: Option<Vec<String>>,
    /// By what rows are the same: the primary key, or the columns of an alternate key of both. Absent: the primary key.
    pub key: Option<Vec<String>>,
    /// FetchXML filter, of both.
    pub filter: Option<String>,
    /// File to which every row that is not the same is written, a JSON document a line.
    pub path: Option<String>,
}

/// What was found.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CompareReport {
    /// Connection.
    pub left: String,
    /// The other one.
    pub right: String,
    /// Entity.
    pub entity: String,
    /// By what rows were the same.
    pub key: Vec<String>,
    /// Columns that were compared.
    pub columns: Vec<String>,
    /// Rows read on the left.
    pub left_rows: u64,
    /// Rows read on the right.
    pub right_rows: u64,
    /// In both, and the same.
    pub same: u64,
    /// In both, and different.
    pub different: u64,
    /// Only on the left.
    pub only_left: u64,
    /// Only on the right.
    pub only_right: u64,
    /// On the left, with several rows of the same key on the right, or without a key.
    pub ambiguous: u64,
    /// The first 1,000 rows that are not the same.
    pub rows: Vec<CompareRow>,
    /// The file that was written.
    pub path: Option<String>,
}

/// A row that is not the same.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct CompareRow {
    /// Id in the environment where it was read.
    pub id: String,
    /// Something to know it by.
    pub title: String,
    /// What is the matter.
    pub kind: CompareKind,
    /// Left against right.
    pub changes: Vec<FieldChange>,
}

/// How a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum CompareKind {
    /// In both, but not the same.
    Different,
    /// Only on the left.
    OnlyLeft,
    /// Only on the right.
    OnlyRight,
    /// Several rows have its key, or it has none.
    Ambiguous,
}
