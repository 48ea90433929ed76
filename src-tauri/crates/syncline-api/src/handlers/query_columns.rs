//! The columns of a query's result, under the keys its rows have.

use syncline_dataverse::ODataText;
use syncline_fetchxml::{Attribute, Fetch, LinkEntity, Metadata};
use syncline_model::{Column, ColumnType, EntitySchema};

use crate::wire::QueryColumn;

/// All readable columns, the primary name first.
fn of_schema(schema: &EntitySchema) -> Vec<QueryColumn> {
    let is_name = |column: &&Column| schema.summary.primary_name.as_ref() == Some(&column.logical_name);
    let first = schema.columns.iter().filter(is_name);
    first
        .chain(schema.columns.iter().filter(|column| !is_name(column)))
        .filter(|column| column.readable)
        .map(|column| QueryColumn {
            key: column.wire_name(),
            title: column.display_name.clone(),
            hint: format!("{} · {}", schema.summary.logical_name, column.logical_name),
            column_type: Some(column.column_type),
        })
        .collect()
}

/// One attribute; `alias` of the linked entity it belongs to. A lookup of a linked entity has no `_…_value` around its name.
fn of_attribute(attribute: &Attribute, schema: Option<&EntitySchema>, alias: Option<&str>) -> QueryColumn {
    let column = schema.and_then(|schema| schema.column(&attribute.name));
    let entity = schema.map_or("", |schema| schema.summary.logical_name.as_str());
    let display = column.map_or_else(|| attribute.name.clone(), |column| column.display_name.clone());
    let key = match (&attribute.alias, alias) {
        (Some(own), _) => own.clone(),
        (None, Some(alias)) => format!("{alias}.{}", attribute.name),
        (None, None) => column.map_or_else(|| attribute.name.clone(), |column| column.wire_name()),
    };
    let (title, column_type) = match (attribute.aggregate, attribute.date_grouping) {
        (Some(function), _) => (
            attribute.alias.clone().unwrap_or_else(|| format!("{} of {display}", function.as_str())),
            Some(ColumnType::Decimal),
        ),
        (None, Some(part)) => (format!("{display} ({})", part.as_str()), Some(ColumnType::Integer)),
        (None, None) => (display, column.map(|column| column.column_type)),
    };
    let what = match (attribute.aggregate, alias) {
        (Some(function), _) => format!("{}({})", function.as_str(), attribute.name),
        (None, Some(alias)) => format!("{alias}.{}", attribute.name),
        (None, None) => attribute.name.clone(),
    };
    QueryColumn { key, title, hint: format!("{entity} · {what}"), column_type }
}

fn of_links(
    links: &[LinkEntity],
    metadata: &dyn Metadata,
    number: &mut usize,
    columns: &mut Vec<QueryColumn>,
) {
    for link in links {
        *number += 1;
        // The service makes up a name for a link without an alias.
        let alias = link.alias.clone().unwrap_or_else(|| format!("{}{number}", link.name));
        let schema = metadata.schema(&link.name);
        if link.all_attributes
            && let Some(schema) = schema
        {
            for column in schema.columns.iter().filter(|column| column.readable) {
                let attribute = Attribute { name: column.logical_name.to_string(), ..Attribute::default() };
                columns.push(of_attribute(&attribute, Some(schema), Some(&alias)));
            }
        }
        for attribute in &link.attributes {
            columns.push(of_attribute(attribute, schema, Some(&alias)));
        }
        of_links(&link.links, metadata, number, columns);
    }
}

/// Columns of a FetchXML query; and whether it asks for all.
pub(super) fn of_fetch(fetch: &Fetch, metadata: &dyn Metadata) -> (Vec<QueryColumn>, bool) {
    let schema = metadata.schema(&fetch.entity.name);
    let mut all = fetch.entity.all_attributes;
    let mut columns = match schema {
        Some(schema) if all => of_schema(schema),
        Some(_) | None => {
            fetch.entity.attributes.iter().map(|attribute| of_attribute(attribute, schema, None)).collect()
        }
    };
    let mut number = 0;
    of_links(&fetch.entity.links, metadata, &mut number, &mut columns);
    all |= columns.is_empty();
    if columns.is_empty()
        && let Some(schema) = schema
    {
        columns = of_schema(schema);
    }
    (columns, all)
}

/// Columns of an OData query. Expanded entities are objects inside their rows, shown as `navigation/column`.
pub(super) fn of_odata(query: &ODataText, schema: &EntitySchema) -> (Vec<QueryColumn>, bool) {
    let known = of_schema(schema);
    match query.option("$select") {
        None => (known, true),
        Some(names) => {
            let columns = names
                .split(',')
                .map(str::trim)
                .map(|name| match known.iter().find(|column| column.key == name) {
                    Some(column) => column.clone(),
                    None => QueryColumn {
                        key: name.to_owned(),
                        title: name.to_owned(),
                        hint: String::new(),
                        column_type: None,
                    },
                })
                .collect();
            (columns, false)
        }
    }
}
