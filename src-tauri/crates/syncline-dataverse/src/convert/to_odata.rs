//! A FetchXML query as an OData query.

use syncline_fetchxml::{Fetch, LinkEntity, LinkType, Metadata};
use syncline_model::{ColumnType, EntitySchema, RelationshipKind};

use super::to_filter::{FilterWriter, Scope};
use super::{Converted, ODataText};

/// The OData query for the same rows.
pub fn to_odata(fetch: &Fetch, metadata: &dyn Metadata) -> Converted<ODataText> {
    let mut notes = Vec::new();
    let Some(schema) = metadata.schema(&fetch.entity.name) else {
        let reasons = vec![format!("the entity {} is not known", fetch.entity.name)];
        return Converted { query: None, reasons, notes };
    };
    let mut writer = FilterWriter::new(metadata);
    whole(fetch, &mut writer, &mut notes);
    let mut scope = Scope { schema, prefix: String::new(), joined: Vec::new() };
    let mut filters = Vec::new();
    let mut expands = Vec::new();
    for link in &fetch.entity.links {
        join(link, &mut scope, &mut writer, &mut filters, &mut expands, &mut notes);
    }
    if let Some(filter) = &fetch.entity.filter {
        let text = writer.filter(filter, &scope);
        let several = filter.conditions.len() + filter.filters.len() + filter.links.len() > 1;
        if !text.is_empty() {
            let whole = several && !filters.is_empty();
            filters.push(if whole { format!("({text})") } else { text });
        }
    }
    let mut options: Vec<(String, String)> = Vec::new();
    let select = select(fetch.entity.all_attributes, &fetch.entity.attributes, schema, &mut writer);
    if let Some(columns) = select {
        options.push(("$select".to_owned(), columns));
    }
    if !filters.is_empty() {
        options.push(("$filter".to_owned(), filters.join(" and ")));
    }
    if let Some(order) = order(fetch, &scope, &mut writer) {
        options.push(("$orderby".to_owned(), order));
    }
    if let Some(top) = fetch.top {
        options.push(("$top".to_owned(), top.to_string()));
    }
    if !expands.is_empty() {
        options.push(("$expand".to_owned(), expands.join(",")));
    }
    if fetch.return_total_record_count {
        options.push(("$count".to_owned(), "true".to_owned()));
    }
    let mut reasons = writer.reasons;
    reasons.dedup();
    let query = reasons.is_empty().then(|| ODataText { set: schema.summary.set_name.clone(), options });
    Converted { query, reasons, notes }
}

fn whole(fetch: &Fetch, writer: &mut FilterWriter<'_>, notes: &mut Vec<String>) {
    if fetch.aggregate {
        writer.reasons.push("aggregates and groups are not converted".to_owned());
    }
    if fetch.distinct {
        writer.reasons.push("OData has no distinct".to_owned());
    }
    if fetch.page.unwrap_or(1) > 1 || fetch.paging_cookie.is_some() {
        writer.reasons.push("OData can't begin at a page; its pages follow each other by link".to_owned());
    }
    if fetch.data_source.is_some() {
        writer.reasons.push("long-term data (datasource) is asked in FetchXML only".to_owned());
    }
    if fetch.use_raw_order_by {
        writer.reasons.push("OData orders choices by label, not by code (useraworderby)".to_owned());
    }
    if let Some(count) = fetch.count {
        notes.push(format!("the page size is said in a header: Prefer: odata.maxpagesize={count}"));
    }
    if fetch.late_materialize || fetch.options.is_some() || fetch.no_lock {
        notes.push("hints for the database (latematerialize, options, no-lock) are left out".to_owned());
    }
}

