//! One side of a two-way sync: read as records, written as a destination, and a record as the merge sees it.

use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use syncline_connect::{Destination, MatchKey, Probe, ProbedRow, Source};
use syncline_mapping::Related;
use syncline_model::{
    ColumnName, ColumnType, EntityName, EntitySchema, ErrorCode, IdentifierCheck, Record, RecordId,
    Reference, SynclineError, System, Value, ValueMap,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::related::RelatedReader;

/// Records that are asked for by id at once.
pub(super) const AT_ONCE: usize = 200;
/// When a record was changed last, and by whom (Dataverse, modifiedon and modifiedby; a database's option `modified`).
const CHANGED_AT: &str = "modifiedon";
const CHANGED_BY: &str = "modifiedby";
/// Status reason, which belongs to a state (Dataverse Web API, state and status).
pub(super) const STATUS: &str = "statuscode";

/// How a side is reached.
#[derive(Clone)]
pub struct SideAccess {
    /// Its connection.
    pub connection: Uuid,
    /// Its kind.
    pub system: System,
    /// Read as.
    pub source: Arc<dyn Source>,
    /// Written as.
    pub destination: Arc<dyn Destination>,
    /// Its entity as it is described now.
    pub schema: EntitySchema,
    /// Columns of other records that the mapping names; the schema has them too.
    pub related: Vec<Related>,
}

/// A side with the columns that are read there.
pub(super) struct Side {
    pub(super) access: SideAccess,
    pub(super) columns: Vec<ColumnName>,
}

/// A record as it was read.
#[derive(Debug, Clone)]
pub(super) struct SideRow {
    pub(super) id: String,
    pub(super) etag: Option<String>,
    pub(super) values: BTreeMap<String, Value>,
    pub(super) record: Record,
    pub(super) changed_at: Option<Timestamp>,
    pub(super) changed_by: Option<String>,
}

impl SideRow {
    /// The value of a column; null where there is none.
    pub(super) fn value(&self, column: &str) -> Value {
        self.values.get(column).cloned().unwrap_or(Value::Null)
    }
    /// The row as a destination tells it, by which its version is guarded.
    pub(super) fn probed(&self) -> ProbedRow {
        ProbedRow { id: RecordId::new(&self.id), etag: self.etag.clone(), values: self.values.clone() }
    }
}

impl Side {
    /// A side of which these columns are read, and what tells of changes.
    pub(super) fn new<'a>(access: SideAccess, wanted: impl Iterator<Item = &'a str>) -> Self {
        let schema = &access.schema;
        let mut columns: Vec<ColumnName> = Vec::new();
        let also = [schema.summary.primary_id.as_str(), CHANGED_AT, CHANGED_BY, STATUS];
        let names: Vec<ColumnName> =
            wanted.map(ColumnName::from).chain(also.into_iter().map(ColumnName::from)).collect();
        for name in names {
            // Of a column of another record the lookup that leads there is read.
            let own = name.related().map_or_else(|| name.clone(), |(lookup, _)| ColumnName::from(lookup));
            let known = schema.column(own.as_str()).is_some_and(|column| column.readable);
            if known && !columns.contains(&own) {
                columns.push(own);
            }
        }
        Self { access, columns }
    }

    pub(super) fn entity(&self) -> &EntityName {
        &self.access.schema.summary.logical_name
    }

    pub(super) fn key(&self) -> &str {
        self.access.schema.summary.primary_id.as_str()
    }

    /// Whether a column would hold the same after the value was written.
    pub(super) fn same(&self, column: &str, value: &Value, held: &Value) -> bool {
        let nothing = |value: &Value| value.is_null() || value.as_text().is_some_and(str::is_empty);
        (nothing(value) && nothing(held))
            || self.access.destination.same(&self.access.schema, column, value, held)
    }

    /// Records as rows, with what the mapping names of other records.
    pub(super) async fn rows(
        &self,
        mut records: Vec<Record>,
        cancel: &CancellationToken,
    ) -> Result<Vec<SideRow>, SynclineError> {
        if !self.access.related.is_empty() {
            let mut reader = RelatedReader::new(self.access.related.clone(), false);
            reader.fill(self.access.source.as_ref(), &mut records, cancel).await?;
        }
        records.into_iter().map(|record| self.row(record)).collect()
    }

    fn row(&self, record: Record) -> Result<SideRow, SynclineError> {
        let unreadable = |error: serde_json::Error| {
            SynclineError::new(ErrorCode::UnexpectedReply, format!("a record can't be read: {error}"))
        };
        let (values, changed_at, changed_by) = {
            let fields = record.fields().map_err(unreadable)?;
            let mut values = BTreeMap::new();
            for name in &self.columns {
                let Some(column) = self.access.schema.column(name.as_str()) else { continue };
                let value = match fields.value(name.as_str()).unwrap_or(Value::Null) {
                    Value::Text(id) if column.column_type.is_lookup() => {
                        let only = || (column.targets.len() == 1).then(|| column.targets[0].clone());
                        match fields.lookup_entity(name.as_str()).map(EntityName::new).or_else(only) {
                            Some(entity) => Value::from(Reference { entity, id: id.to_lowercase() }),
                            None => Value::Text(id),
                        }
                    }
                    other => other,
                };
                values.insert(name.to_string(), value);
            }
            let at = values.get(CHANGED_AT).and_then(|value| value.as_text()?.parse().ok());
            (values, at, fields.formatted(CHANGED_BY))
        };
        Ok(SideRow {
            id: record.id.as_str().to_owned(),
            etag: record.etag.clone(),
            values,
            record,
            changed_at,
            changed_by,
        })
    }

    /// Rows by id, in the order asked.
    pub(super) async fn get(
        &self,
        ids: &[String],
        cancel: &CancellationToken,
    ) -> Result<Vec<Option<SideRow>>, SynclineError> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(AT_ONCE) {
            let asked: Vec<RecordId> = chunk.iter().map(RecordId::new).collect();
            let records = self.access.source.get(self.entity(), &asked, &self.columns, cancel).await?;
            let there: Vec<bool> = records.iter().map(Option::is_some).collect();
            let mut rows = self.rows(records.into_iter().flatten().collect(), cancel).await?.into_iter();
            found.extend(there.into_iter().map(|there| if there { rows.next() } else { None }));
        }
        Ok(found)
    }

    /// Ids of rows that have these values; several are told as their number.
    pub(super) async fn find(
        &self,
        keys: &[ValueMap],
        cancel: &CancellationToken,
    ) -> Result<Vec<Found>, SynclineError> {
        let asked: Vec<MatchKey> = keys.iter().cloned().map(MatchKey).collect();
        let probes = self.access.destination.probe(&self.access.schema, &asked, &[], cancel).await?;
        Ok(probes
            .into_iter()
            .map(|probe| match probe {
                Probe::Present(row) => Found::One(row.id.to_string()),
                Probe::Ambiguous(rows) => Found::Several(rows),
                Probe::Absent | Probe::Unknown => Found::None,
            })
            .collect())
    }

    /// A value as this side's column takes it where it is the id of a record.
    pub(super) fn id_value(&self, column: &str, entity: &EntityName, id: &str) -> Value {
        match self.access.schema.column(column).map(|column| column.column_type) {
            Some(kind) if kind.is_lookup() => {
                Value::from(Reference { entity: entity.clone(), id: id.to_owned() })
            }
            Some(kind) if kind.is_number() => id.parse::<i64>().map_or_else(|_| id.into(), Value::Integer),
            Some(_) | None => id.into(),
        }
    }

    /// Ids of new rows can be given.
    pub(super) fn takes_ids(&self) -> bool {
        let kind = self.access.schema.column(self.key()).map(|column| (column.column_type, column.creatable));
        match self.access.system {
            System::Dataverse => true,
            System::Postgres | System::Sqlite => kind == Some((ColumnType::UniqueIdentifier, true)),
            System::Insider | System::Csv | System::Jsonl => false,
        }
    }
}

/// What was found under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    None,
    One(String),
    Several(u64),
}

/// A value as records are matched by it; `None`: it matches nothing.
pub(super) fn folded(value: &Value, check: Option<IdentifierCheck>, match_case: bool) -> Option<String> {
    let text = value.display_text();
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    Some(match check {
        Some(IdentifierCheck::Email | IdentifierCheck::Uuid) => text.to_lowercase(),
        Some(IdentifierCheck::Phone) => text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect(),
        None if match_case => text.to_owned(),
        None => text.to_lowercase(),
    })
}
