//! Pulled records: what a pull has brought, how it is searched, filtered, ordered and read with SQL.
//!
//! Every pulled entity of a connection has a number `n` and three tables: `c_n` with the record's id, version and typed columns,
//! `r_n` with the raw JSON (compressed), `s_n` with the search index. So a filter reads no JSON, and forgetting drops whole tables.

pub(crate) mod codec;
pub(crate) mod dataset;
pub(crate) mod digest;
pub(crate) mod extract;
pub(crate) mod filter;
pub(crate) mod grid;
pub(crate) mod period;
pub(crate) mod pulls;
pub(crate) mod read;
pub(crate) mod search;
pub(crate) mod sql;
pub(crate) mod write;