fn select(
    all: bool,
    attributes: &[syncline_fetchxml::Attribute],
    schema: &EntitySchema,
    writer: &mut FilterWriter<'_>,
) -> Option<String> {
    if all {
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    for attribute in attributes {
        if attribute.alias.as_ref().is_some_and(|alias| *alias != attribute.name)
            && attribute.aggregate.is_none()
            && !attribute.group_by
        {
            writer.reasons.push(format!("{} is renamed by an alias, which OData can't", attribute.name));
        }
        match schema.column(&attribute.name) {
            Some(column) => names.push(column.wire_name()),
            None => writer.reasons.push(format!("{} is not known", attribute.name)),
        }
    }
    // FetchXML gives the primary key alone when no column is asked for; OData would give all.
    if names.is_empty() {
        names.push(schema.summary.primary_id.to_string());
    }
    Some(names.join(","))
}

fn order(fetch: &Fetch, scope: &Scope<'_>, writer: &mut FilterWriter<'_>) -> Option<String> {
    let mut terms = Vec::new();
    for order in &fetch.entity.orders {
        let Some(name) = order.attribute.as_deref() else {
            writer.reasons.push("an order by alias has no counterpart".to_owned());
            continue;
        };
        let (schema, prefix) = match &order.entity_name {
            None => (scope.schema, ""),
            Some(alias) => match scope.joined.iter().find(|(known, _, _)| known == alias) {
                Some((_, schema, prefix)) => (*schema, prefix.as_str()),
                None => {
                    writer.reasons.push(format!("the order by {alias}.{name} has no counterpart"));
                    continue;
                }
            },
        };
        match schema.column(name) {
            Some(column) => {
                let direction = if order.descending { " desc" } else { "" };
                terms.push(format!("{prefix}{}{direction}", column.wire_name()));
            }
            None => writer.reasons.push(format!("{name} is not known")),
        }
    }
    (!terms.is_empty()).then(|| terms.join(","))
}

/// A join along a lookup becomes `$expand`; existence becomes a lambda; all others repeat rows and have no counterpart.
fn join<'a>(
    link: &LinkEntity,
    scope: &mut Scope<'a>,
    writer: &mut FilterWriter<'a>,
    filters: &mut Vec<String>,
    expands: &mut Vec<String>,
    notes: &mut Vec<String>,
) {
    if matches!(link.link_type, LinkType::Exists | LinkType::In) {
        let text = writer.link(link, scope);
        if !text.is_empty() {
            filters.push(text);
        }
        return;
    }
    let along = scope.schema.relationships.iter().find(|relationship| {
        relationship.kind == RelationshipKind::ManyToOne
            && relationship.other_entity.as_str() == link.name
            && relationship.column.as_ref().is_some_and(|column| column.as_str() == link.to)
    });
    let inner = writer.metadata.schema(&link.name);
    let (Some(navigation), Some(schema)) =
        (along.and_then(|relationship| relationship.navigation_property.clone()), inner)
    else {
        writer.reasons.push(format!(
            "the link to {} does not follow a lookup of {}; it may repeat rows",
            link.name, scope.schema.summary.logical_name
        ));
        return;
    };
    if scope.schema.column(&link.to).is_some_and(|column| column.column_type == ColumnType::Owner) {
        writer.reasons.push(format!(
            "OData knows no columns of an owner, who may be a user or a team: link {} over owninguser or owningteam",
            link.name
        ));
        return;
    }
    if schema.summary.primary_id.as_str() != link.from {
        writer.reasons.push(format!("the link to {} is not on its primary key", link.name));
        return;
    }
    if !link.links.is_empty() {
        writer.reasons.push(format!("links inside the link to {} are not converted", link.name));
    }
    if !link.orders.is_empty() {
        writer.reasons.push(format!("an order inside the link to {} is not converted", link.name));
    }
    let lookup = scope.schema.column(&link.to).map_or_else(|| link.to.clone(), |column| column.wire_name());
    let prefix = format!("{navigation}/");
    match link.link_type {
        // A lookup to one of several entities joins only where it leads to this one: its key is there.
        LinkType::Inner => {
            let several = scope.schema.column(&link.to).is_some_and(|column| column.targets.len() != 1);
            let key = if several { format!("{prefix}{}", link.from) } else { lookup };
            filters.push(format!("{key} ne null"));
        }
        LinkType::Outer => {}
        other => {
            writer.reasons.push(format!("link-type {} has no counterpart", other.as_str()));
            return;
        }
    }
    if let Some(filter) = &link.filter {
        if link.link_type == LinkType::Outer {
            writer
                .reasons
                .push(format!("the filter inside the outer link to {} belongs to the join", link.name));
        } else {
            let inner = Scope { schema, prefix: prefix.clone(), joined: vec![] };
            let text = writer.filter(filter, &inner);
            if !text.is_empty() {
                filters.push(format!("({text})"));
            }
        }
    }
    if link.all_attributes || !link.attributes.is_empty() {
        let columns = select(link.all_attributes, &link.attributes, schema, writer);
        expands.push(match columns {
            Some(columns) => format!("{navigation}($select={columns})"),
            None => navigation.clone(),
        });
        notes
            .push(format!("columns of {} come inside {navigation} in place of beside the others", link.name));
    }
    if let Some(alias) = &link.alias {
        scope.joined.push((alias.clone(), schema, prefix));
    }
}
