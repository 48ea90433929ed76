//! The application without a window: one command list, jobs with numbered events, the composition root.

mod commands;
mod types;
pub mod wire;

pub use commands::{CommandInfo, all as all_commands};
pub use types::{stale_types, write_types};
pub use wire::ApiError;
