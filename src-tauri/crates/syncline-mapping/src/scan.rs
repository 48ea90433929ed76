//! Walks the members of a JSON object that is known to be JSON, without checking it a second time.

use memchr::memchr2;

/// Hands each member's name and its value's text to `hear`, in the order of the text. `None`: this is no object, or a name
/// holds an escape; what was heard until then does not count, and a real parser has to read the text.
pub(crate) fn members<'a>(text: &'a str, mut hear: impl FnMut(&'a str, &'a str)) -> Option<()> {
    let bytes = text.as_bytes();
    let mut at = space(bytes, 0);
    if bytes.get(at) != Some(&b'{') {
        return None;
    }
    at = space(bytes, at + 1);
    if bytes.get(at) == Some(&b'}') {
        return Some(());
    }
    loop {
        if bytes.get(at) != Some(&b'"') {
            return None;
        }
        let begin = at + 1;
        let end = begin + memchr2(b'"', b'\\', bytes.get(begin..)?)?;
        if bytes[end] == b'\\' {
            return None;
        }
        at = space(bytes, end + 1);
        if bytes.get(at) != Some(&b':') {
            return None;
        }
        let value = space(bytes, at + 1);
        let after = skip(bytes, value)?;
        hear(text.get(begin..end)?, text.get(value..after)?);
        at = space(bytes, after);
        match bytes.get(at)? {
            b',' => at = space(bytes, at + 1),
            b'}' => return Some(()),
            _ => return None,
        }
    }
}

fn space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// The place after a value.
fn skip(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => text_end(bytes, at + 1),
        b'{' | b'[' => nested_end(bytes, at),
        _ => {
            let rest = bytes.get(at..)?;
            let length = rest
                .iter()
                .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t'))?;
            (length > 0).then_some(at + length)
        }
    }
}

/// The place after a text whose first character stands at `at`.
fn text_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let found = at + memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[found] == b'"' {
            return Some(found + 1);
        }
        // Whatever is escaped, its first character ends no text.
        at = found + 2;
    }
}

/// The place after an object or array that begins at `at`.
fn nested_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0usize;
    loop {
        match bytes.get(at)? {
            b'"' => at = text_end(bytes, at + 1)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::members;
    use proptest::prelude::*;
    use serde_json::value::RawValue;
    use std::collections::HashMap;

    fn heard(text: &str) -> Option<HashMap<String, String>> {
        let mut found = HashMap::new();
        members(text, |name, value| {
            found.insert(name.to_owned(), value.to_owned());
        })?;
        Some(found)
    }

    #[test]
    fn members_are_found_whatever_the_values_are() {
        let text = r#" { "a" : "x\"}\\" , "b":[1,{"c":"]"}, null], "d":-1.50e3 ,"e":{},"f":true } "#;
        let found = heard(text).unwrap();
        assert_eq!(found["a"], r#""x\"}\\""#);
        assert_eq!(found["b"], r#"[1,{"c":"]"}, null]"#);
        assert_eq!(
            (found["d"].as_str(), found["e"].as_str(), found["f"].as_str()),
            ("-1.50e3", "{}", "true")
        );
        assert_eq!(heard("{}"), Some(HashMap::new()));
        assert_eq!(heard(r#"{"a\u0062":1}"#), None, "a name with an escape is the parser's");
        assert_eq!(heard("[1]"), None);
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<f64>().prop_map(serde_json::Value::from),
            ".{0,8}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::btree_map(".{0,4}", inner, 0..4)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_parser_finds_the_same(value in json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            if let Some(found) = heard(&text) {
                let parsed: HashMap<String, &RawValue> = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(found.len(), parsed.len());
                for (name, raw) in parsed {
                    prop_assert_eq!(found[&name].as_str(), raw.get());
                }
            } else {
                prop_assert!(!value.is_object() || text.contains('\\'));
            }
        }

        #[test]
        fn no_text_panics(text in ".{0,60}", braced in "[\\{\\}\\[\\]\":,\\\\ a1]{0,24}") {
            heard(&text);
            heard(&format!("{{{braced}"));
        }
    }
}
