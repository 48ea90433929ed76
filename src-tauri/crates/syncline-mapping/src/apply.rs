//! Applying a mapping to a record, and explaining the result by the same steps.

use jiff::Timestamp;
use syncline_model::{
    Explanation, MappedRecord, OnInvalidIdentifier, Record, RowIssue, System, Value, ValueMap,
};

use crate::columns::Picked;
use crate::convert::field;
use crate::event;
use crate::identifier::{Found, identifier};
use crate::plan::{Mapping, Targets};
use crate::target::Refusal;
use crate::trace::{Silent, Steps, Trace};

/// What may be done with a mapped record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be sent.
    Ok,
    /// A rule leaves it out. Codes: `no_identifier`, `invalid_identifier`, `nothing_to_send`.
    Skip {
        /// Stable code.
        code: String,
        /// A sentence for people.
        text: String,
    },
    /// The destination would refuse it. Codes: `too_long`, `required_missing`, `type_mismatch`, `choice_not_offered`,
    /// `out_of_range`, `not_boolean`, `wrong_entity`, `entity_unknown`, `unreadable`.
    Invalid {
        /// Stable code.
        code: String,
        /// Target field.
        field: String,
        /// A sentence for people, with the value.
        text: String,
    },
}

/// What mapping made of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapped {
    /// The record as it would look in the destination; as far as it could be made.
    pub record: MappedRecord,
    /// Everything worth telling, whatever the verdict.
    pub issues: Vec<RowIssue>,
    /// What may be done with it.
    pub verdict: Verdict,
}

impl Mapped {
    /// Lets the record go no further, for a reason that was found beside the mapping.
    pub fn refuse(&mut self, issue: RowIssue) {
        if self.verdict == Verdict::Ok {
            self.verdict = Verdict::Invalid {
                code: issue.code.clone(),
                field: issue.field.clone(),
                text: issue.message.clone(),
            };
        }
        self.issues.push(issue);
    }
}

impl Mapping {
    /// Maps one record. `now` serves only to tell of events in the future; an event at the time of processing has an empty
    /// timestamp.
    pub fn apply(&self, record: &Record, now: Timestamp) -> Mapped {
        let mut mapped = MappedRecord::default();
        let mut issues = Vec::new();
        let picked = match self.columns.pick(record) {
            Ok(picked) => picked,
            Err(error) => {
                let text = format!("the record can't be read: {error}");
                let verdict = Verdict::Invalid { code: "unreadable".to_owned(), field: String::new(), text };
                return Mapped { record: mapped, issues, verdict };
            }
        };
        let mut skip = self.identify(&picked, &mut mapped, &mut issues);
        let mut refusal: Option<Refusal> = None;
        let mut refuse = |found: Refusal, issues: &mut Vec<RowIssue>| {
            issues.push(RowIssue {
                code: found.code.to_owned(),
                field: found.field.clone(),
                message: found.text.clone(),
            });
            refusal.get_or_insert(found);
        };
        let Targets { names, places } = &self.attribute_names;
        let mut attributes = ValueMap::of(names);
        let mut places = places.iter();
        for (rule, place) in self.fields.iter().zip(&mut places) {
            match field(self, rule, &picked, &mut issues, &mut Silent) {
                Ok(Some(value)) => attributes.set(*place, value),
                Ok(None) => {}
                Err(found) => refuse(found, &mut issues),
            }
        }
        for (rule, place) in self.fixed.iter().zip(places) {
            attributes.set(*place, rule.value.clone());
        }
        mapped.attributes = attributes;
        if let Some(rule) = &self.events {
            match event::event(self, rule, &picked, now, &mut issues) {
                Ok(found) => mapped.events.extend(found),
                Err(found) => refuse(found, &mut issues),
            }
        }
        if skip.is_none() && refusal.is_none() && mapped.attributes.is_empty() && mapped.events.is_empty() {
            skip = match self.system {
                // A user needs an attribute or an event (Insider One upsert, request).
                System::Insider => Some((
                    "nothing_to_send",
                    "the record has neither an attribute nor an event to send".to_owned(),
                )),
                System::Dataverse | System::Csv | System::Jsonl | System::Postgres | System::Sqlite => None,
            };
        }
        let verdict = match (skip, refusal) {
            (Some((code, text)), _) => Verdict::Skip { code: code.to_owned(), text },
            (None, Some(refusal)) => {
                Verdict::Invalid { code: refusal.code.to_owned(), field: refusal.field, text: refusal.text }
            }
            (None, None) => Verdict::Ok,
        };
        Mapped { record: mapped, issues, verdict }
    }

