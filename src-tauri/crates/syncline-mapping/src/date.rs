//! Dates: a calendar date is never shifted, wall-clock time is kept, an instant becomes RFC 3339 in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// A date as text, understood.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Moment {
    /// A calendar date.
    Day(Date),
    /// An instant.
    Instant(Timestamp),
    /// A time of a clock without a zone.
    Clock(DateTime),
}

impl Moment {
    /// Reads `2026-01-02`, `2026-01-02T03:04:05Z` (or with an offset), or `2026-01-02T03:04:05`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = text.as_bytes();
        if bytes.len() == 10 {
            return text.parse::<Date>().ok().map(Self::Day);
        }
        if bytes.len() < 16 || !matches!(bytes[10], b'T' | b't' | b' ') {
            return None;
        }
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Some(Self::Instant(instant));
        }
        text.parse::<DateTime>().ok().map(Self::Clock)
    }

    /// RFC 3339 ending in `Z`; a date without time becomes midnight of that date, a clock's time keeps its digits.
    pub(crate) fn rfc3339(self) -> String {
        match self {
            Self::Day(day) => midnight(day),
            Self::Instant(instant) => instant.to_string(),
            Self::Clock(clock) => format!("{clock}Z"),
        }
    }

    /// The calendar date, not shifted: that of UTC for an instant.
    pub(crate) fn day(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Instant(instant) => instant.to_zoned(jiff::tz::TimeZone::UTC).date(),
            Self::Clock(clock) => clock.date(),
        }
    }

    /// The instant, a time without zone taken as UTC (Dataverse Web API, dates).
    pub(crate) fn instant(self) -> Option<Timestamp> {
        match self {
            Self::Instant(instant) => Some(instant),
            Self::Day(day) => day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp()),
            Self::Clock(clock) => clock.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp()),
        }
    }
}

/// A day's midnight, its digits written one by one: dates of birth are many, and formatting takes longer than reading them.
fn midnight(day: Date) -> String {
    let Ok(year @ 0..=9999) = u16::try_from(day.year()) else { return format!("{day}T00:00:00Z") };
    let digit = |number: u16| char::from(b'0' + (number % 10) as u8);
    let (month, day) = (day.month().unsigned_abs().into(), day.day().unsigned_abs().into());
    let mut text = String::with_capacity(20);
    text.extend([year / 1000, year / 100, year / 10, year].map(digit));
    for number in [month, day] {
        text.push('-');
        text.push(digit(number / 10));
        text.push(digit(number));
    }
    text.push_str("T00:00:00Z");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight() {
        for text in ["0000-01-01", "0007-12-31", "1753-01-01", "1989-02-28", "2026-11-22", "9999-12-31"] {
            let day: Date = text.parse().unwrap();
            assert_eq!(Moment::Day(day).rfc3339(), format!("{text}T00:00:00Z"));
        }
        let before: Date = "-000044-03-15".parse().unwrap();
        assert_eq!(Moment::Day(before).rfc3339(), "-000044-03-15T00:00:00Z");
    }
}
