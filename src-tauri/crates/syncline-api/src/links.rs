//! A connection in use: the connector of its system, made when first needed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use syncline_auth::{ConnectionTokens, SignInConfig, SignedIn};
use syncline_connect::{Destination, Source};
use syncline_dataverse::{DataverseBuilder, DataverseConnector, DataverseSettings};
use syncline_http::{RetryConfig, TokenProvider};
use syncline_insider::{InsiderConnector, InsiderSettings};
use syncline_model::{AuthMethod, Connection, ErrorCode, Identity, SyncDefinition, System};
use syncline_secrets::{SecretKind, VaultKey};
use syncline_sql::{PostgresAddress, SqlConnector, SqlOptions};
use syncline_tables::{FileFormat, TablesConnector};
use uuid::Uuid;

use crate::app::{App, run_blocking};
use crate::wire::ApiError;

/// Option under which the tenant of the last sign-in is kept.
pub(crate) const SIGNED_IN_TENANT: &str = "signed_in_tenant";

/// Most rows that a batch grows to (Dataverse: 1,000 requests a `$batch`, 100 to 1,000 rows a bulk message).
const MOST_BATCH_ROWS: usize = 1_000;

fn batch_rows_key(connection: &Connection) -> String {
    format!("batch rows/{}", connection.id)
}

/// A connected system.
pub(crate) enum Link {
    /// Dataverse with its tokens.
    Dataverse { connector: Arc<DataverseConnector>, tokens: Arc<ConnectionTokens> },
    /// Insider One.
    Insider(Arc<InsiderConnector>),
    /// A file.
    Tables(Arc<TablesConnector>),
    /// A database.
    Sql(Arc<SqlConnector>),
}

/// True for systems that are talked to in HTTP requests.
pub(crate) fn speaks_http(system: System) -> bool {
    match system {
        System::Dataverse | System::Insider => true,
        System::Csv | System::Jsonl | System::Postgres | System::Sqlite => false,
    }
}

impl Link {
    /// To read from.
    pub(crate) fn source(&self, name: &str) -> Result<Arc<dyn Source>, ApiError> {
        match self {
            Self::Dataverse { connector, .. } => Ok(connector.clone()),
            Self::Sql(connector) => Ok(connector.clone()),
            Self::Insider(_) | Self::Tables(_) => {
                Err(ApiError::new(ErrorCode::Usage, format!("{name} can only be written to"))
                    .hint("choose a connection to Dynamics 365 or to a database to read from"))
            }
        }
    }

    /// To write to.
    pub(crate) fn destination(&self) -> Arc<dyn Destination> {
        match self {
            Self::Dataverse { connector, .. } => connector.clone(),
            Self::Insider(connector) => connector.clone(),
            Self::Tables(connector) => connector.clone(),
            Self::Sql(connector) => connector.clone(),
        }
    }

    /// Dataverse only.
    pub(crate) fn dataverse(&self, name: &str) -> Result<&Arc<DataverseConnector>, ApiError> {
        match self {
            Self::Dataverse { connector, .. } => Ok(connector),
            Self::Insider(_) | Self::Tables(_) | Self::Sql(_) => {
                Err(ApiError::new(ErrorCode::Usage, format!("{name} is no Dataverse environment")))
            }
        }
    }

    /// The same for long work: it goes on trying when the service can't be reached for a while.
    pub(crate) fn patient(&self) -> Self {
        match self {
            Self::Dataverse { connector, tokens } => {
                Self::Dataverse { connector: Arc::new(connector.patient()), tokens: Arc::clone(tokens) }
            }
            Self::Insider(connector) => Self::Insider(Arc::new(connector.patient())),
            Self::Tables(connector) => Self::Tables(Arc::clone(connector)),
            Self::Sql(connector) => Self::Sql(Arc::clone(connector)),
        }
    }

    /// Who is asking, as the service sees it.
    pub(crate) async fn identity(&self) -> Result<Identity, ApiError> {
        Ok(match self {
            Self::Dataverse { connector, .. } => Source::identity(connector.as_ref()).await?,
            Self::Insider(connector) => connector.identity().await?,
            Self::Tables(connector) => connector.identity().await?,
            Self::Sql(connector) => Source::identity(connector.as_ref()).await?,
        })
    }
}

