//! Pulled records: what a pull has brought, how it is searched, filtered, ordered and read with SQL.
//!
//! Every pulled entity of a connection has a number `n` and three tables: `c_n` with the record's id, version and typed columns,
//! `r_n` with the raw JSON (compressed), `s_n` with the search index. So a filter reads no JSON, and forgetting drops whole tables.
//!
//! A page of records is stored with its cursor in one transaction; the search index follows behind in batches of its own, because
//! it costs as much as everything else together. It never gives a hit that is stale, and says how many records it has not seen yet.

pub(crate) mod cells;
pub(crate) mod changes;
pub(crate) mod codec;
pub(crate) mod dataset;
pub(crate) mod digest;
pub(crate) mod extract;
pub(crate) mod facets;
mod filter_index;
mod filter_parts;
mod filter_sets;
pub(crate) mod grid;
mod grid_order;
pub(crate) mod index;
pub(crate) mod key_index;
pub(crate) mod marks;
mod narrow;
pub(crate) mod places;
pub(crate) mod portion;
mod prepare;
pub(crate) mod pull;
pub(crate) mod pulls;
mod put;
pub(crate) mod query;
pub(crate) mod read;
mod remove;
pub(crate) mod search;
pub(crate) mod search_look;
pub(crate) mod spool;
pub(crate) mod spread;
pub(crate) mod sql;
pub(crate) mod statistics;
mod text_filter;
pub(crate) mod texts;
pub(crate) mod words;
pub(crate) mod write;
