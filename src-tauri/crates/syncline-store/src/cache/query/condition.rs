//! Conditions and filters as SQL. What is NULL is not found, as in SQL; where a condition is negated NULL is made 0 first. Columns stand bare
//! at a side of their comparison, so that an index on them can be used.

use syncline_fetchxml::{Condition, DateGrouping, Filter, FilterKind, Operator, Span, day_span, span};
use syncline_model::{ColumnType, DateTimeBehavior};

use super::scope::{Col, Compiler};
use super::value::{behind, cell, glob_plain, id, like_pattern, not_a_date, unavailable};
use crate::StoreError;
use crate::cache::extract::Cell;
use crate::fold::fold;

/// Deepest nesting of filters.
const DEEPEST: usize = 50;

impl Compiler<'_> {
    /// A filter whose conditions speak of a table unless they name another.
    pub(crate) fn filter(&mut self, source: usize, filter: &Filter) -> Result<String, StoreError> {
        self.nested(source, filter, 0)
    }

    pub(super) fn nested(
        &mut self,
        source: usize,
        filter: &Filter,
        depth: usize,
    ) -> Result<String, StoreError> {
        if depth > DEEPEST {
            return Err(StoreError::query(format!("filters are nested deeper than {DEEPEST} levels")));
        }
        let mut parts = Vec::new();
        for condition in &filter.conditions {
            parts.push(self.condition(source, condition)?);
        }
        for inner in filter.filters.iter().filter(|inner| !inner.is_empty()) {
            parts.push(self.nested(source, inner, depth + 1)?);
        }
        for link in &filter.links {
            parts.push(self.related(source, link, depth + 1)?);
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

    fn condition(&mut self, source: usize, condition: &Condition) -> Result<String, StoreError> {
        use Operator as O;
        let source = match &condition.entity_name {
            Some(alias) => self.by_alias(alias)?,
            None => source,
        };
        let operator = condition.operator;
        // A leftover empty value on an operator without one is ignored, as the service does.
        let blank = operator.arity().fits(0) && condition.values.iter().all(|value| value.trim().is_empty());
        if !operator.arity().fits(condition.values.len()) && condition.value_of.is_none() && !blank {
            return Err(StoreError::query(format!(
                "the operator {operator} on {} takes {}, {} given",
                condition.attribute,
                operator.arity().words(),
                condition.values.len()
            )));
        }
        let column = self.column(source, &condition.attribute)?;
        if let Some(other) = &condition.value_of {
            return self.two_columns(source, operator, &column, other);
        }
        let values = condition.values.as_slice();
        let one = || values.first().map(String::as_str).unwrap_or_default();
        let null = format!("{} IS NULL", column.sql);
        let or_null = |positive: String| format!("({null} OR NOT ifnull({positive}, 0))");
        Ok(match operator {
            O::Null => format!("({null})"),
            O::NotNull => format!("({} IS NOT NULL)", column.sql),
            O::Eq => self.equal(&column, one())?,
            O::Ne => or_null(self.equal(&column, one())?),
            O::Gt => self.compare(&column, ">", one())?,
            O::Ge => self.compare(&column, ">=", one())?,
            O::Lt => self.compare(&column, "<", one())?,
            O::Le => self.compare(&column, "<=", one())?,
            O::In => self.any_of(&column, values)?,
            O::NotIn => or_null(self.any_of(&column, values)?),
            O::Between => self.between(&column, values)?,
            O::NotBetween => or_null(self.between(&column, values)?),
            O::Like => self.like(&column, like_pattern(one())),
            O::NotLike => or_null(self.like(&column, like_pattern(one()))),
            O::BeginsWith => self.begins(&column, one()),
            O::NotBeginWith => or_null(self.begins(&column, one())),
            O::EndsWith => self.like(&column, format!("*{}", glob_plain(one()))),
            O::NotEndWith => or_null(self.like(&column, format!("*{}", glob_plain(one())))),
            O::ContainValues => self.selected(&column, values),
            O::NotContainValues => or_null(self.selected(&column, values)),
            O::EqUserId => self.one_of(&column, operator, [&self.asker.facts.user_id])?,
            O::NeUserId => or_null(self.one_of(&column, operator, [&self.asker.facts.user_id])?),
            O::EqBusinessId => self.one_of(&column, operator, [&self.asker.facts.business_unit_id])?,
            O::NeBusinessId => {
                or_null(self.one_of(&column, operator, [&self.asker.facts.business_unit_id])?)
            }
            O::EqUserLanguage => {
                let language = self
                    .asker
                    .facts
                    .language
                    .ok_or_else(|| unavailable(&format!("the operator {operator}")))?;
                let mark = self.bind(Cell::Integer(language));
                format!("{} = {mark}", column.sql)
            }
            O::EqUserTeams
            | O::EqUserOrUserTeams
            | O::EqUserOrUserHierarchy
            | O::EqUserOrUserHierarchyAndTeams => {
                let facts = &self.asker.facts;
                let user = facts.user_id.clone().map(|user| vec![user]);
                let wanted = match operator {
                    O::EqUserTeams => vec![facts.teams.clone()],
                    O::EqUserOrUserTeams => vec![user, facts.teams.clone()],
                    O::EqUserOrUserHierarchy => vec![user, facts.subordinates.clone()],
                    _ => vec![
                        user,
                        facts.subordinates.clone(),
                        facts.teams.clone(),
                        facts.subordinate_teams.clone(),
                    ],
                };
                let known: Option<Vec<Vec<String>>> = wanted.into_iter().collect();
                let known = known.ok_or_else(|| unavailable(&format!("the operator {operator}")))?;
                self.ids(&column, known.into_iter().flatten())
            }
            O::Under | O::EqOrUnder | O::NotUnder | O::Above | O::EqOrAbove => {
                let found = self.hierarchy(source, &column, operator, one())?;
                if operator == O::NotUnder { or_null(found) } else { found }
            }
            O::On | O::OnOrBefore | O::OnOrAfter => {
                let day = day_span(operator, one(), self.asker.now.time_zone())
                    .ok_or_else(|| not_a_date(&column, one()))?;
                self.span(&column, &day)
            }
            operator => self.relative(&column, operator, values)?,
        })
    }

    fn relative(
        &mut self,
        column: &Col,
        operator: Operator,
        values: &[String],
    ) -> Result<String, StoreError> {
        let numbers = values
            .iter()
            .filter(|value| !value.trim().is_empty())
            .map(|value| {
                value.trim().parse::<i64>().ok().filter(|count| (0..=1_000_000).contains(count)).ok_or_else(
                    || {
                        StoreError::query(format!(
                            "{operator} on {} takes a whole number, not {value:?}",
                            column.name
                        ))
                    },
                )
            })
            .collect::<Result<Vec<_>, _>>()?;
        if operator == Operator::InFiscalPeriod {
            let mark = self.bind(Cell::Integer(numbers.first().copied().unwrap_or_default()));
            let part = self.date_part(column, DateGrouping::FiscalPeriod, true);
            return Ok(format!("{part} = {mark}"));
        }
        let found = span(operator, &numbers, &self.asker.now, &self.asker.fiscal()).ok_or_else(|| {
            StoreError::query(format!("{operator} on {} leads beyond the calendar", column.name))
                .with_hint("write a smaller number")
        })?;
        Ok(self.span(column, &found))
    }

    /// A part of a date, as the asker sees it or as it is in UTC. Times without a zone and days are as they are.
    pub(super) fn date_part(&mut self, column: &Col, part: DateGrouping, local: bool) -> String {
        let local = local
            && !matches!(
                column.behavior,
                Some(DateTimeBehavior::DateOnly | DateTimeBehavior::TimeZoneIndependent)
            );
        let mark = self.bind(Cell::Text(part.as_str().to_owned()));
        format!("date_part({}, {mark}, {})", column.sql, u8::from(local))
    }

    fn equal(&mut self, column: &Col, value: &str) -> Result<String, StoreError> {
        let mark = self.bind(cell(column, value)?);
        Ok(format!("{} = {mark}", column.side()))
    }

    fn any_of(&mut self, column: &Col, values: &[String]) -> Result<String, StoreError> {
        let marks = values
            .iter()
            .map(|value| Ok(self.bind(cell(column, value)?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok(format!("{} IN ({})", column.side(), marks.join(", ")))
    }

    fn compare(&mut self, column: &Col, sign: &str, value: &str) -> Result<String, StoreError> {
        let mark = self.bind(cell(column, value)?);
        Ok(format!("{} {sign} {mark}", column.side()))
    }

    fn between(&mut self, column: &Col, values: &[String]) -> Result<String, StoreError> {
        let [low, high] = values else {
            return Err(StoreError::query(format!("a range on {} takes two values", column.name)));
        };
        Ok(format!("({} AND {})", self.compare(column, ">=", low)?, self.compare(column, "<=", high)?))
    }

    fn like(&mut self, column: &Col, pattern: String) -> String {
        let mark = self.bind(Cell::Text(pattern));
        format!("{} GLOB {mark}", column.side())
    }

    /// Texts with a beginning are a range of them all.
    fn begins(&mut self, column: &Col, text: &str) -> String {
        let beginning = fold(text);
        let Some(end) = behind(&beginning) else {
            return self.like(column, format!("{}*", glob_plain(text)));
        };
        let side = column.side();
        let (from, until) = (self.bind(Cell::Text(beginning)), self.bind(Cell::Text(end)));
        format!("({side} >= {from} AND {side} < {until})")
    }

    fn one_of<const N: usize>(
        &mut self,
        column: &Col,
        operator: Operator,
        ids: [&Option<String>; N],
    ) -> Result<String, StoreError> {
        let known: Option<Vec<String>> = ids.into_iter().cloned().collect();
        let known = known.ok_or_else(|| unavailable(&format!("the operator {operator}")))?;
        Ok(self.ids(column, known.into_iter()))
    }

    fn ids(&mut self, column: &Col, ids: impl Iterator<Item = String>) -> String {
        let marks: Vec<String> = ids.map(|text| self.bind(Cell::Text(id(&text)))).collect();
        format!("{} IN ({})", column.sql, marks.join(", "))
    }

    fn selected(&mut self, column: &Col, values: &[String]) -> String {
        let list = format!("(',' || replace({}, ' ', '') || ',')", column.sql);
        let parts: Vec<String> = values
            .iter()
            .flat_map(|value| value.split(','))
            .map(|code| {
                let mark = self.bind(Cell::Text(format!(",{},", code.trim())));
                format!("ifnull(instr({list}, {mark}), 0) > 0")
            })
            .collect();
        format!("({})", parts.join(" OR "))
    }

    fn two_columns(
        &self,
        source: usize,
        operator: Operator,
        column: &Col,
        other: &str,
    ) -> Result<String, StoreError> {
        let sign = match operator {
            Operator::Eq => "=",
            Operator::Ne => "<>",
            Operator::Gt => ">",
            Operator::Ge => ">=",
            Operator::Lt => "<",
            Operator::Le => "<=",
            operator => {
                return Err(StoreError::query(format!("{operator} can't compare two columns"))
                    .with_hint("eq, ne, gt, ge, lt and le can"));
            }
        };
        let second = match other.split_once('.') {
            Some((alias, name)) => self.column(self.by_alias(alias)?, name)?,
            None => self.column(source, other)?,
        };
        Ok(format!("{} {sign} {}", column.side(), second.side()))
    }

    /// Columns with a time hold UTC, those without a zone what the clock on the wall says, days a day. Where the service did not say
    /// which it is, ten characters are a day.
    fn span(&mut self, column: &Col, span: &Span) -> String {
        let value = column.sql.clone();
        if column.kind != ColumnType::DateTime {
            return "0".to_owned();
        }
        match column.behavior {
            Some(DateTimeBehavior::DateOnly) => self.days(&value, span),
            Some(DateTimeBehavior::TimeZoneIndependent) => {
                let wall = |edge: &jiff::Zoned| edge.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
                self.edges(&value, span.from.as_ref().map(wall), span.until.as_ref().map(wall))
            }
            Some(DateTimeBehavior::UserLocal) => self.moments(&value, span),
            None => {
                let days = self.days(&value, span);
                let moments = self.moments(&value, span);
                format!("(CASE WHEN length({value}) = 10 THEN {days} ELSE {moments} END)")
            }
        }
    }

    fn days(&mut self, value: &str, span: &Span) -> String {
        let (from, until) = span.days();
        self.edges(value, from.map(|day| day.to_string()), until.map(|day| day.to_string()))
    }

    fn moments(&mut self, value: &str, span: &Span) -> String {
        let utc = |edge: &jiff::Zoned| edge.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        // A moment between two seconds begins with the next whole one.
        let from = span.from.as_ref().map(|edge| {
            let whole = edge.timestamp().subsec_nanosecond() == 0;
            let edge =
                if whole { Ok(edge.clone()) } else { edge.checked_add(jiff::SignedDuration::from_secs(1)) };
            edge.as_ref().map(utc).unwrap_or_default()
        });
        self.edges(value, from, span.until.as_ref().map(utc))
    }

    fn edges(&mut self, value: &str, from: Option<String>, until: Option<String>) -> String {
        let mut parts = vec![format!("{value} IS NOT NULL")];
        if let Some(from) = from {
            parts.push(format!("{value} >= {}", self.bind(Cell::Text(from))));
        }
        if let Some(until) = until {
            parts.push(format!("{value} < {}", self.bind(Cell::Text(until))));
        }
        format!("({})", parts.join(" AND "))
    }
}
