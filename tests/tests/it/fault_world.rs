//! One kind of request after the other, each with a sample tenant of its own: what it does, what came of it, and what it left behind.

use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;
use syncline_auth::{ConnectionTokens, SignInConfig};
use syncline_connect::{Destination, MatchKey, Probe, Selection, Source, WriteOptions};
use syncline_dataverse::{DataverseBuilder, DataverseConnector, DataverseSettings, RowKey, environments};
use syncline_http::{Gate, HttpClient, HttpConfig, RetryConfig, SystemClock, TokenProvider};
use syncline_insider::{InsiderConnector, InsiderSettings};
use syncline_model::{AuthMethod, Record, RecordId, Secret, SynclineError, Value, ValueMap};
use syncline_sandbox::{Sandbox, SandboxConfig};
use syncline_secrets::{MemoryVault, SecretKind, Vault, VaultKey};
use tokio_util::sync::CancellationToken;

use crate::fault_ask::Ask;
use crate::fault_rows::{self, body, key, mark, outcomes, users};
use crate::sign_in;

/// Contacts of the tenant, five pages of them.
const RECORDS: u64 = 250;
const PAGE: u32 = 50;
/// A tenant, and everything that asks it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    connector: DataverseConnector,
    /// Looks at what is left, through a connection of its own.
    witness: DataverseConnector,
    client_tokens: ConnectionTokens,
    person_tokens: ConnectionTokens,
    http: HttpClient,
    insider: InsiderConnector,
    ids: Vec<RecordId>,
}

fn none() -> CancellationToken {
    CancellationToken::new()
}

impl World {
    /// `patience` is the longest time for one answer; a hanging one is given up after it.
    pub(crate) async fn new(patience: Duration) -> Self {
        let config = SandboxConfig { records: RECORDS, ..SandboxConfig::default() };
        let sandbox = Sandbox::start(config).await.unwrap();
        let details = sandbox.details().clone();
        let retry = RetryConfig {
            throttle_retries: 2,
            initial: Duration::from_millis(20),
            ..RetryConfig::with_retries(2)
        };
        let config = HttpConfig { request_timeout: patience, ..HttpConfig::default() };
        let http = HttpClient::builder(&config).retry(retry).build().unwrap();
        let as_application =
            sign_in::config(&sandbox, 1, AuthMethod::ClientCredentials, &details.dataverse, &details.tenant);
        let client_tokens = application_tokens(as_application.clone(), &details.client_secret, &http);
        let person_tokens = person_tokens(&sandbox, &http).await;
        let connector = |tokens: &ConnectionTokens| {
            let settings = DataverseSettings {
                url: details.dataverse.clone(),
                timeout: patience,
                retries: 2,
                ..DataverseSettings::default()
            };
            let tokens: Arc<dyn TokenProvider> = Arc::new(tokens.clone());
            DataverseBuilder::new(settings, http.clone(), Arc::new(Gate::new(8)), tokens).build().unwrap()
        };
        let own = application_tokens(as_application, &details.client_secret, &http);
        let insider = InsiderSettings {
            url: details.insider.clone(),
            partner: details.insider_partner.clone(),
            request_token: Secret::new(details.insider_token.clone()),
            timeout: patience,
        };
        let mut world = Self {
            connector: connector(&client_tokens),
            witness: connector(&own),
            insider: InsiderConnector::new(http.clone(), insider).unwrap(),
            sandbox,
            client_tokens,
            person_tokens,
            http,
            ids: vec![],
        };
        let first = world.witness.page(&contacts(None), None, &none()).await.unwrap();
        world.ids = first.records.into_iter().map(|record| record.id).collect();
        // Descriptions are asked once and remembered.
        world.connector.page(&contacts(None), None, &none()).await.unwrap();
        Source::identity(&world.connector).await.unwrap();
        world
    }

    /// Rows that the request needs.
    pub(crate) async fn prepare(&self, ask: Ask, cell: u32) {
        use Ask::{Batch, ChangeSet, Delete, Update, UpdateMultiple, UpsertMultiple};
        if ask == Batch {
            let contoso = self.sandbox.environment("contoso").unwrap();
            contoso.messages().set_without(["contact".to_owned()]);
        }
        let rows = match ask {
            UpdateMultiple => 2,
            Update | Delete | Batch | ChangeSet | UpsertMultiple => 1,
            _ => 0,
        };
        for number in 0..rows {
            let key = RowKey::Id(fault_rows::id(cell, number));
            self.witness
                .upsert_record(&"contact".into(), &key, &body("before", cell), &none())
                .await
                .unwrap();
        }
    }

