//! FetchXML conditions as SQL on one table. Every value is a parameter; text is compared without regard to case, as Dataverse does.

use jiff::Zoned;
use syncline_fetchxml::{Condition, Family, Filter, FilterKind, Fiscal, Operator, day_span, span};
use syncline_model::{ErrorCode, SynclineError};

use crate::dialect::{Cell, Dialect};
use crate::ident::quoted;
use crate::kind::Kind;
use crate::patterns::{Part, glob, ilike, parts, plain, regular};
use crate::table::{SqlColumn, Table};

/// Deepest nesting of filters.
const DEEPEST: usize = 50;

/// A condition for a `WHERE`; none: all rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Conditions {
    pub(crate) sql: Option<String>,
    pub(crate) parameters: Vec<Cell>,
}

impl Conditions {
    /// Compiles a filter's text. `now`: the present time of whoever asks.
    pub(crate) fn of(
        dialect: Dialect,
        table: &Table,
        filter: Option<&str>,
        now: Zoned,
    ) -> Result<Self, SynclineError> {
        let Some(text) = filter else { return Ok(Self::default()) };
        let filter = Filter::parse(text)
            .map_err(|error| SynclineError::new(ErrorCode::QueryInvalid, error.to_string()))?;
        let mut compiler = Compiler { dialect, table, now, parameters: Vec::new() };
        let sql = compiler.group(&filter, 0)?;
        Ok(Self { sql, parameters: compiler.parameters })
    }
}

pub(crate) fn refused(message: String) -> SynclineError {
    SynclineError::new(ErrorCode::QueryInvalid, message)
}

pub(crate) struct Compiler<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) table: &'a Table,
    pub(crate) now: Zoned,
    parameters: Vec<Cell>,
}

