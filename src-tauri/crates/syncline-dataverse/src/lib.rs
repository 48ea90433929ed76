//! Dataverse (Dynamics 365 customer engagement) as source and destination, over its Web API.
//!
//! It owns the wire: which requests are made, how records come in pages, how a row becomes a request and what became of it. It does
//! not decide what is written (the engine does), how one signs in, or how a network fault is retried.

mod access;
mod annotations;
mod api;
mod body;
mod builder;
mod bulk;
mod by_hand;
mod catalogue;
mod changes;
mod connector;
mod convert;
mod count;
mod cursor;
mod destination;
mod discovery;
mod document;
mod document_count;
mod encode;
mod error;
mod identity;
mod links;
mod lists;
mod long_read;
mod messages;
mod metadata;
mod metadata_wire;
mod odata_run;
mod only_changed;
mod page_fetch;
mod page_odata;
mod page_stream;
mod probe;
mod records;
mod relationships;
mod request;
mod schema_version;
mod single;
mod solutions;
mod source;
mod statistics;
mod switches;
mod unguarded;
mod views_read;
mod write;
mod write_set;

pub use access::{Administrator, HeldPrivilege};
pub use builder::{DataverseBuilder, DataverseSettings};
pub use by_hand::{CheckedBody, ColumnFault};
pub use catalogue::{Catalogue, EntityExtra, Privilege};
pub use connector::DataverseConnector;
pub use convert::{Converted, ODataText, complete_odata, from_odata, to_odata};
pub use discovery::{Environment, GLOBAL_DISCOVERY, environments};
pub use document_count::{Counted, CountedBy};
pub use error::{MissingPrivilege, explain, known_code, missing_privilege};
pub use lists::MarketingList;
pub use messages::BulkMessages;
pub use odata_run::ODataPage;
pub use only_changed::Differing;
pub use single::{RecordBody, RowKey};
pub use solutions::Solution;
pub use statistics::{COLUMNS_A_REQUEST, SAMPLE, over_the_limit};
pub use views_read::View;
