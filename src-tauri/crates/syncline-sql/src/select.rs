//! Reading statements: a page by key, a count, rows by their keys.
//!
//! Each row comes as version, key, then what was asked for. Pages go on behind the last row's values ("keyset"), never by an offset:
//! the thousandth page costs what the first one does.

use syncline_connect::Selection;
use syncline_model::SynclineError;

use crate::cursor::Position;
use crate::dialect::{Cell, Dialect};
use crate::filter::Conditions;
use crate::ident::quoted;
use crate::keys::array_literal;
use crate::kind::Kind;
use crate::table::{SqlColumn, Table};

/// A statement with its parameters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Cell>,
}

impl Query {
    fn bind(&mut self, dialect: Dialect, cell: Cell) -> String {
        self.parameters.push(cell);
        dialect.mark(self.parameters.len())
    }
}

/// What a reading asks of a table.
pub(crate) struct Select<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) table: &'a Table,
    /// Columns that are told.
    pub(crate) columns: Vec<&'a SqlColumn>,
}

const T: &str = "t.";

impl<'a> Select<'a> {
    fn told(&self) -> Vec<String> {
        let mut parts = vec![self.dialect.version(T, self.table)];
        parts.extend(self.table.key_columns().map(|column| self.dialect.plain(T, column)));
        parts.extend(self.columns.iter().map(|column| self.dialect.told(T, column)));
        parts
    }

    /// How many cells come before the order's values.
    pub(crate) fn width(&self) -> usize {
        1 + self.table.key.len() + self.columns.len()
    }

    /// A page: version, key, columns, then the values of the order's terms.
    pub(crate) fn page(
        &self,
        selection: &Selection,
        conditions: &Conditions,
        after: Option<&Position>,
        rows: u64,
    ) -> Result<Query, SynclineError> {
        let key = self.table.whole_key()?;
        let mut terms: Vec<(&SqlColumn, bool)> = Vec::new();
        for order in &selection.order {
            terms.push((self.table.column(order.column.as_str())?, order.descending));
        }
        let mut told = self.told();
        told.extend(terms.iter().map(|(column, _)| self.dialect.plain(T, column)));
        let all: Vec<(&SqlColumn, bool)> =
            terms.iter().copied().chain(key.iter().map(|column| (*column, false))).collect();
        let mut query = Query { sql: String::new(), parameters: conditions.parameters.clone() };
        let mut wheres: Vec<String> = conditions.sql.iter().cloned().collect();
        if let Some(after) = after {
            wheres.push(self.behind(&mut query, &all, after));
        }
        let order: Vec<String> =
            all.iter().map(|(column, descending)| self.dialect.order(T, column, *descending)).collect();
        query.sql = format!(
            "SELECT {} FROM {} AS t{} ORDER BY {} LIMIT {rows}",
            told.join(", "),
            self.table.place,
            clause(&wheres),
            order.join(", ")
        );
        Ok(query)
    }

    /// The rows behind a position.
    fn behind(&self, query: &mut Query, terms: &[(&SqlColumn, bool)], after: &Position) -> String {
        let values: Vec<&Cell> = after.order.iter().chain(&after.key).collect();
        let name = |column: &SqlColumn| format!("{T}{}", quoted(&column.reads));
        // Rows as wholes compare where all terms go up and none can be null; then an index serves.
        if terms.iter().all(|(column, descending)| !descending && !column.nullable) {
            let names: Vec<String> = terms.iter().map(|(column, _)| name(column)).collect();
            let marks: Vec<String> =
                values.iter().map(|value| query.bind(self.dialect, (*value).clone())).collect();
            return format!("({}) > ({})", names.join(", "), marks.join(", "));
        }
        let mut ways = Vec::new();
        for (at, (column, descending)) in terms.iter().enumerate() {
            let mut parts = Vec::new();
            for ((equal, _), value) in terms[..at].iter().zip(&values) {
                parts.push(match value {
                    Cell::Null => format!("{} IS NULL", name(equal)),
                    value => {
                        format!("{} = {}", name(equal), query.bind(self.dialect, (*value).clone()))
                    }
                });
            }
            let column = name(column);
            parts.push(match (values.get(at), descending) {
                (Some(Cell::Null) | None, false) => format!("{column} IS NOT NULL"),
                // Nulls come last downwards: nothing is behind them.
                (Some(Cell::Null) | None, true) => continue,
                (Some(value), false) => format!("{column} > {}", query.bind(self.dialect, (*value).clone())),
                (Some(value), true) => {
                    format!("({column} < {} OR {column} IS NULL)", query.bind(self.dialect, (*value).clone()))
                }
            });
            ways.push(format!("({})", parts.join(" AND ")));
        }
        if ways.is_empty() { "1 = 0".to_owned() } else { format!("({})", ways.join(" OR ")) }
    }

