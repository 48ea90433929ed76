//! Requests to one environment's Web API: address, standard headers, credentials, and what an answer means.

use serde::de::DeserializeOwned;
use std::sync::{Arc, PoisonError};
use syncline_http::{
    Bytes, Gate, HeaderMap, HttpClient, Method, RequestBuilder, Response, SharedSink, TokenProvider,
};
use syncline_model::{ErrorCode, SynclineError};
use syncline_odata::{PageEnvelope, parse_page};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::annotations::{Annotated, annotated, is_annotated};
use crate::error::{explain, service_error};

/// The annotations that records are read with: labels, and the entities lookups point at.
pub(crate) const ANNOTATIONS: &str =
    "OData.Community.Display.V1.FormattedValue,Microsoft.Dynamics.CRM.lookuplogicalname";
/// Without these two FetchXML answers do not say whether there is more.
pub(crate) const PAGING_ANNOTATIONS: &str =
    "Microsoft.Dynamics.CRM.morerecords,Microsoft.Dynamics.CRM.fetchxmlpagingcookie";

/// Longest address of a GET, in characters; a longer one goes through `$batch` (Dataverse Web API, query: 32,768).
const LONGEST_URL: usize = 32_000;
/// How often a read is made again at once when its answer can't be read, though it came whole.
pub(crate) const READ_TRIES: u32 = 3;

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

    /// GET; success or the service's error. `url` is whole. A sink takes the body of a success; what is left of it in the reply is its
    /// beginning.
    pub(crate) async fn get(
        &self,
        url: &str,
        prefer: &[String],
        sink: Option<&SharedSink>,
        cancel: &CancellationToken,
    ) -> Result<Reply, SynclineError> {
        if url.len() > LONGEST_URL {
            let reply = self.get_in_batch(url, prefer, cancel).await?;
            if let Some(sink) = sink {
                let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
                sink.begin(&HeaderMap::new());
                sink.take(&reply.body);
            }
            return Ok(reply);
        }
        let mut request = self.request(Method::GET, url).header("If-None-Match", "null").cancel(cancel);
        if let Some(sink) = sink {
            request = request.sink(Arc::clone(sink));
        }
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
            annotated: annotated(&response.headers),
            place: response.place,
            body: response.body,
        })
    }

    /// GET of a JSON document below the root.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        rest: &str,
        cancel: &CancellationToken,
    ) -> Result<T, SynclineError> {
        self.read(&self.url(rest), &[], cancel, |reply| serde_json::from_slice(without_bom(&reply.body)))
            .await
    }

    /// GET of a page; `make` takes from it what is wanted, and is told whether the wish for annotations was heeded for certain.
    pub(crate) async fn page<T>(
        &self,
        url: &str,
        prefer: &[String],
        cancel: &CancellationToken,
        make: impl Fn(&PageEnvelope<'_>, bool) -> Result<T, SynclineError>,
    ) -> Result<T, SynclineError> {
        self.page_of(&Annotated::ByName, url, prefer, cancel, make).await
    }

    /// The same of rows of which is known what is annotated.
    pub(crate) async fn page_of<T>(
        &self,
        annotated: &Annotated,
        url: &str,
        prefer: &[String],
        cancel: &CancellationToken,
        make: impl Fn(&PageEnvelope<'_>, bool) -> Result<T, SynclineError>,
    ) -> Result<T, SynclineError> {
        let asked = prefer.iter().any(|preference| preference.starts_with("odata.include-annotations"));
        self.read(url, prefer, cancel, |reply| {
            let page = parse_page(&reply.body)?;
            let heeded = reply.annotated || is_annotated(&reply.body);
            if asked && !heeded && page.value.iter().any(|row| annotated.misses(row)) {
                return Ok(Err(reply.without_annotations()));
            }
            Ok(make(&page, heeded))
        })
        .await?
    }

    /// GET of a plain number, as `$count` gives it.
    pub(crate) async fn number(&self, url: &str, cancel: &CancellationToken) -> Result<u64, SynclineError> {
        self.read(url, &[], cancel, |reply| serde_json::from_slice(without_bom(&reply.body).trim_ascii()))
            .await
    }

    /// GET, and again when what came can't be read: an answer that broke off, or a page of HTML.
    pub(crate) async fn read<T>(
        &self,
        url: &str,
        prefer: &[String],
        cancel: &CancellationToken,
        parse: impl Fn(&Reply) -> Result<T, serde_json::Error>,
    ) -> Result<T, SynclineError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let reply = self.get(url, prefer, None, cancel).await?;
            match parse(&reply) {
                Ok(value) => return Ok(value),
                Err(_) if tries < READ_TRIES => {
                    tracing::debug!(place = %reply.place, tries, "the answer can't be read, reading again");
                }
                Err(error) => return Err(reply.unreadable(&not_expected(&error, reply.body.len()))),
            }
        }
    }
}

/// An answer to a read.
pub(crate) struct Reply {
    pub(crate) body: Bytes,
    pub(crate) content_type: String,
    pub(crate) place: String,
    pub(crate) request_id: Option<String>,
    /// The service says that it heeded the wish for annotations.
    pub(crate) annotated: bool,
}

fn not_expected(error: &serde_json::Error, bytes: usize) -> String {
    if error.is_eof() {
        format!("the answer broke off after {bytes} bytes")
    } else {
        format!("not the JSON expected, line {} column {}", error.line(), error.column())
    }
}

impl Reply {
    /// Without labels, types of lookups and, in FetchXML, the word that more pages follow, data would be missing unnoticed.
    pub(crate) fn without_annotations(&self) -> SynclineError {
        let mut fault = SynclineError::new(
            ErrorCode::UnexpectedReply,
            "the labels and paging marks that were asked for did not come",
        )
        .hint(
            "a proxy in between takes the Prefer header away: let it through, or connect without that proxy",
        )
        .detail(self.place.clone());
        fault.request_id.clone_from(&self.request_id);
        fault
    }

    /// The answer can't be read; `otherwise` tells why, where it is no other thing altogether.
    pub(crate) fn unreadable(&self, otherwise: &str) -> SynclineError {
        let what = if self.body.trim_ascii().is_empty() {
            "the answer is empty".to_owned()
        } else if self.content_type.contains("html") || self.body.trim_ascii_start().starts_with(b"<") {
            "the answer is a web page".to_owned()
        } else {
            otherwise.to_owned()
        };
        let mut fault = unreadable(&self.place, &what);
        fault.request_id.clone_from(&self.request_id);
        fault
    }
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
    if !response.status.is_success() {
        return Err(service_error(&response));
    }
    let kind = response.header("content-type").unwrap_or_default();
    // Every answer of the service says its OData version; a page of a proxy or of a sign-in does not.
    if response.header("odata-version").is_none() && response.status.as_u16() != 204 && !kind.contains("json")
    {
        let mut fault = unreadable(&response.place, "another server answered in place of the service");
        fault.hint = Some("nothing was written; a proxy or sign-in page is in the way".to_owned());
        return Err(fault);
    }
    Ok(response)
}
