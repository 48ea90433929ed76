//! The services around the Web API, over real HTTP: sign-in, discovery, Insider One, faults, the program.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a fault in a test ends the test")]

mod authorize;
mod device;
mod environments;
mod faults;
mod inputs;
mod insider;
mod program;
mod support;
mod token;
