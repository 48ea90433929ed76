//! Text to a value of a column's type, for literals in filters, keys in URLs and conditions in FetchXML.
use super::json::days;
use crate::data::{Column, Kind, Value};
use rust_decimal::Decimal;
use uuid::Uuid;

/// Seconds since 1970 of an ISO date or date and time; without a zone it is UTC.
pub(crate) fn instant(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_second());
    }
    if let Ok(at) = text.parse::<jiff::civil::DateTime>() {
        return at.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp().as_second());
    }
    date(text).map(|d| i64::from(d) * 86_400)
}

/// Days since 1970 of `YYYY-MM-DD`.
pub(crate) fn date(text: &str) -> Option<i32> {
    let date = text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == 10)?;
    Some(days(i64::from(date.year()), date.month() as u32, date.day() as u32) as i32)
}

/// The value, or `None` when the text is not of the column's type.
pub(crate) fn from_text(column: &Column, text: &str) -> Option<Value> {
    of_kind(&column.kind, text)
}

/// The value, or `None` when the text is not of the type.
pub(crate) fn of_kind(kind: &Kind, text: &str) -> Option<Value> {
    let trimmed = text.trim();
    Some(match kind {
        Kind::Text { .. } | Kind::Memo { .. } | Kind::EntityName => Value::Text(text.to_owned().into()),
        Kind::Integer { .. }
        | Kind::BigInt
        | Kind::Choice { .. }
        | Kind::State { .. }
        | Kind::Status { .. } => Value::Int(trimmed.parse().ok()?),
        Kind::Decimal { .. } | Kind::Money { .. } => {
            Value::Decimal(trimmed.parse::<Decimal>().or_else(|_| Decimal::from_scientific(trimmed)).ok()?)
        }
        Kind::Double { .. } => Value::Double(trimmed.parse().ok()?),
        Kind::Boolean { .. } => Value::Bool(match trimmed {
            "1" | "true" | "True" => true,
            "0" | "false" | "False" => false,
            _ => return None,
        }),
        Kind::DateTime { behavior: "DateOnly", .. } => {
            Value::Date(instant(trimmed)?.div_euclid(86_400) as i32)
        }
        Kind::DateTime { .. } => Value::Time(instant(trimmed)?),
        Kind::Choices { .. } => Value::Choices(choices(trimmed)?),
        Kind::Lookup { .. } | Kind::Id => {
            Value::Id(Uuid::parse_str(trimmed.trim_start_matches('{').trim_end_matches('}')).ok()?)
        }
    })
}

/// `1,9` as numbers.
pub(crate) fn choices(text: &str) -> Option<Vec<i64>> {
    text.split(',').map(|part| part.trim().parse().ok()).collect()
}
