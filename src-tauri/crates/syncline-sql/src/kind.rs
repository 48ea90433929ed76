//! What a column holds, as far as reading, writing and comparing differ.

use syncline_model::{ColumnType, DateTimeBehavior};

/// A column's type in one word. The type's own name is kept beside it (`Column::format`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// True or false.
    Bool,
    /// A whole number of up to 32 bits.
    Integer,
    /// A whole number of up to 64 bits.
    BigInt,
    /// An exact decimal, rounded to so many digits behind the point where the type says so.
    Numeric { scale: Option<u32> },
    /// PostgreSQL's `money`.
    Money,
    /// Binary floating point of 32 bits.
    Float4,
    /// Binary floating point of 64 bits.
    Float8,
    /// Text.
    Text,
    /// Text padded with blanks that have no meaning (`char(n)`).
    FixedText,
    /// Text of a fixed set of labels.
    Enum,
    /// An id.
    Uuid,
    /// A calendar date.
    Date,
    /// Wall-clock time, kept to so many digits of a second.
    Timestamp { digits: u32 },
    /// An instant, kept to so many digits of a second.
    Instant { digits: u32 },
    /// A JSON document; kept and told as its text.
    Json,
    /// Bytes, told as `\x` and hexadecimal digits.
    Bytes,
    /// Several values of one type, told as a list.
    Array,
    /// Anything else, in its text form.
    Other,
}

impl Kind {
    /// The column type that people and mappings see. `length`: the longest text, where there is one.
    pub(crate) fn column_type(&self, length: Option<u32>, multi_line: bool) -> ColumnType {
        match self {
            Self::Bool => ColumnType::Boolean,
            Self::Integer => ColumnType::Integer,
            Self::BigInt => ColumnType::BigInt,
            Self::Numeric { .. } => ColumnType::Decimal,
            Self::Money => ColumnType::Money,
            Self::Float4 | Self::Float8 => ColumnType::Double,
            Self::Text if multi_line && length.is_none() => ColumnType::Memo,
            Self::Text | Self::FixedText | Self::Enum | Self::Other => ColumnType::String,
            Self::Uuid => ColumnType::UniqueIdentifier,
            Self::Date | Self::Timestamp { .. } | Self::Instant { .. } => ColumnType::DateTime,
            Self::Json | Self::Bytes | Self::Array => ColumnType::Memo,
        }
    }

    /// How its dates behave.
    pub(crate) fn behavior(&self) -> Option<DateTimeBehavior> {
        match self {
            Self::Date => Some(DateTimeBehavior::DateOnly),
            Self::Timestamp { .. } => Some(DateTimeBehavior::TimeZoneIndependent),
            Self::Instant { .. } => Some(DateTimeBehavior::UserLocal),
            Self::Bool
            | Self::Integer
            | Self::BigInt
            | Self::Numeric { .. }
            | Self::Money
            | Self::Float4
            | Self::Float8
            | Self::Text
            | Self::FixedText
            | Self::Enum
            | Self::Uuid
            | Self::Json
            | Self::Bytes
            | Self::Array
            | Self::Other => None,
        }
    }

    /// A number.
    pub(crate) fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Integer | Self::BigInt | Self::Numeric { .. } | Self::Money | Self::Float4 | Self::Float8
        )
    }
}
