//! SQL functions of queries: exact sums and averages, parts of dates.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use rusqlite::functions::{Aggregate, Context, FunctionFlags, WindowAggregate};
use rusqlite::types::{Value, ValueRef};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use syncline_fetchxml::{DateGrouping, Fiscal};

use crate::StoreError;

const FLAGS: FunctionFlags = FunctionFlags::SQLITE_UTF8
    .union(FunctionFlags::SQLITE_DETERMINISTIC)
    .union(FunctionFlags::SQLITE_INNOCUOUS);

/// Decimals of an average that does not end.
const DIGITS: u32 = 10;

/// A sum in decimal: the binary fractions that SQLite adds up would drift.
#[derive(Default)]
pub(super) struct Total {
    sum: Decimal,
    /// What does not fit a decimal, or is no number to the last digit.
    rough: f64,
    is_rough: bool,
    values: i64,
    fractions: bool,
}

impl Total {
    fn change(&mut self, value: ValueRef<'_>, add: bool) {
        let exact = match value {
            ValueRef::Integer(number) => Some(Decimal::from(number)),
            ValueRef::Real(number) => {
                self.fractions = true;
                Decimal::from_f64(number)
            }
            ValueRef::Text(_) | ValueRef::Blob(_) | ValueRef::Null => return,
        };
        let near = match value {
            ValueRef::Integer(number) => number as f64,
            ValueRef::Real(number) => number,
            ValueRef::Text(_) | ValueRef::Blob(_) | ValueRef::Null => 0.0,
        };
        self.values += if add { 1 } else { -1 };
        self.rough += if add { near } else { -near };
        let changed = exact
            .and_then(|exact| if add { self.sum.checked_add(exact) } else { self.sum.checked_sub(exact) });
        match changed {
            Some(sum) => self.sum = sum,
            None => self.is_rough = true,
        }
    }
    fn sum(&self) -> Value {
        if self.values == 0 {
            return Value::Null;
        }
        if self.is_rough {
            return Value::Real(self.rough);
        }
        match self.sum.to_i64() {
            Some(whole) if !self.fractions => Value::Integer(whole),
            _ => self.sum.to_f64().map_or(Value::Real(self.rough), Value::Real),
        }
    }
    fn average(&self) -> Value {
        if self.values == 0 {
            return Value::Null;
        }
        let exact = if self.is_rough { None } else { self.sum.checked_div(Decimal::from(self.values)) };
        let near = self.rough / self.values as f64;
        exact.and_then(|exact| exact.to_f64()).map_or(Value::Real(near), Value::Real)
    }
    /// The sum digit for digit.
    fn sum_text(&self) -> Value {
        match self.values {
            0 => Value::Null,
            _ if self.is_rough => Value::Real(self.rough),
            _ => Value::Text(self.sum.normalize().to_string()),
        }
    }
    /// The average digit for digit; of whole numbers a whole one.
    fn average_text(&self) -> Value {
        if self.values == 0 {
            return Value::Null;
        }
        let exact = if self.is_rough { None } else { self.sum.checked_div(Decimal::from(self.values)) };
        match exact {
            None => Value::Real(self.rough / self.values as f64),
            Some(exact) if !self.fractions => Value::Text(exact.trunc().normalize().to_string()),
            Some(exact) => Value::Text(exact.round_dp(DIGITS).normalize().to_string()),
        }
    }
}

struct Sum(fn(&Total) -> Value);

impl Aggregate<Total, Value> for Sum {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<Total> {
        Ok(Total::default())
    }
    fn step(&self, context: &mut Context<'_>, total: &mut Total) -> rusqlite::Result<()> {
        total.change(context.get_raw(0), true);
        Ok(())
    }
    fn finalize(&self, _: &mut Context<'_>, total: Option<Total>) -> rusqlite::Result<Value> {
        Ok((self.0)(&total.unwrap_or_default()))
    }
}

impl WindowAggregate<Total, Value> for Sum {
    fn value(&self, total: Option<&mut Total>) -> rusqlite::Result<Value> {
        Ok(total.map_or(Value::Null, |total| (self.0)(total)))
    }
    fn inverse(&self, context: &mut Context<'_>, total: &mut Total) -> rusqlite::Result<()> {
        total.change(context.get_raw(0), false);
        Ok(())
    }
}

/// Makes `exact_sum` and `exact_avg` (digit for digit, as text) known.
pub(crate) fn register(connection: &Connection) -> Result<(), StoreError> {
    connection.create_aggregate_function("exact_sum", 1, FLAGS, Sum(Total::sum_text))?;
    connection.create_aggregate_function("exact_avg", 1, FLAGS, Sum(Total::average_text))?;
    Ok(())
}

/// Makes `sum`, `total` and `avg` of a person's own SQL exact in place of SQLite's.
pub(crate) fn register_exact(connection: &Connection) -> Result<(), StoreError> {
    connection.create_window_function("sum", 1, FLAGS, Sum(Total::sum))?;
    connection.create_window_function("avg", 1, FLAGS, Sum(Total::average))?;
    Ok(())
}

/// Makes `date_part(date, part, local)` known: a part of a date as `dategrouping` names it. With `local` a moment is first taken to
/// the zone; what has no zone is read as it stands.
pub(crate) fn register_dates(
    connection: &Connection,
    zone: TimeZone,
    fiscal: Fiscal,
) -> Result<(), StoreError> {
    connection.create_scalar_function("date_part", 3, FLAGS, move |context| {
        let (Ok(text), Ok(part)) = (context.get_raw(0).as_str(), context.get_raw(1).as_str()) else {
            return Ok(None);
        };
        let local = context.get::<i64>(2)? == 1;
        let part = DateGrouping::EVERY.iter().find(|known| known.as_str() == part);
        let day = match text.parse::<Timestamp>() {
            Ok(instant) if local => Some(instant.to_zoned(zone.clone()).date()),
            _ => text.get(..10).and_then(|day| day.parse().ok()),
        };
        Ok(part.zip(day).and_then(|(part, day)| fiscal.part(*part, day)))
    })?;
    Ok(())
}
