//! The cable out, for real: the application runs in a network namespace without a route, on a store that was pulled before. What is cached works and
//! nothing tries to connect; what needs the network says so at once.

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use syncline_api::wire::JobState;
use syncline_api::{ApiError, App, AppConfig};
use syncline_model::{ErrorCode, Secret};
use syncline_secrets::{Vault, VaultError, VaultFault, VaultKey};
use syncline_tests::offline::{attempts, without_network};

use crate::app_support::{Bench, contacts_to, count};

/// Where the half inside the namespace finds its folder, and which part it plays.
const FOLDER: &str = "SYNCLINE_TEST_OFFLINE_FOLDER";
const PART: &str = "SYNCLINE_TEST_OFFLINE_PART";
/// An answer that comes at once. The machine may be busy; a retry would take longer than this many times over.
const AT_ONCE: Duration = Duration::from_millis(900);

/// Secrets as files of a test's folder: a keychain that both processes have.
#[derive(Debug)]
struct FileVault(PathBuf);

impl FileVault {
    fn path(&self, key: &VaultKey) -> PathBuf {
        self.0.join(key.item_name().replace('/', "_"))
    }
    fn broken(key: &VaultKey, error: &std::io::Error) -> VaultError {
        VaultError::new(VaultFault::Damaged, key.kind, error.to_string())
    }
}

impl Vault for FileVault {
    fn get(&self, key: &VaultKey) -> Result<Option<Secret>, VaultError> {
        match std::fs::read_to_string(self.path(key)) {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Self::broken(key, &error)),
        }
    }
    fn set(&self, key: &VaultKey, secret: &Secret) -> Result<(), VaultError> {
        std::fs::write(self.path(key), secret.expose()).map_err(|error| Self::broken(key, &error))
    }
    fn delete(&self, key: &VaultKey) -> Result<bool, VaultError> {
        Ok(std::fs::remove_file(self.path(key)).is_ok())
    }
}

fn vault(folder: &Path) -> Arc<dyn Vault> {
    let path = folder.join("vault");
    std::fs::create_dir_all(&path).unwrap();
    Arc::new(FileVault(path))
}

/// Runs the half inside; its attempts to reach somebody.
fn inside_without_network(folder: &Path, part: &str) -> Vec<String> {
    let trace = folder.join(format!("{part}.trace"));
    let program = std::env::current_exe().unwrap();
    let mut command = without_network(program.as_os_str(), &trace).unwrap_or_else(|why| panic!("{why}"));
    let output = command
        .args(["--exact", "offline_namespace::inside", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(PART, part)
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{part}: {}\n{out}\n{err}", output.status);
    assert!(out.contains("1 passed"), "the half inside has run: {out}\n{err}");
    attempts(&trace).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_cached_works_without_a_route_and_nothing_tries_to_connect() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::with_vault(600, vault(folder.path())).await;
    bench.connect_writable("contoso", "contoso").await;
    bench.marketing("marketing").await;
    bench.rpc("connections.test", json!({ "connection": "marketing" })).await;
    bench.rpc("entities.list", json!({ "connection": "contoso" })).await;
    bench.done("cache.pull", json!({ "connection": "contoso", "entity": "contact" })).await;
    bench.done("cache.pull", json!({ "connection": "contoso", "entity": "account" })).await;
    bench.file("out", "csv").await;
    bench.rpc("definitions.save", json!({ "json": contacts_to("contoso", "out", "rows").to_string() })).await;
    // A connection as most are: under a name, at Microsoft's sign-in.
    let mut cloud = bench.as_application("cloud", "contoso");
    cloud["url"] = json!("https://contoso.crm4.dynamics.com");
    cloud["authority"] = Value::Null;
    bench.rpc("connections.save", cloud).await;
    let live = bench
        .rpc(
            "records.query",
            json!({ "connection": "contoso", "entity": "contact", "mode": "live", "limit": 1000,
            "filter": "<condition attribute='statecode' operator='eq' value='0' />" }),
        )
        .await;
    let known = json!({ "active": live["total"], "name": live["rows"][0]["raw"]["lastname"], "id": live["rows"][0]["id"] });
    std::fs::write(folder.path().join("known.json"), known.to_string()).unwrap();
    let Bench { app, sandbox, home } = bench;
    app.close().await;
    drop(app);
    std::fs::write(folder.path().join("home"), home.path().to_str().unwrap()).unwrap();
    sandbox.clear_requests();

    let tried = inside_without_network(folder.path(), "cached");
    assert!(
        tried.is_empty(),
        "cached data is had without a network, but it was tried to reach:\n{}",
        tried.join("\n")
    );

    let tried = inside_without_network(folder.path(), "live");
    let details = sandbox.details();
    let ports = [&details.authority, &details.dataverse, &details.insider]
        .map(|origin| format!("sin_port=htons({})", origin.rsplit(':').next().unwrap()));
    assert!(tried.iter().any(|line| line.contains(&ports[0]) || line.contains(&ports[1])), "{tried:?}");
    for line in &tried {
        let own = ports.iter().any(|port| line.contains(port)) && line.contains("127.0.0.1");
        // Names are looked up; nothing else is anybody's business.
        assert!(own || line.contains("htons(53)") || line.contains("sin_port=htons(0)"), "{line}");
    }
    assert!(sandbox.requests().is_empty(), "nothing came through: {:?}", sandbox.requests());
}

/// The half inside the namespace. Started by the test above and by nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the other half starts it, in a namespace without a route"]
async fn inside() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let home = PathBuf::from(std::fs::read_to_string(folder.join("home")).unwrap());
    let known: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("known.json")).unwrap()).unwrap();
    let app = App::open(AppConfig::with_vault(home, vault(&folder))).await.unwrap();
    let part = std::env::var(PART).unwrap();
    match part.as_str() {
        "cached" => cached(&Inside { app, folder, known }).await,
        "live" => live(&Inside { app, folder, known }).await,
        other => panic!("no such part: {other}"),
    }
}

