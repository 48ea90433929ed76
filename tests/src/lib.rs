//! What the suites share.

pub mod chance;
pub mod offline;
pub mod postgres;
