//! FetchXML and OData queries, one as the other where both mean exactly the same rows. What has no counterpart is said, never guessed.
//! Source: Dataverse Web API, query functions and filter rows; FetchXML reference.

mod from_odata;
mod functions;
mod odata_complete;
mod odata_filter;
mod odata_part;
mod odata_places;
mod odata_text;
mod to_filter;
mod to_odata;

pub use from_odata::from_odata;
pub use odata_complete::complete_odata;
pub use odata_text::ODataText;
pub use to_odata::to_odata;

/// A query in the other language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted<T> {
    /// The query; absent where it has no exact counterpart.
    pub query: Option<T>,
    /// Why there is none.
    pub reasons: Vec<String>,
    /// What differs though the rows are the same: names of columns, page size.
    pub notes: Vec<String>,
}
