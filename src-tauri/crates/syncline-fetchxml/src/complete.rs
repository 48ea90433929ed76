//! What may stand at a place of a document: elements, attributes, entities, columns, operators that fit the column, choices with labels,
//! and both ends of links from the environment's relationships.

use syncline_model::{Column, ColumnName, ColumnType, EntitySchema, RelationshipKind};

use crate::edit::{Metadata, escape};
use crate::operator::Arity;
use crate::scan::{Element, Scan, TextSpan, scan};
use crate::vocabulary::{attributes_of, children_of, meaning, required_of, words_of};
use crate::{Family, Operator};

/// Offers at a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completions {
    /// What an offer replaces, in bytes.
    pub span: TextSpan,
    /// The offers; those that fit best first.
    pub items: Vec<Completion>,
}

/// One offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What is typed to find it, and what is inserted unless `insert` says otherwise.
    pub label: String,
    /// Beside it: a display name, a type.
    pub detail: String,
    /// What is inserted.
    pub insert: String,
    /// Where the cursor goes, counted back from the end of what was inserted.
    pub back: usize,
    /// `element`, `attribute`, `entity`, `column`, `operator`, `choice`, `alias`, `word` or `link`.
    pub kind: &'static str,
}

fn offer(kind: &'static str, label: &str, detail: &str) -> Completion {
    Completion { label: label.to_owned(), detail: detail.to_owned(), insert: escape(label), back: 0, kind }
}

/// Offers at a byte offset.
pub fn complete(text: &str, offset: usize, metadata: &dyn Metadata) -> Completions {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let found = scan(text);
    let inside = found.elements.iter().position(|element| {
        let end = element.tag.end;
        element.tag.start < offset && (offset < end || (offset == end && !element.tag_closed))
    });
    match inside {
        Some(at) => in_tag(text, &found, at, offset, metadata),
        None => between(text, &found, offset, metadata),
    }
}

fn in_tag(text: &str, found: &Scan, at: usize, offset: usize, metadata: &dyn Metadata) -> Completions {
    let element = &found.elements[at];
    if offset <= element.name_span.end {
        return elements(found, element.parent, TextSpan::new(element.name_span.start, offset), "");
    }
    for attribute in &element.attributes {
        if let Some(span) = attribute.value_span
            && span.start <= offset
            && offset <= span.end
        {
            let mut items = values(found, at, &attribute.name, metadata);
            if attribute.name == "value" || element.name == "value" {
                items.dedup_by(|a, b| a.label == b.label);
            }
            return Completions { span, items };
        }
    }
    let start = text[..offset]
        .rfind(|c: char| c.is_whitespace() || c == '"' || c == '\'')
        .map_or(offset, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let span = TextSpan::new(start.max(element.name_span.end).min(offset), offset);
    Completions { span, items: attributes(found, at, span) }
}

/// Elements after `<`; outside of a tag the `<` is inserted too.
fn elements(found: &Scan, parent: Option<usize>, span: TextSpan, before: &str) -> Completions {
    let name = parent.map(|index| found.elements[index].name.as_str());
    let mut items = Vec::new();
    for child in children_of(name) {
        let (rest, back) = match *child {
            "fetch" => ("fetch>\n  <entity name=\"\">\n  </entity>\n</fetch>", 24),
            "entity" => ("entity name=\"\">\n</entity>", 12),
            "attribute" => ("attribute name=\"\" />", 4),
            "all-attributes" => ("all-attributes />", 0),
            "order" => ("order attribute=\"\" />", 4),
            "filter" => ("filter>\n</filter>", 10),
            "link-entity" => ("link-entity name=\"\" from=\"\" to=\"\" alias=\"\">\n</link-entity>", 43),
            "condition" => ("condition attribute=\"\" operator=\"\" value=\"\" />", 26),
            _ => ("value></value>", 8),
        };
        items.push(Completion {
            label: format!("{before}{child}"),
            detail: String::new(),
            insert: format!("{before}{rest}"),
            back,
            kind: "element",
        });
    }
    // Closing what is open is the other thing one may want.
    if let Some(name) = name.filter(|_| before == "<") {
        items.push(Completion {
            label: format!("</{name}>"),
            detail: "close it".to_owned(),
            insert: format!("</{name}>"),
            back: 0,
            kind: "element",
        });
    }
    Completions { span, items }
}

fn attributes(found: &Scan, at: usize, span: TextSpan) -> Vec<Completion> {
    let element = &found.elements[at];
    let required = required_of(&element.name);
    let mut names: Vec<&str> = attributes_of(&element.name)
        .unwrap_or(&[])
        .iter()
        .copied()
        .filter(|name| {
            !element.attributes.iter().any(|known| known.name == *name && known.name_span.start != span.start)
        })
        .collect();
    names.sort_by_key(|name| !required.contains(name));
    names
        .into_iter()
        .map(|name| Completion {
            label: name.to_owned(),
            detail: meaning(&element.name, name).to_owned(),
            insert: format!("{name}=\"\""),
            back: 1,
            kind: "attribute",
        })
        .collect()
}

fn between(text: &str, found: &Scan, offset: usize, metadata: &dyn Metadata) -> Completions {
    let parent = found.elements.iter().rposition(|element| {
        element.tag_closed
            && !element.empty
            && element.tag.end <= offset
            && offset <= inner_end(text, element)
    });
    let Some(at) = parent else { return elements(found, None, bracket(text, offset), "<") };
    let element = &found.elements[at];
    if element.name == "value" {
        let condition = element.parent.unwrap_or(at);
        let start = element.texts.first().map_or(offset, |first| first.start);
        let end = element.texts.last().map_or(offset, |last| last.end);
        let items = choices(condition_column(found, condition, metadata), None);
        return Completions { span: TextSpan::new(start.min(offset), end.max(offset)), items };
    }
    elements(found, Some(at), bracket(text, offset), "<")
}

/// A `<` that was just typed is part of what an offer replaces.
fn bracket(text: &str, offset: usize) -> TextSpan {
    let start = if text[..offset].ends_with('<') { offset - 1 } else { offset };
    TextSpan::new(start, offset)
}

/// Where the inside of an element ends: before its closing tag.
fn inner_end(text: &str, element: &Element) -> usize {
    if element.closed { text[..element.end].rfind("</").unwrap_or(element.end) } else { element.end }
}

fn condition_column<'a>(found: &Scan, at: usize, metadata: &'a dyn Metadata) -> Option<&'a Column> {
    let element = &found.elements[at];
    condition_schema(found, at, metadata)?.column(element.value("attribute")?)
}

