//! Sending a batch and telling what became of each row. Source: Dataverse Web API, batch operations.

use std::time::Duration;
use syncline_connect::{Outcome, OutcomeKind, RowRequest, WriteOptions};
use syncline_http::{HeaderValue, Method, Response, SendError};
use syncline_model::{EntitySchema, ErrorCode, RecordId, SynclineError};
use syncline_odata::{
    BatchItem, BatchPart, BatchReply, BatchRequest, guid, read_batch, refusal, write_batch,
};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::bulk::Called;
use crate::error::{explain, service_error};
use crate::switches::headers;

/// How often rows are sent again that the service turned away unread (429 inside a batch, or parts after a stop).
const MOST_ROUNDS: u32 = 5;

/// What one sending brought.
pub(crate) enum Sent {
    /// Parts by position, and whether the answer was whole.
    Parts(Vec<BatchReply>, bool),
    /// It left, and no answer tells what became of it.
    Lost(String),
}

impl DataverseConnector {
    /// Rows that a bulk message may take go first, each message in one call; the others, and those that a call did not take, go by
    /// `$batch`, each with an answer of its own.
    pub(crate) async fn send_rows(
        &self,
        schema: &EntitySchema,
        rows: &[RowRequest],
        options: &WriteOptions,
        cancel: &CancellationToken,
    ) -> Result<Vec<Outcome>, SynclineError> {
        if options.all_or_nothing {
            return self.write_change_set(schema, rows, options, cancel).await;
        }
        let mut outcomes: Vec<Option<Outcome>> = vec![None; rows.len()];
        for group in self.groups(schema, rows, cancel).await? {
            match self.call_multiple(schema, rows, &group, options, cancel).await {
                Ok(Called::Told(told)) => {
                    group.rows.iter().zip(told).for_each(|(at, told)| outcomes[*at] = told);
                }
                Ok(Called::Lost(why)) => {
                    group.rows.iter().for_each(|at| outcomes[*at] = Some(unknown(&why)));
                }
                Err(error) => return ended(outcomes, error),
            }
        }
        self.batch_rows(schema, rows, outcomes, options, cancel).await
    }

