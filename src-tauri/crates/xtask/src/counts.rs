//! Reads how many tests passed and failed out of what test runners print.

use std::ops::AddAssign;

/// Tests that ran.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Passed.
    pub(crate) passed: u64,
    /// Failed, errors and time-outs included.
    pub(crate) failed: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Counts {
    /// The counts of all summaries in `output`, and the lines they stand in.
    pub(crate) fn of(output: &str) -> (Self, Vec<String>) {
        let mut counts = Self::default();
        let mut lines = Vec::new();
        for line in output.lines().map(without_colour) {
            if let Some(found) =
                cargo_test(&line).or_else(|| nextest(&line)).or_else(|| vitest(&line)).or_else(|| node(&line))
            {
                counts += found;
                if found != Self::default() {
                    lines.push(line.trim_end().to_owned());
                }
            }
        }
        (counts, lines)
    }
}

/// `test result: ok. 5 passed; 0 failed; 0 ignored; …`
fn cargo_test(line: &str) -> Option<Counts> {
    let rest = line.trim_start().strip_prefix("test result: ")?;
    Some(Counts { passed: before(rest, " passed")?, failed: before(rest, " failed")? })
}

/// `Summary [   9.1s] 120 tests run: 118 passed (2 slow), 1 failed, 1 timed out, 3 skipped`
fn nextest(line: &str) -> Option<Counts> {
    let rest = line.trim_start().strip_prefix("Summary [")?;
    let (_, rest) = rest.split_once("run: ")?;
    let failed = [" failed", " timed out", " exec failed"].iter().filter_map(|word| before(rest, word)).sum();
    Some(Counts { passed: before(rest, " passed").unwrap_or(0), failed })
}

/// `      Tests  1 failed | 11 passed (12)`
fn vitest(line: &str) -> Option<Counts> {
    let rest = line.trim_start().strip_prefix("Tests  ")?;
    if !rest.ends_with(')') {
        return None;
    }
    Some(Counts {
        passed: before(rest, " passed").unwrap_or(0),
        failed: before(rest, " failed").unwrap_or(0),
    })
}

/// `ℹ pass 5` and `ℹ fail 0`, or with `#` in place of `ℹ`.
fn node(line: &str) -> Option<Counts> {
    let rest = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# "))?;
    let (word, number) = rest.split_once(' ')?;
    let number = number.trim().parse().ok()?;
    match word {
        "pass" => Some(Counts { passed: number, failed: 0 }),
        "fail" => Some(Counts { passed: 0, failed: number }),
        _ => None,
    }
}

/// The number that stands right before `word`.
fn before(text: &str, word: &str) -> Option<u64> {
    let at = text.find(word)?;
    let start = text[..at]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |index| index + text[index..].chars().next().map_or(1, char::len_utf8));
    text[start..at].parse().ok()
}

/// Without the escape sequences of terminals.
fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('\u{1b}') {
        plain.push_str(&rest[..at]);
        let sequence = &rest[at..];
        rest = sequence.find(|c: char| c.is_ascii_alphabetic()).map_or("", |end| &sequence[end + 1..]);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(text: &str) -> (u64, u64) {
        let (Counts { passed, failed }, _) = Counts::of(text);
        (passed, failed)
    }

    #[test]
    fn reads_each_runner() {
        assert_eq!(
            counts("test result: FAILED. 5 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out"),
            (5, 2)
        );
        assert_eq!(
            counts(
                "     Summary [   9.123s] 120 tests run: 116 passed (2 slow), 3 failed, 1 timed out, 3 skipped"
            ),
            (116, 4)
        );
        assert_eq!(counts("     Summary [   0.1s] 1 test run: 1 passed, 0 skipped"), (1, 0));
        assert_eq!(counts("      Tests  1 failed | 11 passed (12)"), (11, 1));
        assert_eq!(counts("ℹ tests 7\nℹ pass 5\nℹ fail 2\nℹ cancelled 0"), (5, 2));
        assert_eq!(counts("# tests 7\n# pass 7\n# fail 0"), (7, 0));
    }

    #[test]
    fn colours_do_not_hide_a_summary() {
        assert_eq!(
            counts(
                "\u{1b}[32;1m     Summary\u{1b}[0m [   9.1s] \u{1b}[1m12\u{1b}[0m tests run: \u{1b}[1m12\u{1b}[0m \u{1b}[32mpassed\u{1b}[0m, 0 skipped"
            ),
            (12, 0)
        );
    }

    #[test]
    fn other_lines_count_nothing() {
        assert_eq!(
            Counts::of("12 passed, 3 failed\nall tests passed\n# a heading 4\nTests  are here"),
            (Counts::default(), vec![])
        );
    }
}
