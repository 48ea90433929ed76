//! What the suites share.

pub mod offline;