impl App {
    /// The link of a connection, for what a person waits for: a service that can't be reached is told at once. See [`Link::patient`].
    pub(crate) async fn link(&self, connection: &Connection) -> Result<Arc<Link>, ApiError> {
        let mut links = self.links.lock().await;
        if let Some(link) = links.get(&connection.id) {
            return Ok(Arc::clone(link));
        }
        let link = Arc::new(self.make_link(connection, None).await?);
        links.insert(connection.id, Arc::clone(&link));
        Ok(link)
    }

    /// A patient link within the limits that a definition asks for, whichever end it is: time and tries of each request, and records a page
    /// where rows are read. It shares what is known of the service.
    pub(crate) async fn link_with(
        &self,
        connection: &Connection,
        definition: &SyncDefinition,
    ) -> Result<Link, ApiError> {
        let source = &definition.source;
        let (timeout, retries) = (Duration::from_millis(source.timeout_ms), source.retries);
        // What is taken whole or not at all must not grow by itself.
        let rows = if definition.options.all_or_nothing { None } else { self.batch_rows(connection).await? };
        Ok(match self.link(connection).await?.as_ref() {
            Link::Dataverse { connector, tokens } => {
                let connector = connector.with_limits(timeout, retries, source.page_size);
                let connector = match rows {
                    Some(rows) => connector.with_batch_rows(rows),
                    None => connector,
                };
                Link::Dataverse { connector: Arc::new(connector), tokens: Arc::clone(tokens) }
            }
            Link::Insider(connector) => Link::Insider(Arc::new(connector.with_limits(timeout, retries))),
            // A file knows neither pages nor waiting, and a database answers at once.
            Link::Tables(connector) => Link::Tables(Arc::clone(connector)),
            Link::Sql(connector) => Link::Sql(Arc::clone(connector)),
        })
    }

    /// Rows a batch that runs to this destination came to; none before one told.
    async fn batch_rows(&self, connection: &Connection) -> Result<Option<usize>, ApiError> {
        let key = batch_rows_key(connection);
        let kept = self.with_store(move |store| store.kept(&key)).await?;
        Ok(kept.and_then(|rows| usize::try_from(rows.as_u64()?).ok()))
    }

    /// Keeps what a run learned of the size of batches, for the next preview and run.
    pub(crate) async fn learn_batch_rows(
        &self,
        connection: &Connection,
        rows: usize,
    ) -> Result<(), ApiError> {
        let (key, id) = (batch_rows_key(connection), connection.id);
        let rows = serde_json::json!(rows.clamp(1, MOST_BATCH_ROWS));
        self.with_store(move |store| store.keep(&key, Some(id), &rows, jiff::Timestamp::now())).await
    }

    /// Keeps what a sign-in gave and links anew.
    pub(crate) async fn adopt(
        &self,
        connection: &Connection,
        signed_in: &SignedIn,
    ) -> Result<Arc<Link>, ApiError> {
        let link = Arc::new(self.make_link(connection, Some(signed_in)).await?);
        self.links.lock().await.insert(connection.id, Arc::clone(&link));
        Ok(link)
    }

