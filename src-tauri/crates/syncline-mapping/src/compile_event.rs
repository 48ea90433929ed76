//! Checking the event section.

use syncline_model::{ColumnType, EventTimestamp, FieldMapping, Problem, System};

use crate::compile::Work;
use crate::event::{name_fits, required_parameters};
use crate::plan::{EventRule, FixedRule, NameRule, Targets, TimeRule};

/// Types of Insider One's own event parameters; others are custom (Insider One upsert, events).
fn parameter_type(name: &str) -> Option<ColumnType> {
    match name {
        "product_id" | "name" | "currency" | "event_group_id" | "url" | "product_image_url" | "locale"
        | "color" | "size" | "shipping_cost" | "promotion_name" | "voucher_name" | "taxonomy" => {
            Some(ColumnType::String)
        }
        "quantity" => Some(ColumnType::Integer),
        "unit_price" | "unit_sale_price" | "promotion_discount" | "voucher_discount" => {
            Some(ColumnType::Double)
        }
        _ => None,
    }
}

impl Work<'_> {
    pub(crate) fn events(&mut self) -> Option<EventRule> {
        let section = self.definition.events.as_ref()?;
        match self.system {
            System::Insider => {}
            System::Dataverse | System::Csv | System::Jsonl | System::Postgres | System::Sqlite => {
                self.problem(
                    Problem::new("events", "events_not_taken", "this destination takes no events")
                        .hint("remove \"events\""),
                );
                return None;
            }
        }
        let before = self.problems.len();
        let mut names: Vec<String> = Vec::new();
        let name = match (&section.name.fixed, &section.name.from) {
            (Some(_), Some(_)) => {
                self.problem(
                    Problem::new(
                        "events.name",
                        "event_name_twice",
                        "the name is both fixed and from a column",
                    )
                    .hint("keep one of \"fixed\" and \"from\""),
                );
                None
            }
            (None, None) => {
                self.problem(
                    Problem::new("events.name", "event_name_missing", "the event has no name")
                        .hint("add \"fixed\", or \"from\" with \"map\""),
                );
                None
            }
            (Some(name), None) => {
                self.event_name("events.name.fixed", name);
                names.push(name.clone());
                Some(NameRule::Fixed(name.clone()))
            }
            (None, Some(column)) => {
                if section.name.map.is_empty() {
                    self.problem(
                        Problem::new(
                            "events.name.map",
                            "event_map_missing",
                            "the table of event names is empty",
                        )
                        .hint("add one line a value: \"100000000\": \"purchase\""),
                    );
                }
                for (value, name) in &section.name.map {
                    self.event_name(&format!("events.name.map.{value}"), name);
                    names.push(name.clone());
                }
                self.source_column("events.name.from", column).map(|column| {
                    let unknown: Vec<i64> = column
                        .options
                        .iter()
                        .map(|choice| choice.value)
                        .filter(|code| !section.name.map.contains_key(&code.to_string()))
                        .collect();
                    if !unknown.is_empty() && column.column_type.has_options() {
                        let list: Vec<String> = unknown.iter().map(i64::to_string).collect();
                        self.warning(Problem::new(
                            "events.name.map",
                            "event_map_incomplete",
                            format!(
                                "these codes of {} make no event: {}",
                                column.logical_name,
                                list.join(", ")
                            ),
                        ));
                    }
                    NameRule::Column { from: self.register(column, false), map: section.name.map.clone() }
                })
            }
        };
        let time =
            match &section.timestamp {
                EventTimestamp::Processing(_) => Some(TimeRule::Processing),
                EventTimestamp::Column { from } => self
                    .source_column("events.timestamp.from", from)
                    .and_then(|column| match column.column_type {
                        ColumnType::DateTime | ColumnType::String => {
                            Some(TimeRule::Column(self.register(column, false)))
                        }
                        _ => {
                            self.problem(
                                Problem::new(
                                    "events.timestamp.from",
                                    "timestamp_not_date",
                                    format!("{from} is no date"),
                                )
                                .hint("use a date column, or \"processing\""),
                            );
                            None
                        }
                    }),
            };
        let attributes = std::mem::take(&mut self.taken);
        let mut parameters = Vec::new();
        for (index, parameter) in section.parameters.iter().enumerate() {
            let path = format!("events.parameters[{index}]");
            let free = self.take(&format!("{path}.to"), &parameter.to);
            let mapping = FieldMapping {
                label: parameter.label,
                ..FieldMapping::new(parameter.to.as_str(), parameter.from.clone())
            };
            if let Some(mut rule) = self.field_rule(path, &mapping, None)
                && free
            {
                rule.target.column_type = parameter_type(&parameter.to);
                parameters.push(rule);
            }
        }
        let mut fixed = Vec::new();
        for (index, value) in section.fixed.iter().enumerate() {
            let path = format!("events.fixed[{index}]");
            let free = self.take(&format!("{path}.to"), &value.to);
            let mut target = self.target(&value.to, None);
            target.column_type = parameter_type(&value.to);
            if let Some(constant) = self.constant(&format!("{path}.value"), &value.value, &target)
                && free
            {
                fixed.push(FixedRule { path, to: value.to.clone(), value: constant });
            }
        }
        for name in &names {
            for missing in
                required_parameters(name).iter().filter(|needed| !self.taken.contains_key(**needed))
            {
                self.warnings.push(
                    Problem::new(
                        "events.parameters",
                        "event_parameter_missing",
                        format!("the event {name} would be refused: it needs the parameter {missing}"),
                    )
                    .hint(format!("map {missing}")),
                );
            }
        }
        self.taken = attributes;
        if self.problems.len() > before {
            return None;
        }
        let parameter_names = Targets::of(&parameters, &fixed);
        Some(EventRule { name: name?, time: time?, parameters, fixed, parameter_names })
    }

    fn event_name(&mut self, path: &str, name: &str) {
        if !name_fits(name) {
            self.problem(
                Problem::new(path, "event_name_malformed", format!("{name:?} can't be an event's name"))
                    .hint("begin with a lower-case letter or digit; then letters, digits, '.', '_' and '-'"),
            );
        } else if name.chars().any(|c| c.is_ascii_uppercase()) {
            self.warning(
                Problem::new(
                    path,
                    "event_name_upper_case",
                    format!("{name:?} has upper-case letters, which the service may refuse"),
                )
                .hint(format!("use an event of the account, such as {:?}", snake(name))),
            );
        }
    }
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
