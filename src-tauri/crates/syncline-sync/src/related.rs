//! Columns of the records that lookups point at, read page by page and put beside the records' own.

use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use syncline_connect::Source;
use syncline_mapping::Related;
use syncline_model::{
    ColumnName, EntityName, ErrorCode, FORMATTED_VALUE, LOOKUP_LOGICAL_NAME, Record, RecordId, RowIssue,
    SynclineError,
};
use tokio_util::sync::CancellationToken;

/// Records that are remembered; a few bytes each. When there are more, what is remembered is dropped and read again.
const REMEMBERED: usize = 50_000;

/// What a record that is pointed at holds: column to the members that belong beside the record that points.
type Held = BTreeMap<ColumnName, String>;

/// Reads what lookups point at.
pub struct RelatedReader {
    wanted: Vec<Related>,
    /// What to say of a record that is not there.
    cached: bool,
    /// `None`: there is no such record, or it can't be read.
    known: HashMap<(EntityName, String), Option<Held>>,
}

/// The rows of a page whose lookups lead nowhere: place in the page, and what to tell.
pub type Unfound = Vec<(usize, RowIssue)>;

impl RelatedReader {
    /// For these columns; `cached`: the source is the store.
    pub fn new(wanted: Vec<Related>, cached: bool) -> Self {
        Self { wanted, cached, known: HashMap::new() }
    }

    /// Puts the columns into the records of a page, each under its name with a dot. A lookup without a value has none to put in; one whose
    /// record has no such column has null.
    pub async fn fill(
        &mut self,
        source: &dyn Source,
        records: &mut [Record],
        cancel: &CancellationToken,
    ) -> Result<Unfound, SynclineError> {
        if self.wanted.is_empty() {
            return Ok(Vec::new());
        }
        let lookups: BTreeSet<&ColumnName> = self.wanted.iter().map(|one| &one.lookup).collect();
        let mut pointed = Vec::with_capacity(records.len());
        for record in records.iter() {
            pointed.push(self.pointers(&lookups, record)?);
        }
        self.learn(source, pointed.iter().flat_map(BTreeMap::values), cancel).await?;
        let mut unfound = Vec::new();
        for (place, (record, pointers)) in records.iter_mut().zip(&pointed).enumerate() {
            let mut added = String::new();
            for one in &self.wanted {
                let Some((entity, id)) = pointers.get(&one.lookup) else { continue };
                if !one.entities.contains(entity) {
                    let _ = write!(added, ",{}:null", text(&one.name()));
                    continue;
                }
                let held = self.known.get(&(entity.clone(), id.clone())).and_then(Option::as_ref);
                match held.and_then(|held| held.get(&one.column)) {
                    Some(member) => added.push_str(&member.replace('\u{1}', one.lookup.as_str())),
                    None => unfound.push((place, self.issue(one, entity, id))),
                }
            }
            if !added.is_empty() {
                record.raw = joined(&record.raw, &added)?;
            }
        }
        Ok(unfound)
    }

    /// Where the lookups of a record point at.
    fn pointers(
        &self,
        lookups: &BTreeSet<&ColumnName>,
        record: &Record,
    ) -> Result<BTreeMap<ColumnName, (EntityName, String)>, SynclineError> {
        let fields = record.fields().map_err(|error| {
            SynclineError::new(ErrorCode::UnexpectedReply, format!("a record can't be read: {error}"))
        })?;
        let mut found = BTreeMap::new();
        for lookup in lookups {
            let Some(id) = fields.value(lookup.as_str()).and_then(|value| value.as_text().map(str::to_owned))
            else {
                continue;
            };
            let only = || {
                let mut all = self.wanted.iter().filter(|one| one.lookup == **lookup);
                let first = all.next()?.entities.first()?;
                all.all(|one| one.entities.first() == Some(first)).then(|| first.clone())
            };
            let entity = fields.lookup_entity(lookup.as_str()).map(EntityName::new).or_else(only);
            if let Some(entity) = entity {
                found.insert((*lookup).clone(), (entity, id.to_lowercase()));
            }
        }
        Ok(found)
    }

