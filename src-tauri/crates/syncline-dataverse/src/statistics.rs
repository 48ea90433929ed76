//! Fill rate, different and most frequent values of columns, counted by the service: aggregate FetchXML, and a sample of records where
//! an aggregate is refused because it would look at more than 50,000. Source: Dataverse, FetchXML aggregation, aggregate limits.

use serde_json::value::RawValue;
use std::collections::{BTreeMap, HashMap};
use syncline_connect::{Selection, Source};
use syncline_fetchxml::{Aggregate, Attribute, DateGrouping, Entity, Fetch, Filter, Order};
use syncline_model::{
    Column, ColumnName, ColumnStatistics, ColumnType, EntitySchema, SynclineError, Value, ValueCount,
};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::api::{ANNOTATIONS, unreadable};
use crate::count::aggregate_refused;

/// Columns counted by one request.
pub const COLUMNS_A_REQUEST: usize = 20;
/// Records of a sample: one page.
pub const SAMPLE: u64 = 5_000;
/// Most frequent values that are told.
const TOP: usize = 5;
/// The service's suffix of formatted values.
const FORMATTED: &str = "@OData.Community.Display.V1.FormattedValue";

/// What an aggregate can tell of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Countable {
    /// Values can be counted, told apart and grouped.
    Fully,
    /// Only whether there is one.
    Filled,
    /// Nothing.
    No,
}

fn countable(column: &Column) -> Countable {
    if !column.readable {
        return Countable::No;
    }
    match column.column_type {
        ColumnType::String
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
        | ColumnType::DateTime => Countable::Fully,
        ColumnType::Memo | ColumnType::MultiSelectPicklist => Countable::Filled,
        ColumnType::PartyList | ColumnType::Image | ColumnType::File | ColumnType::Other => Countable::No,
    }
}

/// True for an error that says that too many records would have to be looked at.
pub fn over_the_limit(error: &SynclineError) -> bool {
    aggregate_refused(error)
}

impl DataverseConnector {
    /// Counts columns, at most [`COLUMNS_A_REQUEST`], by aggregate queries. Fails with the service's error where
    /// [`over_the_limit`]; a column that the service can't count has a note in place of numbers.
    pub async fn count_columns(
        &self,
        schema: &EntitySchema,
        columns: &[&Column],
        cancel: &CancellationToken,
    ) -> Result<Vec<ColumnStatistics>, SynclineError> {
        let asked: Vec<&Column> =
            columns.iter().copied().filter(|column| countable(column) != Countable::No).collect();
        let mut counted = HashMap::new();
        match self.fills(schema, &asked, cancel).await {
            Ok(found) => counted.extend(found),
            Err(error) if stops(&error) => return Err(error),
            // One column that can't be aggregated refuses all: each is asked for by itself.
            Err(_) => {
                for column in &asked {
                    match self.fills(schema, &[*column], cancel).await {
                        Ok(found) => counted.extend(found),
                        Err(error) if stops(&error) => return Err(error),
                        Err(error) => {
                            let name = column.logical_name.clone();
                            counted.insert(name.clone(), ColumnStatistics::uncounted(name, error.message));
                        }
                    }
                }
            }
        }
        let mut out = Vec::with_capacity(columns.len());
        for column in columns {
            let name = column.logical_name.clone();
            let mut found = counted.remove(&name).unwrap_or_else(|| {
                ColumnStatistics::uncounted(name.clone(), "columns of this type can't be counted")
            });
            let is_key = name == schema.summary.primary_id;
            if found.filled.is_some_and(|filled| filled > 0)
                && countable(column) == Countable::Fully
                && !is_key
            {
                match self.most_frequent(schema, column, cancel).await {
                    Ok(top) => found.top = top,
                    Err(error) if stops(&error) => return Err(error),
                    Err(error) => found.note = Some(error.message),
                }
            }
            out.push(found);
        }
        Ok(out)
    }

