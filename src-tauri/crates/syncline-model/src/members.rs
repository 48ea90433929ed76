//! The members of a record's JSON, found without building a tree. A record's text is known to be JSON (`RawValue` holds nothing else),
//! so that names and values only have to be told apart, not checked again.

use memchr::memchr2;
use std::borrow::Cow;

/// One member of a JSON object, as slices of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// The name, with escapes resolved.
    pub name: Cow<'a, str>,
    /// The name as it is written, quotes included.
    pub token: &'a str,
    /// The value as it is written.
    pub value: &'a str,
}

/// Gives the members of an object in their order.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    text: &'a str,
    at: usize,
    first: bool,
}

/// A text is no JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON object")]
pub struct NotAnObject;

fn broken() -> NotAnObject {
    NotAnObject
}

/// The members of a record's JSON; an error for what is no object.
pub fn members(text: &str) -> Result<Members<'_>, NotAnObject> {
    let mut members = Members { text, at: 0, first: true };
    members.skip_space();
    if members.byte() != Some(b'{') {
        return Err(broken());
    }
    members.at += 1;
    Ok(members)
}

/// The text of a JSON string without escapes; `None` for everything else.
pub fn plain_text(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    (!inner.as_bytes().contains(&b'\\')).then_some(inner)
}

/// The place of the first quote or backslash. Most strings are short: they are looked through eight bytes at a time, and only what
/// follows is left to the search for long texts, which is slow to begin.
#[inline]
fn quote_or_escape(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    // The lowest bit that is set is that of the first byte which is zero.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & (ONES << 7);
    let mut at = 0;
    for word in text.as_chunks::<8>().0.iter().take(4) {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    memchr2(b'"', b'\\', &text[at..]).map(|place| at + place)
}

impl<'a> Members<'a> {
    /// The value of the next member, if its name is written as this token (quotes included) with nothing around it; `None`: nothing was
    /// passed. It spares looking for the name's end where the name can be guessed.
    #[inline]
    pub fn next_if(&mut self, token: &str) -> Option<Result<&'a str, NotAnObject>> {
        let rest = &self.text.as_bytes()[self.at..];
        let rest = if self.first { rest } else { rest.strip_prefix(b",")? };
        let rest = rest.strip_prefix(token.as_bytes())?.strip_prefix(b":")?;
        self.at = self.text.len() - rest.len();
        self.first = false;
        Some(self.value())
    }

    /// The value that begins here, or after white space.
    #[inline]
    fn value(&mut self) -> Result<&'a str, NotAnObject> {
        self.skip_space();
        let from = self.at;
        self.skip_value()?;
        if from == self.at {
            return Err(broken());
        }
        Ok(&self.text[from..self.at])
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Passes a string; `at` is on its first quote. True: there are escapes in it.
    #[inline]
    fn skip_string(&mut self) -> Result<bool, NotAnObject> {
        let bytes = self.text.as_bytes();
        let mut at = self.at + 1;
        let mut escaped = false;
        loop {
            let rest = bytes.get(at..).ok_or_else(broken)?;
            at += quote_or_escape(rest).ok_or_else(broken)?;
            if bytes[at] == b'"' {
                self.at = at + 1;
                return Ok(escaped);
            }
            escaped = true;
            at += 2;
        }
    }

    #[inline]
    fn skip_value(&mut self) -> Result<(), NotAnObject> {
        match self.byte().ok_or_else(broken)? {
            b'"' => self.skip_string().map(|_| ()),
            b'{' | b'[' => {
                let mut depth = 0_usize;
                loop {
                    match self.byte().ok_or_else(broken)? {
                        b'"' => {
                            self.skip_string()?;
                            continue;
                        }
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    self.at += 1;
                    if depth == 0 {
                        return Ok(());
                    }
                }
            }
            _ => {
                while !matches!(self.byte(), None | Some(b',' | b'}' | b' ' | b'\t' | b'\n' | b'\r')) {
                    self.at += 1;
                }
                Ok(())
            }
        }
    }

    #[inline]
    fn member(&mut self) -> Result<Option<Member<'a>>, NotAnObject> {
        self.skip_space();
        match self.byte().ok_or_else(broken)? {
            b'}' => return Ok(None),
            b',' if !self.first => {
                self.at += 1;
                self.skip_space();
            }
            _ if self.first => {}
            _ => return Err(broken()),
        }
        self.first = false;
        if self.byte() != Some(b'"') {
            return Err(broken());
        }
        let from = self.at;
        let escaped = self.skip_string()?;
        let token = &self.text[from..self.at];
        let name = if escaped {
            Cow::Owned(serde_json::from_str(token).map_err(|_| broken())?)
        } else {
            Cow::Borrowed(&token[1..token.len() - 1])
        };
        self.skip_space();
        if self.byte() != Some(b':') {
            return Err(broken());
        }
        self.at += 1;
        let value = self.value()?;
        Ok(Some(Member { name, token, value }))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<Member<'a>, NotAnObject>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.member().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(|n| serde_json::json!(n)),
            any::<String>().prop_map(Into::into),
            "[\"\\\\{}\\[\\],: é]{0,6}".prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
                proptest::collection::vec(("[\"\\\\a-c]{0,4}", inner), 0..4)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn members_are_those_of_a_full_parse(value in json(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text) {
                Ok(map) => {
                    let found: Vec<Member<'_>> = members(&text).unwrap().collect::<Result<_, _>>().unwrap();
                    prop_assert_eq!(found.len(), map.len());
                    for (member, (name, value)) in found.iter().zip(&map) {
                        prop_assert_eq!(member.name.as_ref(), name.as_str());
                        prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(member.value).unwrap(), value);
                        prop_assert_eq!(&serde_json::from_str::<String>(member.token).unwrap(), name);
                    }
                    let mut guessed = members(&text).unwrap();
                    for member in &found {
                        prop_assert!(guessed.clone().next_if("\"d\"").is_none());
                        let value = match guessed.clone().next_if(member.token) {
                            Some(value) => {
                                let _ = guessed.next_if(member.token);
                                value.unwrap()
                            }
                            None => guessed.next().unwrap().unwrap().value,
                        };
                        prop_assert_eq!(value, member.value);
                        let written = format!("{}:{value}", member.token);
                        prop_assert!(pretty || text.contains(&written));
                    }
                    prop_assert!(guessed.next().is_none());
                }
                Err(_) => prop_assert!(members(&text).is_err()),
            }
        }

        #[test]
        fn a_string_s_end_is_where_the_library_finds_it(text in "[\\x00-\\x7fé\"\\\\]{0,60}", from in 0..9_usize) {
            let bytes = &text.as_bytes()[from.min(text.len())..];
            prop_assert_eq!(quote_or_escape(bytes), memchr2(b'"', b'\\', bytes));
        }

        #[test]
        fn a_guess_passes_any_text_or_nothing(text in "[{}:,\"a1 ]{0,20}", token in "\"a?\"") {
            if let Ok(mut found) = members(&text) {
                while found.next_if(&token).is_some_and(|value| value.is_ok()) {}
            }
        }

        #[test]
        fn any_text_ends(text in "[{}\\[\\]\":,\\\\a1 é]{0,40}") {
            if let Ok(found) = members(&text) {
                let _: Vec<_> = found.take(100).collect();
            }
        }
    }

    #[test]
    fn texts_without_escapes_are_borrowed() {
        assert_eq!(plain_text("\"Zoë\""), Some("Zoë"));
        assert_eq!(plain_text("\"a\\n\""), None);
        assert_eq!(plain_text("12"), None);
        let raw: Box<RawValue> =
            serde_json::from_str(r#" {"a" : {"b":"}"} , "c":[1,"]"],"d":-1.50e3} "#).unwrap();
        let found: Vec<_> =
            members(raw.get()).unwrap().map(|member| member.unwrap().value.to_owned()).collect();
        assert_eq!(found, [r#"{"b":"}"}"#, r#"[1,"]"]"#, "-1.50e3"]);
    }
}
