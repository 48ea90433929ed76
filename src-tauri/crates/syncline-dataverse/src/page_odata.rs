//! Pages of all records of an entity: an OData query and the links it gives. Source: Dataverse Web API, paging.

use syncline_connect::{Page, Selection};
use syncline_model::{EntitySchema, SynclineError};
use syncline_odata::QueryOptions;
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::api::ANNOTATIONS;
use crate::cursor::Position;
use crate::links::Trail;
use crate::records::{Asked, record};

impl DataverseConnector {
    pub(crate) async fn first_odata_page(
        &self,
        schema: &EntitySchema,
        selection: &Selection,
        cancel: &CancellationToken,
    ) -> Result<Page, SynclineError> {
        let asked = Asked::new(schema, &selection.columns)?;
        let options = if asked.all { QueryOptions::new() } else { QueryOptions::new().select(&asked.wire) };
        let url = self.api.url(&format!("/{}{}", schema.summary.set_name, options.to_query()));
        self.odata_page(schema, selection, &asked, &url, 0, Trail::default(), cancel).await
    }

    /// Follows a link as it is, after checking where it leads.
    pub(crate) async fn linked_page(
        &self,
        schema: &EntitySchema,
        selection: &Selection,
        link: &str,
        read: u64,
        trail: Trail,
        cancel: &CancellationToken,
    ) -> Result<Page, SynclineError> {
        self.api.own_link(link)?;
        let asked = Asked::new(schema, &selection.columns)?;
        self.odata_page(schema, selection, &asked, link, read, trail, cancel).await
    }

    async fn odata_page(
        &self,
        schema: &EntitySchema,
        selection: &Selection,
        asked: &Asked,
        url: &str,
        read: u64,
        trail: Trail,
        cancel: &CancellationToken,
    ) -> Result<Page, SynclineError> {
        // The size is not in the link and is said again with each page.
        let prefer = [
            format!("odata.maxpagesize={}", self.page_size(selection, read)),
            format!("odata.include-annotations=\"{ANNOTATIONS}\""),
        ];
        self.api
            .records_page(url, &prefer, cancel, |page, records, bytes| {
                let left = selection.top.map_or(u64::MAX, |top| top.saturating_sub(read));
                let take = usize::try_from(left).unwrap_or(usize::MAX);
                let records = records
                    .into_iter()
                    .take(take)
                    .map(|raw| record(schema, raw, asked, false))
                    .collect::<Result<Vec<_>, _>>()?;
                let read = read + records.len() as u64;
                let more = page.next_link.as_deref().filter(|_| selection.top.is_none_or(|top| read < top));
                let mut trail = trail.clone();
                let next = match self.api.next_page(url, more, &mut trail)? {
                    Some(link) => Some(Position::Link { link, read, trail }.to_cursor()?),
                    None => None,
                };
                Ok(Page { records, next, bytes })
            })
            .await
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
