//! Windows of cached records: filtered, searched, ordered, counted, without a network.

use jiff::{Timestamp, Zoned};
use rusqlite::Connection;
use std::sync::Arc;
use syncline_fetchxml::Filter;
use syncline_model::{ColumnName, EntityName, Record};
use uuid::Uuid;

use crate::cache::dataset::{self, Dataset};
use crate::cache::extract::Cell;
use crate::cache::filter_parts::{Part, Scope};
use crate::cache::filter_sets::{FEW, FilterSets, Halt};
use crate::cache::grid_order::{GridOrder, WORTH_AN_INDEX};
use crate::cache::index;
use crate::cache::narrow::Narrow;
use crate::cache::places::{Places, listed, only_among, places};
use crate::cache::query::{Asker, AskerFacts, Compiler, register_dates};
use crate::cache::read::narrowed_row;
use crate::cache::search_look::Wanted;
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

/// Windows that begin before this are read through the index of the order; others from a list of places, which is made once.
const NEAR: u64 = 5_000;
/// Indexes that one question may have made for the conditions of its filter; further ones are answered without.
const MOST_INDEXES: usize = 4;

/// What is asked, as SQL.
struct Question {
    dataset: Arc<Dataset>,
    order: GridOrder,
    /// Conditions on `c`; none: everything.
    conditions: Vec<String>,
    values: Vec<Cell>,
    /// The only condition is a search: its places are those of the search index.
    only_search: bool,
    /// The same, where it is answered part by part.
    part: Option<Part>,
    may_want: bool,
    /// The state of all records, and what else an answer depends on.
    state: String,
}

impl Question {
    fn condition(&self) -> String {
        self.conditions.join(" AND ")
    }

