//! An OData query as a person wrote it, run page by page. Its rows are given as the service gives them.

use serde_json::value::RawValue;
use syncline_connect::Cursor;
use syncline_model::SynclineError;
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::api::ANNOTATIONS;
use crate::convert::ODataText;
use crate::cursor::Position;
use crate::links::Trail;

/// A page of an OData query.
#[derive(Debug)]
pub struct ODataPage {
    /// Rows with their annotations.
    pub rows: Vec<Box<RawValue>>,
    /// Where the next page begins.
    pub next: Option<Cursor>,
}

impl DataverseConnector {
    /// One page of a query; `cursor` from the page before.
    pub async fn odata_document(
        &self,
        query: &ODataText,
        page_size: u32,
        cursor: Option<&Cursor>,
        cancel: &CancellationToken,
    ) -> Result<ODataPage, SynclineError> {
        let (url, read, trail) = match cursor.map(Position::from_cursor).transpose()? {
            Some(Position::Link { link, read, trail }) => {
                self.api.own_link(&link)?;
                (link, read, trail)
            }
            Some(Position::Fetch { .. } | Position::Changes { .. }) | None => {
                (self.api.url(&format!("/{}", query.to_path())), 0, Trail::default())
            }
        };
        let mut prefer = vec![format!("odata.include-annotations=\"{ANNOTATIONS}\"")];
        // With both, the service would leave $top out of account (Dataverse Web API, paging).
        if query.option("$top").is_none() {
            prefer.push(format!("odata.maxpagesize={}", page_size.clamp(1, 5000)));
        }
        self.api
            .page(&url, &prefer, cancel, |page, _| {
                let rows: Vec<Box<RawValue>> = page.value.iter().map(|raw| (*raw).to_owned()).collect();
                let read = read + rows.len() as u64;
                let mut trail = trail.clone();
                let next = match self.api.next_page(&url, page.next_link.as_deref(), &mut trail)? {
                    Some(link) => Some(Position::Link { link, read, trail }.to_cursor()?),
                    None => None,
                };
                Ok(ODataPage { rows, next })
            })
            .await
    }

    /// The address a FetchXML document is sent to, encoded; for showing.
    pub fn fetch_address(&self, set: &str, xml: &str) -> String {
        let query = syncline_odata::QueryOptions::new().option("fetchXml", xml).to_query();
        self.api.url(&format!("/{set}{query}"))
    }

    /// The address of an OData query, encoded; for showing.
    pub fn odata_address(&self, query: &ODataText) -> String {
        self.api.url(&format!("/{}", query.to_path()))
    }
}
