//! Reading a big tenant's other tables: they are checked like any table, and they are empty. Nothing can be written to them.
use super::environment::Environment;
use super::error::{Outcome, ServiceError, code};
use super::fetch::xml;
use super::odata::functions::no_attribute;
use super::odata::options::Options;
use super::path::Segment;
use super::request::{ApiRequest, ApiResponse};
use super::rights::{denied, privilege};
use super::store::Store;
use super::wide_filter::{Columns, filter, orderby};
use crate::data::schema::Kind;
use crate::data::wide::{Wide, WideEntity};
use serde_json::{Map, Value as Json, json};
use std::collections::HashSet;
use uuid::Uuid;

/// `GET /ctso_workorders…`
pub(crate) fn get(
    environment: &Environment,
    _: &Store,
    request: &ApiRequest,
    path: &[Segment],
    wide: &Wide,
    entity: &WideEntity,
) -> Outcome<ApiResponse> {
    let user = request.caller.user_id;
    let hidden = entity.guarded() && environment.restricted(user);
    if hidden || environment.rights.hides(user, &entity.logical) {
        let name = privilege("Read", &entity.schema, false);
        return Err(denied(user, &name, (entity.code(), &entity.logical, &entity.display)));
    }
    if let Some(key) = &path[0].key {
        let id = Uuid::parse_str(key.trim()).unwrap_or_default();
        return Err(ServiceError::no_row(&entity.logical, id));
    }
    if path.get(1).is_some_and(|segment| segment.name == "$count") {
        return Ok(ApiResponse { status: 200, headers: http::HeaderMap::new(), body: "\u{feff}0".into() }
            .with("content-type", "text/plain"));
    }
    if let Some(segment) = path.get(1) {
        return Err(ServiceError::no_segment(&segment.name));
    }
    let options = Options::read(&request.query)?;
    let columns = wide.columns(entity);
    let names: HashSet<String> = columns
        .iter()
        .map(|c| match c.kind {
            Kind::Lookup { .. } => format!("_{}_value", c.logical),
            _ => c.logical.clone(),
        })
        .collect();
    for name in options.select.iter().flat_map(|s| s.split(',')).map(str::trim).filter(|n| !n.is_empty()) {
        if !names.contains(name) {
            return Err(ServiceError::no_property(name, &entity.logical));
        }
    }
    let known = Columns { logical: &entity.logical, all: &columns };
    if let Some(text) = &options.filter {
        filter(&known, text)?;
    }
    if let Some(text) = &options.orderby {
        orderby(&known, text)?;
    }
    let mut value = Vec::new();
    if let Some(text) = &options.fetch_xml {
        let known: HashSet<&str> = columns.iter().map(|c| c.logical.as_str()).collect();
        value = fetched(text, entity, &known)?;
    }
    let mut body = json!({
        "@odata.context": format!("{}/$metadata#{}", request.service_root, entity.set),
    });
    if options.count {
        body["@odata.count"] = json!(0);
    }
    body["value"] = json!(value);
    Ok(ApiResponse::value(200, &body))
}

/// The rows of a FetchXML document over an empty table: none, or one when everything is counted.
fn fetched(text: &str, entity: &WideEntity, known: &HashSet<&str>) -> Outcome<Vec<Json>> {
    let root = xml::parse(text)?;
    super::fetch::vocabulary::check(&root)?;
    let invalid =
        |text: String| ServiceError::bad(code::INVALID_FETCH_XML, format!("Invalid FetchXML: {text}"));
    let [asked] = root.children.as_slice() else {
        return Err(invalid("<fetch> must hold exactly one <entity>.".to_owned()));
    };
    if asked.get("name") != Some(entity.logical.as_str()) {
        return Err(invalid(format!("'{}' was expected.", entity.logical)));
    }
    conditions(asked, entity, known)?;
    let attributes: Vec<_> = asked.children.iter().filter(|child| child.name == "attribute").collect();
    for attribute in &attributes {
        let name = attribute.get("name").unwrap_or_default();
        if !known.contains(name) {
            return Err(no_attribute(&entity.logical, name));
        }
    }
    if !root.flag("aggregate") || attributes.iter().any(|a| a.flag("groupby")) {
        return Ok(Vec::new());
    }
    let mut row = Map::new();
    for attribute in attributes {
        if matches!(attribute.get("aggregate"), Some("count" | "countcolumn")) {
            row.insert(attribute.get("alias").unwrap_or_default().to_owned(), json!(0));
        }
    }
    Ok(vec![Json::Object(row)])
}

/// Columns of conditions and orders of the table itself.
fn conditions(element: &xml::Element, entity: &WideEntity, known: &HashSet<&str>) -> Outcome<()> {
    for child in element.children.iter().filter(|child| child.name != "link-entity") {
        let own = matches!(child.name.as_str(), "condition" | "order") && child.get("entityname").is_none();
        if let Some(name) = child.get("attribute").filter(|name| own && !known.contains(name)) {
            return Err(no_attribute(&entity.logical, name));
        }
        conditions(child, entity, known)?;
    }
    Ok(())
}
