//! Every condition operator, with its number of values, the column types it takes and a sentence for people
//! (FetchXML reference, condition operators).

use serde::{Deserialize, Serialize};
use syncline_model::ColumnType;

/// How many values an operator takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arity {
    /// None.
    Zero,
    /// One, in the `value` attribute.
    One,
    /// Exactly two, as `<value>` children.
    Two,
    /// One or more, as `<value>` children.
    Many,
}

impl Arity {
    /// True when so many values fit.
    pub fn fits(self, count: usize) -> bool {
        match self {
            Self::Zero => count == 0,
            Self::One => count == 1,
            Self::Two => count == 2,
            Self::Many => count >= 1,
        }
    }
    /// For people: `no value`, `one value` and so on.
    pub fn words(self) -> &'static str {
        match self {
            Self::Zero => "no value",
            Self::One => "one value",
            Self::Two => "exactly two values",
            Self::Many => "one or more values",
        }
    }
}

/// Groups of column types, as operators see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Text.
    Text,
    /// Whole numbers, decimals, money.
    Number,
    /// Dates, with or without a time.
    Date,
    /// Choice, state, status reason, yes/no.
    Choice,
    /// Several choices.
    Choices,
    /// Ids and lookups.
    Id,
    /// Owner.
    Owner,
    /// Party lists, pictures, files and internal columns.
    Other,
}

impl Family {
    /// The family of a column type.
    pub fn of(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::String | ColumnType::Memo => Self::Text,
            ColumnType::Integer
            | ColumnType::BigInt
            | ColumnType::Decimal
            | ColumnType::Double
            | ColumnType::Money => Self::Number,
            ColumnType::DateTime => Self::Date,
            ColumnType::Boolean | ColumnType::Picklist | ColumnType::State | ColumnType::Status => {
                Self::Choice
            }
            ColumnType::MultiSelectPicklist => Self::Choices,
            ColumnType::Lookup | ColumnType::Customer | ColumnType::UniqueIdentifier => Self::Id,
            ColumnType::Owner => Self::Owner,
            ColumnType::PartyList | ColumnType::Image | ColumnType::File | ColumnType::Other => Self::Other,
        }
    }
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::Choice => "choice or yes/no",
            Self::Choices => "choices",
            Self::Id => "id or lookup",
            Self::Owner => "owner",
            Self::Other => "other",
        }
    }
}

use Family::{Choice, Choices, Date, Id, Number, Owner, Text};

const ANY: &[Family] = &[Text, Number, Date, Choice, Choices, Id, Owner, Family::Other];
const EQUAL: &[Family] = &[Text, Number, Date, Choice, Choices, Id, Owner];
const ORDERED: &[Family] = &[Text, Number, Date];
const LISTED: &[Family] = &[Text, Number, Choice, Choices, Id, Owner];
const RANGED: &[Family] = &[Number, Date];
const TEXT: &[Family] = &[Text];
const DATE: &[Family] = &[Date];
const CHOICES: &[Family] = &[Choices];
const WHO: &[Family] = &[Id, Owner];
const OWNER: &[Family] = &[Owner];
const NUMBER: &[Family] = &[Number];
const ID: &[Family] = &[Id];

macro_rules! operators {
    ($($variant:ident $name:literal $arity:ident $families:ident $sentence:literal;)*) => {
        /// A condition operator. Each variant's documentation is its sentence in the help table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Operator {
            $(#[doc = $sentence] #[serde(rename = $name)] $variant,)*
        }

        impl Operator {
            /// Every operator, in the order of the reference.
            pub const ALL: &'static [Operator] = &[$(Operator::$variant,)*];

            /// As it is written in FetchXML.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
            /// How many values it takes.
            pub fn arity(self) -> Arity {
                match self { $(Self::$variant => Arity::$arity,)* }
            }
            /// The column types it takes.
            pub fn families(self) -> &'static [Family] {
                match self { $(Self::$variant => $families,)* }
            }
            /// What it means, in a sentence.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }
        }
    };
}