fn condition_schema<'a>(found: &Scan, at: usize, metadata: &'a dyn Metadata) -> Option<&'a EntitySchema> {
    let name = match found.elements[at].value("entityname") {
        Some(alias) if !alias.is_empty() => found.aliased(alias)?.value("name")?,
        Some(_) | None => found.entity_of(at)?,
    };
    metadata.schema(name)
}

fn values(found: &Scan, at: usize, attribute: &str, metadata: &dyn Metadata) -> Vec<Completion> {
    let element = &found.elements[at];
    match (element.name.as_str(), attribute) {
        ("entity", "name") => entities(metadata),
        ("link-entity", "name") => linked(found, at, metadata),
        ("link-entity", "from") => link_ends(found, at, true, metadata),
        ("link-entity", "to") => link_ends(found, at, false, metadata),
        ("attribute", "name") => {
            columns(found.entity_of(at).and_then(|name| metadata.schema(name)), |_| true)
        }
        ("order", "attribute") | ("condition", "attribute") => {
            columns(condition_schema(found, at, metadata), |_| true)
        }
        ("order", "alias") => found
            .elements
            .iter()
            .filter(|other| other.name == "attribute")
            .filter_map(|other| {
                Some(offer("alias", other.value("alias")?, other.value("name").unwrap_or("")))
            })
            .collect(),
        ("order" | "condition", "entityname") => found
            .elements
            .iter()
            .filter(|other| other.name == "link-entity")
            .filter_map(|other| {
                let name = other.value("name").unwrap_or("");
                Some(offer("alias", other.value("alias").or(other.value("name"))?, name))
            })
            .collect(),
        ("condition", "valueof") => {
            let own = condition_column(found, at, metadata).map(|column| Family::of(column.column_type));
            columns(condition_schema(found, at, metadata), |column| {
                own.is_none_or(|family| Family::of(column.column_type) == family)
            })
        }
        ("condition", "operator") => operators(condition_column(found, at, metadata)),
        ("condition", "value") => {
            let operator = element.value("operator").and_then(Operator::parse);
            choices(condition_column(found, at, metadata), operator)
        }
        ("attribute", "alias") => {
            let name = element.value("name").unwrap_or("value");
            match element.value("aggregate") {
                Some(function) => vec![offer("alias", &format!("{name}_{function}"), "")],
                None => vec![offer("alias", name, "")],
            }
        }
        ("attribute", "aggregate") => {
            let family = found
                .entity_of(at)
                .and_then(|name| metadata.schema(name)?.column(element.value("name")?))
                .map(|column| Family::of(column.column_type));
            words_of("attribute", "aggregate", false)
                .into_iter()
                .filter(|word| !matches!(*word, "sum" | "avg") || family.is_none_or(|f| f == Family::Number))
                .map(|word| offer("word", word, ""))
                .collect()
        }
        (name, attribute) => {
            let inside = found
                .above(at, &["entity", "link-entity", "filter"])
                .is_some_and(|index| found.elements[index].name == "filter");
            words_of(name, attribute, inside).into_iter().map(|word| offer("word", word, "")).collect()
        }
    }
}

