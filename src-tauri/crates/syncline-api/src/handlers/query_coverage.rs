//! `queries.coverage`: what the cache holds of what a query asks, before it is run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use syncline_fetchxml::{Attribute, Fetch, Filter, LinkEntity, Metadata, Order};
use syncline_model::{EntityName, EntitySchema, ErrorCode};
use syncline_store::CachedEntity;

use super::query_cached::document;
use crate::app::App;
use crate::wire::{ApiError, CoveredEntity, QueryCoverage, QueryText};

/// What a query needs of one entity.
#[derive(Default)]
struct Needs {
    columns: BTreeSet<String>,
    all: bool,
}

/// What a query needs, by entity in the order of the text.
#[derive(Default)]
struct Needed {
    order: Vec<String>,
    of: BTreeMap<String, Needs>,
    /// Entities by their aliases in the document.
    aliases: BTreeMap<String, String>,
}

impl Needed {
    fn new(fetch: &Fetch) -> Self {
        let mut needed = Self::default();
        needed.name_links(&fetch.entity.links);
        let entity = &fetch.entity;
        let bare = entity.attributes.is_empty() && !fetch.aggregate;
        needed.table(&entity.name, entity.all_attributes || bare, &entity.attributes);
        needed.orders(&entity.name, &entity.orders);
        if let Some(filter) = &entity.filter {
            needed.filter(&entity.name, filter);
        }
        needed.links(&entity.name, &entity.links);
        needed
    }

    fn name_links(&mut self, links: &[LinkEntity]) {
        for link in links {
            let alias = link.alias.clone().unwrap_or_else(|| link.name.clone());
            self.aliases.insert(alias, link.name.clone());
            self.name_links(&link.links);
        }
    }

    fn needs(&mut self, entity: &str) -> &mut Needs {
        if !self.of.contains_key(entity) {
            self.order.push(entity.to_owned());
        }
        self.of.entry(entity.to_owned()).or_default()
    }

    fn table(&mut self, entity: &str, all: bool, attributes: &[Attribute]) {
        let needs = self.needs(entity);
        needs.all |= all;
        needs.columns.extend(attributes.iter().map(|attribute| attribute.name.clone()));
    }

    fn column(&mut self, entity: &str, alias: Option<&String>, column: &str) {
        let meant = alias.and_then(|alias| self.aliases.get(alias).cloned()).unwrap_or(entity.to_owned());
        self.needs(&meant).columns.insert(column.to_owned());
    }

    fn orders(&mut self, entity: &str, orders: &[Order]) {
        for order in orders {
            if let Some(column) = &order.attribute {
                self.column(entity, order.entity_name.as_ref(), column);
            }
        }
    }

    fn filter(&mut self, entity: &str, filter: &Filter) {
        for condition in &filter.conditions {
            self.column(entity, condition.entity_name.as_ref(), &condition.attribute);
        }
        for inner in &filter.filters {
            self.filter(entity, inner);
        }
        self.links(entity, &filter.links);
    }

    fn links(&mut self, outer: &str, links: &[LinkEntity]) {
        for link in links {
            self.table(&link.name, link.all_attributes, &link.attributes);
            if !link.from.is_empty() {
                self.column(&link.name, None, &link.from);
            }
            if !link.to.is_empty() {
                self.column(outer, None, &link.to);
            }
            self.orders(&link.name, &link.orders);
            if let Some(filter) = &link.filter {
                self.filter(&link.name, filter);
            }
            self.links(&link.name, &link.links);
        }
    }
}

fn covered(
    name: &str,
    needs: &Needs,
    cached: Option<&CachedEntity>,
    schema: Option<&EntitySchema>,
) -> CoveredEntity {
    let own = format!("{name}id");
    let primary = schema.map_or(own.as_str(), |schema| schema.summary.primary_id.as_str());
    let has = |column: &str| {
        column == primary
            || cached.is_some_and(|cached| cached.columns.iter().any(|known| known.name.as_str() == column))
    };
    let columns = schema.map_or(&[][..], |schema| schema.columns.as_slice());
    let left_out = columns
        .iter()
        .filter(|column| needs.all && column.readable && !has(column.logical_name.as_str()))
        .count();
    let known = cached.map(|cached| cached.display_name.clone());
    CoveredEntity {
        entity: name.to_owned(),
        display_name: schema
            .map(|schema| schema.summary.display_name.clone())
            .or(known)
            .filter(|display| !display.is_empty())
            .unwrap_or_else(|| name.to_owned()),
        records: cached.map(|cached| cached.records),
        pulled_at: cached.and_then(|cached| cached.pulled_at).map(|at| at.to_string()),
        status: cached.and_then(|cached| cached.status).map(|status| status.as_str().to_owned()),
        filter: None,
        missing_columns: match cached {
            Some(_) => needs.columns.iter().filter(|column| !has(column)).cloned().collect(),
            None => Vec::new(),
        },
        left_out: if cached.is_some() { u32::try_from(left_out).unwrap_or(u32::MAX) } else { 0 },
    }
}

pub(crate) async fn coverage(app: &Arc<App>, request: QueryText) -> Result<QueryCoverage, ApiError> {
    let connection = app.connection(&request.connection).await?;
    let (fetch, known) = match document(app, &connection, request.language, &request.text).await {
        Ok(found) => found,
        Err(error) if error.code == ErrorCode::QueryInvalid => {
            return Ok(QueryCoverage { entities: Vec::new(), as_of: None, reason: Some(error.message) });
        }
        Err(error) => return Err(error),
    };
    let needed = Needed::new(&fetch);
    let id = connection.id;
    let names: Vec<EntityName> = needed.order.iter().map(|name| EntityName::new(name.as_str())).collect();
    let (cached, filters) = app
        .with_store(move |store| {
            let cached = store.cached(Some(id))?;
            let mut filters = BTreeMap::new();
            for name in names {
                let filter =
                    store.last_pull(id, &name)?.and_then(|pull| super::marks::filter_of(&pull.selection));
                filters.insert(name.to_string(), filter);
            }
            Ok((cached, filters))
        })
        .await?;
    let entities: Vec<CoveredEntity> = needed
        .order
        .iter()
        .filter_map(|name| Some((name, needed.of.get(name)?)))
        .map(|(name, needs)| {
            let found = cached.iter().find(|entity| entity.entity.as_str() == name);
            let mut covered = covered(name, needs, found, known.schema(name));
            covered.filter = filters.get(name).cloned().flatten().filter(|_| covered.records.is_some());
            covered
        })
        .collect();
    let whole = entities.iter().all(|entity| entity.records.is_some());
    // Times of this form are ordered as texts are.
    let as_of = entities.iter().filter_map(|entity| entity.pulled_at.clone()).min().filter(|_| whole);
    Ok(QueryCoverage { entities, as_of, reason: None })
}
