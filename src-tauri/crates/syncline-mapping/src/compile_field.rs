//! Checking fields and fixed values: targets exist, may be written, and take what they are given.

use syncline_model::{Column, ColumnType, Direction, FieldMapping, Problem, System, Value, language_text};

use crate::columns::Columns;
use crate::compile::Work;
use crate::compile_steps::makes_anew;
use crate::plan::{FieldRule, FixedRule, Target};
use crate::target::fit;

/// How a source type and a target type go together.
#[derive(Debug, PartialEq, Eq)]
enum Match {
    Fits,
    /// Some values may not fit.
    Maybe(&'static str),
    Never,
}

impl Work<'_> {
    pub(crate) fn fields(&mut self) -> Vec<FieldRule> {
        let definition = self.definition;
        let mut rules = Vec::new();
        for (index, mapping) in definition.fields.iter().enumerate() {
            let path = format!("fields[{index}]");
            if mapping.direction == Some(Direction::From) {
                continue;
            }
            if mapping.linked.is_some() {
                self.problem(
                    Problem::new(
                        format!("{path}.linked"),
                        "linked_one_way",
                        "pairs of records are kept by two-way definitions only",
                    )
                    .hint("remove it, or make the definition two-way with \"conflict\""),
                );
            }
            let to = format!("{path}.to");
            let free = self.take(&to, &mapping.to);
            let target = self.target_column(&to, &mapping.to);
            if let Ok(Some(column)) = target {
                self.writable(&to, column);
            }
            self.insider_names(&to, &mapping.to);
            let rule = self.field_rule(path, mapping, target.ok().flatten());
            if free && target.is_ok() {
                rules.extend(rule);
            }
        }
        rules
    }

    /// What the account may refuse of an attribute's name (Insider One upsert, attributes).
    fn insider_names(&mut self, path: &str, name: &str) {
        if self.system != System::Insider {
            return;
        }
        // Custom attributes may be told apart by this word; it does not travel.
        let bare = name.strip_prefix("custom.").unwrap_or(name);
        if matches!(name, "email" | "phone_number" | "uuid") {
            self.warning(
                Problem::new(
                    path,
                    "identifier_as_attribute",
                    format!("{name} is an identifier in most accounts and refused as an attribute there"),
                )
                .hint("move it to \"identifiers\""),
            );
        } else if bare.is_empty()
            || !bare.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        {
            self.warning(
                Problem::new(
                    path,
                    "attribute_name_unusual",
                    format!("{name:?} is an unusual attribute name"),
                )
                .hint("lower-case letters, digits and underscores, as the attribute is named in the account"),
            );
        }
    }

    /// One rule; problems are told even if no rule can be made. Also used for event parameters.
    pub(crate) fn field_rule(
        &mut self,
        path: String,
        mapping: &FieldMapping,
        target: Option<&Column>,
    ) -> Option<FieldRule> {
        let before = self.problems.len();
        let from_path = format!("{path}.from");
        let column = self.source_column(&from_path, &mapping.from);
        if let Some(column) = column {
            self.transforms(&path, mapping, column);
            // What a made value is, only the record tells.
            if let Some(target) = target
                && !makes_anew(mapping)
                && mapping.find_by.is_none()
            {
                self.types(&path, mapping, column, target);
            }
        }
        let steps = self.steps(&path, mapping);
        let mut plan = self.target(&mapping.to, target);
        plan.empty = mapping.empty;
        plan.find = self.find(&path, mapping, target);
        let default = match &mapping.default {
            Some(value) => self.constant(&format!("{path}.default"), value, &plan),
            None => None,
        };
        if self.problems.len() > before {
            return None;
        }
        let from = self.register(column?, mapping.label);
        Some(FieldRule {
            path,
            from,
            label: mapping.label,
            invert: mapping.invert,
            phone: mapping.phone,
            trim: mapping.trim,
            case: mapping.case,
            default,
            steps: steps.map(Box::new),
            target: plan,
        })
    }

