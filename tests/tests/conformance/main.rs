//! Every implementation of the seam against the one conformance suite: in memory, files, SQL databases, Dataverse and Insider
//! One on the sample tenant.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod memory;
mod services;
mod sql;
mod tables;
mod tenant;

use syncline_connect::conformance::Held;

/// All rules held, and none was left out.
fn all(held: Held, rules: usize) {
    match held {
        Ok(held) => assert_eq!(held.len(), rules, "{held:#?}"),
        Err(breach) => panic!("{breach}"),
    }
}
