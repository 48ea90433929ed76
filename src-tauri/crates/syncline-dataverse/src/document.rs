//! A whole FetchXML document as a person wrote it: joins, aggregates and all. Its rows are given as the service gives them.

use serde_json::value::RawValue;
use syncline_connect::Cursor;
use syncline_fetchxml::Fetch;
use syncline_model::{EntityName, SynclineError};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::api::{ANNOTATIONS, PAGING_ANNOTATIONS};
use crate::cursor::Position;
use crate::links::Trail;
use crate::page_fetch::{decode_cookie, fetch_error, more_follow};

impl DataverseConnector {
    /// One page of a document and where the next begins. `cursor`: from the page before; `None`: the first.
    pub async fn fetch_document(
        &self,
        document: &str,
        cursor: Option<&Cursor>,
        cancel: &CancellationToken,
    ) -> Result<(Vec<Box<RawValue>>, Option<Cursor>), SynclineError> {
        let position = cursor.map(Position::from_cursor).transpose()?;
        let (text, read, trail) = match &position {
            Some(Position::Fetch { xml, read, trail }) => (xml.as_str(), *read, trail.clone()),
            Some(Position::Link { .. } | Position::Changes { .. }) | None => (document, 0, Trail::default()),
        };
        let fetch = Fetch::parse(text).map_err(|error| fetch_error(&error))?;
        let entity = EntityName::new(fetch.entity.name.as_str());
        let url = self.fetch_url(&self.summary(&entity, cancel).await?, &fetch);
        let prefer = [format!("odata.include-annotations=\"{ANNOTATIONS},{PAGING_ANNOTATIONS}\"")];
        self.api
            .page(&url, &prefer, cancel, |page, heeded| {
                let rows: Vec<Box<RawValue>> = page.value.iter().map(|raw| (*raw).to_owned()).collect();
                let more = more_follow(page.more_records, heeded, rows.len() as u64, &fetch);
                let next = if more && fetch.top.is_none() {
                    let cookie = page.paging_cookie.as_deref().and_then(decode_cookie);
                    let read = read + rows.len() as u64;
                    let mut trail = trail.clone();
                    if let Some(cookie) = &cookie {
                        trail.step(cookie)?;
                    }
                    Some(Position::Fetch { xml: fetch.next_page(cookie).to_xml(), read, trail }.to_cursor()?)
                } else {
                    None
                };
                Ok((rows, next))
            })
            .await
    }
}
