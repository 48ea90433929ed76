//! The rules of a source.

use std::collections::HashSet;
use syncline_model::{ColumnName, EntityName, ErrorCode, Record, RecordId};

use super::{Breach, Held, cancelled, cancelled_token, good, hold, refused, token};
use crate::{Cursor, Order, Selection, Source};

/// What a suite knows of a source.
#[derive(Debug, Clone)]
pub struct SourceFixture {
    /// An entity with at least three pages.
    pub entity: EntityName,
    /// Readable columns of it, without the primary key; the first one can be sorted by.
    pub columns: Vec<ColumnName>,
    /// How many records it has.
    pub records: u64,
    /// Records a page.
    pub page_size: u32,
    /// An id that no record has.
    pub absent: RecordId,
    /// A name that no entity has.
    pub unknown_entity: EntityName,
}

impl SourceFixture {
    fn selection(&self) -> Selection {
        Selection {
            entity: Some(self.entity.clone()),
            columns: self.columns.clone(),
            page_size: self.page_size,
            ..Selection::default()
        }
    }
}

/// Reads to the end. Every cursor passes through JSON, as it does through the store.
async fn read(rule: &'static str, source: &dyn Source, selection: &Selection) -> Result<Vec<Record>, Breach> {
    let mut records = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page = good(rule, source.page(selection, cursor.as_ref(), &token()).await)?;
        hold(rule, page.records.len() <= selection.page_size as usize, || {
            format!("{} records in a page of {}", page.records.len(), selection.page_size)
        })?;
        records.extend(page.records);
        let Some(next) = page.next else { return Ok(records) };
        hold(rule, cursor.as_ref() != Some(&next), || "a page leads to itself".to_owned())?;
        let text = serde_json::to_string(&next).map_err(|error| Breach { rule, what: error.to_string() })?;
        cursor = serde_json::from_str(&text).map_err(|error| Breach { rule, what: error.to_string() })?;
    }
}

fn ids(records: &[Record]) -> Vec<&RecordId> {
    records.iter().map(|record| &record.id).collect()
}

/// Checks a source.
pub async fn source(source: &dyn Source, fixture: &SourceFixture) -> Held {
    let mut held = Vec::new();
    for rule in [
        schema(source, fixture).await?,
        pages(source, fixture).await?,
        orders(source, fixture).await?,
        tops(source, fixture).await?,
        counts(source, fixture).await?,
        gets(source, fixture).await?,
        cursors(source, fixture).await?,
        unknown(source, fixture).await?,
        cancels(source, fixture).await?,
    ] {
        held.push(rule);
    }
    Ok(held)
}

async fn schema(source: &dyn Source, fixture: &SourceFixture) -> Result<&'static str, Breach> {
    const RULE: &str = "the list of entities and the schema agree";
    let entities = good(RULE, source.entities(&token()).await)?;
    hold(RULE, entities.is_sorted_by(|a, b| a.logical_name < b.logical_name), || {
        "entities are not sorted by logical name, or one comes twice".to_owned()
    })?;
    let schema = good(RULE, source.schema(&fixture.entity, &token()).await)?;
    let listed = entities.iter().find(|summary| summary.logical_name == fixture.entity);
    hold(RULE, listed == Some(&schema.summary), || format!("{listed:?} against {:?}", schema.summary))?;
    let sorted = schema.columns.is_sorted_by(|a, b| a.logical_name < b.logical_name);
    hold(RULE, sorted, || "columns are not sorted, or one comes twice".to_owned())?;
    let primary = schema.column(schema.summary.primary_id.as_str());
    hold(RULE, primary.is_some_and(|column| column.readable), || "the primary key is no column".to_owned())?;
    for name in schema.keys.iter().flat_map(|key| &key.columns).chain(&fixture.columns) {
        hold(RULE, schema.column(name.as_str()).is_some(), || format!("{name} is no column"))?;
    }
    Ok(RULE)
}

async fn pages(source: &dyn Source, fixture: &SourceFixture) -> Result<&'static str, Breach> {
    const RULE: &str = "pages add up and do not overlap";
    let records = read(RULE, source, &fixture.selection()).await?;
    let distinct: HashSet<_> = ids(&records).into_iter().collect();
    hold(RULE, distinct.len() == records.len(), || {
        format!("{} records, {} ids", records.len(), distinct.len())
    })?;
    hold(RULE, records.len() as u64 == fixture.records, || {
        format!("{} records, not {}", records.len(), fixture.records)
    })?;
    for record in &records {
        let fields = record.fields().map_err(|error| Breach { rule: RULE, what: error.to_string() })?;
        let missing = fixture.columns.iter().find(|column| fields.value(column.as_str()).is_none());
        hold(RULE, missing.is_none() && record.entity == fixture.entity, || {
            format!("{} lacks {missing:?}", record.id)
        })?;
    }
    let again = read(RULE, source, &fixture.selection()).await?;
    hold(RULE, ids(&again) == ids(&records), || "a second reading comes in another order".to_owned())?;
    Ok(RULE)
}

