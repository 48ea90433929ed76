//! SQL patterns: `%`, `_`, `[a-c]`, `[^x]`, without regard to case and accents.
use crate::data::fold::folded;

/// A pattern ready for [`like`].
pub(crate) fn pattern(text: &str) -> Vec<char> {
    folded(text).collect()
}

/// True when the text matches.
pub(crate) fn like(text: &str, pattern: &[char]) -> bool {
    let text: Vec<char> = folded(text).collect();
    // Greedy with one remembered `%`: linear in practice, never exponential.
    let (mut t, mut p, mut star) = (0, 0, None);
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '%' {
            star = Some((p + 1, t));
            p += 1;
            continue;
        }
        if let Some(next) = one(text[t], pattern, p) {
            (t, p) = (t + 1, next);
            continue;
        }
        match star {
            Some((after, from)) => {
                (p, t) = (after, from + 1);
                star = Some((after, from + 1));
            }
            None => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == '%')
}

/// Matches one character at `p`; the position behind what matched.
fn one(c: char, pattern: &[char], p: usize) -> Option<usize> {
    match pattern.get(p)? {
        '_' => Some(p + 1),
        '[' => match pattern[p + 1..].iter().skip(1).position(|c| *c == ']') {
            Some(length) => {
                let set = &pattern[p + 1..p + 2 + length];
                let (negated, set) = match set.first() {
                    Some('^') if set.len() > 1 => (true, &set[1..]),
                    _ => (false, set),
                };
                (in_set(c, set) != negated).then_some(p + 3 + length)
            }
            None => (c == '[').then_some(p + 1),
        },
        other => (*other == c).then_some(p + 1),
    }
}

fn in_set(c: char, set: &[char]) -> bool {
    let mut at = 0;
    while at < set.len() {
        if at + 2 < set.len() && set[at + 1] == '-' {
            if (set[at]..=set[at + 2]).contains(&c) {
                return true;
            }
            at += 3;
        } else {
            if set[at] == c {
                return true;
            }
            at += 1;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wildcards() {
        let yes = |text: &str, p: &str| assert!(like(text, &pattern(p)), "{text} like {p}");
        let no = |text: &str, p: &str| assert!(!like(text, &pattern(p)), "{text} not like {p}");
        yes("Contoso", "con%");
        yes("Contoso", "%TOSO");
        yes("100%", "100[%]");
        no("1000", "100[%]");
        yes("a_b", "a[_]b");
        yes("[x", "[[]x");
        yes("bat", "[a-c]a_");
        no("bat", "[^a-c]a_");
        yes("", "%");
        no("", "_");
    }

    proptest! {
        #[test]
        fn never_panics(text: String, p in "[a%_\\[\\]^-]{0,12}") {
            like(&text, &pattern(&p));
        }
    }
}
