//! Writing values as the Web API does, straight into a byte buffer.
use crate::data::{Column, Kind, Value};
use std::io::Write;

/// A JSON string with its quotes.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[start..at]);
        start = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            other => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(other >> 4)]);
                out.push(HEX[usize::from(other & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[start..]);
    out.push(b'"');
}

/// Year, month, day of a day number since 1970-01-01 (proleptic Gregorian).
pub(crate) fn civil(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month as u32, (doy - (153 * mp + 2) / 5 + 1) as u32)
}

/// Day number since 1970-01-01 of a date.
pub(crate) fn days(year: i64, month: u32, day: u32) -> i64 {
    let y = year - i64::from(month <= 2);
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = i64::from((month + 9) % 12);
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

fn date(out: &mut Vec<u8>, at: i64) {
    let (y, m, d) = civil(at);
    if (0..10_000).contains(&y) {
        let y = y as u32;
        let digits = [y / 1000, y / 100 % 10, y / 10 % 10, y % 10].map(|n| b'0' + n as u8);
        out.extend_from_slice(&digits);
        out.extend_from_slice(&[b'-', two(m).0, two(m).1, b'-', two(d).0, two(d).1]);
    } else {
        let _ = write!(out, "{y:04}-{m:02}-{d:02}");
    }
}

fn two(n: u32) -> (u8, u8) {
    (b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8)
}

/// A value as JSON.
pub(crate) fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(n) => drop(write!(out, "{n}")),
        Value::Double(n) if n.fract() == 0.0 => drop(write!(out, "{n:.1}")),
        Value::Double(n) => drop(write!(out, "{n}")),
        Value::Decimal(n) => drop(write!(out, "{n}")),
        Value::Text(text) => string(out, text),
        Value::Date(day) => {
            out.push(b'"');
            date(out, i64::from(*day));
            out.push(b'"');
        }
        Value::Time(at) => {
            let (day, rest) = (at.div_euclid(86_400), at.rem_euclid(86_400) as u32);
            let (h, m, s) = (two(rest / 3600), two(rest / 60 % 60), two(rest % 60));
            out.push(b'"');
            date(out, day);
            out.extend_from_slice(&[b'T', h.0, h.1, b':', m.0, m.1, b':', s.0, s.1, b'Z', b'"']);
        }
        Value::Id(id) | Value::Ref(_, id) => {
            let mut buffer = [0; 36];
            out.push(b'"');
            out.extend_from_slice(id.hyphenated().encode_lower(&mut buffer).as_bytes());
            out.push(b'"');
        }
        Value::Choices(all) => {
            out.push(b'"');
            for (nth, one) in all.iter().enumerate() {
                if nth > 0 {
                    out.push(b',');
                }
                let _ = write!(out, "{one}");
            }
            out.push(b'"');
        }
    }
}

/// The formatted value of everything but lookups and money, which need other rows; `None` for columns without one.
pub(crate) fn formatted(column: &Column, value: &Value) -> Option<String> {
    let label = |n: &i64| column.options().iter().find(|o| o.0 == *n).map(|o| o.1).filter(|l| !l.is_empty());
    match (value, &column.kind) {
        (Value::Bool(on), Kind::Boolean { yes, no }) => Some((*if *on { yes } else { no }).to_owned()),
        (Value::Int(n), Kind::Choice { .. } | Kind::State { .. } | Kind::Status { .. }) => {
            label(n).map(str::to_owned)
        }
        (Value::Choices(all), _) => {
            Some(all.iter().map(|n| label(n).unwrap_or_default()).collect::<Vec<_>>().join("; "))
        }
        (Value::Int(n), _) => Some(thousands(&n.to_string())),
        (Value::Double(n), _) => Some(thousands(&format!("{n:.5}"))),
        (Value::Decimal(n), _) => Some(thousands(&n.round_dp(2).to_string())),
        (Value::Date(day), _) => {
            let (y, m, d) = civil(i64::from(*day));
            Some(format!("{m}/{d}/{y}"))
        }
        (Value::Time(at), _) => {
            let (y, m, d) = civil(at.div_euclid(86_400));
            let rest = at.rem_euclid(86_400);
            let (hour, minute) = (rest / 3600, rest / 60 % 60);
            let half = if hour < 12 { "AM" } else { "PM" };
            Some(format!("{m}/{d}/{y} {}:{minute:02} {half}", (hour + 11) % 12 + 1))
        }
        _ => None,
    }
}

/// Groups the digits before the point by three.
pub(crate) fn thousands(number: &str) -> String {
    let (sign, rest) = number.strip_prefix('-').map_or(("", number), |r| ("-", r));
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(w, f)| (w, Some(f)));
    let mut out = String::from(sign);
    for (nth, digit) in whole.chars().enumerate() {
        if nth > 0 && (whole.len() - nth) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_are_json(text: String) {
            let mut out = Vec::new();
            string(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }

        #[test]
        fn dates_go_both_ways(day in -200_000i64..200_000) {
            let (y, m, d) = civil(day);
            prop_assert_eq!(days(y, m, d), day);
        }
    }

    #[test]
    fn times_before_1970() {
        let mut out = Vec::new();
        value(&mut out, &Value::Time(-1));
        assert_eq!(out, b"\"1969-12-31T23:59:59Z\"");
    }
}
