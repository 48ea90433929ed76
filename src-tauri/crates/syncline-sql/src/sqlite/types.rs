//! Declared types as kinds. SQLite keeps to their affinity only (SQLite, Datatypes); what people declare says more.

use crate::kind::Kind;

/// The kind of a declared type, and the longest text where it names one.
pub(super) fn kind(declared: &str) -> (Kind, Option<u32>) {
    let upper = declared.to_uppercase();
    let base = upper.split('(').next().unwrap_or_default().trim();
    let has = |part: &str| base.contains(part);
    let kind = match base {
        "" => Kind::Other,
        "DATE" => Kind::Date,
        "UUID" | "GUID" | "UNIQUEIDENTIFIER" => Kind::Uuid,
        "JSON" | "JSONB" => Kind::Json,
        "TIME" => Kind::Text,
        _ if has("BOOL") => Kind::Bool,
        _ if has("DATETIME") || has("TIMESTAMP") => Kind::Instant { digits: 9 },
        _ if has("INT") => Kind::BigInt,
        _ if has("CHAR") || has("CLOB") || has("TEXT") || has("STRING") => Kind::Text,
        _ if has("BLOB") || has("BINARY") => Kind::Bytes,
        _ if has("REAL") || has("FLOA") || has("DOUB") => Kind::Float8,
        _ if has("DEC") || has("NUM") || has("MONEY") => Kind::Numeric { scale: None },
        _ => Kind::Other,
    };
    let length = upper
        .split_once('(')
        .and_then(|(_, rest)| rest.split([')', ',']).next())
        .and_then(|digits| digits.trim().parse().ok())
        .filter(|length| *length > 0 && kind == Kind::Text);
    (kind, length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn declared_types() {
        let instant = Kind::Instant { digits: 9 };
        for (declared, expected, length) in [
            ("INTEGER", Kind::BigInt, None),
            ("varchar(50)", Kind::Text, Some(50)),
            ("NVARCHAR (100)", Kind::Text, Some(100)),
            ("TEXT", Kind::Text, None),
            ("decimal(12,2)", Kind::Numeric { scale: None }, None),
            ("BOOLEAN", Kind::Bool, None),
            ("datetime", instant.clone(), None),
            ("TIMESTAMP WITH TIME ZONE", instant, None),
            ("uniqueidentifier", Kind::Uuid, None),
            ("DOUBLE PRECISION", Kind::Float8, None),
            ("", Kind::Other, None),
        ] {
            assert_eq!(kind(declared), (expected, length), "{declared}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_type(text in ".{0,40}") {
            let _ = kind(&text);
        }
    }
}
