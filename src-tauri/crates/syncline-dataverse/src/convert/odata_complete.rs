//! What may stand at a place of an OData query: entity sets, options, columns, operators, functions, choices with labels, navigation
//! properties.

use syncline_fetchxml::{Arity, Completion, Completions, Metadata, Operator, TextSpan};
use syncline_model::{Column, ColumnType, EntitySchema};

use super::functions::function_of;
use super::odata_places::{Place, Scope, place};

/// The options of a query, with what they are for.
const OPTIONS: &[(&str, &str)] = &[
    ("$select", "columns"),
    ("$filter", "which rows"),
    ("$orderby", "order"),
    ("$top", "at most so many rows"),
    ("$expand", "columns of linked rows"),
    ("$count", "also how many, up to 5,000"),
    ("$apply", "aggregates and groups"),
];
const INNER_OPTIONS: &[&str] = &["$select", "$filter", "$orderby", "$top", "$expand"];
const COMPARISONS: &[(&str, &str)] = &[
    ("eq", "is"),
    ("ne", "is not"),
    ("gt", "greater than"),
    ("ge", "at least"),
    ("lt", "less than"),
    ("le", "at most"),
];

/// Offers at a byte offset. `sets`: entity sets with the display names of their entities; `schema`: of the entity whose set the query
/// names, where it is at hand.
pub fn complete_odata(
    text: &str,
    offset: usize,
    sets: &[(String, String)],
    schema: Option<&EntitySchema>,
    metadata: &dyn Metadata,
) -> Completions {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let found = place(&text[..offset]);
    let items = match &found.place {
        Place::Nothing => vec![],
        Place::Set => {
            sets.iter().map(|(set, display)| offer("entity", set, display, &format!("{set}?"))).collect()
        }
        Place::Option { used } => OPTIONS
            .iter()
            .filter(|(name, _)| !used.iter().any(|known| known == name))
            .map(|(name, what)| offer("word", name, what, &format!("{name}=")))
            .collect(),
        Place::InnerOption => {
            INNER_OPTIONS.iter().map(|name| offer("word", name, "", &format!("{name}="))).collect()
        }
        Place::Words(words) => words.iter().map(|word| offer("word", word, "", word)).collect(),
        Place::Columns { scope, taken } => in_scope(scope, schema, metadata)
            .map_or(vec![], |schema| columns(schema).filter(|item| !taken.contains(&item.label)).collect()),
        Place::Navigation { scope } => in_scope(scope, schema, metadata).map_or(vec![], |schema| {
            navigations(schema)
                .map(|(name, detail, _)| Completion {
                    back: 1,
                    ..offer("link", name, &detail, &format!("{name}($select=)"))
                })
                .collect()
        }),
        Place::Comparison { scope, column } => {
            let column = in_scope(scope, schema, metadata).and_then(|schema| by_wire_name(schema, column));
            let text = column.is_none_or(|column| column.column_type.is_text() || is_number(column));
            let date = column.is_some_and(|column| column.column_type == ColumnType::DateTime);
            COMPARISONS
                .iter()
                .filter(|(word, _)| text || date || matches!(*word, "eq" | "ne"))
                .map(|(word, what)| offer("operator", word, what, &format!("{word} ")))
                .collect()
        }
        Place::Value { scope, column } => {
            values(in_scope(scope, schema, metadata).and_then(|schema| by_wire_name(schema, column)))
        }
        Place::Term { scope, variables } => {
            in_scope(scope, schema, metadata).map_or(vec![], |schema| terms(schema, variables))
        }
        Place::PropertyName { scope } => in_scope(scope, schema, metadata).map_or(vec![], |schema| {
            schema
                .columns
                .iter()
                .filter(|column| column.readable)
                .map(|column| {
                    let name = column.logical_name.as_str();
                    offer("column", name, &column.display_name, name)
                })
                .collect()
        }),
    };
    Completions { span: TextSpan { start: found.word, end: offset }, items }
}

fn offer(kind: &'static str, label: &str, detail: &str, insert: &str) -> Completion {
    Completion {
        label: label.to_owned(),
        detail: detail.to_owned(),
        insert: insert.to_owned(),
        back: 0,
        kind,
    }
}

/// The entity at the end of a path of navigation properties.
fn in_scope<'a>(
    scope: &Scope,
    schema: Option<&'a EntitySchema>,
    metadata: &'a dyn Metadata,
) -> Option<&'a EntitySchema> {
    let mut schema = schema?;
    for step in &scope.0 {
        let relationship = schema
            .relationships
            .iter()
            .find(|relationship| relationship.navigation_property.as_deref() == Some(step.as_str()))?;
        schema = metadata.schema(relationship.other_entity.as_str())?;
    }
    Some(schema)
}

