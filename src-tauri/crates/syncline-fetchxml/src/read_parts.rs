//! Reading attributes and refusing what is not part of FetchXML, with the nearest right name.

use std::str::FromStr;

use crate::FetchXmlError;
use crate::vocabulary::attributes_of;
use crate::xml::{Node, XmlAttribute};
use syncline_model::nearest;

fn only_attributes(node: &Node, known: &[&str]) -> Result<(), FetchXmlError> {
    let odd = node
        .attributes
        .iter()
        .find(|attribute| !known.contains(&attribute.name.as_str()) && !attribute.name.starts_with("xmlns"));
    let Some(attribute) = odd else { return Ok(()) };
    let error = FetchXmlError::new(
        attribute.position,
        "unknown_attribute",
        format!("<{}> has no attribute {:?}", node.name, attribute.name),
    );
    Err(match nearest(&attribute.name, known.iter().copied()) {
        Some(name) => error.hint(format!("did you mean {name:?}?")),
        None if known.is_empty() => error.hint("remove it"),
        None => error.hint(format!("known: {}", known.join(", "))),
    })
}

/// Refuses an attribute that the element does not have in FetchXML.
pub(crate) fn known_attributes(node: &Node) -> Result<(), FetchXmlError> {
    only_attributes(node, attributes_of(&node.name).unwrap_or(&[]))
}

/// The attributes of a list that stand there, as they are.
pub(crate) fn legacy(node: &Node, names: &[&str]) -> Vec<(String, String)> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), text(node, name)?))).collect()
}

pub(crate) fn only_leaf(node: &Node) -> Result<(), FetchXmlError> {
    no_text(node)?;
    match node.children.first() {
        Some(child) => Err(unknown_element(child, &format!("<{}>, which holds nothing", node.name), &[])),
        None => Ok(()),
    }
}

pub(crate) fn no_text(node: &Node) -> Result<(), FetchXmlError> {
    if node.text.trim().is_empty() {
        return Ok(());
    }
    Err(FetchXmlError::new(
        node.position,
        "xml_malformed",
        format!("there is loose text in <{}>: {:?}", node.name, shorten(node.text.trim())),
    )
    .hint("values stand in value='…' or <value>…</value>"))
}

pub(crate) fn unknown_element(node: &Node, place: &str, known: &[&str]) -> FetchXmlError {
    let error = FetchXmlError::new(
        node.position,
        "unknown_element",
        format!("<{}> can't stand in {place}", shorten(&node.name)),
    );
    match nearest(&node.name, known.iter().copied()) {
        Some(name) if name != node.name => error.hint(format!("did you mean <{name}>?")),
        _ if known.is_empty() => error.hint("remove it"),
        _ => error.hint(format!("known here: {}", known.join(", "))),
    }
}

pub(crate) fn missing(node: &Node, name: &str) -> FetchXmlError {
    FetchXmlError::new(
        node.position,
        "missing_attribute",
        format!("<{}> lacks the attribute {name:?}", node.name),
    )
    .hint(format!("add {name}='…'"))
}

pub(crate) fn required(node: &Node, name: &str) -> Result<String, FetchXmlError> {
    match node.get(name) {
        Some(attribute) if !attribute.value.trim().is_empty() => Ok(attribute.value.trim().to_owned()),
        Some(_) | None => Err(missing(node, name)),
    }
}

pub(crate) fn text(node: &Node, name: &str) -> Option<String> {
    node.get(name).map(|attribute| attribute.value.clone())
}

pub(crate) fn flag(node: &Node, name: &str) -> Result<Option<bool>, FetchXmlError> {
    node.get(name)
        .map(|attribute| match attribute.value.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(wrong_value(attribute, "true or false")),
        })
        .transpose()
}

pub(crate) fn number(node: &Node, name: &str) -> Result<Option<u32>, FetchXmlError> {
    node.get(name)
        .map(|attribute| {
            u32::from_str(attribute.value.trim()).map_err(|_| wrong_value(attribute, "a whole number"))
        })
        .transpose()
}

pub(crate) fn word<T: Copy>(
    attribute: &XmlAttribute,
    known: &[T],
    as_str: impl Fn(T) -> &'static str,
) -> Result<T, FetchXmlError> {
    let written = attribute.value.trim();
    known.iter().copied().find(|item| as_str(*item) == written).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|item| as_str(*item)).collect();
        wrong_value(attribute, &format!("one of {}", names.join(", ")))
    })
}

pub(crate) fn wrong_value(attribute: &XmlAttribute, expected: &str) -> FetchXmlError {
    FetchXmlError::new(
        attribute.position,
        "wrong_value",
        format!("{} is {:?}", attribute.name, shorten(&attribute.value)),
    )
    .hint(format!("{expected} is expected"))
}

pub(crate) fn shorten(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(59).chain(['…']).collect() }
}
