//! JSON lines: one object a line, values with their types, decimals digit for digit.

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::io::Write;
use std::path::Path;
use syncline_model::Value;

use crate::{Table, TableError};

/// Reads JSON lines. Empty lines are passed over. `path` is for messages only.
pub fn read_jsonl(text: &str, path: &Path) -> Result<Table, TableError> {
    let mut table = Table::default();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let Members(members) = serde_json::from_str(line).map_err(|error| TableError::Content {
            path: path.to_owned(),
            line: number as u64 + 1,
            message: format!("not a JSON object: {error}"),
        })?;
        for (name, _) in &members {
            table.add_column(name);
        }
        table.rows.push(members.into_iter().collect());
    }
    Ok(table)
}

/// An object's members in the order of the file, so that writing it again leaves the lines of other rows as they are.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Members;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
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
        let text = "{\"z\":1.50,\"b\":[\"x\"],\"c\":null}\n\n{\"z\":true}\n";
        let table = read_jsonl(text, Path::new("t.jsonl")).unwrap();
        let mut bytes = Vec::new();
        write_jsonl(&table, &mut bytes).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "{\"z\":1.50,\"b\":[\"x\"],\"c\":null}\n{\"z\":true}\n",
            "values and the order of the members"
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
