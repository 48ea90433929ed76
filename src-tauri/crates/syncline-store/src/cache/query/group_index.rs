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
        self.index_by(connection, &entity, |dataset| Ok(terms(dataset, fetch).map(GridOrder::of_groups)))?;
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
        let column = dataset.column(&attribute.name).ok().filter(|column| is_worth_it(column))?;
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

/// Long texts would come a second time, and ids are hardly grouped: that of the record itself does not stand among the columns.
fn is_worth_it(column: &CacheColumn) -> bool {
    !matches!(
        column.column_type,
        ColumnType::Memo
            | ColumnType::PartyList
            | ColumnType::Image
            | ColumnType::File
            | ColumnType::Other
            | ColumnType::UniqueIdentifier
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::query::aggregate::Grouped;
    use crate::cache::query::scope::Compiler;
    use crate::testing::{connection_id, contact, now, open, pull, sample};
    use crate::{Asker, AskerFacts, PullKind};
    use jiff::tz::TimeZone;

    #[test]
    fn what_is_grouped_by_comes_first() {
        let (_folder, store) = open();
        pull(&store, PullKind::Full, &(0..10).map(sample).collect::<Vec<_>>());
        let dataset = store.read(|db| store.dataset_of(db, connection_id(), &contact())).unwrap();
        let slot = |name: &str| dataset.column(name).unwrap().slot;
        let of = |inside: &str| {
            let xml = format!("<fetch aggregate='true'><entity name='contact'>{inside}</entity></fetch>");
            terms(&dataset, &Fetch::parse(&xml).unwrap())
        };
        let (name, gender, credit) = (slot("fullname"), slot("gendercode"), slot("creditlimit"));
        let count = "<attribute name='contactid' alias='n' aggregate='count'/>";
        let by_gender = "<attribute name='gendercode' alias='g' groupby='true'/>";
        let expected = vec![format!("c.v{gender}"), format!("c.l{gender}")];
        assert_eq!(of(&format!("{count}{by_gender}")), Some(expected));
        let sum = "<attribute name='creditlimit' alias='s' aggregate='sum'/><attribute name='fullname' alias='f' groupby='true'/>";
        let expected = vec![format!("fold(c.v{name})"), format!("c.v{credit}"), format!("c.v{name}")];
        assert_eq!(of(sum), Some(expected));
        for none in [
            count.to_owned(),
            format!("{by_gender}<attribute name='contactid' alias='n' aggregate='countcolumn'/>"),
            format!(
                "{by_gender}{count}<filter><condition attribute='fullname' operator='not-null'/></filter>"
            ),
            format!("{by_gender}{count}<link-entity name='account' from='accountid' to='parentcustomerid'/>"),
        ] {
            assert_eq!(of(&none), None, "{none}");
        }
    }

    #[test]
    fn the_index_holds_all_that_the_statement_needs() {
        let (_folder, store) = open();
        pull(&store, PullKind::Full, &(0..10).map(sample).collect::<Vec<_>>());
        let asker = Asker { now: now().to_zoned(TimeZone::UTC), facts: AskerFacts::default() };
        for inside in [
            "<attribute name='contactid' alias='n' aggregate='count'/><attribute name='gendercode' alias='g' groupby='true'/><order alias='g'/>",
            "<attribute name='fullname' alias='f' groupby='true'/><attribute name='creditlimit' alias='s' aggregate='sum'/><order alias='s' descending='true'/>",
            "<attribute name='gendercode' alias='g' groupby='true'/><attribute name='numberofchildren' alias='c' groupby='true'/>
             <attribute name='numberofchildren' alias='a' aggregate='avg'/>",
        ] {
            let xml = format!("<fetch aggregate='true'><entity name='contact'>{inside}</entity></fetch>");
            let fetch = Fetch::parse(&xml).unwrap();
            let steps: Vec<String> = store
                .write(|tx| {
                    let dataset = store.dataset_of(tx, connection_id(), &contact())?;
                    let terms = terms(&dataset, &fetch).unwrap().join(", ").replace("c.", "");
                    tx.execute_batch(&format!("DROP INDEX IF EXISTS g; CREATE INDEX g ON c_{}({terms})", dataset.id))?;
                    let mut compiler = Compiler::new(&store, tx, connection_id(), &asker)?;
                    let from = format!("FROM c_{} t0", dataset.id);
                    compiler.add(dataset, "contact", None);
                    let Grouped { select, group, order, .. } = compiler.grouped(&fetch, &[])?;
                    let sql = format!(
                        "EXPLAIN QUERY PLAN SELECT {} {from} GROUP BY {} ORDER BY {}",
                        select.join(", "), group.join(", "), order.join(", ")
                    );
                    let mut statement = tx.prepare(&sql)?;
                    let steps = statement.query_map([], |row| row.get(3))?.collect::<rusqlite::Result<_>>()?;
                    Ok(steps)
                })
                .unwrap();
            assert!(steps[0].contains("USING COVERING INDEX g"), "{inside}: {steps:?}");
        }
    }
}
