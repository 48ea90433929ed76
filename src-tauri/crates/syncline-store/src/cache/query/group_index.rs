//! The index that groups are worth: all that a grouped query over one entity needs of a record stands in it, so that the records themselves need
//! not be read. It is made when the columns are first grouped by, which takes about as long as reading all records once.

use syncline_fetchxml::{Aggregate, Fetch};
use syncline_model::{ColumnType, EntityName};
use uuid::Uuid;

use crate::cache::dataset::{CacheColumn, Dataset};
use crate::cache::grid_order::GridOrder;
use crate::{Store, StoreError};

/// An index of more columns is hardly smaller than what it saves.
const MOST_COLUMNS: usize = 3;

impl Store {
    /// Makes the index of a grouped query, where it is worth one.
    pub(super) fn index_groups(&self, connection: Uuid, fetch: &Fetch) -> Result<(), StoreError> {
        let entity = EntityName::new(fetch.entity.name.as_str());
        self.index_by(connection, &entity, |dataset| Ok(terms(dataset, fetch).map(GridOrder::ascending)))?;
        Ok(())
    }
}

/// The terms: what is grouped by, as [`super::aggregate`] writes it, and then what else is selected. `None`: not worth an index.
fn terms(dataset: &Dataset, fetch: &Fetch) -> Option<Vec<String>> {
    let entity = &fetch.entity;
    let whole = entity.links.is_empty() && entity.filter.as_ref().is_none_or(|filter| filter.is_empty());
    if !fetch.aggregate || !whole {
        return None;
    }
    let (mut keys, mut others, mut columns) = (Vec::new(), Vec::new(), Vec::new());
    for attribute in &entity.attributes {
        if attribute.aggregate == Some(Aggregate::Count) {
            // Of records, whatever column is named.
            continue;
        }
        let column = dataset.column(&attribute.name).ok().filter(|column| is_short(column))?;
        columns.push(column.slot);
        if attribute.aggregate.is_some() {
            others.push(column.value_sql());
        } else if attribute.group_by && attribute.date_grouping.is_none() {
            let value = column.value_sql();
            keys.push(if column.column_type.is_text() { format!("fold({value})") } else { value.clone() });
            others.push(value);
            others.extend(column.labelled.then(|| column.label_sql()));
        } else {
            return None;
        }
    }
    columns.sort_unstable();
    columns.dedup();
    if keys.is_empty() || columns.len() > MOST_COLUMNS {
        return None;
    }
    let mut all: Vec<String> = Vec::new();
    for term in keys.into_iter().chain(others) {
        if !all.contains(&term) {
            all.push(term);
        }
    }
    Some(all)
}

/// Long texts would come a second time.
fn is_short(column: &CacheColumn) -> bool {
    !matches!(column.column_type, ColumnType::Memo | ColumnType::Image | ColumnType::File | ColumnType::Other)
}
