//! Whether a column would hold the same after a value was written. Types keep less than a value says: numbers are rounded, times are cut,
//! documents lose their blanks.

use jiff::{Timestamp, TimestampRound, Unit};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::str::FromStr;
use syncline_model::Value;

use crate::dialect::{Cell, Dialect};
use crate::encode::{encode, instant, wall};
use crate::kind::Kind;
use crate::table::SqlColumn;

/// True when the column would hold the same.
pub(crate) fn same(dialect: Dialect, column: &SqlColumn, mapped: &Value, held: &Value) -> bool {
    if mapped.is_null() || held.is_null() {
        return mapped.is_null() && held.is_null();
    }
    let (Some(mapped), Some(held)) = (literal(dialect, column, mapped), literal(dialect, column, held))
    else {
        return false;
    };
    if mapped == held {
        return true;
    }
    match &column.kind {
        Kind::Numeric { scale } => {
            let alike = match (numeral(&mapped, *scale), numeral(&held, None)) {
                (Some(a), Some(b)) => a == b,
                _ => decimal(&mapped, *scale).is_some_and(|a| decimal(&held, None) == Some(a)),
            };
            alike || (dialect == Dialect::Sqlite && binary(&mapped) == binary(&held))
        }
        Kind::Integer | Kind::BigInt | Kind::Money => {
            let (a, b) = (decimal(&mapped, Some(2)), decimal(&held, Some(2)));
            a.is_some() && a == b
        }
        Kind::Float8 => binary(&mapped) == binary(&held),
        Kind::Float4 => binary(&mapped).map(|n| n as f32) == binary(&held).map(|n| n as f32),
        Kind::FixedText => mapped.trim_end_matches(' ') == held.trim_end_matches(' '),
        Kind::Uuid => mapped.eq_ignore_ascii_case(&held),
        Kind::Timestamp { digits } => {
            let moment =
                |text: &str| wall(text)?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|z| z.timestamp());
            rounded(moment(&mapped), *digits) == rounded(moment(&held), *digits)
        }
        Kind::Instant { digits } => {
            let moment = |text: &str| instant(text).map(|zoned| zoned.timestamp());
            rounded(moment(&mapped), *digits) == rounded(moment(&held), *digits)
        }
        Kind::Json => same_json(&mapped, &held),
        Kind::Bytes => mapped.eq_ignore_ascii_case(&held),
        Kind::Bool | Kind::Text | Kind::Enum | Kind::Date | Kind::Array | Kind::Other => false,
    }
}

fn literal(dialect: Dialect, column: &SqlColumn, value: &Value) -> Option<String> {
    match encode(dialect, column, value).ok()? {
        Cell::Null => None,
        Cell::Text(text) => Some(text),
        Cell::Integer(number) => Some(number.to_string()),
        Cell::Real(number) => Some(format!("{number:?}")),
        Cell::Blob(bytes) => Some(hex::encode(bytes)),
    }
}

/// A plain numeral of any length as sign, whole part and fraction, rounded to a scale, without zeros that mean nothing. `None`: it is none.
fn numeral(text: &str, scale: Option<u32>) -> Option<(bool, String, String)> {
    let digits = text.trim_start_matches(['-', '+']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() > digits.len() + 1
        || digits.len() < 1 + usize::from(digits.contains('.'))
        || !plain(whole)
        || !plain(fraction)
    {
        return None;
    }
    let kept = scale.map_or(fraction.len(), |scale| (scale as usize).min(fraction.len()));
    // Half away from zero, as PostgreSQL rounds.
    let mut carry = fraction.as_bytes().get(kept).is_some_and(|next| *next >= b'5');
    let mut rounded: Vec<u8> = format!("0{whole}{}", &fraction[..kept]).into_bytes();
    for digit in rounded.iter_mut().rev() {
        if carry {
            carry = *digit == b'9';
            *digit = if carry { b'0' } else { *digit + 1 };
        }
    }
    let rounded = String::from_utf8(rounded).ok()?;
    let (whole, fraction) = rounded.split_at(rounded.len() - kept);
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let below = text.starts_with('-') && !(whole.is_empty() && fraction.is_empty());
    Some((below, whole.to_owned(), fraction.to_owned()))
}

/// PostgreSQL rounds half away from zero (PostgreSQL, Numeric Types).
fn decimal(text: &str, scale: Option<u32>) -> Option<Decimal> {
    let number = Decimal::from_str(text).ok()?;
    Some(
        scale.map_or(number, |scale| {
            number.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero)
        }),
    )
}

fn binary(text: &str) -> Option<f64> {
    text.parse().ok()
}

