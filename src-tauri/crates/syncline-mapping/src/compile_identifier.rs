//! Checking identifiers: which ones a destination knows, and that they are enough to find a row.

use regex::Regex;
use std::collections::BTreeSet;
use syncline_model::{ColumnType, IdentifierCheck, IdentifierMapping, OnDuplicate, Problem, System, nearest};

use crate::compile::Work;
use crate::pattern::pattern;
use crate::plan::{IdentifierKind, IdentifierRule, Target};

/// When a record was changed.
const MODIFIED: &str = "modifiedon";

impl Work<'_> {
    pub(crate) fn identifiers(&mut self) -> Vec<IdentifierRule> {
        let definition = self.definition;
        if definition.identifiers.is_empty() {
            let hint = match self.system {
                System::Insider => "add one to email, phone_number, uuid or a custom identifier",
                System::Dataverse | System::Postgres | System::Sqlite => {
                    "add the primary key or the columns of an alternate key"
                }
                System::Csv | System::Jsonl => {
                    "add the column that tells the file's rows apart, such as contactid"
                }
            };
            self.problem(
                Problem::new("identifiers", "identifiers_missing", "no identifier is given").hint(hint),
            );
        }
        let mut rules = Vec::new();
        for (index, mapping) in definition.identifiers.iter().enumerate() {
            let path = format!("identifiers[{index}]");
            let free = self.take(&format!("{path}.to"), &mapping.to);
            let column = self.source_column(&format!("{path}.from"), &mapping.from);
            let target = self.identifier_target(&format!("{path}.to"), mapping);
            let pattern = self.pattern(&path, mapping);
            if let (true, Some(column), Some((kind, key, target))) = (free, column, target) {
                if kind == IdentifierKind::Phone && !column.column_type.is_text() {
                    self.problem(
                        Problem::new(
                            format!("{path}.from"),
                            "phone_not_text",
                            format!("{} is no text column", mapping.from),
                        )
                        .hint("a phone number comes from a text column such as telephone1"),
                    );
                }
                let from = self.register(column, false);
                rules.push(IdentifierRule { path, from, kind, key, pattern, target });
            }
        }
        if (self.system == System::Dataverse || self.system.is_database())
            && !definition.identifiers.is_empty()
        {
            self.whole_key();
        }
        if rules.iter().any(|rule| rule.kind == IdentifierKind::Phone) && definition.phone.is_none() {
            self.warning(
                Problem::new("phone", "phone_not_converted", "phone numbers are sent as they are written")
                    .hint("add \"phone\": {\"international\": true, \"country_code\": \"…\"}; other forms are refused"),
            );
        }
        rules
    }

    fn identifier_target(
        &mut self,
        path: &str,
        mapping: &IdentifierMapping,
    ) -> Option<(IdentifierKind, bool, Target)> {
        let name = mapping.to.as_str();
        let asked = mapping.check.map(|check| match check {
            IdentifierCheck::Email => IdentifierKind::Email,
            IdentifierCheck::Phone => IdentifierKind::Phone,
            IdentifierCheck::Uuid => IdentifierKind::Uuid,
        });
        match self.system {
            System::Insider => {
                let own = match name {
                    "email" => Some(IdentifierKind::Email),
                    "phone_number" => Some(IdentifierKind::Phone),
                    _ => None,
                };
                if let (Some(own), Some(asked)) = (own, asked)
                    && own != asked
                {
                    let path = format!("{}.check", path.trim_end_matches(".to"));
                    self.problem(
                        Problem::new(
                            path,
                            "check_of_another_kind",
                            format!("{name} is checked by its own rule"),
                        )
                        .hint("remove \"check\""),
                    );
                }
                let kind = own.or(asked).unwrap_or(IdentifierKind::Text);
                if own.is_none()
                    && name != "uuid"
                    && let Some(meant) = nearest(name, ["email", "phone_number", "uuid"].into_iter())
                {
                    self.warning(
                        Problem::new(
                            path,
                            "custom_identifier",
                            format!("{name} goes as a custom identifier"),
                        )
                        .hint(format!("did you mean {meant:?}? A custom one must be enabled in the account")),
                    );
                }
                Some((kind, false, self.target(name, None)))
            }
            System::Dataverse | System::Csv | System::Jsonl | System::Postgres | System::Sqlite => {
                let column = self.target_column(path, name).ok()?;
                Some((asked.unwrap_or(IdentifierKind::Raw), true, self.target(name, column)))
            }
        }
    }

    fn pattern(&mut self, path: &str, mapping: &IdentifierMapping) -> Option<Regex> {
        match pattern(mapping.pattern.as_deref()?) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                self.problem(
                    Problem::new(
                        format!("{path}.pattern"),
                        "pattern_unusable",
                        format!("the pattern can't be used: {why}"),
                    )
                    .hint("a regular expression without look-around, such as [A-Z]{2}-[0-9]{4}"),
                );
                None
            }
        }
    }

    /// Whether it can be told which of several records goes.
    pub(crate) fn duplicates(&mut self) {
        match self.definition.on_duplicate {
            OnDuplicate::First | OnDuplicate::None => {}
            OnDuplicate::All => {
                if self.definition.events.is_none() {
                    self.problem(
                        Problem::new(
                            "on_duplicate",
                            "all_without_events",
                            "without events the last of several same records would undo the others",
                        )
                        .hint("choose \"first\", \"latest\" or \"none\", or add \"events\""),
                    );
                }
            }
            OnDuplicate::Latest => {
                if self.source.column(MODIFIED).is_none_or(|column| !column.readable) {
                    let entity = &self.source.summary.logical_name;
                    self.problem(
                        Problem::new(
                            "on_duplicate",
                            "no_modification_date",
                            format!("{entity} has no {MODIFIED}, which says what was changed last"),
                        )
                        .hint("choose \"first\" or \"none\""),
                    );
                }
            }
        }
    }

    /// Rows are found by the primary key, or by exactly the columns of one alternate key (Dataverse Web API, alternate keys); in
    /// Dataverse other columns find them too, by a query.
    fn whole_key(&mut self) {
        let given: BTreeSet<&str> =
            self.definition.identifiers.iter().map(|identifier| identifier.to.as_str()).collect();
        let destination = self.destination;
        // A database tells its primary key among the keys: it may have several columns.
        let among_keys = self.system.is_database();
        if !among_keys && given.len() == 1 && given.contains(destination.summary.primary_id.as_str()) {
            return;
        }
        let found = destination.keys.iter().find(|key| {
            key.columns.len() == given.len()
                && key.columns.iter().all(|column| given.contains(column.as_str()))
        });
        match found {
            Some(key) if !key.active => self.problem(
                Problem::new(
                    "identifiers",
                    "key_not_active",
                    format!("the index of the key {} is not ready", key.name),
                )
                .hint("wait until it is active, or use the primary key"),
            ),
            Some(_) => {}
            None => {
                let keys: Vec<String> = (!among_keys)
                    .then(|| destination.summary.primary_id.to_string())
                    .into_iter()
                    .chain(destination.keys.iter().map(|key| {
                        key.columns.iter().map(|column| column.as_str()).collect::<Vec<_>>().join(" + ")
                    }))
                    .collect();
                let given = given.iter().copied().collect::<Vec<_>>().join(" + ");
                let entity = &destination.summary.logical_name;
                if among_keys {
                    self.problem(
                        Problem::new(
                            "identifiers",
                            "no_key",
                            format!("{given} is neither the primary key nor an alternate key of {entity}"),
                        )
                        .hint(format!("use exactly one of: {}", keys.join("; "))),
                    );
                } else {
                    // Any columns find rows by a query; that there is one alone is known only of keys.
                    self.warning(
                        Problem::new(
                            "identifiers",
                            "matched_by_columns",
                            format!(
                                "rows of {entity} are looked up by {given}, which is no key: where several fit, none is written; a run asks again right before it makes new ones, and only what somebody adds in that moment would be doubled"
                            ),
                        )
                        .hint(format!("keys are: {}", keys.join("; "))),
                    );
                }
            }
        }
        let unfit = self
            .definition
            .identifiers
            .iter()
            .map(|identifier| identifier.to.clone())
            .filter(|name| destination.column(name).is_some_and(|column| !can_match(column.column_type)));
        for name in unfit.collect::<Vec<_>>() {
            self.problem(
                Problem::new(
                    "identifiers",
                    "no_key",
                    format!("{name} is of a type that can't be looked up by"),
                )
                .hint("identify by a text, a number, a date, a choice, a lookup or an id"),
            );
        }
    }
}

/// Whether rows can be found by equality with a column of this type (Dataverse Web API, query options).
fn can_match(column: ColumnType) -> bool {
    match column {
        ColumnType::MultiSelectPicklist
        | ColumnType::PartyList
        | ColumnType::Image
        | ColumnType::File
        | ColumnType::Other => false,
        ColumnType::String
        | ColumnType::Memo
        | ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Decimal
        | ColumnType::Double
        | ColumnType::Money
        | ColumnType::Boolean
        | ColumnType::Picklist
        | ColumnType::State
        | ColumnType::Status
        | ColumnType::Lookup
        | ColumnType::Customer
        | ColumnType::Owner
        | ColumnType::UniqueIdentifier
        | ColumnType::DateTime => true,
    }
}
