//! Dates of conditions: their texts, and the spans of time that relative operators mean in the zone of the person who asks.
//! Weeks begin on Sunday.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

use crate::{Fiscal, Operator};

/// Reads `2026-01-02`, `2026-01-02T03:04:05` with or without zone (without: UTC), also with a space in place of the `T`.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() == 10 {
        return Some(text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    }
    if text.len() < 16 || !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    Some(text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The day that a condition's text names: the day itself, or of a time with a zone the day on which it falls in the asker's zone.
fn day_of(text: &str, zone: &TimeZone) -> Option<Date> {
    let text = text.trim();
    match text.parse::<Timestamp>() {
        Ok(instant) => Some(instant.to_zoned(zone.clone()).date()),
        Err(_) => text.get(..10)?.parse().ok(),
    }
}

/// A span of time; the end does not belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its beginning.
    pub from: Option<Zoned>,
    /// The first moment behind it.
    pub until: Option<Zoned>,
}

impl Span {
    /// A moment lies in it.
    pub fn contains(&self, instant: Timestamp) -> bool {
        self.from.as_ref().is_none_or(|from| instant >= from.timestamp())
            && self.until.as_ref().is_none_or(|until| instant < until.timestamp())
    }
    /// For columns that hold days: the first day that belongs to it and the first one behind it. A day has no hour to be too early
    /// by, so that of the beginning belongs to it whole.
    pub fn days(&self) -> (Option<Date>, Option<Date>) {
        let behind = |until: &Zoned| {
            if until.time() == Time::midnight() { Some(until.date()) } else { until.date().tomorrow().ok() }
        };
        (self.from.as_ref().map(Zoned::date), self.until.as_ref().and_then(behind))
    }
}

/// The span of `on`, `on-or-before` and `on-or-after`: a day of the asker, whose hour does not count. `None`: no date, or another
/// operator.
pub fn day_span(operator: Operator, text: &str, zone: &TimeZone) -> Option<Span> {
    let day = day_of(text, zone)?;
    let from = Some(day.to_zoned(zone.clone()).ok()?);
    let until = Some(day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?);
    match operator {
        Operator::On => Some(Span { from, until }),
        Operator::OnOrBefore => Some(Span { from: None, until }),
        Operator::OnOrAfter => Some(Span { from, until: None }),
        _ => None,
    }
}

