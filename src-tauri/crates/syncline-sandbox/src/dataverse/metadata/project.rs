//! `$select`, `$expand` and `$filter` on metadata.
use super::filter::Filter;
use super::types::Kind;
use super::{Found, attribute};
use crate::dataverse::error::{Outcome, ServiceError};
use crate::dataverse::odata::options::Options;
use crate::dataverse::store::Store;
use serde_json::{Map, Value as Json, json};

fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}

/// What the options name must be there, whatever rows there are.
pub(super) fn check(kind: &Kind, options: &Options) -> Outcome<()> {
    for name in options.select.iter().flat_map(|list| names(list)) {
        // What is expanded may be selected too.
        if kind.property(name).is_err() {
            kind.expanded(name).map_err(|_| ServiceError::no_property(name, kind.name))?;
        }
    }
    for (name, inner) in options.expansions()? {
        let inside = kind.expanded(&name)?;
        check(&inside, &inner)?;
        inner.filter.as_deref().map(|filter| Filter::parse(&inside, filter)).transpose()?;
    }
    Ok(())
}

/// `$expand=Attributes,Keys,…` on a table.
pub(super) fn expand(value: &mut Json, options: &Options, store: &Store, found: Found<'_>) -> Outcome<()> {
    for (name, inner) in options.expansions()? {
        let all = match name.as_str() {
            "Attributes" => found.attributes(store).into_iter().map(attribute::common).collect(),
            other => found
                .collection(store, other)
                .ok_or_else(|| ServiceError::no_property(other, "EntityMetadata"))?,
        };
        let kind = Kind::entity().expanded(&name)?;
        let filter = inner.filter.as_deref().map(|filter| Filter::parse(&kind, filter)).transpose()?;
        let all = all
            .into_iter()
            .filter(|item| filter.as_ref().is_none_or(|f| f.holds(item)))
            .map(|item| select(item, &inner, &["MetadataId", "@odata.type"]))
            .collect::<Outcome<Vec<_>>>()?;
        value[name] = json!(all);
    }
    Ok(())
}

/// Navigation properties of attributes (option sets) appear only when expanded.
pub(super) fn keep_expanded(value: Json, options: &Options) -> Outcome<Json> {
    let Json::Object(mut map) = value else { return Ok(value) };
    let asked = options.expansions()?;
    for name in ["OptionSet", "GlobalOptionSet"] {
        match asked.iter().find(|a| a.0 == name) {
            None => {
                map.remove(name);
            }
            Some((_, inner)) => {
                if let Some(set @ Json::Object(_)) = map.get_mut(name) {
                    *set = select(set.take(), inner, &["MetadataId"])?;
                }
            }
        }
    }
    Ok(Json::Object(map))
}

/// Keeps what `$select` names, what was expanded, and `always`.
pub(super) fn select(value: Json, options: &Options, always: &[&str]) -> Outcome<Json> {
    let Some(list) = &options.select else { return Ok(value) };
    let Json::Object(mut map) = value else { return Ok(value) };
    let expanded = options.expansions()?;
    let mut out = Map::new();
    if let Some(kind) = map.remove("@odata.type") {
        out.insert("@odata.type".into(), kind);
    }
    for name in names(list) {
        match map.remove(name) {
            Some(found) => drop(out.insert(name.to_owned(), found)),
            None if out.contains_key(name) || expanded.iter().any(|e| e.0 == name) => {}
            None => return Err(ServiceError::no_property(name, "MetadataBase")),
        }
    }
    for name in always.iter().copied().map(str::to_owned).chain(expanded.into_iter().map(|e| e.0)) {
        if let Some(found) = map.remove(&name) {
            out.insert(name, found);
        }
    }
    Ok(Json::Object(out))
}
