//! What the environment holds under each key: by primary key with `In` filters, by other columns with or-filters, so that several rows
//! under one key are seen and keys with characters that can't stand in an address work.

use std::collections::{BTreeMap, HashMap};
use syncline_connect::{MatchKey, Probe, ProbedRow};
use syncline_model::{Column, ColumnName, EntitySchema, ErrorCode, Record, Reference, SynclineError, Value};
use syncline_odata::{QueryOptions, guid};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::annotations::Annotated;
use crate::encode::filter_literal;
use crate::page_stream::Heading;
use crate::records::{Asked, no_such_column, record};

/// Keys in one or-filter.
pub(crate) const KEYS_A_REQUEST: usize = 40;
/// Longest or-filter, in characters before encoding.
const LONGEST_FILTER: usize = 8_000;

/// A key with its filter.
struct Wanted {
    at: usize,
    filter: String,
    folded: Vec<String>,
}

impl DataverseConnector {
    pub(crate) async fn probe_keys(
        &self,
        schema: &EntitySchema,
        keys: &[MatchKey],
        fields: &[String],
        cancel: &CancellationToken,
    ) -> Result<Vec<Probe>, SynclineError> {
        // Requests are made from the schema alone; the set names that lookups need are asked for here.
        if !fields.is_empty() {
            self.learn_targets(&schema.columns, cancel).await?;
        }
        let columns = readable_fields(schema, fields);
        let mut probes = vec![Probe::Unknown; keys.len()];
        let mut ids: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_names: BTreeMap<Vec<&str>, Vec<usize>> = BTreeMap::new();
        for (at, MatchKey(key)) in keys.iter().enumerate() {
            if key.is_empty() || key.values().any(Value::is_null) {
                continue; // A key without a value decides nothing.
            }
            match key.get(schema.summary.primary_id.as_str()).filter(|_| key.len() == 1) {
                Some(value) => match guid(&value.display_text()) {
                    Some(id) => ids.entry(id).or_default().push(at),
                    None => return Err(not_an_id(schema, value)),
                },
                None => by_names.entry(key.keys().map(String::as_str).collect()).or_default().push(at),
            }
        }
        if !ids.is_empty() {
            let asked = Asked::new(schema, &names(&columns))?;
            let list: Vec<String> = ids.keys().cloned().collect();
            let found = self.by_ids(schema, &list, &asked, cancel).await?;
            for (id, places) in ids {
                let probe = match found.get(&id) {
                    Some(record) => Probe::Present(probed(record, &columns)?),
                    None => Probe::Absent,
                };
                places.into_iter().for_each(|at| probes[at] = probe.clone());
            }
        }
        for (key_names, places) in by_names {
            let key_columns = key_names
                .iter()
                .map(|name| schema.column(name).ok_or_else(|| no_such_column(schema, name)))
                .collect::<Result<Vec<_>, _>>()?;
            let mut asked_names = names(&columns);
            asked_names.extend(key_columns.iter().map(|column| column.logical_name.clone()));
            let asked = Asked::new(schema, &asked_names)?;
            let wanted = places
                .into_iter()
                .map(|at| wanted(at, &keys[at], &key_columns))
                .collect::<Result<Vec<_>, _>>()?;
            for chunk in chunks(&wanted) {
                self.probe_chunk(schema, &key_columns, chunk, &columns, &asked, &mut probes, cancel).await?;
            }
        }
        Ok(probes)
    }

    async fn probe_chunk(
        &self,
        schema: &EntitySchema,
        key_columns: &[&Column],
        chunk: &[Wanted],
        columns: &[&Column],
        asked: &Asked,
        probes: &mut [Probe],
        cancel: &CancellationToken,
    ) -> Result<(), SynclineError> {
        let filter: Vec<String> = chunk.iter().map(|key| format!("({})", key.filter)).collect();
        let rows = self.rows_where(schema, &filter.join(" or "), asked, cancel).await?;
        let mut by_key: HashMap<Vec<String>, Vec<&Record>> = HashMap::new();
        for row in &rows {
            by_key.entry(folded_row(row, key_columns)?).or_default().push(row);
        }
        let mut unclaimed = rows.len();
        let mut open = Vec::new();
        for key in chunk {
            match by_key.get(&key.folded) {
                Some(found) => {
                    probes[key.at] = verdict(found, columns)?;
                }
                None => open.push(key),
            }
        }
        let claimed: std::collections::HashSet<&Vec<String>> = chunk.iter().map(|key| &key.folded).collect();
        for (folded, found) in &by_key {
            if claimed.contains(folded) {
                unclaimed -= found.len();
            }
        }
        for key in open {
            if unclaimed == 0 {
                probes[key.at] = Probe::Absent;
                continue;
            }
            // The service's collation found rows that look different here, such as with accents: ask for this key alone.
            let rows = self.rows_where(schema, &key.filter, asked, cancel).await?;
            probes[key.at] = verdict(&rows.iter().collect::<Vec<_>>(), columns)?;
        }
        Ok(())
    }

