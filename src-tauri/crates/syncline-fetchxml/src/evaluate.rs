//! Evaluating a filter on a record that is here: for previews without a network.
//!
//! The service's semantics: text without regard to case, `%_[]` wildcards, dates by instant or by day of the asker's zone. A
//! comparison with an empty column does not hold; the negative operators (`ne`, `not-in`, `not-like` and so on) hold for an empty
//! column, as the service adds "or is null" to them. Two columns are compared as SQL does: where one of them is empty nothing holds.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use rust_decimal::Decimal;
use std::cmp::Ordering;
use syncline_model::{DateTimeBehavior, EntitySchema, Value};

use crate::ast::{Filter, FilterKind};
use crate::like::{Pattern, fold};
use crate::period::{self, Span};
use crate::{DateGrouping, Family, Fiscal, Operator};

/// A filter that can't be evaluated here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// Only the service knows: the user where they are not told, their teams, hierarchies.
    #[error("the operator {0} can be evaluated by the service only")]
    Operator(Operator),
    /// Only the service has the linked rows.
    #[error("a condition on the linked entity {0} can be evaluated by the service only")]
    Linked(String),
    /// The entity has no such column.
    #[error("the column {0} is not known")]
    Column(String),
    /// A value can't be read.
    #[error("{value:?} is no value for {attribute} {operator}")]
    Value {
        /// Column.
        attribute: String,
        /// Operator.
        operator: Operator,
        /// The value.
        value: String,
    },
}

/// What relative conditions are relative to.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Now, in the zone whose days count.
    pub now: Zoned,
    /// The organization's fiscal calendar.
    pub fiscal: Fiscal,
    /// The user, lower case.
    pub user: Option<String>,
    /// The user's business unit, lower case.
    pub business_unit: Option<String>,
    /// The user's language, such as 1033.
    pub language: Option<i64>,
}

impl Asker {
    /// Nobody in particular, with UTC days and the fiscal calendar that organizations begin with.
    pub fn utc(now: Timestamp) -> Self {
        Self {
            now: now.to_zoned(TimeZone::UTC),
            fiscal: Fiscal::default(),
            user: None,
            business_unit: None,
            language: None,
        }
    }
}

/// A filter made ready for many records: values parsed and spans of time computed once.
#[derive(Debug, Clone)]
pub struct Evaluator(Group);

#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) kind: FilterKind,
    pub(crate) tests: Vec<Test>,
    pub(crate) groups: Vec<Group>,
}

#[derive(Debug, Clone)]
pub(crate) struct Test {
    pub(crate) attribute: String,
    pub(crate) family: Family,
    /// Holds for an empty column.
    pub(crate) negative: bool,
    pub(crate) check: Check,
}

#[derive(Debug, Clone)]
pub(crate) enum Check {
    Empty(bool),
    Compare(Relation, Key),
    Columns(Relation, String),
    OneOf(Vec<Key>),
    Between(Key, Key),
    Like(Pattern),
    Selected(Vec<i64>),
    /// Dates with a time by moment; days and times without a zone by the clock on the asker's wall.
    Within(Span, DateTimeBehavior),
    FiscalPeriod(i64, Fiscal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Relation {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering == Ordering::Equal,
            Self::Greater => ordering == Ordering::Greater,
            Self::GreaterOrEqual => ordering != Ordering::Less,
            Self::Less => ordering == Ordering::Less,
            Self::LessOrEqual => ordering != Ordering::Greater,
        }
    }
}

/// A value in the form in which a family compares.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key {
    Text(String),
    Number(Decimal),
    Double(f64),
    Instant(Timestamp),
    Codes(Vec<i64>),
}

impl Key {
    fn compare(&self, other: &Key) -> Option<Ordering> {
        match (self, other) {
            (Key::Text(a), Key::Text(b)) => Some(a.cmp(b)),
            (Key::Number(a), Key::Number(b)) => Some(a.cmp(b)),
            (Key::Instant(a), Key::Instant(b)) => Some(a.cmp(b)),
            (Key::Codes(a), Key::Codes(b)) => (a == b).then_some(Ordering::Equal).or(Some(a.cmp(b))),
            (Key::Number(_) | Key::Double(_), Key::Number(_) | Key::Double(_)) => {
                self.double()?.partial_cmp(&other.double()?)
            }
            (Key::Text(_) | Key::Number(_) | Key::Double(_) | Key::Instant(_) | Key::Codes(_), _) => None,
        }
    }
    fn double(&self) -> Option<f64> {
        match self {
            Key::Number(number) => number.to_string().parse().ok(),
            Key::Double(number) => Some(*number),
            Key::Text(_) | Key::Instant(_) | Key::Codes(_) => None,
        }
    }
}

pub(crate) fn key(family: Family, value: &Value) -> Option<Key> {
    match family {
        Family::Text | Family::Other => Some(Key::Text(fold(&value.display_text()))),
        Family::Id | Family::Owner => {
            let text = value.display_text();
            Some(Key::Text(
                uuid::Uuid::try_parse(text.trim()).map_or_else(|_| fold(&text), |id| id.to_string()),
            ))
        }
        Family::Number => match value {
            Value::Text(text) => text
                .trim()
                .parse()
                .map(Key::Number)
                .ok()
                .or_else(|| text.trim().parse().map(Key::Double).ok()),
            Value::Double(number) => value.as_decimal().map(Key::Number).or(Some(Key::Double(*number))),
            other => other.as_decimal().map(Key::Number),
        },
        Family::Choice => match value {
            Value::Bool(on) => Some(Key::Number(Decimal::from(i64::from(*on)))),
            Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" => Some(Key::Number(Decimal::ONE)),
                "false" => Some(Key::Number(Decimal::ZERO)),
                other => other.parse().map(Key::Number).ok(),
            },
            other => other.as_decimal().map(Key::Number),
        },
        Family::Choices => codes(value).map(Key::Codes),
        Family::Date => value.as_text().and_then(period::parse).map(Key::Instant),
    }
}