struct Inside {
    app: Arc<App>,
    folder: PathBuf,
    known: Value,
}

impl Inside {
    async fn rpc(&self, name: &str, request: Value) -> Value {
        self.app.rpc(name, request).await.unwrap_or_else(|error| panic!("{name}: {error:?}"))
    }
    async fn job(&self, name: &str, request: Value) -> Result<Value, ApiError> {
        let job = self.app.rpc(name, request).await?["job"].as_str().unwrap().to_owned();
        let view =
            tokio::time::timeout(Duration::from_secs(60), self.app.jobs().wait(&job)).await.unwrap().unwrap();
        match view.state {
            JobState::Done => Ok(view.result),
            _ => Err(view.error.unwrap()),
        }
    }
}

async fn cached(inside: &Inside) {
    let (known, active) = (&inside.known, "<condition attribute='statecode' operator='eq' value='0' />");
    let contacts = |extra: Value| {
        let mut query =
            json!({ "connection": "contoso", "entity": "contact", "mode": "cached", "limit": 1000 });
        query.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        query
    };
    // Browse, filter, sort, search.
    for (name, request) in [
        ("app.about", json!({})),
        ("settings.get", json!({})),
        ("connections.list", json!({})),
        ("connections.budget", json!({ "connection": "contoso" })),
        ("cache.list", json!({})),
        ("definitions.list", json!({})),
        ("plans.list", json!({})),
        ("runs.list", json!({})),
        ("jobs.list", json!({})),
        ("filters.operators", json!({})),
        ("entities.list", json!({ "connection": "contoso" })),
        ("entities.describe", json!({ "connection": "contoso", "entity": "contact" })),
        ("statistics.kept", json!({ "connection": "contoso", "entity": "contact" })),
    ] {
        inside.rpc(name, request).await;
    }
    let all = inside.rpc("records.query", contacts(json!({}))).await;
    assert_eq!(count(&all, "total"), 600);
    let ordered = json!({ "filter": active, "order": [{ "column": "fullname", "descending": true }] });
    let filtered = inside.rpc("records.query", contacts(ordered)).await;
    assert_eq!(filtered["total"], known["active"], "as many as the service said");
    let found = inside.rpc("records.query", contacts(json!({ "search": known["name"] }))).await;
    assert!(count(&found, "total") >= 1 && count(&found, "total") < 600);
    let one = json!({ "connection": "contoso", "entity": "contact", "id": known["id"], "mode": "cached" });
    assert_eq!(inside.rpc("records.get", one).await["row"]["raw"]["lastname"], known["name"]);
    let hits = inside.rpc("cache.search", json!({ "text": known["name"], "connection": "contoso" })).await;
    assert!(hits["hits"].as_array().unwrap().iter().any(|hit| hit["id"] == known["id"]), "{hits}");
    let statement = "SELECT count(*) AS n FROM contact c JOIN account a ON a.accountid = c.parentcustomerid";
    let table = inside.rpc("cache.sql", json!({ "connection": "contoso", "statement": statement })).await;
    assert!(table["rows"][0][0].as_i64().unwrap() > 0, "{table}");
    let document = format!(
        "<fetch><entity name='contact'><attribute name='fullname'/><filter>{active}</filter></entity></fetch>"
    );
    let fetched = inside
        .rpc("cache.fetch", json!({ "connection": "contoso", "fetchxml": document, "count": true }))
        .await;
    assert_eq!(fetched["total"], known["active"]);
    // Exports.
    for format in ["csv", "jsonl"] {
        let path = inside.folder.join(format!("out.{format}"));
        let ask = json!({ "query": contacts(json!({})), "format": format, "path": path, "formatted": true });
        let report = inside.job("records.export", ask).await.unwrap();
        assert_eq!(count(&report, "records"), 600);
        assert!(std::fs::metadata(&path).unwrap().len() > 10_000);
    }
    // A mapping against cached data: checked, tried on a record, previewed to a file and to the marketing platform.
    let to_file = contacts_to("contoso", "out", "rows");
    for definition in [&to_file, &contacts_to("contoso", "marketing", "profile")] {
        let text = definition.to_string();
        let check = inside.rpc("definitions.check", json!({ "json": text })).await;
        assert_eq!(check["valid"], true, "{check}");
        let plan = inside.job("plans.start", json!({ "json": text, "cached": true })).await.unwrap();
        assert_eq!((count(&plan["summary"], "create"), &plan["cached"]), (600, &json!(true)), "{plan}");
        let items =
            inside.rpc("plans.items", json!({ "plan": plan["plan_id"], "offset": 0, "limit": 10 })).await;
        assert_eq!(items["items"].as_array().unwrap().len(), 10);
    }
    let sample = inside.rpc("definitions.sample", json!({ "json": to_file.to_string(), "limit": 5 })).await;
    assert!(sample.to_string().contains("Nowhere"), "{sample}");
    // Whatever looks for news behind the scenes has had its time.
    tokio::time::sleep(Duration::from_secs(1)).await;
}

