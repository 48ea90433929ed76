//! Requests and responses as they cross to a shell. Types only; nothing here knows a table or a protocol. No response holds a secret.

mod audit;
mod cached;
mod compare;
mod connections;
mod costs;
mod coverage;
mod data;
mod definition_help;
mod error;
mod events;
mod exports;
mod hand_edits;
mod metadata;
mod plans;
mod prediction;
mod pulls;
mod queries;
mod record_edit;
mod requests;
mod run_all;
mod runs;
mod schedules;
mod session;
mod sign_off;
mod syncs;
mod two_way;

pub use audit::*;
pub use cached::*;
pub use compare::*;
pub use connections::*;
pub use costs::*;
pub use coverage::*;
pub use data::*;
pub use definition_help::*;
pub use error::ApiError;
pub use events::*;
pub use exports::*;
pub use hand_edits::*;
pub use metadata::*;
pub use plans::*;
pub use prediction::*;
pub use pulls::*;
pub use queries::*;
pub use record_edit::*;
pub use requests::*;
pub use run_all::*;
pub use runs::*;
pub use schedules::*;
pub use session::*;
pub use sign_off::*;
pub use syncs::*;
pub use two_way::*;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A request or response without content.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, TS)]
pub struct Empty {}
