//! Writing rows: checks, lookups by navigation property, create, update, upsert, delete, single properties, links.
pub(crate) mod change;
pub(crate) mod duplicates;
mod exact;
pub(crate) mod links;
pub(crate) mod payload;
pub(crate) mod rows;
