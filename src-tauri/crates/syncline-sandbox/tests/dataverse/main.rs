//! The Web API over real HTTP on an ephemeral port.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod batches;
mod fetching;
mod reading;
mod speed;
mod support;
mod writing;
