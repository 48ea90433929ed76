//! The few records that a definition's editor shows: from the store where they were pulled, else from the service, once for all the
//! changes that don't touch what is read.

use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use syncline_model::{ColumnName, FetchMode, FetchSection, Record, SyncDefinition};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::syncs::{self, Sides};
use crate::app::App;
use crate::wire::ApiError;

/// Readings that are kept.
const KEPT: usize = 8;

/// How long the service's records are shown without asking again.
const FRESH: SignedDuration = SignedDuration::from_mins(10);

struct Reading {
    connection: Uuid,
    /// What was asked, as text.
    asked: String,
    at: Timestamp,
    records: Vec<Record>,
}

/// Records the service gave to editors lately; in memory only.
#[derive(Default)]
pub(crate) struct SampleRecords(Mutex<VecDeque<Reading>>);

impl SampleRecords {
    fn get(&self, connection: Uuid, asked: &str, now: Timestamp) -> Option<Vec<Record>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|reading| now.duration_since(reading.at) < FRESH);
        kept.iter()
            .find(|reading| reading.connection == connection && reading.asked == asked)
            .map(|reading| reading.records.clone())
    }

    fn put(&self, reading: Reading) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|old| old.connection != reading.connection || old.asked != reading.asked);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(reading);
    }

    /// Drops what came by a connection.
    pub(crate) fn forget(&self, connection: Uuid) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|reading| reading.connection != connection);
    }
}

/// Up to `limit` records that pass the definition's filter, and whether they came from the store. Which records a run would leave
/// out since they did not change is of no matter here. With `again`, the service is asked anew.
pub(crate) async fn read(
    app: &Arc<App>,
    definition: &SyncDefinition,
    sides: &Sides,
    limit: u64,
    again: bool,
) -> Result<(Vec<Record>, bool), ApiError> {
    let mut any = definition.clone();
    any.source.fetch = FetchSection { mode: FetchMode::All, days: 0 };
    let mut selection = syncs::selection(app, &any, sides, Some(limit), false).await?;
    selection.page_size = u32::try_from(limit).unwrap_or(10);
    let cancel = CancellationToken::new();
    let stored = syncs::source(app, definition, &sides.source, true)
        .await?
        .page(&selection, None, &cancel)
        .await
        .map(|page| page.records)
        .unwrap_or_default();
    if !stored.is_empty() && whole(&stored, &selection.columns) {
        return Ok((stored, true));
    }
    let connection = sides.source.id;
    let asked = format!("{selection:?}");
    let now = Timestamp::now();
    if !again && let Some(records) = app.samples.get(connection, &asked, now) {
        return Ok((records, false));
    }
    let live = syncs::source(app, definition, &sides.source, false).await?;
    match live.page(&selection, None, &cancel).await {
        Ok(page) => {
            let records = page.records;
            app.samples.put(Reading { connection, asked, at: now, records: records.clone() });
            Ok((records, false))
        }
        // Without a network, what was pulled is better than nothing.
        Err(_) if !stored.is_empty() => Ok((stored, true)),
        Err(error) => Err(error),
    }
}

/// Every column was pulled for at least one of the records.
fn whole(records: &[Record], columns: &[ColumnName]) -> bool {
    let raws: Vec<HashMap<String, &serde_json::value::RawValue>> =
        records.iter().filter_map(|record| serde_json::from_str(record.raw.get()).ok()).collect();
    columns.iter().all(|column| {
        let lookup = format!("_{column}_value");
        raws.iter().any(|raw| raw.contains_key(column.as_str()) || raw.contains_key(&lookup))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(json: &str) -> Record {
        Record {
            entity: "contact".into(),
            id: syncline_model::RecordId::new("1"),
            etag: None,
            raw: serde_json::value::RawValue::from_string(json.to_owned()).unwrap(),
        }
    }

    #[test]
    fn a_reading_is_kept_for_its_connection_until_it_is_old() {
        let kept = SampleRecords::default();
        let (one, other, now) = (Uuid::from_u128(1), Uuid::from_u128(2), Timestamp::UNIX_EPOCH);
        kept.put(Reading { connection: one, asked: "a".into(), at: now, records: vec![record("{}")] });
        assert_eq!(kept.get(one, "a", now).map(|records| records.len()), Some(1));
        assert!(kept.get(one, "b", now).is_none());
        assert!(kept.get(other, "a", now).is_none());
        assert!(kept.get(one, "a", now + FRESH).is_none());
        kept.put(Reading { connection: one, asked: "a".into(), at: now, records: Vec::new() });
        kept.forget(one);
        assert!(kept.get(one, "a", now).is_none());
    }

    #[test]
    fn columns_that_were_never_pulled_are_noticed() {
        let records = [record(r#"{"firstname":null}"#), record(r#"{"firstname":"A","_ownerid_value":"x"}"#)];
        let names = |names: &[&str]| names.iter().map(|name| ColumnName::from(*name)).collect::<Vec<_>>();
        assert!(whole(&records, &names(&["firstname", "ownerid"])));
        assert!(!whole(&records, &names(&["firstname", "lastname"])));
    }
}
