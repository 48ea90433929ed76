//! Small tables, and the list of all tables' histories.

pub(crate) mod connections;
pub(crate) mod definitions;
pub(crate) mod kept;
pub(crate) mod metadata;
pub(crate) mod queries;

use crate::migrate::Migration;

/// Every table's history.
pub(crate) const HISTORY: &[&[Migration]] = &[
    connections::HISTORY,
    metadata::HISTORY,
    definitions::HISTORY,
    kept::HISTORY,
    queries::HISTORY,
    crate::cache::dataset::HISTORY,
    crate::cache::pulls::HISTORY,
    crate::cache::spool::HISTORY,
    crate::cache::key_index::HISTORY,
    crate::cache::marks::HISTORY,
    crate::cache::changes::HISTORY,
    crate::work::plans::HISTORY,
    crate::work::plan_keys::HISTORY,
    crate::work::plan_turns::HISTORY,
    crate::work::plan_rows::HISTORY,
    crate::work::plan_body::HISTORY,
    crate::work::runs::HISTORY,
    crate::work::run_requests::HISTORY,
    crate::work::run_rows::HISTORY,
    crate::work::as_sent::HISTORY,
    crate::work::audit::HISTORY,
    crate::work::hand_edits::HISTORY,
    crate::work::ledgers::HISTORY,
    crate::two_way::links::HISTORY,
];
