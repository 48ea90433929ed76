//! FetchXML, Dataverse's query language: read it, check it against an entity, combine and print it, and evaluate a filter
//! on a record that is here already.
//!
//! Pure: no input or output and no clock; the present time is an argument.

mod ast;
mod build;
mod check;
mod complete;
mod edit;
mod error;
mod evaluate;
mod evaluator;
mod fiscal;
mod kinds;
mod like;
mod lint;
mod lint_columns;
mod lint_shape;
mod lint_values;
mod operator;
mod period;
mod read;
mod read_parts;
mod scan;
mod vocabulary;
mod write;
mod xml;

pub use ast::{
    Aggregate, Attribute, Condition, DateGrouping, Entity, Fetch, Filter, FilterKind, LinkEntity, LinkType,
    Order, Place, ValueLabel,
};
pub use check::{check, is_warning};
pub use complete::{Completion, Completions, complete};
pub use edit::{Finding, Fix, Metadata, Severity};
pub use error::{FetchXmlError, Position};
pub use evaluate::{Asker, Evaluator, Unsupported};
pub use fiscal::{Fiscal, FiscalPeriods};
pub use lint::{entities_named, lint};
pub use operator::{Arity, Family, Operator, OperatorHelp, operator_help};
pub use period::{Span, day_span, span};
pub use scan::TextSpan;
