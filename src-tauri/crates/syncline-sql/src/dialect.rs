//! What the two systems write differently.

use serde::{Deserialize, Serialize};

use crate::ident::quoted;
use crate::kind::Kind;
use crate::table::{SqlColumn, Table, Version};

/// A value as it is bound or read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Cell {
    /// No value.
    Null,
    /// Text; PostgreSQL gives and takes every type so.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A binary number.
    Real(f64),
    /// Bytes.
    Blob(Vec<u8>),
}

/// The two languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Postgres,
    Sqlite,
}

/// SQLite's functions take at most 127 arguments in a default build (SQLite, Limits).
const MOST_ARGUMENTS: usize = 100;

impl Dialect {
    /// The n-th parameter, from 1.
    pub(crate) fn mark(self, number: usize) -> String {
        match self {
            Self::Postgres => format!("${number}"),
            Self::Sqlite => format!("?{number}"),
        }
    }

    /// A column in its own form, as an order, a key or a cursor needs it. `prefix`: `t.` or nothing.
    pub(crate) fn plain(self, prefix: &str, column: &SqlColumn) -> String {
        let name = format!("{prefix}{}", quoted(&column.reads));
        match self {
            Self::Postgres => format!("{name}::text"),
            Self::Sqlite => name,
        }
    }

    /// A column as it is told.
    pub(crate) fn told(self, prefix: &str, column: &SqlColumn) -> String {
        let name = format!("{prefix}{}", quoted(&column.reads));
        match (self, &column.kind) {
            (Self::Postgres, Kind::Array) => format!("array_to_json({name})::text"),
            // The type's own text has the symbol and separators of a locale.
            (Self::Postgres, Kind::Money) => format!("{name}::numeric::text"),
            (Self::Postgres | Self::Sqlite, _) => self.plain(prefix, column),
        }
    }

    /// The version of a row as text.
    pub(crate) fn version(self, prefix: &str, table: &Table) -> String {
        let columns: Vec<String> = table
            .own_columns()
            .filter(|column| column.readable)
            .map(|column| format!("{prefix}{}", quoted(&column.reads)))
            .collect();
        match (self, table.version) {
            (Self::Postgres, Version::Xmin) => format!("{prefix}xmin::text"),
            (Self::Postgres, Version::Hash) => format!("md5(ROW({})::text)", columns.join(", ")),
            (Self::Sqlite, Version::Xmin | Version::Hash) => {
                let mut parts = columns.chunks(MOST_ARGUMENTS);
                let first = parts.next().unwrap_or_default().join(", ");
                parts.fold(format!("row_version({first})"), |before, part| {
                    format!("row_version({before}, {})", part.join(", "))
                })
            }
        }
    }

    /// Sorts nulls first upwards and last downwards, as Dataverse does; nothing where there are none, so that an index serves.
    pub(crate) fn order(self, prefix: &str, column: &SqlColumn, descending: bool) -> String {
        let name = format!("{prefix}{}", quoted(&column.reads));
        let way = if descending { " DESC" } else { "" };
        let nulls = match (column.nullable, descending) {
            (false, _) => "",
            (true, false) => " NULLS FIRST",
            (true, true) => " NULLS LAST",
        };
        format!("{name}{way}{nulls}")
    }
}
