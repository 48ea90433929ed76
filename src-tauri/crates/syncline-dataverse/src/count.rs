//! Counting. `$count` stops at 5,000 and an aggregate at 50,000; beyond that only a snapshot up to a day old is to be had.
//! Source: Dataverse Web API, count rows; FetchXML, aggregate limits.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use syncline_connect::{Count, Selection};
use syncline_fetchxml::{Aggregate, Attribute, Fetch};
use syncline_model::{EntitySchema, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::api::unreadable;
use crate::encode::quoted;

/// Where `$count` stops.
const COUNT_CAP: u64 = 5_000;
/// Where an aggregate is refused.
const AGGREGATE_CAP: u64 = 50_000;
const AGGREGATE_REFUSED: &str = "0x8004E023";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Snapshot {
    entity_record_count_collection: SnapshotCounts,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SnapshotCounts {
    keys: Vec<String>,
    values: Vec<u64>,
}

impl DataverseConnector {
    pub(crate) async fn count_selection(
        &self,
        schema: &EntitySchema,
        selection: &Selection,
        cancel: &CancellationToken,
    ) -> Result<Count, SynclineError> {
        let whole = selection.filter.is_none() && selection.list.is_none();
        let mut count = None;
        if whole {
            let value = self.plain_count(schema, cancel).await?;
            if value < COUNT_CAP {
                count = Some(Count { value, exact: true });
            }
        }
        let count = match count {
            Some(count) => count,
            None => match self.aggregate(schema, selection, cancel).await {
                Ok(value) => Count { value, exact: true },
                Err(error) if aggregate_refused(&error) => {
                    let snapshot = if whole { self.snapshot(schema, cancel).await.unwrap_or(0) } else { 0 };
                    Count { value: snapshot.max(AGGREGATE_CAP), exact: false }
                }
                Err(error) => return Err(error),
            },
        };
        Ok(match selection.top {
            Some(top) if top <= count.value => Count { value: top, exact: true },
            Some(_) | None => count,
        })
    }

    async fn plain_count(
        &self,
        schema: &EntitySchema,
        cancel: &CancellationToken,
    ) -> Result<u64, SynclineError> {
        let url = self.api.url(&format!("/{}/$count", schema.summary.set_name));
        self.api.number(&url, cancel).await
    }

    async fn aggregate(
        &self,
        schema: &EntitySchema,
        selection: &Selection,
        cancel: &CancellationToken,
    ) -> Result<u64, SynclineError> {
        let plain = Selection { columns: vec![], order: vec![], ..selection.clone() };
        let paged = self.selection_fetch(schema, &plain, cancel).await?;
        let mut fetch = Fetch { aggregate: true, entity: paged.entity, ..Fetch::default() };
        fetch.entity.all_attributes = false;
        fetch.entity.orders.clear();
        fetch.entity.attributes = vec![Attribute {
            name: schema.summary.primary_id.to_string(),
            alias: Some("total".to_owned()),
            aggregate: Some(Aggregate::CountColumn),
            distinct: paged.distinct,
            ..Attribute::default()
        }];
        self.api
            .page(&self.fetch_url(&schema.summary, &fetch), &[], cancel, |page, _| {
                let row = page.value.first().ok_or_else(|| unreadable("aggregate", "no row"))?;
                let row: BTreeMap<String, Box<RawValue>> =
                    serde_json::from_str(row.get()).map_err(|_| unreadable("aggregate", "no object"))?;
                let total = row.get("total").and_then(|raw| raw.get().trim_matches('"').parse().ok());
                total.ok_or_else(|| unreadable("aggregate", "no number"))
            })
            .await
    }

    pub(crate) async fn snapshot(
        &self,
        schema: &EntitySchema,
        cancel: &CancellationToken,
    ) -> Result<u64, SynclineError> {
        let name = schema.summary.logical_name.as_str();
        let path = format!("/RetrieveTotalRecordCount(EntityNames=@p1)?@p1=[{}]", quoted(name));
        let snapshot: Snapshot = self.api.json(&path, cancel).await?;
        let counts = snapshot.entity_record_count_collection;
        let at = counts.keys.iter().position(|key| key == name).unwrap_or(0);
        counts.values.get(at).copied().ok_or_else(|| unreadable("RetrieveTotalRecordCount", "no number"))
    }
}

pub(crate) fn aggregate_refused(error: &SynclineError) -> bool {
    error.service_code.as_deref().is_some_and(|code| code.eq_ignore_ascii_case(AGGREGATE_REFUSED))
}
