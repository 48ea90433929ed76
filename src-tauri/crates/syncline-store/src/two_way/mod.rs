//! What two-way syncs remember: pairs of records with the values that both sides had after the last sync, and conflicts that wait for a person;
//! and what is held aside while both sides are looked at.

pub(crate) mod conflicts;
pub(crate) mod find_links;
pub(crate) mod links;
pub(crate) mod unpaired;
