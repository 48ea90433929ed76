//! The words of a query: how entities join, what is computed over rows, and the parts of a date.

use serde::{Deserialize, Serialize};

/// How a linked entity joins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LinkType {
    /// Rows on both sides.
    #[default]
    #[serde(rename = "inner")]
    Inner,
    /// Rows here, with or without one there.
    #[serde(rename = "outer")]
    Outer,
    /// A row exists there.
    #[serde(rename = "exists")]
    Exists,
    /// As `exists`, written as IN.
    #[serde(rename = "in")]
    In,
    /// The first row there.
    #[serde(rename = "matchfirstrowusingcrossapply")]
    MatchFirstRow,
    /// In a filter: a row that satisfies the inner filter exists.
    #[serde(rename = "any")]
    Any,
    /// In a filter: no such row exists.
    #[serde(rename = "not any")]
    NotAny,
    /// In a filter: linked rows exist and none satisfies the inner filter.
    #[serde(rename = "all")]
    All,
    /// In a filter: the same as `any`.
    #[serde(rename = "not all")]
    NotAll,
}

impl LinkType {
    /// Every type.
    pub const EVERY: &'static [LinkType] = &[
        Self::Inner,
        Self::Outer,
        Self::Exists,
        Self::In,
        Self::MatchFirstRow,
        Self::Any,
        Self::NotAny,
        Self::All,
        Self::NotAll,
    ];
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inner => "inner",
            Self::Outer => "outer",
            Self::Exists => "exists",
            Self::In => "in",
            Self::MatchFirstRow => "matchfirstrowusingcrossapply",
            Self::Any => "any",
            Self::NotAny => "not any",
            Self::All => "all",
            Self::NotAll => "not all",
        }
    }
    /// May stand inside a `<filter>`, and only there.
    pub fn in_filter(self) -> bool {
        matches!(self, Self::Any | Self::NotAny | Self::All | Self::NotAll)
    }
}

/// Aggregate functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aggregate {
    /// Average.
    Avg,
    /// Rows.
    Count,
    /// Rows with a value.
    CountColumn,
    /// Largest.
    Max,
    /// Smallest.
    Min,
    /// Sum.
    Sum,
}

impl Aggregate {
    /// Every function.
    pub const EVERY: &'static [Aggregate] =
        &[Self::Avg, Self::Count, Self::CountColumn, Self::Max, Self::Min, Self::Sum];
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Avg => "avg",
            Self::Count => "count",
            Self::CountColumn => "countcolumn",
            Self::Max => "max",
            Self::Min => "min",
            Self::Sum => "sum",
        }
    }
}

/// Parts of a date that rows can be grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateGrouping {
    /// Day.
    Day,
    /// Week.
    Week,
    /// Month.
    Month,
    /// Quarter.
    Quarter,
    /// Year.
    Year,
    /// Fiscal period.
    FiscalPeriod,
    /// Fiscal year.
    FiscalYear,
}

impl DateGrouping {
    /// Every part.
    pub const EVERY: &'static [DateGrouping] = &[
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
        Self::FiscalPeriod,
        Self::FiscalYear,
    ];
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::FiscalPeriod => "fiscal-period",
            Self::FiscalYear => "fiscal-year",
        }
    }
}
