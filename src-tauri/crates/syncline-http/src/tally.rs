//! How many requests one piece of work sent. The gate counts for everybody who talks to a tenant; a tally counts for one job, over all
//! services that it talks to, whichever connections it uses.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

tokio::task_local! {
    static HERE: Tally;
}

/// Numbers of tallies, unique in a process.
static NEXT: AtomicU64 = AtomicU64::new(1);

#[derive(Debug)]
struct Inner {
    id: u64,
    sent: AtomicU64,
    /// The work that this is a part of.
    whole: Option<Tally>,
}

/// A count of requests. Clones count together.
#[derive(Debug, Clone)]
pub struct Tally(Arc<Inner>);

impl Default for Tally {
    fn default() -> Self {
        Self(Arc::new(Inner { id: NEXT.fetch_add(1, Relaxed), sent: AtomicU64::new(0), whole: None }))
    }
}

impl Tally {
    /// Requests so far, repeated ones included. Those for tokens pass no gate and are not among them.
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Relaxed)
    }

    /// A count of a part of this work: what is sent there counts here too, and goes by the same id.
    #[must_use]
    pub fn part(&self) -> Self {
        Self(Arc::new(Inner { id: self.0.id, sent: AtomicU64::new(0), whole: Some(self.clone()) }))
    }

    /// Tells the work that is counted apart from others of this process.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// The id of whoever counts here.
    pub(crate) fn here() -> Option<u64> {
        HERE.try_with(Self::id).ok()
    }

    /// Counts what is sent from within this future. Tasks that it spawns are not within it: they take the tally with them.
    pub async fn count<F: Future>(&self, work: F) -> F::Output {
        HERE.scope(self.clone(), work).await
    }

    /// One more, for whoever counts here.
    pub(crate) fn one_more() {
        // Where nobody counts there is nothing to add.
        let _ = HERE.try_with(|tally| {
            let mut next = Some(tally);
            while let Some(tally) = next {
                tally.0.sent.fetch_add(1, Relaxed);
                next = tally.0.whole.as_ref();
            }
        });
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
        let part = one.part();
        part.count(async { Tally::one_more() }).await;
        assert_eq!((part.sent(), one.sent(), part.id()), (1, 4, one.id()));
        assert_eq!(one.count(async { Tally::here() }).await, Some(one.id()));
        assert!(one.id() != other.id() && Tally::here().is_none());
    }
}
