//! Metadata: EntityDefinitions with attributes, keys, relationships and option sets.
mod attribute;
mod entity;
mod project;

use super::error::{Outcome, ServiceError};
use super::odata::options::Options;
use super::path::Segment;
use super::request::{ApiRequest, ApiResponse};
use super::store::Store;
use crate::data::Entity;
use serde_json::{Value as Json, json};

/// Answers every metadata path.
pub(crate) fn get(store: &Store, request: &ApiRequest, path: &[Segment]) -> Outcome<ApiResponse> {
    let options = Options::read(&request.query)?;
    if path[0].name == "GlobalOptionSetDefinitions" {
        return global(store, request, &path[0]);
    }
    let root = &request.service_root;
    let Some(key) = &path[0].key else {
        let all = store.schema.entities.iter().map(|e| entity::definition(store, e)).collect();
        return list(request, "EntityDefinitions", all, &options, store, None);
    };
    let found = find(store, key)?;
    let name = format!("EntityDefinitions({})", entity::metadata_id(found));
    let Some(part) = path.get(1) else {
        let mut value = entity::definition(store, found);
        project::expand(&mut value, &options, store, found)?;
        let mut value = project::select(value, &options, &["MetadataId"])?;
        with_context(&mut value, format!("{root}/$metadata#EntityDefinitions/$entity"));
        return Ok(ApiResponse::value(200, &value));
    };
    let cast = path.get(2).map(|s| s.name.as_str());
    let all = match part.name.as_str() {
        "Attributes" => {
            let mut all = attribute::all(store, found);
            if let Some(key) = &part.key {
                return one_attribute(request, all, key, cast, &options, &name);
            }
            if let Some(cast) = cast {
                all = attribute::cast(all, cast)?;
            } else {
                all = all.into_iter().map(attribute::common).collect();
            }
            all
        }
        "Keys" => entity::keys(found),
        "ManyToOneRelationships" => entity::many_to_one(store, found),
        "OneToManyRelationships" => entity::one_to_many(store, found),
        "ManyToManyRelationships" => entity::many_to_many(store, found),
        other => return Err(ServiceError::no_segment(other)),
    };
    list(request, &format!("{name}/{}", part.name), all, &options, store, Some(found))
}

fn one_attribute(
    request: &ApiRequest,
    all: Vec<Json>,
    key: &str,
    cast: Option<&str>,
    options: &Options,
    name: &str,
) -> Outcome<ApiResponse> {
    let wanted = unquote(key.split_once('=').map_or(key, |p| p.1));
    let found = all
        .into_iter()
        .find(|a| a["LogicalName"] == wanted.as_str() || a["MetadataId"] == wanted.as_str())
        .ok_or_else(|| {
            ServiceError::new(404, "0x80040217", format!("Could not find attribute with name '{wanted}'."))
        })?;
    let found = match cast {
        Some(cast) => {
            attribute::cast(vec![found], cast)?.pop().ok_or_else(|| ServiceError::no_segment(cast))?
        }
        None => found,
    };
    let mut value = project::select(project::keep_expanded(found, options), options, &["MetadataId"])?;
    with_context(&mut value, format!("{}/$metadata#{name}/Attributes/$entity", request.service_root));
    Ok(ApiResponse::value(200, &value))
}

fn with_context(value: &mut Json, context: String) {
    if let Json::Object(map) = value {
        map.shift_insert(0, "@odata.context".into(), context.into());
    }
}

fn list(
    request: &ApiRequest,
    name: &str,
    mut all: Vec<Json>,
    options: &Options,
    store: &Store,
    found: Option<&Entity>,
) -> Outcome<ApiResponse> {
    if let Some(filter) = &options.filter {
        let filter = project::Filter::parse(filter)?;
        all.retain(|item| filter.holds(item));
    }
    let mut out = Vec::new();
    for mut item in all {
        match found {
            None => {
                let entity = item["LogicalName"].as_str().and_then(|n| store.schema.by_logical(n));
                if let Some(entity) = entity {
                    project::expand(&mut item, options, store, entity)?;
                }
            }
            Some(_) => item = project::keep_expanded(item, options),
        }
        out.push(project::select(item, options, &["MetadataId"])?);
    }
    Ok(ApiResponse::value(
        200,
        &json!({ "@odata.context": format!("{}/$metadata#{name}", request.service_root), "value": out }),
    ))
}

