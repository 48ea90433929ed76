//! Requests to one environment's Web API: address, standard headers, credentials, and what an answer means.

use serde::de::DeserializeOwned;
use std::sync::Arc;
use syncline_http::{Bytes, Gate, HttpClient, Method, RequestBuilder, Response, TokenProvider};
use syncline_model::{ErrorCode, SynclineError};
use syncline_odata::{
    BatchItem, BatchReply, BatchRequest, PageEnvelope, parse_page, read_batch, write_batch,
};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::error::{explain, service_error};

/// The annotations that records are read with: labels, and the entities lookups point at.
pub(crate) const ANNOTATIONS: &str =
    "OData.Community.Display.V1.FormattedValue,Microsoft.Dynamics.CRM.lookuplogicalname";
/// Without these two FetchXML answers do not say whether there is more.
pub(crate) const PAGING_ANNOTATIONS: &str =
    "Microsoft.Dynamics.CRM.morerecords,Microsoft.Dynamics.CRM.fetchxmlpagingcookie";

/// Longest address of a GET; the service takes 32,768 characters, inside `$batch` 65,536.
const LONGEST_URL: usize = 32_000;
/// How often a read is made again at once when its answer can't be read, though it came whole.
const READ_TRIES: u32 = 3;

#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) client: HttpClient,
    pub(crate) gate: Arc<Gate>,
    pub(crate) tokens: Arc<dyn TokenProvider>,
    pub(crate) base: Url,
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// `/api/data/v9.2`.
    pub(crate) path: String,
}

impl Api {
    /// The address of something below the root; `rest` begins with a slash and is encoded.
    pub(crate) fn url(&self, rest: &str) -> String {
        format!("{}{}{rest}", self.origin, self.path)
    }

