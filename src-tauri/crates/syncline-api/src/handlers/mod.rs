//! Bodies of the commands: read the request, call lower floors, make the answer.

pub(crate) mod access;
pub(crate) mod cache;
pub(crate) mod cached;
pub(crate) mod connections;
pub(crate) mod definitions;
pub(crate) mod entities;
pub(crate) mod export;
pub(crate) mod jobs;
mod learn;
pub(crate) mod metadata;
pub(crate) mod plans;
pub(crate) mod queries;
mod query_columns;
pub(crate) mod query_links;
pub(crate) mod query_store;
pub(crate) mod query_texts;
pub(crate) mod records;
pub(crate) mod runs;
pub(crate) mod sample;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod solutions;
pub(crate) mod sql;
pub(crate) mod statistics;
mod syncs;
mod views;
mod zones;
