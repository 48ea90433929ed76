//! Sessions with the server: opened when needed, kept while they are good, each used by one piece of work at a time.

use bytes::BytesMut;
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use syncline_model::{ErrorCode, Secret, SynclineError};
use tokio_postgres::config::SslMode as Encryption;
use tokio_postgres::types::{Format, IsNull, ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_util::sync::CancellationToken;

use super::errors;
use crate::address::{Place, PostgresAddress, SslMode};
use crate::dialect::Cell;
use crate::engine::{cancelled, check, internal};

/// How long opening a session may take.
const CONNECT: Duration = Duration::from_secs(15);

/// Statements that a session keeps prepared.
const PREPARED: usize = 100;

/// The text forms that reading and comparing rely on, and a bound on waiting for others' locks.
const SETTINGS: &str = "SET DateStyle = 'ISO, YMD'; SET TimeZone = 'UTC'; SET IntervalStyle = 'iso_8601'; SET bytea_output = 'hex'; \
     SET extra_float_digits = 1; SET standard_conforming_strings = on; SET lock_timeout = '30s'; \
     SET idle_in_transaction_session_timeout = '5min'";

/// A parameter in text form: the server reads it as it reads a literal of the type that the statement gives it.
#[derive(Debug)]
pub(super) struct Literal(Option<String>);

impl Literal {
    pub(super) fn of(cell: &Cell) -> Self {
        Self(match cell {
            Cell::Null => None,
            Cell::Text(text) => Some(text.clone()),
            Cell::Integer(number) => Some(number.to_string()),
            Cell::Real(number) => Some(format!("{number:?}")),
            Cell::Blob(bytes) => Some(crate::read::hexadecimal(bytes)),
        })
    }
}

impl ToSql for Literal {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match &self.0 {
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }
    fn accepts(_: &Type) -> bool {
        true
    }
    fn to_sql_checked(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.to_sql(ty, out)
    }
    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }
}

/// One session.
pub(super) struct Session {
    pub(super) client: Client,
    prepared: HashMap<String, Statement>,
}

impl Session {
    /// The statement, prepared once.
    pub(super) async fn prepare(&mut self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        if let Some(known) = self.prepared.get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(sql).await?;
        if self.prepared.len() >= PREPARED {
            self.prepared.clear();
        }
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// After an error a table may have changed: what was prepared is prepared anew.
    pub(super) fn forget(&mut self) {
        self.prepared.clear();
    }
}

/// The cells of a row whose columns are all texts.
pub(super) fn cells(row: &Row) -> Result<Vec<Cell>, tokio_postgres::Error> {
    (0..row.len())
        .map(|at| Ok(row.try_get::<_, Option<String>>(at)?.map_or(Cell::Null, Cell::Text)))
        .collect()
}

/// All sessions of a connection.
pub(super) struct Sessions {
    address: PostgresAddress,
    config: Config,
    tls: Option<MakeRustlsConnect>,
    idle: Mutex<Vec<Session>>,
}

impl Sessions {
    pub(super) fn new(address: &PostgresAddress, password: Option<Secret>) -> Result<Self, SynclineError> {
        let mut config = Config::new();
        config
            .user(&address.user)
            .dbname(&address.database)
            .port(address.port)
            .application_name("syncline")
            .connect_timeout(CONNECT)
            .keepalives_idle(Duration::from_secs(60));
        match &address.place {
            Place::Tcp(host) => config.host(host),
            #[cfg(unix)]
            Place::Socket(folder) => config.host_path(folder),
            #[cfg(not(unix))]
            Place::Socket(_) => {
                return Err(SynclineError::new(ErrorCode::Usage, "this system has no sockets of that kind")
                    .hint("name a host"));
            }
        };
        if let Some(password) = &password {
            config.password(password.expose());
        }
        let tls = match address.ssl {
            SslMode::Disable => {
                config.ssl_mode(Encryption::Disable);
                None
            }
            SslMode::VerifyFull => {
                config.ssl_mode(Encryption::Require);
                Some(MakeRustlsConnect::new(client_config(address.root.as_deref())?))
            }
        };
        Ok(Self { address: address.clone(), config, tls, idle: Mutex::new(Vec::new()) })
    }

