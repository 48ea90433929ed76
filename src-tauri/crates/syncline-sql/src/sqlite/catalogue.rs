//! Tables and views of a file (SQLite, PRAGMA table_xinfo, index_list, foreign_key_list).

use rusqlite::Connection;
use std::collections::BTreeMap;
use syncline_model::{
    Column, ColumnName, EntityKey, EntityName, EntitySchema, EntitySummary, Relationship, RelationshipKind,
    RequiredLevel, SynclineError,
};

use super::{errors, types};
use crate::connector::SqlOptions;
use crate::ident::{entity_name, quoted};
use crate::table::{Rights, SqlColumn, Table, Version, choose_key, primary_name};

/// The logical name of a table.
pub(super) fn logical(name: &str) -> EntityName {
    EntityName::new(entity_name("main", name, true))
}

/// Tables and views: name, and whether it is a view.
pub(super) fn names(connection: &Connection) -> Result<Vec<(String, bool)>, SynclineError> {
    let read = || -> Result<Vec<(String, bool)>, rusqlite::Error> {
        connection
            .prepare_cached(
                "SELECT name, type = 'view' FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
            )?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    };
    read().map_err(|error| errors::of(&error))
}

/// What is given where SQLite numbers the rows.
const NEXT_NUMBER: &str = "the next number";

/// A column as the pragma tells it.
struct Told {
    name: String,
    declared: String,
    not_null: bool,
    default: Option<String>,
    key: u32,
    hidden: u32,
}

/// A foreign key of one column.
struct Reference {
    table: String,
    column: String,
    other: String,
    other_column: Option<String>,
}

/// One of them.
pub(super) fn table(
    connection: &Connection,
    name: &str,
    view: bool,
    options: &SqlOptions,
) -> Result<Table, SynclineError> {
    describe(connection, name, view, options).map_err(|error| errors::of(&error))?
}

fn describe(
    connection: &Connection,
    name: &str,
    view: bool,
    options: &SqlOptions,
) -> Result<Result<Table, SynclineError>, rusqlite::Error> {
    let told = columns(connection, name)?;
    let references = references(connection)?;
    let primary = primary_key(&told);
    // An INTEGER PRIMARY KEY is the row's number, which SQLite gives where none is said.
    let number = match primary.as_ref().map(|key| key.columns.as_slice()) {
        Some([only]) => told
            .iter()
            .find(|column| column.name == only.as_str() && column.declared.eq_ignore_ascii_case("INTEGER")),
        Some(_) | None => None,
    };
    let number = number.map(|column| column.name.clone());
    let columns: Vec<SqlColumn> = told
        .iter()
        .map(|column| SqlColumn {
            name: column.name.clone(),
            reads: column.name.clone(),
            kind: types::kind(&column.declared).0,
            native: column.declared.clone(),
            nullable: !column.not_null && column.key == 0,
            readable: true,
            labels: Vec::new(),
        })
        .collect();
    let mut descriptions: Vec<Column> = told
        .iter()
        .zip(&columns)
        .map(|(told, column)| {
            let counted = (number.as_ref() == Some(&told.name)).then(|| NEXT_NUMBER.to_owned());
            let given = told.default.clone().or(counted);
            description(told, column, given, view, name, &references)
        })
        .collect();
    descriptions.sort_by(|a, b| a.logical_name.cmp(&b.logical_name));
    let mut keys: Vec<(bool, EntityKey)> = primary.into_iter().map(|key| (true, key)).collect();
    for key in unique_keys(connection, name)? {
        if keys.iter().all(|(_, known)| known.columns != key.columns) {
            keys.push((false, key));
        }
    }
    let entity = logical(name);
    let mut table = Table {
        schema: EntitySchema {
            summary: EntitySummary {
                logical_name: entity.clone(),
                set_name: entity.to_string(),
                display_name: entity.to_string(),
                display_collection_name: entity.to_string(),
                primary_id: ColumnName::new(""),
                primary_name: primary_name(&columns),
                custom: false,
                change_tracking: false,
            },
            columns: descriptions,
            keys: keys.iter().map(|(_, key)| key.clone()).collect(),
            relationships: relationships(name, &references),
            open: false,
        },
        place: quoted(name),
        key: Vec::new(),
        version: Version::Hash,
        rights: if view {
            Rights { insert: false, update: false, delete: false, ..Rights::ALL }
        } else {
            Rights::ALL
        },
        user: None,
        columns,
    };
    let chosen = choose_key(&mut table, keys.iter().map(|(primary, key)| (*primary, key)), options);
    Ok(chosen.map(|()| table))
}

