//! Checking how lookups of the destination are found: the table is one the lookup points at, and the column tells its rows apart.

use syncline_model::{Column, EntityName, FieldMapping, Problem, System, nearest};

use crate::compile::Work;
use crate::plan::Find;

impl Work<'_> {
    /// How the row is found that a lookup is to point at; `None` where nothing is asked or something is wrong.
    pub(crate) fn find(
        &mut self,
        path: &str,
        mapping: &FieldMapping,
        target: Option<&Column>,
    ) -> Option<Find> {
        let asked = mapping.find_by.as_ref()?;
        let path = format!("{path}.find_by");
        let lookup = target.filter(|column| column.column_type.is_lookup());
        let Some(lookup) = lookup.filter(|_| self.system == System::Dataverse) else {
            self.problem(
                Problem::new(path, "find_no_lookup", format!("{} is no lookup of Dataverse", mapping.to))
                    .hint("remove \"find_by\""),
            );
            return None;
        };
        let names = || lookup.targets.iter().map(EntityName::as_str).collect::<Vec<_>>().join(", ");
        let entity = match (&asked.entity, lookup.targets.as_slice()) {
            (Some(entity), targets) if targets.contains(entity) => entity.clone(),
            (None, [one]) => one.clone(),
            (Some(entity), _) => {
                let problem = Problem::new(
                    format!("{path}.entity"),
                    "wrong_entity",
                    format!("{} can't point at a row of {entity}", mapping.to),
                );
                self.problem(problem.hint(format!("one of {}", names())));
                return None;
            }
            (None, _) => {
                let problem = Problem::new(
                    format!("{path}.entity"),
                    "entity_unknown",
                    format!("{} may point at several tables", mapping.to),
                );
                self.problem(problem.hint(format!("name the table: one of {}", names())));
                return None;
            }
        };
        // A table that is not described here is looked at when rows are planned.
        let tables = self.tables;
        if let Some(table) = tables.iter().find(|table| table.summary.logical_name == entity) {
            let Some(column) = table.column(asked.column.as_str()).filter(|column| column.readable) else {
                let known = table.columns.iter().map(|column| column.logical_name.as_str());
                let problem = Problem::new(
                    format!("{path}.column"),
                    "unknown_column",
                    format!("{entity} has no column {:?} that can be read", asked.column.as_str()),
                );
                self.problem(match nearest(asked.column.as_str(), known) {
                    Some(meant) => problem.hint(format!("did you mean {meant:?}?")),
                    None => problem.hint("name a column of an alternate key"),
                });
                return None;
            };
            let name = &column.logical_name;
            let unique = *name == table.summary.primary_id
                || table.keys.iter().any(|key| key.active && key.columns.as_slice() == [name.clone()]);
            if !unique {
                self.warning(
                    Problem::new(
                        format!("{path}.column"),
                        "find_not_unique",
                        format!("{name} is no alternate key of {entity}: several rows may have the same"),
                    )
                    .hint("rows that are found more than once are not sent, and told"),
                );
            }
        }
        Some(Find { entity, column: asked.column.clone() })
    }
}
