//! The request of a row: the statement as it will be executed, and its values by column.
//!
//! | member | holds |
//! |---|---|
//! | `method` | `INSERT`, `UPDATE`, `UPSERT` or `DELETE` |
//! | `path` | the statement, with a mark in place of each value |
//! | `body` | a JSON object: values by column, in the order of the marks |
//! | `Key` | id of the row that is changed or deleted; its key's values follow those of the body |
//! | `If-Match` | version that the row must still have; the last value |

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use syncline_connect::{PlannedWrite, ProbedRow, RowRequest};
use syncline_model::{Action, ErrorCode, MappedRecord, SynclineError, Value};

use crate::dialect::Dialect;
use crate::encode::encode;
use crate::ident::{list, quoted};
use crate::table::{SqlColumn, Table};

/// Header with the id of the row.
pub(crate) const KEY: &str = "Key";
/// Header with the version that the row must have.
pub(crate) const IF_MATCH: &str = "If-Match";

fn refused(message: String) -> SynclineError {
    SynclineError::new(ErrorCode::ServiceRefused, message)
}

/// The request of a planned row.
pub(crate) fn request(
    dialect: Dialect,
    table: &Table,
    write: &PlannedWrite<'_>,
) -> Result<RowRequest, SynclineError> {
    match (write.action, write.existing) {
        (Action::Create, _) => insert(dialect, table, write.mapped, false),
        (Action::Update, Some(row)) => update(dialect, table, write, row),
        (Action::Update, None) => insert(dialect, table, write.mapped, true),
        (Action::Delete, Some(_)) if !table.rights.delete => Err(table.may_not_delete()),
        (Action::Delete, Some(row)) => delete(dialect, table, row),
        (Action::Delete, None) => {
            Err(SynclineError::new(ErrorCode::Internal, "a deletion needs the row that was found"))
        }
        (Action::Unchanged | Action::Skip | Action::Invalid, _) => Err(SynclineError::new(
            ErrorCode::Internal,
            format!("no request is made for {}", write.action.as_str()),
        )),
    }
}

/// Deletes a row if it is still as it was seen.
pub(crate) fn delete(dialect: Dialect, table: &Table, row: &ProbedRow) -> Result<RowRequest, SynclineError> {
    let (condition, headers) = still_there(dialect, table, row, 0)?;
    let sql =
        format!("DELETE FROM {} WHERE {condition} RETURNING {}", table.place, returned(dialect, table)?);
    Ok(RowRequest { method: "DELETE".to_owned(), path: sql, headers, body: "{}".to_owned() })
}

fn insert(
    dialect: Dialect,
    table: &Table,
    mapped: &MappedRecord,
    upsert: bool,
) -> Result<RowRequest, SynclineError> {
    let key = table.key_of(mapped.identifiers.keys().map(String::as_str)).ok_or_else(|| {
        let given: Vec<&str> = mapped.identifiers.keys().map(String::as_str).collect();
        let given = if given.is_empty() { "nothing".to_owned() } else { given.join(" + ") };
        SynclineError::new(
            ErrorCode::DefinitionInvalid,
            format!("{given} is no key of {}: a row could be written twice", table.name()),
        )
        .hint("map exactly the columns of the primary key or of a unique key")
    })?;
    let mut values: Vec<(&SqlColumn, &Value)> = Vec::new();
    for (name, value) in mapped.identifiers.iter().chain(&mapped.attributes) {
        if values.iter().all(|(column, _)| column.name != *name) {
            values.push((writable(table, name, true)?, value));
        }
    }
    for (column, value) in &values {
        checked(dialect, table, column, value)?;
    }
    let names = list(values.iter().map(|(column, _)| column.name.as_str()));
    let marks: Vec<String> = (1..=values.len()).map(|number| dialect.mark(number)).collect();
    let key: Vec<&str> = key.columns.iter().map(|column| column.as_str()).collect();
    let changes: Vec<String> = values
        .iter()
        .filter(|(column, _)| !key.contains(&column.name.as_str()))
        .map(|(column, _)| format!("{0} = excluded.{0}", quoted(&column.name)))
        .collect();
    let conflict = if upsert && !changes.is_empty() {
        format!("DO UPDATE SET {}", changes.join(", "))
    } else {
        "DO NOTHING".to_owned()
    };
    let sql = format!(
        "INSERT INTO {} ({names}) VALUES ({}) ON CONFLICT ({}) {conflict} RETURNING {}",
        table.place,
        marks.join(", "),
        list(key),
        returned(dialect, table)?
    );
    let method = if upsert { "UPSERT" } else { "INSERT" };
    Ok(RowRequest { method: method.to_owned(), path: sql, headers: BTreeMap::new(), body: body(&values) })
}

