//! Insider One's upsert API as a destination.
//!
//! What is known of the wire is in Insider's public "Upsert User Data" reference; the rules are named where they are used. The API only
//! takes: nothing can be read back, so old and new are compared with what was last sent.

mod connector;
mod events;
mod reply;
mod schema;
mod user;

pub use connector::{InsiderConnector, InsiderSettings};
pub use events::{DEFAULT_EVENTS, DEFAULT_PARAMETERS};
pub use schema::{DEFAULT_IDENTIFIERS, PROFILE};
