//! The fiscal calendar of an organization, and the parts of a date that rows are grouped by.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use crate::DateGrouping;

/// How a fiscal year is divided (organization settings, fiscal period type).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FiscalPeriods {
    /// One period.
    Annual,
    /// Two of six months.
    SemiAnnual,
    /// Four of three months; what an organization has until somebody changes it.
    #[default]
    Quarterly,
    /// Twelve of one month.
    Monthly,
    /// Thirteen of four weeks; the last one lasts until the year ends.
    FourWeekly,
}

impl FiscalPeriods {
    /// The organization's `fiscalperiodtype` (2000 annual … 2004 four-weekly).
    pub fn from_code(code: i64) -> Option<Self> {
        Some(match code {
            2000 => Self::Annual,
            2001 => Self::SemiAnnual,
            2002 => Self::Quarterly,
            2003 => Self::Monthly,
            2004 => Self::FourWeekly,
            _ => return None,
        })
    }
    fn count(self) -> i64 {
        match self {
            Self::Annual => 1,
            Self::SemiAnnual => 2,
            Self::Quarterly => 4,
            Self::Monthly => 12,
            Self::FourWeekly => 13,
        }
    }
}

/// A fiscal calendar. The default begins on 1 January with quarters, as in an organization that nobody changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fiscal {
    /// Month of its first day, 1 to 12.
    pub month: i8,
    /// Its first day in that month, 1 to 28.
    pub day: i8,
    /// How it is divided.
    pub periods: FiscalPeriods,
    /// A fiscal year has the number of the calendar year in which it ends, not of the one in which it begins.
    pub named_by_end: bool,
}

impl Default for Fiscal {
    fn default() -> Self {
        Self { month: 1, day: 1, periods: FiscalPeriods::Quarterly, named_by_end: false }
    }
}

impl Fiscal {
    fn first_day(&self, year: i64) -> Option<Date> {
        Date::new(i16::try_from(year).ok()?, self.month.clamp(1, 12), self.day.clamp(1, 28)).ok()
    }

    /// The calendar year in which the fiscal year of a day begins.
    pub(crate) fn year_of(&self, day: Date) -> Option<i64> {
        let year = i64::from(day.year());
        Some(if day >= self.first_day(year)? { year } else { year - 1 })
    }

    /// The number by which people call a fiscal year that begins in this calendar year.
    fn number(&self, begins: i64) -> i64 {
        let crosses = self.month != 1 || self.day != 1;
        begins + i64::from(self.named_by_end && crosses)
    }

    /// The calendar year in which the fiscal year with this number begins.
    pub(crate) fn begins(&self, number: i64) -> i64 {
        number - (self.number(0))
    }

    /// First day of a fiscal year and of the one after it; `begins` is the calendar year in which it begins.
    pub(crate) fn year(&self, begins: i64) -> Option<(Date, Date)> {
        Some((self.first_day(begins)?, self.first_day(begins.checked_add(1)?)?))
    }

    /// First day of a period and of the one after it. Periods count from 0 and may run over the year's end in both directions.
    pub(crate) fn period(&self, begins: i64, index: i64) -> Option<(Date, Date)> {
        let count = self.periods.count();
        let begins = begins.checked_add(index.div_euclid(count))?;
        let index = index.rem_euclid(count);
        let (from, end) = self.year(begins)?;
        let start = |index: i64| {
            if index >= count {
                return Some(end);
            }
            match self.periods {
                FiscalPeriods::FourWeekly => from.checked_add((index * 28).days()).ok(),
                FiscalPeriods::Annual
                | FiscalPeriods::SemiAnnual
                | FiscalPeriods::Quarterly
                | FiscalPeriods::Monthly => from.checked_add((index * (12 / count)).months()).ok(),
            }
        };
        Some((start(index)?, start(index + 1)?))
    }

    /// The period of a day, from 0.
    pub(crate) fn period_of(&self, day: Date) -> Option<i64> {
        let begins = self.year_of(day)?;
        (0..self.periods.count())
            .rev()
            .find(|index| self.period(begins, *index).is_some_and(|(from, _)| day >= from))
    }

    /// The part of a date by which `dategrouping` groups: day of the month, week of the year, month, quarter, year, fiscal period
    /// (from 1), fiscal year. Weeks begin on Sunday and the first one holds 1 January, as SQL Server counts them.
    pub fn part(&self, part: DateGrouping, day: Date) -> Option<i64> {
        Some(match part {
            DateGrouping::Day => i64::from(day.day()),
            DateGrouping::Week => {
                let before = i64::from(day.first_of_year().weekday().since(Weekday::Sunday));
                (i64::from(day.day_of_year()) - 1 + before) / 7 + 1
            }
            DateGrouping::Month => i64::from(day.month()),
            DateGrouping::Quarter => (i64::from(day.month()) - 1) / 3 + 1,
            DateGrouping::Year => i64::from(day.year()),
            DateGrouping::FiscalPeriod => self.period_of(day)? + 1,
            DateGrouping::FiscalYear => self.number(self.year_of(day)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn weeks_count_from_sunday_and_the_first_of_january() {
        let week = |text: &str| Fiscal::default().part(DateGrouping::Week, day(text)).unwrap();
        assert_eq!(week("2023-03-25"), 12);
        assert_eq!(week("2023-08-27"), 35);
        assert_eq!(week("2026-01-01"), 1);
        assert_eq!(week("2026-01-03"), 1);
        assert_eq!(week("2026-01-04"), 2);
        assert_eq!(week("2028-12-31"), 54);
    }

    #[test]
    fn a_year_from_july_in_months() {
        let fiscal = Fiscal { month: 7, day: 1, periods: FiscalPeriods::Monthly, named_by_end: true };
        assert_eq!(fiscal.part(DateGrouping::FiscalYear, day("2026-06-30")), Some(2026));
        assert_eq!(fiscal.part(DateGrouping::FiscalYear, day("2026-07-01")), Some(2027));
        assert_eq!(fiscal.part(DateGrouping::FiscalPeriod, day("2026-06-30")), Some(12));
        assert_eq!(fiscal.part(DateGrouping::FiscalPeriod, day("2026-08-31")), Some(2));
        assert_eq!(fiscal.begins(2027), 2026);
        assert_eq!(fiscal.period(2026, -1), Some((day("2026-06-01"), day("2026-07-01"))));
        let weeks = Fiscal { periods: FiscalPeriods::FourWeekly, ..Fiscal::default() };
        assert_eq!(weeks.part(DateGrouping::FiscalPeriod, day("2026-01-29")), Some(2));
        assert_eq!(weeks.period(2026, 12), Some((day("2026-12-03"), day("2027-01-01"))));
    }
}
