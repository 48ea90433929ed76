//! Pages of all records of an entity: an OData query and the links it gives. Source: Dataverse Web API, paging.

use syncline_connect::{PageEnd, Selection, SharedTaker};
use syncline_model::{EntitySchema, SynclineError};
use syncline_odata::QueryOptions;
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::api::ANNOTATIONS;
use crate::cursor::Position;
use crate::links::Trail;
use crate::page_stream::{Envelope, Reading};
use crate::records::Asked;

impl DataverseConnector {
    pub(crate) async fn first_odata_page(
        &self,
        schema: &EntitySchema,
        selection: &Selection,
        taker: &SharedTaker,
        cancel: &CancellationToken,
    ) -> Result<PageEnd, SynclineError> {
        let asked = Asked::new(schema, &selection.columns)?;
        let options = if asked.all { QueryOptions::new() } else { QueryOptions::new().select(&asked.wire) };
        let url = self.api.url(&format!("/{}{}", schema.summary.set_name, options.to_query()));
        self.odata_page(schema, selection, asked, &url, 0, Trail::default(), taker, cancel).await
    }

    /// Follows a link as it is, after checking where it leads.
    #[expect(clippy::too_many_arguments, reason = "the parts of one request")]
    pub(crate) async fn linked_page(
        &self,
        schema: &EntitySchema,
        selection: &Selection,
        link: &str,
        read: u64,
        trail: Trail,
        taker: &SharedTaker,
        cancel: &CancellationToken,
    ) -> Result<PageEnd, SynclineError> {
        self.api.own_link(link)?;
        let asked = Asked::new(schema, &selection.columns)?;
        self.odata_page(schema, selection, asked, link, read, trail, taker, cancel).await
    }

    #[expect(clippy::too_many_arguments, reason = "as above")]
    async fn odata_page(
        &self,
        schema: &EntitySchema,
        selection: &Selection,
        asked: Asked,
        url: &str,
        read: u64,
        trail: Trail,
        taker: &SharedTaker,
        cancel: &CancellationToken,
    ) -> Result<PageEnd, SynclineError> {
        // The size is not in the link and is said again with each page.
        let prefer = [
            format!("odata.maxpagesize={}", self.page_size(selection, read)),
            format!("odata.include-annotations=\"{ANNOTATIONS}\""),
        ];
        let left = selection.top.map_or(u64::MAX, |top| top.saturating_sub(read));
        let reading = Reading::new(schema, asked).at_most(left);
        let Envelope { page, given, bytes, .. } =
            self.api.records_page(url, &prefer, reading, taker, cancel).await?;
        let read = read + given;
        let more = page.next_link.as_deref().filter(|_| selection.top.is_none_or(|top| read < top));
        let mut trail = trail;
        let next = match self.api.next_page(url, more, &mut trail)? {
            Some(link) => Some(Position::Link { link, read, trail }.to_cursor()?),
            None => None,
        };
        Ok(PageEnd { next, token: None, bytes })
    }

    /// The selection's page size or the connection's, at most 5000 and never more than is still wanted.
    pub(crate) fn page_size(&self, selection: &Selection, read: u64) -> u32 {
        let size = match selection.page_size {
            0 => self.settings.page_size,
            size => size.min(5000),
        };
        let left = selection.top.map_or(u64::from(size), |top| top.saturating_sub(read));
        u32::try_from(left).map_or(size, |left| size.min(left)).max(1)
    }
}
