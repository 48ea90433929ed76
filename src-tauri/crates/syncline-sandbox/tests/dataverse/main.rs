//! The Web API over real HTTP on an ephemeral port.
mod reading;
mod support;
