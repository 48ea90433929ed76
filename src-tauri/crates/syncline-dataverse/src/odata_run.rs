//! An OData query as a person wrote it, run page by page. Its rows are given as the service gives them.

use serde_json::value::RawValue;
use std::collections::HashMap;
use syncline_connect::Cursor;
use syncline_model::SynclineError;
use syncline_odata::parse_page;
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::annotations::{Annotated, is_annotated};
use crate::api::{ANNOTATIONS, without_bom};
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
        let asked = self.api.read(&url, &prefer, cancel, |reply| {
            // A lookup without a value leads to no row at all (204).
            if reply.body.trim_ascii().is_empty() {
                return Ok(Ok(ODataPage { rows: vec![], next: None }));
            }
            let page = match parse_page(&reply.body) {
                Ok(page) => page,
                // What is no page may be one row: a key stands behind the entity set.
                Err(fault) => {
                    let row = one_row(&reply.body).ok_or(fault)?;
                    return Ok(Ok(ODataPage { rows: vec![row], next: None }));
                }
            };
            let heeded = reply.annotated || is_annotated(&reply.body);
            if !heeded && page.value.iter().any(|row| Annotated::ByName.misses(row)) {
                return Ok(Err(reply.without_annotations()));
            }
            let rows: Vec<Box<RawValue>> = page.value.iter().map(|raw| (*raw).to_owned()).collect();
            Ok(self
                .after(&url, page.next_link.as_deref(), trail.clone(), read + rows.len() as u64)
                .map(|next| ODataPage { rows, next }))
        });
        asked.await?
    }

    /// Where the page behind a link begins; `trail` has the links that were followed.
    fn after(
        &self,
        url: &str,
        link: Option<&str>,
        mut trail: Trail,
        read: u64,
    ) -> Result<Option<Cursor>, SynclineError> {
        match self.api.next_page(url, link, &mut trail)? {
            Some(link) => Position::Link { link, read, trail }.to_cursor().map(Some),
            None => Ok(None),
        }
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

/// An answer that is one row: an object that says what it is, and holds no list of rows.
fn one_row(body: &[u8]) -> Option<Box<RawValue>> {
    let text = std::str::from_utf8(without_bom(body)).ok()?;
    let members: HashMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    let list = members.get("value").is_some_and(|value| value.get().starts_with('['));
    if list || !members.contains_key("@odata.context") {
        return None;
    }
    RawValue::from_string(text.trim().to_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::one_row;

    #[test]
    fn one_row_is_an_object_that_says_what_it_is() {
        let row = br#"{"@odata.context":"x/$metadata#accounts/$entity","name":"Contoso"}"#;
        assert_eq!(one_row(row).unwrap().get().as_bytes(), row);
        assert!(one_row(br#"{"@odata.context":"x/$metadata#accounts(1)/name","value":"Contoso"}"#).is_some());
        for other in [
            &br#"{"@odata.context":"x","value":[]}"#[..],
            br#"{"@odata.context":"x","name":"Con"#,
            br#"{"name":"Contoso"}"#,
            br#"[]"#,
            b"<html>",
            b"",
        ] {
            assert!(one_row(other).is_none(), "{}", String::from_utf8_lossy(other));
        }
    }
}
