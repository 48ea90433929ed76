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
