//! Environments that a signed-in user has. Source: Dataverse, Global Discovery Service. It knows the environments of one cloud, takes
//! user tokens only, and leaves out those the user is disabled in.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use syncline_http::{HttpClient, TokenProvider};
use syncline_model::SynclineError;
use tokio_util::sync::CancellationToken;

use crate::api::READ_TRIES;
use crate::error::{explain, service_error};

/// The service of the public cloud.
pub const GLOBAL_DISCOVERY: &str = "https://globaldisco.crm.dynamics.com";

/// An environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Name for people.
    pub friendly_name: String,
    /// Its origin, such as `https://contoso.crm4.dynamics.com`.
    pub url: String,
    /// Origin of the Web API's own host.
    pub api_url: Option<String>,
    /// Unique name.
    pub unique_name: String,
    /// Organization id.
    pub organization_id: String,
    /// Entra tenant id.
    pub tenant_id: Option<String>,
    /// 0 is production; other numbers are trials, sandboxes and developers' environments.
    pub organization_type: Option<i64>,
    /// Not disabled.
    pub enabled: bool,
    /// Such as `9.2.24091.160`.
    pub version: Option<String>,
    /// Such as `EMEA`.
    pub region: Option<String>,
}

#[derive(Deserialize)]
struct Instances {
    value: Vec<Instance>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Instance {
    id: Option<String>,
    unique_name: Option<String>,
    friendly_name: Option<String>,
    url: Option<String>,
    api_url: Option<String>,
    tenant_id: Option<String>,
    organization_type: Option<i64>,
    state: Option<i64>,
    version: Option<String>,
    region: Option<String>,
}

/// The environments, by name. `discovery_url` is the service's origin, `tokens` are for that resource. No access at all is an empty
/// list.
pub async fn environments(
    client: &HttpClient,
    discovery_url: &str,
    tokens: Arc<dyn TokenProvider>,
    cancel: &CancellationToken,
) -> Result<Vec<Environment>, SynclineError> {
    let url = format!("{}/api/discovery/v2.0/Instances", discovery_url.trim_end_matches('/'));
    let mut tries = 0;
    let instances: Instances = loop {
        tries += 1;
        let request =
            client.get(&url).header("Accept", "application/json").bearer(Arc::clone(&tokens)).cancel(cancel);
        let response = request.send().await.map_err(explain)?;
        if !response.status.is_success() {
            return Err(service_error(&response));
        }
        match response.json() {
            Ok(instances) => break instances,
            // An answer that broke off, or a page of HTML, may come whole the next time.
            Err(_) if tries < READ_TRIES => {}
            Err(error) => return Err(error),
        }
    };
    let mut found: Vec<Environment> = instances.value.into_iter().filter_map(environment).collect();
    found.sort_by_cached_key(|environment| environment.friendly_name.to_lowercase());
    Ok(found)
}

fn environment(wire: Instance) -> Option<Environment> {
    let url = wire.url.or_else(|| wire.api_url.clone())?;
    let unique_name = wire.unique_name.unwrap_or_default();
    Some(Environment {
        friendly_name: wire
            .friendly_name
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| unique_name.clone()),
        url: url.trim_end_matches('/').to_owned(),
        api_url: wire.api_url.map(|url| url.trim_end_matches('/').to_owned()),
        unique_name,
        organization_id: wire.id.unwrap_or_default().to_lowercase(),
        tenant_id: wire.tenant_id.map(|id| id.to_lowercase()),
        organization_type: wire.organization_type,
        enabled: wire.state.unwrap_or(0) == 0,
        version: wire.version,
        region: wire.region,
    })
}
