//! Rows above and below a row, along the lookup of an entity that points at the entity itself.

use std::sync::Arc;
use syncline_fetchxml::Operator;

use super::scope::{Col, Compiler, col};
use super::value::id;
use crate::StoreError;
use crate::cache::dataset::Dataset;
use crate::cache::extract::Cell;

/// The lookup that makes an entity a tree: the only one that points at the entity itself, else the one that is named for it.
pub(super) fn parent_column(dataset: &Dataset, table: &str) -> Result<Col, StoreError> {
    let entity = dataset.entity.as_str();
    let named = [format!("parent{entity}id"), "parentid".to_owned(), format!("parent{entity}")];
    let own: Vec<_> = dataset
        .columns
        .iter()
        .filter(|column| column.column_type.is_lookup())
        .filter(|column| {
            column.targets.iter().any(|target| target.as_str() == entity)
                || (column.targets.is_empty() && named.iter().any(|name| name == column.name.as_str()))
        })
        .collect();
    let found = match own.as_slice() {
        [one] => Some(*one),
        several => {
            named.iter().find_map(|name| several.iter().find(|column| column.name.as_str() == name).copied())
        }
    };
    found.map(|column| col(table, column)).ok_or_else(|| {
        StoreError::query(format!(
            "no pulled column of {entity} leads from a row to the one above it, so its hierarchy is not known here"
        ))
        .with_hint(format!("pull {entity} with its parent column, or read live"))
    })
}

impl Compiler<'_> {
    /// The entity whose hierarchy a column speaks of: its own for a primary key, else the one its lookup points at.
    fn tree(&self, source: usize, column: &Col) -> Result<Arc<Dataset>, StoreError> {
        if column.primary {
            return Ok(Arc::clone(&self.sources[source].dataset));
        }
        let mut last = None;
        for target in &column.targets {
            match self.dataset(target.as_str()) {
                Ok(dataset) if parent_column(&dataset, "h").is_ok() => return Ok(dataset),
                Ok(dataset) => last = parent_column(&dataset, "h").err(),
                Err(error) => last = last.or(Some(error)),
            }
        }
        Err(last.unwrap_or_else(|| {
            StoreError::query(format!("{} points at no entity with a hierarchy", column.name)).with_hint(
                "hierarchical operators work on primary keys and on lookups of entities with a parent",
            )
        }))
    }

    pub(super) fn hierarchy(
        &mut self,
        source: usize,
        column: &Col,
        operator: Operator,
        value: &str,
    ) -> Result<String, StoreError> {
        let tree = self.tree(source, column)?;
        let table = format!("c_{}", tree.id);
        let up = parent_column(&tree, "h")?.sql;
        let mark = self.bind(Cell::Text(id(value)));
        let is_above = matches!(operator, Operator::Above | Operator::EqOrAbove);
        // UNION drops what was seen, so a circle ends.
        let walk = if is_above {
            format!(
                "WITH RECURSIVE walk(id) AS (SELECT {up} FROM {table} h WHERE h.record_id = {mark} AND {up} IS NOT NULL
                 UNION SELECT {up} FROM walk JOIN {table} h ON h.record_id = walk.id WHERE {up} IS NOT NULL)
                 SELECT id FROM walk"
            )
        } else {
            format!(
                "WITH RECURSIVE walk(id) AS (SELECT h.record_id FROM {table} h WHERE {up} = {mark}
                 UNION SELECT h.record_id FROM walk JOIN {table} h ON {up} = walk.id)
                 SELECT id FROM walk"
            )
        };
        let inside = format!("ifnull({} IN ({walk}), 0)", column.sql);
        Ok(match operator {
            Operator::EqOrUnder | Operator::EqOrAbove => {
                format!("(ifnull({} = {mark}, 0) OR {inside})", column.sql)
            }
            _ => inside,
        })
    }
}