    /// Does it. What came is told in a form that is the same each time it is right.
    pub(crate) async fn act(&self, ask: Ask, cell: u32) -> Result<Json, SynclineError> {
        use Ask::*;
        let (to, cancel) = (&self.connector, &none());
        let contact = &"contact".into();
        Ok(match ask {
            WhoAmI => {
                let identity = Source::identity(to).await?;
                json!([identity.organization_id, identity.user_id])
            }
            Entities => {
                let found = Source::entities(to, cancel).await?;
                json!(found.iter().map(|entity| format!("{entity:?}")).collect::<Vec<_>>())
            }
            Columns | Choices => json!(format!("{:?}", Source::schema(to, contact, cancel).await?)),
            FirstPage | MiddlePage | LastPage => self.pages(&contacts(None)).await?,
            FetchFirst | FetchMiddle | FetchLast => self.pages(&contacts(Some(FILTER))).await?,
            Document => {
                let document = "<fetch count='40'><entity name='contact'><attribute name='fullname'/><attribute name='parentcustomerid'/>\
                    <order attribute='contactid'/></entity></fetch>";
                let (mut cursor, mut rows) = (None, Vec::new());
                loop {
                    let (page, next) = to.fetch_document(document, cursor.as_ref(), cancel).await?;
                    rows.extend(page.iter().map(|row| row.get().to_owned()));
                    cursor = next;
                    if cursor.is_none() {
                        break json!(rows);
                    }
                }
            }
            Count => counted(to.count(&contacts(None), cancel).await?),
            FilteredCount => counted(to.count(&contacts(Some(FILTER)), cancel).await?),
            ByIds => {
                let found =
                    to.get(contact, &self.ids, &["fullname".into(), "gendercode".into()], cancel).await?;
                json!(found.iter().map(|found| found.as_ref().map(told)).collect::<Vec<_>>())
            }
            One => {
                let key = RowKey::Id(self.ids[3].clone());
                json!(to.read_record(contact, &key, &["fullname".into()], cancel).await?.as_ref().map(told))
            }
            Probing => {
                let schema = Destination::schema(&self.witness, contact, cancel).await?;
                let keys: Vec<MatchKey> = self.ids[..5]
                    .iter()
                    .map(|id| MatchKey(ValueMap::from([("contactid".to_owned(), Value::from(id.as_str()))])))
                    .collect();
                let found = to
                    .probe(&schema, &keys, &["fullname".to_owned(), "statecode".to_owned()], cancel)
                    .await?;
                json!(
                    found
                        .iter()
                        .map(|found| match found {
                            Probe::Present(row) => format!("{:?}", row.id),
                            other => format!("{other:?}"),
                        })
                        .collect::<Vec<_>>()
                )
            }
            Lists => {
                let found = to.marketing_lists(cancel).await?;
                json!(found.iter().map(|list| format!("{list:?}")).collect::<Vec<_>>())
            }
            LongRead => {
                let values: String =
                    (0..900).map(|n| format!("<value>somebody called {n:05}</value>")).collect();
                let own = "<condition attribute='gendercode' operator='not-null'/>";
                let filter = format!(
                    "<filter type='or'><condition attribute='fullname' operator='in'>{values}</condition>{own}</filter>"
                );
                let page =
                    to.page(&Selection { filter: Some(filter), ..contacts(None) }, None, cancel).await?;
                json!(page.records.iter().map(told).collect::<Vec<_>>())
            }
            Create => {
                let id = to.create_record(contact, &body("created", cell), cancel).await?;
                json!(id.as_str().len())
            }
            Update => {
                to.update_record(contact, &key(cell), &body("updated", cell), None, cancel).await?;
                Json::Null
            }
            Upsert => {
                to.upsert_record(contact, &key(cell), &body("upserted", cell), cancel).await?;
                Json::Null
            }
            Delete => {
                to.delete_record(contact, &key(cell), None, cancel).await?;
                Json::Null
            }
            Batch | ChangeSet | CreateMultiple | UpdateMultiple | UpsertMultiple => {
                let schema = Destination::schema(&self.witness, contact, cancel).await?;
                let rows = fault_rows::contacts(ask, cell);
                let options = WriteOptions { all_or_nothing: ask == ChangeSet, ..WriteOptions::default() };
                outcomes(to.write(&schema, &rows, &options, cancel).await?)?
            }
            ClientToken => {
                let old = self.client_tokens.token().await?;
                let new = self.client_tokens.renew(&old).await?;
                json!([new.is_same(&old), new.expires_at.is_some()])
            }
            RefreshedToken => {
                let old = self.person_tokens.token().await?;
                let new = self.person_tokens.renew(&old).await?;
                json!([new.is_same(&old), new.expires_at.is_some()])
            }
            Discovery => {
                let service = &self.sandbox.details().discovery;
                let tokens = self.person_tokens.for_resource(syncline_auth::default_scopes(service, true));
                let found = environments(&self.http, service, tokens, cancel).await?;
                json!(found.iter().map(|one| one.url.clone()).collect::<Vec<_>>())
            }
            InsiderWho => json!(self.insider.identity().await?.organization_id),
            InsiderUpsert | InsiderEvents => {
                let entity = "profile".into();
                let schema = self.insider.schema(&entity, cancel).await?;
                let rows = users(cell, ask == InsiderEvents);
                outcomes(self.insider.write(&schema, &rows, &WriteOptions::default(), cancel).await?)?
            }
        })
    }