fn columns(connection: &Connection, table: &str) -> Result<Vec<Told>, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1) WHERE hidden <> 1 ORDER BY cid",
        )?
        .query_map([table], |row| {
            Ok(Told {
                name: row.get(0)?,
                declared: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                not_null: row.get(2)?,
                default: row.get(3)?,
                key: row.get(4)?,
                hidden: row.get(5)?,
            })
        })?
        .collect()
}

fn primary_key(columns: &[Told]) -> Option<EntityKey> {
    let mut key: Vec<&Told> = columns.iter().filter(|column| column.key > 0).collect();
    key.sort_by_key(|column| column.key);
    (!key.is_empty()).then(|| EntityKey {
        name: "primary key".to_owned(),
        columns: key.iter().map(|column| ColumnName::new(&column.name)).collect(),
        active: true,
    })
}

/// Unique indexes over whole columns and all rows.
fn unique_keys(connection: &Connection, table: &str) -> Result<Vec<EntityKey>, rusqlite::Error> {
    let rows: Vec<(String, Option<String>)> = connection
        .prepare_cached(
            "SELECT i.name, x.name FROM pragma_index_list(?1) i, pragma_index_xinfo(i.name) x \
             WHERE i.\"unique\" = 1 AND i.partial = 0 AND x.key = 1 ORDER BY i.name, x.seqno",
        )?
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut found: BTreeMap<String, Vec<Option<String>>> = BTreeMap::new();
    for (index, column) in rows {
        found.entry(index).or_default().push(column);
    }
    // A part that is no column is an expression.
    let whole = |(name, columns): (String, Vec<Option<String>>)| {
        let columns = columns.into_iter().map(|column| column.map(ColumnName::new)).collect::<Option<_>>()?;
        Some(EntityKey { name, columns, active: true })
    };
    Ok(found.into_iter().filter_map(whole).collect())
}

/// Foreign keys of one column, of all tables.
fn references(connection: &Connection) -> Result<Vec<Reference>, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT m.name, f.\"from\", f.\"table\", f.\"to\" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f \
             WHERE m.type = 'table' AND (SELECT count(*) FROM pragma_foreign_key_list(m.name) o WHERE o.id = f.id) = 1 ORDER BY m.name, f.id",
        )?
        .query_map([], |row| {
            Ok(Reference {
                table: row.get(0)?,
                column: row.get(1)?,
                other: row.get(2)?,
                other_column: row.get(3)?,
            })
        })?
        .collect()
}

fn description(
    told: &Told,
    column: &SqlColumn,
    given: Option<String>,
    view: bool,
    table: &str,
    references: &[Reference],
) -> Column {
    let (kind, length) = types::kind(&told.declared);
    let computed = told.hidden != 0;
    let required = match (column.nullable, given.is_some() || computed) {
        (true, _) => RequiredLevel::None,
        (false, true) => RequiredLevel::Application,
        (false, false) => RequiredLevel::System,
    };
    Column {
        logical_name: ColumnName::new(&column.name),
        display_name: column.name.clone(),
        column_type: kind.column_type(length, told.declared.eq_ignore_ascii_case("TEXT")),
        required,
        readable: true,
        creatable: !view && !computed,
        updatable: !view && !computed,
        max_length: length,
        targets: references
            .iter()
            .filter(|one| {
                one.table.eq_ignore_ascii_case(table) && one.column.eq_ignore_ascii_case(&told.name)
            })
            .map(|one| logical(&one.other))
            .collect(),
        options: Vec::new(),
        behavior: kind.behavior(),
        format: Some(told.declared.to_lowercase()).filter(|declared| !declared.is_empty()),
        given,
        custom: false,
    }
}

fn relationships(table: &str, references: &[Reference]) -> Vec<Relationship> {
    let made = |one: &Reference, kind, other: &str| Relationship {
        name: format!("{}_{}", one.table, one.column),
        kind,
        other_entity: logical(other),
        column: Some(ColumnName::new(&one.column)),
        referenced_column: one.other_column.as_ref().map(ColumnName::new),
        navigation_property: None,
        intersect_entity: None,
    };
    let outward = references.iter().filter(|one| one.table.eq_ignore_ascii_case(table));
    let inward = references.iter().filter(|one| one.other.eq_ignore_ascii_case(table));
    outward
        .map(|one| made(one, RelationshipKind::ManyToOne, &one.other))
        .chain(inward.map(|one| made(one, RelationshipKind::OneToMany, &one.table)))
        .collect()
}
