//! Metadata: EntityDefinitions with attributes, keys, relationships and option sets.
mod attribute;
mod entity;
mod filter;
mod project;
mod types;
mod wide;

use super::error::{Outcome, ServiceError};
use super::odata::options::Options;
use super::path::Segment;
use super::request::{ApiRequest, ApiResponse};
use super::store::Store;
use crate::data::Entity;
use crate::data::wide::{Wide, WideEntity};
use filter::Filter;
use serde_json::{Value as Json, json};
use types::Kind;
use uuid::Uuid;

/// Answers every metadata path.
pub(crate) fn get(store: &Store, request: &ApiRequest, path: &[Segment]) -> Outcome<ApiResponse> {
    let options = Options::read(&request.query)?;
    if path[0].name == "GlobalOptionSetDefinitions" {
        return global(store, request, &path[0], &options);
    }
    let root = &request.service_root;
    let Some(key) = &path[0].key else { return all(store, request, &options) };
    let found = find(store, key)?;
    let name = format!("EntityDefinitions({})", found.metadata_id());
    let Some(part) = path.get(1) else {
        project::check(&Kind::entity(), &options)?;
        let mut value = found.definition(store);
        project::expand(&mut value, &options, store, found)?;
        let mut value = project::select(value, &options, &["MetadataId"])?;
        with_context(&mut value, format!("{root}/$metadata#EntityDefinitions/$entity"));
        return Ok(ApiResponse::value(200, &value));
    };
    let cast = path.get(2).map(|s| s.name.as_str());
    let all = match part.name.as_str() {
        "Attributes" => {
            let mut all = found.attributes(store);
            if let Some(key) = &part.key {
                let kind = Kind::collection("Attributes", cast)
                    .ok_or_else(|| attribute::no_cast(cast.unwrap_or_default()))?;
                project::check(&kind, &options)?;
                return one_attribute(request, all, key, cast, &options, &name);
            }
            if let Some(cast) = cast {
                all = attribute::cast(all, cast)?;
            } else {
                all = all.into_iter().map(attribute::common).collect();
            }
            all
        }
        other => found.collection(store, other).ok_or_else(|| ServiceError::no_segment(other))?,
    };
    let kind = Kind::collection(&part.name, cast)
        .ok_or_else(|| ServiceError::no_segment(cast.unwrap_or_default()))?;
    list(request, &kind, &format!("{name}/{}", part.name), all, &options)
}

/// A table: one of the sample's, or one of a big tenant's.
#[derive(Debug, Clone, Copy)]
enum Found<'a> {
    Sample(&'a Entity),
    Wide(&'a Wide, &'a WideEntity),
}

impl Found<'_> {
    fn metadata_id(self) -> Uuid {
        match self {
            Self::Sample(e) => entity::metadata_id(e),
            Self::Wide(_, e) => entity::metadata_of(&e.logical),
        }
    }

    /// The table without its collections.
    fn definition(self, store: &Store) -> Json {
        match self {
            Self::Sample(e) => entity::definition(store, e),
            Self::Wide(_, e) => wide::definition(e),
        }
    }

    fn attributes(self, store: &Store) -> Vec<Json> {
        match self {
            Self::Sample(e) => attribute::all(store, e),
            Self::Wide(wide, e) => wide::attributes(wide, e),
        }
    }

    /// Keys or relationships.
    fn collection(self, store: &Store, name: &str) -> Option<Vec<Json>> {
        Some(match (self, name) {
            (Self::Sample(e), "Keys") => entity::keys(e),
            (Self::Sample(e), "ManyToOneRelationships") => entity::many_to_one(store, e),
            (Self::Sample(e), "OneToManyRelationships") => entity::one_to_many(store, e),
            (Self::Sample(e), "ManyToManyRelationships") => entity::many_to_many(store, e),
            (Self::Wide(_, e), "Keys") => wide::keys(e),
            (Self::Wide(wide, e), "ManyToOneRelationships") => wide::many_to_one(store, wide, e),
            (Self::Wide(_, e), "OneToManyRelationships") => wide::one_to_many(store, &e.logical).collect(),
            (Self::Wide(_, e), "ManyToManyRelationships") => wide::many_to_many(store, &e.logical).collect(),
            _ => return None,
        })
    }
}

/// All tables, one after the other: what is made of one is written before the next is begun, so that memory holds the answer only.
fn all(store: &Store, request: &ApiRequest, options: &Options) -> Outcome<ApiResponse> {
    let kind = Kind::entity();
    project::check(&kind, options)?;
    let filter = options.filter.as_deref().map(|filter| Filter::parse(&kind, filter)).transpose()?;
    let mut out = Vec::with_capacity(64 * 1024);
    out.extend_from_slice(b"{\"@odata.context\":");
    crate::dataverse::json::string(
        &mut out,
        &format!("{}/$metadata#EntityDefinitions", request.service_root),
    );
    out.extend_from_slice(b",\"value\":[");
    let mut first = true;
    let wide = store.wide.iter().flat_map(|w| w.entities().iter().map(move |e| Found::Wide(w, e)));
    for found in store.schema.entities.iter().map(Found::Sample).chain(wide) {
        let mut value = found.definition(store);
        if filter.as_ref().is_some_and(|filter| !filter.holds(&value)) {
            continue;
        }
        project::expand(&mut value, options, store, found)?;
        let value = project::select(value, options, &["MetadataId"])?;
        if !first {
            out.push(b',');
        }
        first = false;
        out.extend_from_slice(value.to_string().as_bytes());
    }
    out.extend_from_slice(b"]}");
    Ok(ApiResponse::json(200, out))
}

