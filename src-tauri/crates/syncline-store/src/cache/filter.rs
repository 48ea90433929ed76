//! FetchXML filters over cached records, as SQL on the typed columns.
//!
//! As in Dataverse text is compared without regard to case and accents, and a negative operator also finds records without a value.

use jiff::Zoned;
use syncline_fetchxml::{Condition, Filter, FilterKind, Operator};
use syncline_model::ColumnType;

use crate::StoreError;
use crate::cache::dataset::{CacheColumn, Dataset};
use crate::cache::extract::{Cell, date_text};
use crate::cache::period;
use crate::fold::fold;

/// Deepest nesting of filters.
const DEEPEST: usize = 50;

/// What relative conditions are relative to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now<'a> {
    /// Now, in the zone whose days count.
    pub(crate) now: &'a Zoned,
    /// Who asks.
    pub(crate) user_id: Option<&'a str>,
}

/// Makes SQL of a filter; values become parameters.
pub(crate) struct FilterSql<'a> {
    dataset: &'a Dataset,
    now: Now<'a>,
    values: &'a mut Vec<Cell>,
}

impl<'a> FilterSql<'a> {
    pub(crate) fn new(dataset: &'a Dataset, now: Now<'a>, values: &'a mut Vec<Cell>) -> Self {
        Self { dataset, now, values }
    }

    pub(crate) fn filter(&mut self, filter: &Filter) -> Result<String, StoreError> {
        self.nested(filter, 0)
    }

    fn nested(&mut self, filter: &Filter, depth: usize) -> Result<String, StoreError> {
        if depth > DEEPEST {
            return Err(StoreError::query(format!("filters are nested deeper than {DEEPEST} levels")));
        }
        if let Some(link) = filter.links.first() {
            return Err(unavailable(&format!("a condition on the linked entity {}", link.name)));
        }
        let mut parts = Vec::new();
        for condition in &filter.conditions {
            parts.push(self.condition(condition)?);
        }
        for inner in filter.filters.iter().filter(|inner| !inner.is_empty()) {
            parts.push(self.nested(inner, depth + 1)?);
        }
        if parts.is_empty() {
            return Ok("1".to_owned());
        }
        let word = match filter.kind {
            FilterKind::And => " AND ",
            FilterKind::Or => " OR ",
        };
        Ok(format!("({})", parts.join(word)))
    }

    fn bind(&mut self, value: Cell) -> String {
        self.values.push(value);
        format!("?{}", self.values.len())
    }

