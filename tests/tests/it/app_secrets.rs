//! Nothing secret leaves: not in logs, answers, errors, events, nor on disk.

use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use syncline_sandbox::faults::{FaultKind, FaultRule};
use syncline_secrets::{MemoryVault, SecretKind, Vault, VaultKey};
use tracing_subscriber::fmt::MakeWriter;
use uuid::Uuid;

use crate::app_sign_in::browse;
use crate::app_support::{Bench, contacts_to};

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Buffer {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Everything that was said, with where it was said.
#[derive(Default)]
struct Said(Vec<(String, String)>);

impl Said {
    /// Runs a command and its job, if it begins one; keeps what they say.
    async fn ask(&mut self, bench: &Bench, name: &str, request: Value) -> Value {
        let answer = match bench.app.rpc_text(name, request).await {
            Ok(text) => {
                self.0.push((name.to_owned(), text.clone()));
                serde_json::from_str(&text).unwrap()
            }
            Err(error) => {
                self.0.push((name.to_owned(), format!("{error} {error:?} {}", json!(error))));
                Value::Null
            }
        };
        if let Some(job) = answer["job"].as_str().filter(|_| name != "sign_in.start") {
            let view = bench.wait(job).await;
            self.0.push((format!("job of {name}"), format!("{view:?} {}", json!(view))));
            return view.result;
        }
        answer
    }
}

fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

fn holds(text: &[u8], secret: &str) -> bool {
    text.windows(secret.len()).any(|window| window == secret.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_in_logs_answers_errors_events_or_files() {
    let log = Buffer::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .try_init()
        .unwrap();
    let vault = Arc::new(MemoryVault::new());
    let bench = Bench::with_vault(40, vault.clone()).await;
    let mut events = bench.app.events();
    let details = bench.sandbox.details().clone();
    let mut said = Said::default();

    // Sign-ins of each kind, good and bad.
    let person =
        details.users.iter().find(|user| user.kind == "normal" && user.tenant == details.tenant).unwrap();
    let by_code = json!({
        "name": "by code", "system": "dataverse", "url": details.dataverse, "authority": details.authority,
        "client_id": details.client_id,
    });
    said.ask(&bench, "connections.save", by_code).await;
    let begin = json!({ "connection": "by code", "open_browser": true });
    let started = said.ask(&bench, "sign_in.start", begin).await;
    let page = browse(started["authorize_url"].as_str().unwrap(), &person.user_name).await;
    said.0.push(("the page at the end".to_owned(), page));
    bench.wait(started["job"].as_str().unwrap()).await;
    said.ask(&bench, "connections.save", bench.as_application("app", "contoso")).await;
    said.ask(&bench, "connections.test", json!({ "connection": "app" })).await;
    let mut expired = bench.as_application("expired", "contoso");
    expired["secret"] = json!(details.expired_client_secret);
    said.ask(&bench, "connections.save", expired).await;
    said.ask(&bench, "connections.test", json!({ "connection": "expired" })).await;
    let mut pasted = bench.as_application("pasted", "contoso");
    let token = "eyJ0eXAiOiJKV1QifQ.eyJwYXN0ZWQiOnRydWV9.c2lnbmF0dXJlLW9mLWEtcGFzdGVkLXRva2Vu";
    pasted["auth"] = json!("access-token");
    pasted["secret"] = json!(token);
    said.ask(&bench, "connections.save", pasted).await;
    said.ask(&bench, "connections.test", json!({ "connection": "pasted" })).await;
    said.ask(
        &bench,
        "connections.understand",
        json!({ "text": format!(
        "AuthType=ClientSecret;Url={};ClientId={};ClientSecret={}",
        details.dataverse, details.confidential_client_id, details.client_secret
    ) }),
    )
    .await;
    let marketing = json!({
        "name": "marketing", "system": "insider", "url": details.insider, "writable": true,
        "options": { "partner": details.insider_partner }, "secret": details.insider_token,
    });
    said.ask(&bench, "connections.save", marketing).await;
    said.ask(&bench, "connections.test", json!({ "connection": "marketing" })).await;
    // A request with a secret that can't be understood is refused without repeating it.
    said.ask(&bench, "connections.save", json!({ "name": 7, "secret": details.client_secret })).await;

    // Work, with faults on the way.
    said.ask(&bench, "connections.environments", json!({ "connection": "by code" })).await;
    said.ask(&bench, "entities.list", json!({ "connection": "by code" })).await;
    bench.sandbox.faults().add([
        FaultRule::new(FaultKind::ExpireTokens).at("contoso").on("/contacts"),
        FaultRule::new(FaultKind::HtmlPage { status: 200 }).at("contoso").on("/accounts").after(0, 9),
        FaultRule::new(FaultKind::GarbageJson).at("entra").on("/token").after(2, 1),
    ]);
    said.ask(&bench, "cache.pull", json!({ "connection": "by code", "entity": "contact" })).await;
    said.ask(&bench, "cache.pull", json!({ "connection": "by code", "entity": "account" })).await;
    bench.sandbox.faults().clear();
    let definition = contacts_to("by code", "marketing", "profile").to_string();
    let plan = said.ask(&bench, "plans.start", json!({ "json": definition })).await;
    said.ask(&bench, "plans.items", json!({ "plan": plan["plan_id"] })).await;
    said.ask(&bench, "plans.row", json!({ "plan": plan["plan_id"], "ordinal": 0 })).await;
    said.ask(&bench, "runs.start", json!({ "plan": plan["plan_id"] })).await;
    assert_eq!(bench.sandbox.profiles().len(), 40, "the scenario did its work");
    for name in
        ["connections.list", "definitions.list", "jobs.list", "runs.list", "app.about", "settings.get"]
    {
        said.ask(&bench, name, json!({})).await;
    }

    // The secrets there are now, then those after a renewal.
    let mut secrets = vec![
        details.client_secret.clone(),
        details.expired_client_secret.clone(),
        details.insider_token.clone(),
        token.to_owned(),
    ];
    let refresh = |vault: &MemoryVault, view: &Value| {
        let id = Uuid::parse_str(view["id"].as_str().unwrap()).unwrap();
        vault.get(&VaultKey::new(id, SecretKind::RefreshToken)).unwrap().unwrap().expose().to_owned()
    };
    let view = said.ask(&bench, "connections.get", json!({ "connection": "by code" })).await;
    secrets.push(refresh(&vault, &view));
    bench.sandbox.entra().expire_access_tokens();
    said.ask(&bench, "connections.test", json!({ "connection": "by code" })).await;
    secrets.push(refresh(&vault, &view));
    bench.sandbox.entra().expire_refresh_tokens();
    bench.sandbox.entra().expire_access_tokens();
    let live = json!({ "connection": "by code", "entity": "contact", "mode": "live" });
    said.ask(&bench, "records.query", live).await;
    let light = said.ask(&bench, "connections.get", json!({ "connection": "by code" })).await;
    assert_eq!(light["status"], "broken", "a sign-in that ended is seen");

    // What goes into the browser holds a challenge and a state, never what they stand for; the rest holds no token at all.
    secrets.push("eyJ".to_owned());
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        told.push(("an event".to_owned(), format!("{event:?} {}", json!(event))));
    }
    assert!(told.len() > 10);
    said.0.extend(told);
    let logged = log.0.lock().unwrap().clone();
    let port = details.dataverse.rsplit_once(':').unwrap().1;
    assert!(logged.len() > 1000 && holds(&logged, port), "the logs of the requests were captured");
    let mut kept = Vec::new();
    files(bench.home.path(), &mut kept);
    assert!(kept.iter().any(|(name, _)| name.ends_with(".db") || name.contains("store")), "{}", kept.len());
    for secret in &secrets {
        assert!(secret == "eyJ" || secret.len() > 20, "{secret}");
        for (place, text) in &said.0 {
            if let Some(at) = text.find(secret.as_str()) {
                let begin = text[..at].char_indices().rev().nth(80).map_or(0, |(begin, _)| begin);
                panic!("a secret in {place}: …{}", &text[begin..at]);
            }
        }
        if holds(&logged, secret) {
            let text = String::from_utf8_lossy(&logged).into_owned();
            let at = text.find(secret.as_str()).unwrap();
            let line = text[..at].rfind('\n').map_or(0, |begin| begin + 1);
            panic!("a secret in the log: {}…", &text[line..at]);
        }
        // Three letters may stand in an encrypted file by chance.
        for (file, bytes) in kept.iter().filter(|_| secret.len() > 20) {
            assert!(!holds(bytes, secret), "a secret in {file}");
        }
    }
}
