//! Change tracking: a baseline of all records, then what changed since, deletions included. Source: Dataverse, use change tracking to
//! synchronize data with external systems.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use syncline_connect::{PageEnd, Selection, SharedTaker};
use syncline_model::{EntitySchema, ErrorCode, RecordId, SynclineError};
use syncline_odata::QueryOptions;
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::api::ANNOTATIONS;
use crate::cursor::Position;
use crate::links::Trail;
use crate::page_stream::{Envelope, Reading};
use crate::records::Asked;

/// A row of an answer that says that a record is gone.
#[derive(Deserialize)]
struct Removed<'a> {
    #[serde(rename = "@odata.context", borrow, default)]
    context: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
}

/// The id of a record that is gone; `None` for a record that is there. The `id` is taken as it is given: the key column's name is not in
/// such a row.
pub(crate) fn removed(raw: &RawValue) -> Option<RecordId> {
    if !raw.get().contains("$deletedEntity") {
        return None;
    }
    let row: Removed<'_> = serde_json::from_str(raw.get()).ok()?;
    row.context.filter(|context| context.ends_with("/$deletedEntity"))?;
    row.id.map(|id| RecordId::new(id.trim_matches(['{', '}']).to_lowercase()))
}

impl DataverseConnector {
    /// The first page of a baseline. What tracking does not allow in a selection is an error here, before the service is asked.
    pub(crate) async fn first_tracked_page(
        &self,
        schema: &EntitySchema,
        selection: &Selection,
        taker: &SharedTaker,
        cancel: &CancellationToken,
    ) -> Result<PageEnd, SynclineError> {
        let narrowed = selection.filter.is_some()
            || selection.list.is_some()
            || !selection.order.is_empty()
            || selection.top.is_some();
        if narrowed {
            return Err(SynclineError::new(
                ErrorCode::QueryInvalid,
                "changes can be tracked of all records of a table only, without filter, order or limit",
            )
            .hint("read by modification date, or leave the filter out"));
        }
        let asked = Asked::new(schema, &selection.columns)?;
        let options = if asked.all { QueryOptions::new() } else { QueryOptions::new().select(&asked.wire) };
        let url = self.api.url(&format!("/{}{}", schema.summary.set_name, options.to_query()));
        self.tracked_page(schema, selection, asked, &url, None, taker, cancel).await
    }

    /// What a link of a tracked reading leads to, after checking where it leads.
    pub(crate) async fn changed_page(
        &self,
        schema: &EntitySchema,
        selection: &Selection,
        link: &str,
        trail: Trail,
        taker: &SharedTaker,
        cancel: &CancellationToken,
    ) -> Result<PageEnd, SynclineError> {
        self.api.own_link(link)?;
        let asked = Asked::new(schema, &selection.columns)?;
        self.tracked_page(schema, selection, asked, link, Some(trail), taker, cancel).await
    }

    async fn tracked_page(
        &self,
        schema: &EntitySchema,
        selection: &Selection,
        asked: Asked,
        url: &str,
        trail: Option<Trail>,
        taker: &SharedTaker,
        cancel: &CancellationToken,
    ) -> Result<PageEnd, SynclineError> {
        let mut prefer = vec![
            format!("odata.maxpagesize={}", self.page_size(selection, 0)),
            format!("odata.include-annotations=\"{ANNOTATIONS}\""),
        ];
        if trail.is_none() {
            prefer.push("odata.track-changes".to_owned());
        }
        let reading = Reading::new(schema, asked).tracked();
        let Envelope { page, bytes, .. } =
            self.api.records_page(url, &prefer, reading, taker, cancel).await?;
        let mut trail = trail.unwrap_or_default();
        let next = match self.api.next_page(url, page.next_link.as_deref(), &mut trail)? {
            Some(link) => Some(Position::Changes { link, trail }.to_cursor()?),
            None => None,
        };
        let token = match page.delta_link.as_deref() {
            Some(link) => {
                self.api.own_link(link)?;
                Some(Position::Changes { link: link.to_owned(), trail: Trail::default() }.to_cursor()?)
            }
            None => None,
        };
        if next.is_none() && token.is_none() {
            // Everything was read; only what comes later can't be asked for by a token. Reported of services that are asked for
            // annotations too.
            tracing::warn!(entity = %schema.summary.logical_name, "the last page of a tracked reading has no change token");
        }
        Ok(PageEnd { next, token, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Option<String> {
        let raw = RawValue::from_string(text.to_owned()).unwrap();
        removed(&raw).map(|id| id.as_str().to_owned())
    }

    #[test]
    fn deletions_are_told_from_records_that_speak_of_them() {
        let gone = r#"{"@odata.context":"https://x/api/data/v9.2/$metadata#accounts/$deletedEntity","id":"2E45C0DE-0000-4000-8000-000000000001","reason":"deleted"}"#;
        assert_eq!(id(gone).as_deref(), Some("2e45c0de-0000-4000-8000-000000000001"));
        assert_eq!(id(r#"{"accountid":"1","description":"see $deletedEntity"}"#), None);
        assert_eq!(id(r#"{"accountid":"1","name":"x"}"#), None);
    }
}