    fn writable(&mut self, path: &str, column: &Column) {
        let name = &column.logical_name;
        if !column.creatable && !column.updatable {
            self.problem(
                Problem::new(path, "target_not_writable", format!("{name} can't be written"))
                    .hint("choose a column that may be set"),
            );
        } else if !column.updatable {
            self.warning(Problem::new(
                path,
                "target_create_only",
                format!("{name} can be set only when a row is created; on updates it is left as it is"),
            ));
        } else if !column.creatable {
            let hint = match column.column_type {
                ColumnType::State | ColumnType::Status => {
                    "a new row begins active, and the next run sets its state"
                }
                _ => "a record that is not there yet is refused where the field has a value",
            };
            self.warning(
                Problem::new(
                    path,
                    "target_update_only",
                    format!("{name} can't be set when a row is created, only afterwards"),
                )
                .hint(hint),
            );
        }
    }

    fn transforms(&mut self, path: &str, mapping: &FieldMapping, column: &Column) {
        let name = &column.logical_name;
        if mapping.label && !column.column_type.has_options() && !column.column_type.is_lookup() {
            self.problem(
                Problem::new(
                    format!("{path}.label"),
                    "label_without_options",
                    format!("{name} is no choice or lookup and has no labels"),
                )
                .hint("remove \"label\""),
            );
        } else if mapping.label && column.column_type.has_options() {
            let language = self.definition.label_language;
            let unlabelled = column
                .options
                .iter()
                .filter(|choice| match language {
                    Some(language) => choice.label_in(language).is_none(),
                    None => choice.label.is_none(),
                })
                .count();
            if unlabelled > 0 {
                let kept = if self.skips_unknown_codes() { "left out" } else { "sent as codes" };
                self.warning(Problem::new(
                    format!("{path}.label"),
                    "options_without_label",
                    match language {
                        Some(language) => format!(
                            "{unlabelled} of the choices of {name} have no label in {}; they are {kept}",
                            language_text(language)
                        ),
                        None => {
                            format!("{unlabelled} of the choices of {name} have no label; they are {kept}")
                        }
                    },
                ));
            }
        }
        if mapping.invert && (column.column_type != ColumnType::Boolean || mapping.label) {
            let problem = if mapping.label {
                Problem::new(format!("{path}.invert"), "invert_label", "a label can't be inverted")
                    .hint("remove \"label\" or \"invert\"")
            } else {
                Problem::new(
                    format!("{path}.invert"),
                    "invert_not_boolean",
                    format!("{name} is no yes/no column"),
                )
                .hint("remove \"invert\"")
            };
            self.problem(problem);
        }
        if mapping.phone && !column.column_type.is_text() {
            self.problem(
                Problem::new(format!("{path}.phone"), "phone_not_text", format!("{name} is no text column"))
                    .hint("remove \"phone\""),
            );
        }
        if matches!(column.column_type, ColumnType::PartyList | ColumnType::Image | ColumnType::File) {
            self.problem(Problem::new(
                format!("{path}.from"),
                "column_not_mappable",
                format!("{name} holds a file, a picture or a list of parties and can't be mapped"),
            ));
        }
    }

    fn types(&mut self, path: &str, mapping: &FieldMapping, source: &Column, target: &Column) {
        let (from, to) = (&source.logical_name, &target.logical_name);
        match goes_with(source, target, mapping.label, self.system) {
            Match::Fits => {}
            Match::Maybe(why) => self.warning(Problem::new(
                path,
                "type_may_not_fit",
                format!("{from} ({:?}) into {to} ({:?}): {why}", source.column_type, target.column_type),
            )),
            Match::Never => {
                let hint =
                    if source.column_type.has_options() && !mapping.label && target.column_type.is_text() {
                        "set \"label\": true"
                    } else {
                        "choose a target of the same kind"
                    };
                self.problem(
                    Problem::new(
                        path,
                        "type_mismatch",
                        format!(
                            "{from} ({:?}) can't go into {to} ({:?})",
                            source.column_type, target.column_type
                        ),
                    )
                    .hint(hint),
                );
            }
        }
        if source.column_type.is_text()
            && target.column_type.is_text()
            && let (Some(long), Some(short)) = (source.max_length, target.max_length)
            && long > short
        {
            self.warning(
                Problem::new(
                    path,
                    "target_too_short",
                    format!(
                        "{from} may have {long} characters, {to} takes {short}; longer texts would be refused"
                    ),
                )
                .hint("the preview tells which records it concerns"),
            );
        }
        if source.column_type.is_lookup()
            && !mapping.label
            && target.column_type.is_lookup()
            && !source.targets.is_empty()
            && !target.targets.is_empty()
            && !source.targets.iter().any(|entity| target.targets.contains(entity))
        {
            self.problem(Problem::new(
                path,
                "wrong_entity",
                format!("{from} and {to} point at different entities"),
            ));
        }
    }

