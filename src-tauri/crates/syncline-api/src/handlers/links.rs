//! `links.*`: which records are pairs, and forgetting that some are.

use std::sync::Arc;
use syncline_model::{ErrorCode, SyncDefinition, Value};
use syncline_store::{FoundLink, Link, LinkFilter, LinkPair};

use super::syncs;
use super::two_way_queue::{limit, side};
use crate::app::App;
use crate::wire::{ApiError, LinkState, LinkView, LinksForget, LinksForgotten, LinksPage, LinksQuery};

async fn definition(
    app: &Arc<App>,
    json: Option<String>,
    name: Option<String>,
) -> Result<SyncDefinition, ApiError> {
    let text = match (json, name) {
        (Some(json), _) => json,
        (None, Some(name)) => syncs::saved_text(app, &name).await?,
        (None, None) => {
            return Err(ApiError::new(ErrorCode::Usage, "neither a definition nor its name is given"));
        }
    };
    syncs::read(&text)
}

async fn tables(app: &Arc<App>, definition: &SyncDefinition) -> Result<LinkPair, ApiError> {
    let source = app.connection(definition.source.connection.as_str()).await?;
    let destination = app.connection(definition.destination.connection.as_str()).await?;
    let Some(entity) = definition.source.entity.clone() else {
        return Err(ApiError::new(ErrorCode::Usage, "the members of a list are in no pairs"));
    };
    Ok(LinkPair {
        source: source.id,
        source_entity: entity,
        destination: destination.id,
        destination_entity: definition.destination.entity.clone(),
    })
}

/// What a pair is known by: the first key that both sides held a value of, else the first two fields with one.
fn title(link: &Link, keys: &[String], fields: &[String]) -> String {
    let shown = |name: &String| {
        let base = link.base.get(name)?;
        let text = |value: &Value| Some(value.display_text()).filter(|text| !text.trim().is_empty());
        text(&base.right).or_else(|| text(&base.left))
    };
    keys.iter()
        .find_map(shown)
        .unwrap_or_else(|| fields.iter().filter_map(shown).take(2).collect::<Vec<_>>().join(" "))
}

fn view(found: FoundLink, keys: &[String], fields: &[String]) -> LinkView {
    let FoundLink { link, conflicts } = found;
    LinkView {
        id: link.id.to_string(),
        title: title(&link, keys, fields),
        source_id: link.left,
        destination_id: link.right,
        gone: link.gone.map(side),
        conflicts,
        at: link.at.to_string(),
    }
}

pub(crate) async fn list(app: &Arc<App>, request: LinksQuery) -> Result<LinksPage, ApiError> {
    let definition = definition(app, request.json, request.name).await?;
    let tables = tables(app, &definition).await?;
    let filter = LinkFilter {
        text: request.search,
        gone: request.state == Some(LinkState::Gone),
        conflicts: request.state == Some(LinkState::Conflict),
    };
    let (offset, limit) = (request.offset.unwrap_or(0), limit(request.limit));
    let (found, total) =
        app.with_store(move |store| store.find_links(&tables, &filter, offset, limit)).await?;
    let keys: Vec<String> = definition.identifiers.iter().map(|one| one.to.clone()).collect();
    let fields: Vec<String> = definition.fields.iter().map(|one| one.to.clone()).collect();
    Ok(LinksPage { rows: found.into_iter().map(|one| view(one, &keys, &fields)).collect(), total })
}

pub(crate) async fn forget(app: &Arc<App>, request: LinksForget) -> Result<LinksForgotten, ApiError> {
    let definition = definition(app, request.json, request.name).await?;
    let tables = tables(app, &definition).await?;
    let ids = request
        .ids
        .iter()
        .map(|id| {
            id.parse::<i64>().map_err(|_| {
                ApiError::new(ErrorCode::Usage, format!("{id} is no pair")).hint("links.list tells their ids")
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    // A run under way would note the pair again, and its own look at both sides would go on with what it knows.
    let _turn = super::runs::turn(app, &definition.name)?;
    let asked = ids.len() as u64;
    let forgotten = app.with_store(move |store| store.forget_links(&tables, &ids)).await?;
    Ok(LinksForgotten { forgotten, gone: asked - forgotten })
}