    /// Sends the rows that have no outcome yet by `$batch`.
    async fn batch_rows(
        &self,
        schema: &EntitySchema,
        rows: &[RowRequest],
        mut outcomes: Vec<Option<Outcome>>,
        options: &WriteOptions,
        cancel: &CancellationToken,
    ) -> Result<Vec<Outcome>, SynclineError> {
        let mut open: Vec<usize> = (0..rows.len()).filter(|at| outcomes[*at].is_none()).collect();
        let mut round = 0;
        while !open.is_empty() {
            let sent = match self.send_batch(rows, &open, options, cancel).await {
                Ok(sent) => sent,
                Err(error) if round == 0 => return ended(outcomes, error),
                Err(error) => {
                    open.iter().for_each(|at| outcomes[*at] = Some(failed(&error)));
                    break;
                }
            };
            round += 1;
            let (replies, complete) = match sent {
                Sent::Parts(replies, complete) => (replies, complete),
                Sent::Lost(why) => {
                    open.iter().for_each(|at| outcomes[*at] = Some(unknown(&why)));
                    break;
                }
            };
            let mut again = Vec::new();
            let answered = replies.len().min(open.len());
            let mut progress = false;
            for (at, reply) in open.iter().copied().zip(replies) {
                match reply {
                    BatchReply::Single(part) if part.status.as_u16() == 429 => {
                        let asked = part.headers.get("retry-after").and_then(|value| value.to_str().ok());
                        let seconds = asked.and_then(|text| text.trim().parse().ok()).unwrap_or(1);
                        self.api.gate.pause_for(Duration::from_secs(seconds).min(Duration::from_secs(600)));
                        outcomes[at] = Some(failed(&part_error(&part, &rows[at])));
                        again.push(at);
                    }
                    BatchReply::Single(part) => {
                        progress = true;
                        outcomes[at] = Some(outcome(schema, &rows[at], &part));
                    }
                    BatchReply::ChangeSet(_) => {
                        progress = true;
                        outcomes[at] = Some(unknown("the answer does not fit the request"));
                    }
                }
            }
            let unanswered = open.split_off(answered);
            if complete {
                // The service stopped at a failure and did not look at the rest.
                for at in &unanswered {
                    outcomes[*at] = Some(failed(&SynclineError::new(
                        ErrorCode::ServiceRefused,
                        "the service stopped before this row",
                    )));
                }
                again.extend(unanswered);
            } else {
                unanswered.iter().for_each(|at| outcomes[*at] = Some(unknown("the answer broke off")));
            }
            again.sort_unstable();
            if round >= MOST_ROUNDS
                || (!progress && again.len() == rows.len() && round > 2)
                || cancel.is_cancelled()
            {
                break;
            }
            open = again;
        }
        Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| unknown("no answer"))).collect())
    }

    /// Sends these rows once. `Err`: nothing was written.
    async fn send_batch(
        &self,
        rows: &[RowRequest],
        which: &[usize],
        options: &WriteOptions,
        cancel: &CancellationToken,
    ) -> Result<Sent, SynclineError> {
        let items: Vec<BatchItem> = which.iter().map(|at| self.item(&rows[*at], options)).collect();
        self.send_items(&items, cancel).await
    }

    /// Sends a `$batch`. `Err`: nothing was written.
    pub(crate) async fn send_items(
        &self,
        items: &[BatchItem],
        cancel: &CancellationToken,
    ) -> Result<Sent, SynclineError> {
        let batch = write_batch(items);
        let sent = self
            .api
            .request(Method::POST, &self.api.url("/$batch"))
            .header("Content-Type", batch.content_type)
            .header("Prefer", "odata.continue-on-error")
            .body(batch.body)
            .cancel_unsent(cancel)
            .try_send()
            .await;
        let response = match sent {
            Ok(response) => response,
            Err(SendError { error, maybe_sent: true }) => return Ok(Sent::Lost(error.message)),
            Err(SendError { error, maybe_sent: false }) => return Err(explain(error)),
        };
        let kind = response.header("content-type").unwrap_or_default().to_owned();
        if kind.trim_start().to_ascii_lowercase().starts_with("multipart/") {
            return Ok(match read_batch(&kind, &response.body) {
                Ok(mut answer) => {
                    answer.replies.iter_mut().for_each(|reply| name_request(reply, &response));
                    Sent::Parts(answer.replies, answer.complete)
                }
                Err(error) => Sent::Lost(error.to_string()),
            });
        }
        if response.status.is_success()
            || response.status.is_server_error()
            || response.status.as_u16() == 408
        {
            return Ok(Sent::Lost(format!("HTTP {} without an answer for each row", response.status)));
        }
        Err(service_error(&response))
    }

    fn item(&self, row: &RowRequest, options: &WriteOptions) -> BatchItem {
        BatchItem::Single(self.part(row, options))
    }

    /// A row as a request inside `$batch`.
    pub(crate) fn part(&self, row: &RowRequest, options: &WriteOptions) -> BatchRequest {
        let own = row.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        let switches = headers(options).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        BatchRequest {
            method: row.method.clone(),
            path: format!("{}{}", self.api.path, row.path),
            headers: own.chain(switches).collect(),
            body: row.body.clone(),
        }
    }
}

/// A part that bears no request id has that of the whole answer: the service finds both by it.
fn name_request(reply: &mut BatchReply, response: &Response) {
    let Some(id) = response.request_id().and_then(|id| HeaderValue::from_str(id).ok()) else { return };
    let parts = match reply {
        BatchReply::Single(part) => std::slice::from_mut(part),
        BatchReply::ChangeSet(parts) => parts.as_mut_slice(),
    };
    for part in parts {
        if request_id(part).is_none() {
            part.headers.insert(REQUEST_ID, id.clone());
        }
    }
}

/// Header with the id under which the service's support finds a request.
const REQUEST_ID: &str = "x-ms-service-request-id";

fn request_id(part: &BatchPart) -> Option<String> {
    let header = |name: &str| part.headers.get(name).and_then(|value| value.to_str().ok());
    header(REQUEST_ID).or_else(|| header("req_id")).map(str::to_owned)
}

