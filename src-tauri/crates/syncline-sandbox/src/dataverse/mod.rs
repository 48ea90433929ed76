//! The Dataverse Web API of one environment, as the service's documentation describes it on the wire.
mod batch;
mod bulk;
pub mod caller;
mod coerce;
mod dispatch;
pub mod environment;
pub mod error;
mod fetch;
mod functions;
mod json;
mod metadata;
mod odata;
mod path;
pub mod protection;
mod query;
mod read;
mod request;
mod server;
mod store;
mod track;
mod write;

pub use caller::Caller;
pub use environment::{Environment, EnvironmentConfig, Profile, UserSeed, sample_users};
pub use protection::Limits;
pub use server::router;
