//! A served environment and a client for it.
use axum::Extension;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value as Json;
use std::sync::Arc;
use syncline_sandbox::dataverse::{Caller, Environment, EnvironmentConfig, router};

pub(crate) struct Service {
    pub(crate) environment: Arc<Environment>,
    pub(crate) root: String,
    pub(crate) client: Client,
}

/// 2026-07-15T12:00:00Z.
pub(crate) const NOW: i64 = 1_784_116_800;

pub(crate) async fn serve(records: u32) -> Service {
    serve_as(records, 0, |_| {}).await
}

/// Serves as one of the sample users.
pub(crate) async fn serve_as(
    records: u32,
    user: usize,
    change: impl FnOnce(&mut EnvironmentConfig),
) -> Service {
    let mut config = EnvironmentConfig::new("contoso", 42, records);
    config.now = Some(NOW);
    change(&mut config);
    let seed = config.users[user].clone();
    let environment = Environment::new(config);
    let caller = Caller {
        user_id: seed.user_id,
        user_name: seed.domain_name,
        application: seed.application_id.is_some(),
    };
    let app = router(environment.clone()).layer(Extension(caller));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let root = format!("http://{}/api/data/v9.2", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    Service { environment, root, client: Client::new() }
}

impl Service {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}/{path}", self.root) };
        self.client.request(method, url)
    }

    pub(crate) async fn get(&self, path: &str) -> Json {
        let answer = self.request(Method::GET, path).send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub(crate) async fn get_with(&self, path: &str, prefer: &str) -> Json {
        let answer = self.request(Method::GET, path).header("prefer", prefer).send().await.unwrap();
        let text = answer.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}: {text}"))
    }

    /// Status and error code.
    pub(crate) async fn error(&self, method: Method, path: &str, body: Option<Json>) -> (u16, String) {
        let mut request = self.request(method, path);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Json = answer.json().await.unwrap_or_default();
        (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
    }
}
