//! By what a record is recognised at the destination, and what becomes of records that are not, or twice.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ColumnName;

/// One identifier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct IdentifierMapping {
    /// `email`, `phone_number`, `uuid` or a custom name at Insider One; the primary key, the columns of an alternate key, or other
    /// columns that rows are looked up by in Dataverse.
    pub to: String,
    /// Source column; of the record that a lookup points at: the lookup, a dot, and that record's column.
    pub from: ColumnName,
    /// What a value must be, for an identifier that is not checked by its own rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub check: Option<IdentifierCheck>,
    /// A regular expression that the whole value must fit, at most 500 characters long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub pattern: Option<String>,
}

impl IdentifierMapping {
    /// An identifier from a column, checked by its own rule alone.
    pub fn new(to: impl Into<String>, from: impl Into<ColumnName>) -> Self {
        Self { to: to.into(), from: from.into(), check: None, pattern: None }
    }
}

/// What an identifier's value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum IdentifierCheck {
    /// An e-mail address; folded to lower case.
    Email,
    /// A telephone number; brought to the international form as `phone` says.
    Phone,
    /// A UUID; written in lower case with hyphens.
    Uuid,
}

/// What happens to records of the selection whose identifiers are all the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum OnDuplicate {
    /// The first one read goes, in the order of ids.
    #[default]
    First,
    /// The one that was changed last goes (`modifiedon`).
    Latest,
    /// None of them goes.
    None,
    /// Each of them goes, no two in one request; only where each is an event.
    All,
}

/// What happens to a malformed identifier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum OnInvalidIdentifier {
    /// The identifier is left out, the record stays if another one is left.
    #[default]
    SkipIdentifier,
    /// The record is left out.
    SkipRecord,
}
