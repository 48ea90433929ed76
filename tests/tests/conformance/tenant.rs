//! The sample tenant with a connector to its first environment.

use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use syncline_dataverse::{DataverseBuilder, DataverseConnector, DataverseSettings};
use syncline_http::{
    AccessToken, Gate, HttpClient, HttpConfig, SystemClock, TokenCache, TokenFetch, TokenProvider,
};
use syncline_model::{Secret, SynclineError};
use syncline_sandbox::{Sandbox, SandboxConfig};

/// A sandbox with so many contacts.
pub(crate) async fn sandbox(records: u64) -> Sandbox {
    Sandbox::start(SandboxConfig { records, ..SandboxConfig::default() }).await.unwrap()
}

/// A connector that signs in as the sandbox's application.
pub(crate) fn dataverse(sandbox: &Sandbox) -> DataverseConnector {
    let client = HttpClient::new(&HttpConfig::default()).unwrap();
    let settings = DataverseSettings {
        url: sandbox.details().dataverse.clone(),
        timeout: Duration::from_secs(20),
        ..DataverseSettings::default()
    };
    let tokens = tokens(&client, sandbox);
    DataverseBuilder::new(settings, client, Arc::new(Gate::new(8)), tokens).build().unwrap()
}

fn tokens(client: &HttpClient, sandbox: &Sandbox) -> Arc<dyn TokenProvider> {
    #[derive(Deserialize)]
    struct Reply {
        access_token: String,
    }
    let (client, details) = (client.clone(), sandbox.details().clone());
    let fetch: TokenFetch = Box::new(move || {
        let (client, details) = (client.clone(), details.clone());
        Box::pin(async move {
            let scope = format!("{}/.default", details.dataverse);
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", details.confidential_client_id.as_str()),
                ("client_secret", details.client_secret.as_str()),
                ("scope", scope.as_str()),
            ];
            let url = format!("{}/{}/oauth2/v2.0/token", details.authority, details.tenant);
            let reply: Reply =
                client.post(url).sensitive().form(form).send().await?.ensure_success()?.json()?;
            Ok::<_, SynclineError>(AccessToken {
                secret: Secret::new(reply.access_token),
                expires_at: Some(jiff::Timestamp::now() + jiff::SignedDuration::from_secs(3000)),
            })
        })
    });
    Arc::new(TokenCache::new(Arc::new(SystemClock), fetch))
}
