//! A problem of a definition: where, what, what to do, and the step that mends it where a machine can take it.

use serde::{Deserialize, Serialize};

/// One problem of a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Problem {
    /// Where, such as `fields[2].from`; empty for the whole file.
    pub path: String,
    /// Stable code such as `unknown_key`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The same as one step that a button or a script can take; absent where a person must decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fix: Option<Fix>,
}

/// A change of a definition that mends a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Fix {
    /// Add these to `source.columns`.
    ChooseColumns {
        /// Columns.
        columns: Vec<String>,
    },
    /// Leave each column of `source.columns` once.
    KeepColumnsOnce,
    /// Put a text where another one stands.
    Replace {
        /// Where, such as `fields[2].from`.
        path: String,
        /// The text.
        with: String,
    },
}

impl Problem {
    /// A problem at a path.
    pub fn new(path: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self { path: path.into(), code: code.to_owned(), message: message.into(), hint: None, fix: None }
    }
    /// With what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    /// With the step that mends it, where there is one.
    pub fn fix(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.fix = fix.into();
        self
    }
}
