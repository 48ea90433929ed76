//! A batch that is taken whole or not at all: one change set. Source: Dataverse Web API, batch operations, change sets.

use syncline_connect::{Outcome, OutcomeKind, RowRequest, WriteOptions};
use syncline_model::{EntitySchema, SynclineError};
use syncline_odata::{BatchItem, BatchPart, BatchReply};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::write::{Sent, outcome, part_error, unknown};

/// Code of a row that was fine by itself.
const OTHERS_FAULT: &str = "change_set_refused";

impl DataverseConnector {
    pub(crate) async fn write_change_set(
        &self,
        schema: &EntitySchema,
        rows: &[RowRequest],
        options: &WriteOptions,
        cancel: &CancellationToken,
    ) -> Result<Vec<Outcome>, SynclineError> {
        let set = BatchItem::ChangeSet(rows.iter().map(|row| self.part(row, options)).collect());
        let (replies, complete) = match self.send_items(&[set], cancel).await? {
            Sent::Parts(replies, complete) => (replies, complete),
            Sent::Lost(why) => return Ok(vec![unknown(&why); rows.len()]),
        };
        let every = |why: &str| Ok(vec![unknown(why); rows.len()]);
        match replies.into_iter().next() {
            Some(BatchReply::ChangeSet(parts)) if parts.len() == rows.len() => {
                Ok(rows.iter().zip(&parts).map(|(row, part)| outcome(schema, row, part)).collect())
            }
            Some(BatchReply::ChangeSet(_)) if !complete => every("the answer broke off"),
            Some(BatchReply::Single(part)) if !part.status.is_success() => refused(schema, rows, &part),
            Some(BatchReply::ChangeSet(_) | BatchReply::Single(_)) | None => {
                every("the answer does not fit the request")
            }
        }
    }
}

/// A failed change set answers once. The part's Content-ID, where it comes, tells whose fault it is; nothing was written of any row.
fn refused(
    schema: &EntitySchema,
    rows: &[RowRequest],
    part: &BatchPart,
) -> Result<Vec<Outcome>, SynclineError> {
    let number = part.content_id.as_deref().and_then(|id| id.trim().parse::<usize>().ok());
    let at = number.and_then(|number| number.checked_sub(1)).filter(|at| *at < rows.len());
    if part.status.as_u16() == 429 {
        return Err(part_error(part, &rows[at.unwrap_or(0)]));
    }
    let other = |text: String| Outcome {
        kind: OutcomeKind::Failed,
        id: None,
        code: Some(OTHERS_FAULT.to_owned()),
        message: Some(text),
        request_id: None,
    };
    let rows = rows.iter().enumerate().map(|(position, row)| match at {
        Some(at) if at == position => outcome(schema, row, part),
        Some(at) => other(format!(
            "not written: the batch is taken whole or not at all, and its row {} was refused",
            at + 1
        )),
        None => {
            let told = outcome(schema, row, part);
            let text = told.message.unwrap_or_default();
            other(format!(
                "not written: the batch is taken whole or not at all, and one row was refused: {text}"
            ))
        }
    });
    Ok(rows.collect())
}
