//! Patterns of FetchXML's `like` (`%`, `_`, `[a-c]`, `[^a-c]`) in PostgreSQL's and SQLite's own.

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    Any,
    One,
    Plain(char),
    Set(String),
}

/// Reads a pattern. A bracket without its end stands for itself.
pub(crate) fn parts(text: &str) -> Vec<Part> {
    let chars: Vec<char> = text.chars().collect();
    let mut parts = Vec::with_capacity(chars.len());
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            '%' => parts.push(Part::Any),
            '_' => parts.push(Part::One),
            '[' => match chars[at + 1..].iter().position(|c| *c == ']').filter(|length| *length > 0) {
                Some(end) => {
                    parts.push(Part::Set(chars[at + 1..=at + end].iter().collect()));
                    at += end + 1;
                }
                None => parts.push(Part::Plain('[')),
            },
            c => parts.push(Part::Plain(c)),
        }
        at += 1;
    }
    parts
}

/// Plain text as a pattern's parts.
pub(crate) fn plain(text: &str) -> Vec<Part> {
    text.chars().map(Part::Plain).collect()
}

/// For `ILIKE … ESCAPE '!'`; `None` where there are sets.
pub(crate) fn ilike(parts: &[Part]) -> Option<String> {
    let mut pattern = String::new();
    for part in parts {
        match part {
            Part::Any => pattern.push('%'),
            Part::One => pattern.push('_'),
            Part::Plain(c @ ('%' | '_' | '!')) => pattern.extend(['!', *c]),
            Part::Plain(c) => pattern.push(*c),
            Part::Set(_) => return None,
        }
    }
    Some(pattern)
}

/// A regular expression for `~*` (PostgreSQL, Pattern Matching, advanced regular expressions).
pub(crate) fn regular(parts: &[Part]) -> String {
    let mut pattern = String::from("^");
    for part in parts {
        match part {
            Part::Any => pattern.push_str(".*"),
            Part::One => pattern.push('.'),
            Part::Plain(c) if c.is_alphanumeric() || *c == ' ' => pattern.push(*c),
            Part::Plain(c) if c.is_ascii() => pattern.extend(['\\', *c]),
            Part::Plain(c) => pattern.push(*c),
            Part::Set(set) => {
                pattern.push('[');
                for (at, c) in set.chars().enumerate() {
                    if matches!(c, '[' | '\\') || (c == '^' && at > 0) {
                        pattern.push('\\');
                    }
                    pattern.push(c);
                }
                pattern.push(']');
            }
        }
    }
    pattern.push('$');
    pattern
}

/// For SQLite's `GLOB`, which minds case: what it is compared with must be folded as this is.
pub(crate) fn glob(parts: &[Part]) -> String {
    let mut pattern = String::new();
    for part in parts {
        match part {
            Part::Any => pattern.push('*'),
            Part::One => pattern.push('?'),
            Part::Plain(c @ ('*' | '?' | '[')) => pattern.extend(['[', *c, ']']),
            Part::Plain(c) => pattern.extend(c.to_lowercase()),
            Part::Set(set) => {
                pattern.push('[');
                pattern.push_str(&set.to_lowercase());
                pattern.push(']');
            }
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_same_pattern_in_both() {
        let read = parts("a_50![x-z]%[");
        assert_eq!(ilike(&read), None);
        assert_eq!(regular(&read), "^a.50\\![x-z].*\\[$");
        assert_eq!(glob(&read), "a?50![x-z]*[[]");
        assert_eq!(ilike(&parts("50!%\\")).unwrap(), "50!!%\\");
        assert_eq!(ilike(&plain("50%_")).unwrap(), "50!%!_");
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern(text in ".{0,30}") {
            let read = parts(&text);
            let _ = (ilike(&read), regular(&read));
            let database = rusqlite::Connection::open_in_memory().unwrap();
            let plain = plain(&text);
            let holds: bool = database
                .query_row("SELECT ?1 GLOB ?2", [text.to_lowercase(), glob(&plain)], |row| row.get(0))
                .unwrap();
            prop_assert!(text.contains('\0') || text.chars().any(|c| c.to_lowercase().to_string() != c.to_string().to_lowercase()) || holds || text.to_lowercase() != text.chars().flat_map(char::to_lowercase).collect::<String>());
        }
    }
}
