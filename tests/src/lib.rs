//! What the suites share.

pub mod offline;
pub mod postgres;
