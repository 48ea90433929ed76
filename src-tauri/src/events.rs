//! Forwards the application's events to the page, in batches of at most ten a second, and acts on those meant for the shell.

use std::time::Duration;

use syncline_api::wire::Event;
use tauri::{AppHandle, Emitter, Runtime};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::coalesce::coalesce;
use crate::shell::Shell;
use crate::{browser, window};

/// Name under which the page hears a batch: `{ missed: boolean, events: Event[] }`.
pub(crate) const EVENT: &str = "syncline:event";

/// Time between two batches.
const PAUSE: Duration = Duration::from_millis(100);

/// A batch as the page gets it.
#[derive(Debug, Clone, serde::Serialize)]
struct Batch {
    /// True when the page was too slow and events were lost: all it shows is stale.
    missed: bool,
    events: Vec<Event>,
}

/// Runs until the application beneath is gone. The first event of a quiet time goes out at once.
pub(crate) async fn forward<R: Runtime>(app: AppHandle<R>, shell: Shell, mut source: Receiver<Event>) {
    while let Some((missed, events)) = next_batch(&mut source).await {
        for event in &events {
            act(&app, &shell, event);
        }
        let batch = Batch { missed, events: coalesce(events) };
        if (batch.missed || !batch.events.is_empty())
            && let Err(error) = app.emit_to(window::LABEL, EVENT, batch)
        {
            tracing::warn!(%error, "events did not reach the page");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Waits for one event and takes all that lie ready with it; nothing when the sender is gone.
async fn next_batch(source: &mut Receiver<Event>) -> Option<(bool, Vec<Event>)> {
    let mut missed = false;
    let mut events = match source.recv().await {
        Ok(event) => vec![event],
        Err(RecvError::Lagged(_)) => {
            missed = true;
            Vec::new()
        }
        Err(RecvError::Closed) => return None,
    };
    loop {
        match source.try_recv() {
            Ok(event) => events.push(event),
            Err(TryRecvError::Lagged(_)) => missed = true,
            Err(TryRecvError::Empty | TryRecvError::Closed) => return Some((missed, events)),
        }
    }
}

fn act<R: Runtime>(app: &AppHandle<R>, shell: &Shell, event: &Event) {
    match event {
        Event::OpenUrl { url } => {
            if let Err(message) = browser::open(app, url) {
                tracing::warn!(%message, "the browser was not opened");
            }
        }
        Event::Job { job } => shell.jobs().note(job),
        Event::Invalidate { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncline_api::wire::Tag;
    use tokio::sync::broadcast;

    #[tokio::test]
    async fn all_that_lies_ready_is_one_batch() {
        let (sender, mut receiver) = broadcast::channel(8);
        for _ in 0..3 {
            sender.send(Event::Invalidate { tags: vec![Tag::Cache] }).unwrap();
        }
        let (missed, events) = next_batch(&mut receiver).await.unwrap();
        assert!(!missed);
        assert_eq!(events.len(), 3);
    }

    #[tokio::test]
    async fn lost_events_are_told() {
        let (sender, mut receiver) = broadcast::channel(2);
        for _ in 0..5 {
            sender.send(Event::Invalidate { tags: vec![Tag::Runs] }).unwrap();
        }
        let (missed, events) = next_batch(&mut receiver).await.unwrap();
        assert!(missed);
        assert_eq!(events.len(), 2);
    }

    #[tokio::test]
    async fn the_end_of_the_sender_ends_it() {
        let (sender, mut receiver) = broadcast::channel::<Event>(2);
        drop(sender);
        assert!(next_batch(&mut receiver).await.is_none());
    }
}