    fn condition(&mut self, condition: &Condition) -> Result<String, StoreError> {
        use Operator as O;
        let dataset = self.dataset;
        if let Some(alias) = &condition.entity_name {
            return Err(unavailable(&format!("a condition on the linked entity {alias}")));
        }
        if !condition.operator.arity().fits(condition.values.len()) && condition.value_of.is_none() {
            return Err(StoreError::query(format!(
                "the operator {} on {} takes {}, {} given",
                condition.operator,
                condition.attribute,
                condition.operator.arity().words(),
                condition.values.len()
            )));
        }
        let column = dataset.column(&condition.attribute)?;
        let side = side(column);
        if let Some(other) = &condition.value_of {
            return self.columns(condition, column, dataset.column(other)?);
        }
        let values = condition.values.as_slice();
        let one = || values.first().map(String::as_str).unwrap_or_default();
        let null = format!("{} IS NULL", column.value_sql());
        Ok(match condition.operator {
            O::Null => null,
            O::NotNull => format!("{} IS NOT NULL", column.value_sql()),
            O::Eq => self.equal(column, one())?,
            O::Ne => format!("({null} OR NOT {})", self.equal(column, one())?),
            O::Gt => self.compare(column, ">", one())?,
            O::Ge => self.compare(column, ">=", one())?,
            O::Lt => self.compare(column, "<", one())?,
            O::Le => self.compare(column, "<=", one())?,
            O::In => self.any_of(column, values)?,
            O::NotIn => format!("({null} OR NOT {})", self.any_of(column, values)?),
            O::Between | O::NotBetween => {
                let (low, high) = match values {
                    [low, high] => (low, high),
                    _ => return Err(StoreError::query(format!("{} takes two values", condition.operator))),
                };
                let inside = format!(
                    "({} AND {})",
                    self.compare(column, ">=", low)?,
                    self.compare(column, "<=", high)?
                );
                if condition.operator == O::Between { inside } else { format!("NOT {inside}") }
            }
            O::Like => self.like(&side, &like_pattern(one())),
            O::NotLike => format!("({null} OR NOT {})", self.like(&side, &like_pattern(one()))),
            O::BeginsWith => self.like(&side, &format!("{}*", glob_plain(one()))),
            O::NotBeginWith => {
                format!("({null} OR NOT {})", self.like(&side, &format!("{}*", glob_plain(one()))))
            }
            O::EndsWith => self.like(&side, &format!("*{}", glob_plain(one()))),
            O::NotEndWith => {
                format!("({null} OR NOT {})", self.like(&side, &format!("*{}", glob_plain(one()))))
            }
            O::ContainValues => self.selected(column, values),
            O::NotContainValues => format!("({null} OR NOT {})", self.selected(column, values)),
            O::EqUserId | O::NeUserId => {
                let user = self
                    .now
                    .user_id
                    .ok_or_else(|| unavailable(&format!("the operator {}", condition.operator)))?;
                let user = user.to_ascii_lowercase();
                let mark = self.bind(Cell::Text(user));
                if condition.operator == O::EqUserId {
                    format!("{} = {mark}", column.value_sql())
                } else {
                    format!("({null} OR {} <> {mark})", column.value_sql())
                }
            }
            O::On | O::OnOrBefore | O::OnOrAfter => {
                let (from, until) =
                    period::day(one(), self.now.now.time_zone()).ok_or_else(|| not_a_date(column, one()))?;
                let day = match condition.operator {
                    O::OnOrBefore => period::Span { from: None, until: Some(until) },
                    O::OnOrAfter => period::Span { from: Some(from), until: None },
                    _ => period::Span { from: Some(from), until: Some(until) },
                };
                self.span(column, &day)
            }
            operator => {
                let count = if operator.takes_count() {
                    one()
                        .trim()
                        .parse::<i64>()
                        .ok()
                        .filter(|count| (0..=1_000_000).contains(count))
                        .ok_or_else(|| {
                            StoreError::query(format!(
                                "{operator} on {} takes a whole number, not {:?}",
                                column.name,
                                one()
                            ))
                        })?
                } else {
                    0
                };
                let span = period::span(operator, count, self.now.now)
                    .ok_or_else(|| unavailable(&format!("the operator {operator}")))?;
                self.span(column, &span)
            }
        })
    }

    fn equal(&mut self, column: &CacheColumn, value: &str) -> Result<String, StoreError> {
        let cell = cell(column, value)?;
        let mark = self.bind(cell);
        Ok(format!("ifnull({} = {mark}, 0)", side(column)))
    }