async fn orders(source: &dyn Source, fixture: &SourceFixture) -> Result<&'static str, Breach> {
    const RULE: &str = "an ordered reading has the same records, and its reverse the reverse order of values";
    let Some(column) = fixture.columns.first() else {
        return Err(Breach { rule: RULE, what: "the fixture names no column".to_owned() });
    };
    let mut readings = Vec::new();
    for descending in [false, true] {
        let order = vec![Order { column: column.clone(), descending }];
        let records = read(RULE, source, &Selection { order, ..fixture.selection() }).await?;
        let distinct: HashSet<_> = ids(&records).into_iter().collect();
        hold(RULE, distinct.len() as u64 == fixture.records, || format!("{} distinct ids", distinct.len()))?;
        let values: Vec<_> = records
            .iter()
            .map(|record| record.fields().ok().and_then(|fields| fields.value(column.as_str())))
            .collect();
        readings.push(values);
    }
    readings[1].reverse();
    // Collations hold some texts for equal; those may come in either order.
    let folded = |values: &[Option<syncline_model::Value>]| -> Vec<String> {
        values.iter().flatten().map(|value| value.display_text().to_lowercase()).collect()
    };
    let (up, down) = (folded(&readings[0]), folded(&readings[1]));
    let different = up.iter().zip(&down).filter(|(a, b)| a != b).count();
    hold(RULE, different * 20 <= up.len(), || format!("{different} of {} places differ", up.len()))?;
    Ok(RULE)
}

async fn tops(source: &dyn Source, fixture: &SourceFixture) -> Result<&'static str, Breach> {
    const RULE: &str = "a reading stops at the number asked for";
    let size = u64::from(fixture.page_size);
    for top in [0, 1, size, size + 1, fixture.records, fixture.records + 1] {
        let records = read(RULE, source, &Selection { top: Some(top), ..fixture.selection() }).await?;
        hold(RULE, records.len() as u64 == top.min(fixture.records), || {
            format!("{} records for top {top}", records.len())
        })?;
    }
    Ok(RULE)
}

async fn counts(source: &dyn Source, fixture: &SourceFixture) -> Result<&'static str, Breach> {
    const RULE: &str = "the count agrees with the reading";
    let count = good(RULE, source.count(&fixture.selection(), &token()).await)?;
    let agrees = if count.exact { count.value == fixture.records } else { count.value <= fixture.records };
    hold(RULE, agrees, || format!("{count:?} for {} records", fixture.records))?;
    Ok(RULE)
}

async fn gets(source: &dyn Source, fixture: &SourceFixture) -> Result<&'static str, Breach> {
    const RULE: &str = "records by id come in the order asked, none where there is none";
    let first = good(RULE, source.page(&fixture.selection(), None, &token()).await)?.records;
    let mut wanted: Vec<RecordId> = first.iter().rev().take(5).map(|record| record.id.clone()).collect();
    wanted.insert(1, fixture.absent.clone());
    wanted.push(wanted[0].clone());
    let found = good(RULE, source.get(&fixture.entity, &wanted, &fixture.columns, &token()).await)?;
    hold(RULE, found.len() == wanted.len(), || format!("{} answers for {}", found.len(), wanted.len()))?;
    for (id, record) in wanted.iter().zip(&found) {
        let right = match record {
            Some(record) => &record.id == id,
            None => id == &fixture.absent,
        };
        hold(RULE, right, || format!("{id} was answered with {record:?}"))?;
    }
    let all = good(RULE, source.get(&fixture.entity, &wanted[..1], &[], &token()).await)?;
    let names = all[0].as_ref().and_then(|record| record.fields().ok()).map_or(0, |f| f.names().count());
    hold(RULE, names > fixture.columns.len(), || format!("all columns are {names} names"))?;
    let none = good(RULE, source.get(&fixture.entity, &[], &fixture.columns, &token()).await)?;
    hold(RULE, none.is_empty(), || "records for no ids".to_owned())?;
    Ok(RULE)
}

async fn cursors(source: &dyn Source, fixture: &SourceFixture) -> Result<&'static str, Breach> {
    const RULE: &str = "a cursor that nobody gave is refused";
    let cursor = Cursor("no cursor of anybody".to_owned());
    let result = source.page(&fixture.selection(), Some(&cursor), &token()).await;
    refused(RULE, &[ErrorCode::UnexpectedReply], result)?;
    Ok(RULE)
}

async fn unknown(source: &dyn Source, fixture: &SourceFixture) -> Result<&'static str, Breach> {
    const RULE: &str = "an unknown entity or column is told by name";
    let name = &fixture.unknown_entity;
    let error = refused(RULE, &[ErrorCode::NotFound], source.schema(name, &token()).await)?;
    hold(RULE, error.message.contains(name.as_str()) && error.hint.is_some(), || format!("{error:?}"))?;
    let selection = Selection { entity: Some(name.clone()), ..fixture.selection() };
    refused(RULE, &[ErrorCode::NotFound], source.page(&selection, None, &token()).await)?;
    let selection = Selection { columns: vec!["no_such_column".into()], ..fixture.selection() };
    let codes = [ErrorCode::QueryInvalid, ErrorCode::NotFound, ErrorCode::Usage];
    let error = refused(RULE, &codes, source.page(&selection, None, &token()).await)?;
    hold(RULE, error.message.contains("no_such_column"), || format!("{error:?}"))?;
    Ok(RULE)
}

async fn cancels(source: &dyn Source, fixture: &SourceFixture) -> Result<&'static str, Breach> {
    const RULE: &str = "a cancelled call ends as cancelled";
    let (stop, selection) = (cancelled_token(), fixture.selection());
    cancelled(RULE, source.page(&selection, None, &stop)).await?;
    cancelled(RULE, source.count(&selection, &stop)).await?;
    cancelled(RULE, source.entities(&stop)).await?;
    cancelled(RULE, source.schema(&fixture.entity, &stop)).await?;
    cancelled(RULE, source.get(&fixture.entity, std::slice::from_ref(&fixture.absent), &[], &stop)).await?;
    Ok(RULE)
}