fn rounded(moment: Option<Timestamp>, digits: u32) -> Option<Timestamp> {
    let (unit, increment) = match digits {
        0 => (Unit::Second, 1),
        1..=3 => (Unit::Millisecond, 10_i64.pow(3 - digits)),
        4..=6 => (Unit::Microsecond, 10_i64.pow(6 - digits)),
        _ => (Unit::Nanosecond, 1),
    };
    let moment = moment?;
    // A thousand thousandths are no increment, but nothing to round away either.
    moment.round(TimestampRound::new().smallest(unit).increment(increment)).ok().or(Some(moment))
}

/// Documents that mean the same: blanks and the order of members have no meaning, numbers are compared by value.
fn same_json(a: &str, b: &str) -> bool {
    match (tree(a, 0), tree(b, 0)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

#[derive(PartialEq)]
enum Tree {
    Leaf(String),
    Number(Decimal),
    List(Vec<Tree>),
    Object(BTreeMap<String, Tree>),
}

/// Deepest nesting of documents that are compared.
const DEEPEST: usize = 100;

fn tree(text: &str, depth: usize) -> Option<Tree> {
    if depth > DEEPEST {
        return None;
    }
    let text = text.trim();
    match text.as_bytes().first()? {
        b'{' => {
            let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            let members = members.into_iter().map(|(name, raw)| Some((name, tree(raw.get(), depth + 1)?)));
            members.collect::<Option<_>>().map(Tree::Object)
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            items.into_iter().map(|raw| tree(raw.get(), depth + 1)).collect::<Option<_>>().map(Tree::List)
        }
        b'"' => serde_json::from_str::<String>(text).ok().map(|text| Tree::Leaf(format!("\"{text}"))),
        _ => match Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)) {
            Ok(number) => Some(Tree::Number(number)),
            Err(_) => Some(Tree::Leaf(text.to_owned())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(kind: Kind, mapped: &str, held: &str) -> bool {
        let column = SqlColumn {
            name: "c".to_owned(),
            reads: "c".to_owned(),
            kind,
            native: "its type".to_owned(),
            nullable: true,
            readable: true,
            labels: Vec::new(),
        };
        let value = |text: &str| Value::from_json_text(text).unwrap();
        same(Dialect::Postgres, &column, &value(mapped), &value(held))
    }

    #[test]
    fn what_a_type_does_not_keep_is_no_difference() {
        assert!(alike(Kind::Numeric { scale: Some(2) }, "12.345", "12.35"));
        assert!(!alike(Kind::Numeric { scale: Some(2) }, "12.35", "12.36"));
        assert!(alike(Kind::Numeric { scale: None }, "1.50", "1.5"));
        let long = |end: &str| format!("\"-123456789012345678901234567890.01234567{end}\"");
        let numeric =
            |scale, mapped: &str, held: &str| alike(Kind::Numeric { scale }, &long(mapped), &long(held));
        assert!(numeric(None, "89", "8900") && !numeric(None, "89", "88"));
        assert!(numeric(Some(10), "885", "89") && !numeric(Some(10), "884", "89"));
        assert!(!alike(Kind::Numeric { scale: None }, "1.5", "\"1.50000000000000000000000000000000001\""));
        assert!(alike(
            Kind::Numeric { scale: Some(0) },
            "\"99999999999999999999999999999999.5\"",
            "\"100000000000000000000000000000000\""
        ));
        assert!(
            alike(Kind::Numeric { scale: None }, "\"NaN\"", "\"NaN\"")
                && alike(Kind::Numeric { scale: None }, "\"1e2\"", "100")
        );
        assert!(alike(
            Kind::Instant { digits: 6 },
            "\"2026-01-02T03:04:05+02:00\"",
            "\"2026-01-02T01:04:05Z\""
        ));
        assert!(alike(Kind::Instant { digits: 0 }, "\"2026-01-02T01:04:05.4Z\"", "\"2026-01-02T01:04:05Z\""));
        assert!(alike(
            Kind::Timestamp { digits: 3 },
            "\"2026-01-02T01:04:05.1239Z\"",
            "\"2026-01-02T01:04:05.124Z\""
        ));
        assert!(alike(Kind::FixedText, "\"ab\"", "\"ab  \""));
        assert!(alike(
            Kind::Uuid,
            "\"A0000000-0000-0000-0000-000000000001\"",
            "\"a0000000-0000-0000-0000-000000000001\""
        ));
        assert!(alike(Kind::Json, r#""{\"b\":1.0,\"a\":[1, 2]}""#, r#""{\"a\": [1,2], \"b\": 1}""#));
        assert!(!alike(Kind::Json, r#""{\"a\":1}""#, r#""{\"a\":2}""#));
        assert!(!alike(Kind::Text, "\"a\"", "\"A\""));
        assert!(alike(Kind::Text, "null", "null") && !alike(Kind::Text, "null", "\"\""));
        assert!(alike(Kind::Array, "[\"a\"]", "[\"a\"]") && !alike(Kind::Array, "[\"a\"]", "[\"b\"]"));
    }
}
