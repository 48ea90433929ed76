//! Running a document: one statement finds the rows, their JSON is read row by row.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use serde_json::value::RawValue;
use syncline_fetchxml::{Attribute, Fetch, LinkEntity};
use syncline_model::EntityName;
use uuid::Uuid;

use super::asker::Asker;
use super::functions::register_dates;
use super::hierarchy::parent_column;
use super::link::Join;
use super::rows::{RowText, Shape, group};
use super::scope::Compiler;
use crate::cache::extract::Cell;
use crate::cache::sql::SqlCancel;
use crate::time::from_millis;
use crate::{Store, StoreError};

/// Rows a page, where the document says nothing; the service's most.
const PAGE: u32 = 5000;

/// A document to run.
#[derive(Debug, Clone, Copy)]
pub struct FetchAsk<'a> {
    /// The document.
    pub fetch: &'a Fetch,
    /// Who asks, and when.
    pub asker: &'a Asker,
    /// Page, from 1, in place of the document's.
    pub page: Option<u32>,
    /// Also count all rows.
    pub count: bool,
}

/// A page of a document's result.
#[derive(Debug, Clone)]
pub struct FetchedRows {
    /// Rows as the Web API answers FetchXML: `_x_value` for lookups, `alias.column` for linked columns, columns without a value left out.
    pub rows: Vec<Box<RawValue>>,
    /// There are more behind this page.
    pub more: bool,
    /// All rows of the result, where that was asked.
    pub total: Option<u64>,
    /// Entities that were read.
    pub entities: Vec<EntityName>,
    /// When the oldest of them was pulled last.
    pub as_of: Option<Timestamp>,
}

impl Store {
    /// Runs a FetchXML document over the cache of a connection. Errors: `QueryInvalid` for what was not pulled, what only the service
    /// knows, and what is no sound query; `Cancelled`.
    pub fn fetch(
        &self,
        connection: Uuid,
        ask: &FetchAsk<'_>,
        cancel: &SqlCancel,
    ) -> Result<FetchedRows, StoreError> {
        let root = &ask.fetch.entity;
        self.index_filter(connection, &EntityName::new(root.name.as_str()), root.filter.as_ref())?;
        self.index_groups(connection, ask.fetch)?;
        self.read(|db| {
            cancel.begin(db)?;
            let result = register_dates(db, ask.asker.now.time_zone().clone(), ask.asker.fiscal())
                .and_then(|()| run(self, db, connection, ask));
            cancel.end();
            result
        })
    }
}

fn run(
    store: &Store,
    db: &Connection,
    connection: Uuid,
    ask: &FetchAsk<'_>,
) -> Result<FetchedRows, StoreError> {
    let fetch = ask.fetch;
    let mut compiler = Compiler::new(store, db, connection, ask.asker)?;
    let root = compiler.dataset(&fetch.entity.name)?;
    let table = format!("c_{}", root.id);
    compiler.add(root, &fetch.entity.name, None);
    let mut joins: Vec<Join<'_>> = Vec::new();
    compiler.declare(0, &fetch.entity.links, &mut joins)?;
    compiler.joined = compiler.sources.len();
    let joined = compiler.joins(&joins)?;
    let mut conditions = Vec::new();
    if let Some(filter) = fetch.entity.filter.as_ref().filter(|filter| !filter.is_empty()) {
        conditions.push(compiler.filter(0, filter)?);
    }
    conditions.extend(compiler.existing(0, &fetch.entity.links)?);
    let condition =
        if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
    let from = format!("FROM {table} t0{joined}{condition}");
    let mut found = if fetch.aggregate {
        groups(&mut compiler, ask, &joins, &from)?
    } else {
        records(&mut compiler, ask, &joins, &from)?
    };
    for source in &compiler.sources {
        if !found.entities.contains(&source.dataset.entity) {
            found.entities.push(source.dataset.entity.clone());
            let at: Option<i64> = db
                .query_row(
                    "SELECT max(coalesce(finished_at, page_at, started_at)) FROM pulls WHERE dataset = ?1 AND pages > 0",
                    [source.dataset.id],
                    |row| row.get(0),
                )
                .optional()?
                .flatten();
            found.as_of = [found.as_of, at.map(from_millis)].into_iter().flatten().min();
        }
    }
    Ok(found)
}

