//! PostgreSQL's types as kinds.

use crate::kind::Kind;

/// A column's type as the catalogue tells it: of a domain its base type.
pub(super) struct CatalogueType<'a> {
    /// `pg_type.typname`.
    pub(super) name: &'a str,
    /// `pg_type.typtype`: `e` is an enumeration.
    pub(super) form: &'a str,
    /// `pg_type.typcategory`: `A` is an array.
    pub(super) category: &'a str,
    /// `atttypmod`, or that of the domain; -1: none.
    pub(super) modifier: i32,
}

impl CatalogueType<'_> {
    /// The kind, and the longest text where there is one.
    pub(super) fn kind(&self) -> (Kind, Option<u32>) {
        let modifier = self.modifier;
        // A length is kept with the size of a header added (PostgreSQL, atttypmod).
        let length = (modifier >= 4).then(|| (modifier - 4) as u32);
        let digits = u32::try_from(modifier).unwrap_or(6);
        let kind = match (self.form, self.category) {
            ("e", _) => Kind::Enum,
            (_, "A") => Kind::Array,
            _ => match self.name {
                "bool" => Kind::Bool,
                "int2" | "int4" => Kind::Integer,
                "int8" | "oid" => Kind::BigInt,
                "numeric" => Kind::Numeric { scale: scale(modifier) },
                "money" => Kind::Money,
                "float4" => Kind::Float4,
                "float8" => Kind::Float8,
                "varchar" => return (Kind::Text, length),
                "text" | "citext" | "name" => Kind::Text,
                "bpchar" => return (Kind::FixedText, length),
                "uuid" => Kind::Uuid,
                "date" => Kind::Date,
                "timestamp" => Kind::Timestamp { digits },
                "timestamptz" => Kind::Instant { digits },
                "json" | "jsonb" => Kind::Json,
                "bytea" => Kind::Bytes,
                _ => Kind::Other,
            },
        };
        (kind, None)
    }
}

/// Digits behind the point of `numeric(p, s)`; none where they are not said, or negative.
fn scale(modifier: i32) -> Option<u32> {
    if modifier < 4 {
        return None;
    }
    // Eleven bits with a sign.
    let bits = (modifier - 4) & 0x7ff;
    u32::try_from((bits ^ 1024) - 1024).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str, modifier: i32) -> (Kind, Option<u32>) {
        CatalogueType { name, form: "b", category: "S", modifier }.kind()
    }

    #[test]
    fn modifiers() {
        // numeric(12,2): ((12 << 16) | 2) + 4
        assert_eq!(kind("numeric", 786_438).0, Kind::Numeric { scale: Some(2) });
        assert_eq!(kind("numeric", -1).0, Kind::Numeric { scale: None });
        assert_eq!(kind("varchar", 54), (Kind::Text, Some(50)));
        assert_eq!(kind("timestamptz", 3).0, Kind::Instant { digits: 3 });
        assert_eq!(kind("timestamptz", -1).0, Kind::Instant { digits: 6 });
        assert_eq!(kind("inet", -1).0, Kind::Other);
    }
}
