//! What a system can do, asked before it is asked to do it.

use serde::{Deserialize, Serialize};

/// A system's abilities and limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// Records can be read back by key: old against new can be shown and undo is possible.
    pub reads_back: bool,
    /// Writing the same key again replaces; without it a second write makes a duplicate.
    pub upserts: bool,
    /// Writes can be made conditional on the version that was seen (ETag).
    pub guards_versions: bool,
    /// Rows can be deleted.
    pub deletes: bool,
    /// Takes events beside attributes.
    pub takes_events: bool,
    /// One row of a batch may fail while the others succeed.
    pub partial_batches: bool,
    /// Filters given as FetchXML are evaluated by the service.
    pub filters: bool,
    /// Most rows in one write batch.
    pub max_batch_rows: usize,
    /// Most bytes in one write batch.
    pub max_batch_bytes: usize,
    /// Most records in one page when reading.
    pub max_page_size: u32,
    /// Write batches that may be under way at once; 1: order matters.
    pub parallel_batches: usize,
}

/// What work costs in requests beside the pages and batches themselves, for an estimate. None of it where nothing is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Toll {
    /// Requests before the first page or batch, such as who answers.
    pub opening: u64,
    /// Requests that describe the entity to somebody new.
    pub description: u64,
    /// Whoever is asked knows the description already.
    pub described: bool,
    /// Requests before each batch.
    pub a_batch: u64,
    /// Records that one request looks at again.
    pub ids_a_request: u64,
    /// Rows that one request looks up by columns other than the id.
    pub keys_a_request: u64,
    /// The service protects itself with Dataverse's limits.
    pub protected: bool,
    /// Seconds that a page or batch took lately, where one was seen.
    pub seconds_a_call: Option<f64>,
}
