//! Queries as both OData and FetchXML mean them: an expression over one row and the rows it leads to.
pub(crate) mod dates;
pub(crate) mod eval;
pub(crate) mod order;
pub(crate) mod text;

use crate::data::{Table, Value};
use std::cmp::Ordering;

/// A column, reached from one of the joined rows (`slot`) over lookups (`hops`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Path {
    pub(crate) slot: usize,
    pub(crate) hops: Vec<usize>,
    /// Table that holds the column, at the end of the hops.
    pub(crate) table: Table,
    pub(crate) column: usize,
}

/// A comparison.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Test {
    /// Equality and order; null only equals null, and `ne` includes null, as the service's SQL does.
    Is(Comparison, Value),
    Null,
    In(Vec<Value>),
    /// From (inclusive) and to (exclusive).
    Within(Option<i64>, Option<i64>),
    Between(Value, Value),
    /// SQL pattern, lower case.
    Like(Vec<char>),
    /// Any of these choices.
    HasAny(Vec<i64>),
    /// The row itself or one of its ancestors is this row.
    Under {
        id: uuid::Uuid,
        or_equal: bool,
    },
    /// The row itself or one of its descendants is this row.
    Above {
        id: uuid::Uuid,
        or_equal: bool,
    },
    /// A fiscal period, of whatever year.
    PeriodOfYear(i64),
}

/// `eq ne gt ge lt le`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Comparison {
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Eq,
            "ne" | "neq" => Self::Ne,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            _ => return None,
        })
    }

    pub(crate) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
        }
    }
}

/// Rows related to a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Relation {
    /// Rows of `table` whose `column` points here.
    Many { table: Table, column: usize },
    /// Rows of `table` whose `column` equals this row's `near`.
    Equal { near: usize, table: Table, column: usize },
    /// Through an intersect table: its column that points here, its column that points there.
    ManyToMany { intersect: Table, near: usize, far: usize, table: Table },
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Test(Path, Test),
    Columns(Path, Comparison, Path),
    /// Some (or, with `all`, every) related row satisfies the inner condition, in which it is the next slot.
    Related {
        slot: usize,
        relation: Relation,
        inner: Box<Expr>,
        all: bool,
    },
}
