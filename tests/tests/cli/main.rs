//! The `syncline` command from outside: every verb as a process of its own, against a sample tenant within the test.
//!
//! Secrets must outlast a process, so most tests need a real keychain: `cargo xtask session -- cargo test -p syncline-tests --test cli`.
//! Without a session bus they say so and pass, unless `SYNCLINE_REQUIRE_KEYCHAIN` is set; then they fail.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod cache;
mod connections;
mod exits;
#[cfg(target_os = "linux")]
mod offline;
mod program;
mod record;
mod records;
mod run_survival;
mod sign_off;
mod sql;
mod survival;
mod syncs;
mod two_way;
mod usage;
