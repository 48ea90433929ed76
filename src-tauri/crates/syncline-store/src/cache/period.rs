//! Spans of time that relative date operators mean, in the zone of the person who asks; weeks begin on Sunday.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use syncline_fetchxml::Operator;

/// An edge of a span, in both forms in which dates are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    /// For dates with a time: UTC.
    pub(crate) instant: String,
    /// For dates without: the day.
    pub(crate) day: String,
    /// As an end: dates without a time of this very day belong to the span.
    pub(crate) day_belongs: bool,
}

/// A span; an instant at its end does not belong to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Option<Edge>,
    pub(crate) until: Option<Edge>,
}

fn utc(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The beginning of a day.
fn midnight(day: Date, zone: &TimeZone) -> Option<Edge> {
    let instant = day.to_zoned(zone.clone()).ok()?.timestamp();
    Some(Edge { instant: utc(instant), day: day.to_string(), day_belongs: false })
}

/// The day that a condition's text names: its beginning and its end. Of a text with a time and zone the day it falls on here.
pub(crate) fn day(text: &str, zone: &TimeZone) -> Option<(Edge, Edge)> {
    let text = text.trim();
    let day: Date = match text.parse::<Timestamp>() {
        Ok(instant) => instant.to_zoned(zone.clone()).date(),
        Err(_) => text.get(..10)?.parse().ok()?,
    };
    Some((midnight(day, zone)?, midnight(day.tomorrow().ok()?, zone)?))
}

/// The span of a relative operator; `None` for operators that are none, and beyond the calendar's end.
///
/// "Last" spans of days and longer begin at the start of a day and end now; "next" ones begin now and end with their last whole
/// day (FetchXML reference, date operators).
pub(crate) fn span(operator: Operator, count: i64, now: &Zoned) -> Option<Span> {
    use Operator as O;
    let zone = now.time_zone();
    let today = now.date();
    let month = today.first_of_month();
    let year = today.first_of_year();
    let week = today.checked_sub(i64::from(today.weekday().since(Weekday::Sunday)).days()).ok()?;
    let edge = |instant: Timestamp| Edge { instant: utc(instant), day: today.to_string(), day_belongs: true };
    let this_moment = edge(now.timestamp());
    // Stored times have whole seconds; the second that is running belongs to a span that ends now.
    let just_after = edge(now.timestamp().checked_add(SignedDuration::from_secs(1)).ok()?);
    let days = |from: Date, until: Date| {
        Some(Span { from: Some(midnight(from, zone)?), until: Some(midnight(until, zone)?) })
    };
    let until_now =
        |from: Date| Some(Span { from: Some(midnight(from, zone)?), until: Some(just_after.clone()) });
    let from_now =
        |until: Date| Some(Span { from: Some(this_moment.clone()), until: Some(midnight(until, zone)?) });
    let older = |day: Date| Some(Span { from: None, until: Some(midnight(day, zone)?) });
    let older_than = |seconds: i64| {
        let instant = now.timestamp().checked_sub(SignedDuration::from_secs(seconds)).ok()?;
        let mut edge = edge(instant);
        edge.day = instant.to_zoned(zone.clone()).date().to_string();
        edge.day_belongs = false;
        Some(Span { from: None, until: Some(edge) })
    };
    let plus = |day: Date, n: i64| day.checked_add(1.day().checked_mul(n).ok()?).ok();
    let plus_months = |day: Date, n: i64| day.checked_add(1.month().checked_mul(n).ok()?).ok();
    let plus_years = |day: Date, n: i64| day.checked_add(1.year().checked_mul(n).ok()?).ok();
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
        O::LastXHours | O::NextXHours => {
            let clock = now.datetime();
            let hour = clock.date().at(clock.hour(), 0, 0, 0).to_zoned(zone.clone()).ok()?.timestamp();
            let hours = |n: i64| Some(SignedDuration::from_secs(n.checked_mul(3600)?));
            Some(if operator == O::LastXHours {
                let from = hour.checked_sub(hours(count)?).ok()?;
                let mut edge = edge(from);
                edge.day = from.to_zoned(zone.clone()).date().to_string();
                Span { from: Some(edge), until: Some(just_after) }
            } else {
                let until = hour.checked_add(hours(count.checked_add(1)?)?).ok()?;
                let mut edge = edge(until);
                edge.day = until.to_zoned(zone.clone()).date().to_string();
                Span { from: Some(this_moment), until: Some(edge) }
            })
        }
        O::LastXDays => until_now(plus(today, -count)?),
        O::NextXDays => from_now(plus(today, count.checked_add(1)?)?),
        O::LastXWeeks => until_now(plus(today, count.checked_mul(-7)?)?),
        O::NextXWeeks => from_now(plus(today, count.checked_mul(7)?.checked_add(1)?)?),
        O::LastXMonths => until_now(plus_months(today, -count)?),
        O::NextXMonths => from_now(plus(plus_months(today, count)?, 1)?),
        O::LastXYears => until_now(plus_years(today, -count)?),
        O::NextXYears => from_now(plus(plus_years(today, count)?, 1)?),
        O::OlderThanXMinutes => older_than(count.checked_mul(60)?),
        O::OlderThanXHours => older_than(count.checked_mul(3600)?),
        O::OlderThanXDays => older(plus(today, -count)?),
        O::OlderThanXWeeks => older(plus(today, count.checked_mul(-7)?)?),
        O::OlderThanXMonths => older(plus_months(today, -count)?),
        O::OlderThanXYears => older(plus_years(today, -count)?),
        // Compared with a value, or known to the service only: fiscal periods, hierarchies, teams.
        _ => None,
    }
}
