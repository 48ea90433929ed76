//! The event ledger while a plan is made: what was sent before is held back, or goes again where that is asked for.

use syncline_mapping::Mapped;
use syncline_model::{Record, RowIssue, SynclineError};

use crate::plan::Planner;

/// What became of a row's events.
#[derive(Debug, Clone, Default)]
pub(crate) struct EventNotes {
    /// Name and source timestamp of those that its request holds.
    pub(crate) keys: Vec<(String, String)>,
    /// Those that were taken out.
    pub(crate) held_back: u64,
    /// Those that were sent before and go again.
    pub(crate) resent: u64,
}

/// Takes events out that were sent before, or only says so where they are to go again; the notes of each row. Blocks.
pub(crate) fn hold_back_events(
    planner: &Planner,
    mapped: &mut [(Record, Mapped)],
) -> Result<Vec<EventNotes>, SynclineError> {
    let keys: Vec<(&str, &str, &str)> = mapped
        .iter()
        .flat_map(|(record, mapped)| {
            let id = record.id.as_str();
            mapped.record.events.iter().map(move |event| (id, event.name.as_str(), event.timestamp.as_str()))
        })
        .collect();
    if keys.is_empty() {
        return Ok(vec![EventNotes::default(); mapped.len()]);
    }
    let resend = planner.request.resend_events;
    let request = &planner.request;
    let sent = planner.store.events_sent(&request.definition.name, request.destination, &keys)?;
    let mut sent = sent.into_iter();
    let mut kept = Vec::with_capacity(mapped.len());
    for (_, mapped) in mapped {
        let mut notes = EventNotes::default();
        let mut issues = Vec::new();
        mapped.record.events.retain(|event| {
            let before = sent.next().flatten();
            if before.is_none() || resend {
                notes.keys.push((event.name.clone(), event.timestamp.clone()));
            }
            let Some(at) = before else { return true };
            let (code, end) = if resend {
                notes.resent += 1;
                ("event_sent_again", "goes again")
            } else {
                notes.held_back += 1;
                ("event_already_sent", "is held back")
            };
            issues.push(RowIssue {
                code: code.to_owned(),
                field: event.name.clone(),
                message: format!(
                    "the event {} was sent, or left without an answer, on {at} and {end}",
                    event.name
                ),
            });
            resend
        });
        mapped.issues.extend(issues);
        kept.push(notes);
    }
    Ok(kept)
}
