//! The Web API over real HTTP on an ephemeral port.
mod batches;
mod fetching;
mod reading;
mod support;
mod writing;
