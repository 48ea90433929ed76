//! Patterns of `like`: `%` any characters, `_` one character, `[abc]` and `[a-c]` one of a set, `[^…]` one outside of it.

/// A compiled pattern; text is compared without regard to case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Any,
    One,
    Literal(char),
    Set { inverted: bool, ranges: Vec<(char, char)> },
}

/// Case folding of one text for comparisons.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

impl Pattern {
    /// Reads a pattern. A `[` without its `]` stands for itself.
    pub(crate) fn new(text: &str) -> Self {
        let chars: Vec<char> = fold(text).chars().collect();
        let mut parts = Vec::with_capacity(chars.len());
        let mut at = 0;
        while at < chars.len() {
            match chars[at] {
                '%' => {
                    if parts.last() != Some(&Part::Any) {
                        parts.push(Part::Any);
                    }
                }
                '_' => parts.push(Part::One),
                '[' => match set(&chars[at + 1..]) {
                    Some((part, length)) => {
                        parts.push(part);
                        at += length;
                    }
                    None => parts.push(Part::Literal('[')),
                },
                c => parts.push(Part::Literal(c)),
            }
            at += 1;
        }
        Self(parts)
    }

    /// True when the whole text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = fold(text).chars().collect();
        let parts = &self.0;
        // Greedy with one point of return: linear in practice, length times length at worst.
        let (mut t, mut p) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        while t < text.len() {
            match parts.get(p) {
                Some(Part::Any) => {
                    retry = Some((p + 1, t));
                    p += 1;
                }
                Some(part) if part.takes(text[t]) => {
                    p += 1;
                    t += 1;
                }
                Some(_) | None => match &mut retry {
                    Some((after, from)) => {
                        *from += 1;
                        t = *from;
                        p = *after;
                    }
                    None => return false,
                },
            }
        }
        parts[p..].iter().all(|part| *part == Part::Any)
    }
}

impl Part {
    fn takes(&self, c: char) -> bool {
        match self {
            Self::Any => false,
            Self::One => true,
            Self::Literal(literal) => *literal == c,
            Self::Set { inverted, ranges } => ranges.iter().any(|(a, b)| *a <= c && c <= *b) != *inverted,
        }
    }
}

/// A set after its `[`, and how many characters it takes with its `]`.
fn set(chars: &[char]) -> Option<(Part, usize)> {
    let inverted = chars.first() == Some(&'^');
    let start = usize::from(inverted);
    // A `]` directly after the opening stands for itself.
    let end = chars.iter().skip(start + 1).position(|c| *c == ']')? + start + 1;
    let inner = &chars[start..end];
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < inner.len() {
        if at + 2 < inner.len() && inner[at + 1] == '-' {
            ranges.push((inner[at], inner[at + 2]));
            at += 3;
        } else {
            ranges.push((inner[at], inner[at]));
            at += 1;
        }
    }
    Some((Part::Set { inverted, ranges }, end + 1))
}
