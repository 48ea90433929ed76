//! Windows of cached records: filtered, searched, ordered, counted, without a network.

use jiff::{Timestamp, Zoned};
use serde_json::value::RawValue;
use syncline_fetchxml::Filter;
use syncline_model::{ColumnName, ColumnType, EntityName, Record, members};
use uuid::Uuid;

use crate::cache::dataset::{CacheColumn, Dataset};
use crate::cache::extract::Cell;
use crate::cache::index;
use crate::cache::query::{Asker, AskerFacts, Compiler, register_dates};
use crate::cache::read::grid_row;
use crate::cache::search::expressions;
use crate::{Store, StoreError};

/// Which records, how ordered, which window of them.
#[derive(Debug, Clone)]
pub struct GridQuery {
    /// Columns in the rows' JSON, with their annotations; empty: everything that was pulled.
    pub columns: Vec<ColumnName>,
    /// Filter.
    pub filter: Option<Filter>,
    /// Words that must all be in the record, each as a beginning.
    pub search: Option<String>,
    /// Order: column and whether the largest comes first. Text without regard to case and accents; choices and lookups by their
    /// label; records without a value first, or last where the largest comes first, as in Dataverse.
    pub order: Vec<(ColumnName, bool)>,
    /// First row, from 0.
    pub offset: u64,
    /// Most rows.
    pub limit: u32,
    /// Now, in the zone of the person: `today` and the like are days of that zone.
    pub now: Zoned,
    /// Who is asking, for `eq-userid` and the like.
    pub user_id: Option<String>,
    /// What else is known of the person and the organization.
    pub facts: AskerFacts,
}

impl GridQuery {
    /// The first rows of everything.
    pub fn new(now: Zoned, limit: u32) -> Self {
        Self {
            columns: Vec::new(),
            filter: None,
            search: None,
            order: Vec::new(),
            offset: 0,
            limit,
            now,
            user_id: None,
            facts: AskerFacts::default(),
        }
    }
}

impl GridQuery {
    /// Who asks, with everything that is known of them.
    fn asker(&self) -> Asker {
        let mut facts = self.facts.clone();
        facts.user_id = self.user_id.clone().or(facts.user_id);
        Asker { now: self.now.clone(), facts }
    }
}

/// A cached record.
#[derive(Debug, Clone)]
pub struct GridRow {
    /// The record as it was pulled.
    pub record: Record,
    /// When it was read last.
    pub pulled_at: Timestamp,
}

/// A window.
#[derive(Debug, Clone)]
pub struct GridPage {
    /// Its rows.
    pub rows: Vec<GridRow>,
    /// Records of the whole selection.
    pub total: u64,
    /// When the oldest row of the window was read.
    pub as_of: Option<Timestamp>,
    /// Columns that were pulled.
    pub pulled_columns: Vec<ColumnName>,
}

fn order_terms(column: &CacheColumn, descending: bool) -> String {
    let direction = if descending { "DESC" } else { "ASC" };
    let value = column.value_sql();
    match column.column_type {
        ColumnType::String | ColumnType::Memo => format!("fold({value}) {direction}, {value} {direction}"),
        ColumnType::Picklist
        | ColumnType::MultiSelectPicklist
        | ColumnType::State
        | ColumnType::Status
        | ColumnType::Boolean
        | ColumnType::Lookup
        | ColumnType::Customer
        | ColumnType::Owner => {
            format!("fold({}) {direction}, {value} {direction}", column.label_sql())
        }
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
        | ColumnType::Other => format!("{value} {direction}"),
    }
}

