//! Tests of the store as its callers use it.

mod cache;
mod changes;
mod crash;
mod fetch;
mod filter_parts;
mod filters;
mod forgetting;
mod groups;
mod index;
mod ledgers;
mod opening;
mod parts;
mod retention;
mod run_requests;
mod search_sql;
mod small_tables;
mod spool;
mod statistics;
mod turns;
mod two_way;
mod windows;
pub(crate) mod work;
