//! Compiling a definition: every rule is checked against both schemas, and all problems are told at once.

use std::collections::HashMap;
use syncline_model::{
    Column, ColumnType, EntitySchema, OnUnknownCode, Problem, SyncDefinition, System, nearest, nearest_sure,
};

use crate::columns::Columns;
use crate::fixes::replaced;
use crate::phone::PhoneRules;
use crate::plan::{Mapping, Target, Targets};

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
    compile_parts(definition, source, destination, destination_system, tables, Parts::Whole)
}

/// What the library says of a schedule, without its own categories before it.
fn cron_words(text: &str) -> String {
    let said = text.strip_prefix("Component error: ").unwrap_or(text).trim_end_matches('.');
    let mut letters = said.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// How much of a definition is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parts {
    /// All of it.
    Whole,
    /// Its fields: one way of a two-way definition, in which records are found otherwise.
    Fields,
}

pub(crate) fn compile_parts(
    definition: &SyncDefinition,
    source: &EntitySchema,
    destination: &EntitySchema,
    destination_system: System,
    tables: &[EntitySchema],
    parts: Parts,
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
    work.reads_all_for_a_mirror();
    work.schedule();
    work.label_language();
    let (phone, phone_international) = work.phone();
    let whole = parts == Parts::Whole;
    let identifiers = if whole { work.identifiers() } else { Vec::new() };
    work.duplicates();
    let fields = work.fields();
    let fixed = work.fixed();
    let events = work.events();
    if whole {
        work.unmapped_required();
    }
    let deletes = definition.options.action == syncline_model::SyncAction::Delete;
    if fields.is_empty()
        && fixed.is_empty()
        && events.is_none()
        && work.problems.is_empty()
        && !deletes
        && whole
    {
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
        identifier_names: Targets::new(identifiers.iter().map(|rule| rule.target.name.as_str())),
        identifiers,
        on_invalid_identifier: definition.on_invalid_identifier,
        attribute_names: Targets::of(&fields, &fixed),
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

    fn schedule(&mut self) {
        let Some(schedule) = &self.definition.schedule else { return };
        let fields = schedule.cron.split_whitespace().count();
        let problem = if fields != 5 {
            Some(format!("{:?} has {fields} fields, a schedule has five", schedule.cron))
        } else {
            schedule.cron.parse::<croner::Cron>().err().map(|error| {
                format!("{:?} is no schedule: {}", schedule.cron, cron_words(&error.to_string()))
            })
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
            Some(meant) => {
                let fix = replaced(self.definition, path, name, meant);
                problem.hint(format!("did you mean {meant:?}?")).fix(fix)
            }
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
