//! `connections.*`: saved connections, their test, unlocking.

use std::sync::{Arc, PoisonError};
use syncline_auth::{Cloud, parse_credential, understand_address};
use syncline_model::{
    AuthMethod, Connection, ConnectionKind, ConnectionStatus, ErrorCode, Identity, Secret, System,
};
use syncline_secrets::VaultKey;
use syncline_sql::PostgresAddress;
use syncline_store::Store;
use uuid::Uuid;

use crate::app::{App, connection_name, run_blocking};
use crate::guard::guard_identity;
use crate::links::{Link, entered_secret};
use crate::wire::{
    AddressText, AddressUnderstood, ApiError, ConnectionRef, ConnectionSave, ConnectionTest, ConnectionView,
    Empty, Unlock,
};

pub(crate) async fn list(app: &Arc<App>, _: Empty) -> Result<Vec<ConnectionView>, ApiError> {
    let mut views = Vec::new();
    for connection in app.with_store(Store::connections).await? {
        views.push(app.view(connection).await?);
    }
    Ok(views)
}

pub(crate) async fn get(app: &Arc<App>, request: ConnectionRef) -> Result<ConnectionView, ApiError> {
    let connection = app.connection(&request.connection).await?;
    app.view(connection).await
}

pub(crate) async fn understand(_: &Arc<App>, request: AddressText) -> Result<AddressUnderstood, ApiError> {
    let credential = parse_credential(&request.text)?;
    let (client_id, tenant, version, address) = match credential {
        Some(found) => (found.client_id, found.tenant, found.api_version, found.url),
        None => (None, None, None, Some(request.text)),
    };
    let Some(address) = address else {
        return Ok(AddressUnderstood {
            url: String::new(),
            sentence: "a client id and tenant; the environment's address is still needed".to_owned(),
            name: String::new(),
            cloud: String::new(),
            authority: Cloud::Public.authority().to_owned(),
            api_version: version,
            client_id,
            tenant,
        });
    };
    let understood = understand_address(&address)?;
    Ok(AddressUnderstood {
        sentence: understood.sentence(),
        url: understood.origin,
        name: understood.name,
        cloud: understood.cloud.words().to_owned(),
        authority: understood.cloud.authority().to_owned(),
        api_version: version.or(understood.api_version),
        client_id,
        tenant,
    })
}

/// A new connection with what its system implies.
fn new_connection(request: &ConnectionSave) -> Result<Connection, ApiError> {
    let system = request.system.ok_or_else(|| {
        ApiError::new(ErrorCode::Usage, "the system is missing")
            .hint("name it: --system dataverse, insider, postgres, sqlite, csv or jsonl")
    })?;
    let auth = request.auth.unwrap_or(match system {
        System::Dataverse => AuthMethod::AuthorizationCode,
        System::Insider => AuthMethod::AccessToken,
        System::Csv | System::Jsonl | System::Postgres | System::Sqlite => AuthMethod::None,
    });
    Ok(Connection {
        id: Uuid::new_v4(),
        name: connection_name(&request.name)?,
        system,
        url: String::new(),
        auth,
        authority: Cloud::Public.authority().to_owned(),
        tenant: None,
        client_id: None,
        scopes: Vec::new(),
        api_version: None,
        kind: ConnectionKind::Sandbox,
        client: None,
        colour: None,
        writable: false,
        options: Default::default(),
        identity: None,
        status: ConnectionStatus::Unverified,
        status_message: None,
        checked_at: None,
        used_at: None,
    })
}

/// The address as the system needs it. What a pasted credential holds besides is put where it belongs.
fn set_address(connection: &mut Connection, text: &str, secret: &mut Option<Secret>) -> Result<(), ApiError> {
    match connection.system {
        System::Dataverse => {
            let mut address = text.to_owned();
            if let Some(found) = parse_credential(text)? {
                connection.client_id = found.client_id.or(connection.client_id.take());
                connection.tenant = found.tenant.or(connection.tenant.take());
                connection.api_version = found.api_version.or(connection.api_version.take());
                connection.auth = found.auth.unwrap_or(connection.auth);
                *secret = secret.take().or(found.secret);
                if let Some(hint) = found.login_hint {
                    connection.options.insert("login_hint".to_owned(), hint);
                }
                match found.url {
                    Some(url) => address = url,
                    None => {
                        return Err(ApiError::new(ErrorCode::Usage, "the environment's address is missing"));
                    }
                }
            }
            let understood = understand_address(&address)?;
            if connection.url != understood.origin {
                connection.authority = understood.cloud.authority().to_owned();
            }
            connection.url = understood.origin;
            connection.api_version = connection.api_version.take().or(understood.api_version);
        }
        System::Insider => {
            let url = url::Url::parse(text.trim()).map_err(|error| {
                ApiError::new(ErrorCode::Usage, format!("not an address: {text}: {error}"))
                    .hint("use the API's root, such as https://unification.useinsider.com")
            })?;
            syncline_http::require_secure(&url)?;
            connection.url = url.origin().ascii_serialization();
        }
        System::Csv | System::Jsonl => connection.url = path(text)?.display().to_string(),
        System::Postgres => {
            let address = PostgresAddress::parse(text, &connection.options)?;
            connection.options.remove("host");
            connection.options.extend(address.options());
            connection.url = address.url();
        }
        System::Sqlite => {
            let path = path(text)?;
            syncline_sql::check_file(&path)?;
            connection.url = path.display().to_string();
        }
    }
    Ok(())
}

