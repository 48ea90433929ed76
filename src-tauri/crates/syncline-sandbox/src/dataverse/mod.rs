//! The Dataverse Web API of one environment, as the service's documentation describes it on the wire.
pub mod caller;
mod dispatch;
pub mod environment;
pub mod error;
pub mod protection;
mod request;
mod server;

pub use caller::Caller;
pub use environment::{Environment, EnvironmentConfig, Profile, UserSeed, sample_users};
pub use protection::Limits;
pub use server::router;
