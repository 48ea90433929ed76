//! FetchXML: reading, running, paging, aggregating.
pub(crate) mod condition;