fn by_wire_name<'a>(schema: &'a EntitySchema, name: &str) -> Option<&'a Column> {
    schema.columns.iter().find(|column| column.wire_name() == name)
}

fn is_number(column: &Column) -> bool {
    matches!(
        column.column_type,
        ColumnType::Integer
            | ColumnType::BigInt
            | ColumnType::Decimal
            | ColumnType::Double
            | ColumnType::Money
    )
}

fn columns(schema: &EntitySchema) -> impl Iterator<Item = Completion> {
    schema.columns.iter().filter(|column| column.readable).map(|column| {
        let name = column.wire_name();
        offer("column", &name, &column.display_name, &name)
    })
}

/// Navigation properties: name, what is behind it, and whether that is a collection. An owner's is left out, since nothing can be asked
/// behind it.
fn navigations(schema: &EntitySchema) -> impl Iterator<Item = (&str, String, bool)> {
    let owner = |relationship: &&syncline_model::Relationship| {
        let column = relationship.column.as_ref().and_then(|name| schema.column(name.as_str()));
        relationship.kind == syncline_model::RelationshipKind::ManyToOne
            && column.is_some_and(|column| column.column_type == ColumnType::Owner)
    };
    schema.relationships.iter().filter(move |relationship| !owner(relationship)).filter_map(|relationship| {
        let name = relationship.navigation_property.as_deref()?;
        let many = relationship.kind != syncline_model::RelationshipKind::ManyToOne;
        let word = if many { "rows of" } else { "row of" };
        Some((name, format!("{word} {}", relationship.other_entity), many))
    })
}

/// Where a condition may begin.
fn terms(schema: &EntitySchema, variables: &[String]) -> Vec<Completion> {
    let mut items: Vec<Completion> = variables
        .iter()
        .map(|name| offer("alias", &format!("{name}/"), "a row of the collection", &format!("{name}/")))
        .collect();
    items.extend(columns(schema));
    for (name, detail, many) in navigations(schema) {
        let insert = if many { format!("{name}/any(o:o/)") } else { format!("{name}/") };
        items.push(Completion { back: usize::from(many), ..offer("link", name, &detail, &insert) });
    }
    for (name, what) in [
        ("contains", "text in the middle"),
        ("startswith", "text at the beginning"),
        ("endswith", "text at the end"),
    ] {
        items.push(Completion { back: 4, ..offer("operator", name, what, &format!("{name}(,'')")) });
    }
    items.push(offer("word", "not", "", "not "));
    for operator in Operator::ALL {
        let Some(name) = function_of(*operator) else { continue };
        let full = format!("Microsoft.Dynamics.CRM.{name}");
        // What follows the place of the column's name: numbers stand without quotes.
        let rest = match operator.arity() {
            Arity::Zero => "')",
            Arity::One if operator.takes_count() => "',PropertyValue=)",
            Arity::One => "',PropertyValue='')",
            Arity::Two if operator.as_str().ends_with("period-and-year") => {
                "',PropertyValue1=,PropertyValue2=)"
            }
            Arity::Two | Arity::Many => "',PropertyValues=[''])",
        };
        let (insert, back) = (format!("{full}(PropertyName='{rest}"), rest.len());
        let detail = operator.sentence().trim_end_matches('.').to_owned();
        items.push(Completion { back, ..offer("operator", &full, &detail, &insert) });
    }
    items
}

fn values(column: Option<&Column>) -> Vec<Completion> {
    let mut items = Vec::new();
    if let Some(column) = column {
        if column.column_type == ColumnType::Boolean {
            for code in ["true", "false"] {
                let wanted = i64::from(code == "true");
                let label = column.options.iter().find(|choice| choice.value == wanted);
                let detail = label.and_then(|choice| choice.label.as_deref()).unwrap_or_default();
                items.push(offer("choice", code, detail, code));
            }
        } else {
            for choice in &column.options {
                let code = choice.value.to_string();
                items.push(offer("choice", &code, choice.label.as_deref().unwrap_or_default(), &code));
            }
        }
        if column.column_type.is_text() {
            items.push(Completion { back: 1, ..offer("word", "''", "text", "''") });
        }
    }
    items.push(offer("word", "null", "no value", "null"));
    items
}
