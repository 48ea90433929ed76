//! The system as a destination: creates refuse a key that is taken, updates compare the version.

use async_trait::async_trait;
use std::collections::BTreeMap;
use syncline_model::{
    Action, EntityName, EntitySchema, EntitySummary, ErrorCode, Identity, RecordId, RequiredLevel,
    SynclineError, Value,
};
use tokio_util::sync::CancellationToken;

use super::{MemorySystem, Row, Table, Tables, check, etag, internal, no_such_entity};
use crate::{
    Capabilities, Destination, MatchKey, Outcome, OutcomeKind, PlannedWrite, Probe, ProbedRow, RowRequest,
    WriteOptions,
};

type Values = BTreeMap<String, Value>;

fn found<'a, 'k>(
    table: &'a Table,
    key: impl Iterator<Item = (&'k String, &'k Value)> + Clone,
) -> Vec<(&'a String, &'a Row)> {
    let fits = |row: &Row| {
        key.clone().all(|(name, value)| row.values.get(name).is_some_and(|held| held.means_the_same(value)))
    };
    table.rows.iter().filter(|(_, row)| fits(row)).collect()
}

fn outcome(kind: OutcomeKind, id: Option<&str>) -> Outcome {
    Outcome { kind, id: id.map(RecordId::new), code: None, message: None, request_id: None }
}

fn refused(code: &str, message: String) -> Outcome {
    Outcome { code: Some(code.to_owned()), message: Some(message), ..outcome(OutcomeKind::Failed, None) }
}

/// What the schema says against these values; `whole`: all required columns must be there.
fn breach(schema: &EntitySchema, values: &Values, whole: bool) -> Option<Outcome> {
    for (name, value) in values {
        let Some(column) = schema.column(name) else {
            return Some(refused("unknown_column", format!("there is no column {name}")));
        };
        let length = value.as_text().map_or(0, |text| text.chars().count());
        if column.max_length.is_some_and(|most| length > most as usize) {
            return Some(refused("too_long", format!("{name} has {length} characters")));
        }
    }
    let missing = schema.columns.iter().find(|column| {
        let value = values.get(column.logical_name.as_str());
        column.required == RequiredLevel::System
            && column.logical_name != schema.summary.primary_id
            && (value.is_some_and(Value::is_null) || (whole && value.is_none()))
    });
    missing.map(|column| refused("required", format!("{} is required", column.logical_name)))
}

/// One row of a batch.
fn apply(tables: &mut Tables, entity: &EntityName, request: &RowRequest) -> Result<Outcome, SynclineError> {
    let (version, fresh) = (tables.next_version(), tables.next_id());
    let table = tables.by_name.get_mut(entity.as_str()).ok_or_else(|| no_such_entity(entity))?;
    let values: Values = match serde_json::from_str(&request.body) {
        Ok(values) => values,
        Err(error) => return Ok(refused("malformed", format!("the body can't be read: {error}"))),
    };
    let primary = table.schema.summary.primary_id.to_string();
    if let Some(seen) = request.headers.get("If-Match") {
        let id = request.path.rsplit('/').next().unwrap_or_default().to_owned();
        if request.method == "DELETE" {
            return Ok(match table.rows.get(&id) {
                Some(row) if &etag(row) == seen => {
                    table.rows.remove(&id);
                    outcome(OutcomeKind::Deleted, Some(&id))
                }
                Some(_) | None => outcome(OutcomeKind::Drifted, Some(&id)),
            });
        }
        if let Some(refusal) = breach(&table.schema, &values, false) {
            return Ok(refusal);
        }
        return Ok(match table.rows.get_mut(&id) {
            Some(row) if &etag(row) == seen => {
                row.values.extend(values);
                row.version = version;
                outcome(OutcomeKind::Updated, Some(&id))
            }
            Some(_) | None => outcome(OutcomeKind::Drifted, Some(&id)),
        });
    }
    if let Some(refusal) = breach(&table.schema, &values, true) {
        return Ok(refusal);
    }
    let names = request.headers.get("Key").map(String::as_str).unwrap_or_default();
    let key: Values = names
        .split(',')
        .filter_map(|name| values.get(name).map(|value| (name.to_owned(), value.clone())))
        .collect();
    if key.is_empty() {
        return Ok(refused("no_key", "the request names no key".to_owned()));
    }
    if let Some((id, _)) = found(table, key.iter()).first() {
        return Ok(outcome(OutcomeKind::Drifted, Some(id)));
    }
    let id = values.get(&primary).map_or(fresh, Value::display_text);
    let mut row = Row { version, values };
    row.values.insert(primary, id.as_str().into());
    table.rows.insert(id.clone(), row);
    Ok(outcome(OutcomeKind::Created, Some(&id)))
}

