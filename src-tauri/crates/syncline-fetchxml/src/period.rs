//! Dates of conditions: their texts, and the spans of time that relative operators mean. All in UTC, weeks from Sunday.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::Operator;

/// Reads `2026-01-02`, `2026-01-02T03:04:05` with or without zone (without: UTC), also with a space in place of the `T`.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() == 10 {
        return midnight(text.parse::<Date>().ok()?);
    }
    if text.len() < 16 || !matches!(text.as_bytes()[10], b'T' | b't' | b' ') {
        return None;
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    Some(text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The day's beginning in UTC.
pub(crate) fn midnight(day: Date) -> Option<Timestamp> {
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The day in UTC.
pub(crate) fn day_of(instant: Timestamp) -> Date {
    instant.to_zoned(TimeZone::UTC).date()
}

/// A span of time; the end does not belong to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) from: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
}

impl Span {
    pub(crate) fn contains(&self, instant: Timestamp) -> bool {
        self.from.is_none_or(|from| instant >= from) && self.until.is_none_or(|until| instant < until)
    }
    /// Widened at its beginning to the whole day: a date without time has no hour to be too early by.
    pub(crate) fn whole_days(self) -> Span {
        Span { from: self.from.and_then(|from| midnight(day_of(from))), until: self.until }
    }
}

/// The span a relative operator means. `count` is its value, where it takes one. `None`: not a relative date operator of the
/// calendar, or beyond the calendar's end.
///
/// "Last" spans of days and longer begin at the start of a day and end now; "next" ones begin now and end with the last
/// whole day, as the service translates them.
pub(crate) fn span(operator: Operator, count: i64, now: Timestamp) -> Option<Span> {
    use Operator as O;
    let today = day_of(now);
    let month = today.first_of_month();
    let year = today.first_of_year();
    let back = i64::from(today.weekday().since(Weekday::Sunday));
    let week = today.checked_sub(back.days()).ok()?;
    let days =
        |from: Date, until: Date| Some(Span { from: Some(midnight(from)?), until: Some(midnight(until)?) });
    // The moment itself belongs to a span that ends now.
    let just_after = |instant: Timestamp| instant.checked_add(1.nanosecond()).ok();
    let until_now = |from: Date| Some(Span { from: Some(midnight(from)?), until: Some(just_after(now)?) });
    let from_now = |until: Date| Some(Span { from: Some(now), until: Some(midnight(until)?) });
    let before = |until: Timestamp| Some(Span { from: None, until: Some(until) });
    let plus = |day: Date, span: jiff::Span| day.checked_add(span).ok();
    let day = |n: i64| 1.days().checked_mul(n).ok();
    let months = |n: i64| 1.months().checked_mul(n).ok();
    let years = |n: i64| 1.years().checked_mul(n).ok();
    let hour = {
        let clock = now.to_zoned(TimeZone::UTC).datetime();
        clock.date().at(clock.hour(), 0, 0, 0).to_zoned(TimeZone::UTC).ok()?.timestamp()
    };
    let hours = |n: i64| n.checked_mul(3600).map(jiff::SignedDuration::from_secs);
    match operator {
        O::Yesterday => days(plus(today, -1.days())?, today),
        O::Today => days(today, plus(today, 1.days())?),
        O::Tomorrow => days(plus(today, 1.days())?, plus(today, 2.days())?),
        O::LastSevenDays => until_now(plus(today, -7.days())?),
        O::NextSevenDays => from_now(plus(today, 8.days())?),
        O::LastWeek => days(plus(week, -7.days())?, week),
        O::ThisWeek => days(week, plus(week, 7.days())?),
        O::NextWeek => days(plus(week, 7.days())?, plus(week, 14.days())?),
        O::LastMonth => days(plus(month, -1.months())?, month),
        O::ThisMonth => days(month, plus(month, 1.months())?),
        O::NextMonth => days(plus(month, 1.months())?, plus(month, 2.months())?),
        O::LastYear => days(plus(year, -1.years())?, year),
        O::ThisYear => days(year, plus(year, 1.years())?),
        O::NextYear => days(plus(year, 1.years())?, plus(year, 2.years())?),
        O::LastXHours => {
            Some(Span { from: Some(hour.checked_sub(hours(count)?).ok()?), until: Some(just_after(now)?) })
        }
        O::NextXHours => {
            Some(Span { from: Some(now), until: Some(hour.checked_add(hours(count.checked_add(1)?)?).ok()?) })
        }
        O::LastXDays => until_now(plus(today, day(-count)?)?),
        O::NextXDays => from_now(plus(today, day(count.checked_add(1)?)?)?),
        O::LastXWeeks => until_now(plus(today, day(count.checked_mul(-7)?)?)?),
        O::NextXWeeks => from_now(plus(today, day(count.checked_mul(7)?.checked_add(1)?)?)?),
        O::LastXMonths => until_now(plus(today, months(-count)?)?),
        O::NextXMonths => from_now(plus(plus(today, months(count)?)?, 1.days())?),
        O::LastXYears => until_now(plus(today, years(-count)?)?),
        O::NextXYears => from_now(plus(plus(today, years(count)?)?, 1.days())?),
        O::OlderThanXMinutes => {
            before(now.checked_sub(jiff::SignedDuration::from_secs(count.checked_mul(60)?)).ok()?)
        }
        O::OlderThanXHours => before(now.checked_sub(hours(count)?).ok()?),
        O::OlderThanXDays => before(midnight(plus(today, day(-count)?)?)?),
        O::OlderThanXWeeks => before(midnight(plus(today, day(count.checked_mul(-7)?)?)?)?),
        O::OlderThanXMonths => before(midnight(plus(today, months(-count)?)?)?),
        O::OlderThanXYears => before(midnight(plus(today, years(-count)?)?)?),
        // Not a span of the calendar: compared with a value, or known to the service only.
        O::Eq
        | O::Ne
        | O::Gt
        | O::Ge
        | O::Lt
        | O::Le
        | O::Null
        | O::NotNull
        | O::In
        | O::NotIn
        | O::Between
        | O::NotBetween
        | O::Like
        | O::NotLike
        | O::BeginsWith
        | O::NotBeginWith
        | O::EndsWith
        | O::NotEndWith
        | O::ContainValues
        | O::NotContainValues
        | O::ThisFiscalYear
        | O::ThisFiscalPeriod
        | O::NextFiscalYear
        | O::NextFiscalPeriod
        | O::LastFiscalYear
        | O::LastFiscalPeriod
        | O::LastXFiscalYears
        | O::LastXFiscalPeriods
        | O::NextXFiscalYears
        | O::NextXFiscalPeriods
        | O::InFiscalYear
        | O::InFiscalPeriod
        | O::InFiscalPeriodAndYear
        | O::InOrBeforeFiscalPeriodAndYear
        | O::InOrAfterFiscalPeriodAndYear
        | O::On
        | O::OnOrBefore
        | O::OnOrAfter
        | O::EqUserId
        | O::NeUserId
        | O::EqBusinessId
        | O::NeBusinessId
        | O::EqUserTeams
        | O::EqUserOrUserTeams
        | O::EqUserOrUserHierarchy
        | O::EqUserOrUserHierarchyAndTeams
        | O::EqUserLanguage
        | O::Under
        | O::EqOrUnder
        | O::NotUnder
        | O::Above
        | O::EqOrAbove => None,
    }
}
