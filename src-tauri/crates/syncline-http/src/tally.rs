//! How many requests one piece of work sent. The gate counts for everybody who talks to a tenant; a tally counts for one job, over all
//! services that it talks to, whichever connections it uses.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

tokio::task_local! {
    static HERE: Tally;
}

/// A count of requests. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<AtomicU64>);

impl Tally {
    /// Requests so far, repeated ones included. Those for tokens pass no gate and are not among them.
    pub fn sent(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Counts what is sent from within this future. Tasks that it spawns are not within it: they take the tally with them.
    pub async fn count<F: Future>(&self, work: F) -> F::Output {
        HERE.scope(self.clone(), work).await
    }

    /// One more, for whoever counts here.
    pub(crate) fn one_more() {
        // Where nobody counts there is nothing to add.
        let _ = HERE.try_with(|tally| tally.0.fetch_add(1, Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_counts_its_own() {
        let (one, other) = (Tally::default(), Tally::default());
        Tally::one_more();
        one.count(async {
            Tally::one_more();
            other.count(async { Tally::one_more() }).await;
            tokio::task::yield_now().await;
            Tally::one_more();
            let taken = one.clone();
            tokio::spawn(async move { taken.count(async { Tally::one_more() }).await }).await.unwrap();
        })
        .await;
        assert_eq!((one.sent(), other.sent()), (3, 1));
    }
}
