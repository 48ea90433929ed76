//! Rows in one call: CreateMultiple, UpdateMultiple, UpsertMultiple. Source: Dataverse Web API, bulk operation messages.
//!
//! Standard tables take all rows of a call or none; elastic ones what they can, and say for each row what became of it. Rows that a call did
//! not take are left to `$batch`, where each gets its own answer.

use serde::Deserialize;
use syncline_connect::{Outcome, OutcomeKind, RowRequest, WriteOptions};
use syncline_http::{Method, Response, SendError};
use syncline_model::{EntitySchema, RecordId, SynclineError};
use syncline_odata::error_body;
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::error::{explain, service_error};
use crate::messages::{Message, row_id};
use crate::switches::headers;

/// Fewer rows gain nothing over `$batch`.
pub(crate) const LEAST_ROWS: usize = 2;

/// Rows of a write that may go by one message.
pub(crate) struct Group {
    pub(crate) message: Message,
    /// Positions among the rows of the write.
    pub(crate) rows: Vec<usize>,
}

/// What a call brought.
pub(crate) enum Called {
    /// One entry for each of the group's rows; `None`: not taken, nothing of it was written.
    Told(Vec<Option<Outcome>>),
    /// It left, and no answer tells what became of it.
    Lost(String),
}

/// The answer of CreateMultiple.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    ids: Vec<String>,
}

/// What an elastic table says of one row.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    request_index: usize,
    id: Option<String>,
    status_code: u16,
}

impl DataverseConnector {
    /// The rows that may go in bulk, by message; the others are in no group.
    pub(crate) async fn groups(
        &self,
        schema: &EntitySchema,
        rows: &[RowRequest],
        cancel: &CancellationToken,
    ) -> Result<Vec<Group>, SynclineError> {
        if rows.len() < LEAST_ROWS {
            return Ok(Vec::new());
        }
        let messages = self.bulk_messages(schema, cancel).await?;
        let set = schema.summary.set_name.as_str();
        let of = |message: Message| {
            let fits = |row: &RowRequest| {
                messages.takes(row) == Some(message) && row_id(row).is_some_and(|(found, _)| found == set)
            };
            let rows: Vec<usize> =
                rows.iter().enumerate().filter(|(_, row)| fits(row)).map(|(at, _)| at).collect();
            Group { message, rows }
        };
        Ok(Message::ALL.into_iter().map(of).filter(|group| group.rows.len() >= LEAST_ROWS).collect())
    }

    /// Sends a group in one call. `Err`: nothing was written, and the rows would meet the same in any other way.
    pub(crate) async fn call_multiple(
        &self,
        schema: &EntitySchema,
        rows: &[RowRequest],
        group: &Group,
        options: &WriteOptions,
        cancel: &CancellationToken,
    ) -> Result<Called, SynclineError> {
        let ids: Vec<String> =
            group.rows.iter().filter_map(|at| row_id(&rows[*at]).map(|(_, id)| id)).collect();
        let path = format!("/{}/Microsoft.Dynamics.CRM.{}", schema.summary.set_name, group.message.name());
        let mut request = self
            .api
            .request(Method::POST, &self.api.url(&path))
            .header("Content-Type", "application/json; charset=utf-8")
            // Elastic tables tell of each row in an annotation.
            .header("Prefer", "odata.include-annotations=\"*\"")
            .body(targets(schema, rows, group, &ids))
            .cancel_unsent(cancel);
        for (name, value) in headers(options) {
            request = request.header(name, value);
        }
        let response = match request.try_send().await {
            Ok(response) => response,
            Err(SendError { error, maybe_sent: true }) => return Ok(Called::Lost(error.message)),
            Err(SendError { error, maybe_sent: false }) => return Err(explain(error)),
        };
        if response.status.is_success() {
            return Ok(taken(group.message, &ids, &response));
        }
        if let Some(details) = details(&response) {
            return Ok(Called::Told(told(group.message, &ids, &details)));
        }
        let status = response.status.as_u16();
        // The service itself refused: it did nothing of the call. A gateway or a time limit says nothing of that.
        let refused = error_body(&response.body).is_some_and(|body| body.code.starts_with("0x"));
        if matches!(status, 408 | 502..=504) || (response.status.is_server_error() && !refused) {
            return Ok(Called::Lost(format!("HTTP {} without an answer for each row", response.status)));
        }
        let error = service_error(&response);
        if matches!(status, 401 | 429) {
            return Err(error);
        }
        tracing::debug!(code = ?error.service_code, rows = ids.len(), "{} was refused", group.message.name());
        Ok(Called::Told(vec![None; ids.len()]))
    }
}

