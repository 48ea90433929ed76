//! The application without a window: one command list, jobs with numbered events, the composition root.

mod app;
mod commands;
mod exchanges;
mod guard;
mod handlers;
mod home;
mod jobs;
mod links;
mod memory;
mod schedule;
mod types;
pub mod wire;

pub use app::{App, AppConfig};
pub use commands::{CommandInfo, all as all_commands};
pub use home::VaultChoice;
pub use jobs::{JobHandle, Jobs};
pub use memory::share_memory;
pub use types::{stale_types, write_types};
pub use wire::ApiError;