    /// Where the server was reached.
    pub(super) fn place(&self) -> String {
        match &self.address.place {
            Place::Tcp(host) => format!("{host}:{}", self.address.port),
            Place::Socket(folder) => format!("{}:{}", folder.display(), self.address.port),
        }
    }

    pub(super) fn address(&self) -> &PostgresAddress {
        &self.address
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A good session.
    pub(super) async fn take(&self) -> Result<Session, SynclineError> {
        loop {
            let kept = self.idle().pop();
            match kept {
                Some(session) if session.client.is_closed() => {}
                Some(session) => return Ok(session),
                None => return self.open().await,
            }
        }
    }

    /// Gives it back; one in the middle of something must be dropped instead, which ends it.
    pub(super) fn give(&self, session: Session) {
        if !session.client.is_closed() {
            self.idle().push(session);
        }
    }

    async fn open(&self) -> Result<Session, SynclineError> {
        let client = match &self.tls {
            Some(tls) => {
                let (client, connection) = self.connect(self.config.connect(tls.clone())).await?;
                drive(connection);
                client
            }
            None => {
                let (client, connection) = self.connect(self.config.connect(NoTls)).await?;
                drive(connection);
                client
            }
        };
        client.batch_execute(SETTINGS).await.map_err(|error| errors::of(&error, None))?;
        Ok(Session { client, prepared: HashMap::new() })
    }

    async fn connect<T>(
        &self,
        opening: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, SynclineError> {
        opening.await.map_err(|error| errors::connecting(&error, self))
    }

    /// Rows of a reading statement.
    pub(super) async fn rows(
        &self,
        sql: &str,
        parameters: &[Cell],
        cancel: &CancellationToken,
    ) -> Result<Vec<Vec<Cell>>, SynclineError> {
        check(cancel)?;
        // A session that was kept may have been ended by the server since; a new one is no second try of a write.
        for last in [false, true] {
            let mut session = tokio::select! {
                () = cancel.cancelled() => return Err(cancelled()),
                session = self.take() => session?,
            };
            let answer = tokio::select! {
                () = cancel.cancelled() => {
                    self.stop(&session).await;
                    return Err(cancelled());
                }
                answer = query(&mut session, sql, parameters) => answer,
            };
            match answer {
                Ok(rows) => {
                    self.give(session);
                    return rows.iter().map(cells).collect::<Result<_, _>>().map_err(internal);
                }
                Err(error) if error.is_closed() && !last => {}
                Err(error) => {
                    session.forget();
                    self.give(session);
                    return Err(errors::of(&error, None));
                }
            }
        }
        Err(SynclineError::new(ErrorCode::Unreachable, "the database ended the session"))
    }

    /// Asks the server to stop what a session does. Whether it hears it does not matter: the session ends.
    async fn stop(&self, session: &Session) {
        let token = session.client.cancel_token();
        let asked = match &self.tls {
            Some(tls) => token.cancel_query(tls.clone()).await,
            None => token.cancel_query(NoTls).await,
        };
        if let Err(error) = asked {
            tracing::debug!(%error, "the query could not be stopped");
        }
    }
}

async fn query(
    session: &mut Session,
    sql: &str,
    parameters: &[Cell],
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let statement = session.prepare(sql).await?;
    let literals: Vec<Literal> = parameters.iter().map(Literal::of).collect();
    let references: Vec<&(dyn ToSql + Sync)> =
        literals.iter().map(|literal| literal as &(dyn ToSql + Sync)).collect();
    session.client.query(&statement, &references).await
}

/// Moves the session's messages until it ends.
fn drive(connection: impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static) {
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a database session ended");
        }
    });
}

/// Certificates as the operating system trusts them, or those of a file.
fn client_config(root: Option<&Path>) -> Result<ClientConfig, SynclineError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(internal)?;
    let Some(path) = root else {
        return Ok(builder.with_platform_verifier().map_err(internal)?.with_no_client_auth());
    };
    let unreadable = |why: String| {
        SynclineError::new(
            ErrorCode::File,
            format!("the certificates in {} can't be read: {why}", path.display()),
        )
        .hint("sslrootcert names a PEM file with the certificate of the authority that signed the server's")
    };
    let mut roots = rustls::RootCertStore::empty();
    use rustls::pki_types::pem::PemObject;
    let certificates = rustls::pki_types::CertificateDer::pem_file_iter(path)
        .map_err(|error| unreadable(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("there is none".to_owned()));
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