async fn live(inside: &Inside) {
    let query = |connection: &str| json!({ "connection": connection, "entity": "contact", "mode": "live", "limit": 10 });
    let document = "<fetch top='5'><entity name='contact'><attribute name='fullname'/></entity></fetch>";
    let write = json!({ "connection": "contoso", "entity": "contact", "operation": "create", "data": { "lastname": "X" } });
    inside.rpc("connections.unlock", json!({ "connection": "contoso", "minutes": 5 })).await;
    let get =
        json!({ "connection": "contoso", "entity": "contact", "id": inside.known["id"], "mode": "live" });
    for (name, request) in [
        ("records.query", query("contoso")),
        ("records.query", query("cloud")),
        ("records.get", get),
        ("records.fetch", json!({ "connection": "contoso", "fetchxml": document })),
        ("records.write", write),
    ] {
        let begun = Instant::now();
        let error = inside.app.rpc(name, request).await.unwrap_err();
        told(name, &error, begun.elapsed());
    }
    for connection in ["contoso", "cloud", "marketing"] {
        let begun = Instant::now();
        let test = inside.rpc("connections.test", json!({ "connection": connection })).await;
        assert_eq!(test["error"]["code"], "unreachable", "{test}");
        assert!(begun.elapsed() < AT_ONCE, "{connection}: {:?}", begun.elapsed());
    }
    for (name, request) in [
        ("cache.pull", json!({ "connection": "contoso", "entity": "contact" })),
        ("plans.start", json!({ "json": contacts_to("contoso", "out", "rows").to_string() })),
    ] {
        let begun = Instant::now();
        let error = inside.job(name, request).await.unwrap_err();
        told(name, &error, begun.elapsed());
    }
    // What was pulled is still there.
    let kept = json!({ "connection": "contoso", "entity": "contact", "mode": "cached", "limit": 1 });
    assert_eq!(count(&inside.rpc("records.query", kept).await, "total"), 600);
    let entities = inside.rpc("entities.list", json!({ "connection": "contoso", "refresh": true })).await;
    assert_eq!(entities["cached"], true, "the kept list stands in");
}

/// At once, by its name, with a remedy.
fn told(name: &str, error: &ApiError, took: Duration) {
    assert_eq!(error.code, ErrorCode::Unreachable, "{name}: {error:?}");
    let remedy = error.hint.as_deref().unwrap_or_default();
    assert!(remedy.contains("online") || remedy.contains("address"), "{name}: {error:?}");
    assert!(took < AT_ONCE, "{name} took {took:?}: {error:?}");
}
