//! The event ledger while a run sends: an event counts as sent before it leaves, and what another run sent since the preview stays here.

use syncline_model::SynclineError;
use syncline_store::{EventKey, Stream};

use crate::plan_rows::read_extra;
use crate::progress::blocking;
use crate::run_batch::Batch;

impl Batch<'_> {
    /// The events that the request of a row holds, and whether they go again on purpose.
    fn events(&self, row: usize) -> (Vec<EventKey>, bool) {
        let row = &self.rows[row].row;
        let Some(extra) = read_extra(row) else { return (Vec::new(), false) };
        let key = |(event, timestamp)| EventKey { record_id: row.source_id.clone(), event, timestamp };
        (extra.events.into_iter().map(key).collect(), extra.resent)
    }

    /// Events count as sent before they leave: if the machine dies in between, or no answer comes, they may have arrived, and an event that
    /// comes twice can't be taken back. Gives the rows with an event that another run has sent since the preview: they don't leave.
    pub(crate) async fn claim_events(&self, rows: &[usize]) -> Result<Vec<usize>, SynclineError> {
        let mut events = Vec::new();
        for at in rows {
            let (keys, again) = self.events(*at);
            events.extend(keys.into_iter().map(|key| (*at, key, again)));
        }
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let (store, plan) = (self.store.clone(), self.request.plan.clone());
        let (run, now) = (self.run, self.work.now());
        blocking(move || {
            let stream = Stream::of(&plan);
            let asked: Vec<_> = events.iter().map(|(_, key, again)| (key.clone(), *again)).collect();
            let claimed = store.claim_events(stream, run, &asked, now)?;
            let mut taken: Vec<usize> = Vec::new();
            for ((at, ..), claimed) in events.iter().zip(&claimed) {
                if !claimed && taken.last() != Some(at) {
                    taken.push(*at);
                }
            }
            let kept_back: Vec<EventKey> = events
                .into_iter()
                .zip(claimed)
                .filter(|((at, ..), claimed)| *claimed && taken.contains(at))
                .map(|((_, key, _), _)| key)
                .collect();
            store.drop_events(stream, run, &kept_back)?;
            Ok(taken)
        })
        .await
    }

    /// What was certainly not taken may be sent again.
    pub(crate) async fn take_events_back(&self, rows: Vec<usize>) -> Result<(), SynclineError> {
        // What was sent before stays sent, whatever becomes of it the second time.
        let told = rows.into_iter().map(|at| self.events(at));
        let events: Vec<EventKey> = told.filter(|(_, again)| !again).flat_map(|(keys, _)| keys).collect();
        if events.is_empty() {
            return Ok(());
        }
        let (store, plan, run) = (self.store.clone(), self.request.plan.clone(), self.run);
        blocking(move || Ok(store.drop_events(Stream::of(&plan), run, &events)?)).await
    }
}
