//! `queries.complete`: what may stand at a place of a query.

use std::sync::Arc;
use syncline_dataverse::complete_odata;
use syncline_fetchxml::{Completions, entities_named};
use syncline_model::{Connection, ErrorCode};

use super::metadata::Wanted;
use super::query_texts::{Units, known, known_in_set};
use crate::app::App;
use crate::wire::{ApiError, QueryAt, QueryLanguage, QueryOffer, QueryOffers};

pub(crate) async fn complete(app: &Arc<App>, request: QueryAt) -> Result<QueryOffers, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let units = Units(&request.text);
    let offset = units.byte(request.offset);
    let offers = match request.language.unwrap_or(QueryLanguage::FetchXml) {
        QueryLanguage::FetchXml => {
            let known = known(app, &connection, &entities_named(&request.text)).await;
            syncline_fetchxml::complete(&request.text, offset, &known)
        }
        QueryLanguage::OData => odata(app, &connection, &request.text, offset).await?,
    };
    Ok(QueryOffers {
        from: units.of(offers.span.start),
        to: units.of(offers.span.end),
        items: offers
            .items
            .into_iter()
            .map(|item| QueryOffer {
                back: u32::try_from(item.back).unwrap_or(0),
                label: item.label,
                detail: item.detail,
                insert: item.insert,
                kind: item.kind.to_owned(),
            })
            .collect(),
    })
}

async fn odata(
    app: &Arc<App>,
    connection: &Connection,
    text: &str,
    offset: usize,
) -> Result<Completions, ApiError> {
    let Some((set, _)) = text.split_once('?').filter(|(set, _)| set.len() < offset) else {
        let list = app.entities_of(connection, Wanted::new(None, None, None)).await?;
        let sets: Vec<_> = list
            .value
            .into_iter()
            .filter(|summary| !summary.set_name.is_empty())
            .map(|summary| (summary.set_name, summary.display_name))
            .collect();
        let nothing = known(app, connection, &[]).await;
        return Ok(complete_odata(text, offset, &sets, None, &nothing));
    };
    match known_in_set(app, connection, set.trim(), text).await {
        Ok((schema, known)) => Ok(complete_odata(text, offset, &[], Some(&schema), &known)),
        // An entity set that is none has no columns to offer.
        Err(error) if error.code == ErrorCode::QueryInvalid => {
            Ok(complete_odata(text, offset, &[], None, &known(app, connection, &[]).await))
        }
        Err(error) => Err(error),
    }
}
