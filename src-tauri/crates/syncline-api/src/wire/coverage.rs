//! What the cache holds of what a query asks.

use serde::Serialize;
use ts_rs::TS;

/// What of a query can be answered from the cache.
#[derive(Debug, Clone, Serialize, TS)]
pub struct QueryCoverage {
    /// The entities the query reads, the first one first.
    pub entities: Vec<CoveredEntity>,
    /// When the oldest of them was pulled last, RFC 3339 UTC; absent where one was not.
    pub as_of: Option<String>,
    /// Why the query can't be asked of the cache at all: it is not well formed, or it is OData without a counterpart.
    pub reason: Option<String>,
}

/// An entity that a query reads, in the cache.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CoveredEntity {
    /// Logical name.
    pub entity: String,
    /// Display name, where it is known.
    pub display_name: String,
    /// Cached records; absent where it was not pulled.
    pub records: Option<u64>,
    /// When it was pulled last, RFC 3339 UTC.
    pub pulled_at: Option<String>,
    /// How that pull ended: `done`, `running`, `interrupted`, `cancelled`.
    pub status: Option<String>,
    /// Only records of this filter were pulled.
    pub filter: Option<String>,
    /// Columns the query names that were not pulled.
    pub missing_columns: Vec<String>,
    /// The query asks for all columns: so many of the entity's were not pulled.
    pub left_out: u32,
}
