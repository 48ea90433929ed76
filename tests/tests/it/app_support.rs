//! The application on a folder of its own, driven by its command list, beside a sample tenant of its own.

use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use syncline_api::wire::{JobState, JobView};
use syncline_api::{ApiError, App, AppConfig, VaultChoice};
use syncline_sandbox::{LoggedRequest, Sandbox, SandboxConfig};
use syncline_secrets::Vault;
use tempfile::TempDir;

/// An application and a sample tenant.
pub(crate) struct Bench {
    pub(crate) app: Arc<App>,
    pub(crate) sandbox: Sandbox,
    pub(crate) home: TempDir,
}

impl Bench {
    /// A tenant whose first environment has so many contacts.
    pub(crate) async fn new(records: u64) -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = AppConfig::new(Some(home.path().to_owned()), VaultChoice::Memory);
        Self::opened(records, home, config).await
    }

    /// The same with a vault that the test holds too.
    pub(crate) async fn with_vault(records: u64, vault: Arc<dyn Vault>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = AppConfig::with_vault(home.path().to_owned(), vault);
        Self::opened(records, home, config).await
    }

    async fn opened(records: u64, home: TempDir, config: AppConfig) -> Self {
        let sandbox = Sandbox::start(SandboxConfig { records, ..SandboxConfig::default() }).await.unwrap();
        Self { app: App::open(config).await.unwrap(), sandbox, home }
    }

    /// Runs a command that must work.
    pub(crate) async fn rpc(&self, name: &str, request: Value) -> Value {
        let told = request.to_string();
        self.app.rpc(name, request).await.unwrap_or_else(|error| panic!("{name} {told}: {error:?}"))
    }

    /// Runs a command that must be refused.
    pub(crate) async fn refused(&self, name: &str, request: Value) -> ApiError {
        match self.app.rpc(name, request).await {
            Ok(answer) => panic!("{name} was not refused: {answer}"),
            Err(error) => error,
        }
    }

    /// Begins a job; its id.
    pub(crate) async fn start(&self, name: &str, request: Value) -> String {
        self.rpc(name, request).await["job"].as_str().unwrap().to_owned()
    }

    /// Waits for a job's end.
    pub(crate) async fn wait(&self, job: &str) -> JobView {
        tokio::time::timeout(Duration::from_secs(60), self.app.jobs().wait(job)).await.unwrap().unwrap()
    }

    /// Begins a job and waits for its end.
    pub(crate) async fn job(&self, name: &str, request: Value) -> JobView {
        let job = self.start(name, request).await;
        self.wait(&job).await
    }

    /// The result of a job that must end well.
    pub(crate) async fn done(&self, name: &str, request: Value) -> Value {
        let view = self.job(name, request).await;
        assert_eq!(view.state, JobState::Done, "{name}: {:?}", view.error);
        view.result
    }

    /// The error of a job that must fail.
    pub(crate) async fn failed(&self, name: &str, request: Value) -> ApiError {
        let view = self.job(name, request).await;
        assert_eq!(view.state, JobState::Failed, "{name}: {}", view.result);
        view.error.unwrap()
    }

    /// What a connection to an environment is saved with.
    pub(crate) fn as_application(&self, name: &str, environment: &str) -> Value {
        let details = self.sandbox.details();
        let found = details.environments.iter().find(|one| one.name == environment).unwrap();
        json!({
            "name": name, "system": "dataverse", "url": found.url, "auth": "client-credentials",
            "authority": details.authority, "tenant": found.tenant, "kind": "sandbox",
            "client_id": details.confidential_client_id, "secret": details.client_secret,
        })
    }

    /// Saves a connection to an environment as an application and verifies it.
    pub(crate) async fn connect(&self, name: &str, environment: &str) {
        self.rpc("connections.save", self.as_application(name, environment)).await;
        let test = self.rpc("connections.test", json!({ "connection": name })).await;
        assert_eq!(test["status"], "verified", "{test}");
    }

    /// The same, unlocked for writing.
    pub(crate) async fn connect_writable(&self, name: &str, environment: &str) {
        self.connect(name, environment).await;
        self.rpc("connections.unlock", json!({ "connection": name, "minutes": 30 })).await;
    }

    /// Saves a connection to Insider One at this address, writable.
    pub(crate) async fn marketing_at(&self, name: &str, url: &str) {
        let details = self.sandbox.details();
        self.rpc(
            "connections.save",
            json!({
                "name": name, "system": "insider", "url": url, "writable": true, "kind": "sandbox",
                "options": { "partner": details.insider_partner }, "secret": details.insider_token,
            }),
        )
        .await;
    }

    /// Saves a connection to the sample Insider One, writable.
    pub(crate) async fn marketing(&self, name: &str) {
        let url = self.sandbox.details().insider.clone();
        self.marketing_at(name, &url).await;
    }

    /// Saves a connection to a file in the bench's folder, writable; its path.
    pub(crate) async fn file(&self, name: &str, system: &str) -> std::path::PathBuf {
        let path = self.home.path().join(format!("{name}.{system}"));
        self.rpc(
            "connections.save",
            json!({ "name": name, "system": system, "url": path, "writable": true, "kind": "sandbox" }),
        )
        .await;
        path
    }

    /// Changes a record at an environment past the application, as somebody else would.
    pub(crate) async fn change(&self, connection: &str, entity: &str, id: &str, data: Value) {
        self.rpc(
            "records.write",
            json!({ "connection": connection, "entity": entity, "operation": "update", "id": id, "data": data }),
        )
        .await;
    }

    /// Makes a plan, of a mirror too; its summary.
    pub(crate) async fn preview_any(&self, definition: &Value) -> Value {
        self.done("plans.start", json!({ "json": definition.to_string() })).await
    }

    /// Makes a plan; its summary.
    pub(crate) async fn preview(&self, definition: &Value) -> Value {
        let plan = self.preview_any(definition).await;
        let summary = &plan["summary"];
        let sum: u64 = ["create", "update", "delete", "unchanged", "skip", "invalid"]
            .iter()
            .map(|action| summary[*action].as_u64().unwrap())
            .sum();
        let once = sum - count(summary, "steps") - count(summary, "vanished");
        assert_eq!(once, summary["read"], "every record read has one action: {summary}");
        plan
    }

    /// Runs a plan; its report.
    pub(crate) async fn run(&self, plan: &Value) -> Value {
        self.done("runs.start", json!({ "plan": plan["plan_id"] })).await
    }

    /// All rows of a plan in the shape of scripts, in the plan's order.
    pub(crate) async fn items(&self, plan: &Value) -> Vec<Value> {
        let mut items = Vec::new();
        loop {
            let ask = json!({ "plan": plan["plan_id"], "offset": items.len(), "limit": 1000 });
            let page = self.rpc("plans.items", ask).await["items"].as_array().unwrap().clone();
            if page.is_empty() {
                return items;
            }
            items.extend(page);
        }
    }

    /// Requests to a service that may write something.
    pub(crate) fn writes(&self, service: &str) -> Vec<LoggedRequest> {
        self.sandbox
            .requests()
            .into_iter()
            .filter(|request| request.service == service && request.method != "GET")
            .collect()
    }

    /// All cached records of an entity: id and raw text, in the order of ids.
    pub(crate) async fn cached(&self, connection: &str, entity: &str) -> Vec<(String, String)> {
        let mut all = Vec::new();
        loop {
            let ask = json!({
                "connection": connection, "entity": entity, "mode": "cached", "limit": 5000, "offset": all.len(),
            });
            let text = self.app.rpc_text("records.query", ask).await.unwrap();
            let page: RawPage<'_> = serde_json::from_str(&text).unwrap();
            if page.rows.is_empty() {
                assert_eq!(page.total as usize, all.len());
                all.sort();
                return all;
            }
            all.extend(page.rows.iter().map(|row| (row.id.to_owned(), row.raw.get().to_owned())));
        }
    }
}

#[derive(serde::Deserialize)]
struct RawPage<'a> {
    total: u64,
    #[serde(borrow)]
    rows: Vec<RawRow<'a>>,
}

#[derive(serde::Deserialize)]
struct RawRow<'a> {
    id: &'a str,
    #[serde(borrow)]
    raw: &'a serde_json::value::RawValue,
}

/// The number behind a member.
pub(crate) fn count(value: &Value, member: &str) -> u64 {
    value[member].as_u64().unwrap_or_else(|| panic!("{member} in {value}"))
}

/// Contacts to a destination by e-mail and id.
pub(crate) fn contacts_to(source: &str, destination: &str, entity: &str) -> Value {
    json!({
        "version": 1, "name": format!("contacts to {destination}"),
        "source": {
            "connection": source, "entity": "contact",
            "columns": ["contactid", "emailaddress1", "firstname", "lastname"], "page_size": 500, "retries": 1,
        },
        "destination": { "connection": destination, "entity": entity },
        "identifiers": [{ "to": "uuid", "from": "contactid" }],
        "fields": [{ "to": "name", "from": "firstname" }, { "to": "surname", "from": "lastname" }],
        "fixed": [{ "to": "city", "value": "Nowhere" }],
    })
}
