//! What of a body differs from the row as it is, so that an update sends nothing else.

use serde_json::value::RawValue;
use std::collections::BTreeMap;
use syncline_model::{
    Column, ColumnType, EntityName, EntitySchema, ErrorCode, Fields, Record, SynclineError, Value,
};
use syncline_odata::guid;
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::single::RecordBody;

const BIND: &str = "@odata.bind";

/// The part of a body that differs from a row.
#[derive(Debug, Clone)]
pub struct Differing {
    /// The members that differ, as they were given; an empty object where none does.
    pub body: RecordBody,
    /// The columns they change, by logical name; a member that is no known column under its own name.
    pub columns: Vec<String>,
}

impl DataverseConnector {
    /// Leaves out of a body what the row has already: numbers are compared by value, ids whatever their case, dates by the moment.
    /// Annotations, which a record that was read carries, are left out too, but for `@odata.bind` and `@odata.type`. What can't be
    /// compared (a lookup bound by alternate key, a column that was not read) counts as different. Source: Dataverse Web API, update
    /// a table row (send the properties that change).
    pub async fn differing(
        &self,
        entity: &EntityName,
        row: &Record,
        body: &RecordBody,
        cancel: &CancellationToken,
    ) -> Result<Differing, SynclineError> {
        let schema = self.known_schema(entity, cancel).await?;
        let unread = |error: serde_json::Error| {
            SynclineError::new(ErrorCode::Usage, "the columns can't be compared with the row")
                .detail(error.to_string())
        };
        let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(body.text()).map_err(unread)?;
        let fields = row.fields().map_err(unread)?;
        let (mut kept, mut kind, mut columns) = (BTreeMap::new(), None, Vec::new());
        for (name, raw) in members {
            if name == "@odata.type" {
                kind = Some((name, raw));
                continue;
            }
            let value = Value::from_raw(&raw).map_err(unread)?;
            let column = match name.strip_suffix(BIND) {
                Some(navigation) => {
                    let column = bound_column(&schema, navigation);
                    if let Some(column) = column
                        && self.bound_alike(&fields, column.logical_name.as_str(), &value, cancel).await?
                    {
                        continue;
                    }
                    column
                }
                None if name.contains('@') => continue,
                None => {
                    let column = wire_column(&schema, &name);
                    let held = fields.raw(&name).and_then(|raw| Value::from_raw(raw).ok());
                    if held.is_some_and(|held| alike(column, &value, &held)) {
                        continue;
                    }
                    column
                }
            };
            columns.push(column.map_or_else(|| name.clone(), |column| column.logical_name.to_string()));
            kept.insert(name, raw);
        }
        if !kept.is_empty() {
            kept.extend(kind);
        }
        let text = serde_json::to_string(&kept).map_err(unread)?;
        Ok(Differing { body: RecordBody::parse(&text)?, columns })
    }

    /// True when a lookup points already at the row that a binding names: `/accounts(…)`, without the slash, or a whole address.
    async fn bound_alike(
        &self,
        fields: &Fields<'_>,
        column: &str,
        wanted: &Value,
        cancel: &CancellationToken,
    ) -> Result<bool, SynclineError> {
        let Some(held) = fields.value(column) else { return Ok(false) };
        let (link, held) = match (wanted, held) {
            (Value::Null, held) => return Ok(held.is_null()),
            (Value::Text(link), Value::Text(held)) => (link, held),
            _ => return Ok(false),
        };
        let Some((set, id)) = bound_row(link) else { return Ok(false) };
        if guid(&held).as_deref() != Some(id.as_str()) {
            return Ok(false);
        }
        match fields.lookup_entity(column) {
            Some(entity) => Ok(self.summary(&EntityName::new(entity), cancel).await?.set_name == set),
            None => Ok(false),
        }
    }
}

/// The set and the id of a binding; `None` where it names the row in another way.
fn bound_row(link: &str) -> Option<(&str, String)> {
    let (set, key) = link.rsplit('/').next()?.split_once('(')?;
    Some((set, guid(key.strip_suffix(')')?)?))
}

/// The lookup that a navigation property writes. Owners are written by the column's own name.
fn bound_column<'a>(schema: &'a EntitySchema, navigation: &str) -> Option<&'a Column> {
    schema
        .relationships
        .iter()
        .find(|relationship| relationship.navigation_property.as_deref() == Some(navigation))
        .and_then(|relationship| schema.column(relationship.column.as_ref()?.as_str()))
        .or_else(|| schema.column(navigation))
}

/// A column by the name it has in a record: `_parentcustomerid_value` is `parentcustomerid`.
fn wire_column<'a>(schema: &'a EntitySchema, name: &str) -> Option<&'a Column> {
    let logical = name.strip_prefix('_').and_then(|rest| rest.strip_suffix("_value"));
    schema.column(name).or_else(|| schema.column(logical?))
}

