//! FetchXML, Dataverse's query language: read it, check it against an entity, combine and print it, and evaluate a filter
//! on a record that is here already.
//!
//! Pure: no input or output and no clock; the present time is an argument.

mod ast;
mod build;
mod check;
mod error;
mod evaluate;
mod fiscal;
mod like;
mod operator;
mod period;
mod read;
mod read_parts;
mod write;
mod xml;

pub use ast::{
    Aggregate, Attribute, Condition, DateGrouping, Entity, Fetch, Filter, FilterKind, LinkEntity, LinkType,
    Order, Place,
};
pub use check::{check, is_warning};
pub use error::{FetchXmlError, Position};
pub use evaluate::{Asker, Evaluator, Unsupported};
pub use fiscal::{Fiscal, FiscalPeriods};
pub use operator::{Arity, Family, Operator, OperatorHelp, operator_help};
pub use period::{Span, day_span, span};
