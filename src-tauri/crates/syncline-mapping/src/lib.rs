//! Mapping: a definition is compiled against both schemas, telling all its problems at once; what comes out maps records,
//! and explains each value it made.
//!
//! Pure: no input or output and no clock; the present time is an argument.

mod apply;
mod auto_match;
mod columns;
mod compile;
mod compile_event;
mod compile_field;
mod compile_find;
mod compile_identifier;
mod compile_language;
mod compile_source;
mod compile_steps;
mod convert;
mod country;
mod date;
mod event;
mod expression;
mod fixes;
mod hash;
mod identifier;
mod pattern;
mod phone;
mod phone_plain;
mod plan;
mod related;
mod starters;
mod steps;
mod target;
mod together;
mod trace;
mod two_way;

pub use apply::{Mapped, Verdict};
pub use auto_match::auto_match;
pub use compile::{Compiled, compile, compile_with};
pub use compile_language::label_languages;
pub use event::required_parameters;
pub use hash::definition_hash;
pub use identifier::identity_key;
pub use plan::{Find, Mapping};
pub use related::{Related, find_tables, related_tables, with_related};
pub use starters::{starter, starters};
pub use together::identifier_disagreements;
pub use two_way::{TwoWay, TwoWayField, TwoWayKey, active_codes, compile_two_way, turned};