    /// Reads the records that are not remembered yet, table by table.
    async fn learn<'p>(
        &mut self,
        source: &dyn Source,
        pointed: impl Iterator<Item = &'p (EntityName, String)>,
        cancel: &CancellationToken,
    ) -> Result<(), SynclineError> {
        let mut missing: BTreeMap<EntityName, BTreeSet<String>> = BTreeMap::new();
        let mut needed = Vec::new();
        for pointer in pointed {
            needed.push(pointer.clone());
        }
        if self.known.len() + needed.len() > REMEMBERED {
            self.known.clear();
        }
        for (entity, id) in needed {
            if self.wanted.iter().any(|one| one.entities.contains(&entity))
                && !self.known.contains_key(&(entity.clone(), id.clone()))
            {
                missing.entry(entity).or_default().insert(id);
            }
        }
        for (entity, ids) in missing {
            let columns: Vec<ColumnName> = self
                .wanted
                .iter()
                .filter(|one| one.entities.contains(&entity))
                .map(|one| one.column.clone())
                .collect();
            let ids: Vec<RecordId> = ids.into_iter().map(RecordId::new).collect();
            let records = source.get(&entity, &ids, &columns, cancel).await?;
            for (id, record) in ids.into_iter().zip(records) {
                let held = record.map(|record| held(&record, &columns)).transpose()?;
                self.known.insert((entity.clone(), id.to_string()), held);
            }
        }
        Ok(())
    }

    fn issue(&self, one: &Related, entity: &EntityName, id: &str) -> RowIssue {
        let message = if self.cached {
            format!(
                "{} of the {entity} {id} is not in the cache; pull {entity} with {}",
                one.column, one.column
            )
        } else {
            format!("the {entity} {id} can't be read: it was deleted, or it is not shared with this user")
        };
        RowIssue { code: "related_missing".to_owned(), field: one.name(), message }
    }
}

/// The members of each column, with a mark in place of the lookup's name. A column that was never pulled is not there.
fn held(record: &Record, columns: &[ColumnName]) -> Result<Held, SynclineError> {
    let fields = record.fields().map_err(|error| {
        SynclineError::new(ErrorCode::UnexpectedReply, format!("a record can't be read: {error}"))
    })?;
    let mut held = Held::new();
    for column in columns {
        let wire = format!("_{column}_value");
        let Some((lookup, raw)) = fields
            .raw(column.as_str())
            .map(|raw| (false, raw))
            .or_else(|| fields.raw(&wire).map(|raw| (true, raw)))
        else {
            continue;
        };
        let mut members = format!(",\"\u{1}.{column}\":{}", raw.get());
        let mut annotation = |suffix: &str, value: Option<String>| {
            if let Some(value) = value {
                let name = if lookup { format!("_\u{1}.{column}_value") } else { format!("\u{1}.{column}") };
                let _ = write!(members, ",\"{name}{suffix}\":{}", text(&value));
            }
        };
        annotation(FORMATTED_VALUE, fields.formatted(column.as_str()));
        annotation(LOOKUP_LOGICAL_NAME, fields.lookup_entity(column.as_str()));
        held.insert(column.clone(), members);
    }
    Ok(held)
}

fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

/// The object with more members, which begin with a comma.
fn joined(raw: &RawValue, members: &str) -> Result<Box<RawValue>, SynclineError> {
    let body = raw.get().trim_end().strip_suffix('}').unwrap_or_default().trim_end();
    let members = if body == "{" { members.trim_start_matches(',') } else { members };
    RawValue::from_string(format!("{body}{members}}}")).map_err(|error| {
        SynclineError::new(ErrorCode::Internal, format!("a record can't be completed: {error}"))
    })
}
