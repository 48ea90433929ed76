//! A file's content in memory: columns in order, rows, and an index by identifiers.

use std::collections::{BTreeMap, HashMap};
use syncline_model::Value;

/// One row by column name.
pub type Row = BTreeMap<String, Value>;

/// Columns in the order of the file, and rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// Column names, in order.
    pub columns: Vec<String>,
    /// Rows, in order.
    pub rows: Vec<Row>,
}

impl Table {
    /// Adds a column at the end unless it is there.
    pub fn add_column(&mut self, name: &str) {
        if !self.columns.iter().any(|column| column == name) {
            self.columns.push(name.to_owned());
        }
    }

    /// Rows by the texts of these columns. Rows with the same key share an entry.
    pub fn index(&self, key_columns: &[String]) -> HashMap<Vec<String>, Vec<usize>> {
        let mut index: HashMap<Vec<String>, Vec<usize>> = HashMap::with_capacity(self.rows.len());
        for (position, row) in self.rows.iter().enumerate() {
            index.entry(key_of(|column| row.get(column), key_columns)).or_default().push(position);
        }
        index
    }
}

/// The texts of the key columns of a row; absent and null are the empty text.
pub(crate) fn key_of<'v>(of: impl Fn(&str) -> Option<&'v Value>, key_columns: &[String]) -> Vec<String> {
    key_columns.iter().map(|column| of(column).map(Value::display_text).unwrap_or_default()).collect()
}
