//! Patterns that an identifier's values must fit: regular expressions of bounded length and size, which take time in proportion to the
//! text (the regex crate has no backtracking).

use regex::{Regex, RegexBuilder};

/// Longest pattern, in characters.
pub(crate) const LONGEST: usize = 500;
/// Most memory of a compiled pattern, in bytes.
const SIZE: usize = 256 * 1024;

/// A pattern that the whole value must fit; else why it can't be used.
pub(crate) fn pattern(text: &str) -> Result<Regex, String> {
    if text.is_empty() {
        return Err("the pattern is empty".to_owned());
    }
    if text.chars().count() > LONGEST {
        return Err(format!("the pattern has more than {LONGEST} characters"));
    }
    let build = |text: &str| {
        RegexBuilder::new(text).size_limit(SIZE).dfa_size_limit(SIZE).nest_limit(50).build().map_err(
            |error| {
                match error {
                    regex::Error::CompiledTooBig(_) => {
                        "the pattern is too large once it is compiled".to_owned()
                    }
                    // The last line says what is wrong; those before it show where.
                    other => {
                        let told = other.to_string();
                        let last = told.lines().last().unwrap_or(&told);
                        last.trim().trim_start_matches("error: ").to_owned()
                    }
                }
            },
        )
    };
    // Read by itself first, so that no bracket of it closes the one around it.
    build(text)?;
    build(&format!("^(?:{text})$"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_whole_value_must_fit() {
        let member = pattern("[A-Z]{2}-[0-9]{4}").unwrap();
        assert!(member.is_match("AB-1234"));
        assert!(!member.is_match("xAB-1234") && !member.is_match("AB-12345"));
        let either = pattern("a|bc").unwrap();
        assert!(either.is_match("a") && either.is_match("bc") && !either.is_match("ac"));
    }

    #[test]
    fn what_can_not_be_used_is_told() {
        for (text, says) in [
            ("", "empty"),
            ("(", "unclosed group"),
            ("a)|(b", "unopened group"),
            ("(?=x)", "look-around"),
            ("(\\w{100}){100}", "too large"),
        ] {
            let why = pattern(text).unwrap_err();
            assert!(why.contains(says), "{text}: {why}");
        }
        assert!(pattern(&"a".repeat(LONGEST + 1)).unwrap_err().contains("500"));
    }

    proptest! {
        #[test]
        fn no_pattern_panics(text in "\\PC{0,40}", value in "\\PC{0,40}") {
            if let Ok(found) = pattern(&text) {
                let _ = found.is_match(&value);
            }
        }
    }
}
