//! Ids of rows: the key's text, or for a key of several columns a JSON array of their texts.

use syncline_model::RecordId;

use crate::dialect::{Cell, Dialect};
use crate::kind::Kind;
use crate::read::hexadecimal;
use crate::table::Table;

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Text(text) => text.clone(),
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => format!("{number:?}"),
        Cell::Blob(bytes) => hexadecimal(bytes),
    }
}

/// The id of a row with this key.
pub(crate) fn record_id(key: &[Cell]) -> RecordId {
    match key {
        [one] => RecordId::new(text(one)),
        several => {
            let texts: Vec<String> = several.iter().map(text).collect();
            RecordId::new(serde_json::to_string(&texts).unwrap_or_default())
        }
    }
}

/// The key behind an id; `None` where no row can have it.
pub(crate) fn key_of(dialect: Dialect, table: &Table, id: &str) -> Option<Vec<Cell>> {
    let texts = match table.key.len() {
        0 => return None,
        1 => vec![id.to_owned()],
        _ => serde_json::from_str::<Vec<String>>(id).ok().filter(|texts| texts.len() == table.key.len())?,
    };
    if texts.iter().any(|text| text.contains('\0')) {
        return None;
    }
    Some(table.key_columns().zip(texts).map(|(column, text)| cell(dialect, &column.kind, text)).collect())
}

fn cell(dialect: Dialect, kind: &Kind, text: String) -> Cell {
    if dialect == Dialect::Postgres {
        return Cell::Text(text);
    }
    match kind {
        Kind::Bytes => text
            .strip_prefix("\\x")
            .and_then(|digits| hex::decode(digits).ok())
            .map_or(Cell::Text(text), Cell::Blob),
        kind if kind.is_number() || *kind == Kind::Bool => {
            text.parse().map_or(Cell::Text(text), Cell::Integer)
        }
        _ => Cell::Text(text),
    }
}

/// Several texts as one of PostgreSQL's array literals (PostgreSQL, Arrays, input and output syntax).
pub(crate) fn array_literal<'a>(items: impl Iterator<Item = Option<&'a str>>) -> String {
    let mut literal = String::from("{");
    for (number, item) in items.enumerate() {
        if number > 0 {
            literal.push(',');
        }
        match item {
            None => literal.push_str("NULL"),
            Some(text) => {
                literal.push('"');
                for c in text.chars() {
                    if matches!(c, '"' | '\\') {
                        literal.push('\\');
                    }
                    literal.push(c);
                }
                literal.push('"');
            }
        }
    }
    literal.push('}');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_several_columns_are_lists() {
        let key = [Cell::Text("a,\"b".to_owned()), Cell::Integer(7)];
        assert_eq!(record_id(&key).as_str(), r#"["a,\"b","7"]"#);
        assert_eq!(record_id(&key[1..]).as_str(), "7");
    }

    #[test]
    fn literals() {
        let items = [Some("a"), None, Some(r#"b"\,c"#), Some("")];
        assert_eq!(array_literal(items.into_iter()), r#"{"a",NULL,"b\"\\,c",""}"#);
    }
}
