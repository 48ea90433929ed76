//! Columns of the record that a lookup points at: `parentcustomerid.accountnumber`. For the mapping they are columns like others, under
//! that name; whoever reads the records puts their values beside the record's own.

use syncline_model::{Column, ColumnName, EntityName, EntitySchema, SyncDefinition};

/// A column of the record that a lookup points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The lookup.
    pub lookup: ColumnName,
    /// The column there.
    pub column: ColumnName,
    /// The tables the lookup may point at that have it, in the order of the lookup's targets.
    pub entities: Vec<EntityName>,
}

impl Related {
    /// The name under which the mapping knows it.
    pub fn name(&self) -> String {
        format!("{}.{}", self.lookup, self.column)
    }
}

/// Lookups and columns that a definition names with a dot, each once.
fn wanted(definition: &SyncDefinition) -> Vec<(&str, &str)> {
    let mut found: Vec<(&str, &str)> =
        definition.named_columns().into_iter().filter_map(ColumnName::related).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The tables whose descriptions are needed to know the columns that a definition names with a dot.
pub fn related_tables(definition: &SyncDefinition, source: &EntitySchema) -> Vec<EntityName> {
    let mut tables: Vec<EntityName> = wanted(definition)
        .into_iter()
        .filter_map(|(lookup, _)| source.column(lookup))
        .filter(|column| column.column_type.is_lookup())
        .flat_map(|column| column.targets.iter().cloned())
        .collect();
    tables.sort_unstable();
    tables.dedup();
    tables
}

/// The source with the columns that a definition names with a dot, as far as `tables` have them.
pub fn with_related(
    definition: &SyncDefinition,
    source: &EntitySchema,
    tables: &[EntitySchema],
) -> (EntitySchema, Vec<Related>) {
    let mut extended = source.clone();
    let mut related = Vec::new();
    for (lookup, name) in wanted(definition) {
        let Some(own) = source.column(lookup).filter(|column| column.column_type.is_lookup()) else {
            continue;
        };
        let there: Vec<(&EntityName, &Column)> = own
            .targets
            .iter()
            .filter_map(|target| {
                let table = tables.iter().find(|table| table.summary.logical_name == *target)?;
                Some((target, table.column(name).filter(|column| column.readable)?))
            })
            .collect();
        let Some((_, column)) = there.first() else { continue };
        let one = Related {
            lookup: own.logical_name.clone(),
            column: column.logical_name.clone(),
            entities: there.iter().map(|(entity, _)| (*entity).clone()).collect(),
        };
        extended.columns.push(Column {
            logical_name: one.name().into(),
            display_name: format!("{} › {}", own.display_name, column.display_name),
            ..(*column).clone()
        });
        related.push(one);
    }
    extended.columns.sort_by(|a, b| a.logical_name.cmp(&b.logical_name));
    (extended, related)
}

/// The tables of the destination in which lookups are to be found by a column.
pub fn find_tables(definition: &SyncDefinition, destination: &EntitySchema) -> Vec<EntityName> {
    let mut tables: Vec<EntityName> = definition
        .fields
        .iter()
        .filter_map(|field| {
            let find = field.find_by.as_ref()?;
            let targets = &destination.column(&field.to)?.targets;
            match (&find.entity, targets.as_slice()) {
                (Some(entity), targets) if targets.contains(entity) => Some(entity.clone()),
                (None, [one]) => Some(one.clone()),
                (Some(_) | None, _) => None,
            }
        })
        .collect();
    tables.sort_unstable();
    tables.dedup();
    tables
}
