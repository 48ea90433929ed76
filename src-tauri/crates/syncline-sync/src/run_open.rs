//! Taking a run up again: rows that left and have no answer are looked up at the destination before anything is sent.

use syncline_model::{EntitySchema, SynclineError};
use syncline_store::{RunOutcome, RunRowFilter, SENDING, Store};
use uuid::Uuid;

use crate::arrived::{arrived, probe_rows};
use crate::feed::due;
use crate::progress::{Work, blocking};
use crate::run::RunRequest;
use crate::run_batch::taken_kind;

/// Rows that are looked up at once.
const WINDOW: u32 = 200;

/// Settles every row without an answer. One that arrived counts as written, one that certainly did not is sent again, and where the
/// destination can't be asked it stays unknown.
pub(crate) async fn settle_open(
    store: &Store,
    request: &RunRequest,
    schema: &EntitySchema,
    run: Uuid,
    work: &Work,
) -> Result<(), SynclineError> {
    let destination = request.destination.as_ref();
    let asks = destination.capabilities().reads_back;
    let mut offset = 0;
    loop {
        work.check()?;
        let kept = store.clone();
        let filter = RunRowFilter {
            outcomes: vec![SENDING.to_owned(), "unknown".to_owned()],
            ..RunRowFilter::default()
        };
        let open = blocking(move || Ok(kept.run_rows(run, &filter, offset, WINDOW)?.rows)).await?;
        if open.is_empty() {
            return Ok(());
        }
        work.tell("asking what arrived", offset, None);
        let (kept, plan) = (store.clone(), request.plan.id);
        let ordinals: Vec<u32> = open.iter().map(|row| row.outcome.ordinal).collect();
        let rows = blocking(move || {
            let mut rows = Vec::with_capacity(ordinals.len());
            for ordinal in ordinals {
                let Some(mut row) = kept.plan_row(plan, ordinal)? else { continue };
                if let Some(sent) = kept.row_as_sent(run, ordinal)? {
                    sent.tell(&mut row);
                }
                rows.push(row);
            }
            Ok(rows)
        })
        .await?;
        let rows = rows.into_iter().map(due).collect::<Result<Vec<_>, _>>()?;
        let (mut known, mut again) = (Vec::new(), Vec::new());
        let probes = if asks {
            let which: Vec<_> = rows.iter().collect();
            Some(probe_rows(destination, schema, &which, &work.cancel).await?)
        } else {
            None
        };
        for (at, row) in rows.iter().enumerate() {
            let told = &open[at].outcome;
            let outcome = match probes.as_ref().map(|probes| arrived(destination, schema, row, &probes[at])) {
                None => RunOutcome {
                    outcome: "unknown".to_owned(),
                    code: Some("no_answer".to_owned()),
                    message: Some(
                        "it left and no answer came; the destination can't be asked whether it arrived"
                            .to_owned(),
                    ),
                    ..told.clone()
                },
                Some(None) => {
                    again.push(told.ordinal);
                    continue;
                }
                Some(Some(found)) => RunOutcome {
                    outcome: taken_kind(row.row.action).1.to_owned(),
                    destination_id: found,
                    // What it is now may be somebody else's already.
                    version: None,
                    code: None,
                    message: None,
                    at: work.now(),
                    ..told.clone()
                },
            };
            known.push(outcome);
        }
        // What can't be asked stays where it is, so the next window begins after it.
        if !asks {
            offset += known.len() as u64;
        }
        let kept = store.clone();
        blocking(move || {
            kept.add_run_rows(run, &known)?;
            Ok(kept.drop_run_rows(run, &again)?)
        })
        .await?;
    }
}
