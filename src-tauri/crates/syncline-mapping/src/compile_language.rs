//! Checking the language of labels: an environment has labels only in the languages that were switched on there.

use std::collections::BTreeMap;
use syncline_model::{EntitySchema, Problem, language_text};

use crate::compile::Work;

/// The languages in which an entity's choices have labels, each with the number of choices it has one for.
pub fn label_languages(schema: &EntitySchema) -> BTreeMap<u32, usize> {
    let mut found = BTreeMap::new();
    for label in schema.columns.iter().flat_map(|column| &column.options).flat_map(|choice| &choice.labels) {
        *found.entry(label.language).or_insert(0) += 1;
    }
    found
}

impl Work<'_> {
    /// The language is one that the environment has, and something asks for labels.
    pub(crate) fn label_language(&mut self) {
        let definition = self.definition;
        let Some(language) = definition.label_language else { return };
        let known = label_languages(self.source);
        if !known.contains_key(&language) {
            let problem = Problem::new(
                "label_language",
                "language_not_provisioned",
                format!(
                    "{} has no labels in the language {}",
                    self.source.summary.logical_name,
                    language_text(language)
                ),
            );
            let names: Vec<String> = known.keys().map(|language| language_text(*language)).collect();
            self.problem(if names.is_empty() {
                problem.hint("read the environment's metadata anew, or remove \"label_language\"")
            } else {
                problem.hint(format!("labels are there in {}", names.join(", ")))
            });
            return;
        }
        let parameters = definition.events.iter().flat_map(|events| &events.parameters);
        if !definition.fields.iter().any(|field| field.label) && !parameters.into_iter().any(|one| one.label)
        {
            self.warning(
                Problem::new("label_language", "language_unused", "no field sends labels")
                    .hint("set \"label\": true at the fields whose labels are wanted"),
            );
        }
    }
}
