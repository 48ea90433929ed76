//! What long work is given: a clock, where to tell how far it is, and a token that stops it.

use jiff::Timestamp;
use std::sync::Arc;
use syncline_http::Tally;
use syncline_model::{ErrorCode, SynclineError};
use tokio_util::sync::CancellationToken;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// Is told the stage, what is done and what there is in all.
pub type OnProgress = Arc<dyn Fn(&str, u64, Option<u64>) + Send + Sync>;

/// Is told the requests sent so far, and how many there will be at the end where that can be told.
pub type OnCalls = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// The surroundings of long work.
#[derive(Clone)]
pub struct Work {
    /// The time.
    pub clock: Clock,
    /// How far it is.
    pub progress: OnProgress,
    /// Its requests.
    pub calls: OnCalls,
    /// Counts them.
    pub tally: Tally,
    /// Asks it to stop.
    pub cancel: CancellationToken,
}

impl Work {
    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }
    /// Tells how far the work is.
    pub fn tell(&self, stage: &str, done: u64, total: Option<u64>) {
        (self.progress)(stage, done, total);
    }
    /// Tells what was sent so far, with what is still to come.
    pub(crate) fn tell_calls(&self, to_come: Option<u64>) {
        let sent = self.tally.sent();
        (self.calls)(sent, to_come.map(|more| sent + more));
    }
    /// An error when it was asked to stop.
    pub fn check(&self) -> Result<(), SynclineError> {
        if self.cancel.is_cancelled() {
            Err(SynclineError::new(ErrorCode::Cancelled, "stopped on request"))
        } else {
            Ok(())
        }
    }
}

/// Runs blocking work (store, files) off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SynclineError> + Send + 'static,
) -> Result<T, SynclineError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(SynclineError::new(ErrorCode::Internal, format!("the work broke off: {error}")))
    })
}
