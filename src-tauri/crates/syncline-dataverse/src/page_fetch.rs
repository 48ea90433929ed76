//! Pages of a filtered, ordered or listed selection: FetchXML with page number and cookie. Source: Dataverse, FetchXML paging.

use percent_encoding::percent_decode_str;
use syncline_connect::{PageEnd, Selection, SharedTaker};
use syncline_fetchxml::{Fetch, Filter, Order};
use syncline_model::{EntitySchema, EntitySummary, ErrorCode, SynclineError};
use syncline_odata::QueryOptions;
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::api::{ANNOTATIONS, PAGING_ANNOTATIONS};
use crate::cursor::Position;
use crate::links::Trail;
use crate::page_stream::{Envelope, Reading};
use crate::records::{Asked, no_such_column};

/// Rows of a page that names no number (Dataverse, FetchXML paging).
const MOST_ROWS: u64 = 5_000;

impl DataverseConnector {
    /// The query of the first page: columns, filter, order ending in the primary key, and the members of a list.
    pub(crate) async fn selection_fetch(
        &self,
        schema: &EntitySchema,
        selection: &Selection,
        cancel: &CancellationToken,
    ) -> Result<Fetch, SynclineError> {
        let asked = Asked::new(schema, &selection.columns)?;
        let key = schema.summary.primary_id.as_str();
        let filter = selection.filter.as_deref().map(parse_filter).transpose()?;
        let mut orders = Vec::with_capacity(selection.order.len());
        for order in &selection.order {
            if schema.column(order.column.as_str()).is_none() {
                return Err(no_such_column(schema, order.column.as_str()));
            }
            let attribute = Some(order.column.to_string());
            orders.push(Order { attribute, descending: order.descending, ..Order::default() });
        }
        let names: Vec<&str> =
            if asked.all { vec![] } else { asked.logical.iter().map(String::as_str).collect() };
        let size = self.page_size(selection, 0);
        let fetch = Fetch::page(schema.summary.logical_name.as_str(), key, &names, filter, orders, size);
        match &selection.list {
            Some(list) => self.members(schema, fetch, list, cancel).await,
            None => Ok(fetch),
        }
    }

    /// One page of a query.
    #[expect(clippy::too_many_arguments, reason = "the parts of one request")]
    pub(crate) async fn fetch_page(
        &self,
        schema: &EntitySchema,
        selection: &Selection,
        fetch: &Fetch,
        read: u64,
        trail: Trail,
        taker: &SharedTaker,
        cancel: &CancellationToken,
    ) -> Result<PageEnd, SynclineError> {
        let asked = Asked::new(schema, &selection.columns)?;
        let url = self.fetch_url(&schema.summary, fetch);
        let prefer = [format!("odata.include-annotations=\"{ANNOTATIONS},{PAGING_ANNOTATIONS}\"")];
        let left = selection.top.map_or(u64::MAX, |top| top.saturating_sub(read));
        let reading = Reading::new(schema, asked).filled().at_most(left);
        let Envelope { page, given, rows, heeded, bytes } =
            self.api.records_page(&url, &prefer, reading, taker, cancel).await?;
        let read = read + given;
        let more =
            more_follow(page.more_records, heeded, rows, fetch) && selection.top.is_none_or(|top| read < top);
        let next = if more {
            let cookie = page.paging_cookie.as_deref().and_then(decode_cookie);
            let mut trail = trail;
            if let Some(cookie) = &cookie {
                trail.step(cookie)?;
            }
            Some(Position::Fetch { xml: fetch.next_page(cookie).to_xml(), read, trail }.to_cursor()?)
        } else {
            None
        };
        Ok(PageEnd { next, token: None, bytes })
    }

    pub(crate) fn fetch_url(&self, entity: &EntitySummary, fetch: &Fetch) -> String {
        let query = QueryOptions::new().option("fetchXml", fetch.to_xml()).to_query();
        self.api.url(&format!("/{}{query}", entity.set_name))
    }
}

/// Whether another page is asked for. Where neither a mark nor anything else shows that the wish for marks was heeded, a full page may
/// not be the last one: the next is asked for by its number.
pub(crate) fn more_follow(marked: Option<bool>, heeded: bool, rows: u64, fetch: &Fetch) -> bool {
    let full = || rows > 0 && rows >= fetch.count.map_or(MOST_ROWS, u64::from);
    marked.unwrap_or_else(|| !heeded && !fetch.aggregate && full())
}

pub(crate) fn parse_filter(text: &str) -> Result<Filter, SynclineError> {
    Filter::parse(text).map_err(|error| fetch_error(&error))
}

pub(crate) fn fetch_error(error: &syncline_fetchxml::FetchXmlError) -> SynclineError {
    let mut fault =
        SynclineError::new(ErrorCode::QueryInvalid, format!("the FetchXML can't be read: {error}"));
    fault.hint.clone_from(&error.hint);
    fault
}

/// The cookie for the next request: the attribute `pagingcookie` of the annotation, decoded twice.
pub(crate) fn decode_cookie(annotation: &str) -> Option<String> {
    let start = annotation.find("pagingcookie=\"")? + "pagingcookie=\"".len();
    let length = annotation[start..].find('"')?;
    let value = annotation[start..start + length]
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&");
    let once = percent_decode_str(&value).decode_utf8().ok()?.into_owned();
    let twice = percent_decode_str(&once).decode_utf8().ok()?.into_owned();
    (!twice.is_empty()).then_some(twice)
}

#[cfg(test)]
mod tests {
    use super::decode_cookie;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_cookie_is_decoded_or_left(text in any::<String>(), value in "[%a-f0-9&;a-z]{0,30}") {
            let _ = decode_cookie(&text);
            let _ = decode_cookie(&format!("<cookie pagingcookie=\"{value}\"/>"));
        }
    }

    #[test]
    fn a_cookie_is_decoded_twice() {
        let annotation = "<cookie pagenumber=\"2\" pagingcookie=\"%253ccookie%2520page%253d%25221%2522%253e%253cname%2520last%253d%2522A%2526amp%253bB%2522%2f%253e%253c%252fcookie%253e\" istracking=\"False\" />";
        assert_eq!(
            decode_cookie(annotation).as_deref(),
            Some("<cookie page=\"1\"><name last=\"A&amp;B\"/></cookie>")
        );
        assert_eq!(decode_cookie("<cookie pagenumber=\"2\"/>"), None);
        assert_eq!(decode_cookie("<cookie pagingcookie=\"\"/>"), None);
    }
}
