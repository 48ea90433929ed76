//! Resource paths: `accounts(accountnumber='A-1')/primarycontactid/$ref`.
use super::coerce::from_text;
use super::error::{Outcome, ServiceError, code};
use super::odata::options::{decode, split};
use super::store::{Row, Store};
use crate::data::{Entity, Kind, Schema, Table, Value};
use uuid::Uuid;

/// One segment, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) name: String,
    /// What stands in the parentheses.
    pub(crate) key: Option<String>,
}

/// Characters in key values with which addressing a row by its key does not work ("Define alternate keys").
const RESERVED: [char; 10] = ['/', '<', '>', '*', '%', '&', ':', '\\', '?', '+'];

/// Splits a path into segments.
pub(crate) fn segments(path: &str) -> Outcome<Vec<Segment>> {
    let mut out = Vec::new();
    for part in split(path, '/').into_iter().filter(|p| !p.is_empty()) {
        let text = decode(part, false)?;
        out.push(match text.split_once('(') {
            Some((name, rest)) => {
                let key = rest.strip_suffix(')').ok_or_else(|| {
                    ServiceError::odata(format!("Bad Request - Error in query syntax: '{text}'."))
                })?;
                Segment { name: name.to_owned(), key: Some(key.to_owned()) }
            }
            None => Segment { name: text, key: None },
        });
    }
    Ok(out)
}

/// How a row is addressed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RowKey {
    Id(Uuid),
    /// Columns of an alternate key with their values.
    Alternate(Vec<(usize, Value)>),
}

impl RowKey {
    /// Understands what stands in the parentheses.
    pub(crate) fn parse(schema: &Schema, table: Table, text: &str) -> Outcome<Self> {
        let entity = schema.entity(table);
        // With hyphens and without braces, as OData writes an Edm.Guid.
        if let Some(id) = Uuid::parse_str(text).ok().filter(|_| text.len() == 36) {
            return Ok(Self::Id(id));
        }
        let mut columns = Vec::new();
        for part in split(text, ',') {
            let (name, value) = part.split_once('=').ok_or_else(|| {
                ServiceError::odata(format!(
                    "Bad Request - Error in query syntax: '{text}' is neither a guid nor a key."
                ))
            })?;
            let (name, value) = (name.trim(), value.trim());
            let column =
                entity.wire_column(name).ok_or_else(|| ServiceError::no_property(name, entity.logical))?;
            let quoted = value.strip_prefix('\'').and_then(|v| v.strip_suffix('\''));
            let plain = match quoted {
                Some(inner) => inner.replace("''", "\0"),
                None => value.to_owned(),
            };
            // An Edm.String is in quotes, and nothing else is.
            let textual = matches!(
                entity.columns[column].kind,
                Kind::Text { .. } | Kind::Memo { .. } | Kind::EntityName
            );
            if textual != quoted.is_some() || plain.contains('\'') {
                return Err(ServiceError::odata(format!(
                    "Bad Request - Error in query syntax: {value} is not a literal of the type of the key column '{name}'."
                )));
            }
            let plain = plain.replace('\0', "'");
            if value.starts_with('\'') && plain.contains(RESERVED) {
                return Err(ServiceError::odata(format!(
                    "Bad Request - Error in query syntax: the key value '{plain}' holds a character that keys in a URL cannot have."
                )));
            }
            let value = from_text(&entity.columns[column], &plain).ok_or_else(|| {
                ServiceError::odata(format!("'{value}' is not a valid value for the key column '{name}'."))
            })?;
            columns.push((column, value));
        }
        if let [(column, Value::Id(id))] = columns.as_slice()
            && *column == entity.id_column()
            && table != Table::SystemUser
        {
            return Ok(Self::Id(*id));
        }
        let mut names: Vec<&str> = columns.iter().map(|c| entity.columns[c.0].logical).collect();
        names.sort_unstable();
        let known = entity.keys.iter().any(|k| {
            let mut of = k.columns.to_vec();
            of.sort_unstable();
            of == names
        });
        if !known {
            return Err(ServiceError::bad(
                code::ENTITY_KEY_NOT_DEFINED,
                format!(
                    "The specified key attributes are not a defined key for the {} entity",
                    entity.logical
                ),
            ));
        }
        Ok(Self::Alternate(columns))
    }

    /// The row, if there is one.
    pub(crate) fn find(&self, store: &Store, table: Table) -> Option<Row> {
        match self {
            Self::Id(id) => store.find(table, *id),
            Self::Alternate(columns) => {
                let (first, rest) = columns.split_first()?;
                store
                    .find_by(table, first.0, &first.1)
                    .into_iter()
                    .find(|row| rest.iter().all(|(c, v)| store.value(*row, *c).same(v)))
            }
        }
    }

    /// The row, or 404 with the code that fits the key.
    pub(crate) fn need(&self, store: &Store, entity: &Entity) -> Outcome<Row> {
        self.find(store, entity.table).ok_or_else(|| match self {
            Self::Id(id) => ServiceError::no_row(entity.logical, *id),
            Self::Alternate(_) => ServiceError::new(
                404,
                code::RECORD_NOT_FOUND_BY_ENTITY_KEY,
                "A record with the specified key values does not exist in ".to_owned()
                    + entity.logical
                    + " entity",
            ),
        })
    }
}
