//! The connector against a scripted transport.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bulk;
mod discovery;
mod fake;
mod noise;
mod reading;
mod statistics;
mod writing;
