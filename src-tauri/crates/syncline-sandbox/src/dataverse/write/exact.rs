//! Numbers of a body with all their digits: JSON's reader would make doubles of them, which hold fifteen or so, and money has nineteen.
use rust_decimal::Decimal;
use serde_json::Value as Json;
use std::borrow::Cow;

/// Digits that a double always holds.
const IN_A_DOUBLE: usize = 15;
/// Before the digits of a number that became a text. Nobody sends this character: it is private use.
const MARK: char = '\u{e000}';

/// The body, in which fractions with more digits than a double holds are texts with a mark.
pub(super) fn marked(body: &[u8]) -> Cow<'_, [u8]> {
    let mut out: Vec<u8> = Vec::new();
    let (mut at, mut copied, mut quoted) = (0, 0, false);
    while at < body.len() {
        match body[at] {
            b'\\' if quoted => at += 2,
            b'"' => {
                quoted = !quoted;
                at += 1;
            }
            b'-' | b'0'..=b'9' if !quoted => {
                let length = body[at..]
                    .iter()
                    .take_while(|c| matches!(c, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
                    .count();
                let number = &body[at..at + length];
                let digits = number.iter().filter(|c| c.is_ascii_digit()).count();
                if digits > IN_A_DOUBLE && number.contains(&b'.') {
                    out.extend_from_slice(&body[copied..at]);
                    out.extend_from_slice(format!("\"{MARK}").as_bytes());
                    out.extend_from_slice(number);
                    out.push(b'"');
                    copied = at + length;
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(body);
    }
    out.extend_from_slice(&body[copied..]);
    Cow::Owned(out)
}

fn digits(json: &Json) -> Option<Cow<'_, str>> {
    match json {
        Json::Number(number) => Some(Cow::Owned(number.to_string())),
        Json::String(text) => text.strip_prefix(MARK).map(Cow::Borrowed),
        _ => None,
    }
}

/// A number as it was sent.
pub(super) fn decimal(json: &Json) -> Option<Decimal> {
    let text = digits(json)?;
    text.parse().or_else(|_| Decimal::from_scientific(&text)).ok()
}

/// The double nearest to a number.
pub(super) fn double(json: &Json) -> Option<f64> {
    digits(json)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Json {
        serde_json::from_slice(&marked(text.as_bytes())).unwrap()
    }

    #[test]
    fn long_fractions_keep_their_digits_and_nothing_else_changes() {
        let body = r#"{"a":922337203685477.5807,"b":"1.2345678901234567890","c":12345678901234567890,"d":1.5,"e":[-0.12345678901234567]}"#;
        let seen = read(body);
        assert_eq!(decimal(&seen["a"]).unwrap().to_string(), "922337203685477.5807");
        assert_eq!(decimal(&seen["e"][0]).unwrap().to_string(), "-0.12345678901234567");
        assert_eq!(seen["b"], "1.2345678901234567890");
        assert!(seen["c"].is_u64() && decimal(&seen["d"]) == Some(Decimal::new(15, 1)));
        assert_eq!((double(&seen["d"]), double(&seen["b"]), decimal(&Json::Null)), (Some(1.5), None, None));
        let same = br#"{"text":"a \" 1.2345678901234567890","n":1}"#;
        assert!(matches!(marked(same), Cow::Borrowed(_)));
    }
}
