//! The parts together, against the sample tenant.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod dataverse;
mod dataverse_write;
mod sign_in;
