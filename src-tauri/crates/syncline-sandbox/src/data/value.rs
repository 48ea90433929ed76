//! The values a column can hold.
use super::fold::folded;
use super::schema::Table;
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};
use uuid::Uuid;

/// One value of one column.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// Integers, choices, states.
    Int(i64),
    Double(f64),
    /// Decimal and money; the scale is what the wire shows.
    Decimal(Decimal),
    Text(Cow<'static, str>),
    /// Days since 1970-01-01.
    Date(i32),
    /// Seconds since 1970-01-01T00:00:00Z (or the wall clock, for time-zone-independent columns).
    Time(i64),
    Id(Uuid),
    /// A lookup.
    Ref(Table, Uuid),
    /// Several choices.
    Choices(Vec<i64>),
}

impl Value {
    /// True for null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The id of a lookup or key.
    pub fn id(&self) -> Option<Uuid> {
        match self {
            Value::Id(id) | Value::Ref(_, id) => Some(*id),
            _ => None,
        }
    }

    /// The text, for strings.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number of any kind.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Int(n) => Some(*n as f64),
            Value::Double(n) => Some(*n),
            Value::Decimal(n) => n.to_string().parse().ok(),
            _ => None,
        }
    }

    /// Order as the service sorts: nulls first, text without regard to case and accents. `None` for values of different kinds.
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        use Value::{Bool, Choices, Date, Decimal as Dec, Double, Id, Int, Null, Ref, Text, Time};
        Some(match (self, other) {
            (Null, Null) => Ordering::Equal,
            (Null, _) => Ordering::Less,
            (_, Null) => Ordering::Greater,
            (Bool(a), Bool(b)) => a.cmp(b),
            (Bool(a), Int(b)) => i64::from(*a).cmp(b),
            (Int(a), Bool(b)) => a.cmp(&i64::from(*b)),
            (Int(a), Int(b)) => a.cmp(b),
            (Dec(a), Dec(b)) => a.cmp(b),
            (Dec(a), Int(b)) => a.cmp(&Decimal::from(*b)),
            (Int(a), Dec(b)) => Decimal::from(*a).cmp(b),
            (Double(_) | Int(_) | Dec(_), Double(_) | Int(_) | Dec(_)) => {
                self.number()?.partial_cmp(&other.number()?)?
            }
            (Text(a), Text(b)) => compare_text(a, b),
            (Date(a), Date(b)) => a.cmp(b),
            (Time(a), Time(b)) => a.cmp(b),
            (Date(a), Time(b)) => (i64::from(*a) * 86_400).cmp(b),
            (Time(a), Date(b)) => a.cmp(&(i64::from(*b) * 86_400)),
            (Id(a) | Ref(_, a), Id(b) | Ref(_, b)) => a.cmp(b),
            (Choices(a), Choices(b)) => a.cmp(b),
            _ => return None,
        })
    }

    /// Equality as the service sees it (text without regard to case and accents).
    pub fn same(&self, other: &Value) -> bool {
        self.compare(other) == Some(Ordering::Equal)
    }

    /// A hash that agrees with [`Value::same`] for values of one kind.
    pub fn fingerprint(&self) -> u32 {
        let mut hasher = DefaultHasher::new();
        match self {
            Value::Text(text) => folded(text).for_each(|c| c.hash(&mut hasher)),
            Value::Int(n) => n.hash(&mut hasher),
            Value::Bool(b) => i64::from(*b).hash(&mut hasher),
            Value::Decimal(d) => d.normalize().hash(&mut hasher),
            Value::Date(d) => (i64::from(*d) * 86_400).hash(&mut hasher),
            Value::Time(t) => t.hash(&mut hasher),
            Value::Id(id) | Value::Ref(_, id) => id.hash(&mut hasher),
            Value::Choices(c) => c.hash(&mut hasher),
            Value::Double(d) => d.to_bits().hash(&mut hasher),
            Value::Null => 0.hash(&mut hasher),
        }
        hasher.finish() as u32
    }
}

fn compare_text(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() {
        let (a, b) = (a.bytes().map(|c| c.to_ascii_lowercase()), b.bytes().map(|c| c.to_ascii_lowercase()));
        return a.cmp(b);
    }
    folded(a).cmp(folded(b))
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Value::Text(Cow::Borrowed(text))
    }
}
impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(Cow::Owned(text))
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