/// Rows to leave out and to take; one more than the page shows whether there are more.
fn window(compiler: &mut Compiler<'_>, ask: &FetchAsk<'_>) -> (String, usize) {
    let size = ask.fetch.top.or(ask.fetch.count).unwrap_or(PAGE).clamp(1, PAGE);
    let page = ask.page.or(ask.fetch.page).unwrap_or(1).max(1);
    let limit = compiler.bind(Cell::Integer(i64::from(size) + 1));
    let offset = compiler.bind(Cell::Integer(i64::from(page - 1) * i64::from(size)));
    (format!("LIMIT {limit} OFFSET {offset}"), size as usize)
}

fn total(compiler: &Compiler<'_>, ask: &FetchAsk<'_>, inside: &str) -> Result<Option<u64>, StoreError> {
    if !ask.count && !ask.fetch.return_total_record_count {
        return Ok(None);
    }
    let values = params_from_iter(compiler.values.iter());
    let mut statement = compiler.db.prepare(&format!("SELECT count(*) FROM ({inside})"))?;
    let total: i64 = statement.query_row(values, |row| row.get(0))?;
    Ok(Some(total.unsigned_abs()))
}

fn groups(
    compiler: &mut Compiler<'_>,
    ask: &FetchAsk<'_>,
    joins: &[Join<'_>],
    from: &str,
) -> Result<FetchedRows, StoreError> {
    let grouped = compiler.grouped(ask.fetch, joins)?;
    let by = if grouped.group.is_empty() {
        String::new()
    } else {
        format!(" GROUP BY {}", grouped.group.join(", "))
    };
    let inside = format!("SELECT {} {from}{by}", grouped.select.join(", "));
    let total = total(compiler, ask, &inside)?;
    let order = if grouped.order.is_empty() {
        String::new()
    } else {
        format!(" ORDER BY {}", grouped.order.join(", "))
    };
    let (limit, size) = window(compiler, ask);
    let mut statement = compiler.db.prepare(&format!("{inside}{order} {limit}"))?;
    let mut rows = statement.query(params_from_iter(compiler.values.iter()))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(group(&grouped.outputs, row)?);
    }
    let more = found.len() > size && ask.fetch.top.is_none();
    found.truncate(size);
    Ok(FetchedRows { rows: found, more, total, entities: Vec::new(), as_of: None })
}

