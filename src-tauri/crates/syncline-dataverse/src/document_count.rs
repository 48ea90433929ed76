//! How many rows a document has, true beyond the limits: where an aggregate is refused (50,000 rows) the rows are counted in stretches of
//! their creation time, each small enough. Source: FetchXML, aggregate limits; Dataverse Web API, count rows.

use futures::future::join_all;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use syncline_fetchxml::{Aggregate, Attribute, Condition, Fetch, Filter, LinkEntity, Operator, Order};
use syncline_model::{ColumnType, EntityName, EntitySchema, ErrorCode, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::api::unreadable;
use crate::count::aggregate_refused;

/// Where an aggregate is refused.
const AGGREGATE_CAP: u64 = 50_000;
/// Rows a stretch should have: half of what an aggregate takes, since rows are not spread evenly.
const ROWS_A_STRETCH: u64 = 25_000;
/// Most stretches asked for: 50,000 rows each would be 100,000,000.
const MOST_REQUESTS: u32 = 2_000;
/// Stretches counted at once.
const AT_ONCE: usize = 4;
/// The column whose time parts the rows.
const CREATED: &str = "createdon";

/// How a count was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountedBy {
    /// One aggregate over all rows.
    Aggregate,
    /// Aggregates over stretches of the creation time.
    Stretches,
    /// The service's own snapshot, up to a day old.
    Snapshot,
    /// More than an aggregate may look at, and no way to part the rows.
    AtLeast,
}

/// A count and what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Rows.
    pub value: u64,
    /// How it was made; exact unless it is a snapshot or a lower bound.
    pub by: CountedBy,
    /// Requests it took.
    pub requests: u32,
}

impl DataverseConnector {
    /// The rows a document would give if all of its pages were read. `top` is respected.
    pub async fn count_document(
        &self,
        fetch: &Fetch,
        cancel: &CancellationToken,
    ) -> Result<Counted, SynclineError> {
        if fetch.aggregate || fetch.distinct {
            let what = if fetch.aggregate { "groups of an aggregate" } else { "distinct rows" };
            return Err(SynclineError::new(ErrorCode::Usage, format!("{what} are counted by reading them"))
                .hint("run the query; the number stands beside its result"));
        }
        let entity = EntityName::new(fetch.entity.name.as_str());
        let schema = self.known_schema(&entity, cancel).await?;
        let mut base = fetch.clone();
        base.top = None;
        base.count = None;
        base.page = None;
        base.paging_cookie = None;
        base.return_total_record_count = false;
        strip(&mut base);
        let counted = match self.count_rows(&schema, &base, cancel).await {
            Ok(value) => Counted { value, by: CountedBy::Aggregate, requests: 1 },
            Err(error) if aggregate_refused(&error) => self.beyond(&schema, &base, cancel).await?,
            Err(error) => return Err(error),
        };
        Ok(match fetch.top {
            Some(top) if u64::from(top) <= counted.value => {
                Counted { value: u64::from(top), by: CountedBy::Aggregate, ..counted }
            }
            Some(_) | None => counted,
        })
    }

    async fn beyond(
        &self,
        schema: &EntitySchema,
        base: &Fetch,
        cancel: &CancellationToken,
    ) -> Result<Counted, SynclineError> {
        let plain = base.entity.filter.is_none() && base.entity.links.is_empty();
        let snapshot = if plain { self.snapshot(schema, cancel).await.ok() } else { None };
        let timed = schema.column(CREATED).is_some_and(|column| column.column_type == ColumnType::DateTime);
        if timed && let Some(counted) = self.in_stretches(schema, base, snapshot, cancel).await? {
            return Ok(counted);
        }
        Ok(match snapshot {
            Some(value) if value > AGGREGATE_CAP => Counted { value, by: CountedBy::Snapshot, requests: 2 },
            Some(_) | None => Counted { value: AGGREGATE_CAP, by: CountedBy::AtLeast, requests: 2 },
        })
    }