operators! {
    Eq "eq" One EQUAL "The column equals the value; text without regard to case.";
    Ne "ne" One EQUAL "The column holds something else than the value.";
    Gt "gt" One ORDERED "The column is greater than the value.";
    Ge "ge" One ORDERED "The column is greater than the value or equals it.";
    Lt "lt" One ORDERED "The column is less than the value.";
    Le "le" One ORDERED "The column is less than the value or equals it.";
    Null "null" Zero ANY "The column is empty.";
    NotNull "not-null" Zero ANY "The column is not empty.";
    In "in" Many LISTED "The column equals one of the values.";
    NotIn "not-in" Many LISTED "The column equals none of the values.";
    Between "between" Two RANGED "The column lies between the two values or equals one of them.";
    NotBetween "not-between" Two RANGED "The column lies outside of the two values.";
    Like "like" One TEXT "The text matches a pattern: % stands for any characters, _ for one, [a-c] for one of a set.";
    NotLike "not-like" One TEXT "The text does not match the pattern.";
    BeginsWith "begins-with" One TEXT "The text begins with the value.";
    NotBeginWith "not-begin-with" One TEXT "The text does not begin with the value.";
    EndsWith "ends-with" One TEXT "The text ends with the value.";
    NotEndWith "not-end-with" One TEXT "The text does not end with the value.";
    ContainValues "contain-values" Many CHOICES "At least one of the values is selected.";
    NotContainValues "not-contain-values" Many CHOICES "None of the values is selected.";
    Yesterday "yesterday" Zero DATE "The date is yesterday.";
    Today "today" Zero DATE "The date is today.";
    Tomorrow "tomorrow" Zero DATE "The date is tomorrow.";
    LastSevenDays "last-seven-days" Zero DATE "The date lies in the last seven days, today included.";
    NextSevenDays "next-seven-days" Zero DATE "The date lies in the next seven days.";
    LastWeek "last-week" Zero DATE "The date lies in the week before this one, Sunday to Saturday.";
    ThisWeek "this-week" Zero DATE "The date lies in this week, Sunday to Saturday.";
    NextWeek "next-week" Zero DATE "The date lies in the week after this one, Sunday to Saturday.";
    LastMonth "last-month" Zero DATE "The date lies in the calendar month before this one.";
    ThisMonth "this-month" Zero DATE "The date lies in this calendar month.";
    NextMonth "next-month" Zero DATE "The date lies in the calendar month after this one.";
    LastYear "last-year" Zero DATE "The date lies in the calendar year before this one.";
    ThisYear "this-year" Zero DATE "The date lies in this calendar year.";
    NextYear "next-year" Zero DATE "The date lies in the calendar year after this one.";
    ThisFiscalYear "this-fiscal-year" Zero DATE "The date lies in this fiscal year.";
    ThisFiscalPeriod "this-fiscal-period" Zero DATE "The date lies in this fiscal period.";
    NextFiscalYear "next-fiscal-year" Zero DATE "The date lies in the next fiscal year.";
    NextFiscalPeriod "next-fiscal-period" Zero DATE "The date lies in the next fiscal period.";
    LastFiscalYear "last-fiscal-year" Zero DATE "The date lies in the last fiscal year.";
    LastFiscalPeriod "last-fiscal-period" Zero DATE "The date lies in the last fiscal period.";
    LastXHours "last-x-hours" One DATE "The time lies in the last so many hours.";
    NextXHours "next-x-hours" One DATE "The time lies in the next so many hours.";
    LastXDays "last-x-days" One DATE "The date lies in the last so many days.";
    NextXDays "next-x-days" One DATE "The date lies in the next so many days.";
    LastXWeeks "last-x-weeks" One DATE "The date lies in the last so many weeks.";
    NextXWeeks "next-x-weeks" One DATE "The date lies in the next so many weeks.";
    LastXMonths "last-x-months" One DATE "The date lies in the last so many months.";
    NextXMonths "next-x-months" One DATE "The date lies in the next so many months.";
    LastXYears "last-x-years" One DATE "The date lies in the last so many years.";
    NextXYears "next-x-years" One DATE "The date lies in the next so many years.";
    OlderThanXMinutes "olderthan-x-minutes" One DATE "The time is more than so many minutes ago.";
    OlderThanXHours "olderthan-x-hours" One DATE "The time is more than so many hours ago.";
    OlderThanXDays "olderthan-x-days" One DATE "The date is more than so many days ago.";
    OlderThanXWeeks "olderthan-x-weeks" One DATE "The date is more than so many weeks ago.";
    OlderThanXMonths "olderthan-x-months" One DATE "The date is more than so many months ago.";
    OlderThanXYears "olderthan-x-years" One DATE "The date is more than so many years ago.";
    LastXFiscalYears "last-x-fiscal-years" One DATE "The date lies in the last so many fiscal years.";
    LastXFiscalPeriods "last-x-fiscal-periods" One DATE "The date lies in the last so many fiscal periods.";
    NextXFiscalYears "next-x-fiscal-years" One DATE "The date lies in the next so many fiscal years.";
    NextXFiscalPeriods "next-x-fiscal-periods" One DATE "The date lies in the next so many fiscal periods.";
    InFiscalYear "in-fiscal-year" One DATE "The date lies in the fiscal year with this number.";
    InFiscalPeriod "in-fiscal-period" One DATE "The date lies in the fiscal period with this number, in any year.";
    InFiscalPeriodAndYear "in-fiscal-period-and-year" Two DATE "The date lies in this fiscal period of this year (period first, then year).";
    InOrBeforeFiscalPeriodAndYear "in-or-before-fiscal-period-and-year" Two DATE "The date lies in this fiscal period of this year or earlier (period first, then year).";
    InOrAfterFiscalPeriodAndYear "in-or-after-fiscal-period-and-year" Two DATE "The date lies in this fiscal period of this year or later (period first, then year).";
    On "on" One DATE "The date is this day, at any time of it.";
    OnOrBefore "on-or-before" One DATE "The date is this day or earlier.";
    OnOrAfter "on-or-after" One DATE "The date is this day or later.";
    EqUserId "eq-userid" Zero WHO "The column points at the user who asks.";
    NeUserId "ne-userid" Zero WHO "The column points at somebody else than the user who asks.";
    EqBusinessId "eq-businessid" Zero WHO "The column points at the business unit of the user who asks.";
    NeBusinessId "ne-businessid" Zero WHO "The column points at another business unit than that of the user who asks.";
    EqUserTeams "eq-userteams" Zero OWNER "The owner is a team of the user who asks.";
    EqUserOrUserTeams "eq-useroruserteams" Zero OWNER "The owner is the user who asks or one of their teams.";
    EqUserOrUserHierarchy "eq-useroruserhierarchy" Zero WHO "The column points at the user who asks or somebody below them.";
    EqUserOrUserHierarchyAndTeams "eq-useroruserhierarchyandteams" Zero WHO "The column points at the user who asks, somebody below them, or a team of either.";
    EqUserLanguage "eq-userlanguage" Zero NUMBER "The language is that of the user who asks.";
    Under "under" One ID "The row is below the given row in the hierarchy.";
    EqOrUnder "eq-or-under" One ID "The row is the given row or below it in the hierarchy.";
    NotUnder "not-under" One ID "The row is not below the given row in the hierarchy.";
    Above "above" One ID "The row is above the given row in the hierarchy.";
    EqOrAbove "eq-or-above" One ID "The row is the given row or above it in the hierarchy.";
}