fn path(text: &str) -> Result<std::path::PathBuf, ApiError> {
    std::path::absolute(text.trim())
        .map_err(|error| ApiError::new(ErrorCode::Usage, format!("not a path: {text}: {error}")))
}

pub(crate) async fn save(app: &Arc<App>, request: ConnectionSave) -> Result<ConnectionView, ApiError> {
    let wanted = request.name.clone();
    let known = app.with_store(move |store| store.connection_by_name(&wanted)).await?;
    let mut connection = match (known, request.create) {
        (Some(_), true) => {
            return Err(ApiError::new(
                ErrorCode::AlreadyExists,
                format!("there is a connection {} already", request.name),
            )
            .hint("choose another name, or change the saved one"));
        }
        (Some(connection), false) => connection,
        (None, _) => new_connection(&request)?,
    };
    let before = connection.clone();
    let mut secret = request.secret.clone();
    connection.system = request.system.unwrap_or(connection.system);
    connection.auth = request.auth.unwrap_or(connection.auth);
    // An address is read with the settings that come beside it.
    if connection.system == System::Postgres {
        connection.options.extend(request.options.clone());
    }
    if let Some(url) = &request.url {
        set_address(&mut connection, url, &mut secret)?;
    }
    if connection.url.is_empty() {
        return Err(ApiError::new(ErrorCode::Usage, "the address is missing").hint("name it: --url ADDRESS"));
    }
    if let Some(authority) = &request.authority {
        connection.authority = authority.trim_end_matches('/').to_owned();
    }
    if let Some(client_id) = &request.client_id {
        // `client_id@tenant_id` in one text.
        let (id, tenant) =
            client_id.split_once('@').map_or((client_id.as_str(), None), |(id, tenant)| (id, Some(tenant)));
        connection.client_id = Some(id.trim().to_owned());
        connection.tenant = tenant.map(|tenant| tenant.trim().to_owned()).or(connection.tenant.take());
    }
    connection.tenant =
        request.tenant.clone().or(connection.tenant.take()).filter(|tenant| !tenant.is_empty());
    connection.scopes = request.scopes.clone().unwrap_or(connection.scopes);
    connection.api_version = request.api_version.clone().or(connection.api_version.take());
    connection.kind = request.kind.unwrap_or(connection.kind);
    connection.client =
        request.client.clone().or(connection.client.take()).filter(|client| !client.is_empty());
    if let Some(colour) = &request.colour {
        let good = colour.len() == 7
            && colour.starts_with('#')
            && colour[1..].bytes().all(|b| b.is_ascii_hexdigit());
        if !good {
            return Err(ApiError::new(ErrorCode::Usage, format!("not a colour: {colour}"))
                .hint("write it as #rrggbb"));
        }
        connection.colour = Some(colour.to_lowercase());
    }
    connection.writable = request.writable.unwrap_or(connection.writable);
    connection.options.extend(request.options.clone());
    connection.options.retain(|_, value| !value.is_empty());
    if connection.system == System::Insider && !connection.options.contains_key("partner") {
        return Err(ApiError::new(ErrorCode::Usage, "the partner name is missing")
            .hint("give it: --option partner=NAME"));
    }
    // An address that is entered again is a wish to look anew at who answers there.
    let leads_elsewhere = request.url.is_some()
        || (&before.url, &before.auth, &before.tenant, &before.client_id, &before.authority)
            != (
                &connection.url,
                &connection.auth,
                &connection.tenant,
                &connection.client_id,
                &connection.authority,
            );
    if leads_elsewhere || secret.is_some() {
        connection.status = ConnectionStatus::Unverified;
        connection.status_message = None;
    }
    if leads_elsewhere {
        connection.identity = None;
    }
    if connection.system == System::Dataverse {
        // What can't work is said now, not at the sign-in.
        syncline_auth::SignInConfig::from_connection(&connection).map(|_| ())?;
    }
    if connection.system == System::Postgres {
        PostgresAddress::parse(&connection.url, &connection.options)?;
    }
    let saved = app.save_connection(connection).await?;
    if let (Some(secret), Some(kind)) = (secret, entered_secret(saved.system, saved.auth)) {
        let (vault, id) = (Arc::clone(&app.vault), saved.id);
        run_blocking(move || Ok(vault.set(&VaultKey::new(id, kind), &secret)?)).await?;
    }
    let saved = match &request.rename {
        Some(name) => {
            let name = connection_name(name)?;
            let id = saved.id;
            let former = before.name.clone();
            app.with_store(move |store| {
                let renamed = store.rename_connection(id, &name, jiff::Timestamp::now())?;
                super::forgetting::rename_kept(store, former.as_str(), name.as_str())?;
                Ok(renamed)
            })
            .await?
        }
        None => saved,
    };
    app.view(saved).await
}

