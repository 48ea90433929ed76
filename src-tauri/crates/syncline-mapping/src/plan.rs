//! A compiled mapping: every column, path and rule resolved once.

use regex::Regex;
use std::collections::BTreeMap;
use syncline_model::{
    ColumnName, ColumnType, DateTimeBehavior, EntityName, Names, OnEmpty, OnInvalidIdentifier, OnUnknownCode,
    System, TextCase, Value,
};

use crate::columns::Columns;
use crate::phone::PhoneRules;
use crate::steps::Steps;

/// A definition compiled against both schemas. Immutable and shareable between threads.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub(crate) columns: Columns,
    pub(crate) system: System,
    pub(crate) identifiers: Vec<IdentifierRule>,
    pub(crate) on_invalid_identifier: OnInvalidIdentifier,
    pub(crate) fields: Vec<FieldRule>,
    pub(crate) fixed: Vec<FixedRule>,
    /// Names of `identifiers`.
    pub(crate) identifier_names: Targets,
    /// Names of `fields` and then `fixed`.
    pub(crate) attribute_names: Targets,
    pub(crate) events: Option<EventRule>,
    pub(crate) on_unknown_code: OnUnknownCode,
    /// The language of labels; absent: the reader's.
    pub(crate) label_language: Option<u32>,
    pub(crate) phone: PhoneRules,
    /// Bring identifiers to international form.
    pub(crate) phone_international: bool,
    pub(crate) definition_hash: String,
}

/// What a value must become.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) name: String,
    /// Absent: a column the destination does not describe.
    pub(crate) column_type: Option<ColumnType>,
    pub(crate) behavior: Option<DateTimeBehavior>,
    pub(crate) max_length: Option<u32>,
    pub(crate) options: Vec<(i64, Option<String>)>,
    pub(crate) targets: Vec<EntityName>,
    pub(crate) required: bool,
    pub(crate) system: System,
    /// What is sent where there is no value; absent: what the destination usually takes.
    pub(crate) empty: Option<OnEmpty>,
    /// The value is what a row is found by, not its id.
    pub(crate) find: Option<Find>,
}

/// How the row is found that a lookup is to point at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// The table.
    pub entity: EntityName,
    /// The column that holds the value.
    pub column: ColumnName,
}

/// One attribute from a column.
#[derive(Debug, Clone)]
pub(crate) struct FieldRule {
    pub(crate) path: String,
    pub(crate) from: usize,
    pub(crate) label: bool,
    pub(crate) invert: bool,
    pub(crate) phone: bool,
    pub(crate) trim: bool,
    pub(crate) case: Option<TextCase>,
    pub(crate) default: Option<Value>,
    /// What few fields ask for.
    pub(crate) steps: Option<Box<Steps>>,
    pub(crate) target: Target,
}

/// One attribute with a fixed value, already in the target's form.
#[derive(Debug, Clone)]
pub(crate) struct FixedRule {
    pub(crate) path: String,
    pub(crate) to: String,
    pub(crate) value: Value,
}

/// What is checked of an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdentifierKind {
    Email,
    Phone,
    Uuid,
    /// A text, whatever it was.
    Text,
    /// Whatever the key column takes.
    Raw,
}

/// One identifier.
#[derive(Debug, Clone)]
pub(crate) struct IdentifierRule {
    pub(crate) path: String,
    pub(crate) from: usize,
    pub(crate) kind: IdentifierKind,
    /// A key column of the destination: the value is brought into that column's form, and the key must be whole.
    pub(crate) key: bool,
    /// What the whole value must fit.
    pub(crate) pattern: Option<Regex>,
    pub(crate) target: Target,
}

/// Where an event's name comes from.
#[derive(Debug, Clone)]
pub(crate) enum NameRule {
    Fixed(String),
    Column { from: usize, map: BTreeMap<String, String> },
}

/// Where an event's time comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TimeRule {
    Processing,
    Column(usize),
}

/// One event a record.
#[derive(Debug, Clone)]
pub(crate) struct EventRule {
    pub(crate) name: NameRule,
    pub(crate) time: TimeRule,
    pub(crate) parameters: Vec<FieldRule>,
    pub(crate) fixed: Vec<FixedRule>,
    /// Names of `parameters` and then `fixed`.
    pub(crate) parameter_names: Targets,
}

/// Target names that are the same for every record, and the place of each rule's value among them.
#[derive(Debug, Clone)]
pub(crate) struct Targets {
    pub(crate) names: Names,
    /// In the order of the rules.
    pub(crate) places: Vec<usize>,
}

impl Targets {
    /// The names of rules, in the rules' order.
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Self {
        let all = Names::new(names.clone());
        Self { places: names.filter_map(|name| all.place(name)).collect(), names: all }
    }

    /// The names of fields and then of fixed values.
    pub(crate) fn of(fields: &[FieldRule], fixed: &[FixedRule]) -> Self {
        let fields = fields.iter().map(|rule| rule.target.name.as_str());
        Self::new(fields.chain(fixed.iter().map(|rule| rule.to.as_str())))
    }
}

impl Mapping {
    /// Attributes whose value is what a row of the destination is found by: whoever plans puts the row's reference in its place.
    pub fn finds(&self) -> impl Iterator<Item = (&str, &Find)> {
        self.fields.iter().filter_map(|rule| Some((rule.target.name.as_str(), rule.target.find.as_ref()?)))
    }
    /// The hash of the definition this was compiled from; see [`crate::definition_hash`].
    pub fn definition_hash(&self) -> &str {
        &self.definition_hash
    }
    /// Names of the attributes that are written, sorted; identifiers and events left out.
    pub fn target_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .fields
            .iter()
            .map(|rule| rule.target.name.as_str())
            .chain(self.fixed.iter().map(|rule| rule.to.as_str()))
            .collect();
        names.sort_unstable();
        names
    }
}
