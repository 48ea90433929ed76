//! Values as literals in addresses and filters, by the type of their column.

use syncline_model::{Column, ColumnType, ErrorCode, SynclineError, Value};
use syncline_odata::{encode, guid, literal, string_literal};

/// A string literal, encoded for a path.
pub(crate) fn quoted(text: &str) -> String {
    encode(&string_literal(text))
}

/// Characters with which a key can't stand in an address (Dataverse, alternate keys).
const NOT_IN_KEYS: &[char] = &['/', '<', '>', '*', '%', '&', ':', '\\', '?', '+', '#'];

/// True when a key's value may stand in an address.
pub(crate) fn fits_a_key(value: &Value) -> bool {
    match value {
        Value::Text(text) => !text.is_empty() && !text.contains(NOT_IN_KEYS),
        Value::Integer(_) | Value::Decimal(_) | Value::Reference(_) => true,
        Value::Null | Value::Bool(_) | Value::Double(_) | Value::List(_) => false,
    }
}

/// A value as it stands in `$filter` or a key for this column; not percent-encoded.
pub(crate) fn filter_literal(column: &Column, value: &Value) -> Result<String, SynclineError> {
    let bad = |what: &str| {
        SynclineError::new(
            ErrorCode::QueryInvalid,
            format!("not {what}: {} (column {})", value.display_text(), column.logical_name),
        )
    };
    let text = value.display_text();
    match column.column_type {
        ColumnType::UniqueIdentifier | ColumnType::Lookup | ColumnType::Customer | ColumnType::Owner => {
            guid(&text).ok_or_else(|| bad("an id"))
        }
        ColumnType::DateTime => {
            let plain =
                !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-:.+".contains(c));
            if plain { Ok(text) } else { Err(bad("a date")) }
        }
        ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Decimal
        | ColumnType::Double
        | ColumnType::Money
        | ColumnType::Picklist
        | ColumnType::State
        | ColumnType::Status
        | ColumnType::Boolean => match Value::from_json_text(&text) {
            Ok(number @ (Value::Integer(_) | Value::Decimal(_) | Value::Double(_) | Value::Bool(_))) => {
                literal(&number).ok_or_else(|| bad("a number"))
            }
            _ => Err(bad("a number")),
        },
        ColumnType::String
        | ColumnType::Memo
        | ColumnType::MultiSelectPicklist
        | ColumnType::PartyList
        | ColumnType::Image
        | ColumnType::File
        | ColumnType::Other => Ok(string_literal(&text)),
    }
}

#[cfg(test)]
pub(crate) fn column(name: &str, column_type: ColumnType) -> Column {
    Column {
        logical_name: name.into(),
        display_name: name.to_owned(),
        column_type,
        required: syncline_model::RequiredLevel::None,
        readable: true,
        creatable: true,
        updatable: true,
        max_length: None,
        targets: vec![],
        options: vec![],
        behavior: None,
        format: None,
        given: None,
        custom: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_by_type() {
        let id = "5B1C0F3E-0000-4abc-8def-001122334455";
        let check = |kind, value: Value| filter_literal(&column("c", kind), &value).ok();
        assert_eq!(check(ColumnType::Lookup, id.into()), Some(id.to_lowercase()));
        assert_eq!(check(ColumnType::Lookup, "x' or 1 eq 1".into()), None);
        assert_eq!(check(ColumnType::String, "O'Neil".into()).as_deref(), Some("'O''Neil'"));
        assert_eq!(check(ColumnType::Integer, "7".into()).as_deref(), Some("7"));
        assert_eq!(check(ColumnType::Integer, "7 or 1".into()), None);
        assert_eq!(
            check(ColumnType::DateTime, "2026-01-02T03:04:05Z".into()).as_deref(),
            Some("2026-01-02T03:04:05Z")
        );
        assert_eq!(check(ColumnType::DateTime, "2026-01-02 or 1".into()), None);
    }
}
