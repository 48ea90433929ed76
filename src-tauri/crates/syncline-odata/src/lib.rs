//! OData v4 as Dataverse and Finance & Operations speak it: literals, query options, keys, the error body, pages and `$batch`.
//!
//! Text in, text out: nothing is sent from here. Records of a page stay raw JSON; no field is parsed that nobody asked for.

mod batch_read;
mod batch_write;
mod error;
mod literal;
mod page;
mod page_reader;
mod query;

pub use batch_read::{BatchAnswer, BatchError, BatchPart, BatchReply, read_batch};
pub use batch_write::{BatchItem, BatchRequest, MOST_REQUESTS, WrittenBatch, write_batch};
pub use error::{ErrorBody, error_body, refusal, response_error};
pub use literal::{encode, guid, key_predicate, literal, string_literal};
pub use page::{PageEnvelope, RecordHead, parse_page, record_head};
pub use page_reader::{PageFault, PageReader};
pub use query::QueryOptions;
