//! Orders as SQL.

use syncline_fetchxml::{Attribute, Fetch, Order};
use syncline_model::ColumnType;

use super::link::Join;
use super::scope::{Col, Compiler};
use crate::StoreError;

/// What a column is ordered by: choices and lookups by their label, text without regard to case and accents.
fn key(column: &Col, raw: bool) -> String {
    let by_label = match column.kind {
        ColumnType::Picklist | ColumnType::State | ColumnType::Status | ColumnType::MultiSelectPicklist => {
            !raw
        }
        ColumnType::Lookup | ColumnType::Customer | ColumnType::Owner => true,
        _ => false,
    };
    match &column.label {
        Some(label) if by_label => format!("fold({label})"),
        _ => column.side(),
    }
}

pub(super) fn direction(order: &Order) -> &'static str {
    if order.descending { " DESC" } else { " ASC" }
}

impl Compiler<'_> {
    /// All orders of a document: those of the entity first, then those of its links from the outside in.
    pub(super) fn orders(&self, fetch: &Fetch, joins: &[Join<'_>]) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        let root = (0, fetch.entity.orders.as_slice());
        let links = joins.iter().map(|join| (join.source, join.link.orders.as_slice()));
        for (source, orders) in std::iter::once(root).chain(links) {
            for order in orders {
                let column = self.ordered(fetch, joins, source, order)?;
                found.push(format!("{}{}", key(&column, fetch.use_raw_order_by), direction(order)));
            }
        }
        Ok(found)
    }

    fn ordered(
        &self,
        fetch: &Fetch,
        joins: &[Join<'_>],
        source: usize,
        order: &Order,
    ) -> Result<Col, StoreError> {
        let source = match &order.entity_name {
            Some(alias) => self.by_alias(alias)?,
            None => source,
        };
        match (&order.attribute, &order.alias) {
            (Some(name), _) => self.column(source, name),
            (None, Some(alias)) => {
                let of = |at: usize, attributes: &[Attribute]| {
                    attributes
                        .iter()
                        .find(|attribute| attribute.alias.as_ref() == Some(alias))
                        .map(|attribute| (at, attribute.name.clone()))
                };
                let (at, name) = of(0, &fetch.entity.attributes)
                    .or_else(|| joins.iter().find_map(|join| of(join.source, &join.link.attributes)))
                    .ok_or_else(|| StoreError::query(format!("no column has the alias {alias}")))?;
                self.column(at, &name)
            }
            (None, None) => Err(StoreError::query("an order names neither a column nor an alias")),
        }
    }
}
