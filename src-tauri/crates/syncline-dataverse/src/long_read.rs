//! Reads whose address is too long for a GET of its own: they travel inside a `$batch`. Source: Dataverse Web API, query (URL length)
//! and batch operations.

use std::time::Duration;
use syncline_http::{Method, Response};
use syncline_model::{ErrorCode, SynclineError};
use syncline_odata::{BatchItem, BatchPart, BatchReply, BatchRequest, read_batch, refusal, write_batch};
use tokio_util::sync::CancellationToken;

use crate::annotations::annotated;
use crate::api::{Api, READ_TRIES, Reply, unreadable};
use crate::error::{explain, service_error};

/// Longest address inside a `$batch`, in characters.
const LONGEST_IN_BATCH: usize = 65_536;
/// How often a read is sent again that was turned away inside the batch.
const THROTTLED_TRIES: u32 = 10;
/// Longest wait that an answer inside the batch may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// What one sending brought.
enum Brought {
    Part(Box<BatchPart>),
    Unreadable(SynclineError),
}

impl Api {
    /// GET inside a `$batch`; success or the service's error.
    pub(crate) async fn get_in_batch(
        &self,
        url: &str,
        prefer: &[String],
        cancel: &CancellationToken,
    ) -> Result<Reply, SynclineError> {
        let path = url.strip_prefix(&self.origin).unwrap_or(url).to_owned();
        if path.len() > LONGEST_IN_BATCH {
            return Err(SynclineError::new(
                ErrorCode::QueryInvalid,
                format!(
                    "the query is too long: {} characters as an address, the service takes {LONGEST_IN_BATCH}",
                    path.len()
                ),
            )
            .hint("name fewer columns or fewer values, or split the query into several"));
        }
        let mut headers = vec![("Accept".to_owned(), "application/json".to_owned())];
        if !prefer.is_empty() {
            headers.push(("Prefer".to_owned(), prefer.join(",")));
        }
        let request = BatchRequest { method: "GET".into(), path, headers, body: String::new() };
        let batch = write_batch(&[BatchItem::Single(request)]);
        let (mut unread, mut throttled) = (0, 0);
        loop {
            let response = self
                .request(Method::POST, &self.url("/$batch"))
                .header("Content-Type", &batch.content_type)
                .body(batch.body.clone())
                .idempotent()
                .cancel(cancel)
                .send()
                .await
                .map_err(explain)?;
            let part = match brought(&response)? {
                Brought::Part(part) => part,
                Brought::Unreadable(error) => {
                    unread += 1;
                    if unread >= READ_TRIES {
                        return Err(error);
                    }
                    continue;
                }
            };
            if part.status.as_u16() == 429 && throttled < THROTTLED_TRIES {
                let asked = part.headers.get("retry-after").and_then(|value| value.to_str().ok());
                let wait = Duration::from_secs(asked.and_then(|text| text.trim().parse().ok()).unwrap_or(1));
                if wait <= LONGEST_WAIT {
                    throttled += 1;
                    self.gate.pause_for(wait);
                    continue;
                }
            }
            if matches!(part.status.as_u16(), 502..=504) && unread + 1 < READ_TRIES {
                unread += 1;
                continue;
            }
            if part.status.is_success() {
                return Ok(Reply {
                    content_type: "application/json".to_owned(),
                    request_id: response.request_id().map(str::to_owned),
                    annotated: annotated(&part.headers),
                    place: response.place,
                    body: part.body.into(),
                });
            }
            let what = format!("GET in {}", response.place);
            return Err(explain(refusal(part.status, &part.headers, &part.body, &what)));
        }
    }
}

/// The one part of the answer. `Err`: the batch itself was refused.
fn brought(response: &Response) -> Result<Brought, SynclineError> {
    let kind = response.header("content-type").unwrap_or_default();
    let what = match read_batch(kind, &response.body) {
        Ok(answer) if answer.complete => match answer.replies.into_iter().next() {
            Some(BatchReply::Single(part)) => return Ok(Brought::Part(Box::new(part))),
            Some(BatchReply::ChangeSet(_)) | None => "the $batch answer has no part for the read".to_owned(),
        },
        Ok(_) => format!("the answer broke off after {} bytes", response.body.len()),
        Err(error) => error.to_string(),
    };
    if !response.status.is_success() {
        return Err(service_error(response));
    }
    let mut fault = unreadable(&response.place, &what);
    fault.request_id = response.request_id().map(str::to_owned);
    Ok(Brought::Unreadable(fault))
}
