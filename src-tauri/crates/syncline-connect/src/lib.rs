//! The seam between the work and the systems: what a source and a destination can be asked.
//!
//! The engine asks for capabilities and never guesses from a system's name. Every implementation passes the conformance suite.

mod capability;
#[cfg(feature = "conformance")]
pub mod conformance;
mod destination;
#[cfg(feature = "conformance")]
pub mod memory;
mod row_request;
mod selection;
mod source;
mod taker;

pub use capability::{Capabilities, Toll};
pub use destination::{
    Destination, MatchKey, Outcome, OutcomeKind, PlannedWrite, Probe, ProbedRow, Signals, WriteOptions,
};
pub use row_request::RowRequest;
pub use selection::{ChangesPage, Count, Cursor, Order, Page, Selection};
pub use source::Source;
pub use taker::{PageEnd, PageTaker, SharedTaker, WholePage};
