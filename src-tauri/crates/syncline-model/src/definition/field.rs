//! One field of a definition: where its value comes from and what becomes of it on the way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{Direction, LinkedRecord, is_false};
use crate::{ColumnName, EntityName, Value};

/// One field. What is given is applied in this order: `first_of`, `label`, `invert`, `split`, `join`, `expression`, `map`, `date`,
/// `decimals`, `phone`, `trim`, `case`, `default`, `empty`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct FieldMapping {
    /// Target attribute.
    pub to: String,
    /// Source column; of the record that a lookup points at: the lookup, a dot, and that record's column.
    pub from: ColumnName,
    /// Send the label in place of the code.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub label: bool,
    /// Send the opposite of a boolean.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub invert: bool,
    /// Bring a phone number to E.164.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub phone: bool,
    /// Cut white space at both ends.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<bool>"))]
    pub trim: bool,
    /// Write all letters small or large.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub case: Option<TextCase>,
    /// Columns to look into, in this order, where `from` is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<Vec<ColumnName>>"))]
    pub first_of: Vec<ColumnName>,
    /// One part of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub split: Option<SplitRule>,
    /// Put together with other columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub join: Option<JoinRule>,
    /// An expression over `value` (what was made so far) and the names of chosen columns, such as `value + " " + lastname`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub expression: Option<String>,
    /// Value table: what stands on the left is replaced by what stands on the right.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<BTreeMap<String, Value>>"))]
    pub map: BTreeMap<String, Value>,
    /// What happens to a value that the table does not have.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<OnUnmapped>"))]
    pub on_unmapped: OnUnmapped,
    /// A date written in another form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub date: Option<DateRule>,
    /// Decimals to round a number to, half away from zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 10))]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub decimals: Option<u32>,
    /// Column that says of which country a phone number is: a dial code, or the country's code or English name. It goes before `phone.country_code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub phone_country: Option<ColumnName>,
    /// Value when the source is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub default: Option<Value>,
    /// Dataverse: the value is no id but what a row of the lookup's table is found by, such as a column of an alternate key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub find_by: Option<FindBy>,
    /// What is sent where there is no value; absent: what the destination usually takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub empty: Option<OnEmpty>,
    /// Direction in a two-way definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub direction: Option<Direction>,
    /// In a two-way definition: the value is a record, and becomes the record that it is paired with on the other side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub linked: Option<LinkedRecord>,
}

impl FieldMapping {
    /// A target from a column as it is, without conversions.
    pub fn new(to: impl Into<String>, from: impl Into<ColumnName>) -> Self {
        Self {
            to: to.into(),
            from: from.into(),
            label: false,
            invert: false,
            phone: false,
            trim: false,
            case: None,
            first_of: Vec::new(),
            split: None,
            join: None,
            expression: None,
            map: BTreeMap::new(),
            on_unmapped: OnUnmapped::default(),
            date: None,
            decimals: None,
            phone_country: None,
            default: None,
            find_by: None,
            empty: None,
            direction: None,
            linked: None,
        }
    }
}

/// How the row is found that a lookup of the destination is to point at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct FindBy {
    /// Column of the lookup's table that holds the value.
    pub column: ColumnName,
    /// The table; needed where the lookup may point at several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub entity: Option<EntityName>,
}

/// Letters small or large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum TextCase {
    /// All small.
    Lower,
    /// All large.
    Upper,
}

/// One part of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct SplitRule {
    /// What stands between the parts.
    pub by: String,
    /// Which part: 1 is the first, -1 the last. A text with fewer parts is empty afterwards.
    pub part: i32,
}

/// Several columns as one text; empty ones leave no separator behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct JoinRule {
    /// The columns after `from`, in this order.
    pub with: Vec<ColumnName>,
    /// What stands between them.
    #[serde(default = "space")]
    pub separator: String,
}

fn space() -> String {
    " ".to_owned()
}

/// How a date is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct DateRule {
    /// The form, in the conversions of strftime: `%Y-%m-%d`, `%d.%m.%Y %H:%M`, `%s` for seconds since 1970.
    pub form: String,
    /// Zone of the IANA database, such as `Europe/Istanbul`; absent: UTC. Only points of time are moved into it: a date stays that date, and
    /// a time without a zone that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub zone: Option<String>,
}

/// What happens to a value that a value table does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum OnUnmapped {
    /// It stays as it is.
    #[default]
    Keep,
    /// It counts as no value.
    Skip,
}

/// What is sent where there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum OnEmpty {
    /// Nothing; what the destination holds stays.
    LeaveOut,
    /// `null`.
    Null,
    /// What empties the attribute: an empty text at Insider One, `null` elsewhere.
    Clear,
}

fn is_default(value: &OnUnmapped) -> bool {
    *value == OnUnmapped::default()
}
