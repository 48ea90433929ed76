//! Checking what a definition reads: entity or list, columns (those of related records too) and the filter.

use syncline_model::{Column, ColumnName, FetchSection, Fix, Problem, SyncAction, nearest};

use crate::compile::Work;
use crate::fixes::replaced;

impl<'a> Work<'a> {
    /// A mirror takes for vanished what it does not read.
    pub(crate) fn reads_all_for_a_mirror(&mut self) {
        let (source, action) = (&self.definition.source, self.definition.options.action);
        // Members of a list are read whole whatever the fetch mode.
        if action == SyncAction::Mirror && source.list.is_none() && source.fetch != FetchSection::default() {
            let text =
                "a mirror deletes what the source does not hold any more, so it has to read everything";
            let hint = r#"set source.fetch to {"mode": "all", "days": 0}, or options.action to "write""#;
            self.problem(Problem::new("source.fetch", "mirror_reads_all", text).hint(hint));
        }
    }

    /// A source column named in the definition, if it exists, is readable and was chosen.
    pub(crate) fn source_column(&mut self, path: &str, name: &ColumnName) -> Option<&'a Column> {
        let source = self.source;
        let Some(column) = source.column(name.as_str()) else {
            self.unknown_source_column(path, name);
            return None;
        };
        if !column.readable {
            self.problem(
                Problem::new(path, "column_not_readable", format!("{name} can't be read"))
                    .hint("choose another column, or ask for the privilege to read it"),
            );
            return None;
        }
        // Of a column of another record the lookup that leads there is read.
        let read = name.related().map(|(lookup, _)| ColumnName::from(lookup));
        let name = read.as_ref().unwrap_or(name);
        if !self.definition.source.columns.contains(name) {
            self.problem(
                Problem::new(path, "column_not_chosen", format!("{name} is not among source.columns"))
                    .hint(format!("add {:?} to source.columns", name.as_str()))
                    .fix(Fix::ChooseColumns { columns: vec![name.to_string()] }),
            );
            return None;
        }
        Some(column)
    }

    fn unknown_source_column(&mut self, path: &str, name: &ColumnName) {
        if let Some((lookup, column)) = name.related() {
            self.unknown_related(path, lookup, column);
            return;
        }
        let names = self.source.columns.iter().map(|column| column.logical_name.as_str());
        let entity = &self.source.summary.logical_name;
        let wire = name.as_str().strip_prefix('_').and_then(|rest| rest.strip_suffix("_value"));
        let meant = wire
            .filter(|inner| self.source.column(inner).is_some())
            .map(str::to_owned)
            .or_else(|| nearest(name.as_str(), names).map(str::to_owned));
        let problem =
            Problem::new(path, "unknown_column", format!("{entity} has no column {:?}", name.as_str()));
        self.problem(match meant {
            Some(meant) => {
                let fix = replaced(self.definition, path, name.as_str(), &meant);
                problem.hint(format!("did you mean {meant:?}?")).fix(fix)
            }
            None => problem.hint("look the column up in the entity's description"),
        });
    }

    fn unknown_related(&mut self, path: &str, lookup: &str, column: &str) {
        let entity = &self.source.summary.logical_name;
        let problem = match self.source.column(lookup) {
            None => {
                let lookups = self.source.columns.iter().filter(|column| column.column_type.is_lookup());
                let meant = nearest(lookup, lookups.map(|column| column.logical_name.as_str()));
                let problem =
                    Problem::new(path, "unknown_column", format!("{entity} has no column {lookup:?}"));
                match meant {
                    Some(meant) => {
                        let (wrong, meant) = (format!("{lookup}.{column}"), format!("{meant}.{column}"));
                        let fix = replaced(self.definition, path, &wrong, &meant);
                        problem.hint(format!("did you mean {meant:?}?")).fix(fix)
                    }
                    None => problem.hint("before the dot stands a lookup of the entity that is read"),
                }
            }
            Some(own) if !own.column_type.is_lookup() => Problem::new(
                path,
                "related_no_lookup",
                format!("{lookup} is no lookup: no other record has a column {column:?} for it"),
            )
            .hint("remove what follows the dot, or name a lookup"),
            Some(own) => {
                let targets: Vec<&str> = own.targets.iter().map(|target| target.as_str()).collect();
                Problem::new(
                    path,
                    "unknown_column",
                    format!(
                        "{lookup} points at {}, where no column {column:?} can be read",
                        targets.join(" or ")
                    ),
                )
                .hint("look the column up in that table's description")
            }
        };
        self.problem(problem);
    }

    pub(crate) fn source_section(&mut self) {
        let section = &self.definition.source;
        match (&section.entity, &section.list) {
            (Some(_), Some(_)) => self.problem(
                Problem::new("source", "entity_and_list", "the source names both an entity and a list")
                    .hint("keep one of the two"),
            ),
            (None, None) => self.problem(
                Problem::new("source", "no_entity_or_list", "the source names neither an entity nor a list")
                    .hint("add \"entity\" or \"list\""),
            ),
            (Some(entity), None) if *entity != self.source.summary.logical_name => {
                self.problem(Problem::new(
                    "source.entity",
                    "wrong_entity",
                    format!("the schema is that of {}, not of {entity}", self.source.summary.logical_name),
                ))
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
        if section.columns.is_empty() {
            self.problem(
                Problem::new("source.columns", "no_columns", "no column is chosen")
                    .hint("add the columns that are to be mapped"),
            );
        }
        for (index, name) in section.columns.iter().enumerate() {
            let path = format!("source.columns[{index}]");
            if section.columns[..index].contains(name) {
                self.warning(
                    Problem::new(path, "column_twice", format!("{name} is chosen twice"))
                        .hint("remove one")
                        .fix(Fix::KeepColumnsOnce),
                );
                continue;
            }
            match self.source.column(name.as_str()) {
                None => self.unknown_source_column(&path, name),
                Some(column) if !column.readable => self.problem(
                    Problem::new(path, "column_not_readable", format!("{name} can't be read"))
                        .hint("remove it, or ask for the privilege to read it"),
                ),
                Some(_) => {}
            }
        }
        if let Some(text) = section.filter.as_deref().filter(|text| !text.trim().is_empty()) {
            match syncline_fetchxml::Filter::parse(text) {
                Err(error) => {
                    let mut problem = Problem::new("source.filter", &error.code, error.to_string());
                    problem.hint = error.hint;
                    self.problem(problem);
                }
                Ok(filter) => {
                    for mut problem in syncline_fetchxml::check(&filter, self.source) {
                        problem.path = if problem.path.is_empty() {
                            "source.filter".to_owned()
                        } else {
                            format!("source.filter.{}", problem.path)
                        };
                        if syncline_fetchxml::is_warning(&problem) {
                            self.warning(problem);
                        } else {
                            self.problem(problem);
                        }
                    }
                }
            }
        }
    }
}
