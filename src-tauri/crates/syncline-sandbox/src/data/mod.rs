//! Deterministic sample data: every generated row is a pure function of (seed, table, row number), one column at a
//! time, so a million rows need no memory. Ids are reversible to the row number.
pub mod entities;
pub mod fold;
pub mod generator;
pub mod german;
pub mod ids;
pub mod many_to_many;
pub mod schema;
pub mod solutions;
pub mod untidy;
pub mod value;
pub mod wide;

pub use generator::Generator;
pub use schema::{Column, Entity, Kind, Schema, Table};
pub use solutions::Solutions;
pub use value::Value;
pub use wide::Wide;
