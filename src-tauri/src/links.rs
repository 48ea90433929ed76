//! Links `syncline://…` that the operating system hands over: as an argument of a start (Linux, Windows), or as an event (macOS).
//!
//! They wait here until the page takes them, so that none is lost while the window begins, and none is opened twice.

use std::sync::{Mutex, PoisonError};

use tauri::{AppHandle, Emitter, Manager, Runtime};

use crate::shell::Shell;
use crate::window;

/// The scheme that is registered, see `plugins.deep-link` in `tauri.conf.json`.
const SCHEME: &str = "syncline:";

/// Name under which the page hears that links wait for it.
pub(crate) const EVENT: &str = "syncline:link";

/// Longest link that is taken, in bytes.
const LONGEST: usize = 256 * 1024;

/// Most links that wait.
const MOST: usize = 16;

/// Links that the page has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Waiting(Mutex<Vec<String>>);

impl Waiting {
    /// Keeps what is a link of ours; true when there was one.
    pub(crate) fn add(&self, words: impl IntoIterator<Item = String>) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = waiting.len();
        waiting.extend(words.into_iter().filter(|word| is_link(word)).take(MOST.saturating_sub(before)));
        waiting.len() > before
    }

    /// Gives the links away.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// True for a link that the operating system may have handed over.
pub(crate) fn is_link(word: &str) -> bool {
    word.len() <= LONGEST && word.get(..SCHEME.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(SCHEME))
}

/// Links that came while the window runs: they wait, the page is told, the window comes forward.
pub(crate) fn arrive<R: Runtime>(app: &AppHandle<R>, words: impl IntoIterator<Item = String>) {
    window::bring_forward(app);
    if app.state::<Shell>().links().add(words)
        && let Err(error) = app.emit_to(window::LABEL, EVENT, ())
    {
        tracing::warn!(%error, "the page was not told of a link");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_told_from_other_arguments_and_given_away_once() {
        let waiting = Waiting::default();
        let words = ["/usr/bin/syncline-app", "--sample", "syncline://query?v=1", "https://example.com"];
        assert!(waiting.add(words.map(str::to_owned)));
        assert!(!waiting.add(["--help".to_owned()]));
        assert_eq!(waiting.take(), ["syncline://query?v=1"]);
        assert!(waiting.take().is_empty());
    }

    #[test]
    fn a_flood_and_a_giant_are_not_kept() {
        let waiting = Waiting::default();
        assert!(!is_link(&format!("syncline://{}", "x".repeat(LONGEST))));
        waiting.add((0..100).map(|number| format!("syncline://query?{number}")));
        assert_eq!(waiting.take().len(), MOST);
    }
}