fn records(
    compiler: &mut Compiler<'_>,
    ask: &FetchAsk<'_>,
    joins: &[Join<'_>],
    from: &str,
) -> Result<FetchedRows, StoreError> {
    let fetch = ask.fetch;
    let distinct = fetch.distinct;
    let key = (!distinct).then(|| compiler.sources[0].primary_id.clone());
    let all = fetch.entity.all_attributes || fetch.entity.attributes.is_empty();
    let mut tables = vec![(0, Shape::new(None, all, &fetch.entity.attributes, key.as_deref()))];
    for Join { source, link, .. } in joins {
        let alias = compiler.sources[*source].alias.clone();
        let shape = Shape::new(Some(&alias), link.all_attributes, &link.attributes, None);
        if !shape.is_empty() {
            tables.push((*source, shape));
        }
    }
    let mut select: Vec<String> =
        tables.iter().map(|(source, _)| format!("{}.rid", compiler.sources[*source].sql)).collect();
    let counted = row_aggregates(compiler, fetch, joins)?;
    select.extend(counted.iter().map(|(_, sql)| sql.clone()));
    let mut by = String::new();
    if distinct {
        let keys = distinct_keys(compiler, fetch, joins)?;
        by = format!(" GROUP BY {}", keys.join(", "));
        // With min() SQLite takes the other columns from the very row that has it.
        select.push("min(t0.rid)".to_owned());
    }
    let inside = format!("SELECT {} {from}{by}", select.join(", "));
    let total = total(compiler, ask, &inside)?;
    let mut order = compiler.orders(fetch, joins)?;
    order.push("t0.rid".to_owned());
    let (limit, size) = window(compiler, ask);
    let sql = format!("{inside} ORDER BY {} {limit}", order.join(", "));
    let datasets: Vec<_> =
        tables.iter().map(|(source, _)| std::sync::Arc::clone(&compiler.sources[*source].dataset)).collect();
    let mut bodies = Vec::new();
    let mut unpackers = Vec::new();
    for dataset in &datasets {
        bodies.push(compiler.db.prepare(&format!("SELECT raw FROM r_{} WHERE rid = ?1", dataset.id))?);
        unpackers.push(dataset.codec.decompressor()?);
    }
    let mut statement = compiler.db.prepare(&sql)?;
    let mut rows = statement.query(params_from_iter(compiler.values.iter()))?;
    let mut found = Vec::new();
    let mut more = false;
    while let Some(row) = rows.next()? {
        if found.len() == size {
            more = fetch.top.is_none();
            break;
        }
        let mut text = RowText::new();
        for (at, (_, shape)) in tables.iter().enumerate() {
            // A table of an outer join may have no row.
            let Some(rid) = row.get::<_, Option<i64>>(at)? else { continue };
            let mut body = bodies[at].query([rid])?;
            if let Some(body) = body.next()? {
                let packed = body.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
                text.table(shape, &mut unpackers[at], packed)?;
            }
        }
        for (n, (name, _)) in counted.iter().enumerate() {
            text.put(name, &row.get::<_, i64>(tables.len() + n)?.to_string())?;
        }
        found.push(text.end()?);
    }
    Ok(FetchedRows { rows: found, more, total, entities: Vec::new(), as_of: None })
}

/// `rowaggregate='CountChildren'`: how many rows stand directly below a row in its hierarchy.
fn row_aggregates(
    compiler: &Compiler<'_>,
    fetch: &Fetch,
    joins: &[Join<'_>],
) -> Result<Vec<(String, String)>, StoreError> {
    let mut found = Vec::new();
    for (source, attribute) in attributes(fetch, joins) {
        let Some(kind) = &attribute.row_aggregate else { continue };
        if !kind.eq_ignore_ascii_case("countchildren") {
            return Err(StoreError::query(format!("the row aggregate {kind} is not known"))
                .with_hint("CountChildren is the only one"));
        }
        let dataset = &compiler.sources[source].dataset;
        let up = parent_column(dataset, "h")?.sql;
        let name = attribute.alias.clone().unwrap_or_else(|| attribute.name.clone());
        let own = &compiler.sources[source].sql;
        found.push((name, format!("(SELECT count(*) FROM c_{} h WHERE {up} = {own}.record_id)", dataset.id)));
    }
    Ok(found)
}

fn attributes<'f>(fetch: &'f Fetch, joins: &'f [Join<'f>]) -> impl Iterator<Item = (usize, &'f Attribute)> {
    let root = fetch.entity.attributes.iter().map(|attribute| (0, attribute));
    let links = joins.iter().flat_map(|Join { source, link, .. }| {
        link.attributes.iter().map(move |attribute| (*source, attribute))
    });
    root.chain(links)
}

/// What makes two rows the same: the values of all columns of the result.
fn distinct_keys(
    compiler: &Compiler<'_>,
    fetch: &Fetch,
    joins: &[Join<'_>],
) -> Result<Vec<String>, StoreError> {
    let everything = |source: usize| compiler.sources[source].sql.clone() + ".rid";
    let mut keys = Vec::new();
    if fetch.entity.all_attributes || fetch.entity.attributes.is_empty() {
        keys.push(everything(0));
    }
    let all = |link: &LinkEntity| link.all_attributes;
    keys.extend(joins.iter().filter(|join| all(join.link)).map(|join| everything(join.source)));
    for (source, attribute) in attributes(fetch, joins).filter(|(_, a)| a.row_aggregate.is_none()) {
        keys.push(compiler.column(source, &attribute.name)?.side());
    }
    Ok(keys)
}
