//! What an environment says of an entity: columns, choices, keys, relationships.

use serde::{Deserialize, Serialize};

use crate::{ColumnName, EntityName};

/// An entity in the list of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EntitySummary {
    /// Logical name.
    pub logical_name: EntityName,
    /// Entity set name, used in URLs. Never derived from the logical name.
    pub set_name: String,
    /// Display name in the user's language; the logical name where there is none.
    pub display_name: String,
    /// Plural display name.
    pub display_collection_name: String,
    /// Primary key column.
    pub primary_id: ColumnName,
    /// Primary name column, where the entity has one.
    pub primary_name: Option<ColumnName>,
    /// Made by a customizer.
    pub custom: bool,
    /// Change tracking is switched on.
    pub change_tracking: bool,
}

/// An entity with everything a mapping or a grid needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EntitySchema {
    /// The entity itself.
    #[serde(flatten)]
    pub summary: EntitySummary,
    /// Columns, companions (`…name`, `…yominame`) left out, sorted by logical name.
    pub columns: Vec<Column>,
    /// Alternate keys.
    pub keys: Vec<EntityKey>,
    /// Relationships seen from this entity.
    pub relationships: Vec<Relationship>,
    /// A destination that takes any column (files, Insider One custom attributes): unknown columns are no problem there.
    #[serde(default)]
    pub open: bool,
}

impl EntitySchema {
    /// A column by its logical name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.logical_name.as_str() == name)
    }
}

/// One column (attribute).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Column {
    /// Logical name.
    pub logical_name: ColumnName,
    /// Display name.
    pub display_name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// Whether a value must be there.
    pub required: RequiredLevel,
    /// May be read.
    pub readable: bool,
    /// May be set when a record is created.
    pub creatable: bool,
    /// May be set when a record is updated.
    pub updatable: bool,
    /// Longest text, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub max_length: Option<u32>,
    /// Entities a lookup may point at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<EntityName>,
    /// Choices with their labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    /// How a date behaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub behavior: Option<DateTimeBehavior>,
    /// What a text is, as the metadata names it: `Email`, `Phone`, `Url` and so on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub format: Option<String>,
    /// What a database puts in where a new row says nothing, as it is written there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub given: Option<String>,
    /// Made by a customizer.
    #[serde(default)]
    pub custom: bool,
}

impl Column {
    /// The name under which the Web API reads it: `_x_value` for lookups.
    pub fn wire_name(&self) -> String {
        if self.column_type.is_lookup() {
            format!("_{}_value", self.logical_name)
        } else {
            self.logical_name.to_string()
        }
    }
    /// The label of a code.
    pub fn label(&self, code: i64) -> Option<&str> {
        self.options.iter().find(|option| option.value == code).and_then(|option| option.label.as_deref())
    }
}

/// One option of a choice, choices, state, status or two-options column (two options: 0 and 1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Choice {
    /// The code.
    pub value: i64,
    /// Its label in the user's language; real environments have options without one.
    pub label: Option<String>,
    /// Its labels by language, of every language that has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<LanguageLabel>>"))]
    pub labels: Vec<LanguageLabel>,
    /// For a status reason: the state it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub state: Option<i64>,
}

impl Choice {
    /// Its label in a language.
    pub fn label_in(&self, language: u32) -> Option<&str> {
        self.labels
            .iter()
            .find(|label| label.language == language)
            .map(|label| label.text.as_str())
            .filter(|text| !text.trim().is_empty())
    }
}

/// A label in one language (`LocalizedLabels` of the metadata).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LanguageLabel {
    /// The language's number (LCID), such as 1033.
    pub language: u32,
    /// The label.
    pub text: String,
}

/// Types as the Web API's metadata names them (`AttributeTypeName`), lower case in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// A line of text.
    String,
    /// Text of several lines.
    Memo,
    /// 32-bit whole number.
    Integer,
    /// 64-bit whole number.
    BigInt,
    /// Exact decimal.
    Decimal,
    /// Binary floating point.
    Double,
    /// Currency amount.
    Money,
    /// Two options.
    Boolean,
    /// One choice.
    Picklist,
    /// Several choices.
    MultiSelectPicklist,
    /// Active, inactive and the like.
    State,
    /// Status reason.
    Status,
    /// Points at a row of one entity.
    Lookup,
    /// Points at an account or contact.
    Customer,
    /// Points at a user or team.
    Owner,
    /// Activity parties.
    PartyList,
    /// An id.
    UniqueIdentifier,
    /// A date, with or without a time.
    DateTime,
    /// A picture.
    Image,
    /// A file.
    File,
    /// Anything else (managed properties, entity names, calendar rules): shown, not mapped.
    Other,
}

impl ColumnType {
    /// Read as `_x_value`.
    pub fn is_lookup(self) -> bool {
        matches!(self, Self::Lookup | Self::Customer | Self::Owner)
    }
    /// Has codes with labels.
    pub fn has_options(self) -> bool {
        matches!(
            self,
            Self::Picklist | Self::MultiSelectPicklist | Self::State | Self::Status | Self::Boolean
        )
    }
    /// Text of a person's language.
    pub fn is_text(self) -> bool {
        matches!(self, Self::String | Self::Memo)
    }
    /// A number.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::BigInt | Self::Decimal | Self::Double | Self::Money)
    }
}

/// Dataverse's three behaviours of a date column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum DateTimeBehavior {
    /// An instant in UTC, shown in the user's zone.
    UserLocal,
    /// A calendar date.
    DateOnly,
    /// Wall-clock time; its `Z` is no UTC.
    TimeZoneIndependent,
}

/// `RequiredLevel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum RequiredLevel {
    /// Optional.
    None,
    /// The service refuses a record without it.
    System,
    /// Forms require it; the Web API does not.
    Application,
    /// Recommended in forms.
    Recommended,
}

/// An alternate key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct EntityKey {
    /// Logical name of the key.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<ColumnName>,
    /// The index behind it is ready.
    pub active: bool,
}

/// What kind of relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum RelationshipKind {
    /// This entity has the lookup.
    ManyToOne,
    /// The other entity has the lookup.
    OneToMany,
    /// An intersect table between both.
    ManyToMany,
}

/// A relationship, seen from the described entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Relationship {
    /// Schema name.
    pub name: String,
    /// Its kind, from here.
    pub kind: RelationshipKind,
    /// The entity at the other end.
    pub other_entity: EntityName,
    /// The lookup column (many-to-one: here; one-to-many: there).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub column: Option<ColumnName>,
    /// The column whose value the lookup holds, at the entity that has no lookup (many-to-one: there; one-to-many: here). As a rule its
    /// primary key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub referenced_column: Option<ColumnName>,
    /// Navigation property to write or expand from here; case-sensitive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub navigation_property: Option<String>,
    /// Many-to-many: the intersect entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub intersect_entity: Option<EntityName>,
}
