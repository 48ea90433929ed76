//! The jobs at work, and notifications of the operating system when nobody looks at the window.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use syncline_api::wire::{JobKind, JobState, JobView};
use tauri::{AppHandle, Runtime};
use tauri_plugin_notification::NotificationExt;

use crate::window;

/// The jobs that are at work, as far as events told.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    running: Mutex<HashSet<String>>,
}

impl Jobs {
    /// How many are at work. A sign-in that waits for the browser is none that closing would interrupt.
    pub(crate) fn running(&self) -> usize {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes a job's state.
    pub(crate) fn note(&self, job: &JobView) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if job.kind == JobKind::SignIn {
            return;
        }
        match job.state {
            JobState::Running | JobState::Cancelling => {
                running.insert(job.id.clone());
            }
            JobState::Done | JobState::Failed | JobState::Cancelled => {
                running.remove(&job.id);
            }
        }
    }

    /// Forgets all, when the application beneath was opened anew.
    pub(crate) fn clear(&self) {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Shows a notification, unless a person has the window before them. The page words it, in the person's language and by
/// their settings.
pub(crate) fn tell<R: Runtime>(app: &AppHandle<R>, title: &str, body: &str) {
    if window::has_focus(app) {
        return;
    }
    if let Err(error) = app.notification().builder().title(title).body(body).show() {
        tracing::warn!(%error, "the notification was not shown");
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A pull at work.
    pub(crate) fn job(id: &str, number: u64) -> JobView {
        JobView {
            id: id.to_owned(),
            kind: JobKind::Pull,
            connection: Some("contoso".to_owned()),
            title: "pulling contact".to_owned(),
            state: JobState::Running,
            stage: "reading".to_owned(),
            done: 500,
            total: None,
            rate: None,
            seconds_left: None,
            calls: None,
            seconds: 9.0,
            started_at: "2026-01-05T08:00:00Z".to_owned(),
            finished_at: None,
            error: None,
            result: serde_json::Value::Null,
            number,
        }
    }

    #[test]
    fn a_job_counts_until_it_ends() {
        let jobs = Jobs::default();
        jobs.note(&job("a", 1));
        jobs.note(&JobView { state: JobState::Cancelling, ..job("a", 2) });
        assert_eq!(jobs.running(), 1);
        jobs.note(&JobView { state: JobState::Done, ..job("a", 3) });
        jobs.note(&JobView { state: JobState::Done, ..job("a", 3) });
        assert_eq!(jobs.running(), 0);
    }

    #[test]
    fn a_waiting_sign_in_does_not_hold_the_window() {
        let jobs = Jobs::default();
        jobs.note(&JobView { kind: JobKind::SignIn, ..job("a", 1) });
        assert_eq!(jobs.running(), 0);
    }
}
