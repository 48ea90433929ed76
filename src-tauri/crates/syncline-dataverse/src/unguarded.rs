//! Tables without optimistic concurrency: the service refuses a version in `If-Match` there, and does nothing. Their rows are looked at right
//! before they are written, and then only have to be there. Source: Dataverse Web API, conditional operations; optimistic concurrency.

use std::collections::HashMap;
use syncline_connect::{Outcome, OutcomeKind, RowRequest, WriteOptions};
use syncline_http::Method;
use syncline_model::{EntitySchema, ErrorCode, RecordId, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::records::Asked;
use crate::single::RecordBody;
use crate::write::{failed, guid_in};

/// What a row is held back with that was looked at.
const CHANGED: &str = "changed_meanwhile";
/// OptimisticConcurrencyNotEnabled.
const NOT_ENABLED: &str = "0x8006088d";
const IF_MATCH: &str = "If-Match";

fn refused(code: Option<&String>) -> bool {
    code.is_some_and(|code| code.eq_ignore_ascii_case(NOT_ENABLED))
}

/// The version that a row must still have; `None`: it need only be there.
fn version(row: &RowRequest) -> Option<&str> {
    row.headers.get(IF_MATCH).map(String::as_str).filter(|version| *version != "*")
}

fn changed(row: &RowRequest, there: bool) -> Outcome {
    let text = if there { "the row changed since it was read" } else { "the row is no longer there" };
    Outcome {
        kind: OutcomeKind::Drifted,
        id: guid_in(&row.path).map(RecordId::new),
        code: Some(CHANGED.to_owned()),
        message: Some(text.to_owned()),
        request_id: None,
    }
}

impl DataverseConnector {
    /// Sends rows; those that the service does not guard by their versions are looked at before.
    pub(crate) async fn write_rows(
        &self,
        schema: &EntitySchema,
        rows: &[RowRequest],
        options: &WriteOptions,
        cancel: &CancellationToken,
    ) -> Result<Vec<Outcome>, SynclineError> {
        let entity = &schema.summary.logical_name;
        if self.is_unguarded(entity) {
            return self.write_looked_at(schema, rows, options, cancel).await;
        }
        let mut outcomes = self.send_rows(schema, rows, options, cancel).await?;
        let held: Vec<usize> = (0..rows.len())
            .filter(|at| refused(outcomes[*at].code.as_ref()) && version(&rows[*at]).is_some())
            .collect();
        if held.is_empty() {
            return Ok(outcomes);
        }
        self.remember_unguarded(entity);
        if options.all_or_nothing {
            return self.write_looked_at(schema, rows, options, cancel).await;
        }
        let again: Vec<RowRequest> = held.iter().map(|at| rows[*at].clone()).collect();
        // The other rows are written: what goes wrong now is told of the held ones alone.
        let told = match self.write_looked_at(schema, &again, options, cancel).await {
            Ok(told) => told,
            Err(error) => again.iter().map(|_| failed(&error)).collect(),
        };
        held.into_iter().zip(told).for_each(|(at, told)| outcomes[at] = told);
        Ok(outcomes)
    }

    async fn write_looked_at(
        &self,
        schema: &EntitySchema,
        rows: &[RowRequest],
        options: &WriteOptions,
        cancel: &CancellationToken,
    ) -> Result<Vec<Outcome>, SynclineError> {
        let ids: Vec<String> =
            rows.iter().filter(|row| version(row).is_some()).filter_map(|row| guid_in(&row.path)).collect();
        let now = self.versions_now(schema, &ids, cancel).await?;
        let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(rows.len());
        for row in rows {
            let found = guid_in(&row.path).and_then(|id| now.get(&id));
            let same = version(row).is_none_or(|version| found.is_some_and(|now| now == version));
            outcomes.push((!same).then(|| changed(row, found.is_some())));
        }
        if options.all_or_nothing && outcomes.iter().any(Option::is_some) {
            let unsent = |row: &RowRequest| Outcome {
                kind: OutcomeKind::Failed,
                code: None,
                message: Some("not sent: another row of the batch had changed".to_owned()),
                ..changed(row, true)
            };
            let all = outcomes.into_iter().zip(rows);
            return Ok(all.map(|(outcome, row)| outcome.unwrap_or_else(|| unsent(row))).collect());
        }
        let open: Vec<usize> = (0..rows.len()).filter(|at| outcomes[*at].is_none()).collect();
        let looked_at: Vec<RowRequest> = open
            .iter()
            .map(|at| {
                let mut row = rows[*at].clone();
                if let Some(guard) = row.headers.get_mut(IF_MATCH) {
                    "*".clone_into(guard);
                }
                row
            })
            .collect();
        if !looked_at.is_empty() {
            let told = self.send_rows(schema, &looked_at, options, cancel).await?;
            open.into_iter().zip(told).for_each(|(at, told)| outcomes[at] = Some(told));
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    async fn versions_now(
        &self,
        schema: &EntitySchema,
        ids: &[String],
        cancel: &CancellationToken,
    ) -> Result<HashMap<String, String>, SynclineError> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let key = Asked::new(schema, std::slice::from_ref(&schema.summary.primary_id))?;
        let found = self.by_ids(schema, ids, &key, cancel).await?;
        Ok(found.into_iter().filter_map(|(id, record)| Some((id, record.etag?))).collect())
    }

    /// A row written by hand under a version; of a table that is not guarded by versions it is looked at before.
    pub(crate) async fn send_guarded(
        &self,
        schema: &EntitySchema,
        method: Method,
        path: &str,
        body: Option<&RecordBody>,
        version: &str,
        cancel: &CancellationToken,
    ) -> Result<(), SynclineError> {
        let entity = &schema.summary.logical_name;
        if !self.is_unguarded(entity) {
            let sent = self.send(method.clone(), path, body, &[(IF_MATCH, version)], cancel).await;
            match sent {
                Err(error) if refused(error.service_code.as_ref()) => self.remember_unguarded(entity),
                sent => return sent.map(drop),
            }
        }
        let now = match guid_in(path) {
            Some(id) => self.versions_now(schema, std::slice::from_ref(&id), cancel).await?.remove(&id),
            None => {
                let path = format!("{path}?$select={}", schema.summary.primary_id);
                let row: serde_json::Value = self.api.json(&path, cancel).await?;
                row["@odata.etag"].as_str().map(str::to_owned)
            }
        };
        if now.as_deref() != Some(version) {
            return Err(SynclineError::new(ErrorCode::ServiceRefused, "the row changed since it was read")
                .hint("read it again, and make the change anew"));
        }
        self.send(method, path, body, &[(IF_MATCH, "*")], cancel).await.map(drop)
    }
}
