//! A filter taken apart into what can be answered by itself: a record is found by a filter where it is found by all, or by any, of its parts,
//! so that what is known of one part serves every filter that has it.

use fixedbitset::FixedBitSet;
use rusqlite::Connection;
use std::sync::Arc;
use syncline_fetchxml::{Condition, Filter, FilterKind};
use uuid::Uuid;

use crate::cache::dataset::{CacheColumn, Dataset};
use crate::cache::extract::Cell;
use crate::cache::filter_index::{names_records, rank};
use crate::cache::grid_order::GridOrder;
use crate::cache::places::place_set;
use crate::cache::query::{Asker, Compiler};
use crate::cache::text_filter::TextCondition;
use crate::{Store, StoreError};

/// A filter, or a part of one.
pub(super) enum Part {
    /// Found by each of them.
    All(Vec<Part>),
    /// Found by at least one.
    Any(Vec<Part>),
    /// A condition, or linked records that must or must not be there.
    One(One),
    /// Words, as the search index takes them.
    Words(String),
}

/// What SQL can answer by itself.
pub(super) struct One {
    /// On the table `c`.
    pub(super) sql: String,
    pub(super) values: Vec<Cell>,
    /// The column, where it is one of the entity's own that an index would help.
    pub(super) column: Option<CacheColumn>,
    /// What is asked of the column's texts.
    pub(super) text: Option<TextCondition>,
    /// How much an index on the column narrows; 0: it doesn't.
    rank: u8,
    /// Records are named by their ids.
    by_id: bool,
}

/// Whose filter it is.
pub(super) struct Scope<'a> {
    pub(super) store: &'a Store,
    pub(super) db: &'a Connection,
    pub(super) connection: Uuid,
    pub(super) dataset: &'a Arc<Dataset>,
    pub(super) asker: &'a Asker,
}

impl Part {
    /// A filter that SQL takes as a whole.
    pub(super) fn of(scope: &Scope<'_>, filter: &Filter) -> Result<Self, StoreError> {
        let mut parts = Vec::new();
        for condition in &filter.conditions {
            parts.push(Self::One(One::of_condition(scope, condition)?));
        }
        for inner in filter.filters.iter().filter(|inner| !inner.is_empty()) {
            parts.push(Self::of(scope, inner)?);
        }
        for link in &filter.links {
            let alone = Filter { links: vec![link.clone()], ..Filter::default() };
            parts.push(Self::One(One::of(scope, &alone)?));
        }
        Ok(match (filter.kind, parts.len()) {
            (_, 1) => parts.remove(0),
            (FilterKind::And, _) => Self::All(parts),
            (FilterKind::Or, _) => Self::Any(parts),
        })
    }

    /// What is to be answered first where several must be met: what finds few records at little cost has a small number.
    pub(super) fn cost(&self) -> u8 {
        match self {
            Self::One(One { text: Some(_), .. }) => 3,
            Self::One(One { by_id: true, .. } | One { rank: 4, .. }) => 1,
            Self::One(One { rank: 1.., .. }) => 4,
            Self::One(_) => 6,
            Self::Words(_) => 2,
            Self::All(parts) => parts.iter().map(Self::cost).min().unwrap_or_default(),
            Self::Any(parts) => parts.iter().map(Self::cost).max().unwrap_or_default(),
        }
    }
}

impl One {
    fn of(scope: &Scope<'_>, filter: &Filter) -> Result<Self, StoreError> {
        let mut compiler = Compiler::new(scope.store, scope.db, scope.connection, scope.asker)?;
        compiler.add(Arc::clone(scope.dataset), scope.dataset.entity.as_str(), Some("c"));
        let sql = compiler.filter(0, filter)?;
        Ok(Self { sql, values: compiler.into_values(), column: None, text: None, rank: 0, by_id: false })
    }

    fn of_condition(scope: &Scope<'_>, condition: &Condition) -> Result<Self, StoreError> {
        let alone = Filter { conditions: vec![condition.clone()], ..Filter::default() };
        let mut one = Self::of(scope, &alone)?;
        if condition.entity_name.is_some() || condition.value_of.is_some() {
            return Ok(one);
        }
        if let Ok(column) = scope.dataset.column(&condition.attribute) {
            one.rank = rank(scope.dataset, column, condition.operator, true);
            one.by_id = names_records(scope.dataset, column, condition.operator);
            one.text = TextCondition::of(column, condition);
            one.column = (one.rank > 0).then(|| column.clone());
        }
        Ok(one)
    }

    /// The index that would help, where it is not there.
    pub(super) fn missing_index(&self, db: &Connection, id: i64) -> Result<Option<GridOrder>, StoreError> {
        let Some(column) = &self.column else { return Ok(None) };
        let order = GridOrder::of_values(column);
        Ok(if order.is_indexed(db, id)? { None } else { Some(order) })
    }

    /// The records that SQL finds, of all or of a few.
    pub(super) fn found(
        &self,
        db: &Connection,
        id: i64,
        few: Option<&[u32]>,
    ) -> Result<FixedBitSet, StoreError> {
        let (sql, mut values) = (&self.sql, self.values.clone());
        let Some(few) = few else {
            return place_set(db, &format!("SELECT c.rid FROM c_{id} c WHERE {sql}"), &values);
        };
        values.push(Cell::Text(serde_json::to_string(few)?));
        let among = values.len();
        let sql = format!(
            "SELECT c.rid FROM json_each(?{among}) j CROSS JOIN c_{id} c ON c.rid = j.value WHERE {sql}"
        );
        place_set(db, &sql, &values)
    }
}
