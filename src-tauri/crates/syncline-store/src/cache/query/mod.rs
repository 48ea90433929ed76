//! FetchXML over the cache: a whole document as one SQL statement on the typed columns of what was pulled.
//!
//! The decisions where the reference is silent or leaves room, kept by the sample tenant too:
//! - text is compared and grouped without regard to case and accents (the service's default collation);
//! - `ne`, `not-in`, `not-like` and the other negative operators also find records without a value; two columns (`valueof`) are
//!   compared as SQL does, so with an empty one nothing holds, `ne` included;
//! - relative dates and days are those of the person who asks, weeks begin on Sunday;
//! - `not-under` is the opposite of `under`: the row itself is not below itself and so belongs to the result;
//! - orders: choices by label unless `useraworderby` says otherwise, lookups by name, those of links behind those of the entity;
//!   in an aggregate query by the value;
//! - `avg` of whole numbers is a whole number, cut off as SQL Server does (the reference's example gives 3,911 for 35,200 / 9).

mod aggregate;
mod asker;
mod condition;
mod functions;
mod group_index;
mod hierarchy;
mod link;
mod order;
mod rows;
mod run;
mod scope;
mod value;

pub use asker::{Asker, AskerFacts};
pub(crate) use functions::{register, register_dates, register_exact};
pub use run::{FetchAsk, FetchedRows};
pub(crate) use scope::Compiler;
