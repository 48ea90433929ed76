//! What is wrong with a FetchXML text, and where.

use serde::{Deserialize, Serialize};

/// A place in the text; both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

impl Position {
    /// The place of a byte offset.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let mut end = offset.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            line: count(before.matches('\n').count() + 1),
            column: count(before[line_start..].chars().count() + 1),
        }
    }
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A text that is not FetchXML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{position}: {message}")]
pub struct FetchXmlError {
    /// Where.
    pub position: Position,
    /// Stable code: `xml_malformed`, `xml_unescaped`, `unknown_element`, `unknown_attribute`, `unknown_operator`,
    /// `missing_attribute`, `wrong_value`, `too_large`.
    pub code: String,
    /// What is wrong. Lower case, no full stop.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl FetchXmlError {
    pub(crate) fn new(position: Position, code: &str, message: impl Into<String>) -> Self {
        Self { position, code: code.to_owned(), message: message.into(), hint: None }
    }
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