    fn any_of(&mut self, column: &CacheColumn, values: &[String]) -> Result<String, StoreError> {
        let marks = values
            .iter()
            .map(|value| Ok(self.bind(cell(column, value)?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok(format!("ifnull({} IN ({}), 0)", side(column), marks.join(", ")))
    }

    fn compare(&mut self, column: &CacheColumn, sign: &str, value: &str) -> Result<String, StoreError> {
        let cell = cell(column, value)?;
        let mark = self.bind(cell);
        Ok(format!("ifnull({} {sign} {mark}, 0)", side(column)))
    }

    fn columns(
        &self,
        condition: &Condition,
        column: &CacheColumn,
        other: &CacheColumn,
    ) -> Result<String, StoreError> {
        let sign = match condition.operator {
            Operator::Eq => "=",
            Operator::Ne => "<>",
            Operator::Gt => ">",
            Operator::Ge => ">=",
            Operator::Lt => "<",
            Operator::Le => "<=",
            operator => return Err(unavailable(&format!("{operator} between two columns"))),
        };
        // A negative comparison with nothing holds.
        let otherwise = u8::from(condition.operator == Operator::Ne);
        Ok(format!("ifnull({} {sign} {}, {otherwise})", side(column), side(other)))
    }

    fn like(&mut self, side: &str, pattern: &str) -> String {
        let mark = self.bind(Cell::Text(pattern.to_owned()));
        format!("ifnull({side} GLOB {mark}, 0)")
    }

    fn selected(&mut self, column: &CacheColumn, values: &[String]) -> String {
        let list = format!("(',' || replace({}, ' ', '') || ',')", column.value_sql());
        let parts: Vec<String> = values
            .iter()
            .map(|value| {
                let mark = self.bind(Cell::Text(format!(",{},", value.trim())));
                format!("ifnull(instr({list}, {mark}), 0) > 0")
            })
            .collect();
        format!("({})", parts.join(" OR "))
    }

    fn span(&mut self, column: &CacheColumn, span: &period::Span) -> String {
        let value = column.value_sql();
        let mut parts = vec![format!("{value} IS NOT NULL")];
        // A date without a time belongs to its whole day; a text of ten characters orders before every time of that day.
        if let Some(from) = &span.from {
            let (day, instant) =
                (self.bind(Cell::Text(from.day.clone())), self.bind(Cell::Text(from.instant.clone())));
            parts.push(format!("{value} >= CASE WHEN length({value}) = 10 THEN {day} ELSE {instant} END"));
        }
        if let Some(until) = &span.until {
            let (day, instant) =
                (self.bind(Cell::Text(until.day.clone())), self.bind(Cell::Text(until.instant.clone())));
            let day_sign = if until.day_belongs { "<=" } else { "<" };
            parts.push(format!(
                "CASE WHEN length({value}) = 10 THEN {value} {day_sign} {day} ELSE {value} < {instant} END"
            ));
        }
        format!("({})", parts.join(" AND "))
    }
}

fn unavailable(what: &str) -> StoreError {
    StoreError::query(format!("{what} is not available offline"))
        .with_hint("read live, or ask without this condition")
}

fn not_a_date(column: &CacheColumn, text: &str) -> StoreError {
    StoreError::query(format!("{text:?} is no date to compare {} with", column.name))
        .with_hint("write 2026-03-01 or 2026-03-01T10:00:00Z")
}

/// The SQL that is compared.
fn side(column: &CacheColumn) -> String {
    if column.column_type.is_text() { format!("fold({})", column.value_sql()) } else { column.value_sql() }
}

/// A condition's value as the column holds it.
fn cell(column: &CacheColumn, text: &str) -> Result<Cell, StoreError> {
    let trimmed = text.trim();
    let wrong =
        |what: &str| StoreError::query(format!("{text:?} is no {what} to compare {} with", column.name));
    Ok(match column.column_type {
        ColumnType::String | ColumnType::Memo => Cell::Text(fold(text)),
        ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Picklist
        | ColumnType::State
        | ColumnType::Status => match trimmed.parse::<i64>() {
            Ok(number) => Cell::Integer(number),
            Err(_) => Cell::Real(trimmed.parse().map_err(|_| wrong("number"))?),
        },
        ColumnType::Decimal | ColumnType::Double | ColumnType::Money => {
            Cell::Real(trimmed.parse().map_err(|_| wrong("number"))?)
        }
        ColumnType::Boolean => match trimmed.to_ascii_lowercase().as_str() {
            "1" | "true" => Cell::Integer(1),
            "0" | "false" => Cell::Integer(0),
            _ => return Err(wrong("yes or no").with_hint("write 1 or 0")),
        },
        ColumnType::DateTime => Cell::Text(date_text(trimmed).ok_or_else(|| not_a_date(column, text))?),
        ColumnType::Lookup | ColumnType::Customer | ColumnType::Owner | ColumnType::UniqueIdentifier => {
            Cell::Text(trimmed.trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase())
        }
        ColumnType::MultiSelectPicklist => Cell::Text(trimmed.replace(' ', "")),
        ColumnType::PartyList | ColumnType::Image | ColumnType::File | ColumnType::Other => {
            Cell::Text(text.to_owned())
        }
    })
}

/// Folded, with what `GLOB` would read as a pattern made plain.
fn glob_plain(text: &str) -> String {
    let mut pattern = String::new();
    for c in fold(text).chars() {
        if matches!(c, '*' | '?' | '[') {
            pattern.push('[');
            pattern.push(c);
            pattern.push(']');
        } else {
            pattern.push(c);
        }
    }
    pattern
}

/// SQL Server's `LIKE` pattern (`%`, `_`, `[a-c]`, `[^a-c]`) as a `GLOB` pattern.
fn like_pattern(text: &str) -> String {
    let folded: Vec<char> = fold(text).chars().collect();
    let mut pattern = String::new();
    let mut at = 0;
    while at < folded.len() {
        match folded[at] {
            '%' => pattern.push('*'),
            '_' => pattern.push('?'),
            '[' => {
                // The set ends at the next bracket; without one the bracket is a plain character.
                if let Some(end) =
                    folded[at + 1..].iter().position(|c| *c == ']').filter(|length| *length > 0)
                {
                    pattern.push('[');
                    pattern.extend(&folded[at + 1..=at + 1 + end]);
                    at += end + 1;
                } else {
                    pattern.push_str("[[]");
                }
            }
            c @ ('*' | '?') => pattern.extend(['[', c, ']']),
            c => pattern.push(c),
        }
        at += 1;
    }
    pattern
}
