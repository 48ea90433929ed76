//! Compiling a definition: every rule is checked against both schemas, and all problems are told at once.

use std::collections::HashMap;
use syncline_model::{
    Column, ColumnName, ColumnType, EntitySchema, OnUnknownCode, Problem, SyncDefinition, System,
};

use crate::columns::Columns;
use crate::phone::PhoneRules;
use crate::plan::{Mapping, Target};

/// A compiled definition.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// Ready to map records.
    pub mapping: Mapping,
    /// What a person should know, though it hinders nothing.
    pub warnings: Vec<Problem>,
}

/// Checks a definition against the source's and destination's schemas and compiles it. `destination_system` decides on the
/// rules of identifiers, nulls, dates and events. All problems come at once, each with its path in the definition
/// (`fields[2].from`), a stable code, a message and mostly a hint. A filter's problems have the path `source.filter`.
pub fn compile(
    definition: &SyncDefinition,
    source: &EntitySchema,
    destination: &EntitySchema,
    destination_system: System,
) -> Result<Compiled, Vec<Problem>> {
    compile_with(definition, source, destination, destination_system, &[])
}

/// The same, with the descriptions of the destination's tables in which lookups are found by a column ([`crate::find_tables`]), so that
/// these columns are checked too.
pub fn compile_with(
    definition: &SyncDefinition,
    source: &EntitySchema,
    destination: &EntitySchema,
    destination_system: System,
    tables: &[EntitySchema],
) -> Result<Compiled, Vec<Problem>> {
    let mut work = Work {
        definition,
        source,
        destination,
        tables,
        system: destination_system,
        columns: Columns::of_language(definition.label_language),
        problems: Vec::new(),
        warnings: Vec::new(),
        taken: HashMap::new(),
    };
    work.source_section();
    work.schedule();
    work.label_language();
    let (phone, phone_international) = work.phone();
    let identifiers = work.identifiers();
    work.duplicates();
    let fields = work.fields();
    let fixed = work.fixed();
    let events = work.events();
    work.unmapped_required();
    let deletes = definition.options.action == syncline_model::SyncAction::Delete;
    if fields.is_empty() && fixed.is_empty() && events.is_none() && work.problems.is_empty() && !deletes {
        work.problem(
            Problem::new("fields", "nothing_mapped", "no field, fixed value or event is mapped")
                .hint("add at least one field"),
        );
    }
    if !work.problems.is_empty() {
        return Err(work.problems);
    }
    let mapping = Mapping {
        columns: work.columns,
        system: destination_system,
        identifiers,
        on_invalid_identifier: definition.on_invalid_identifier,
        by_name: Mapping::order(&fields, &fixed),
        fields,
        fixed,
        events,
        on_unknown_code: definition.on_unknown_code,
        label_language: definition.label_language,
        phone,
        phone_international,
        definition_hash: crate::definition_hash(definition),
    };
    Ok(Compiled { mapping, warnings: work.warnings })
}

/// What is being compiled, and what was found so far.
pub(crate) struct Work<'a> {
    pub(crate) definition: &'a SyncDefinition,
    pub(crate) source: &'a EntitySchema,
    pub(crate) destination: &'a EntitySchema,
    pub(crate) tables: &'a [EntitySchema],
    pub(crate) system: System,
    pub(crate) columns: Columns,
    pub(crate) problems: Vec<Problem>,
    pub(crate) warnings: Vec<Problem>,
    /// Target name to the path that took it.
    pub(crate) taken: HashMap<String, String>,
}