    /// A request with the standard headers.
    pub(crate) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.client
            .request(method, url)
            .header("Accept", "application/json")
            .header("OData-Version", "4.0")
            .header("OData-MaxVersion", "4.0")
            .bearer(Arc::clone(&self.tokens))
    }

    /// GET; success or the service's error. `url` is whole.
    pub(crate) async fn get(
        &self,
        url: &str,
        prefer: &[String],
        cancel: &CancellationToken,
    ) -> Result<Reply, SynclineError> {
        if url.len() > LONGEST_URL {
            return self.get_in_batch(url, prefer, cancel).await;
        }
        let mut request = self.request(Method::GET, url).header("If-None-Match", "null").cancel(cancel);
        if !prefer.is_empty() {
            request = request.header("Prefer", prefer.join(","));
        }
        let response = request.send().await.map_err(explain)?;
        if !response.status.is_success() {
            return Err(service_error(&response));
        }
        Ok(Reply {
            content_type: response.header("content-type").unwrap_or_default().to_owned(),
            request_id: response.request_id().map(str::to_owned),
            place: response.place,
            body: response.body,
        })
    }

    /// A read whose address is too long for a GET of its own.
    async fn get_in_batch(
        &self,
        url: &str,
        prefer: &[String],
        cancel: &CancellationToken,
    ) -> Result<Reply, SynclineError> {
        let path = url.strip_prefix(&self.origin).unwrap_or(url).to_owned();
        let mut headers = vec![("Accept".to_owned(), "application/json".to_owned())];
        if !prefer.is_empty() {
            headers.push(("Prefer".to_owned(), prefer.join(",")));
        }
        let item =
            BatchItem::Single(BatchRequest { method: "GET".into(), path, headers, body: String::new() });
        let batch = write_batch(&[item]);
        let response = self
            .request(Method::POST, &self.url("/$batch"))
            .header("Content-Type", batch.content_type)
            .body(batch.body)
            .idempotent()
            .cancel(cancel)
            .send()
            .await
            .map_err(explain)?;
        let kind = response.header("content-type").unwrap_or_default().to_owned();
        let answer = read_batch(&kind, &response.body).ok();
        match answer.and_then(|answer| answer.complete.then(|| answer.replies.into_iter().next()).flatten()) {
            Some(BatchReply::Single(part)) if part.status.is_success() => Ok(Reply {
                content_type: "application/json".to_owned(),
                request_id: response.request_id().map(str::to_owned),
                place: response.place,
                body: part.body.into(),
            }),
            Some(BatchReply::Single(part)) => Err(explain(syncline_odata::refusal(
                part.status,
                &part.headers,
                &part.body,
                &format!("GET in {}", response.place),
            ))),
            Some(BatchReply::ChangeSet(_)) | None if response.status.is_success() => {
                Err(unreadable(&response.place, "the answer is no $batch answer"))
            }
            Some(BatchReply::ChangeSet(_)) | None => Err(service_error(&response)),
        }
    }

    /// GET of a JSON document below the root.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        rest: &str,
        cancel: &CancellationToken,
    ) -> Result<T, SynclineError> {
        self.read(&self.url(rest), &[], cancel, |body| serde_json::from_slice(without_bom(body))).await
    }

    /// GET of a page; `make` takes from it what is wanted.
    pub(crate) async fn page<T>(
        &self,
        url: &str,
        prefer: &[String],
        cancel: &CancellationToken,
        make: impl Fn(&PageEnvelope<'_>, usize) -> Result<T, SynclineError>,
    ) -> Result<T, SynclineError> {
        self.read(url, prefer, cancel, |body| {
            let page = parse_page(body)?;
            Ok(make(&page, body.len()))
        })
        .await?
    }

    /// GET, and again when what came can't be read: an answer that broke off, or a page of HTML.
    async fn read<T>(
        &self,
        url: &str,
        prefer: &[String],
        cancel: &CancellationToken,
        parse: impl Fn(&[u8]) -> Result<T, serde_json::Error>,
    ) -> Result<T, SynclineError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let reply = self.get(url, prefer, cancel).await?;
            match parse(&reply.body) {
                Ok(value) => return Ok(value),
                Err(_) if tries < READ_TRIES => {
                    tracing::debug!(place = %reply.place, tries, "the answer can't be read, reading again");
                }
                Err(error) => return Err(reply.unreadable(&error)),
            }
        }
    }

    /// Reads a link that an answer gave, after checking that it leads to the same environment. Only then may the token go there.
    pub(crate) fn own_link(&self, link: &str) -> Result<(), SynclineError> {
        let refuse = |host: &str| {
            SynclineError::new(
                ErrorCode::UnexpectedReply,
                format!("the next page is on a foreign host: {host}"),
            )
            .hint("nothing was sent there; check the connection's address and any proxy in between")
        };
        let url = Url::parse(link).map_err(|_| refuse("not an address"))?;
        let host = url.host_str().unwrap_or_default();
        let same = url.scheme() == self.base.scheme()
            && url.port_or_known_default() == self.base.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
            && without_api(host) == without_api(self.base.host_str().unwrap_or_default());
        if same { Ok(()) } else { Err(refuse(host)) }
    }
}

/// An answer to a read.
pub(crate) struct Reply {
    pub(crate) body: Bytes,
    content_type: String,
    place: String,
    request_id: Option<String>,
}

impl Reply {
    fn unreadable(&self, error: &serde_json::Error) -> SynclineError {
        let what = if self.body.trim_ascii().is_empty() {
            "the answer is empty".to_owned()
        } else if self.content_type.contains("html") || self.body.trim_ascii_start().starts_with(b"<") {
            "the answer is a web page".to_owned()
        } else if error.is_eof() {
            format!("the answer broke off after {} bytes", self.body.len())
        } else {
            format!("not the JSON expected, line {} column {}", error.line(), error.column())
        };
        let mut fault = unreadable(&self.place, &what);
        fault.request_id.clone_from(&self.request_id);
        fault
    }
}

/// The `.api.` host of an environment is the same environment (Dataverse Web API, address).
fn without_api(host: &str) -> String {
    let mut labels: Vec<&str> = host.split('.').collect();
    if labels.len() > 3 && labels[1] == "api" {
        labels.remove(1);
    }
    labels.join(".")
}

pub(crate) fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

pub(crate) fn unreadable(place: &str, what: &str) -> SynclineError {
    SynclineError::new(ErrorCode::UnexpectedReply, format!("the answer can't be read: {what}"))
        .hint("try again; a proxy or sign-in page may have answered in place of the service")
        .detail(place.to_owned())
}

/// Success or the service's error.
pub(crate) fn succeed(response: Response) -> Result<Response, SynclineError> {
    if response.status.is_success() { Ok(response) } else { Err(service_error(&response)) }
}
