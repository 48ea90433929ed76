//! What the shell holds: how far the opening of the application beneath is, and the jobs at work.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use syncline_api::{ApiError, App, AppConfig};
use tauri::{AppHandle, Runtime, async_runtime};
use tokio::sync::watch;

use crate::events;
use crate::links::Waiting;
use crate::notify::Jobs;

/// Opening the store asks the keychain and may fail or wait for a person; the window is there all the while.
#[derive(Clone)]
enum Phase {
    Opening,
    Ready(Arc<App>),
    Failed(ApiError),
}

/// What `app.startup` answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Startup {
    /// `opening`, `ready` or `failed`.
    pub(crate) phase: &'static str,
    /// Why it failed, with the remedy.
    pub(crate) error: Option<ApiError>,
    /// True when the window was started on the sample tenant.
    pub(crate) sample: bool,
    /// Version of the window.
    pub(crate) version: &'static str,
}

/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct Shell(Arc<Inner>);

struct Inner {
    config: AppConfig,
    sample: bool,
    phase: watch::Sender<Phase>,
    forwarder: Mutex<Option<async_runtime::JoinHandle<()>>>,
    jobs: Jobs,
    links: Waiting,
}

impl Shell {
    pub(crate) fn new(config: AppConfig, sample: bool) -> Self {
        let (phase, _) = watch::channel(Phase::Opening);
        Self(Arc::new(Inner {
            config,
            sample,
            phase,
            forwarder: Mutex::new(None),
            jobs: Jobs::default(),
            links: Waiting::default(),
        }))
    }

    /// The jobs at work.
    pub(crate) fn jobs(&self) -> &Jobs {
        &self.0.jobs
    }

    /// Links that the page has not taken yet.
    pub(crate) fn links(&self) -> &Waiting {
        &self.0.links
    }

    /// Opens the application beneath, without waiting for it.
    pub(crate) fn open<R: Runtime>(&self, app: AppHandle<R>) {
        let shell = self.clone();
        async_runtime::spawn(async move {
            let opened = App::open(shell.0.config.clone()).await;
            shell.opened(app, opened);
        });
    }

    fn opened<R: Runtime>(&self, app: AppHandle<R>, opened: Result<Arc<App>, ApiError>) {
        match opened {
            Ok(api) => {
                self.0.jobs.clear();
                let task = async_runtime::spawn(events::forward(app, self.clone(), api.events()));
                let mut forwarder = self.0.forwarder.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(former) = forwarder.replace(task) {
                    former.abort();
                }
                self.0.phase.send_replace(Phase::Ready(api));
            }
            Err(error) => {
                tracing::warn!(code = ?error.code, message = %error.message, "the store was not opened");
                self.0.phase.send_replace(Phase::Failed(error));
            }
        }
    }

    /// Opens once more after a failure; otherwise changes nothing. Answers when it is known how it went.
    pub(crate) async fn retry<R: Runtime>(&self, app: AppHandle<R>) -> Startup {
        self.open_again_if_failed(app);
        let _ = self.api().await;
        self.startup()
    }

    /// Opens once more after a failure, without waiting; a page that is loaded anew asks for it too.
    pub(crate) fn open_again_if_failed<R: Runtime>(&self, app: AppHandle<R>) {
        let failed = self.0.phase.send_if_modified(|phase| match phase {
            Phase::Failed(_) => {
                *phase = Phase::Opening;
                true
            }
            Phase::Opening | Phase::Ready(_) => false,
        });
        if failed {
            self.open(app);
        }
    }

    /// Ends jobs and the sample tenant, at the application's end.
    pub(crate) fn close(&self) {
        let phase = self.0.phase.borrow().clone();
        match phase {
            Phase::Ready(api) => async_runtime::block_on(api.close()),
            Phase::Opening | Phase::Failed(_) => {}
        }
    }

    /// How far the opening is.
    pub(crate) fn startup(&self) -> Startup {
        let (phase, error) = match &*self.0.phase.borrow() {
            Phase::Opening => ("opening", None),
            Phase::Ready(_) => ("ready", None),
            Phase::Failed(error) => ("failed", Some(error.clone())),
        };
        Startup { phase, error, sample: self.0.sample, version: env!("CARGO_PKG_VERSION") }
    }

    /// The application beneath, once it is known whether it opens.
    pub(crate) async fn api(&self) -> Result<Arc<App>, ApiError> {
        let mut phase = self.0.phase.subscribe();
        loop {
            match &*phase.borrow_and_update() {
                Phase::Ready(api) => return Ok(api.clone()),
                Phase::Failed(error) => return Err(error.clone()),
                Phase::Opening => {}
            }
            // The sender lives as long as `self`, so waiting ends only with a change.
            if phase.changed().await.is_err() {
                return Err(ApiError::new(syncline_model::ErrorCode::Internal, "the window is closing"));
            }
        }
    }
}