    /// `None` where a single second holds more rows than an aggregate takes.
    async fn in_stretches(
        &self,
        schema: &EntitySchema,
        base: &Fetch,
        snapshot: Option<u64>,
        cancel: &CancellationToken,
    ) -> Result<Option<Counted>, SynclineError> {
        let (first, last) =
            tokio::try_join!(self.edge(schema, base, false, cancel), self.edge(schema, base, true, cancel))?;
        let (Some(first), Some(last)) = (first, last) else { return Ok(None) };
        let none: [&str; 0] = [];
        let without = narrowed(base, [Condition::new(CREATED, Operator::Null, none)]);
        let (mut total, mut requests) = (self.count_rows(schema, &without, cancel).await?, 5);
        // The first stretch begins before every row and the last ends behind, so that rows made meanwhile are not lost between.
        let parts = snapshot.map_or(4, |rows| rows / ROWS_A_STRETCH + 1).clamp(2, 400);
        let mut waiting = cut(first, last + 1, i64::try_from(parts).unwrap_or(4));
        while !waiting.is_empty() {
            if requests > MOST_REQUESTS {
                return Ok(None);
            }
            let batch = waiting.split_off(waiting.len().saturating_sub(AT_ONCE));
            requests += u32::try_from(batch.len()).unwrap_or(u32::MAX);
            let counts = join_all(batch.iter().map(|(from, until)| {
                let part = narrowed(
                    base,
                    [
                        Condition::new(CREATED, Operator::Ge, [moment(*from)]),
                        Condition::new(CREATED, Operator::Lt, [moment(*until)]),
                    ],
                );
                async move { self.count_rows(schema, &part, cancel).await }
            }))
            .await;
            for ((from, until), count) in batch.into_iter().zip(counts) {
                match count {
                    Ok(rows) => total += rows,
                    Err(error) if aggregate_refused(&error) && until - from > 1 => {
                        waiting.extend(cut(from, until, 2));
                    }
                    Err(error) if aggregate_refused(&error) => return Ok(None),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Some(Counted { value: total, by: CountedBy::Stretches, requests }))
    }

    async fn count_rows(
        &self,
        schema: &EntitySchema,
        base: &Fetch,
        cancel: &CancellationToken,
    ) -> Result<u64, SynclineError> {
        let mut fetch = Fetch { aggregate: true, ..base.clone() };
        fetch.entity.attributes = vec![Attribute {
            name: schema.summary.primary_id.to_string(),
            alias: Some("total".to_owned()),
            aggregate: Some(Aggregate::CountColumn),
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

    /// The creation time of the first or last row, in seconds since 1970.
    async fn edge(
        &self,
        schema: &EntitySchema,
        base: &Fetch,
        last: bool,
        cancel: &CancellationToken,
    ) -> Result<Option<i64>, SynclineError> {
        let none: [&str; 0] = [];
        let mut fetch = narrowed(base, [Condition::new(CREATED, Operator::NotNull, none)]);
        fetch.top = Some(1);
        fetch.entity.attributes = vec![Attribute { name: CREATED.to_owned(), ..Attribute::default() }];
        fetch.entity.orders =
            vec![Order { attribute: Some(CREATED.to_owned()), descending: last, ..Order::default() }];
        self.api
            .page(&self.fetch_url(&schema.summary, &fetch), &[], cancel, |page, _| {
                let Some(row) = page.value.first() else { return Ok(None) };
                let row: BTreeMap<String, serde_json::Value> =
                    serde_json::from_str(row.get()).map_err(|_| unreadable("first row", "no object"))?;
                let text = row.get(CREATED).and_then(serde_json::Value::as_str).unwrap_or_default();
                seconds(text).map(Some).ok_or_else(|| unreadable("first row", "no creation time"))
            })
            .await
    }
}

fn strip(fetch: &mut Fetch) {
    fn links(all: &mut [LinkEntity]) {
        for link in all {
            link.attributes.clear();
            link.all_attributes = false;
            link.orders.clear();
            links(&mut link.links);
        }
    }
    fetch.entity.all_attributes = false;
    fetch.entity.attributes.clear();
    fetch.entity.orders.clear();
    links(&mut fetch.entity.links);
}

fn narrowed(base: &Fetch, conditions: impl IntoIterator<Item = Condition>) -> Fetch {
    let mut fetch = base.clone();
    let more = Filter { conditions: conditions.into_iter().collect(), ..Filter::default() };
    fetch.entity.filter = Some(match fetch.entity.filter.take() {
        Some(filter) => filter.and(more),
        None => more,
    });
    fetch
}

/// Equal stretches from `from` to before `until`.
fn cut(from: i64, until: i64, parts: i64) -> Vec<(i64, i64)> {
    let length = until.saturating_sub(from).max(1);
    let parts = parts.clamp(1, length);
    (0..parts)
        .map(|part| (from + length * part / parts, from + length * (part + 1) / parts))
        .filter(|(from, until)| from < until)
        .collect()
}

/// Days since 1970 of a civil date (proleptic Gregorian calendar).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// `2026-01-31T08:00:00Z` in seconds since 1970; a fraction is dropped.
fn seconds(text: &str) -> Option<i64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let date = days(number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let clock = match text.get(11..19) {
        Some(_) => number(11, 13)? * 3600 + number(14, 16)? * 60 + number(17, 19)?,
        None => 0,
    };
    Some(date * 86_400 + clock)
}

fn moment(seconds: i64) -> String {
    let (day, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", clock / 3600, clock / 60 % 60, clock % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stretches_cover_every_second_once() {
        assert_eq!(cut(0, 10, 3), [(0, 3), (3, 6), (6, 10)]);
        assert_eq!(cut(5, 6, 4), [(5, 6)]);
        assert_eq!(moment(1_769_846_400), "2026-01-31T08:00:00Z");
        assert_eq!(seconds("2026-01-31T08:00:00Z"), Some(1_769_846_400));
        assert_eq!(seconds("soon"), None);
    }

    proptest! {
        #[test]
        fn moments_are_read_as_they_were_written(at in -2_000_000_000i64..5_000_000_000) {
            prop_assert_eq!(seconds(&moment(at)), Some(at));
        }
    }
}
