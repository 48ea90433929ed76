//! CSV as spreadsheets read it: UTF-8 with a byte order mark, a header line, CRLF, quotes where needed (RFC 4180).
//!
//! A CSV file has no types: what is read back is text, and an empty cell is null.

use std::io::Write;
use std::path::Path;
use syncline_model::Value;

use crate::{Row, Table, TableError};

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Reads CSV text. `path` is for messages only.
pub fn read_csv(text: &str, delimiter: u8, path: &Path) -> Result<Table, TableError> {
    let content = |line: u64, message: String| TableError::Content { path: path.to_owned(), line, message };
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| content(1, error.to_string()))?.clone();
    let mut table = Table::default();
    for name in &header {
        if table.columns.iter().any(|column| column == name) {
            return Err(content(1, format!("the column {name:?} is there twice")));
        }
        table.columns.push(name.to_owned());
    }
    for record in reader.records() {
        let record = record.map_err(|error| {
            content(
                line_at(text, error.position().map(csv::Position::byte).unwrap_or_default()),
                error.to_string(),
            )
        })?;
        let row: Row = table
            .columns
            .iter()
            .zip(&record)
            .map(|(column, cell)| {
                (column.clone(), if cell.is_empty() { Value::Null } else { Value::Text(cell.to_owned()) })
            })
            .collect();
        table.rows.push(row);
    }
    Ok(table)
}

/// The line, from 1, on which the record at this byte begins. The reader's own count stands before the line break it has yet to pass.
fn line_at(text: &str, byte: u64) -> u64 {
    let bytes = text.as_bytes();
    let start = usize::try_from(byte).unwrap_or(usize::MAX).min(bytes.len());
    let breaks = bytes[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    bytes[..start + breaks].iter().filter(|byte| **byte == b'\n').count() as u64 + 1
}

/// Writes a table as CSV.
pub fn write_csv(table: &Table, delimiter: u8, mut out: impl Write) -> std::io::Result<()> {
    out.write_all(BYTE_ORDER_MARK.as_bytes())?;
    let mut writer =
        csv::WriterBuilder::new().delimiter(delimiter).terminator(csv::Terminator::CRLF).from_writer(out);
    if !table.columns.is_empty() {
        writer.write_record(&table.columns)?;
    }
    for row in &table.rows {
        writer.write_record(
            table.columns.iter().map(|column| row.get(column).map(Value::display_text).unwrap_or_default()),
        )?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(table: &Table, delimiter: u8) -> Table {
        let mut bytes = Vec::new();
        write_csv(table, delimiter, &mut bytes).unwrap();
        read_csv(std::str::from_utf8(&bytes).unwrap(), delimiter, Path::new("t.csv")).unwrap()
    }

    #[test]
    fn awkward_cells_come_back() {
        let mut table = Table { columns: vec!["a".into(), "b".into()], rows: vec![] };
        for text in ["x,y", "a\"b", "two\nlines", "\u{202e}עברית", "🙂", " space ", "=1+1"] {
            table.rows.push(Row::from([("a".to_owned(), text.into()), ("b".to_owned(), Value::Null)]));
        }
        assert_eq!(round(&table, b','), table);
        assert_eq!(round(&table, b';'), table);
    }

    #[test]
    fn a_short_line_is_named() {
        let error = read_csv("a,b\r\n1,2\r\n3\r\n", b',', Path::new("t.csv")).unwrap_err().to_string();
        assert!(error.starts_with("t.csv, line 3"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = read_csv(&text, b',', Path::new("t.csv"));
        }

        #[test]
        fn any_cells_come_back(cells in proptest::collection::vec(("[^\0]{1,20}", "[^\0]{1,20}"), 1..20)) {
            let mut table = Table { columns: vec!["a".into(), "b".into()], rows: vec![] };
            for (a, b) in cells {
                table.rows.push(Row::from([("a".to_owned(), a.into()), ("b".to_owned(), b.into())]));
            }
            prop_assert_eq!(round(&table, b','), table);
        }
    }
}
