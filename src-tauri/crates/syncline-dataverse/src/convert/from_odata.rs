//! An OData query as a FetchXML query.

use syncline_fetchxml::{Attribute, Entity, Fetch, LinkEntity, LinkType, Metadata, Order};
use syncline_model::{ColumnType, EntitySchema, RelationshipKind};

use super::odata_filter::Reader;
use super::odata_text::split;
use super::{Converted, ODataText};

/// The FetchXML query for the same rows. `schema`: of the entity whose set the query names.
pub fn from_odata(query: &ODataText, schema: &EntitySchema, metadata: &dyn Metadata) -> Converted<Fetch> {
    let mut reasons = Vec::new();
    let mut notes = Vec::new();
    let mut fetch = Fetch {
        entity: Entity { name: schema.summary.logical_name.to_string(), ..Entity::default() },
        ..Fetch::default()
    };
    if query.set != schema.summary.set_name {
        reasons.push("a single row or a path behind the entity set is no FetchXML query".to_owned());
    }
    fetch.entity.all_attributes = query.option("$select").is_none();
    for (name, value) in &query.options {
        let outcome = match name.as_str() {
            "$select" => select(value, schema).map(|columns| fetch.entity.attributes = columns),
            "$filter" => Reader::new(value, schema, metadata).read().map(|filter| {
                fetch.entity.filter = Some(filter);
            }),
            "$orderby" => order(value, schema).map(|orders| fetch.entity.orders = orders),
            "$top" => match value.parse::<u32>() {
                Ok(top @ 1..=5000) => {
                    fetch.top = Some(top);
                    Ok(())
                }
                Ok(_) | Err(_) => Err(format!("top takes 1 to 5000, not {value}")),
            },
            "$expand" => expand(value, schema, metadata).map(|links| {
                for link in &links {
                    notes.push(format!("columns of {} come beside the others, with its alias", link.name));
                }
                fetch.entity.links = links;
            }),
            "$count" => {
                fetch.return_total_record_count = value == "true";
                Ok(())
            }
            other => Err(format!("{other} has no counterpart")),
        };
        if let Err(reason) = outcome {
            reasons.push(reason);
        }
    }
    if fetch.top.is_some() && fetch.return_total_record_count {
        reasons.push("FetchXML can't ask for top and the total at once".to_owned());
    }
    Converted { query: reasons.is_empty().then_some(fetch), reasons, notes }
}

fn logical(name: &str, schema: &EntitySchema) -> Result<String, String> {
    schema
        .columns
        .iter()
        .find(|column| column.wire_name() == name)
        .map(|column| column.logical_name.to_string())
        .ok_or_else(|| format!("{} has no column {name:?}", schema.summary.logical_name))
}

fn select(text: &str, schema: &EntitySchema) -> Result<Vec<Attribute>, String> {
    text.split(',')
        .map(|name| Ok(Attribute { name: logical(name.trim(), schema)?, ..Attribute::default() }))
        .collect()
}

fn order(text: &str, schema: &EntitySchema) -> Result<Vec<Order>, String> {
    text.split(',')
        .map(|term| {
            let (name, direction) = term.trim().split_once(' ').unwrap_or((term.trim(), "asc"));
            let descending = match direction.trim() {
                "asc" => false,
                "desc" => true,
                other => return Err(format!("{other:?} is neither asc nor desc")),
            };
            Ok(Order { attribute: Some(logical(name, schema)?), descending, ..Order::default() })
        })
        .collect()
}

fn expand(text: &str, schema: &EntitySchema, metadata: &dyn Metadata) -> Result<Vec<LinkEntity>, String> {
    split(text, ',')
        .into_iter()
        .map(|part| {
            let part = part.trim();
            let (navigation, inside) = match part.split_once('(') {
                Some((name, rest)) => (name, rest.strip_suffix(')').unwrap_or(rest)),
                None => (part, ""),
            };
            let relationship = schema
                .relationships
                .iter()
                .find(|relationship| relationship.navigation_property.as_deref() == Some(navigation))
                .ok_or_else(|| {
                    format!("{} has no navigation property {navigation:?}", schema.summary.logical_name)
                })?;
            let (RelationshipKind::ManyToOne, Some(column)) = (relationship.kind, &relationship.column)
            else {
                return Err(format!(
                    "$expand of the collection {navigation} has no counterpart: a link would repeat rows"
                ));
            };
            if schema.column(column.as_str()).is_some_and(|column| column.column_type == ColumnType::Owner) {
                return Err(format!(
                    "{navigation} leads to a user or a team, and OData shows neither: expand owninguser or owningteam"
                ));
            }
            let inner = metadata
                .schema(relationship.other_entity.as_str())
                .ok_or_else(|| format!("{} is not known", relationship.other_entity))?;
            let mut link = LinkEntity {
                name: relationship.other_entity.to_string(),
                from: inner.summary.primary_id.to_string(),
                to: column.to_string(),
                alias: Some(navigation.to_owned()),
                link_type: LinkType::Outer,
                all_attributes: inside.is_empty(),
                ..LinkEntity::default()
            };
            for option in split(inside, ';').into_iter().map(str::trim).filter(|option| !option.is_empty()) {
                match option.split_once('=') {
                    Some(("$select", columns)) => link.attributes = select(columns, inner)?,
                    Some((other, _)) => return Err(format!("{other} inside $expand is not converted")),
                    None => return Err(format!("{option:?} is no option")),
                }
            }
            Ok(link)
        })
        .collect()
}
