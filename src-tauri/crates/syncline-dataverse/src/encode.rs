//! Values as literals in addresses and filters, by the type of their column.

use jiff::{Timestamp, civil};
use syncline_model::{Column, ColumnType, DateTimeBehavior, ErrorCode, SynclineError, Value};
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

/// A date as the column takes it on the wire: a day alone where the column holds days (`Edm.Date`, which refuses a time), else a moment
/// with its zone (`Edm.DateTimeOffset`, whose text must end in one in `$filter`). What has no zone is UTC, a day begins at midnight
/// there (Dataverse, behaviour and format of date columns). `None` where it is no date, or has a time that would be lost.
pub(crate) fn date_text(column: &Column, text: &str) -> Option<String> {
    let text = text.trim();
    let moment = text.parse::<Timestamp>().ok();
    if column.behavior == Some(DateTimeBehavior::DateOnly) {
        if text.len() == 10 {
            return text.parse::<civil::Date>().ok().map(|day| day.to_string());
        }
        // The digits that are written count, in whatever zone they are.
        let written = text.parse::<civil::DateTime>().ok().or_else(|| {
            let at = text.rfind(['Z', 'z', '+']).or_else(|| text.rfind('-').filter(|at| *at > 10))?;
            moment.and_then(|_| text[..at].parse().ok())
        })?;
        return (written.time() == civil::Time::midnight()).then(|| written.date().to_string());
    }
    match moment {
        Some(_) if text.contains('T') && !text.contains('[') => Some(text.to_owned()),
        Some(moment) => Some(moment.to_string()),
        None => text.parse::<civil::DateTime>().ok().map(|at| format!("{at}Z")),
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
        ColumnType::DateTime => date_text(column, &text).ok_or_else(|| bad("a date")),
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

    #[test]
    fn dates_by_behaviour() {
        let with = |behavior, text| {
            let column = Column { behavior: Some(behavior), ..column("c", ColumnType::DateTime) };
            date_text(&column, text)
        };
        for behavior in [DateTimeBehavior::UserLocal, DateTimeBehavior::TimeZoneIndependent] {
            for (text, wanted) in [
                ("2026-01-02", Some("2026-01-02T00:00:00Z")),
                (" 2026-01-02T03:04 ", Some("2026-01-02T03:04:00Z")),
                ("2026-01-02 03:04:05", Some("2026-01-02T03:04:05Z")),
                ("2026-01-02T03:04:05+02:00", Some("2026-01-02T03:04:05+02:00")),
                ("2026-01-02T03:04:05.5Z", Some("2026-01-02T03:04:05.5Z")),
                ("02.01.2026", None),
                ("", None),
            ] {
                assert_eq!(with(behavior, text).as_deref(), wanted, "{text}");
            }
        }
        for (text, wanted) in [
            ("2026-01-02", Some("2026-01-02")),
            ("2026-01-02T00:00:00Z", Some("2026-01-02")),
            ("2026-01-02T00:00:00-05:00", Some("2026-01-02")),
            ("2026-01-02T03:04:05Z", None),
            ("soon", None),
        ] {
            assert_eq!(with(DateTimeBehavior::DateOnly, text).as_deref(), wanted, "{text}");
        }
    }
}
