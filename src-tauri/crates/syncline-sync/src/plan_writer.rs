//! Stores pages of packed rows behind the planning of the next ones.

use syncline_model::{ErrorCode, SynclineError};
use syncline_store::{PackedRows, Store};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::progress::blocking;

/// Pages that may wait. A packed row takes less than a kilobyte, so that all of them take 12 MB, and once in a while the store is busy for as
/// long as many pages take to be planned: when its log is taken into its file, and the disk is waited for.
const PAGES_WAITING: usize = 24;

/// Stores the pages of one plan, in order.
pub(crate) struct Writer {
    pages: mpsc::Sender<PackedRows>,
    task: JoinHandle<Result<(), SynclineError>>,
}

impl Writer {
    /// Begins with no page.
    pub(crate) fn begin(store: &Store, plan: Uuid) -> Self {
        let (pages, mut waiting) = mpsc::channel::<PackedRows>(PAGES_WAITING);
        let store = store.clone();
        let task = tokio::spawn(async move {
            while let Some(page) = waiting.recv().await {
                let store = store.clone();
                blocking(move || Ok(store.add_packed_rows(plan, &page)?)).await?;
            }
            Ok(())
        });
        Self { pages, task }
    }

    /// Hands a page over. False: it stopped at an earlier one, and [`Writer::end`] tells why.
    pub(crate) async fn write(&self, page: PackedRows) -> bool {
        self.pages.send(page).await.is_ok()
    }

    /// Waits until every page is stored; the error of the first that was not.
    pub(crate) async fn end(self) -> Result<(), SynclineError> {
        drop(self.pages);
        self.task.await.unwrap_or_else(|error| {
            Err(SynclineError::new(ErrorCode::Internal, format!("the work broke off: {error}")))
        })
    }
}
