//! A relation of the catalogue as a table.

use syncline_model::{
    Choice, Column, ColumnName, EntityKey, EntityName, EntitySchema, EntitySummary, Relationship,
    RelationshipKind, RequiredLevel, SynclineError,
};

use super::catalogue::{Relation, Texts};
use super::types::CatalogueType;
use crate::connector::SqlOptions;
use crate::ident::{entity_name, quoted};
use crate::table::{Rights, SqlColumn, Table, Version, primary_name};

/// Bits of `pg_relation_is_updatable`: one at the number of each command (PostgreSQL, `CmdType`).
const UPDATABLE: u32 = 1 << 2;
const INSERTABLE: u32 = 1 << 3;
const DELETABLE: u32 = 1 << 4;

pub(super) fn table(relation: &Relation, options: &SqlOptions) -> Result<Table, SynclineError> {
    let itself = &relation.itself;
    let name = relation.name();
    let bits: u32 = itself.text(6).parse().unwrap_or_default();
    let rights = Rights {
        select: itself.yes(7),
        insert: itself.yes(8) && bits & INSERTABLE != 0,
        update: itself.yes(9) && bits & UPDATABLE != 0,
        delete: itself.yes(10) && bits & DELETABLE != 0,
    };
    let columns: Vec<SqlColumn> = relation.columns.iter().map(column).collect();
    let keys = keys(relation);
    let mut told: Vec<Column> = relation
        .columns
        .iter()
        .zip(&columns)
        .map(|(row, column)| description(relation, row, column, rights))
        .collect();
    told.sort_by(|a, b| a.logical_name.cmp(&b.logical_name));
    let mut table = Table {
        schema: EntitySchema {
            summary: EntitySummary {
                logical_name: name.clone(),
                set_name: name.to_string(),
                display_name: name.to_string(),
                display_collection_name: name.to_string(),
                primary_id: ColumnName::new(""),
                primary_name: primary_name(&columns),
                custom: false,
                change_tracking: false,
            },
            columns: told,
            keys: keys.iter().filter(|(_, usable, _)| *usable).map(|(_, _, key)| key.clone()).collect(),
            relationships: relationships(relation),
            open: false,
        },
        place: format!("{}.{}", quoted(itself.text(1)), quoted(itself.text(2))),
        key: Vec::new(),
        // Views and foreign tables have no transaction of their own to tell.
        version: if matches!(itself.text(3), "r" | "p") { Version::Xmin } else { Version::Hash },
        rights,
        user: itself.maybe(11).map(str::to_owned),
        columns,
    };
    crate::table::choose_key(&mut table, keys.iter().map(|(primary, _, key)| (*primary, key)), options)?;
    Ok(table)
}

fn column(row: &Texts) -> SqlColumn {
    let (kind, _) = catalogue_type(row).kind();
    SqlColumn {
        name: row.text(1).to_owned(),
        reads: row.text(1).to_owned(),
        kind,
        native: row.text(3).to_owned(),
        nullable: !row.yes(8),
        readable: row.yes(13),
        labels: row.list(17),
    }
}

fn catalogue_type(row: &Texts) -> CatalogueType<'_> {
    CatalogueType {
        name: row.text(4),
        form: row.text(5),
        category: row.text(6),
        modifier: row.text(7).parse().unwrap_or(-1),
    }
}

fn description(relation: &Relation, row: &Texts, column: &SqlColumn, rights: Rights) -> Column {
    let (kind, length) = catalogue_type(row).kind();
    let (identity, computed) = (row.text(10), !row.text(11).is_empty());
    let given = row.yes(9) || !identity.is_empty() || computed;
    // An identity that is always generated takes no value at all.
    let open = !computed && identity != "a" && row.yes(16);
    let required = match (column.nullable, given) {
        (true, _) => RequiredLevel::None,
        (false, true) => RequiredLevel::Application,
        (false, false) => RequiredLevel::System,
    };
    let label = row.maybe(12).filter(|comment| comment.chars().count() <= 60 && !comment.contains('\n'));
    let targets: Vec<EntityName> = relation
        .outward
        .iter()
        .filter(|reference| reference.text(2) == column.name)
        .map(|reference| EntityName::new(entity_name(reference.text(3), reference.text(4), reference.yes(5))))
        .collect();
    Column {
        logical_name: ColumnName::new(&column.name),
        display_name: label.map_or_else(|| column.name.clone(), str::to_owned),
        column_type: kind.column_type(length, matches!(row.text(4), "text" | "citext")),
        required,
        readable: column.readable && rights.select,
        creatable: open && rights.insert && row.yes(14),
        updatable: open && rights.update && row.yes(15),
        max_length: length,
        targets,
        options: (0..)
            .zip(&column.labels)
            .map(|(value, label)| Choice {
                value,
                label: Some(label.clone()),
                state: None,
                labels: Vec::new(),
            })
            .collect(),
        behavior: kind.behavior(),
        format: Some(row.text(2).to_owned()),
        given: match (computed, identity) {
            (true, _) => None,
            (false, "") => row.maybe(18).map(str::to_owned),
            (false, _) => Some("the next number".to_owned()),
        },
        custom: false,
    }
}

/// Keys: primary, usable for `ON CONFLICT`, itself.
fn keys(relation: &Relation) -> Vec<(bool, bool, EntityKey)> {
    relation
        .keys
        .iter()
        .map(|row| {
            let columns = row.list(4).into_iter().map(ColumnName::new).collect();
            (row.yes(2), row.yes(3), EntityKey { name: row.text(1).to_owned(), columns, active: true })
        })
        .collect()
}

fn relationships(relation: &Relation) -> Vec<Relationship> {
    let made = |row: &Texts, kind, other: [usize; 3]| Relationship {
        name: row.text(1).to_owned(),
        kind,
        other_entity: EntityName::new(entity_name(row.text(other[0]), row.text(other[1]), row.yes(other[2]))),
        column: row.maybe(2).map(ColumnName::new),
        referenced_column: row.maybe(6).map(ColumnName::new),
        navigation_property: None,
        intersect_entity: None,
    };
    let outward = relation.outward.iter().map(|row| made(row, RelationshipKind::ManyToOne, [3, 4, 5]));
    let inward = relation.inward.iter().map(|row| made(row, RelationshipKind::OneToMany, [8, 9, 10]));
    outward.chain(inward).collect()
}