/// The call's body. Each target is the row's own body, byte for byte, with its type and primary key before it.
fn targets(schema: &EntitySchema, rows: &[RowRequest], group: &Group, ids: &[String]) -> String {
    let size: usize = group.rows.iter().map(|at| rows[*at].body.len() + 140).sum();
    let mut text = String::with_capacity(size + 16);
    text.push_str("{\"Targets\":[");
    for (number, (at, id)) in group.rows.iter().zip(ids).enumerate() {
        if number > 0 {
            text.push(',');
        }
        // Logical names are made of letters, digits and underscores, ids of hexadecimal digits and hyphens.
        text.push_str("{\"@odata.type\":\"Microsoft.Dynamics.CRM.");
        text.push_str(schema.summary.logical_name.as_str());
        text.push_str("\",\"");
        text.push_str(schema.summary.primary_id.as_str());
        text.push_str("\":\"");
        text.push_str(id);
        text.push('"');
        let members = rows[*at].body.trim().trim_start_matches('{').trim_start();
        if !members.starts_with('}') {
            text.push(',');
        }
        text.push_str(members);
    }
    text.push_str("]}");
    text
}

fn done(message: Message, id: &str) -> Outcome {
    let kind = match message {
        Message::Create => OutcomeKind::Created,
        Message::Update => OutcomeKind::Updated,
        // The service does not tell which.
        Message::Upsert => OutcomeKind::Upserted,
    };
    Outcome { kind, id: Some(RecordId::new(id.to_lowercase())), code: None, message: None, request_id: None }
}

fn taken(message: Message, ids: &[String], response: &Response) -> Called {
    if message == Message::Create {
        // The ids come in the order of the targets; they are the ones that were sent.
        let same = |created: Created| {
            created.ids.len() == ids.len()
                && created.ids.iter().zip(ids).all(|(told, sent)| told.eq_ignore_ascii_case(sent))
        };
        if !response.json::<Created>().is_ok_and(same) {
            return Called::Lost("the answer does not name the rows that were sent".to_owned());
        }
    } else if response.header("odata-version").is_none() {
        return Called::Lost("another server answered in place of the service".to_owned());
    }
    let request = response.request_id().map(str::to_owned);
    let told = |id: &String| Some(Outcome { request_id: request.clone(), ..done(message, id) });
    Called::Told(ids.iter().map(told).collect())
}

/// What an elastic table says of each row, where it does.
fn details(response: &Response) -> Option<Vec<Detail>> {
    let body: serde_json::Value = serde_json::from_slice(&response.body).ok()?;
    let error = body.get("error")?.as_object()?;
    let text = error.iter().find(|(name, _)| name.ends_with("BulkApiErrorDetails"))?.1.as_str()?;
    serde_json::from_str(text).ok()
}

fn told(message: Message, ids: &[String], details: &[Detail]) -> Vec<Option<Outcome>> {
    let of = |(at, id): (usize, &String)| {
        let detail = details.iter().find(|detail| detail.request_index == at)?;
        let named = detail.id.as_deref().filter(|named| !named.is_empty());
        let ours = named.is_none_or(|named| named.eq_ignore_ascii_case(id));
        (ours && (200..300).contains(&detail.status_code)).then(|| done(message, id))
    };
    ids.iter().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_elastic_answer_is_read_row_by_row() {
        let text =
            r#"[{"RequestIndex":1,"Id":"B","StatusCode":201},{"RequestIndex":0,"Id":"A","StatusCode":429}]"#;
        let details: Vec<Detail> = serde_json::from_str(text).unwrap();
        let told = told(Message::Create, &["a".into(), "b".into(), "c".into()], &details);
        let kinds: Vec<_> = told.iter().map(|told| told.as_ref().map(|outcome| outcome.kind)).collect();
        assert_eq!(kinds, [None, Some(OutcomeKind::Created), None]);
    }
}