/// An error that came before anything was written is the write's own; afterwards it belongs to the rows that were left.
fn ended(outcomes: Vec<Option<Outcome>>, error: SynclineError) -> Result<Vec<Outcome>, SynclineError> {
    if outcomes.iter().all(Option::is_none) {
        return Err(error);
    }
    Ok(outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| failed(&error))).collect())
}

fn creates(row: &RowRequest) -> bool {
    row.headers.keys().any(|name| name.eq_ignore_ascii_case("If-None-Match"))
}

pub(crate) fn part_error(part: &BatchPart, row: &RowRequest) -> SynclineError {
    let path = row.path.split('?').next().unwrap_or_default();
    explain(refusal(part.status, &part.headers, &part.body, &format!("{} {path}", row.method)))
}

pub(crate) fn outcome(schema: &EntitySchema, row: &RowRequest, part: &BatchPart) -> Outcome {
    if part.status.is_success() {
        let guarded = row.headers.keys().any(|name| name.eq_ignore_ascii_case("If-Match"));
        let kind = match (creates(row), part.status.as_u16()) {
            _ if row.method == "DELETE" => OutcomeKind::Deleted,
            (true, _) | (false, 201) => OutcomeKind::Created,
            // Without a guard 204 stands for both.
            (false, 204) if !guarded => OutcomeKind::Upserted,
            (false, _) => OutcomeKind::Updated,
        };
        return Outcome {
            kind,
            id: row_id(schema, row, part),
            code: None,
            message: None,
            request_id: request_id(part),
        };
    }
    let error = part_error(part, row);
    let code = error.service_code.as_deref().unwrap_or_default().to_lowercase();
    let kind = match part.status.as_u16() {
        // A duplicate detection rule speaks of another row.
        412 if code == "0x80040333" => OutcomeKind::Failed,
        412 if creates(row) => OutcomeKind::Drifted,
        412 if matches!(code.as_str(), "0x80060892" | "0x80040237") => OutcomeKind::Failed,
        412 => OutcomeKind::Drifted,
        // The row itself is gone; a missing lookup target is another id.
        404 if !creates(row)
            && guid_in(&row.path).is_some_and(|id| error.message.to_lowercase().contains(&id)) =>
        {
            OutcomeKind::Drifted
        }
        502..=504 => OutcomeKind::Unknown,
        _ => OutcomeKind::Failed,
    };
    Outcome { kind, id: guid_in(&row.path).map(RecordId::new), ..failed(&error) }
}

/// From the row's own path, the `OData-EntityId` header, or the body that was asked for.
fn row_id(schema: &EntitySchema, row: &RowRequest, part: &BatchPart) -> Option<RecordId> {
    let entity_id = part.headers.get("odata-entityid").and_then(|value| value.to_str().ok());
    let in_body = || {
        let text = std::str::from_utf8(&part.body).ok()?;
        let raw: &serde_json::value::RawValue = serde_json::from_str(text).ok()?;
        syncline_odata::record_head(raw, schema.summary.primary_id.as_str(), &[]).ok()?.id
    };
    guid_in(&row.path)
        .or_else(|| entity_id.and_then(guid_in))
        .or_else(in_body)
        .map(|id| RecordId::new(id.to_lowercase()))
}

/// The GUID in the last parentheses of a path.
pub(crate) fn guid_in(path: &str) -> Option<String> {
    let path = path.split('?').next()?;
    let start = path.rfind('(')? + 1;
    let end = path.rfind(')')?;
    guid(path.get(start..end)?)
}

pub(crate) fn failed(error: &SynclineError) -> Outcome {
    Outcome {
        kind: OutcomeKind::Failed,
        id: None,
        code: error.service_code.clone().or_else(|| Some(error.code.as_str().to_owned())),
        message: Some(match &error.hint {
            Some(hint) => format!("{} ({hint})", error.message),
            None => error.message.clone(),
        }),
        request_id: error.request_id.clone(),
    }
}

pub(crate) fn unknown(why: &str) -> Outcome {
    Outcome {
        kind: OutcomeKind::Unknown,
        id: None,
        code: None,
        message: Some(why.to_owned()),
        request_id: None,
    }
}