/// Asks who it is and sets the light. `pin`: a person has just signed in, so another user is meant; another organization never is.
pub(crate) async fn verify(
    app: &Arc<App>,
    connection: Connection,
    link: &Link,
    pin: bool,
) -> Result<ConnectionTest, ApiError> {
    let answer = link.identity().await;
    // What was changed while the service was asked, such as a lock, stays changed; a connection that was forgotten stays forgotten.
    let (id, asked) = (connection.id, connection);
    let mut connection = app.with_store(move |store| store.connection(id)).await?.ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound, format!("{} was forgotten meanwhile", asked.name))
    })?;
    if (&connection.url, &connection.auth, &connection.client_id)
        != (&asked.url, &asked.auth, &asked.client_id)
    {
        return Err(ApiError::new(ErrorCode::Busy, format!("{} was changed while it was asked", asked.name))
            .hint("test it again"));
    }
    let seen: Result<Identity, ApiError> = match answer {
        Ok(identity) if pin => {
            let mut same_user = connection.clone();
            if let Some(pinned) = &mut same_user.identity {
                pinned.user_id = None;
            }
            guard_identity(&same_user, &identity).map(|()| identity)
        }
        Ok(identity) => guard_identity(&connection, &identity).map(|()| identity),
        Err(error) => Err(error),
    };
    let now = jiff::Timestamp::now().to_string();
    connection.checked_at = Some(now.clone());
    let test = match seen {
        Ok(identity) => {
            connection.status = ConnectionStatus::Verified;
            connection.status_message = None;
            connection.used_at = Some(now);
            connection.identity = Some(identity.clone());
            ConnectionTest { status: ConnectionStatus::Verified, identity: Some(identity), error: None }
        }
        Err(error) => {
            // A network that is gone says nothing of the connection.
            let unreachable =
                matches!(error.code, ErrorCode::Unreachable | ErrorCode::Throttled | ErrorCode::Cancelled);
            if !unreachable {
                connection.status = ConnectionStatus::Broken;
                connection.status_message = Some(error.message.clone());
            }
            ConnectionTest {
                status: connection.status,
                identity: connection.identity.clone(),
                error: Some(error),
            }
        }
    };
    app.update_connection(connection).await?;
    Ok(test)
}

pub(crate) async fn test(app: &Arc<App>, request: ConnectionRef) -> Result<ConnectionTest, ApiError> {
    let connection = app.connection(&request.connection).await?;
    match app.link(&connection).await {
        Ok(link) => verify(app, connection, &link, false).await,
        Err(error) => Ok(ConnectionTest {
            status: connection.status,
            identity: connection.identity,
            error: Some(error),
        }),
    }
}

pub(crate) async fn unlock(app: &Arc<App>, request: Unlock) -> Result<ConnectionView, ApiError> {
    let mut connection = app.connection(&request.connection).await?;
    match request.minutes {
        Some(minutes @ 1..=480) => {
            let until = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(i64::from(minutes));
            app.unlocked.lock().unwrap_or_else(PoisonError::into_inner).insert(connection.id, until);
        }
        Some(minutes) => {
            return Err(ApiError::new(
                ErrorCode::Usage,
                format!("not a time to unlock for: {minutes} minutes"),
            )
            .hint("1 to 480"));
        }
        None => {
            connection.writable = true;
            connection = app.update_connection(connection).await?;
        }
    }
    app.view(connection).await
}

pub(crate) async fn lock(app: &Arc<App>, request: ConnectionRef) -> Result<ConnectionView, ApiError> {
    let mut connection = app.connection(&request.connection).await?;
    app.unlocked.lock().unwrap_or_else(PoisonError::into_inner).remove(&connection.id);
    connection.writable = false;
    let connection = app.update_connection(connection).await?;
    app.view(connection).await
}
