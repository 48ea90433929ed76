//! What a two-way definition says beside its fields: which changes go which way, who wins, what becomes of new and deleted records.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SyncDefinition, is_false};
use crate::EntityName;

/// Direction of a field in a two-way definition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Source to destination.
    To,
    /// Destination to source.
    From,
    /// Both ways.
    Both,
}

impl Direction {
    /// As seen from the other side.
    pub fn reversed(self) -> Self {
        match self {
            Self::To => Self::From,
            Self::From => Self::To,
            Self::Both => Self::Both,
        }
    }
}

/// Who wins when both sides changed a field since the last sync, or one side changed a record that the other one deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ConflictRule {
    /// The later change, by the times at which the records were changed. Where they can't be told apart a person decides. A change wins over
    /// a deletion, of which no time is known.
    Newest,
    /// The source.
    Source,
    /// The destination.
    Destination,
    /// A person.
    Ask,
}

/// What a two-way definition does beside its fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields, default)]
pub struct TwoWaySection {
    /// Where new records are made.
    pub create: CreateWhere,
    /// What happens on the other side when a record is deleted.
    pub deleted: DeletedRule,
    /// Records are matched by their identifiers to the letter; otherwise large and small letters are the same.
    #[serde(skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub match_case: bool,
}

/// Where records are made that only the other side has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum CreateWhere {
    /// On both sides.
    #[default]
    Both,
    /// Only at the source, from new ones of the destination.
    Source,
    /// Only at the destination, from new ones of the source.
    Destination,
    /// Nowhere: only records that both sides have are kept the same.
    None,
}

/// What happens on the other side when a record is deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum DeletedRule {
    /// Nothing; the record stays there, and is left alone from then on.
    #[default]
    Ignore,
    /// It is made inactive there.
    Deactivate,
    /// It is deleted there.
    Delete,
}

/// The two tables whose pairs of records tell what a lookup becomes: another two-way definition keeps these pairs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct LinkedRecord {
    /// Entity at the source, such as `account`.
    pub source: EntityName,
    /// Table at the destination, such as `Companies`.
    pub destination: EntityName,
}

impl SyncDefinition {
    /// True where changes of the destination come back: a field has the direction `from` or `both`, or there is a rule for conflicts.
    pub fn is_two_way(&self) -> bool {
        self.conflict.is_some()
            || self.two_way.is_some()
            || self
                .fields
                .iter()
                .any(|field| matches!(field.direction, Some(Direction::From | Direction::Both)))
    }

    /// Who wins; where the definition says nothing a person is asked.
    pub fn conflict_rule(&self) -> ConflictRule {
        self.conflict.unwrap_or(ConflictRule::Ask)
    }
}