    fn identify(
        &self,
        picked: &Picked<'_>,
        mapped: &mut MappedRecord,
        issues: &mut Vec<RowIssue>,
    ) -> Option<(&'static str, String)> {
        let mut skip = None;
        let mut keys_missing = Vec::new();
        let Targets { names, places } = &self.identifier_names;
        mapped.identifiers = ValueMap::of(names);
        for (rule, place) in self.identifiers.iter().zip(places) {
            let key = rule.key;
            match identifier(self, rule, picked, &mut Silent) {
                Found::Value(value) => mapped.identifiers.set(*place, value),
                Found::Missing if key => keys_missing.push(rule.target.name.as_str()),
                Found::Missing => {}
                Found::Invalid(issue) => {
                    if self.on_invalid_identifier == OnInvalidIdentifier::SkipRecord {
                        skip.get_or_insert(("invalid_identifier", issue.message.clone()));
                    }
                    if key {
                        keys_missing.push(rule.target.name.as_str());
                    }
                    issues.push(issue);
                }
            }
        }
        if skip.is_some() || self.identifiers.is_empty() {
            return skip;
        }
        if mapped.identifiers.is_empty() {
            return Some(("no_identifier", "the record has no usable identifier".to_owned()));
        }
        if !keys_missing.is_empty() {
            // A key with several columns finds a row only when it is whole.
            return Some((
                "no_identifier",
                format!("the key is not whole: {} has no value", keys_missing.join(", ")),
            ));
        }
        None
    }

    /// Tells for each target, in the order of the definition, how its value came to be: the raw value, each step, the rule
    /// and its path; also for what is left out, and why.
    pub fn explain(&self, record: &Record, now: Timestamp) -> Vec<Explanation> {
        let picked = match self.columns.pick(record) {
            Ok(picked) => picked,
            Err(error) => {
                let mut steps = Steps::default();
                steps.step("unreadable", || format!("the record can't be read: {error}"), None);
                return vec![Explanation { field: String::new(), path: String::new(), steps: steps.0 }];
            }
        };
        let mut told = Vec::new();
        let mut tell = |field: &str, path: &str, steps: Steps| {
            told.push(Explanation { field: field.to_owned(), path: path.to_owned(), steps: steps.0 });
        };
        let mut issues = Vec::new();
        for rule in &self.identifiers {
            let mut steps = Steps::default();
            match identifier(self, rule, &picked, &mut steps) {
                Found::Value(value) => {
                    steps.step("identifier", || "recognises the record".to_owned(), Some(&value))
                }
                Found::Missing => steps.step("left_out", || "not used for this record".to_owned(), None),
                Found::Invalid(issue) => {
                    let rule = match self.on_invalid_identifier {
                        OnInvalidIdentifier::SkipIdentifier => "skip-identifier",
                        OnInvalidIdentifier::SkipRecord => "skip-record",
                    };
                    steps.step(rule, || issue.message.clone(), None);
                }
            }
            tell(&rule.target.name, &rule.path, steps);
        }
        for rule in &self.fields {
            tell(&rule.target.name, &rule.path, self.explain_field(rule, &picked));
        }
        for rule in &self.fixed {
            tell(&rule.to, &rule.path, fixed_steps(&rule.value));
        }
        if let Some(rule) = &self.events {
            let mut steps = Steps::default();
            event::name(self, &rule.name, &picked, &mut issues, &mut steps);
            tell("event_name", "events.name", steps);
            let mut steps = Steps::default();
            event::time(self, rule.time, &picked, now, &mut issues, &mut steps);
            tell("timestamp", "events.timestamp", steps);
            for rule in &rule.parameters {
                tell(&rule.target.name, &rule.path, self.explain_field(rule, &picked));
            }
            for rule in &rule.fixed {
                tell(&rule.to, &rule.path, fixed_steps(&rule.value));
            }
        }
        told
    }

    fn explain_field(&self, rule: &crate::plan::FieldRule, picked: &Picked<'_>) -> Steps {
        let mut steps = Steps::default();
        if let Err(refusal) = field(self, rule, picked, &mut Vec::new(), &mut steps) {
            steps.step("refused", || refusal.text.clone(), None);
        }
        steps
    }
}

fn fixed_steps(value: &Value) -> Steps {
    let mut steps = Steps::default();
    steps.step("fixed", || "the same for every record".to_owned(), Some(value));
    steps
}
