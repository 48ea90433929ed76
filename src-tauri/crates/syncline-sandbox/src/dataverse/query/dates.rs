//! Date operators as ranges of instants, counted from a given now in UTC. Weeks start on Sunday, the fiscal year in
//! January with quarters as periods, as in an environment that was not changed.
use crate::dataverse::json::{civil, days};

/// From (inclusive) and to (exclusive), in seconds since 1970.
pub(crate) type Range = (Option<i64>, Option<i64>);

const DAY: i64 = 86_400;

fn month_start(day: i64, months: i64) -> i64 {
    let (y, m, _) = civil(day);
    let total = y.saturating_mul(12) + i64::from(m) - 1 + months;
    days(total.div_euclid(12), total.rem_euclid(12) as u32 + 1, 1)
}

fn quarter_start(day: i64, quarters: i64) -> i64 {
    let (_, m, _) = civil(day);
    month_start(day, -(i64::from(m - 1) % 3) + quarters * 3)
}

fn year_start(day: i64, years: i64) -> i64 {
    days(civil(day).0 + years, 1, 1)
}

/// The same time some months away; the day is clamped to the month.
fn shift_months(at: i64, months: i64) -> i64 {
    let (day, rest) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    let first = month_start(day, months);
    let length = month_start(first, 1) - first;
    (first + i64::from(civil(day).2 - 1).min(length - 1)) * DAY + rest
}

/// The range of an operator without a date argument; `n` is the argument of `…-x-…` and `in-fiscal-…`. `None` for
/// operators that are not of this kind.
pub(crate) fn range(operator: &str, now: i64, n: i64) -> Option<Range> {
    let n = n.clamp(0, 100_000);
    let today = now.div_euclid(DAY);
    let week = today - (today + 4).rem_euclid(7);
    let span = |from: i64, to: i64| Some((Some(from * DAY), Some(to * DAY)));
    let before = |at: i64| Some((None, Some(at)));
    match operator {
        "yesterday" => span(today - 1, today),
        "today" => span(today, today + 1),
        "tomorrow" => span(today + 1, today + 2),
        "last-seven-days" => Some((Some((today - 7) * DAY), Some(now + 1))),
        "next-seven-days" => Some((Some(now), Some((today + 8) * DAY))),
        "last-week" => span(week - 7, week),
        "this-week" => span(week, week + 7),
        "next-week" => span(week + 7, week + 14),
        "last-month" => span(month_start(today, -1), month_start(today, 0)),
        "this-month" => span(month_start(today, 0), month_start(today, 1)),
        "next-month" => span(month_start(today, 1), month_start(today, 2)),
        "last-year" | "last-fiscal-year" => span(year_start(today, -1), year_start(today, 0)),
        "this-year" | "this-fiscal-year" => span(year_start(today, 0), year_start(today, 1)),
        "next-year" | "next-fiscal-year" => span(year_start(today, 1), year_start(today, 2)),
        "last-fiscal-period" => span(quarter_start(today, -1), quarter_start(today, 0)),
        "this-fiscal-period" => span(quarter_start(today, 0), quarter_start(today, 1)),
        "next-fiscal-period" => span(quarter_start(today, 1), quarter_start(today, 2)),
        "last-x-hours" => Some((Some(now - n * 3600), Some(now + 1))),
        "next-x-hours" => Some((Some(now), Some(now + n * 3600 + 1))),
        "last-x-days" => Some((Some((today - n) * DAY), Some(now + 1))),
        "next-x-days" => Some((Some(now), Some((today + n + 1) * DAY))),
        "last-x-weeks" => Some((Some((today - 7 * n) * DAY), Some(now + 1))),
        "next-x-weeks" => Some((Some(now), Some((today + 7 * n + 1) * DAY))),
        "last-x-months" => Some((Some(shift_months(today * DAY, -n)), Some(now + 1))),
        "next-x-months" => Some((Some(now), Some(shift_months(today * DAY, n) + DAY))),
        "last-x-years" => Some((Some(shift_months(today * DAY, -12 * n)), Some(now + 1))),
        "next-x-years" => Some((Some(now), Some(shift_months(today * DAY, 12 * n) + DAY))),
        "olderthan-x-minutes" => before(now - n * 60),
        "olderthan-x-hours" => before(now - n * 3600),
        "olderthan-x-days" => before((today - n) * DAY),
        "olderthan-x-weeks" => before((today - 7 * n) * DAY),
        "olderthan-x-months" => before(shift_months(today * DAY, -n)),
        "olderthan-x-years" => before(shift_months(today * DAY, -12 * n)),
        "last-x-fiscal-years" => span(year_start(today, -n), year_start(today, 0)),
        "next-x-fiscal-years" => span(year_start(today, 1), year_start(today, n + 1)),
        "last-x-fiscal-periods" => span(quarter_start(today, -n), quarter_start(today, 0)),
        "next-x-fiscal-periods" => span(quarter_start(today, 1), quarter_start(today, n + 1)),
        "in-fiscal-year" => span(days(n, 1, 1), days(n + 1, 1, 1)),
        _ => None,
    }
}

/// The fiscal period of a day: its quarter.
pub(crate) fn period(day: i64) -> i64 {
    i64::from(civil(day).1 - 1) / 3 + 1
}

/// `in-fiscal-period-and-year` and its two relatives.
pub(crate) fn fiscal(operator: &str, period: i64, year: i64) -> Option<Range> {
    let start = days(year.clamp(1, 9999), (period.clamp(1, 4) as u32 - 1) * 3 + 1, 1);
    let end = month_start(start, 3);
    match operator {
        "in-fiscal-period-and-year" => Some((Some(start * DAY), Some(end * DAY))),
        "in-or-before-fiscal-period-and-year" => Some((None, Some(end * DAY))),
        "in-or-after-fiscal-period-and-year" => Some((Some(start * DAY), None)),
        _ => None,
    }
}

/// `on`, `on-or-before`, `on-or-after`: the time part of the argument is dropped.
pub(crate) fn on(operator: &str, at: i64) -> Option<Range> {
    let day = at.div_euclid(DAY) * DAY;
    match operator {
        "on" => Some((Some(day), Some(day + DAY))),
        "on-or-before" => Some((None, Some(day + DAY))),
        "on-or-after" => Some((Some(day), None)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_from_a_fixed_now() {
        let now = days(2026, 3, 31) * DAY + 3600; // a Tuesday
        let day = |y, m, d| Some(days(y, m, d) * DAY);
        assert_eq!(range("last-month", now, 0), Some((day(2026, 2, 1), day(2026, 3, 1))));
        assert_eq!(range("this-week", now, 0), Some((day(2026, 3, 29), day(2026, 4, 5))));
        assert_eq!(range("last-x-months", now, 1), Some((day(2026, 2, 28), Some(now + 1))));
        assert_eq!(range("olderthan-x-years", now, 2), Some((None, day(2024, 3, 31))));
        assert_eq!(fiscal("in-fiscal-period-and-year", 2, 2025), Some((day(2025, 4, 1), day(2025, 7, 1))));
        assert_eq!(on("on-or-after", now), Some((day(2026, 3, 31), None)));
    }
}