    async fn fills(
        &self,
        schema: &EntitySchema,
        columns: &[&Column],
        cancel: &CancellationToken,
    ) -> Result<HashMap<ColumnName, ColumnStatistics>, SynclineError> {
        let count = |name: &str, alias: String, aggregate, distinct| Attribute {
            name: name.to_owned(),
            alias: Some(alias),
            aggregate: Some(aggregate),
            distinct,
            ..Attribute::default()
        };
        let key = schema.summary.primary_id.as_str();
        let mut attributes = vec![count(key, "total".to_owned(), Aggregate::Count, false)];
        for (at, column) in columns.iter().enumerate() {
            let name = column.logical_name.as_str();
            attributes.push(count(name, format!("f{at}"), Aggregate::CountColumn, false));
            if countable(column) == Countable::Fully {
                attributes.push(count(name, format!("d{at}"), Aggregate::CountColumn, true));
            }
        }
        let fetch = aggregate(schema, attributes);
        let numbers = self
            .api
            .page(&self.fetch_url(&schema.summary, &fetch), &[], cancel, |page, _| {
                let row = page.value.first().ok_or_else(|| unreadable("aggregate", "no row"))?;
                let row: BTreeMap<String, Box<RawValue>> =
                    serde_json::from_str(row.get()).map_err(|_| unreadable("aggregate", "no object"))?;
                Ok(row
                    .into_iter()
                    .filter_map(|(alias, raw)| {
                        Some((alias, raw.get().trim_matches('"').parse::<u64>().ok()?))
                    })
                    .collect::<HashMap<String, u64>>())
            })
            .await?;
        let rows = numbers.get("total").copied().unwrap_or(0);
        Ok(columns
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let full = countable(column) == Countable::Fully;
                let found = ColumnStatistics {
                    column: column.logical_name.clone(),
                    rows,
                    filled: Some(numbers.get(&format!("f{at}")).copied().unwrap_or(0)),
                    distinct: full.then(|| numbers.get(&format!("d{at}")).copied().unwrap_or(0)),
                    top: vec![],
                    sampled: false,
                    note: None,
                };
                (column.logical_name.clone(), found)
            })
            .collect())
    }

    /// The most frequent values; of dates the most frequent years.
    async fn most_frequent(
        &self,
        schema: &EntitySchema,
        column: &Column,
        cancel: &CancellationToken,
    ) -> Result<Vec<ValueCount>, SynclineError> {
        let grouped = Attribute {
            name: column.logical_name.to_string(),
            alias: Some("v".to_owned()),
            group_by: true,
            date_grouping: (column.column_type == ColumnType::DateTime).then_some(DateGrouping::Year),
            ..Attribute::default()
        };
        let counted = Attribute {
            name: schema.summary.primary_id.to_string(),
            alias: Some("n".to_owned()),
            aggregate: Some(Aggregate::Count),
            ..Attribute::default()
        };
        let mut fetch = aggregate(schema, vec![grouped, counted]);
        fetch.entity.orders =
            vec![Order { alias: Some("n".to_owned()), descending: true, ..Order::default() }];
        // Records without a value make a group of their own, so that one more is asked for.
        fetch.count = Some(TOP as u32 + 1);
        let prefer = [format!("odata.include-annotations=\"{ANNOTATIONS}\"")];
        self.api
            .page(&self.fetch_url(&schema.summary, &fetch), &prefer, cancel, |page, _| {
                let mut top = Vec::new();
                for raw in &page.value {
                    let row: BTreeMap<String, Box<RawValue>> =
                        serde_json::from_str(raw.get()).map_err(|_| unreadable("aggregate", "no object"))?;
                    let count = row.get("n").and_then(|raw| raw.get().trim_matches('"').parse().ok());
                    let value = row.get("v").and_then(|raw| text_of(raw));
                    let label = row.get(&format!("v{FORMATTED}")).and_then(|raw| text_of(raw));
                    if let (Some(value), Some(count)) = (value, count) {
                        let is_code = column.column_type.has_options() || column.column_type.is_lookup();
                        top.push(ValueCount { label: label.filter(|_| is_code), value, count });
                    }
                }
                top.truncate(TOP);
                Ok(top)
            })
            .await
    }

    /// Counts columns over a sample of [`SAMPLE`] records, for entities where an aggregate is refused.
    pub async fn sample_columns(
        &self,
        schema: &EntitySchema,
        columns: &[&Column],
        cancel: &CancellationToken,
    ) -> Result<Vec<ColumnStatistics>, SynclineError> {
        let asked: Vec<&Column> =
            columns.iter().copied().filter(|column| countable(column) != Countable::No).collect();
        let selection = Selection {
            entity: Some(schema.summary.logical_name.clone()),
            columns: asked.iter().map(|column| column.logical_name.clone()).collect(),
            page_size: SAMPLE as u32,
            top: Some(SAMPLE),
            ..Selection::default()
        };
        let page = self.page(&selection, None, cancel).await?;
        let rows = page.records.len() as u64;
        let mut seen: Vec<HashMap<String, (u64, Option<String>)>> = vec![HashMap::new(); asked.len()];
        for record in &page.records {
            let fields = record
                .fields()
                .map_err(|error| unreadable(schema.summary.set_name.as_str(), &error.to_string()))?;
            for (at, column) in asked.iter().enumerate() {
                let name = column.logical_name.as_str();
                let value =
                    fields.value(name).filter(|value| !value.is_null()).map(|value| value.display_text());
                if let Some(value) = value.filter(|text| !text.is_empty()) {
                    let is_code = column.column_type.has_options() || column.column_type.is_lookup();
                    let entry = seen[at]
                        .entry(value)
                        .or_insert_with(|| (0, fields.formatted(name).filter(|_| is_code)));
                    entry.0 += 1;
                }
            }
        }
        let mut found: HashMap<ColumnName, ColumnStatistics> = asked
            .iter()
            .zip(seen)
            .map(|(column, values)| (column.logical_name.clone(), sampled(column, values, rows)))
            .collect();
        Ok(columns
            .iter()
            .map(|column| {
                let name = column.logical_name.clone();
                found.remove(&name).unwrap_or_else(|| {
                    ColumnStatistics::uncounted(name, "columns of this type can't be counted")
                })
            })
            .collect())
    }
}

