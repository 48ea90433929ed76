//! Queries over the cache: FetchXML documents, SQL, groups.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use ts_rs::TS;

/// Runs a FetchXML document over the cache.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct CacheFetch {
    /// Connection.
    pub connection: String,
    /// The document.
    pub fetchxml: String,
    /// Page, from 1, in place of the document's; its size is the document's `count`, at most 5000.
    pub page: Option<u32>,
    /// Also count all rows.
    pub count: Option<bool>,
}

/// A page of a document's result.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CacheFetched {
    /// Rows in the shape in which the Web API answers FetchXML.
    #[ts(type = "Record<string, unknown>[]")]
    pub rows: Vec<Box<RawValue>>,
    /// The page behind this one; absent at the end.
    pub next_page: Option<u32>,
    /// All rows, where that was asked.
    pub total: Option<u64>,
    /// Entities that were read, by logical name.
    pub entities: Vec<String>,
    /// When the oldest of them was pulled last, RFC 3339 UTC.
    pub as_of: Option<String>,
}

/// Reads the cache with SQL.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct CacheSql {
    /// Connection.
    pub connection: String,
    /// One SELECT.
    pub statement: String,
    /// Most rows, at most 100,000; absent: 10,000.
    pub limit: Option<u32>,
    /// Longest time, in milliseconds; absent: as long as it takes.
    pub timeout_ms: Option<u32>,
    /// A name that the asker gives it, to stop it by.
    pub run: Option<String>,
}

/// Stops a statement.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct CacheSqlStop {
    /// The name it was given.
    pub run: String,
}

/// A table.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SqlTable {
    /// Column names.
    pub columns: Vec<String>,
    /// Rows.
    #[ts(type = "unknown[][]")]
    pub rows: Vec<Vec<serde_json::Value>>,
    /// Cut at the most rows.
    pub cut: bool,
    /// Milliseconds that it took.
    pub millis: u32,
}

/// A table that SQL over the cache can read.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SqlEntityView {
    /// Name.
    pub name: String,
    /// Display name of the entity.
    pub display_name: String,
    /// Columns.
    pub columns: Vec<SqlColumnView>,
}

/// A column of such a table.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SqlColumnView {
    /// Name.
    pub name: String,
    /// What it holds, in words.
    pub kind: String,
}

/// Counts the values of a column among cached records.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct FacetsAsk {
    /// Connection.
    pub connection: String,
    /// Logical name of the entity.
    pub entity: String,
    /// Logical name of the column.
    pub column: String,
    /// FetchXML `<filter>` or `<condition>`.
    pub filter: Option<String>,
    /// Words that must be in the record.
    pub search: Option<String>,
    /// Most values, at most 1000; absent: 50.
    pub limit: Option<u32>,
}

/// A value and how many records have it.
#[derive(Debug, Clone, Serialize, TS)]
pub struct FacetView {
    /// The value: a code, an id, a text, a number, a month (`2026-03`); null for records without one.
    #[ts(type = "unknown")]
    pub value: serde_json::Value,
    /// Its label, for choices and lookups.
    pub label: Option<String>,
    /// Records.
    pub count: u64,
}

/// The most frequent values of a column.
#[derive(Debug, Clone, Serialize, TS)]
pub struct FacetsView {
    /// Most frequent first.
    pub values: Vec<FacetView>,
    /// Different values in all.
    pub different: u64,
    /// Records of the selection.
    pub total: u64,
}
