//! A plain SQLite file with one table, for others to read: an export, not encrypted.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use std::path::Path;

use crate::StoreError;

/// Rows a transaction.
const BATCH: u64 = 10_000;

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum PlainCell {
    /// Nothing.
    Null,
    /// A whole number; yes/no is 1 and 0.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Text.
    Text(String),
}

/// Writes the table.
#[derive(Debug)]
pub struct PlainTable {
    db: Connection,
    insert: String,
    rows: u64,
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\"").replace('\0', ""))
}

impl PlainTable {
    /// Makes the file with its table; columns are name and SQL type (`INTEGER`, `REAL`, `TEXT`). The file must not be there yet.
    pub fn create(path: &Path, table: &str, columns: &[(String, &str)]) -> Result<Self, StoreError> {
        let db = Connection::open(path)?;
        // A file that broke off is thrown away, so it needs no journal.
        db.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")?;
        let list: Vec<String> =
            columns.iter().map(|(name, kind)| format!("{} {kind}", quoted(name))).collect();
        db.execute_batch(&format!("CREATE TABLE {}({})", quoted(table), list.join(", ")))?;
        let marks = vec!["?"; columns.len()].join(", ");
        Ok(Self { db, insert: format!("INSERT INTO {} VALUES({marks})", quoted(table)), rows: 0 })
    }

    /// Adds a row; it has as many cells as there are columns.
    pub fn row(&mut self, cells: &[PlainCell]) -> Result<(), StoreError> {
        let values = cells.iter().map(|cell| match cell {
            PlainCell::Null => Value::Null,
            PlainCell::Integer(number) => Value::Integer(*number),
            PlainCell::Real(number) => Value::Real(*number),
            PlainCell::Text(text) => Value::Text(text.clone()),
        });
        self.db.prepare_cached(&self.insert)?.execute(params_from_iter(values))?;
        self.rows += 1;
        if self.rows.is_multiple_of(BATCH) {
            self.db.execute_batch("COMMIT; BEGIN")?;
        }
        Ok(())
    }

    /// Ends the file.
    pub fn finish(self) -> Result<(), StoreError> {
        self.db.execute_batch("COMMIT")?;
        self.db.close().map_err(|(_, error)| error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_sqlite_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let columns = [("a \"b\"".to_owned(), "INTEGER"), ("n".to_owned(), "REAL"), ("t".to_owned(), "TEXT")];
        let mut table = PlainTable::create(&path, "o'x", &columns).unwrap();
        table.row(&[PlainCell::Integer(1), PlainCell::Real(0.5), PlainCell::Text("é".to_owned())]).unwrap();
        table.row(&[PlainCell::Null, PlainCell::Null, PlainCell::Null]).unwrap();
        table.finish().unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(b"SQLite format 3\0"));
        let db = Connection::open(&path).unwrap();
        let found: (i64, f64, String, i64) = db
            .query_row(
                "SELECT \"a \"\"b\"\"\", n, t, (SELECT count(*) FROM \"o'x\") FROM \"o'x\"",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .unwrap();
        assert_eq!(found, (1, 0.5, "é".to_owned(), 2));
    }
}
