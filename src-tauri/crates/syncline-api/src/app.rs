//! The composition root: store, vault, network, connections in use, jobs. Nothing here knows a window.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use syncline_http::{Gate, HttpClient, HttpConfig, ProxySetting, ReqwestService, SystemClock, Watched};
use syncline_model::{Connection, ConnectionName, ConnectionStatus, ErrorCode, SynclineError};
use syncline_sandbox::Sandbox;
use syncline_secrets::Vault;
use syncline_store::{SqlCancel, Store};
use syncline_sync::Work;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::exchanges::Exchanges;
use crate::handlers::metadata::{Refresh, RefreshKey};
use crate::handlers::sample_records::SampleRecords;
use crate::home::{self, VaultChoice};
use crate::jobs::{JobHandle, Jobs};
use crate::links::Link;
use crate::wire::{ApiError, Event, JobKind, SampleTenant, Settings, Tag};

/// Requests under way at once to one environment as one user.
const PARALLEL: usize = 8;

/// How an application is opened.
#[derive(Debug, Clone)]
pub struct AppConfig {
    home: Option<PathBuf>,
    vault: VaultChoice,
    given: Option<Arc<dyn Vault>>,
    schedules: bool,
}

impl AppConfig {
    /// `home`: none for the platform's folder.
    pub fn new(home: Option<PathBuf>, vault: VaultChoice) -> Self {
        Self { home, vault, given: None, schedules: false }
    }

    /// Definitions with a schedule run by themselves while the application is open.
    pub fn with_schedules(mut self) -> Self {
        self.schedules = true;
        self
    }

    /// A store whose key and secrets are in a vault that is handed in; it outlives this application as long as the vault does.
    pub fn with_vault(home: PathBuf, vault: Arc<dyn Vault>) -> Self {
        Self { home: Some(home), vault: VaultChoice::Memory, given: Some(vault), schedules: false }
    }
}

/// A running sample tenant with what was made for it.
pub(crate) struct Sample {
    pub(crate) sandbox: Sandbox,
    pub(crate) tenant: SampleTenant,
}

/// The application.
pub struct App {
    pub(crate) store: Store,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) home: PathBuf,
    pub(crate) vault_choice: VaultChoice,
    pub(crate) http: RwLock<HttpClient>,
    pub(crate) gates: Mutex<HashMap<String, Arc<Gate>>>,
    pub(crate) links: tokio::sync::Mutex<HashMap<Uuid, Arc<Link>>>,
    pub(crate) unlocked: Mutex<HashMap<Uuid, jiff::Timestamp>>,
    pub(crate) sample: tokio::sync::Mutex<Option<Sample>>,
    /// Metadata that is fetched in the background.
    pub(crate) refreshes: Mutex<HashMap<RefreshKey, Refresh>>,
    /// Requests and answers of this process lately.
    pub(crate) exchanges: Arc<Exchanges>,
    /// Queries under way, by the id their screen gave them.
    pub(crate) queries: Mutex<HashMap<String, CancellationToken>>,
    /// Records the service gave to editors lately.
    pub(crate) samples: SampleRecords,
    /// Held while search indexes that were left behind catch up.
    pub(crate) indexing: tokio::sync::Mutex<()>,
    statements: Mutex<HashMap<String, SqlCancel>>,
    turns: Mutex<HashSet<String>>,
    jobs: Arc<Jobs>,
    events: broadcast::Sender<Event>,
    passing: Option<PathBuf>,
}

impl App {
    /// Opens store and vault. Work of processes that died is marked as interrupted.
    pub async fn open(config: AppConfig) -> Result<Arc<Self>, ApiError> {
        let (choice, schedules) = (config.vault, config.schedules);
        let opened = run_blocking(move || {
            let home = match config.home {
                Some(home) => home,
                None => home::default_home()?,
            };
            let opened = match config.given {
                Some(vault) => home::open_kept(home, vault)?,
                None => home::open(home, choice)?,
            };
            opened.store.recover(jiff::Timestamp::now())?;
            crate::handlers::retention::at_open(&opened.store, jiff::Timestamp::now())?;
            Ok(opened)
        })
        .await?;
        let (events, _) = broadcast::channel(1024);
        let app = Arc::new(Self {
            store: opened.store,
            vault: opened.vault,
            home: opened.home,
            vault_choice: choice,
            http: RwLock::new(HttpClient::new(&HttpConfig::default())?),
            gates: Mutex::default(),
            links: tokio::sync::Mutex::default(),
            unlocked: Mutex::default(),
            sample: tokio::sync::Mutex::default(),
            refreshes: Mutex::default(),
            exchanges: Arc::default(),
            queries: Mutex::default(),
            samples: SampleRecords::default(),
            indexing: tokio::sync::Mutex::default(),
            statements: Mutex::default(),
            turns: Mutex::default(),
            jobs: Jobs::new(events.clone()),
            events,
            passing: opened.passing,
        });
        let settings = crate::handlers::session::stored_settings(&app).await?;
        app.use_network(&settings)?;
        if schedules {
            crate::schedule::watch(Arc::downgrade(&app));
        }
        Ok(app)
    }

