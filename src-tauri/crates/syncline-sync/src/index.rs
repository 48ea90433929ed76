//! The search index behind the records: it catches up while a pull waits for the network, and after the pull.

use syncline_model::{EntityName, SynclineError};
use syncline_store::{IndexState, Store};
use uuid::Uuid;

use crate::progress::{Work, blocking};

/// Records a transaction while a pull is under way: its next page waits no longer than these take.
pub(crate) const WHILE_WAITING: u32 = 500;
/// Records a transaction when nothing else is to be written. More are cheaper each and hold others off longer.
const A_BATCH: u32 = 5_000;

/// Indexes all that can't be found yet, batch by batch. Gives how many are left: none, or some where the work was asked to stop.
pub async fn catch_up(
    store: &Store,
    connection: Uuid,
    entity: &EntityName,
    work: &Work,
) -> Result<u64, SynclineError> {
    let mut done = 0;
    loop {
        let state = step(store, connection, entity, A_BATCH).await?;
        done += state.indexed;
        if state.behind == 0 || work.cancel.is_cancelled() {
            return Ok(state.behind);
        }
        work.tell("making it searchable", done, Some(done + state.behind));
    }
}

async fn step(
    store: &Store,
    connection: Uuid,
    entity: &EntityName,
    most: u32,
) -> Result<IndexState, SynclineError> {
    let (store, entity) = (store.clone(), entity.clone());
    blocking(move || Ok(store.index_records(connection, &entity, most)?)).await
}