impl Operator {
    /// Reads an operator; `neq` is a deprecated synonym of `ne`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "neq" {
            return Some(Self::Ne);
        }
        Self::ALL.iter().copied().find(|operator| operator.as_str() == text)
    }
    /// May compare with another column (`valueof`).
    pub fn compares_columns(self) -> bool {
        matches!(self, Self::Eq | Self::Ne | Self::Gt | Self::Ge | Self::Lt | Self::Le)
    }
    /// Its one value is a count of hours, days and so on.
    pub fn takes_count(self) -> bool {
        let name = self.as_str();
        name.contains("-x-") || matches!(self, Self::InFiscalYear | Self::InFiscalPeriod)
    }
    /// Works on hours or minutes and so not on a date without a time.
    pub fn needs_time(self) -> bool {
        matches!(self, Self::LastXHours | Self::NextXHours | Self::OlderThanXMinutes | Self::OlderThanXHours)
    }
}

impl std::fmt::Display for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One row of the help table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperatorHelp {
    /// As it is written.
    pub name: &'static str,
    /// How many values.
    pub arity: Arity,
    /// On which columns.
    pub families: &'static [Family],
    /// What it means.
    pub sentence: &'static str,
}

/// The help table: every operator, in the order of the reference.
pub fn operator_help() -> Vec<OperatorHelp> {
    Operator::ALL
        .iter()
        .map(|operator| OperatorHelp {
            name: operator.as_str(),
            arity: operator.arity(),
            families: operator.families(),
            sentence: operator.sentence(),
        })
        .collect()
}