    async fn pages(&self, selection: &Selection) -> Result<Json, SynclineError> {
        let (mut cursor, mut records) = (None, Vec::new());
        loop {
            let page = self.connector.page(selection, cursor.as_ref(), &none()).await?;
            records.extend(page.records.iter().map(told));
            cursor = page.next;
            if cursor.is_none() {
                return Ok(json!(records));
            }
        }
    }

    /// What the service holds of a cell's rows, without ids.
    pub(crate) async fn left(&self, ask: Ask, cell: u32) -> Json {
        if matches!(ask, Ask::InsiderUpsert | Ask::InsiderEvents) {
            let mark = mark(cell);
            let profiles = self.sandbox.profiles();
            let own = profiles.iter().filter(|profile| profile.to_string().contains(&mark));
            let mut left: Vec<Json> = own
                .map(|profile| {
                    json!([profile["attributes"]["name"], profile["events"].as_array().map(Vec::len)])
                })
                .collect();
            left.sort_by_key(Json::to_string);
            return json!(left);
        }
        let filter = format!("<condition attribute='lastname' operator='eq' value='{}'/>", mark(cell));
        let selection = Selection { columns: vec!["jobtitle".into()], ..contacts(Some(&filter)) };
        let page = self.witness.page(&selection, None, &none()).await.unwrap();
        let mut left: Vec<Json> = page
            .records
            .iter()
            .map(|record| json!(record.fields().unwrap().value("jobtitle").map(|v| v.display_text())))
            .collect();
        left.sort_by_key(Json::to_string);
        json!(left)
    }
}

const FILTER: &str = "<condition attribute='gendercode' operator='eq' value='2'/>";

fn contacts(filter: Option<&str>) -> Selection {
    Selection {
        entity: Some("contact".into()),
        columns: ["fullname", "gendercode", "parentcustomerid", "emailaddress1"].map(Into::into).to_vec(),
        // Females are about half of all.
        page_size: if filter.is_some() { PAGE / 2 } else { PAGE },
        filter: filter.map(str::to_owned),
        ..Selection::default()
    }
}

fn told(record: &Record) -> Json {
    json!([record.id.as_str(), record.etag, record.raw.get()])
}

fn counted(count: syncline_connect::Count) -> Json {
    json!([count.value, count.exact])
}

fn application_tokens(config: SignInConfig, secret: &str, http: &HttpClient) -> ConnectionTokens {
    let vault = Arc::new(MemoryVault::new());
    vault.set(&VaultKey::new(config.connection, SecretKind::ClientSecret), &Secret::new(secret)).unwrap();
    ConnectionTokens::new(config, vault, http.clone(), Arc::new(SystemClock))
}

async fn person_tokens(sandbox: &Sandbox, http: &HttpClient) -> ConnectionTokens {
    let details = sandbox.details();
    let config =
        sign_in::config(sandbox, 2, AuthMethod::AuthorizationCode, &details.dataverse, &details.tenant);
    let user = sign_in::person(sandbox, &details.tenant);
    let (signed_in, _) = sign_in::sign_in(config.clone(), &[("account", &user), ("consent", "accept")]).await;
    let mut tokens =
        ConnectionTokens::new(config, Arc::new(MemoryVault::new()), http.clone(), Arc::new(SystemClock));
    tokens.adopt(&signed_in.unwrap()).await.unwrap();
    tokens
}
