//! Lookups of the destination that are given by what their row is found by, such as a column of an alternate key: the rows are looked up
//! while a plan is made, so that what is compared, shown and sent is their id.

use std::collections::{BTreeSet, HashMap};
use syncline_connect::{Destination, MatchKey, Probe};
use syncline_mapping::{Find, Mapped, Mapping};
use syncline_model::{EntityName, EntitySchema, Record, Reference, RowIssue, SynclineError, Value};
use tokio_util::sync::CancellationToken;

use crate::late::{AMBIGUOUS, LateFind, NOT_FOUND};

/// Values that are remembered. When there are more, what is remembered is dropped and asked for again.
const REMEMBERED: usize = 50_000;

/// What was found.
#[derive(Debug, Clone)]
enum Found {
    Row(Reference),
    Nothing,
    Several(u64),
}

/// What became of a page's lookups.
#[derive(Default)]
pub(crate) struct Resolved {
    /// Rows that can't be sent.
    pub(crate) issues: Vec<(usize, RowIssue)>,
    /// Rows whose lookups lead to rows that are not there yet.
    pub(crate) late: HashMap<usize, Vec<LateFind>>,
}

/// Finds rows of the destination.
#[derive(Default)]
pub(crate) struct Finder {
    /// The tables' descriptions.
    tables: Vec<EntitySchema>,
    known: HashMap<(String, String), Found>,
}

impl Finder {
    pub(crate) fn new(tables: Vec<EntitySchema>) -> Self {
        Self { tables, known: HashMap::new() }
    }

    /// Puts references in place of what rows are found by, in the rows that may be sent. Gives for each row that can't be sent the issue. `own`: the table
    /// whose new rows may be what is not found yet.
    pub(crate) async fn resolve(
        &mut self,
        destination: &dyn Destination,
        mapping: &Mapping,
        mapped: &mut [(Record, Mapped)],
        sent: impl Fn(usize) -> bool,
        own: Option<&EntityName>,
        cancel: &CancellationToken,
    ) -> Result<Resolved, SynclineError> {
        let mut resolved = Resolved::default();
        for (target, find) in mapping.finds() {
            let texts: BTreeSet<String> = mapped
                .iter()
                .enumerate()
                .filter(|(place, _)| sent(*place))
                .filter_map(|(_, (_, mapped))| wanted(mapped, target))
                .filter(|text| !self.known.contains_key(&(target.to_owned(), text.clone())))
                .collect();
            self.ask(destination, target, find, texts.into_iter().collect(), cancel).await?;
            for (place, (_, mapped)) in mapped.iter_mut().enumerate() {
                let Some(text) = wanted(mapped, target).filter(|_| sent(place)) else { continue };
                let found = self.known.get(&(target.to_owned(), text.clone()));
                let (code, message) = match found {
                    Some(Found::Row(reference)) => {
                        let value = Value::from(reference.clone());
                        mapped.record.attributes.insert(target.to_owned(), value);
                        continue;
                    }
                    Some(Found::Several(rows)) => (
                        AMBIGUOUS,
                        format!("{rows} rows of {} have the {} {text:?}", find.entity, find.column),
                    ),
                    Some(Found::Nothing) | None if own == Some(&find.entity) => {
                        let (field, column) = (target.to_owned(), find.column.clone());
                        resolved.late.entry(place).or_default().push(LateFind { field, column, text });
                        continue;
                    }
                    Some(Found::Nothing) | None => {
                        (NOT_FOUND, format!("there is no {} with the {} {text:?}", find.entity, find.column))
                    }
                };
                let issue = RowIssue { code: code.to_owned(), field: target.to_owned(), message };
                resolved.issues.push((place, issue));
            }
        }
        Ok(resolved)
    }

    async fn ask(
        &mut self,
        destination: &dyn Destination,
        target: &str,
        find: &Find,
        texts: Vec<String>,
        cancel: &CancellationToken,
    ) -> Result<(), SynclineError> {
        if texts.is_empty() {
            return Ok(());
        }
        if self.known.len() + texts.len() > REMEMBERED {
            self.known.retain(|(other, text), _| other == target && texts.contains(text));
        }
        let known = self.tables.iter().find(|table| table.summary.logical_name == find.entity).cloned();
        let table = match known {
            Some(table) => table,
            None => {
                let table = destination.schema(&find.entity, cancel).await?;
                self.tables.push(table.clone());
                table
            }
        };
        let key = |text: &String| MatchKey([(find.column.to_string(), Value::from(text.as_str()))].into());
        let keys: Vec<MatchKey> = texts.iter().map(key).collect();
        let probes = destination.probe(&table, &keys, &[], cancel).await?;
        for (text, probe) in texts.into_iter().zip(probes) {
            let found = match probe {
                Probe::Present(row) => {
                    Found::Row(Reference { entity: find.entity.clone(), id: row.id.to_string() })
                }
                Probe::Ambiguous(rows) => Found::Several(rows),
                Probe::Absent | Probe::Unknown => Found::Nothing,
            };
            self.known.insert((target.to_owned(), text), found);
        }
        Ok(())
    }
}

/// What the row is found by, where it is not found yet.
fn wanted(mapped: &Mapped, target: &str) -> Option<String> {
    match mapped.record.attributes.get(target)? {
        Value::Text(text) => Some(text.clone()),
        Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::Double(_)
        | Value::List(_)
        | Value::Reference(_) => None,
    }
}