fn one_attribute(
    request: &ApiRequest,
    all: Vec<Json>,
    key: &str,
    cast: Option<&str>,
    options: &Options,
    name: &str,
) -> Outcome<ApiResponse> {
    let wanted = key_value(key)?;
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
    let mut value = project::select(project::keep_expanded(found, options)?, options, &["MetadataId"])?;
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
    kind: &Kind,
    name: &str,
    mut all: Vec<Json>,
    options: &Options,
) -> Outcome<ApiResponse> {
    project::check(kind, options)?;
    if let Some(filter) = &options.filter {
        let filter = Filter::parse(kind, filter)?;
        all.retain(|item| filter.holds(item));
    }
    let mut out = Vec::new();
    for item in all {
        out.push(project::select(project::keep_expanded(item, options)?, options, &["MetadataId"])?);
    }
    Ok(ApiResponse::value(
        200,
        &json!({ "@odata.context": format!("{}/$metadata#{name}", request.service_root), "value": out }),
    ))
}

fn find<'a>(store: &'a Store, key: &str) -> Outcome<Found<'a>> {
    let wanted = key_value(key)?;
    let sample = store.schema.entities.iter().map(Found::Sample).find(|found| {
        matches!(found, Found::Sample(e) if e.logical == wanted) || found.metadata_id().to_string() == wanted
    });
    let wide = store.wide.as_deref().and_then(|w| {
        w.by_logical(&wanted)
            .or_else(|| w.entities().iter().find(|e| entity::metadata_of(&e.logical).to_string() == wanted))
            .map(|e| Found::Wide(w, e))
    });
    sample.or(wide).ok_or_else(|| {
        ServiceError::new(
            404,
            "0x80040217",
            format!(
                "Could not find an entity with name {wanted} and id 00000000-0000-0000-0000-000000000000."
            ),
        )
    })
}

/// What a key names: an id, alone or by its name, or another property by its name and in quotes.
fn key_value(key: &str) -> Outcome<String> {
    let (name, value) = key.split_once('=').unwrap_or(("MetadataId", key));
    let text = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    match (name, text, value.parse::<Uuid>()) {
        ("MetadataId", None, Ok(id)) => Ok(id.to_string()),
        ("LogicalName" | "Name", Some(text), _) => Ok(text.replace("''", "'")),
        _ => Err(ServiceError::odata(format!("Bad Request - Error in query syntax: the key '{key}'."))),
    }
}

/// Global choices. The set takes no `$filter` ("Query table definitions using the Web API"); all of them are read, or one by its name.
fn global(store: &Store, request: &ApiRequest, segment: &Segment, options: &Options) -> Outcome<ApiResponse> {
    if options.filter.is_some() || options.orderby.is_some() || options.top.is_some() {
        return Err(ServiceError::odata(
            "The query options $filter, $orderby and $top are not supported on GlobalOptionSetDefinitions.",
        ));
    }
    let kind = Kind::global(segment.key.is_some());
    project::check(&kind, options)?;
    let mut sets: Vec<Json> = Vec::new();
    for column in store.schema.entities.iter().flat_map(|e| &e.columns) {
        if let crate::data::Kind::Choice { options, global: Some(name) } = &column.kind {
            sets.push(attribute::option_set(column.logical, column.display, options, Some(name), false));
        }
    }
    let root = &request.service_root;
    match &segment.key {
        None => Ok(ApiResponse::value(
            200,
            &json!({ "@odata.context": format!("{root}/$metadata#GlobalOptionSetDefinitions"), "value": shown(sets, options)? }),
        )),
        Some(key) => {
            let wanted = key_value(key)?;
            let mut found = sets.into_iter().find(|s| s["Name"] == wanted.as_str()).ok_or_else(|| {
                ServiceError::new(
                    404,
                    "0x80040217",
                    format!("Could not find optionset with optionset name {wanted}."),
                )
            })?;
            found = project::select(found, options, &["MetadataId"])?;
            with_context(&mut found, format!("{root}/$metadata#GlobalOptionSetDefinitions/$entity"));
            Ok(ApiResponse::value(200, &found))
        }
    }
}

fn shown(all: Vec<Json>, options: &Options) -> Outcome<Vec<Json>> {
    all.into_iter().map(|one| project::select(one, options, &["MetadataId"])).collect()
}

/// `$metadata`: entity types, keys, properties and sets as CSDL.
pub(crate) fn csdl(store: &Store) -> ApiResponse {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><edmx:Edmx Version=\"4.0\" xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices><Schema Namespace=\"Microsoft.Dynamics.CRM\" Alias=\"mscrm\" xmlns=\"http://docs.oasis-open.org/odata/ns/edm\"><EntityType Name=\"crmbaseentity\" Abstract=\"true\" /><EntityType Name=\"principal\" BaseType=\"mscrm.crmbaseentity\"><Key><PropertyRef Name=\"ownerid\" /></Key><Property Name=\"ownerid\" Type=\"Edm.Guid\" /></EntityType>",
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
            for target in column.related() {
                let to =
                    if column.is_owner() { "principal" } else { store.schema.entity(target.table).logical };
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
    for (wide, entity) in store.wide.iter().flat_map(|w| w.entities().iter().map(move |e| (w, e))) {
        wide::csdl(wide, entity, &mut out, &mut sets);
    }
    out += &format!(
        "<EntityContainer Name=\"System\">{sets}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"
    );
    ApiResponse { status: 200, headers: http::HeaderMap::new(), body: out.into_bytes() }
        .with("content-type", "application/xml")
}