/// What can't be mended by asking for one column alone.
fn stops(error: &SynclineError) -> bool {
    use syncline_model::ErrorCode;
    over_the_limit(error) || !matches!(error.code, ErrorCode::QueryInvalid | ErrorCode::ServiceRefused)
}

fn aggregate(schema: &EntitySchema, attributes: Vec<Attribute>) -> Fetch {
    Fetch {
        aggregate: true,
        entity: Entity {
            name: schema.summary.logical_name.to_string(),
            attributes,
            filter: None::<Filter>,
            ..Entity::default()
        },
        ..Fetch::default()
    }
}

fn text_of(raw: &RawValue) -> Option<String> {
    Value::from_raw(raw).ok().filter(|value| !value.is_null()).map(|value| value.display_text())
}

fn sampled(column: &Column, values: HashMap<String, (u64, Option<String>)>, rows: u64) -> ColumnStatistics {
    let filled = values.values().map(|(count, _)| count).sum();
    let distinct = values.len() as u64;
    let mut top: Vec<ValueCount> =
        values.into_iter().map(|(value, (count, label))| ValueCount { value, label, count }).collect();
    top.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    top.truncate(TOP);
    let full = countable(column) == Countable::Fully;
    ColumnStatistics {
        column: column.logical_name.clone(),
        rows,
        filled: Some(filled),
        distinct: full.then_some(distinct),
        top: if full { top } else { vec![] },
        sampled: true,
        note: None,
    }
}