/// Inserts a row that a person makes; nothing is said of its key.
pub(crate) fn by_hand(
    dialect: Dialect,
    table: &Table,
    given: &BTreeMap<String, Value>,
) -> Result<RowRequest, SynclineError> {
    let mut values: Vec<(&SqlColumn, &Value)> = Vec::with_capacity(given.len());
    for (name, value) in given {
        let column = writable(table, name, true)?;
        checked(dialect, table, column, value)?;
        values.push((column, value));
    }
    let back = returned(dialect, table)?;
    let sql = if values.is_empty() {
        format!("INSERT INTO {} DEFAULT VALUES RETURNING {back}", table.place)
    } else {
        let names = list(values.iter().map(|(column, _)| column.name.as_str()));
        let marks: Vec<String> = (1..=values.len()).map(|number| dialect.mark(number)).collect();
        format!("INSERT INTO {} ({names}) VALUES ({}) RETURNING {back}", table.place, marks.join(", "))
    };
    Ok(RowRequest { method: "INSERT".to_owned(), path: sql, headers: BTreeMap::new(), body: body(&values) })
}

fn update(
    dialect: Dialect,
    table: &Table,
    write: &PlannedWrite<'_>,
    row: &ProbedRow,
) -> Result<RowRequest, SynclineError> {
    let mut values: Vec<(&SqlColumn, &Value)> = Vec::new();
    for (name, value) in &write.mapped.attributes {
        if write.changed.contains(&name.as_str()) {
            let column = writable(table, name, false)?;
            checked(dialect, table, column, value)?;
            values.push((column, value));
        }
    }
    if values.is_empty() {
        return Err(refused(format!("nothing is to be changed in {}", row.id)));
    }
    let changes: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(at, (column, _))| format!("{} = {}", quoted(&column.name), dialect.mark(at + 1)))
        .collect();
    let (condition, headers) = still_there(dialect, table, row, values.len())?;
    let sql = format!(
        "UPDATE {} SET {} WHERE {condition} RETURNING {}",
        table.place,
        changes.join(", "),
        returned(dialect, table)?
    );
    Ok(RowRequest { method: "UPDATE".to_owned(), path: sql, headers, body: body(&values) })
}

/// The row by its key, at the version that was seen.
fn still_there(
    dialect: Dialect,
    table: &Table,
    row: &ProbedRow,
    before: usize,
) -> Result<(String, BTreeMap<String, String>), SynclineError> {
    let key = table.whole_key()?;
    let mut parts: Vec<String> = key
        .iter()
        .enumerate()
        .map(|(at, column)| format!("{} = {}", quoted(&column.name), dialect.mark(before + at + 1)))
        .collect();
    let mut headers = BTreeMap::from([(KEY.to_owned(), row.id.to_string())]);
    if let Some(version) = &row.etag {
        parts.push(format!("{} = {}", dialect.version("", table), dialect.mark(before + key.len() + 1)));
        headers.insert(IF_MATCH.to_owned(), version.clone());
    }
    Ok((parts.join(" AND "), headers))
}

fn returned(dialect: Dialect, table: &Table) -> Result<String, SynclineError> {
    let key = table.whole_key()?;
    Ok(key.iter().map(|column| dialect.plain("", column)).collect::<Vec<_>>().join(", "))
}

fn writable<'a>(table: &'a Table, name: &str, create: bool) -> Result<&'a SqlColumn, SynclineError> {
    let column = table.column(name)?;
    let able =
        table.schema.column(name).is_some_and(|seen| if create { seen.creatable } else { seen.updatable });
    if able {
        return Ok(column);
    }
    let right = if create { "INSERT" } else { "UPDATE" };
    let granted = if create { table.rights.insert } else { table.rights.update };
    if granted {
        Err(refused(format!(
            "{name} can't be set: the database computes it, or the right to {right} it is missing"
        ))
        .hint(format!(
            "leave it out, or have it granted: {}",
            table.grant(&format!("{right} ({})", quoted(name)))
        )))
    } else {
        Err(SynclineError::new(
            ErrorCode::PrivilegeMissing,
            format!("the right to {right} is missing on {}", table.name()),
        )
        .hint(format!("the owner of the table gives it: {}", table.grant(right))))
    }
}

/// A value that would be refused is told before anything is sent.
fn checked(dialect: Dialect, table: &Table, column: &SqlColumn, value: &Value) -> Result<(), SynclineError> {
    if value.is_null() && !column.nullable {
        return Err(refused(format!("{} of {} can't be empty (NOT NULL)", column.name, table.name()))
            .hint("give a default in the mapping, or leave the field out where it is empty"));
    }
    encode(dialect, column, value).map(|_| ())
}

fn body(values: &[(&SqlColumn, &Value)]) -> String {
    let members: Vec<String> = values
        .iter()
        .map(|(column, value)| {
            format!("{}:{}", Value::from(column.name.as_str()).to_json_text(), value.to_json_text())
        })
        .collect();
    format!("{{{}}}", members.join(","))
}

/// The members of a body, in their order.
#[derive(Debug, PartialEq)]
pub(crate) struct Members(pub(crate) Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("values by column")
            }
            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members, M::Error> {
                let mut members = Vec::with_capacity(map.size_hint().unwrap_or_default());
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
