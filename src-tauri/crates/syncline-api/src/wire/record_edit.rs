//! A record changed by hand, before it is sent.

use serde::Serialize;
use ts_rs::TS;

use super::{ApiError, RequestView};

/// What would be sent, or what stands against it.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RecordPrepared {
    /// The request; absent where a column has a fault, or where nothing differs and only what differs was to be sent.
    pub request: Option<RequestView>,
    /// The same as a curl command; the token is read from the variable TOKEN.
    pub curl: Option<String>,
    /// Columns whose values can't be sent.
    pub faults: Vec<ColumnFaultView>,
}

/// What is wrong with a column's value.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ColumnFaultView {
    /// Logical name.
    pub column: String,
    /// What is wrong, with the remedy.
    pub error: ApiError,
}