pub(crate) fn codes(value: &Value) -> Option<Vec<i64>> {
    let mut codes: Vec<i64> = match value {
        Value::Text(text) => text
            .trim_matches(['[', ']'])
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().ok())
            .collect::<Option<_>>()?,
        Value::Integer(code) => vec![*code],
        Value::List(items) => {
            items.iter().map(|item| codes(item)?.first().copied()).collect::<Option<_>>()?
        }
        Value::Null | Value::Bool(_) | Value::Decimal(_) | Value::Double(_) | Value::Reference(_) => {
            return None;
        }
    };
    codes.sort_unstable();
    codes.dedup();
    Some(codes)
}

impl Filter {
    /// Makes the filter ready for records of this entity at this moment.
    pub fn evaluator(&self, schema: &EntitySchema, now: Timestamp) -> Result<Evaluator, Unsupported> {
        self.evaluator_for(schema, &Asker::utc(now))
    }

    /// Makes the filter ready for records of this entity, as one person asks.
    pub fn evaluator_for(&self, schema: &EntitySchema, asker: &Asker) -> Result<Evaluator, Unsupported> {
        crate::evaluator::group(self, schema, asker).map(Evaluator)
    }

    /// Whether one record passes; `get` gives a column's value by its logical name. For many records use
    /// [`Filter::evaluator`].
    pub fn matches(
        &self,
        get: &dyn Fn(&str) -> Option<Value>,
        schema: &EntitySchema,
        now: Timestamp,
    ) -> Result<bool, Unsupported> {
        Ok(self.evaluator(schema, now)?.matches(get))
    }
}

impl Evaluator {
    /// Whether a record passes; `get` gives a column's value by its logical name, `None` counts as empty.
    pub fn matches(&self, get: &dyn Fn(&str) -> Option<Value>) -> bool {
        self.0.matches(get)
    }
}

impl Group {
    fn matches(&self, get: &dyn Fn(&str) -> Option<Value>) -> bool {
        let mut parts = self
            .tests
            .iter()
            .map(|test| test.matches(get))
            .chain(self.groups.iter().map(|group| group.matches(get)));
        match self.kind {
            FilterKind::And => parts.all(|holds| holds),
            FilterKind::Or => (self.tests.is_empty() && self.groups.is_empty()) || parts.any(|holds| holds),
        }
    }
}

impl Test {
    fn matches(&self, get: &dyn Fn(&str) -> Option<Value>) -> bool {
        let value = get(&self.attribute).unwrap_or(Value::Null);
        // The service stores an empty text as null.
        let empty = match &value {
            Value::Null => true,
            Value::Text(text) => text.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Bool(_)
            | Value::Integer(_)
            | Value::Decimal(_)
            | Value::Double(_)
            | Value::Reference(_) => false,
        };
        if let Check::Empty(wanted) = self.check {
            return empty == wanted;
        }
        if empty {
            return self.negative && !matches!(self.check, Check::Columns(..));
        }
        let Some(found) = key(self.family, &value) else { return self.negative };
        let holds = match &self.check {
            Check::Empty(wanted) => !wanted,
            Check::Compare(relation, wanted) => {
                found.compare(wanted).is_some_and(|ordering| relation.holds(ordering))
            }
            Check::Columns(relation, other) => {
                match get(other).filter(|value| !value.is_null()).and_then(|value| key(self.family, &value)) {
                    Some(other) => found.compare(&other).is_some_and(|ordering| relation.holds(ordering)),
                    None => return false,
                }
            }
            Check::OneOf(wanted) => {
                wanted.iter().any(|wanted| found.compare(wanted) == Some(Ordering::Equal))
            }
            Check::Between(low, high) => {
                found.compare(low).is_some_and(|ordering| ordering != Ordering::Less)
                    && found.compare(high).is_some_and(|ordering| ordering != Ordering::Greater)
            }
            Check::Like(pattern) => pattern.matches(&value.display_text()),
            Check::Selected(wanted) => match &found {
                Key::Codes(codes) => wanted.iter().any(|code| codes.contains(code)),
                Key::Text(_) | Key::Number(_) | Key::Double(_) | Key::Instant(_) => false,
            },
            Check::Within(span, behavior) => match found {
                Key::Instant(instant) => within(span, *behavior, instant),
                Key::Text(_) | Key::Number(_) | Key::Double(_) | Key::Codes(_) => false,
            },
            Check::FiscalPeriod(wanted, fiscal) => match found {
                Key::Instant(instant) => {
                    let day = instant.to_zoned(TimeZone::UTC).date();
                    fiscal.part(DateGrouping::FiscalPeriod, day) == Some(*wanted)
                }
                Key::Text(_) | Key::Number(_) | Key::Double(_) | Key::Codes(_) => false,
            },
        };
        holds != self.negative
    }
}

fn within(span: &Span, behavior: DateTimeBehavior, instant: Timestamp) -> bool {
    let wall = || instant.to_zoned(TimeZone::UTC).datetime();
    match behavior {
        DateTimeBehavior::UserLocal => span.contains(instant),
        DateTimeBehavior::DateOnly => {
            let (from, until) = span.days();
            let day = wall().date();
            from.is_none_or(|from| day >= from) && until.is_none_or(|until| day < until)
        }
        DateTimeBehavior::TimeZoneIndependent => {
            span.from.as_ref().is_none_or(|from| wall() >= from.datetime())
                && span.until.as_ref().is_none_or(|until| wall() < until.datetime())
        }
    }
}