/// True when writing `wanted` over `held` changes nothing.
fn alike(column: Option<&Column>, wanted: &Value, held: &Value) -> bool {
    if wanted.means_the_same(held) {
        return true;
    }
    let (Some(column), Value::Text(wanted)) = (column, wanted) else { return false };
    let held = match held {
        Value::Text(held) => held,
        // The service keeps an empty text as null.
        Value::Null => {
            return wanted.is_empty() && matches!(column.column_type, ColumnType::String | ColumnType::Memo);
        }
        Value::Bool(_)
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::Double(_)
        | Value::List(_)
        | Value::Reference(_) => return false,
    };
    match column.column_type {
        ColumnType::DateTime => {
            let moment = |text: &str| text.parse::<jiff::Timestamp>().ok();
            moment(wanted).is_some_and(|wanted| moment(held) == Some(wanted))
        }
        ColumnType::UniqueIdentifier | ColumnType::Lookup | ColumnType::Customer | ColumnType::Owner => {
            guid(wanted).is_some_and(|wanted| guid(held) == Some(wanted))
        }
        // The order of several choices has no meaning.
        ColumnType::MultiSelectPicklist => codes(wanted) == codes(held),
        ColumnType::String
        | ColumnType::Memo
        | ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Decimal
        | ColumnType::Double
        | ColumnType::Money
        | ColumnType::Boolean
        | ColumnType::Picklist
        | ColumnType::State
        | ColumnType::Status
        | ColumnType::PartyList
        | ColumnType::Image
        | ColumnType::File
        | ColumnType::Other => false,
    }
}

fn codes(text: &str) -> Vec<&str> {
    let mut codes: Vec<&str> = text.split(',').map(str::trim).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::column;
    use proptest::prelude::*;

    fn same(kind: ColumnType, wanted: &str, held: &str) -> bool {
        let read = |text| Value::from_json_text(text).unwrap();
        alike(Some(&column("c", kind)), &read(wanted), &read(held))
    }

    #[test]
    fn values_are_compared_by_what_they_mean() {
        assert!(same(ColumnType::Money, "1.50", "1.5000"));
        assert!(!same(ColumnType::Money, "12345678901234.1235", "12345678901234.1234"));
        assert!(same(
            ColumnType::DateTime,
            r#""2026-01-02T03:04:05.000+00:00""#,
            r#""2026-01-02T03:04:05Z""#
        ));
        assert!(same(ColumnType::DateTime, r#""2026-01-02T05:04:05+02:00""#, r#""2026-01-02T03:04:05Z""#));
        assert!(!same(ColumnType::DateTime, r#""2026-01-02""#, r#""2026-01-02T00:00:00Z""#));
        assert!(same(ColumnType::MultiSelectPicklist, r#""3, 1""#, r#""1,3""#));
        assert!(!same(ColumnType::MultiSelectPicklist, r#""1""#, r#""1,3""#));
        assert!(!same(ColumnType::String, r#""Ann ""#, r#""Ann""#));
        assert!(!same(ColumnType::String, "null", r#""Ann""#));
        assert!(same(ColumnType::Memo, r#""""#, "null") && !same(ColumnType::Lookup, r#""""#, "null"));
        assert!(!same(ColumnType::Boolean, "true", "false"));
        let (upper, lower) =
            (r#""5B1C0F3E-0000-4ABC-8DEF-001122334455""#, r#""5b1c0f3e-0000-4abc-8def-001122334455""#);
        assert!(same(ColumnType::UniqueIdentifier, upper, lower));
        assert!(!same(ColumnType::String, upper, lower));
    }

    #[test]
    fn bindings_are_read() {
        let id = "5b1c0f3e-0000-4abc-8def-001122334455";
        let row = Some(("accounts", id.to_owned()));
        for link in ["/accounts(ID)", "accounts(ID)", "https://org.test/api/data/v9.2/accounts(ID)"] {
            assert_eq!(bound_row(&link.replace("ID", &id.to_uppercase())), row, "{link}");
        }
        for link in ["/accounts(accountnumber='A-1')", "accounts", "", "()", "/accounts(1"] {
            assert_eq!(bound_row(link), None, "{link}");
        }
    }

    proptest! {
        #[test]
        fn any_link_is_read_or_refused(link in any::<String>()) {
            let _ = bound_row(&link);
        }

        #[test]
        fn a_value_is_like_itself(text in any::<String>()) {
            for kind in [ColumnType::String, ColumnType::DateTime, ColumnType::MultiSelectPicklist, ColumnType::Lookup] {
                let value = Value::Text(text.clone());
                prop_assert!(alike(Some(&column("c", kind)), &value, &value));
            }
        }
    }
}
