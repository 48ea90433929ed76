//! The sample tenant on loopback: Microsoft Entra sign-in, Dataverse environments, global discovery and Insider One's upsert API, as their
//! documents describe them on the wire, with faults on request.
//!
//! It imports nothing of Syncline and is written from the services' documents, so that it stays an independent witness.

pub mod data;
pub mod dataverse;
pub mod entra;
pub mod faults;
pub mod insider;

mod bearer;
mod control;
mod details;
mod discovery;
mod distance;
mod log;
mod sample;
mod server;
mod wire;

pub use details::{Details, EnvironmentDetails, UserDetails};
pub use log::LoggedRequest;
pub use server::{Sandbox, SandboxConfig};
