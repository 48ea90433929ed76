//! `$select`, `$expand` and `$filter` on metadata.
use super::{Found, attribute};
use crate::dataverse::error::{Outcome, ServiceError};
use crate::dataverse::odata::options::{Options, split};
use crate::dataverse::store::Store;
use serde_json::{Map, Value as Json, json};

fn expansions(options: &Options) -> Vec<(String, Options)> {
    options
        .expand
        .as_deref()
        .map(|e| split(e, ','))
        .unwrap_or_default()
        .into_iter()
        .map(str::trim)
        .filter(|p| !p.is_empty())
        .filter_map(|part| {
            let (name, inside) =
                part.split_once('(').map_or((part, ""), |(n, r)| (n, r.strip_suffix(')').unwrap_or(r)));
            Some((name.trim().to_owned(), Options::nested(inside).ok()?))
        })
        .collect()
}

/// `$expand=Attributes,Keys,…` on a table.
pub(super) fn expand(value: &mut Json, options: &Options, store: &Store, found: Found<'_>) -> Outcome<()> {
    for (name, inner) in expansions(options) {
        let all = match name.as_str() {
            "Attributes" => found.attributes(store).into_iter().map(attribute::common).collect(),
            other => found
                .collection(store, other)
                .ok_or_else(|| ServiceError::no_property(other, "EntityMetadata"))?,
        };
        let filter = inner.filter.as_deref().map(Filter::parse).transpose()?;
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
pub(super) fn keep_expanded(value: Json, options: &Options) -> Json {
    let Json::Object(mut map) = value else { return value };
    let asked = expansions(options);
    for name in ["OptionSet", "GlobalOptionSet"] {
        match asked.iter().find(|a| a.0 == name) {
            None => {
                map.remove(name);
            }
            Some((_, inner)) => {
                if let Some(set @ Json::Object(_)) = map.get_mut(name)
                    && let Ok(cut) = select(set.take(), inner, &["MetadataId"])
                {
                    *set = cut;
                }
            }
        }
    }
    Json::Object(map)
}

/// Keeps what `$select` names, what was expanded, and `always`.
pub(super) fn select(value: Json, options: &Options, always: &[&str]) -> Outcome<Json> {
    let Some(names) = &options.select else { return Ok(value) };
    let Json::Object(mut map) = value else { return Ok(value) };
    let expanded = expansions(options);
    let mut out = Map::new();
    if let Some(kind) = map.remove("@odata.type") {
        out.insert("@odata.type".into(), kind);
    }
    for name in names.split(',').map(str::trim).filter(|n| !n.is_empty()) {
        match map.remove(name) {
            Some(found) => drop(out.insert(name.to_owned(), found)),
            None if out.contains_key(name) || expanded.iter().any(|e| e.0 == name) => {}
            None => {
                return Err(ServiceError::no_property(
                    name,
                    if attribute::is_typed(name) { "AttributeMetadata" } else { "MetadataBase" },
                ));
            }
        }
    }
    for name in always.iter().copied().map(str::to_owned).chain(expanded.into_iter().map(|e| e.0)) {
        if let Some(found) = map.remove(&name) {
            out.insert(name, found);
        }
    }
    Ok(Json::Object(out))
}

/// A filter on primitive, enum and managed properties: comparisons joined by `and` and `or`.
#[derive(Debug)]
pub(super) struct Filter {
    any: Vec<Vec<(Vec<String>, bool, Json)>>,
}

impl Filter {
    pub(super) fn parse(text: &str) -> Outcome<Self> {
        if text.contains("contains(") || text.contains("startswith(") || text.contains("endswith(") {
            return Err(ServiceError::odata("String functions are not supported in metadata queries."));
        }
        let text = text.replace(['(', ')'], " ");
        let mut any = Vec::new();
        for part in text.split(" or ") {
            let mut all = Vec::new();
            for test in part.split(" and ") {
                all.push(comparison(test.trim())?);
            }
            any.push(all);
        }
        Ok(Self { any })
    }

    pub(super) fn holds(&self, item: &Json) -> bool {
        self.any.iter().any(|all| {
            all.iter().all(|(path, equal, wanted)| {
                let found = path.iter().fold(item, |at, name| &at[name.as_str()]);
                (found == wanted) == *equal
            })
        })
    }
}

fn comparison(test: &str) -> Outcome<(Vec<String>, bool, Json)> {
    let error = || {
        ServiceError::odata(format!("'{test}' is not a filter that metadata supports: property eq|ne value."))
    };
    let mut words = test.splitn(3, ' ');
    let (Some(path), Some(operator), Some(value)) = (words.next(), words.next(), words.next()) else {
        return Err(error());
    };
    let equal = match operator {
        "eq" => true,
        "ne" => false,
        _ => return Err(error()),
    };
    if path.contains("DisplayName") || path.contains("Label") || path.starts_with("Description") {
        return Err(ServiceError::odata("Labels cannot be used in a metadata filter."));
    }
    let value = literal(value.trim()).ok_or_else(error)?;
    Ok((path.split('/').map(str::to_owned).collect(), equal, value))
}

/// A text in quotes, bare or as the member of an enumeration; an id; a number, `true`, `false`, `null`.
fn literal(text: &str) -> Option<Json> {
    let Some((before, quoted)) = text.split_once('\'') else {
        let id = text.parse::<uuid::Uuid>().is_ok();
        let id = id.then(|| Json::String(text.to_lowercase()));
        return id.or_else(|| serde_json::from_str(text).ok().filter(|value: &Json| !value.is_string()));
    };
    let text = quoted.strip_suffix('\'')?.replace("''", "\0");
    let known = before.is_empty() || before.starts_with("Microsoft.Dynamics.CRM.");
    (known && !text.contains('\'')).then(|| Json::String(text.replace('\0', "'")))
}

#[cfg(test)]
mod tests {
    use super::{Filter, literal};
    use serde_json::json;

    #[test]
    fn literals() {
        assert_eq!(literal("'it''s'"), Some(json!("it's")));
        assert_eq!(literal("Microsoft.Dynamics.CRM.AttributeTypeCode'Picklist'"), Some(json!("Picklist")));
        assert_eq!(literal("true"), Some(json!(true)));
        let id = "70816501-edb9-4740-a16c-6a5efbc05d84";
        assert_eq!(literal(id), Some(json!(id)));
        for bad in ["%27account%27", "account", "\"account\"", "'a'b'", "'a", "a'", "''a'", ""] {
            assert_eq!(literal(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_encoded_twice_is_no_filter() {
        assert!(Filter::parse("LogicalName eq %27account%27").is_err());
        let filter = Filter::parse("LogicalName eq 'account' or LogicalName eq 'contact'").unwrap();
        assert!(filter.holds(&json!({ "LogicalName": "contact" })));
        assert!(!filter.holds(&json!({ "LogicalName": "lead" })));
    }
}