impl<'a> Work<'a> {
    pub(crate) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }
    pub(crate) fn warning(&mut self, problem: Problem) {
        self.warnings.push(problem);
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
                    .hint(format!("add {:?} to source.columns", name.as_str())),
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
            Some(meant) => problem.hint(format!("did you mean {meant:?}?")),
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
                    Some(meant) => problem.hint(format!("did you mean \"{meant}.{column}\"?")),
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

    fn source_section(&mut self) {
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
                    Problem::new(path, "column_twice", format!("{name} is chosen twice")).hint("remove one"),
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

    fn schedule(&mut self) {
        let Some(schedule) = &self.definition.schedule else { return };
        let fields = schedule.cron.split_whitespace().count();
        let problem = if fields != 5 {
            Some(format!("{:?} has {fields} fields, a schedule has five", schedule.cron))
        } else {
            schedule
                .cron
                .parse::<croner::Cron>()
                .err()
                .map(|error| format!("{:?} is no schedule: {error}", schedule.cron))
        };
        if let Some(message) = problem {
            self.problem(
                Problem::new("schedule.cron", "cron_invalid", message)
                    .hint("minute hour day month weekday in UTC, such as 0 * * * * for every hour"),
            );
        }
    }

    fn phone(&mut self) -> (PhoneRules, bool) {
        let Some(section) = &self.definition.phone else { return (PhoneRules::default(), false) };
        let rules = match &section.country_code {
            None => PhoneRules::default(),
            Some(code) => PhoneRules::with_country_code(code).unwrap_or_else(|| {
                self.problem(
                    Problem::new(
                        "phone.country_code",
                        "country_code_unknown",
                        format!("{code:?} is no country's dial code"),
                    )
                    .hint("digits only, such as 90 for Türkiye or 49 for Germany"),
                );
                PhoneRules::default()
            }),
        };
        (rules, section.international)
    }

    /// Takes a target name; a second taker is a problem.
    pub(crate) fn take(&mut self, path: &str, name: &str) -> bool {
        if name.trim().is_empty() {
            self.problem(Problem::new(path, "target_missing", "the target has no name"));
            return false;
        }
        if let Some(first) = self.taken.get(name) {
            let problem = Problem::new(path, "duplicate_target", format!("{name} is already set by {first}"))
                .hint("remove one of the two");
            self.problem(problem);
            return false;
        }
        self.taken.insert(name.to_owned(), path.to_owned());
        true
    }

    /// The destination's column of this name; an unknown one is a problem unless the destination is open.
    pub(crate) fn target_column(&mut self, path: &str, name: &str) -> Result<Option<&'a Column>, ()> {
        let destination = self.destination;
        if let Some(column) = destination.column(name) {
            return Ok(Some(column));
        }
        if destination.open {
            let names = destination.columns.iter().map(|column| column.logical_name.as_str());
            if let Some(meant) = nearest_sure(name, names) {
                self.warning(
                    Problem::new(
                        path,
                        "custom_target",
                        format!("{name} is no default attribute and goes as a custom one"),
                    )
                    .hint(format!("did you mean {meant:?}?")),
                );
            }
            return Ok(None);
        }
        let names = destination.columns.iter().map(|column| column.logical_name.as_str());
        let entity = &destination.summary.logical_name;
        let problem = Problem::new(path, "unknown_target", format!("{entity} has no column {name:?}"));
        let problem = match nearest(name, names) {
            Some(meant) => problem.hint(format!("did you mean {meant:?}?")),
            None => problem.hint("look the column up in the entity's description"),
        };
        self.problem(problem);
        Err(())
    }

    /// The compiled form of a target.
    pub(crate) fn target(&self, name: &str, column: Option<&Column>) -> Target {
        Target {
            name: name.to_owned(),
            column_type: column.map(|column| column.column_type),
            behavior: column.and_then(|column| column.behavior),
            max_length: column.and_then(|column| column.max_length),
            options: column
                .map(|column| {
                    column.options.iter().map(|choice| (choice.value, choice.label.clone())).collect()
                })
                .unwrap_or_default(),
            targets: column.map(|column| column.targets.clone()).unwrap_or_default(),
            // A row that is only updated may leave the column out, but may not clear it.
            required: (self.system == System::Dataverse || self.system.is_database())
                && column.is_some_and(|column| column.required == syncline_model::RequiredLevel::System),
            system: self.system,
            empty: None,
            find: None,
        }
    }

    /// Formatted values are wanted where a label may be missing from the schema.
    pub(crate) fn register(&mut self, column: &Column, label: bool) -> usize {
        self.columns.add(column, label)
    }

    fn unmapped_required(&mut self) {
        if self.system != System::Dataverse && !self.system.is_database() {
            return;
        }
        // Dataverse makes ids, owners and states itself.
        let makes_them = self.system == System::Dataverse;
        let destination = self.destination;
        let missing: Vec<&str> = destination
            .columns
            .iter()
            .filter(|column| {
                column.required == syncline_model::RequiredLevel::System
                    && column.creatable
                    && !(makes_them
                        && matches!(
                            column.column_type,
                            ColumnType::Owner
                                | ColumnType::State
                                | ColumnType::Status
                                | ColumnType::UniqueIdentifier
                        ))
                    && !self.taken.contains_key(column.logical_name.as_str())
            })
            .map(|column| column.logical_name.as_str())
            .collect();
        for name in missing {
            self.warnings.push(
                Problem::new(
                    "fields",
                    "required_not_mapped",
                    format!("new rows need {name}, which is not mapped"),
                )
                .hint(format!("map {name}, or let the definition only update rows")),
            );
        }
    }

    /// True when a code without label leaves the attribute out.
    pub(crate) fn skips_unknown_codes(&self) -> bool {
        self.definition.on_unknown_code == OnUnknownCode::Skip
    }
}

/// The nearest of several names, if one is near enough to be meant.
pub(crate) fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    near(word, names, 0.5)
}

fn nearest_sure<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    near(word, names, 0.8)
}

fn near<'n>(word: &str, names: impl Iterator<Item = &'n str>, least: f64) -> Option<&'n str> {
    let word = word.to_lowercase();
    names
        .map(|name| (strsim::normalized_damerau_levenshtein(&word, &name.to_lowercase()), name))
        .filter(|(score, _)| *score >= least)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
