//! CSV and JSON lines files as destinations: a file is a table whose rows are recognised by their identifiers, so that writing
//! the same record again replaces its row in place of adding another.
//!
//! A file is replaced whole and at once (written beside it, synced, renamed); a crash leaves the old or the new one.

mod connector;
mod csv_file;
mod error;
mod jsonl_file;
mod table;

pub use connector::{FileFormat, TablesConnector};
pub use csv_file::{read_csv, write_csv};
pub use error::TableError;
pub use jsonl_file::{read_jsonl, write_jsonl};
pub use table::{Row, Table};