    fn key(&self, what: &str) -> String {
        format!("{} {what}", self.state)
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
            match Wanted::of(text).map(|wanted| wanted.all()) {
                Some(words) if index::indexed_to(db, n)? > 0 => {
                    values.push(Cell::Text(words));
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
        self.index_order(connection, entity, &query.order)?;
        self.index_filter(connection, entity, query.filter.as_ref())?;
        let mut wanted = 0;
        loop {
            match self.try_page(connection, entity, query, wanted < MOST_INDEXES)? {
                Ok(page) => return Ok(page),
                Err(index) => {
                    // A store that is busy makes none.
                    let made = self.index_by(connection, entity, |_| Ok(Some(index)))?;
                    wanted = if made { wanted + 1 } else { MOST_INDEXES };
                }
            }
        }
    }

    /// A window, or the index that is to be made first.
    fn try_page(
        &self,
        connection: Uuid,
        entity: &EntityName,
        query: &GridQuery,
        may_want: bool,
    ) -> Result<Result<GridPage, GridOrder>, StoreError> {
        self.read(|db| {
            let question = self.question(db, connection, entity, query, may_want)?;
            let (total, window) = match self.window(db, &question, query) {
                Ok(window) => window,
                Err(Halt::Wants(index)) => return Ok(Err(index)),
                Err(Halt::Failed(error)) => return Err(error),
            };
            let dataset = &question.dataset;
            let n = dataset.id;
            let mut statement = db.prepare_cached(&format!(
                "SELECT c.record_id, c.etag, c.pulled_at, r.raw FROM c_{n} c JOIN r_{n} r ON r.rid = c.rid WHERE c.rid = ?1"
            ))?;
            let mut unpacker = dataset.codec.decompressor()?;
            let mut found = Vec::with_capacity(window.len());
            let mut narrow = Narrow::to(&query.columns);
            for place in window {
                let mut rows = statement.query([place])?;
                let Some(row) = rows.next()? else { continue };
                found.push(narrowed_row(dataset, &mut unpacker, &mut narrow, row, 0)?);
            }
            Ok(Ok(GridPage {
                as_of: found.iter().map(|row| row.pulled_at).min(),
                rows: found,
                total,
                pulled_columns: dataset.columns.iter().map(|column| column.name.clone()).collect(),
            }))
        })
    }

    fn question(
        &self,
        db: &Connection,
        connection: Uuid,
        entity: &EntityName,
        query: &GridQuery,
        may_want: bool,
    ) -> Result<Question, StoreError> {
        let dataset = self.dataset_of(db, connection, entity)?;
        let n = dataset.id;
        let mut values: Vec<Cell> = Vec::new();
        let mut conditions: Vec<String> = Vec::new();
        // A condition may look at linked records of other entities.
        let version: i64 =
            db.prepare_cached("SELECT sum(version) FROM datasets")?.query_row([], |row| row.get(0))?;
        let mut state = format!("{n} {version}");
        let mut part = None;
        if let Some(filter) = &query.filter {
            let asker = query.asker();
            register_dates(db, asker.now.time_zone().clone(), asker.fiscal())?;
            state.push_str(&format!(" {:?} {:?}", asker.now.time_zone().iana_name(), asker.facts));
            let mut compiler = Compiler::new(self, db, connection, &asker)?;
            compiler.add(Arc::clone(&dataset), entity.as_str(), Some("c"));
            conditions.push(compiler.filter(0, filter)?);
            values = compiler.into_values();
            if !filter.is_empty() && dataset::record_count(db, n)? >= WORTH_AN_INDEX {
                let scope = Scope { store: self, db, connection, dataset: &dataset, asker: &asker };
                part = Some(Part::of(&scope, filter)?);
            }
        }
        let mut only_search = false;
        if let Some(text) = query.search.as_deref().filter(|text| !text.trim().is_empty()) {
            let indexed_to = index::indexed_to(db, n)?;
            state.push_str(&format!(" {indexed_to} {}", index::behind(db, n)?));
            match Wanted::of(text).map(|wanted| wanted.all()) {
                Some(words) if indexed_to > 0 => {
                    part = part.map(|filter| Part::All(vec![Part::Words(words.clone()), filter]));
                    values.push(Cell::Text(words));
                    only_search = conditions.is_empty();
                    conditions.push(format!(
                        "c.rid IN (SELECT rowid FROM s_{n} WHERE s_{n} MATCH ?{})",
                        values.len()
                    ));
                }
                // Nothing in the text can be a word, or nothing is indexed yet: nothing is found.
                Some(_) | None => {
                    part = None;
                    conditions.push("0".to_owned());
                }
            }
        }
        let part = part.filter(|part| !matches!(part, Part::One(one) if one.text.is_none()));
        let order = GridOrder::new(&dataset, &query.order)?;
        Ok(Question { dataset, order, conditions, values, only_search, part, may_want, state })
    }

    /// The number of records in all, and the places of a window.
    fn window(
        &self,
        db: &Connection,
        question: &Question,
        query: &GridQuery,
    ) -> Result<(u64, Vec<u32>), Halt> {
        let n = question.dataset.id;
        let of = |list: &[u32]| -> Vec<u32> {
            let from = usize::try_from(query.offset).unwrap_or(usize::MAX).min(list.len());
            list[from..].iter().take(query.limit as usize).copied().collect()
        };
        if question.conditions.is_empty() {
            let total = dataset::record_count(db, n)?;
            if query.offset >= total {
                return Ok((total, Vec::new()));
            }
            if query.offset < NEAR {
                let sql = format!(
                    "SELECT c.rid FROM c_{n} c ORDER BY {} LIMIT {} OFFSET {}",
                    question.order.sql(),
                    query.limit,
                    query.offset
                );
                return Ok((total, places(db, &sql, &[])?));
            }
            if question.order.is_empty() {
                // Without gaps the place tells the offset.
                let last: i64 = db.query_row(&format!("SELECT max(rid) FROM c_{n}"), [], |row| row.get(0))?;
                if last.unsigned_abs() == total {
                    let from = query.offset + 1;
                    let until = (query.offset + u64::from(query.limit)).min(total);
                    return Ok((
                        total,
                        (from..=until).filter_map(|place| u32::try_from(place).ok()).collect(),
                    ));
                }
            }
            return Ok((total, of(&self.ordered(db, question)?)));
        }
        let condition = question.condition();
        let hits_key = question.key(&format!("{condition} {:?}", question.values));
        let hits = self.inner.places.get(&hits_key, || -> Result<_, Halt> {
            if let Some(part) = &question.part {
                let (dataset, state) = (&question.dataset, question.state.as_str());
                let sets = FilterSets { store: self, db, dataset, state, may_want: question.may_want };
                return Ok(listed(&*sets.of(part)?));
            }
            let sql = if question.only_search {
                format!("SELECT rowid FROM s_{n} WHERE s_{n} MATCH ?1")
            } else {
                format!("SELECT c.rid FROM c_{n} c WHERE {condition}")
            };
            let mut hits = places(db, &sql, &question.values)?;
            hits.sort_unstable();
            Ok(hits)
        })?;
        let total = hits.len() as u64;
        if question.order.is_empty() {
            return Ok((total, of(&hits)));
        }
        let ordered_key = format!("{hits_key} {}", question.order.sql());
        let ordered = self.inner.places.get(&ordered_key, || -> Result<_, StoreError> {
            if hits.len() > FEW {
                return Ok(only_among(&self.ordered(db, question)?, &hits));
            }
            let sql = format!(
                "SELECT c.rid FROM c_{n} c WHERE c.rid IN (SELECT value FROM json_each(?1)) ORDER BY {}",
                question.order.sql()
            );
            places(db, &sql, &[Cell::Text(serde_json::to_string(&*hits)?)])
        })?;
        Ok((total, of(&ordered)))
    }

    /// All records of an entity in an order.
    fn ordered(&self, db: &Connection, question: &Question) -> Result<Places, StoreError> {
        let n = question.dataset.id;
        self.inner.places.get(&question.key(&question.order.sql()), || -> Result<_, StoreError> {
            if question.order.is_empty() {
                // SQLite takes the index of the ids, the narrowest thing that holds every place, once it is there.
                let mut all = places(db, &format!("SELECT rid FROM c_{n}"), &[])?;
                all.sort_unstable();
                return Ok(all);
            }
            places(db, &format!("SELECT c.rid FROM c_{n} c ORDER BY {}", question.order.sql()), &[])
        })
    }
}