    /// Ends jobs and the sample tenant.
    pub async fn close(&self) {
        self.jobs.cancel_all();
        if let Some(sample) = self.sample.lock().await.take() {
            sample.sandbox.stop().await;
        }
    }

    /// Events from now on.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// The jobs.
    pub fn jobs(&self) -> &Arc<Jobs> {
        &self.jobs
    }

    /// Statements over the cache that are running, by the names their askers gave them.
    pub(crate) fn statements(&self) -> std::sync::MutexGuard<'_, HashMap<String, SqlCancel>> {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Definitions that run by themselves at this moment, by name.
    pub(crate) fn turns(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a command of the list; the answer as JSON text, numbers digit for digit.
    pub async fn rpc_text(
        self: &Arc<Self>,
        name: &str,
        request: serde_json::Value,
    ) -> Result<String, ApiError> {
        crate::commands::dispatch(self, name, request).await
    }

    /// Runs a command of the list.
    pub async fn rpc(
        self: &Arc<Self>,
        name: &str,
        request: serde_json::Value,
    ) -> Result<serde_json::Value, ApiError> {
        let text = self.rpc_text(name, request).await?;
        serde_json::from_str(&text).map_err(|error| ApiError::new(ErrorCode::Internal, error.to_string()))
    }

    /// Tells shells to open an address in the system browser.
    pub(crate) fn open_url(&self, url: &str) {
        // Nobody listening is no fault; the address is in the answer too.
        let _ = self.events.send(Event::OpenUrl { url: url.to_owned() });
    }

    /// Runs store work off the async threads.
    pub(crate) async fn with_store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, syncline_store::StoreError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let store = self.store.clone();
        run_blocking(move || Ok(work(&store)?)).await
    }

    /// A saved connection by name.
    pub(crate) async fn connection(&self, name: &str) -> Result<Connection, ApiError> {
        let wanted = name.to_owned();
        self.with_store(move |store| store.connection_by_name(&wanted)).await?.ok_or_else(|| {
            ApiError::new(ErrorCode::NotFound, format!("there is no connection {name}"))
                .hint("name one of the saved connections")
        })
    }

    /// Names of connections by id.
    pub(crate) async fn connection_names(&self) -> Result<HashMap<Uuid, String>, ApiError> {
        let all = self.with_store(Store::connections).await?;
        Ok(all.into_iter().map(|connection| (connection.id, connection.name.to_string())).collect())
    }

    /// Saves a connection; what was linked under it is linked anew when it is used.
    pub(crate) async fn save_connection(&self, connection: Connection) -> Result<Connection, ApiError> {
        self.links.lock().await.remove(&connection.id);
        self.update_connection(connection).await
    }

    /// Saves status, identity and times; links stay.
    pub(crate) async fn update_connection(&self, connection: Connection) -> Result<Connection, ApiError> {
        let saved = connection.clone();
        self.with_store(move |store| store.save_connection(&saved, jiff::Timestamp::now())).await?;
        Ok(connection)
    }

    /// Looks at an error before it is told: a sign-in that has ended turns the connection's light red at once; a privilege that is
    /// missing is told with people who can give it.
    pub(crate) async fn noticed(&self, connection: Option<&str>, error: ApiError) -> ApiError {
        if error.code == ErrorCode::PrivilegeMissing {
            return self.with_administrators(connection, error).await;
        }
        if !signed_out(error.code) {
            return error;
        }
        if let Some(name) = connection
            && let Ok(mut connection) = self.connection(name).await
            && connection.status == ConnectionStatus::Verified
        {
            connection.status = ConnectionStatus::Broken;
            connection.status_message = Some(error.message.clone());
            // The error that is told is the one that matters.
            let _ = self.update_connection(connection).await;
            self.jobs.invalidate(vec![Tag::Connections]);
        }
        error
    }

