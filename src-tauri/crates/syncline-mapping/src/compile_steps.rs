//! Checking what few fields ask for: other columns exist and were chosen, an expression can be read, a date's form can be written.

use syncline_model::{ColumnName, ColumnType, FieldMapping, OnUnmapped, Problem};

use crate::compile::Work;
use crate::expression::Expression;
use crate::steps::{DateForm, Steps};

/// Whether the value that is sent is another one than the column's own, of a kind that only the record tells.
pub(crate) fn makes_anew(mapping: &FieldMapping) -> bool {
    mapping.split.is_some()
        || mapping.join.is_some()
        || mapping.expression.is_some()
        || mapping.date.is_some()
        || !mapping.map.is_empty()
}

impl Work<'_> {
    /// What a field asks for beyond the usual; `None` where nothing.
    pub(crate) fn steps(&mut self, path: &str, mapping: &FieldMapping) -> Option<Steps> {
        let mut steps = Steps { on_unmapped: mapping.on_unmapped, ..Steps::default() };
        let mut asked = false;
        for (index, name) in mapping.first_of.iter().enumerate() {
            asked = true;
            steps.first_of.extend(self.other(&format!("{path}.first_of[{index}]"), name, mapping.label));
        }
        if let Some(split) = &mapping.split {
            asked = true;
            if split.by.is_empty() || split.part == 0 {
                self.problem(
                    Problem::new(format!("{path}.split"), "split_nowhere", "the text can't be split so")
                        .hint(
                            "give what stands between the parts, and the part: 1 is the first, -1 the last",
                        ),
                );
            }
            steps.split = Some((split.by.clone(), split.part));
        }
        if let Some(join) = &mapping.join {
            asked = true;
            let mut places = Vec::new();
            for (index, name) in join.with.iter().enumerate() {
                places.extend(self.other(&format!("{path}.join.with[{index}]"), name, mapping.label));
            }
            if join.with.is_empty() {
                self.problem(
                    Problem::new(format!("{path}.join.with"), "join_nothing", "no column is joined")
                        .hint("name at least one column, or remove \"join\""),
                );
            }
            steps.join = Some((places, join.separator.clone()));
        }
        if let Some(source) = &mapping.expression {
            asked = true;
            steps.expression = self.expression(&format!("{path}.expression"), source);
        }
        if !mapping.map.is_empty() {
            asked = true;
            steps.map = mapping.map.iter().map(|(from, to)| (from.clone(), to.clone())).collect();
        } else if mapping.on_unmapped == OnUnmapped::Skip {
            self.problem(
                Problem::new(format!("{path}.on_unmapped"), "no_table", "there is no value table")
                    .hint("add \"map\", or remove \"on_unmapped\""),
            );
        }
        if let Some(date) = &mapping.date {
            asked = true;
            let column = self.source.column(mapping.from.as_str());
            let kind = column.map_or(ColumnType::String, |column| column.column_type);
            if kind != ColumnType::DateTime && !kind.is_text() {
                self.problem(
                    Problem::new(
                        format!("{path}.date"),
                        "date_not_date",
                        format!("{} is no date", mapping.from),
                    )
                    .hint("remove \"date\""),
                );
            }
            let behavior = column.and_then(|column| column.behavior);
            match DateForm::new(&date.form, date.zone.as_deref(), kind, behavior) {
                Ok(form) => steps.date = Some(form),
                Err(why) => {
                    self.problem(Problem::new(format!("{path}.date"), "date_form", why).hint(
                        "a form such as %Y-%m-%d or %d.%m.%Y %H:%M, and a zone such as Europe/Istanbul",
                    ))
                }
            }
        }
        if let Some(decimals) = mapping.decimals {
            asked = true;
            steps.decimals = Some(decimals);
        }
        if let Some(name) = &mapping.phone_country {
            asked = true;
            if !mapping.phone {
                self.problem(
                    Problem::new(
                        format!("{path}.phone_country"),
                        "country_without_phone",
                        "a country is given for what is no phone number",
                    )
                    .hint("set \"phone\": true, or remove \"phone_country\""),
                );
            }
            steps.phone_country = self.other(&format!("{path}.phone_country"), name, true);
        }
        asked.then_some(steps)
    }

    fn other(&mut self, path: &str, name: &ColumnName, label: bool) -> Option<usize> {
        let column = self.source_column(path, name)?;
        Some(
            self.register(
                column,
                label && (column.column_type.has_options() || column.column_type.is_lookup()),
            ),
        )
    }

    fn expression(&mut self, path: &str, source: &str) -> Option<Expression> {
        let chosen: Vec<ColumnName> = self.definition.source.columns.clone();
        let schema = self.source;
        let known: Vec<&str> =
            chosen.iter().map(ColumnName::as_str).filter(|name| schema.column(name).is_some()).collect();
        let mut used: Vec<(String, usize)> = Vec::new();
        let compiled = Expression::compile(source, known.iter().copied(), |name| {
            let column = schema.column(name)?;
            let place = self.columns.add(column, false);
            used.push((name.to_owned(), place));
            Some(place)
        });
        match compiled {
            Ok(expression) => Some(expression),
            Err(why) => {
                // A column that was not chosen is not known to the expression.
                let missing = schema.columns.iter().map(|column| column.logical_name.as_str()).find(|name| {
                    !known.contains(name)
                        && why.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == *name)
                });
                let problem = Problem::new(
                    path,
                    "expression_unreadable",
                    format!("the expression can't be read: {why}"),
                );
                self.problem(match missing {
                    Some(name) => problem.hint(format!("add {name:?} to source.columns")),
                    None => problem.hint(
                        "an expression over value and the chosen columns, such as value + \" \" + lastname",
                    ),
                });
                None
            }
        }
    }
}
