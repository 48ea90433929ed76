//! Names in statements. SQL's delimited identifiers: any character stands for itself, a quotation mark is doubled (SQL:2016, 5.4;
//! PostgreSQL, Lexical Structure; SQLite, Keywords).

/// A name as a delimited identifier.
///
/// Neither system has names with NUL in them; what follows one would be cut off by a C string, so it is left out here with it.
pub fn quoted(name: &str) -> String {
    let name = name.split('\0').next().unwrap_or_default();
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Several, with commas.
pub(crate) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(quoted).collect::<Vec<_>>().join(", ")
}

/// The logical name of a table: bare in the schema that unqualified names mean, else with its schema. Parts that hold a dot or a
/// quotation mark are quoted, so that two tables never share a name.
pub(crate) fn entity_name(schema: &str, table: &str, default: bool) -> String {
    let part = |text: &str| if text.contains(['.', '"']) { quoted(text) } else { text.to_owned() };
    if default { part(table) } else { format!("{}.{}", part(schema), part(table)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tables_have_names_of_their_own() {
        assert_eq!(entity_name("public", "Users", true), "Users");
        assert_eq!(entity_name("crm", "Users", false), "crm.Users");
        assert_eq!(entity_name("public", "crm.Users", true), "\"crm.Users\"");
    }

    proptest! {
        /// Read as SQLite reads it, the identifier is the name again and nothing follows it.
        #[test]
        fn a_name_stays_a_name(name in "[^\0]{1,40}") {
            let database = rusqlite::Connection::open_in_memory().unwrap();
            let mut statement = database.prepare(&format!("SELECT 1 AS {}", quoted(&name))).unwrap();
            prop_assert_eq!(statement.column_names().collect::<Vec<_>>(), vec![name.as_str()]);
            let mut rows = statement.query([]).unwrap();
            prop_assert_eq!(rows.next().unwrap().unwrap().get::<_, i64>(0).unwrap(), 1);
        }

        #[test]
        fn a_name_has_one_end(name in ".{0,40}") {
            let text = quoted(&name);
            let inner = &text[1..text.len() - 1];
            prop_assert!(!inner.replace("\"\"", "").contains('"') && !inner.contains('\0'));
        }
    }
}