fn entities(metadata: &dyn Metadata) -> Vec<Completion> {
    metadata.entities().iter().map(|(name, display)| offer("entity", name, display)).collect()
}

fn columns(schema: Option<&EntitySchema>, fits: impl Fn(&Column) -> bool) -> Vec<Completion> {
    let Some(schema) = schema else { return vec![] };
    schema
        .columns
        .iter()
        .filter(|column| column.readable && fits(column))
        .map(|column| {
            let family = Family::of(column.column_type).words();
            let kind = if column.column_type == ColumnType::Boolean { "yes/no" } else { family };
            offer("column", column.logical_name.as_str(), &format!("{} · {kind}", column.display_name))
        })
        .collect()
}

fn operators(column: Option<&Column>) -> Vec<Completion> {
    let family = column.map(|column| Family::of(column.column_type));
    Operator::ALL
        .iter()
        .filter(|operator| family.is_none_or(|family| operator.families().contains(&family)))
        .map(|operator| {
            let arity = match operator.arity() {
                Arity::Zero => " (no value)",
                Arity::One => "",
                Arity::Two => " (two values)",
                Arity::Many => " (values)",
            };
            offer(
                "operator",
                operator.as_str(),
                &format!("{}{arity}", operator.sentence().trim_end_matches('.')),
            )
        })
        .collect()
}

fn choices(column: Option<&Column>, operator: Option<Operator>) -> Vec<Completion> {
    let Some(column) = column else { return vec![] };
    if operator.is_some_and(Operator::takes_count) {
        return ["1", "7", "30", "90"].iter().map(|days| offer("word", days, "")).collect();
    }
    column
        .options
        .iter()
        .map(|choice| {
            let code = choice.value.to_string();
            // Found by its label as well as by its code; the code is what stands in the text.
            let label = choice.label.as_deref().unwrap_or("");
            Completion {
                label: if label.is_empty() { code.clone() } else { format!("{code} {label}") },
                detail: column.display_name.clone(),
                insert: code,
                back: 0,
                kind: "choice",
            }
        })
        .collect()
}

/// Entities that a relationship joins to the one above, with what joins them.
fn linked(found: &Scan, at: usize, metadata: &dyn Metadata) -> Vec<Completion> {
    let mut items: Vec<Completion> = Vec::new();
    if let Some(outer) = found.entity_of(at).and_then(|name| metadata.schema(name)) {
        for relationship in &outer.relationships {
            let via = relationship.column.as_ref().map_or(String::new(), |column| format!(" via {column}"));
            let name = match (relationship.kind, &relationship.intersect_entity) {
                (RelationshipKind::ManyToMany, Some(intersect)) => intersect.as_str(),
                _ => relationship.other_entity.as_str(),
            };
            let word = match relationship.kind {
                RelationshipKind::ManyToOne => "parent",
                RelationshipKind::OneToMany => "children",
                RelationshipKind::ManyToMany => "many-to-many",
            };
            if !items.iter().any(|item| item.label == name) {
                items.push(offer("link", name, &format!("{word}{via}")));
            }
        }
    }
    for (name, display) in metadata.entities() {
        if !items.iter().any(|item| item.label == *name) {
            items.push(offer("entity", name, display));
        }
    }
    items
}

/// The columns a link may stand on: those of a relationship between both entities first.
fn link_ends(found: &Scan, at: usize, from: bool, metadata: &dyn Metadata) -> Vec<Completion> {
    let element = &found.elements[at];
    let inner = element.value("name").and_then(|name| metadata.schema(name));
    let outer = found.entity_of(at).and_then(|name| metadata.schema(name));
    let mut items: Vec<Completion> = Vec::new();
    if let (Some(outer), Some(name)) = (outer, element.value("name")) {
        for relationship in &outer.relationships {
            let Some(column) = &relationship.column else { continue };
            if relationship.other_entity.as_str() != name {
                continue;
            }
            let referenced = relationship.referenced_column.as_ref().map(ColumnName::as_str);
            let key_of = |schema: Option<&EntitySchema>| -> Option<String> {
                referenced
                    .map(str::to_owned)
                    .or_else(|| schema.map(|schema| schema.summary.primary_id.to_string()))
            };
            let lookup = Some(column.to_string());
            let (near, far) = match relationship.kind {
                RelationshipKind::ManyToOne => (key_of(inner), lookup),
                RelationshipKind::OneToMany => (lookup, key_of(Some(outer))),
                RelationshipKind::ManyToMany => (None, None),
            };
            if let Some(end) = if from { near } else { far }
                && !items.iter().any(|item| item.label == end)
            {
                items.push(offer("link", &end, &relationship.name));
            }
        }
    }
    for item in columns(if from { inner } else { outer }, |_| true) {
        if !items.iter().any(|known| known.label == item.label) {
            items.push(item);
        }
    }
    items
}
