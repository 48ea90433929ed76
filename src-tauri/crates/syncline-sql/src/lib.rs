//! PostgreSQL and SQLite as sources and destinations: tables and views are entities, rows are records.
//!
//! What both share is here: identifiers, types, pages by key, filters, requests, comparison. `postgres` and `sqlite` own what differs: the
//! wire, the catalogue, transactions and error codes. Every value goes as a parameter; a name gets into a statement only through
//! [`ident::quoted`]. Numbers never pass through binary floating point, unless the column itself is binary.
//!
//! A row's version is PostgreSQL's `xmin`; where there is none (views, foreign tables, SQLite) it is a hash over all its readable columns,
//! computed inside the statement that compares it.

mod address;
mod by_hand;
mod compare;
mod connector;
mod cursor;
mod destination;
mod dialect;
mod encode;
mod engine;
mod fetch;
mod filter;
mod filter_dates;
mod ident;
mod keys;
mod kind;
mod patterns;
mod postgres;
mod read;
mod request;
mod select;
mod source;
mod sqlite;
mod statement;
mod table;

pub use address::{PostgresAddress, SslMode};
pub use connector::{Clock, SqlConnector, SqlOptions};
pub use ident::quoted;
pub use sqlite::check_file;
