//! Dataverse (Dynamics 365 customer engagement) as source and destination, over its Web API.
//!
//! It owns the wire: which requests are made, how records come in pages, how a row becomes a request and what became of it. It does
//! not decide what is written (the engine does), how one signs in, or how a network fault is retried.

mod api;
mod body;
mod builder;
mod connector;
mod count;
mod cursor;
mod destination;
mod discovery;
mod document;
mod encode;
mod error;
mod identity;
mod lists;
mod metadata;
mod metadata_wire;
mod page_fetch;
mod page_odata;
mod probe;
mod records;
mod relationships;
mod request;
mod single;
mod source;
mod write;

pub use builder::{DataverseBuilder, DataverseSettings};
pub use connector::DataverseConnector;
pub use discovery::{Environment, GLOBAL_DISCOVERY, environments};
pub use error::{explain, known_code};
pub use lists::MarketingList;
pub use single::{RecordBody, RowKey};
