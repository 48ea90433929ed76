//! Five fields in UTC: minute, hour, day of the month, month, day of the week.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use syncline_model::ErrorCode;

use crate::wire::{ApiError, ScheduledTime};

/// Times that are counted at most; more are told as so many.
const MOST_COUNTED: u64 = 10_000;

/// A schedule.
pub(crate) struct Cron {
    cron: croner::Cron,
    text: String,
}

impl Cron {
    /// Reads the five fields.
    pub(crate) fn read(text: &str) -> Result<Self, ApiError> {
        let refused = |message: String| {
            ApiError::new(ErrorCode::DefinitionInvalid, message)
                .hint("minute hour day month weekday in UTC, such as 0 * * * * for every hour")
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != 5 {
            return Err(refused(format!("{text:?} has {} fields, a schedule has five", fields.len())));
        }
        let text = fields.join(" ");
        let cron = text.parse().map_err(|error| refused(format!("{text:?} is no schedule: {error}")))?;
        Ok(Self { cron, text })
    }

    /// As it is written, with single spaces.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// In words.
    pub(crate) fn words(&self) -> String {
        let words = self.cron.describe();
        let words = words.trim_end_matches('.');
        match words.strip_prefix("At every ") {
            Some(rest) => format!("Every {rest} (UTC)"),
            None => format!("{words} (UTC)"),
        }
    }

    /// The next time after this one. There may be none: the 30th of February.
    pub(crate) fn after(&self, now: Timestamp) -> Option<Timestamp> {
        let civil = now.to_zoned(TimeZone::UTC).datetime();
        let next = self.cron.find_next_occurrence(&civil, false).ok()?;
        next.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    }

    /// The next times.
    pub(crate) fn next(&self, now: Timestamp, most: usize) -> Vec<Timestamp> {
        std::iter::successors(self.after(now), |last| self.after(*last)).take(most).collect()
    }

    /// How many times lie after the one and up to the other, and the last of them.
    pub(crate) fn between(&self, after: Timestamp, until: Timestamp) -> (u64, Option<Timestamp>) {
        let (mut count, mut last) = (0, None);
        let mut next = self.after(after);
        while let Some(at) = next.filter(|at| *at <= until && count < MOST_COUNTED) {
            (count, last) = (count + 1, Some(at));
            next = self.after(at);
        }
        (count, last)
    }

    /// Its fields as sets of numbers.
    pub(crate) fn sets(&self) -> Result<Sets, ApiError> {
        let pattern = &self.cron.pattern;
        let parts = [&pattern.minutes, &pattern.hours, &pattern.days, &pattern.months, &pattern.days_of_week];
        if parts.iter().any(|part| part.has_modifiers()) || special(&self.text) {
            return Err(ApiError::new(
                ErrorCode::Usage,
                format!("{:?} uses L, W or #, which only cron itself knows", self.text),
            )
            .hint("use the cron line, or days by number"));
        }
        let fields: Vec<&str> = self.text.split(' ').collect();
        let whole = |at: usize| fields.get(at).is_some_and(|field| matches!(*field, "*" | "?"));
        let sorted = |mut values: Vec<u16>| {
            values.sort_unstable();
            values.dedup();
            values
        };
        // Sunday is 0 and 7.
        let weekdays = || sorted(pattern.days_of_week.values().iter().map(|day| day % 7).collect());
        Ok(Sets {
            minutes: sorted(pattern.minutes.values()),
            hours: sorted(pattern.hours.values()),
            days: (!whole(2)).then(|| sorted(pattern.days.values())),
            months: (!whole(3)).then(|| sorted(pattern.months.values())),
            weekdays: (!whole(4)).then(weekdays),
        })
    }
}

/// L, W or # as such, and not as a letter of a month's or a day's name.
fn special(text: &str) -> bool {
    let names = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    let days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    let mut upper = text.to_uppercase();
    for name in names.iter().chain(&days) {
        upper = upper.replace(name, "");
    }
    upper.contains(['L', 'W', '#', '+'])
}

/// The fields of a schedule as numbers; absent: any. Weekdays count from 0, Sunday. Where both days of the month and of the week are
/// named, either of them will do (POSIX crontab).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sets {
    pub(crate) minutes: Vec<u16>,
    pub(crate) hours: Vec<u16>,
    pub(crate) days: Option<Vec<u16>>,
    pub(crate) months: Option<Vec<u16>>,
    pub(crate) weekdays: Option<Vec<u16>>,
}

/// A time in UTC and in the zone of this machine.
pub(crate) fn shown(at: Timestamp, zone: &TimeZone) -> ScheduledTime {
    let words = |zone: TimeZone| at.to_zoned(zone).strftime("%A %-d %B %Y, %H:%M %Z").to_string();
    ScheduledTime { at: at.to_string(), utc: words(TimeZone::UTC), local: words(zone.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn next_times_and_how_many_lie_between() {
        let cron = Cron::read("30  */6 * * 1-5").unwrap();
        let next = cron.next(at("2026-11-20T19:00:00Z"), 3);
        assert_eq!(
            next,
            [at("2026-11-23T00:30:00Z"), at("2026-11-23T06:30:00Z"), at("2026-11-23T12:30:00Z")]
        );
        assert_eq!(
            cron.between(at("2026-11-23T00:30:00Z"), at("2026-11-23T12:30:00Z")),
            (2, Some(at("2026-11-23T12:30:00Z"))),
            "the first is over, the last is due"
        );
        assert_eq!(
            Cron::read("0 0 30 2 *").map(|cron| cron.after(at("2026-01-01T00:00:00Z"))).unwrap(),
            None
        );
        assert!(cron.words().ends_with("(UTC)"), "{}", cron.words());
        assert!(Cron::read("*/15 6-18 * * 1-5").unwrap().words().starts_with("Every 15 minutes"));
        for bad in ["", "* * * *", "* * * * * *", "61 * * * *", "a b c d e"] {
            assert!(Cron::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn fields_as_sets() {
        let sets = Cron::read("*/15 0 1,15 JAN-MAR 7").unwrap().sets().unwrap();
        assert_eq!(sets.minutes, [0, 15, 30, 45]);
        assert_eq!((sets.hours, sets.days), (vec![0], Some(vec![1, 15])));
        assert_eq!((sets.months, sets.weekdays), (Some(vec![1, 2, 3]), Some(vec![0])));
        assert!(Cron::read("0 0 L * *").unwrap().sets().is_err());
        assert_eq!(Cron::read("0 0 * JUL WED").unwrap().sets().unwrap().weekdays, Some(vec![3]));
    }

    #[test]
    fn both_zones_are_said() {
        let zone = TimeZone::get("Europe/Amsterdam").unwrap();
        let shown = shown(at("2026-11-23T00:30:00Z"), &zone);
        assert_eq!(shown.utc, "Monday 23 November 2026, 00:30 UTC");
        assert_eq!(shown.local, "Monday 23 November 2026, 01:30 CET");
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "[0-9*/,\\-LW#A-Za-z ]{0,24}") {
            if let Ok(cron) = Cron::read(&text) {
                let _ = (cron.next(at("2026-01-01T00:00:00Z"), 2), cron.sets(), cron.words());
            }
        }
    }
}
