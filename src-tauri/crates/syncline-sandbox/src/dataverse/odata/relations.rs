//! Collection navigation properties.
use crate::data::{Schema, Table};
use crate::dataverse::query::Relation;

/// Collection navigation properties of a table: one-to-many and many-to-many.
pub(crate) fn collection(schema: &Schema, table: Table, name: &str) -> Option<Relation> {
    if let Some((entity, column, _)) = schema.referencing(table).find(|(_, _, t)| t.relationship == name) {
        return Some(Relation::Many { table: entity.table, column });
    }
    let found = crate::data::many_to_many::MANY_TO_MANY.iter().find(|m| m.name == name)?;
    let entity = schema.entity(found.intersect);
    let (near, far) = match table {
        t if t == found.first.0 => (found.first.1, found.second),
        t if t == found.second.0 => (found.second.1, found.first),
        _ => return None,
    };
    let (near, far_column) = (entity.column(near)?, entity.column(far.1)?);
    Some(Relation::ManyToMany { intersect: found.intersect, near, far: far_column, table: far.0 })
}

impl Relation {
    /// The table of the related rows.
    pub(crate) fn target(&self) -> Table {
        match self {
            Relation::Many { table, .. }
            | Relation::Equal { table, .. }
            | Relation::ManyToMany { table, .. } => *table,
        }
    }
}
