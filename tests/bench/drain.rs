//! The yardstick: the same pages by a plain HTTP client that only finds the next link and throws the rest away.

use std::time::{Duration, Instant};

use crate::process::{Figure, detail};

pub(crate) fn run(details: &str) {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(drain(details));
}

/// An access token by client credentials.
async fn token(client: &reqwest::Client, details: &str) -> String {
    let scope = format!("{}/.default", detail(details, "dataverse"));
    let form = [
        ("client_id", detail(details, "confidential_client_id")),
        ("client_secret", detail(details, "client_secret")),
        ("grant_type", "client_credentials".to_owned()),
        ("scope", scope),
    ];
    let url = format!("{}/{}/oauth2/v2.0/token", detail(details, "authority"), detail(details, "tenant"));
    let reply =
        client.post(url).form(&form).send().await.expect("a token").text().await.expect("a token's text");
    detail(&reply, "access_token")
}

async fn drain(details: &str) {
    let client = reqwest::Client::new();
    let token = token(&client, details).await;
    let begun = Instant::now();
    let select = detail(details, "select");
    let query = if select.is_empty() { String::new() } else { format!("?$select={select}") };
    let mut next = Some(format!("{}/api/data/v9.2/contacts{query}", detail(details, "dataverse")));
    let (mut records, mut bytes) = (0, 0);
    while let Some(url) = next {
        let reply = client
            .get(&url)
            .bearer_auth(&token)
            .header("Prefer", "odata.maxpagesize=5000,odata.include-annotations=\"OData.Community.Display.V1.FormattedValue,Microsoft.Dynamics.CRM.lookuplogicalname\"")
            .send()
            .await
            .expect("a page");
        if reply.status() == reqwest::StatusCode::TOO_MANY_REQUESTS {
            let wait = reply.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
            tokio::time::sleep(Duration::from_secs(wait.unwrap_or(1))).await;
            next = Some(url);
            continue;
        }
        let body = reply.bytes().await.expect("a page's body");
        bytes += body.len() as u64;
        records += count(&body, b"\"@odata.etag\"");
        next = link(&body);
    }
    Figure::tell(records, begun.elapsed().as_secs_f64(), Some(bytes / records.max(1)));
}

/// Occurrences of a text that stands once in every record.
fn count(body: &[u8], what: &[u8]) -> u64 {
    // The quote is rare enough as a place to look at; the yardstick must not wait for its own counting.
    let text = String::from_utf8_lossy(body);
    text.matches(std::str::from_utf8(what).unwrap_or_default()).count() as u64
}

/// The next link stands at the end of a page.
fn link(body: &[u8]) -> Option<String> {
    let tail = String::from_utf8_lossy(&body[body.len().saturating_sub(4096)..]).into_owned();
    let at = tail.rfind("\"@odata.nextLink\":\"")? + "\"@odata.nextLink\":\"".len();
    let end = tail[at..].find('"')?;
    Some(tail[at..at + end].replace("\\u0026", "&").replace("\\/", "/"))
}
