//! What is found in a document while it is typed: a message with its place and, where it is clear, the change that mends it.

use serde::{Deserialize, Serialize};

use crate::scan::TextSpan;

/// How much a finding hinders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The service refuses it, or it can't be read.
    Error,
    /// It runs, though probably not as meant.
    Warning,
}

/// A change of the text that mends a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, for a button.
    pub label: String,
    /// What is replaced; empty where something is inserted.
    pub span: TextSpan,
    /// What stands there afterwards.
    pub text: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable code, as those of [`crate::FetchXmlError`] and of the check of filters.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// How much it hinders.
    pub severity: Severity,
    /// Where, in bytes.
    pub span: TextSpan,
    /// Changes that mend it, the likeliest first.
    pub fixes: Vec<Fix>,
}

impl Finding {
    pub(crate) fn new(code: &str, span: TextSpan, message: impl Into<String>) -> Self {
        let severity = Severity::Error;
        Self { code: code.to_owned(), message: message.into(), hint: None, severity, span, fixes: vec![] }
    }
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    pub(crate) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }
    /// Offers to put `text` in place of a span.
    pub(crate) fn replace(mut self, span: TextSpan, text: impl Into<String>) -> Self {
        let text = text.into();
        let label = if text.is_empty() { "Remove it".to_owned() } else { format!("Write {}", text.trim()) };
        self.fixes.push(Fix { label, span, text });
        self
    }
    pub(crate) fn insert(mut self, at: usize, text: impl Into<String>) -> Self {
        let text = text.into();
        self.fixes.push(Fix { label: format!("Add {}", text.trim()), span: TextSpan::new(at, at), text });
        self
    }
}

/// What is known of an environment's entities, for checks and completion.
pub trait Metadata {
    /// An entity's description, where it is at hand.
    fn schema(&self, entity: &str) -> Option<&syncline_model::EntitySchema>;
    /// All entities: logical name and display name. Empty when the list is not at hand.
    fn entities(&self) -> &[(String, String)];
}

/// A text as the value of an XML attribute or element.
pub(crate) fn escape(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}
