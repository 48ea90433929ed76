//! The parts of a FetchXML query.

use serde::{Deserialize, Serialize};

pub use crate::kinds::{Aggregate, DateGrouping, LinkType};
use crate::{FetchXmlError, Operator, Position};

/// Where a part stood in the text it was read from. Two parts are equal wherever they stood.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Place(pub Option<Position>);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Place {}

/// A whole query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// The entity that is asked.
    pub entity: Entity,
    /// At most so many rows (1 to 5000); not together with paging.
    pub top: Option<u32>,
    /// Rows a page (1 to 5000).
    pub count: Option<u32>,
    /// Page number, from 1.
    pub page: Option<u32>,
    /// The cookie of the page before, decoded.
    pub paging_cookie: Option<String>,
    /// No row twice.
    pub distinct: bool,
    /// Aggregate columns.
    pub aggregate: bool,
    /// Rows an aggregate may look at.
    pub aggregate_limit: Option<u32>,
    /// Ask for the total number of rows (up to 5000).
    pub return_total_record_count: bool,
    /// Legacy; has no effect.
    pub no_lock: bool,
    /// Late materialization.
    pub late_materialize: bool,
    /// SQL hints.
    pub options: Option<String>,
    /// `retained` for long-term data.
    pub data_source: Option<String>,
    /// Raw order by values of choices.
    pub use_raw_order_by: bool,
    /// Attributes without effect (legacy, reports), by name, as they were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legacy: Vec<(String, String)>,
}

/// The entity of a query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// Logical name.
    pub name: String,
    /// All columns.
    pub all_attributes: bool,
    /// Columns.
    pub attributes: Vec<Attribute>,
    /// Order.
    pub orders: Vec<Order>,
    /// Filter.
    pub filter: Option<Filter>,
    /// Linked entities.
    pub links: Vec<LinkEntity>,
    /// Attributes without effect (legacy, reports), by name, as they were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legacy: Vec<(String, String)>,
}

/// A linked entity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkEntity {
    /// Logical name.
    pub name: String,
    /// Column of the linked entity.
    pub from: String,
    /// Column of the parent.
    pub to: String,
    /// Alias for results and conditions.
    pub alias: Option<String>,
    /// How it joins.
    pub link_type: LinkType,
    /// The linked entity is an intersect table.
    pub intersect: bool,
    /// Legacy; has no effect.
    pub visible: Option<bool>,
    /// All columns.
    pub all_attributes: bool,
    /// Columns.
    pub attributes: Vec<Attribute>,
    /// Order.
    pub orders: Vec<Order>,
    /// Filter; of an outer link it is part of the join.
    pub filter: Option<Filter>,
    /// Further links.
    pub links: Vec<LinkEntity>,
    /// Attributes without effect (legacy, reports), by name, as they were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legacy: Vec<(String, String)>,
}

/// A column that is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Logical name.
    pub name: String,
    /// Alias in the result; every aggregate needs one.
    pub alias: Option<String>,
    /// Aggregate function.
    pub aggregate: Option<Aggregate>,
    /// Group by it.
    pub group_by: bool,
    /// Group by a part of the date.
    pub date_grouping: Option<DateGrouping>,
    /// Group dates in the user's time zone.
    pub user_time_zone: Option<bool>,
    /// Count different values only.
    pub distinct: bool,
    /// `CountChildren` on a hierarchical entity.
    pub row_aggregate: Option<String>,
}

/// One term of the order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Column; absent when an alias is given.
    pub attribute: Option<String>,
    /// Alias of an aggregate.
    pub alias: Option<String>,
    /// Largest first.
    pub descending: bool,
    /// Alias of the linked entity the column belongs to.
    pub entity_name: Option<String>,
}

/// How the parts of a filter combine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FilterKind {
    /// All of them.
    #[default]
    And,
    /// At least one.
    Or,
}

impl FilterKind {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
        }
    }
}

/// A filter: conditions and nested filters. Their order has no meaning.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// How its parts combine.
    pub kind: FilterKind,
    /// Conditions.
    pub conditions: Vec<Condition>,
    /// Nested filters.
    pub filters: Vec<Filter>,
    /// Linked rows that must or must not exist.
    pub links: Vec<LinkEntity>,
    /// Quick find.
    pub quick_find_fields: bool,
    /// `union` hint.
    pub hint: Option<String>,
    /// Attributes without effect (legacy, reports), by name, as they were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legacy: Vec<(String, String)>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Logical name of the column.
    pub attribute: String,
    /// Operator.
    pub operator: Operator,
    /// Values as text, entities resolved.
    pub values: Vec<String>,
    /// Another column to compare with, maybe `alias.column`.
    pub value_of: Option<String>,
    /// Alias of the linked entity the column belongs to.
    pub entity_name: Option<String>,
    /// Display name of a lookup's value; no effect.
    pub ui_name: Option<String>,
    /// Entity of a lookup's value; no effect.
    pub ui_type: Option<String>,
    /// Display names and entities of single `<value>` elements, by their number from 0; no effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub value_labels: Vec<ValueLabel>,
    /// Attributes without effect (legacy, reports), by name, as they were written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legacy: Vec<(String, String)>,
    /// Where it stood.
    #[serde(skip)]
    pub place: Place,
}

/// What a `<value>` says beside its text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueLabel {
    /// Number of the value, from 0.
    pub value: usize,
    /// Display name.
    pub ui_name: Option<String>,
    /// Entity.
    pub ui_type: Option<String>,
}

impl Condition {
    /// A condition with its values.
    pub fn new<V: Into<String>>(
        attribute: impl Into<String>,
        operator: Operator,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        Self {
            attribute: attribute.into(),
            operator,
            values: values.into_iter().map(Into::into).collect(),
            value_of: None,
            entity_name: None,
            ui_name: None,
            ui_type: None,
            value_labels: Vec::new(),
            legacy: Vec::new(),
            place: Place::default(),
        }
    }
}

impl Filter {
    /// Reads a whole `<filter>` or a lone `<condition>`, which becomes a filter with that one condition.
    pub fn parse(text: &str) -> Result<Filter, FetchXmlError> {
        crate::read::filter(text)
    }
    /// True when nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty() && self.links.is_empty() && self.filters.iter().all(Filter::is_empty)
    }
    /// Every condition, nested ones included, linked ones not.
    pub fn all_conditions(&self) -> Vec<&Condition> {
        let mut found: Vec<&Condition> = self.conditions.iter().collect();
        for filter in &self.filters {
            found.extend(filter.all_conditions());
        }
        found
    }
}

impl Fetch {
    /// Reads a whole `<fetch>`.
    pub fn parse(text: &str) -> Result<Fetch, FetchXmlError> {
        crate::read::fetch(text)
    }
}