    /// Begins a job on one connection; its errors are looked at like those of commands.
    pub(crate) fn start_job<F, W>(
        self: &Arc<Self>,
        kind: JobKind,
        title: String,
        connection: &str,
        stale: Vec<Tag>,
        work: W,
    ) -> String
    where
        W: FnOnce(JobHandle) -> F,
        F: Future<Output = Result<serde_json::Value, ApiError>> + Send + 'static,
    {
        let (root, name) = (Arc::clone(self), connection.to_owned());
        self.jobs.start(kind, title, Some(connection.to_owned()), stale, move |handle| {
            // A pull is a large value; behind a pointer it costs the stack once, not at every wrapper.
            let work = Box::pin(work(handle));
            async move {
                match work.await {
                    Ok(result) => Ok(result),
                    Err(error) => Err(root.noticed(Some(&name), error).await),
                }
            }
        })
    }

    /// The client for what a person waits for: a service that can't be reached is told at once.
    pub(crate) fn client(&self) -> HttpClient {
        let client = self.http.read().unwrap_or_else(PoisonError::into_inner).clone();
        client.with_retry(client.retry().impatient())
    }

    /// Applies proxy and certificates.
    pub(crate) fn use_network(&self, settings: &Settings) -> Result<(), ApiError> {
        let proxy = match settings.proxy.trim() {
            "" => ProxySetting::System,
            "none" => ProxySetting::Direct,
            url => ProxySetting::Url { url: url.to_owned(), credentials: None },
        };
        let mut config = HttpConfig { proxy, ..HttpConfig::default() };
        if !settings.ca_file.trim().is_empty() {
            let path = PathBuf::from(settings.ca_file.trim());
            let pem = std::fs::read_to_string(&path).map_err(|error| {
                ApiError::new(ErrorCode::File, format!("{}: {error}", path.display()))
                    .hint("name a PEM file with certificates, or leave the setting empty")
            })?;
            config.extra_roots_pem = Some(pem);
        }
        let network = Arc::new(ReqwestService::new(&config)?);
        let kept = Arc::clone(&self.exchanges);
        let tell = Arc::new(move |exchange| kept.add(exchange));
        let watched = Watched::new(network, Arc::new(SystemClock), tell);
        let client = HttpClient::builder(&config).service(Arc::new(watched)).build()?;
        *self.http.write().unwrap_or_else(PoisonError::into_inner) = client;
        Ok(())
    }

    /// The gate that all requests to an origin pass.
    pub(crate) fn gate(&self, origin: &str) -> Arc<Gate> {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(gates.entry(origin.to_owned()).or_insert_with(|| Arc::new(Gate::new(PARALLEL))))
    }

    pub(crate) fn clock() -> Arc<dyn syncline_http::Clock> {
        Arc::new(SystemClock)
    }

    /// What long work of a job is given.
    pub(crate) fn work(handle: &JobHandle) -> Work {
        let (told, counted) = (handle.clone(), handle.clone());
        Work {
            clock: Arc::new(jiff::Timestamp::now),
            progress: Arc::new(move |stage, done, total| told.progress(stage, done, total)),
            calls: Arc::new(move |spent, expected| counted.calls(spent, expected)),
            tally: handle.tally().clone(),
            cancel: handle.cancel().clone(),
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if let Some(folder) = &self.passing {
            // Its key is gone with the process; what is left can't be read by anybody.
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

/// The sign-in has ended, or a client secret no longer works: nothing goes until a person mends it.
pub(crate) fn signed_out(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::SignInNeeded | ErrorCode::SignInRefused)
}

/// Runs blocking work off the async threads.
pub(crate) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SynclineError> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(ApiError::new(ErrorCode::Internal, format!("the work broke off: {error}"))),
    }
}

/// Checks a connection's name.
pub(crate) fn connection_name(text: &str) -> Result<ConnectionName, ApiError> {
    ConnectionName::new(text.trim()).map_err(|error| ApiError::new(ErrorCode::Usage, error.to_string()))
}
