//! Filters for a text that stands somewhere in a column, answered from the column's texts in memory.

use rusqlite::Connection;
use syncline_fetchxml::{Condition, Filter, Operator};
use syncline_model::ColumnType;

use crate::cache::dataset::Dataset;
use crate::cache::grid::GridQuery;
use crate::cache::grid_order::GridOrder;
use crate::cache::texts::{Pattern, Texts, TextsKey};
use crate::fold::fold;
use crate::{Store, StoreError};

impl Store {
    /// The places of the records that a query finds, in ascending order, where all it asks for is a text in a column of texts that has an index:
    /// then the texts are read from it once. `None`: the query is SQL's.
    pub(super) fn holding_text(
        &self,
        db: &Connection,
        dataset: &Dataset,
        query: &GridQuery,
    ) -> Result<Option<Vec<u32>>, StoreError> {
        let searched = query.search.as_deref().is_some_and(|text| !text.trim().is_empty());
        let asked = query.filter.as_ref().filter(|_| !searched).and_then(the_only_condition);
        let Some((condition, pattern)) = asked.and_then(|one| Some((one, pattern(one)?))) else {
            return Ok(None);
        };
        let Ok(column) = dataset.column(&condition.attribute) else { return Ok(None) };
        let order = GridOrder::of_values(column);
        if column.column_type != ColumnType::String || !order.is_indexed(db, dataset.id)? {
            return Ok(None);
        }
        let version = db
            .prepare_cached("SELECT version FROM datasets WHERE id = ?1")?
            .query_row([dataset.id], |row| row.get(0))?;
        let key = TextsKey { dataset: dataset.id, slot: column.slot, version };
        let texts = self.inner.texts.get(key, || {
            let text = format!("fold({})", column.value_sql());
            let (table, order) = (dataset.id, order.sql());
            let sql =
                format!("SELECT {text}, c.rid FROM c_{table} c WHERE {text} IS NOT NULL ORDER BY {order}");
            Texts::read(db, &sql)
        })?;
        Ok(texts.map(|texts| texts.places(&pattern)))
    }
}

/// The condition that a filter is, if it is but one.
fn the_only_condition(filter: &Filter) -> Option<&Condition> {
    if !filter.links.is_empty() {
        return None;
    }
    let mut inner = filter.filters.iter().filter(|inner| !inner.is_empty());
    match (filter.conditions.as_slice(), inner.next(), inner.next()) {
        ([condition], None, None) => Some(condition),
        ([], Some(inner), None) => the_only_condition(inner),
        _ => None,
    }
}

/// What a condition asks for, where a beginning is not all of it: that is a range of the index.
fn pattern(condition: &Condition) -> Option<Pattern> {
    let [value] = condition.values.as_slice() else { return None };
    if condition.entity_name.is_some() || condition.value_of.is_some() {
        return None;
    }
    let folded = fold(value);
    match condition.operator {
        // `_` and sets are for SQL.
        Operator::Like if !folded.contains(['_', '[']) => Pattern::of_like(&folded),
        Operator::EndsWith => Pattern::of_end(&folded),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_somewhere_in_one_column() {
        let asked = |xml: &str| {
            let filter = Filter::parse(xml).unwrap();
            the_only_condition(&filter).and_then(pattern)
        };
        let like = "<condition attribute='fullname' operator='like' value='%ZOË%'/>";
        assert_eq!(asked(like), Pattern::of_like("%zoe%"));
        assert_eq!(
            asked(&format!("<filter type='or'><filter>{like}</filter><filter/></filter>")),
            asked(like)
        );
        let ends = "<condition attribute='fullname' operator='ends-with' value='ë%_'/>";
        assert_eq!(asked(ends), Pattern::of_end("e%_"));
        for other in [
            &format!("<filter>{like}{ends}</filter>"),
            &format!("<filter>{like}<filter>{ends}</filter></filter>"),
            "<condition attribute='fullname' operator='like' value='%b_b%'/>",
            "<condition attribute='fullname' operator='like' value='%[ab]%'/>",
            "<condition attribute='fullname' operator='not-like' value='%a%'/>",
            "<condition attribute='fullname' operator='like' valueof='lastname'/>",
            "<condition entityname='x' attribute='fullname' operator='like' value='%a%'/>",
            "<condition attribute='fullname' operator='eq' value='%a%'/>",
        ] {
            assert_eq!(asked(other), None, "{other}");
        }
    }
}