    pub(crate) fn fixed(&mut self) -> Vec<FixedRule> {
        let definition = self.definition;
        let mut rules = Vec::new();
        for (index, fixed) in definition.fixed.iter().enumerate() {
            let path = format!("fixed[{index}]");
            let to = format!("{path}.to");
            let free = self.take(&to, &fixed.to);
            let Ok(column) = self.target_column(&to, &fixed.to) else { continue };
            if let Some(column) = column {
                self.writable(&to, column);
            }
            let target = self.target(&fixed.to, column);
            if let (Some(value), true) =
                (self.constant(&format!("{path}.value"), &fixed.value, &target), free)
            {
                rules.push(FixedRule { path, to: fixed.to.clone(), value });
            }
        }
        rules
    }

    /// A constant in the target's form, or a problem.
    pub(crate) fn constant(&mut self, path: &str, value: &Value, target: &Target) -> Option<Value> {
        let nothing = Columns::default().nothing();
        match fit(target, value.clone(), None, &nothing) {
            Ok(Some(value)) => Some(value),
            Ok(None) => {
                self.problem(
                    Problem::new(path, "value_empty", "an empty value is left out at this destination")
                        .hint("remove it"),
                );
                None
            }
            Err(refusal) => {
                self.problem(Problem::new(path, refusal.code, refusal.text));
                None
            }
        }
    }
}

/// What a value of the source column is, after `label`.
fn goes_with(source: &Column, target: &Column, label: bool, system: System) -> Match {
    use ColumnType as T;
    let from = if label { T::String } else { source.column_type };
    match (from, target.column_type) {
        (T::PartyList | T::Image | T::File | T::Other, _)
        | (_, T::PartyList | T::Image | T::File | T::Other) => Match::Never,
        (a, b) if a == b => Match::Fits,
        (a, b) if a.is_number() && b.is_number() => match b {
            T::Integer | T::BigInt if !matches!(a, T::Integer | T::BigInt) => {
                Match::Maybe("numbers with decimals would be refused")
            }
            T::Integer => Match::Maybe("numbers beyond 32 bits would be refused"),
            T::BigInt | T::Decimal | T::Double | T::Money => Match::Fits,
            T::String
            | T::Memo
            | T::Boolean
            | T::Picklist
            | T::MultiSelectPicklist
            | T::State
            | T::Status
            | T::Lookup
            | T::Customer
            | T::Owner
            | T::PartyList
            | T::UniqueIdentifier
            | T::DateTime
            | T::Image
            | T::File
            | T::Other => Match::Never,
        },
        // Everything has a text; a choice's code as text is what Insider One's text attributes take.
        (_, T::String | T::Memo) => Match::Fits,
        (T::String | T::Memo, T::Picklist | T::State | T::Status | T::MultiSelectPicklist | T::Boolean) => {
            Match::Maybe("texts that are no label or code of it would be refused")
        }
        (T::String | T::Memo, _) => Match::Maybe("texts that can't be read as such would be refused"),
        (a, b) if a.is_lookup() && b.is_lookup() => Match::Fits,
        (T::UniqueIdentifier, b) if b.is_lookup() => Match::Fits,
        (a, T::UniqueIdentifier) if a.is_lookup() => Match::Fits,
        (T::Picklist | T::State | T::Status, b) if b.is_number() => Match::Fits,
        (T::MultiSelectPicklist, b) if b.is_number() && system == System::Insider => {
            Match::Maybe("a list of codes is sent")
        }
        (T::Boolean | T::Picklist | T::State | T::Status, T::Boolean) => {
            Match::Maybe("codes other than 0 and 1 would be refused")
        }
        (T::Integer | T::BigInt, T::Boolean) => Match::Maybe("numbers other than 0 and 1 would be refused"),
        (
            T::Integer | T::BigInt | T::Boolean | T::Picklist | T::State | T::Status,
            T::Picklist | T::State | T::Status | T::MultiSelectPicklist,
        ) => Match::Maybe("codes that are not among its choices would be refused"),
        (_, _) => Match::Never,
    }
}