impl Compiler<'_> {
    pub(crate) fn bind(&mut self, cell: Cell) -> String {
        self.parameters.push(cell);
        self.dialect.mark(self.parameters.len())
    }

    pub(crate) fn text(&mut self, text: impl Into<String>) -> String {
        self.bind(Cell::Text(text.into()))
    }

    fn group(&mut self, filter: &Filter, depth: usize) -> Result<Option<String>, SynclineError> {
        if depth > DEEPEST {
            return Err(refused(format!("filters are nested deeper than {DEEPEST} levels")));
        }
        if let Some(link) = filter.links.first() {
            return Err(refused(format!("a filter on a table can't ask for rows of {}", link.name))
                .hint("filter by columns of the table itself, or read from a view that joins both"));
        }
        let mut found = Vec::new();
        for condition in &filter.conditions {
            found.push(self.condition(condition)?);
        }
        for inner in &filter.filters {
            found.extend(self.group(inner, depth + 1)?);
        }
        let word = match filter.kind {
            FilterKind::And => " AND ",
            FilterKind::Or => " OR ",
        };
        Ok((!found.is_empty()).then(|| format!("({})", found.join(word))))
    }

    fn condition(&mut self, condition: &Condition) -> Result<String, SynclineError> {
        use Operator as O;
        if let Some(alias) = &condition.entity_name {
            return Err(refused(format!("{alias} is no part of {}", self.table.name()))
                .hint("leave entityname out: there is one table"));
        }
        let operator = condition.operator;
        let blank = operator.arity().fits(0) && condition.values.iter().all(|value| value.trim().is_empty());
        if !operator.arity().fits(condition.values.len()) && condition.value_of.is_none() && !blank {
            return Err(refused(format!(
                "the operator {operator} on {} takes {}, {} given",
                condition.attribute,
                operator.arity().words(),
                condition.values.len()
            )));
        }
        let table = self.table;
        let column = table.column(&condition.attribute)?;
        if let Some(other) = &condition.value_of {
            return self.two_columns(operator, column, other);
        }
        let values = condition.values.as_slice();
        let one = values.first().map(String::as_str).unwrap_or_default();
        let name = self.name(column);
        // Nulls count as other than anything.
        let not = |positive: String| format!("({positive} IS NOT TRUE)");
        Ok(match operator {
            O::Null => format!("{name} IS NULL"),
            O::NotNull => format!("{name} IS NOT NULL"),
            O::Eq => self.compare(column, "=", one)?,
            O::Ne => not(self.compare(column, "=", one)?),
            O::Gt => self.compare(column, ">", one)?,
            O::Ge => self.compare(column, ">=", one)?,
            O::Lt => self.compare(column, "<", one)?,
            O::Le => self.compare(column, "<=", one)?,
            O::In => self.any_of(column, values)?,
            O::NotIn => not(self.any_of(column, values)?),
            O::Between => self.between(column, values)?,
            O::NotBetween => not(self.between(column, values)?),
            O::Like => self.like(column, &parts(one)),
            O::NotLike => not(self.like(column, &parts(one))),
            O::BeginsWith => self.like(column, &[plain(one), vec![Part::Any]].concat()),
            O::NotBeginWith => not(self.like(column, &[plain(one), vec![Part::Any]].concat())),
            O::EndsWith => self.like(column, &[vec![Part::Any], plain(one)].concat()),
            O::NotEndWith => not(self.like(column, &[vec![Part::Any], plain(one)].concat())),
            O::On | O::OnOrBefore | O::OnOrAfter => {
                let day = day_span(operator, one, self.now.time_zone())
                    .ok_or_else(|| refused(format!("{one:?} is no date to compare {} with", column.name)))?;
                self.span(column, &day)?
            }
            operator if operator.families() == [Family::Date] && operator != O::InFiscalPeriod => {
                let numbers = values
                    .iter()
                    .filter(|value| !value.trim().is_empty())
                    .map(|value| {
                        let number = value.trim().parse::<i64>().ok();
                        number.filter(|count| (0..=1_000_000).contains(count)).ok_or_else(|| {
                            refused(format!(
                                "{operator} on {} takes a whole number, not {value:?}",
                                column.name
                            ))
                        })
                    })
                    .collect::<Result<Vec<_>, _>>()?;
                let found = span(operator, &numbers, &self.now, &Fiscal::default()).ok_or_else(|| {
                    refused(format!("{operator} on {} leads beyond the calendar", column.name))
                        .hint("write a smaller number")
                })?;
                self.span(column, &found)?
            }
            operator => {
                return Err(refused(format!("{operator} has no meaning in a database of its own: it asks for what only Dynamics 365 knows"))
                    .hint("use eq, ne, gt, ge, lt, le, in, between, like, null and the operators for dates"));
            }
        })
    }

    pub(crate) fn name(&self, column: &SqlColumn) -> String {
        format!("t.{}", quoted(&column.reads))
    }

    /// A column as it is compared.
    fn side(&self, column: &SqlColumn) -> String {
        let name = self.name(column);
        match (self.dialect, &column.kind) {
            (_, Kind::Date | Kind::Timestamp { .. } | Kind::Instant { .. }) => self.date_side(column),
            (_, kind) if kind.is_number() || *kind == Kind::Bool => name,
            (Dialect::Postgres, Kind::Uuid) => name,
            (Dialect::Postgres, _) => format!("lower({name}::text)"),
            (Dialect::Sqlite, _) => format!("fold({name})"),
        }
    }

    /// A condition's value as its column is compared with it.
    fn operand(&mut self, column: &SqlColumn, text: &str) -> Result<String, SynclineError> {
        let trimmed = text.trim();
        let wrong = |what: &str| refused(format!("{text:?} is no {what} to compare {} with", column.name));
        if text.contains('\0') {
            return Err(wrong("text"));
        }
        let postgres = self.dialect == Dialect::Postgres;
        Ok(match &column.kind {
            Kind::Bool => {
                let on = match trimmed.to_ascii_lowercase().as_str() {
                    "1" | "true" => true,
                    "0" | "false" => false,
                    _ => return Err(wrong("yes or no").hint("write 1 or 0")),
                };
                if postgres { self.text(on.to_string()) } else { self.bind(Cell::Integer(i64::from(on))) }
            }
            kind if kind.is_number() => {
                let whole = trimmed.parse::<i64>().ok();
                let number =
                    trimmed.parse::<f64>().ok().filter(|n| n.is_finite()).ok_or_else(|| wrong("number"))?;
                match (postgres, whole) {
                    (true, Some(_)) if matches!(kind, Kind::Integer | Kind::BigInt) => {
                        format!("CAST({} AS bigint)", self.text(trimmed))
                    }
                    (true, _) if *kind == Kind::Money => {
                        format!("CAST(CAST({} AS numeric) AS money)", self.text(trimmed))
                    }
                    (true, _) => format!("CAST({} AS numeric)", self.text(trimmed)),
                    (false, Some(whole)) => self.bind(Cell::Integer(whole)),
                    (false, None) => self.bind(Cell::Real(number)),
                }
            }
            Kind::Uuid => {
                let id = trimmed.trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase();
                let looks = id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
                if postgres && !looks {
                    return Err(wrong("id").hint("write it as 00000000-0000-0000-0000-000000000000"));
                }
                if postgres { format!("CAST({} AS uuid)", self.text(id)) } else { self.text(id) }
            }
            Kind::Date | Kind::Timestamp { .. } | Kind::Instant { .. } => {
                self.date_operand(column, trimmed)?
            }
            _ if postgres => format!("lower(CAST({} AS text))", self.text(text)),
            _ => self.text(text.to_lowercase()),
        })
    }

    fn compare(&mut self, column: &SqlColumn, sign: &str, value: &str) -> Result<String, SynclineError> {
        let operand = self.operand(column, value)?;
        Ok(format!("({} {sign} {operand})", self.side(column)))
    }

    fn any_of(&mut self, column: &SqlColumn, values: &[String]) -> Result<String, SynclineError> {
        let operands =
            values.iter().map(|value| self.operand(column, value)).collect::<Result<Vec<_>, _>>()?;
        Ok(format!("({} IN ({}))", self.side(column), operands.join(", ")))
    }

    fn between(&mut self, column: &SqlColumn, values: &[String]) -> Result<String, SynclineError> {
        let [low, high] = values else {
            return Err(refused(format!("a range on {} takes two values", column.name)));
        };
        Ok(format!("({} AND {})", self.compare(column, ">=", low)?, self.compare(column, "<=", high)?))
    }

    fn like(&mut self, column: &SqlColumn, pattern: &[Part]) -> String {
        let name = self.name(column);
        match (self.dialect, ilike(pattern)) {
            (Dialect::Postgres, Some(simple)) => {
                format!("({name}::text ILIKE {} ESCAPE '!')", self.text(simple.replace('\0', "")))
            }
            (Dialect::Postgres, None) => {
                format!("({name}::text ~* {})", self.text(regular(pattern).replace('\0', "")))
            }
            (Dialect::Sqlite, _) => format!("(fold({name}) GLOB {})", self.text(glob(pattern))),
        }
    }

    fn two_columns(
        &mut self,
        operator: Operator,
        column: &SqlColumn,
        other: &str,
    ) -> Result<String, SynclineError> {
        let other = self.table.column(other)?;
        let (a, b) = (self.side(column), self.side(other));
        let sign = match operator {
            Operator::Eq => "=",
            Operator::Ne => "<>",
            Operator::Gt => ">",
            Operator::Ge => ">=",
            Operator::Lt => "<",
            Operator::Le => "<=",
            operator => {
                return Err(refused(format!("{operator} can't compare two columns"))
                    .hint("eq, ne, gt, ge, lt and le can"));
            }
        };
        Ok(format!("({a} {sign} {b})"))
    }
}
