//! JSON lines: one object a line, values with their types, decimals digit for digit.

use std::io::Write;
use std::path::Path;
use syncline_model::Value;

use crate::{Row, Table, TableError};

/// Reads JSON lines. Empty lines are passed over. `path` is for messages only.
pub fn read_jsonl(text: &str, path: &Path) -> Result<Table, TableError> {
    let mut table = Table::default();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let row: Row = serde_json::from_str(line).map_err(|error| TableError::Content {
            path: path.to_owned(),
            line: number as u64 + 1,
            message: format!("not a JSON object: {error}"),
        })?;
        for name in row.keys() {
            table.add_column(name);
        }
        table.rows.push(row);
    }
    Ok(table)
}

/// Writes a table as JSON lines.
pub fn write_jsonl(table: &Table, mut out: impl Write) -> std::io::Result<()> {
    for row in &table.rows {
        let present: Vec<(&String, &Value)> =
            table.columns.iter().filter_map(|column| row.get_key_value(column)).collect();
        let mut line = String::from("{");
        for (position, (name, value)) in present.into_iter().enumerate() {
            if position > 0 {
                line.push(',');
            }
            line.push_str(&serde_json::to_string(name)?);
            line.push(':');
            line.push_str(&value.to_json_text());
        }
        line.push_str("}\n");
        out.write_all(line.as_bytes())?;
    }
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_keep_their_types() {
        let text = "{\"a\":1.50,\"b\":[\"x\"],\"c\":null}\n\n{\"a\":true}\n";
        let table = read_jsonl(text, Path::new("t.jsonl")).unwrap();
        let mut bytes = Vec::new();
        write_jsonl(&table, &mut bytes).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "{\"a\":1.50,\"b\":[\"x\"],\"c\":null}\n{\"a\":true}\n"
        );
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = read_jsonl("{}\n[1]\n", Path::new("t.jsonl")).unwrap_err().to_string();
        assert!(error.starts_with("t.jsonl, line 2"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = read_jsonl(&text, Path::new("t.jsonl"));
        }
    }
}
