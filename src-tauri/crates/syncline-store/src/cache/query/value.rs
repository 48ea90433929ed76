//! Values of conditions as the typed columns hold them, and patterns.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use syncline_model::{ColumnType, DateTimeBehavior};

use super::scope::Col;
use crate::StoreError;
use crate::cache::extract::{Cell, date_text};
use crate::fold::fold;

pub(super) fn unavailable(what: &str) -> StoreError {
    StoreError::query(format!("{what} needs the network: only the service knows"))
        .with_hint("read live, or ask without this condition")
}

pub(super) fn not_a_date(column: &Col, text: &str) -> StoreError {
    StoreError::query(format!("{text:?} is no date to compare {} with", column.name))
        .with_hint("write 2026-03-01 or 2026-03-01T10:00:00Z")
}

/// A date of a condition as its column holds dates. Without a zone it is UTC.
fn date(column: &Col, text: &str) -> Option<String> {
    let Some(behavior) = column.behavior else { return date_text(text) };
    let instant = match text.parse::<Timestamp>() {
        Ok(instant) => instant,
        Err(_) => {
            let wall: DateTime = match text.len() {
                10 => text.parse::<jiff::civil::Date>().ok()?.at(0, 0, 0, 0),
                _ => text.parse().ok()?,
            };
            wall.to_zoned(TimeZone::UTC).ok()?.timestamp()
        }
    };
    Some(match behavior {
        DateTimeBehavior::DateOnly => instant.to_zoned(TimeZone::UTC).date().to_string(),
        DateTimeBehavior::UserLocal | DateTimeBehavior::TimeZoneIndependent => {
            instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
        }
    })
}

/// A condition's value as the column holds it.
pub(super) fn cell(column: &Col, text: &str) -> Result<Cell, StoreError> {
    let trimmed = text.trim();
    let wrong =
        |what: &str| StoreError::query(format!("{text:?} is no {what} to compare {} with", column.name));
    Ok(match column.kind {
        ColumnType::String | ColumnType::Memo => Cell::Text(fold(text)),
        ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Picklist
        | ColumnType::State
        | ColumnType::Status => match trimmed.parse::<i64>() {
            Ok(number) => Cell::Integer(number),
            Err(_) => Cell::Real(number(trimmed).ok_or_else(|| wrong("number"))?),
        },
        ColumnType::Decimal | ColumnType::Double | ColumnType::Money => {
            Cell::Real(number(trimmed).ok_or_else(|| wrong("number"))?)
        }
        ColumnType::Boolean => match trimmed.to_ascii_lowercase().as_str() {
            "1" | "true" => Cell::Integer(1),
            "0" | "false" => Cell::Integer(0),
            _ => return Err(wrong("yes or no").with_hint("write 1 or 0")),
        },
        ColumnType::DateTime => Cell::Text(date(column, trimmed).ok_or_else(|| not_a_date(column, text))?),
        ColumnType::Lookup | ColumnType::Customer | ColumnType::Owner | ColumnType::UniqueIdentifier => {
            Cell::Text(id(trimmed))
        }
        ColumnType::MultiSelectPicklist => Cell::Text(trimmed.replace(' ', "")),
        ColumnType::PartyList | ColumnType::Image | ColumnType::File | ColumnType::Other => {
            Cell::Text(text.to_owned())
        }
    })
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// An id without braces, lower case.
pub(super) fn id(text: &str) -> String {
    text.trim().trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase()
}

/// Folded, with what `GLOB` would read as a pattern made plain.
pub(super) fn glob_plain(text: &str) -> String {
    let mut pattern = String::new();
    for c in fold(text).chars() {
        if matches!(c, '*' | '?' | '[') {
            pattern.extend(['[', c, ']']);
        } else {
            pattern.push(c);
        }
    }
    pattern
}

/// The least text, byte by byte, that is greater than all texts that begin like this; `None`: there is none, or nothing to begin with.
pub(super) fn behind(beginning: &str) -> Option<String> {
    let mut rest: Vec<char> = beginning.chars().collect();
    while let Some(last) = rest.pop() {
        // Characters from U+D800 to U+DFFF are none.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            rest.push(next);
            return Some(rest.into_iter().collect());
        }
    }
    None
}

/// SQL Server's `LIKE` pattern (`%`, `_`, `[a-c]`, `[^a-c]`) as a `GLOB` pattern.
pub(super) fn like_pattern(text: &str) -> String {
    let folded: Vec<char> = fold(text).chars().collect();
    let mut pattern = String::new();
    let mut at = 0;
    while at < folded.len() {
        match folded[at] {
            '%' => pattern.push('*'),
            '_' => pattern.push('?'),
            '[' => {
                // The set ends at the next bracket; without one the bracket is a plain character.
                if let Some(end) =
                    folded[at + 1..].iter().position(|c| *c == ']').filter(|length| *length > 0)
                {
                    pattern.push('[');
                    pattern.extend(&folded[at + 1..=at + 1 + end]);
                    at += end + 1;
                } else {
                    pattern.push_str("[[]");
                }
            }
            c @ ('*' | '?') => pattern.extend(['[', c, ']']),
            c => pattern.push(c),
        }
        at += 1;
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_end_of_all_that_begins_alike() {
        assert_eq!(behind("abc").as_deref(), Some("abd"));
        assert_eq!(behind("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(behind("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!((behind("\u{10ffff}"), behind("")), (None, None));
    }

    proptest! {
        #[test]
        fn what_begins_alike_lies_between(beginning in "\\PC{1,4}", text in "\\PC{0,6}") {
            let Some(end) = behind(&beginning) else { return Ok(()) };
            for text in [text.clone(), format!("{beginning}{text}")] {
                prop_assert_eq!(text.starts_with(&beginning), text >= beginning && text < end, "{}", text);
            }
        }
    }
}
