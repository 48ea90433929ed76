//! `sample.start`: the sample tenant within the application, with connections and definitions to try.

use std::collections::BTreeMap;
use std::sync::Arc;
use syncline_mapping::definition_hash;
use syncline_model::{AuthMethod, Connection, ConnectionKind, ErrorCode, Secret, System};
use syncline_sandbox::{Details, Sandbox, SandboxConfig};

use super::{connections, syncs};
use crate::app::{App, Sample};
use crate::wire::{ApiError, ConnectionSave, Empty, SampleTenant};

const CLIENT: &str = "Sample tenant";
const FIRST: &str = "contoso sample";
const SECOND: &str = "fabrikam sample";
const MARKETING: &str = "marketing sample";

pub(crate) async fn start(app: &Arc<App>, _: Empty) -> Result<SampleTenant, ApiError> {
    let mut sample = app.sample.lock().await;
    if let Some(sample) = sample.as_ref() {
        return Ok(sample.tenant.clone());
    }
    let sandbox = Sandbox::start(SandboxConfig::default()).await.map_err(|error| {
        ApiError::new(ErrorCode::Busy, format!("the sample tenant can't be started: {error}"))
            .hint("check that programs may listen on 127.0.0.1")
    })?;
    let tenant = connect(app, sandbox.details()).await?;
    *sample = Some(Sample { sandbox, tenant: tenant.clone() });
    Ok(tenant)
}

/// The sample tenant is the same one at another port: who it is and who is signed in there has not changed, and is checked
/// against the pinned identity before anything is written, as anywhere.
async fn keep_identity(app: &Arc<App>, name: &str, before: Connection) -> Result<(), ApiError> {
    let mut connection = app.connection(name).await?;
    connection.identity = before.identity;
    connection.status = before.status;
    connection.status_message = before.status_message;
    app.update_connection(connection).await?;
    Ok(())
}

fn base(name: &str, system: System, url: &str) -> ConnectionSave {
    ConnectionSave {
        name: name.to_owned(),
        system: Some(system),
        url: Some(url.to_owned()),
        client: Some(CLIENT.to_owned()),
        kind: Some(ConnectionKind::Sandbox),
        options: BTreeMap::from([("sample".to_owned(), "true".to_owned())]),
        ..ConnectionSave::default()
    }
}

/// Connections to the running sample tenant. Its ports are others at each start, so the addresses are set anew.
async fn connect(app: &Arc<App>, details: &Details) -> Result<SampleTenant, ApiError> {
    for (name, number, colour) in [(FIRST, 0, "#0f6cbd"), (SECOND, 1, "#107c41")] {
        let Some(environment) = details.environments.get(number) else { continue };
        let mut save = base(name, System::Dataverse, &environment.url);
        save.auth = Some(AuthMethod::AuthorizationCode);
        save.authority = Some(details.authority.clone());
        save.client_id = Some(details.client_id.clone());
        save.colour = Some(colour.to_owned());
        save.options.insert("discovery".to_owned(), details.discovery.clone());
        let before = app.connection(name).await.ok();
        connections::save(app, save).await?;
        if let Some(before) = before {
            keep_identity(app, name, before).await?;
        }
    }
    let mut save = base(MARKETING, System::Insider, &details.insider);
    save.colour = Some("#8764b8".to_owned());
    save.writable = Some(true);
    save.options.insert("partner".to_owned(), details.insider_partner.clone());
    save.secret = Some(Secret::new(details.insider_token.as_str()));
    connections::save(app, save).await?;
    let mut definitions = Vec::new();
    for text in [include_str!("sample_marketing.json"), include_str!("sample_copy.json")] {
        let definition = syncs::read(text)?;
        definitions.push(definition.name.clone());
        let name = definition.name.clone();
        if app.with_store(move |store| store.definition(&name)).await?.is_none() {
            let (name, json, hash) =
                (definition.name.clone(), definition.to_json(), definition_hash(&definition));
            app.with_store(move |store| {
                store.save_definition(None, &name, &json, &hash, jiff::Timestamp::now())
            })
            .await?;
        }
    }
    Ok(SampleTenant {
        connections: vec![FIRST.to_owned(), SECOND.to_owned(), MARKETING.to_owned()],
        definitions,
        first: FIRST.to_owned(),
        profiles_url: details.insider.clone(),
    })
}