impl Store {
    /// The condition of a query's filter and search on the table `c`, with its values.
    pub(crate) fn selected(
        &self,
        db: &rusqlite::Connection,
        connection: Uuid,
        dataset: &std::sync::Arc<Dataset>,
        query: &GridQuery,
    ) -> Result<(String, Vec<Cell>), StoreError> {
        let n = dataset.id;
        let mut values: Vec<Cell> = Vec::new();
        let mut conditions: Vec<String> = Vec::new();
        if let Some(filter) = &query.filter {
            let asker = query.asker();
            register_dates(db, asker.now.time_zone().clone(), asker.fiscal())?;
            let mut compiler = Compiler::new(self, db, connection, &asker)?;
            compiler.add(std::sync::Arc::clone(dataset), dataset.entity.as_str(), Some("c"));
            conditions.push(compiler.filter(0, filter)?);
            values = compiler.into_values();
        }
        if let Some(text) = query.search.as_deref().filter(|text| !text.trim().is_empty()) {
            match expressions(text) {
                Some(expressions) if index::indexed_to(db, n)? > 0 => {
                    values.push(Cell::Text(expressions.all));
                    conditions.push(format!(
                        "c.rid IN (SELECT rowid FROM s_{n} WHERE s_{n} MATCH ?{})",
                        values.len()
                    ));
                }
                // Nothing in the text can be a word, or nothing is indexed yet: nothing is found.
                Some(_) | None => conditions.push("0".to_owned()),
            }
        }
        let condition = if conditions.is_empty() { "1".to_owned() } else { conditions.join(" AND ") };
        Ok((condition, values))
    }

    /// A window of the cached records of an entity.
    pub fn page_records(
        &self,
        connection: Uuid,
        entity: &EntityName,
        query: &GridQuery,
    ) -> Result<GridPage, StoreError> {
        self.read(|db| {
            let dataset = self.dataset_of(db, connection, entity)?;
            let n = dataset.id;
            let (condition, mut values) = self.selected(db, connection, &dataset, query)?;
            let total: i64 = db.query_row(
                &format!("SELECT count(*) FROM c_{n} c WHERE {condition}"),
                rusqlite::params_from_iter(&values),
                |row| row.get(0),
            )?;
            let mut order = String::new();
            for (column, descending) in &query.order {
                order.push_str(&order_terms(dataset.column(column.as_str())?, *descending));
                order.push_str(", ");
            }
            values.push(Cell::Integer(i64::from(query.limit)));
            values.push(Cell::Integer(i64::try_from(query.offset).unwrap_or(i64::MAX)));
            // The window is found on the narrow table; only its rows are joined with their JSON.
            let sql = format!(
                "SELECT c.record_id, c.etag, c.pulled_at, r.raw FROM
                   (SELECT c.rid AS rid, row_number() OVER () AS place FROM
                     (SELECT c.rid FROM c_{n} c WHERE {condition} ORDER BY {order}c.rid LIMIT ?{} OFFSET ?{}) c) w
                 JOIN c_{n} c ON c.rid = w.rid JOIN r_{n} r ON r.rid = w.rid ORDER BY w.place",
                values.len() - 1,
                values.len()
            );
            let mut statement = db.prepare_cached(&sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(&values))?;
            let mut unpacker = dataset.codec.decompressor()?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let mut row = grid_row(&dataset, &mut unpacker, row, 0)?;
                if !query.columns.is_empty() {
                    row.record.raw = narrowed(&query.columns, row.record.raw.get())?;
                }
                found.push(row);
            }
            Ok(GridPage {
                as_of: found.iter().map(|row| row.pulled_at).min(),
                rows: found,
                total: total.unsigned_abs(),
                pulled_columns: dataset.columns.iter().map(|column| column.name.clone()).collect(),
            })
        })
    }
}

/// Only the asked columns with their annotations, and the annotations of the record itself.
fn narrowed(columns: &[ColumnName], raw: &str) -> Result<Box<RawValue>, StoreError> {
    let is_wanted = |member: &str| {
        let name = member.split_once('@').map_or(member, |(name, _)| name);
        let plain = name.strip_prefix('_').and_then(|name| name.strip_suffix("_value"));
        name.is_empty()
            || columns.iter().any(|column| column.as_str() == name || Some(column.as_str()) == plain)
    };
    let mut text = String::with_capacity(raw.len());
    text.push('{');
    for member in members(raw)? {
        let member = member?;
        if is_wanted(&member.name) {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(member.token);
            text.push(':');
            text.push_str(member.value);
        }
    }
    text.push('}');
    Ok(RawValue::from_string(text)?)
}