    async fn rows_where(
        &self,
        schema: &EntitySchema,
        filter: &str,
        asked: &Asked,
        cancel: &CancellationToken,
    ) -> Result<Vec<Record>, SynclineError> {
        let query = QueryOptions::new().select(&asked.wire).filter(filter).to_query();
        let mut url = Some(self.api.url(&format!("/{}{query}", schema.summary.set_name)));
        let (heading, annotated) = (Heading::of(schema), Annotated::of(schema));
        let mut rows = Vec::new();
        let mut trail = crate::links::Trail::default();
        while let Some(link) = url {
            let prefer = self.row_preferences();
            let (found, next) = self
                .api
                .page_of(&annotated, &link, &prefer, cancel, |page, _| {
                    let found = page
                        .value
                        .iter()
                        .map(|raw| record(&heading, (*raw).to_owned(), asked, false))
                        .collect::<Result<Vec<_>, _>>()?;
                    Ok((found, page.next_link.as_deref().map(str::to_owned)))
                })
                .await?;
            rows.extend(found);
            url = self.api.next_page(&link, next.as_deref(), &mut trail)?;
        }
        Ok(rows)
    }
}

fn not_an_id(schema: &EntitySchema, value: &Value) -> SynclineError {
    SynclineError::new(
        ErrorCode::QueryInvalid,
        format!("not an id: {} (column {})", value.display_text(), schema.summary.primary_id),
    )
}

fn readable_fields<'s>(schema: &'s EntitySchema, fields: &[String]) -> Vec<&'s Column> {
    fields
        .iter()
        .filter_map(|name| schema.column(name))
        .filter(|column| column.readable && column.column_type != syncline_model::ColumnType::PartyList)
        .collect()
}

fn names(columns: &[&Column]) -> Vec<ColumnName> {
    // No field at all must not mean all of them; the key is asked anyway, so it is said again.
    columns.iter().map(|column| column.logical_name.clone()).collect()
}

fn wanted(at: usize, MatchKey(key): &MatchKey, columns: &[&Column]) -> Result<Wanted, SynclineError> {
    let mut terms = Vec::with_capacity(columns.len());
    let mut folded = Vec::with_capacity(columns.len());
    for column in columns {
        let value = key.get(column.logical_name.as_str()).unwrap_or(&Value::Null);
        terms.push(format!("{} eq {}", column.wire_name(), filter_literal(column, value)?));
        folded.push(fold(column, value));
    }
    Ok(Wanted { at, filter: terms.join(" and "), folded })
}

/// A value as the service compares it: texts without regard to case and trailing blanks, numbers by value.
fn fold(column: &Column, value: &Value) -> String {
    if column.column_type.is_number()
        && let Ok(number) = Value::from_json_text(&value.display_text())
        && let Some(decimal) = number.as_decimal()
    {
        return decimal.normalize().to_string();
    }
    let text = value.display_text();
    guid(&text).unwrap_or_else(|| text.trim_end().to_lowercase())
}

fn folded_row(row: &Record, columns: &[&Column]) -> Result<Vec<String>, SynclineError> {
    let fields = row.fields().map_err(|_| crate::api::unreadable("probe", "a record is no object"))?;
    Ok(columns
        .iter()
        .map(|column| fold(column, &fields.value(column.logical_name.as_str()).unwrap_or(Value::Null)))
        .collect())
}

fn chunks(wanted: &[Wanted]) -> impl Iterator<Item = &[Wanted]> {
    let mut rest = wanted;
    std::iter::from_fn(move || {
        let mut length = 0;
        let fitting = rest
            .iter()
            .take(KEYS_A_REQUEST)
            .take_while(|key| {
                length += key.filter.len() + 6;
                length <= LONGEST_FILTER
            })
            .count();
        let (chunk, left) = rest.split_at(fitting.max(1).min(rest.len()));
        rest = left;
        (!chunk.is_empty()).then_some(chunk)
    })
}

fn verdict(found: &[&Record], columns: &[&Column]) -> Result<Probe, SynclineError> {
    match found {
        [] => Ok(Probe::Absent),
        [row] => Ok(Probe::Present(probed(row, columns)?)),
        several => Ok(Probe::Ambiguous(several.len() as u64)),
    }
}

/// A record as the engine compares it: fields by target name, lookups as references.
pub(crate) fn probed(record: &Record, columns: &[&Column]) -> Result<ProbedRow, SynclineError> {
    let fields = record.fields().map_err(|_| crate::api::unreadable("probe", "a record is no object"))?;
    let mut values = BTreeMap::new();
    for column in columns {
        let name = column.logical_name.as_str();
        let Some(value) = fields.value(name) else { continue };
        let value = match value {
            Value::Text(id) if column.column_type.is_lookup() => {
                let only = || (column.targets.len() == 1).then(|| column.targets[0].clone());
                match fields.lookup_entity(name).map(Into::into).or_else(only) {
                    Some(entity) => Value::from(Reference { entity, id: id.to_lowercase() }),
                    None => Value::Text(id),
                }
            }
            other => other,
        };
        values.insert(name.to_owned(), value);
    }
    Ok(ProbedRow { id: record.id.clone(), etag: record.etag.clone(), values })
}