#[async_trait]
impl Destination for MemorySystem {
    fn capabilities(&self) -> Capabilities {
        Self::abilities()
    }

    async fn identity(&self) -> Result<Identity, SynclineError> {
        Ok(Identity { organization_id: Some("memory".to_owned()), ..Identity::default() })
    }

    async fn entities(&self, cancel: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError> {
        self.summaries(cancel)
    }

    async fn schema(
        &self,
        entity: &EntityName,
        cancel: &CancellationToken,
    ) -> Result<EntitySchema, SynclineError> {
        self.schema_of(entity, cancel)
    }

    async fn probe(
        &self,
        schema: &EntitySchema,
        keys: &[MatchKey],
        fields: &[String],
        cancel: &CancellationToken,
    ) -> Result<Vec<Probe>, SynclineError> {
        check(cancel)?;
        self.with_table(&schema.summary.logical_name, |table| {
            Ok(keys
                .iter()
                .map(|key| match found(table, key.0.iter()).as_slice() {
                    [] => Probe::Absent,
                    [(id, row)] => Probe::Present(ProbedRow {
                        id: RecordId::new(id.as_str()),
                        etag: Some(etag(row)),
                        values: fields
                            .iter()
                            .filter(|name| table.schema.column(name).is_some())
                            .map(|name| (name.clone(), row.values.get(name).cloned().unwrap_or(Value::Null)))
                            .collect(),
                    }),
                    several => Probe::Ambiguous(several.len() as u64),
                })
                .collect())
        })
    }

    fn request(&self, schema: &EntitySchema, write: &PlannedWrite<'_>) -> Result<RowRequest, SynclineError> {
        let mapped = write.mapped;
        if mapped.identifiers.is_empty() {
            return Err(SynclineError::new(ErrorCode::DefinitionInvalid, "a row needs an identifier")
                .hint("map the primary key or the columns of an alternate key"));
        }
        let set = &schema.summary.set_name;
        let mut values: Values = mapped
            .attributes
            .iter()
            .filter(|(name, _)| write.changed.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let (method, path, headers) = match (write.action, write.existing) {
            (Action::Update, Some(row)) => {
                let version = row.etag.clone().unwrap_or_default();
                ("PATCH", format!("/{set}/{}", row.id), BTreeMap::from([("If-Match".to_owned(), version)]))
            }
            (Action::Delete, Some(row)) => {
                let version = row.etag.clone().unwrap_or_default();
                values.clear();
                ("DELETE", format!("/{set}/{}", row.id), BTreeMap::from([("If-Match".to_owned(), version)]))
            }
            (Action::Create, _) => {
                values.extend(mapped.identifiers.clone());
                let names: Vec<&str> = mapped.identifiers.keys().map(String::as_str).collect();
                ("POST", format!("/{set}"), BTreeMap::from([("Key".to_owned(), names.join(","))]))
            }
            (Action::Update | Action::Delete | Action::Unchanged | Action::Skip | Action::Invalid, _) => {
                return Err(SynclineError::new(
                    ErrorCode::Internal,
                    format!("no request is made for {}", write.action.as_str()),
                ));
            }
        };
        let body = serde_json::to_string(&values).map_err(|error| internal(&error))?;
        Ok(RowRequest { method: method.to_owned(), path, headers, body })
    }

    async fn write(
        &self,
        schema: &EntitySchema,
        rows: &[RowRequest],
        _: &WriteOptions,
        cancel: &CancellationToken,
    ) -> Result<Vec<Outcome>, SynclineError> {
        check(cancel)?;
        let abilities = Self::abilities();
        let bytes: usize = rows.iter().map(|row| row.body.len()).sum();
        if rows.len() > abilities.max_batch_rows || bytes > abilities.max_batch_bytes {
            return Err(SynclineError::new(
                ErrorCode::ServiceRefused,
                format!("a batch of {} rows and {bytes} bytes is too large", rows.len()),
            ));
        }
        let mut tables = self.lock();
        rows.iter().map(|row| apply(&mut tables, &schema.summary.logical_name, row)).collect()
    }
}