/// The span a relative operator means. `numbers` are its values, where it takes some. `None`: not an operator that means one span
/// (`in-fiscal-period` means one of every year), or beyond the calendar's end.
///
/// "Last" spans of days and longer begin at the start of a day and end now, "next" ones begin now and end with their last whole day;
/// hours and minutes are counted from now (FetchXML reference, operators; the reference says no more than "within the last X hours").
/// The last or next so many fiscal years or periods are whole ones and leave the running one out, as `last-fiscal-year` does.
pub fn span(operator: Operator, numbers: &[i64], now: &Zoned, fiscal: &Fiscal) -> Option<Span> {
    use Operator as O;
    let zone = now.time_zone();
    let today = now.date();
    let month = today.first_of_month();
    let year = today.first_of_year();
    let week = today.checked_sub(i64::from(today.weekday().since(Weekday::Sunday)).days()).ok()?;
    let count = numbers.first().copied().unwrap_or(0);
    let second = numbers.get(1).copied().unwrap_or(0);
    let midnight = |day: Date| day.to_zoned(zone.clone()).ok();
    let days =
        |from: Date, until: Date| Some(Span { from: Some(midnight(from)?), until: Some(midnight(until)?) });
    let whole = |(from, until): (Date, Date)| days(from, until);
    // Times are kept in whole seconds; the one that is running belongs to a span that ends now.
    let just_after = || now.checked_add(SignedDuration::from_secs(1)).ok();
    let until_now = |from: Date| Some(Span { from: Some(midnight(from)?), until: Some(just_after()?) });
    let from_now = |until: Date| Some(Span { from: Some(now.clone()), until: Some(midnight(until)?) });
    let before = |until: Zoned| Some(Span { from: None, until: Some(until) });
    let older = |day: Date| before(midnight(day)?);
    let plus = |day: Date, n: i64| day.checked_add(1.day().checked_mul(n).ok()?).ok();
    let plus_months = |day: Date, n: i64| day.checked_add(1.month().checked_mul(n).ok()?).ok();
    let plus_years = |day: Date, n: i64| day.checked_add(1.year().checked_mul(n).ok()?).ok();
    let away = |seconds: i64| now.checked_add(SignedDuration::from_secs(seconds)).ok();
    let hours = |n: i64| n.checked_mul(3600);
    let fiscal_year = || fiscal.year_of(today);
    let fiscal_period = || fiscal.period_of(today);
    let first = |pair: (Date, Date)| pair.0;
    match operator {
        O::Yesterday => days(plus(today, -1)?, today),
        O::Today => days(today, plus(today, 1)?),
        O::Tomorrow => days(plus(today, 1)?, plus(today, 2)?),
        O::LastSevenDays => until_now(plus(today, -7)?),
        O::NextSevenDays => from_now(plus(today, 8)?),
        O::LastWeek => days(plus(week, -7)?, week),
        O::ThisWeek => days(week, plus(week, 7)?),
        O::NextWeek => days(plus(week, 7)?, plus(week, 14)?),
        O::LastMonth => days(plus_months(month, -1)?, month),
        O::ThisMonth => days(month, plus_months(month, 1)?),
        O::NextMonth => days(plus_months(month, 1)?, plus_months(month, 2)?),
        O::LastYear => days(plus_years(year, -1)?, year),
        O::ThisYear => days(year, plus_years(year, 1)?),
        O::NextYear => days(plus_years(year, 1)?, plus_years(year, 2)?),
        O::LastXHours => Some(Span { from: Some(away(-hours(count)?)?), until: Some(just_after()?) }),
        O::NextXHours => {
            Some(Span { from: Some(now.clone()), until: Some(away(hours(count)?.checked_add(1)?)?) })
        }
        O::LastXDays => until_now(plus(today, -count)?),
        O::NextXDays => from_now(plus(today, count.checked_add(1)?)?),
        O::LastXWeeks => until_now(plus(today, count.checked_mul(-7)?)?),
        O::NextXWeeks => from_now(plus(today, count.checked_mul(7)?.checked_add(1)?)?),
        O::LastXMonths => until_now(plus_months(today, -count)?),
        O::NextXMonths => from_now(plus(plus_months(today, count)?, 1)?),
        O::LastXYears => until_now(plus_years(today, -count)?),
        O::NextXYears => from_now(plus(plus_years(today, count)?, 1)?),
        O::OlderThanXMinutes => before(away(count.checked_mul(-60)?)?),
        O::OlderThanXHours => before(away(-hours(count)?)?),
        O::OlderThanXDays => older(plus(today, -count)?),
        O::OlderThanXWeeks => older(plus(today, count.checked_mul(-7)?)?),
        O::OlderThanXMonths => older(plus_months(today, -count)?),
        O::OlderThanXYears => older(plus_years(today, -count)?),
        O::ThisFiscalYear => whole(fiscal.year(fiscal_year()?)?),
        O::LastFiscalYear => whole(fiscal.year(fiscal_year()?.checked_sub(1)?)?),
        O::NextFiscalYear => whole(fiscal.year(fiscal_year()?.checked_add(1)?)?),
        O::ThisFiscalPeriod => whole(fiscal.period(fiscal_year()?, fiscal_period()?)?),
        O::LastFiscalPeriod => whole(fiscal.period(fiscal_year()?, fiscal_period()? - 1)?),
        O::NextFiscalPeriod => whole(fiscal.period(fiscal_year()?, fiscal_period()? + 1)?),
        O::LastXFiscalYears => {
            let this = fiscal_year()?;
            days(first(fiscal.year(this.checked_sub(count)?)?), first(fiscal.year(this)?))
        }
        O::NextXFiscalYears => {
            let this = fiscal_year()?;
            let after = this.checked_add(1)?;
            days(first(fiscal.year(after)?), first(fiscal.year(after.checked_add(count)?)?))
        }
        O::LastXFiscalPeriods => {
            let (this, at) = (fiscal_year()?, fiscal_period()?);
            days(first(fiscal.period(this, at.checked_sub(count)?)?), first(fiscal.period(this, at)?))
        }
        O::NextXFiscalPeriods => {
            let (this, at) = (fiscal_year()?, fiscal_period()? + 1);
            days(first(fiscal.period(this, at)?), first(fiscal.period(this, at.checked_add(count)?)?))
        }
        O::InFiscalYear => whole(fiscal.year(fiscal.begins(count))?),
        O::InFiscalPeriodAndYear | O::InOrBeforeFiscalPeriodAndYear | O::InOrAfterFiscalPeriodAndYear => {
            let (from, until) = fiscal.period(fiscal.begins(second), count.checked_sub(1)?)?;
            let (from, until) = (Some(midnight(from)?), Some(midnight(until)?));
            Some(match operator {
                O::InOrBeforeFiscalPeriodAndYear => Span { from: None, until },
                O::InOrAfterFiscalPeriodAndYear => Span { from, until: None },
                _ => Span { from, until },
            })
        }
        // Not a span: compared with a value, with who asks, with a hierarchy, or with one period of every year.
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
        | O::InFiscalPeriod
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