    /// Rows under keys: the number of the key from 1, then version, key and columns.
    pub(crate) fn under(&self, names: &[&SqlColumn], keys: &[Vec<Cell>]) -> Query {
        let mut told = self.told();
        let mut query = Query { sql: String::new(), parameters: Vec::new() };
        let from = match self.dialect {
            Dialect::Postgres => {
                told.insert(0, "k.ord::text".to_owned());
                let (mut marks, mut aliases, mut joins) = (Vec::new(), Vec::new(), Vec::new());
                for (at, column) in names.iter().enumerate() {
                    let texts = keys.iter().map(|key| match &key[at] {
                        Cell::Text(text) => Some(text.as_str()),
                        Cell::Null | Cell::Integer(_) | Cell::Real(_) | Cell::Blob(_) => None,
                    });
                    let literal = array_literal(texts);
                    marks.push(format!("{}::text[]", query.bind(self.dialect, Cell::Text(literal))));
                    aliases.push(format!("k{at}"));
                    joins.push(format!("{T}{} = CAST(k.k{at} AS {})", quoted(&column.reads), column.native));
                }
                format!(
                    "unnest({}) WITH ORDINALITY AS k({}, ord) JOIN {} AS t ON {}",
                    marks.join(", "),
                    aliases.join(", "),
                    self.table.place,
                    joins.join(" AND ")
                )
            }
            Dialect::Sqlite => {
                told.insert(0, "k.ord".to_owned());
                let mut values = Vec::new();
                for (number, key) in keys.iter().enumerate() {
                    let marks: Vec<String> =
                        key.iter().map(|cell| query.bind(self.dialect, cell.clone())).collect();
                    values.push(format!("({}, {})", number + 1, marks.join(", ")));
                }
                let aliases: Vec<String> = (0..names.len()).map(|at| format!("k{at}")).collect();
                let joins: Vec<String> = names
                    .iter()
                    .enumerate()
                    .map(|(at, column)| match column.kind {
                        // Applications write ids in either case.
                        Kind::Uuid => {
                            format!("{T}{} IN (lower(k.k{at}), upper(k.k{at}))", quoted(&column.reads))
                        }
                        _ => format!("{T}{} = k.k{at}", quoted(&column.reads)),
                    })
                    .collect();
                // A cross join keeps the keys outside, so that each is looked up in the index.
                query.sql = format!("WITH k(ord, {}) AS (VALUES {}) ", aliases.join(", "), values.join(", "));
                format!("k CROSS JOIN {} AS t ON {}", self.table.place, joins.join(" AND "))
            }
        };
        query.sql = format!("{}SELECT {} FROM {from}", query.sql, told.join(", "));
        query
    }
}

/// How many rows a selection has.
pub(crate) fn count(dialect: Dialect, table: &Table, conditions: &Conditions) -> Query {
    let number = match dialect {
        Dialect::Postgres => "count(*)::text",
        Dialect::Sqlite => "count(*)",
    };
    let wheres: Vec<String> = conditions.sql.iter().cloned().collect();
    Query {
        sql: format!("SELECT {number} FROM {} AS t{}", table.place, clause(&wheres)),
        parameters: conditions.parameters.clone(),
    }
}

fn clause(wheres: &[String]) -> String {
    if wheres.is_empty() { String::new() } else { format!(" WHERE {}", wheres.join(" AND ")) }
}