fn find<'a>(store: &'a Store, key: &str) -> Outcome<&'a Entity> {
    let wanted = unquote(key.split_once('=').map_or(key, |p| p.1));
    store
        .schema
        .entities
        .iter()
        .find(|e| e.logical == wanted || entity::metadata_id(e).to_string() == wanted)
        .ok_or_else(|| {
            ServiceError::new(
                404,
                "0x80040217",
                format!(
                    "Could not find an entity with name {wanted} and id 00000000-0000-0000-0000-000000000000."
                ),
            )
        })
}

fn unquote(text: &str) -> String {
    text.trim().trim_matches('\'').to_owned()
}

fn global(store: &Store, request: &ApiRequest, segment: &Segment) -> Outcome<ApiResponse> {
    let mut sets: Vec<Json> = Vec::new();
    for column in store.schema.entities.iter().flat_map(|e| &e.columns) {
        if let crate::data::Kind::Choice { options, global: Some(name) } = &column.kind {
            sets.push(attribute::option_set(column, options, Some(name)));
        }
    }
    let root = &request.service_root;
    match &segment.key {
        None => Ok(ApiResponse::value(
            200,
            &json!({ "@odata.context": format!("{root}/$metadata#GlobalOptionSetDefinitions"), "value": sets }),
        )),
        Some(key) => {
            let wanted = unquote(key.split_once('=').map_or(key, |p| p.1));
            let mut found = sets.into_iter().find(|s| s["Name"] == wanted.as_str()).ok_or_else(|| {
                ServiceError::new(
                    404,
                    "0x80040217",
                    format!("Could not find optionset with optionset name {wanted}."),
                )
            })?;
            with_context(&mut found, format!("{root}/$metadata#GlobalOptionSetDefinitions/$entity"));
            Ok(ApiResponse::value(200, &found))
        }
    }
}

/// `$metadata`: entity types, keys, properties and sets as CSDL.
pub(crate) fn csdl(store: &Store) -> ApiResponse {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices><Schema Namespace=\"Microsoft.Dynamics.CRM\" Alias=\"mscrm\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\"><EntityType Name=\"crmbaseentity\" Abstract=\"true\" />",
    );
    let mut sets = String::new();
    for entity in &store.schema.entities {
        out += &format!(
            "<EntityType Name=\"{}\" BaseType=\"mscrm.crmbaseentity\"><Key><PropertyRef Name=\"{}\" /></Key>",
            entity.logical, entity.primary_id
        );
        for column in &entity.columns {
            out += &format!(
                "<Property Name=\"{}\" Type=\"{}\" />",
                column.wire_name(),
                attribute::edm(&column.kind)
            );
            for target in column.targets() {
                let to = store.schema.entity(target.table).logical;
                out += &format!("<NavigationProperty Name=\"{}\" Type=\"mscrm.{to}\" />", target.navigation);
            }
        }
        for (from, _, target) in store.schema.referencing(entity.table) {
            out += &format!(
                "<NavigationProperty Name=\"{}\" Type=\"Collection(mscrm.{})\" />",
                target.relationship, from.logical
            );
        }
        out += "</EntityType>";
        sets += &format!(
            "<EntitySet Name=\"{}\" EntityType=\"Microsoft.Dynamics.CRM.{}\" />",
            entity.set, entity.logical
        );
    }
    out += &format!(
        "<EntityContainer Name=\"System\">{sets}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"
    );
    ApiResponse { status: 200, headers: http::HeaderMap::new(), body: out.into_bytes() }
        .with("content-type", "application/xml")
}