    async fn make_link(
        &self,
        connection: &Connection,
        signed_in: Option<&SignedIn>,
    ) -> Result<Link, ApiError> {
        match connection.system {
            System::Dataverse => {
                let config = SignInConfig::from_connection(connection)?;
                // Whoever needs the token decides on further tries.
                let client = self.client().with_retry(RetryConfig::with_retries(1).impatient());
                let mut tokens =
                    ConnectionTokens::new(config, Arc::clone(&self.vault), client, Self::clock());
                if let Some(signed_in) = signed_in {
                    tokens.adopt(signed_in).await?;
                }
                let tokens = Arc::new(tokens);
                let timeout = Duration::from_secs(60);
                let retry = RetryConfig::default().impatient();
                let connector = self.dataverse(connection, Arc::clone(&tokens), timeout, retry)?;
                Ok(Link::Dataverse { connector, tokens })
            }
            System::Insider => {
                let token = self.secret(connection.id, SecretKind::RequestToken).await?.ok_or_else(|| {
                    ApiError::new(
                        ErrorCode::SignInNeeded,
                        format!("{} has no request token", connection.name),
                    )
                    .hint("save the connection again with its request token: --secret-stdin")
                })?;
                let settings = InsiderSettings {
                    url: connection.url.clone(),
                    partner: connection.options.get("partner").cloned().unwrap_or_default(),
                    request_token: token,
                    timeout: Duration::from_secs(60),
                };
                let http = self.client().with_gate(self.gate(&connection.url));
                Ok(Link::Insider(Arc::new(InsiderConnector::new(http, settings)?)))
            }
            System::Csv => {
                let delimiter = connection.options.get("delimiter").map(String::as_str).unwrap_or(",");
                let delimiter = match delimiter {
                    "tab" | "\t" => b'\t',
                    text if text.len() == 1 && text.is_ascii() => text.as_bytes()[0],
                    other => {
                        return Err(ApiError::new(ErrorCode::Usage, format!("not a delimiter: {other:?}"))
                            .hint("use one character such as , or ; or the word tab"));
                    }
                };
                Ok(Link::Tables(Arc::new(TablesConnector::new(
                    &connection.url,
                    FileFormat::Csv { delimiter },
                ))))
            }
            System::Jsonl => {
                Ok(Link::Tables(Arc::new(TablesConnector::new(&connection.url, FileFormat::Jsonl))))
            }
            System::Postgres => {
                let address = PostgresAddress::parse(&connection.url, &connection.options)?;
                let password = self.secret(connection.id, SecretKind::DatabasePassword).await?;
                let options = SqlOptions::of(&connection.options);
                let connector =
                    SqlConnector::postgres(&address, password, options, Arc::new(jiff::Timestamp::now))?;
                Ok(Link::Sql(Arc::new(connector)))
            }
            System::Sqlite => {
                let options = SqlOptions::of(&connection.options);
                let path = Path::new(&connection.url);
                Ok(Link::Sql(Arc::new(SqlConnector::sqlite(path, options, Arc::new(jiff::Timestamp::now)))))
            }
        }
    }

    fn dataverse(
        &self,
        connection: &Connection,
        tokens: Arc<ConnectionTokens>,
        timeout: Duration,
        retry: RetryConfig,
    ) -> Result<Arc<DataverseConnector>, ApiError> {
        let mut settings = DataverseSettings {
            url: connection.url.clone(),
            timeout,
            retries: retry.retries,
            ..DataverseSettings::default()
        };
        if let Some(version) = &connection.api_version {
            settings.api_version.clone_from(version);
        }
        if let Some(path) = connection.options.get("api_path") {
            settings.api_path.clone_from(path);
        }
        settings.tenant_id = connection
            .options
            .get(SIGNED_IN_TENANT)
            .cloned()
            .or_else(|| connection.tenant.clone().filter(|tenant| Uuid::parse_str(tenant).is_ok()));
        let client = self.client().with_retry(retry).with_timeout(timeout);
        let provider: Arc<dyn TokenProvider> = tokens;
        let builder = DataverseBuilder::new(settings, client, self.gate(&connection.url), provider);
        Ok(Arc::new(builder.build()?))
    }

    /// A secret of a connection.
    pub(crate) async fn secret(
        &self,
        connection: Uuid,
        kind: SecretKind,
    ) -> Result<Option<syncline_model::Secret>, ApiError> {
        let vault = Arc::clone(&self.vault);
        run_blocking(move || Ok(vault.get(&VaultKey::new(connection, kind))?)).await
    }
}

/// The kind of secret that a person enters for a connection; none for those that sign in.
pub(crate) fn entered_secret(system: System, auth: AuthMethod) -> Option<SecretKind> {
    match (system, auth) {
        (System::Insider, _) => Some(SecretKind::RequestToken),
        (System::Postgres, _) => Some(SecretKind::DatabasePassword),
        (_, AuthMethod::ClientCredentials) => Some(SecretKind::ClientSecret),
        (_, AuthMethod::AccessToken) => Some(SecretKind::AccessToken),
        (_, AuthMethod::AuthorizationCode | AuthMethod::DeviceCode | AuthMethod::None) => None,
    }
}
