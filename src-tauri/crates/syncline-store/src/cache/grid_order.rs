//! The order of a grid as SQL, and the indexes that make it quick. An index is made when an order is first asked for: which columns a
//! person sorts by is not known before, and each index that nobody uses would slow every pull.

use rusqlite::{Connection, OptionalExtension};
use sha2::{Digest, Sha256};
use syncline_model::{ColumnName, ColumnType, EntityName};
use uuid::Uuid;

use crate::cache::dataset::{self, CacheColumn, Dataset};
use crate::{Store, StoreError};

/// Fewer records are sorted faster than an index is made.
pub(super) const WORTH_AN_INDEX: u64 = 20_000;
/// Indexes of a kind that an entity has at most; the oldest makes room.
#[derive(Clone, Copy)]
struct IndexKind {
    prefix: char,
    most: usize,
}

const FOR_ORDERS: IndexKind = IndexKind { prefix: 'o', most: 8 };
/// Groups do not push out the orders and filters of a grid.
const FOR_GROUPS: IndexKind = IndexKind { prefix: 'g', most: 2 };

/// An order, with the place of a record as the last term.
pub(super) struct GridOrder {
    /// Expressions on `c`, and whether the largest comes first.
    terms: Vec<(String, bool)>,
    index: IndexKind,
}

fn expressions(column: &CacheColumn) -> Vec<String> {
    let value = column.value_sql();
    match column.column_type {
        ColumnType::String | ColumnType::Memo => vec![format!("fold({value})"), value],
        ColumnType::Picklist
        | ColumnType::MultiSelectPicklist
        | ColumnType::State
        | ColumnType::Status
        | ColumnType::Boolean
        | ColumnType::Lookup
        | ColumnType::Customer
        | ColumnType::Owner => vec![format!("fold({})", column.label_sql()), value],
        ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Decimal
        | ColumnType::Double
        | ColumnType::Money
        | ColumnType::PartyList
        | ColumnType::UniqueIdentifier
        | ColumnType::DateTime
        | ColumnType::Image
        | ColumnType::File
        | ColumnType::Other => vec![value],
    }
}

fn direction(descending: bool) -> &'static str {
    if descending { "DESC" } else { "ASC" }
}

impl GridOrder {
    pub(super) fn new(dataset: &Dataset, order: &[(ColumnName, bool)]) -> Result<Self, StoreError> {
        let mut terms = Vec::new();
        for (name, descending) in order {
            let column = dataset.column(name.as_str())?;
            terms.extend(expressions(column).into_iter().map(|term| (term, *descending)));
        }
        Ok(Self { terms, index: FOR_ORDERS })
    }

    /// The order of a column's values: an index on it serves comparisons, and for text and numbers the order that a person sees too.
    pub(super) fn of_values(column: &CacheColumn) -> Self {
        let mut terms = expressions(column);
        if column.labelled {
            terms = vec![column.value_sql()];
        }
        Self::ascending(terms, FOR_ORDERS)
    }

    /// What groups are made from: terms that are grouped by, and others that they need.
    pub(super) fn of_groups(terms: Vec<String>) -> Self {
        Self::ascending(terms, FOR_GROUPS)
    }

    fn ascending(terms: Vec<String>, index: IndexKind) -> Self {
        Self { terms: terms.into_iter().map(|term| (term, false)).collect(), index }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// What stands behind `ORDER BY`. Records that are equal come in the order of their places, or against it where the largest comes
    /// first, so that one index serves both directions.
    pub(super) fn sql(&self) -> String {
        let mut sql = String::new();
        for (term, descending) in &self.terms {
            sql.push_str(&format!("{term} {}, ", direction(*descending)));
        }
        let backwards = self.terms.first().is_some_and(|(_, descending)| *descending);
        format!("{sql}c.rid {}", direction(backwards))
    }

    /// The terms of an index for this order and its reverse.
    fn index_terms(&self) -> String {
        let flip = self.terms.first().is_some_and(|(_, descending)| *descending);
        let terms: Vec<String> = self
            .terms
            .iter()
            .map(|(term, descending)| {
                format!("{} {}", term.replace("c.", ""), direction(*descending != flip))
            })
            .collect();
        terms.join(", ")
    }

    /// True where an entity has the index for this order.
    pub(super) fn is_indexed(&self, db: &Connection, id: i64) -> Result<bool, StoreError> {
        has_index(db, &self.index_name(id))
    }

    fn index_name(&self, id: i64) -> String {
        format!("{}_{id}_{}", self.index.prefix, hex::encode(&Sha256::digest(self.index_terms())[..6]))
    }
}

fn has_index(db: &Connection, name: &str) -> Result<bool, StoreError> {
    let found: Option<i64> = db
        .prepare_cached("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(found.is_some())
}

impl Store {
    /// Makes the index of an order where it is worth it. A store that is busy goes without; the order is the same, only slower.
    pub(super) fn index_order(
        &self,
        connection: Uuid,
        entity: &EntityName,
        order: &[(ColumnName, bool)],
    ) -> Result<(), StoreError> {
        if order.is_empty() {
            return Ok(());
        }
        self.index_by(connection, entity, |dataset| GridOrder::new(dataset, order).map(Some))?;
        Ok(())
    }

    /// Makes an index of an entity that has many records, if it is not there. False: the store is busy.
    pub(super) fn index_by(
        &self,
        connection: Uuid,
        entity: &EntityName,
        by: impl FnOnce(&Dataset) -> Result<Option<GridOrder>, StoreError>,
    ) -> Result<bool, StoreError> {
        let wanted = self.read(|db| {
            let Some(id) = dataset::find(db, connection, entity)? else { return Ok(None) };
            if dataset::record_count(db, id)? < WORTH_AN_INDEX {
                return Ok(None);
            }
            let Some(order) = by(&*self.dataset(db, id)?)? else { return Ok(None) };
            let name = order.index_name(id);
            Ok(if has_index(db, &name)? { None } else { Some((id, order, name)) })
        })?;
        let Some((id, order, name)) = wanted else { return Ok(true) };
        let made = self.write(|tx| {
            if dataset::find(tx, connection, entity)? != Some(id) || has_index(tx, &name)? {
                return Ok(());
            }
            let known: Vec<String> = tx
                .prepare(
                    "SELECT name FROM sqlite_master WHERE type = 'index' AND name GLOB ?1 ORDER BY rowid",
                )?
                .query_map([format!("{}_{id}_*", order.index.prefix)], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for old in known.iter().take((known.len() + 1).saturating_sub(order.index.most)) {
                tx.execute_batch(&format!("DROP INDEX {old}"))?;
            }
            // Statistics tell when an index is better left alone: half of all records are still found by reading them all.
            tx.execute_batch(&format!(
                "CREATE INDEX {name} ON c_{id}({}); ANALYZE {name}",
                order.index_terms()
            ))?;
            Ok(())
        });
        match made {
            Err(StoreError::Busy { .. }) => Ok(false),
            other => other.map(|()| true),
        }
    }
}
