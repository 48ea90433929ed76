//! The Web API over real HTTP on an ephemeral port.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod batches;
mod big;
mod bulk;
mod fetching;
mod owners;
mod reading;
mod refusals;
mod speed;
mod support;
mod tracking;
mod writing;
