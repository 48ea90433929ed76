//! Conditions on dates: instants are UTC, times without a zone are what the clock on the wall says, days are days.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use syncline_fetchxml::Span;
use syncline_model::SynclineError;

use crate::dialect::Dialect;
use crate::encode::{instant, wall};
use crate::filter::{Compiler, refused};
use crate::kind::Kind;
use crate::table::SqlColumn;

/// SQLite compares times as texts, so both sides are brought into one form, to the thousandth of a second.
const FORM: &str = "%Y-%m-%d %H:%M:%f";

impl Compiler<'_> {
    /// A date column as it is compared.
    pub(crate) fn date_side(&self, column: &SqlColumn) -> String {
        let name = self.name(column);
        match (self.dialect, &column.kind) {
            (Dialect::Postgres, _) => name,
            // `auto`: a number is seconds since 1970 (SQLite, Date And Time Functions).
            (Dialect::Sqlite, Kind::Date) => format!("strftime('%Y-%m-%d', {name}, 'auto')"),
            (Dialect::Sqlite, _) => format!("strftime('{FORM}', {name}, 'auto')"),
        }
    }

    /// A date of a condition.
    pub(crate) fn date_operand(&mut self, column: &SqlColumn, text: &str) -> Result<String, SynclineError> {
        let moment = match &column.kind {
            Kind::Instant { .. } => instant(text).map(|zoned| zoned.timestamp()),
            _ => wall(text).and_then(|wall| wall.to_zoned(TimeZone::UTC).ok()).map(|zoned| zoned.timestamp()),
        };
        let moment = moment.ok_or_else(|| {
            refused(format!("{text:?} is no date to compare {} with", column.name))
                .hint("write 2026-03-01 or 2026-03-01T10:00:00Z")
        })?;
        Ok(self.edge(column, moment))
    }

    /// A moment as the column is compared with it.
    fn edge(&mut self, column: &SqlColumn, moment: Timestamp) -> String {
        let wall = moment.to_zoned(TimeZone::UTC).datetime();
        match (self.dialect, &column.kind) {
            (Dialect::Postgres, Kind::Date) => {
                format!("CAST({} AS date)", self.text(wall.date().to_string()))
            }
            (Dialect::Postgres, Kind::Timestamp { .. }) => {
                format!("CAST({} AS timestamp)", self.text(wall.to_string()))
            }
            (Dialect::Postgres, _) => format!("CAST({} AS timestamptz)", self.text(moment.to_string())),
            (Dialect::Sqlite, Kind::Date) => self.text(wall.date().to_string()),
            (Dialect::Sqlite, _) => self.text(wall.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()),
        }
    }

    /// The column lies in a span.
    pub(crate) fn span(&mut self, column: &SqlColumn, span: &Span) -> Result<String, SynclineError> {
        let utc =
            |wall: jiff::civil::DateTime| wall.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
        let (from, until) = match &column.kind {
            Kind::Date => {
                let (from, until) = span.days();
                let day = |day: Option<jiff::civil::Date>| day.and_then(|day| utc(day.at(0, 0, 0, 0)));
                (day(from), day(until))
            }
            Kind::Timestamp { .. } => {
                let wall = |edge: &jiff::Zoned| utc(edge.datetime());
                (span.from.as_ref().and_then(wall), span.until.as_ref().and_then(wall))
            }
            Kind::Instant { .. } => (
                span.from.as_ref().map(jiff::Zoned::timestamp),
                span.until.as_ref().map(jiff::Zoned::timestamp),
            ),
            _ => return Err(refused(format!("{} is no date", column.name))),
        };
        let side = self.date_side(column);
        let mut parts = Vec::new();
        if let Some(from) = from {
            parts.push(format!("{side} >= {}", self.edge(column, from)));
        }
        if let Some(until) = until {
            parts.push(format!("{side} < {}", self.edge(column, until)));
        }
        if parts.is_empty() {
            parts.push(format!("{side} IS NOT NULL"));
        }
        Ok(format!("({})", parts.join(" AND ")))
    }
}
