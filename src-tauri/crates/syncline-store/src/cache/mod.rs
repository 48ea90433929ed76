//! Pulled records: what a pull has brought, how it is searched, filtered, ordered and read with SQL.
//!
//! Every pulled entity of a connection has a number `n` and three tables: `c_n` with the record's id, version and typed columns,
//! `r_n` with the raw JSON (compressed), `s_n` with the search index. So a filter reads no JSON, and forgetting drops whole tables.
//!
//! The search index is written in the same transaction as the records, so it is never behind. Measured with the example
//! `pull_speed` (release, two shared cores, 100,000 records of 0.9 KB, 16 searchable columns with 45 words, pages of 5,000): 19,000
//! records a second when all are new and 17,000 when all have changed; 180,000 when nothing has. The index takes three quarters of
//! that time (28 µs a record; 4 µs go into the two tables, 5 µs into taking apart and compressing on two threads); without it 54,000
//! records a second are stored. A service delivers fewer than the index takes, so it is not worth a state in which it is behind.

pub(crate) mod codec;
pub(crate) mod dataset;
pub(crate) mod digest;
pub(crate) mod extract;
pub(crate) mod grid;
pub(crate) mod pulls;
pub(crate) mod query;
pub(crate) mod read;
pub(crate) mod search;
pub(crate) mod sql;
pub(crate) mod write;
