//! XML as a tree of elements; text is kept, comments and declarations are not.
use crate::dataverse::error::{Outcome, ServiceError, code};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// One element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    pub(crate) text: String,
}

impl Element {
    /// An attribute's value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|a| a.0 == name).map(|a| a.1.as_str())
    }

    /// True for `true` and `1`.
    pub(crate) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1"))
    }
}

/// Deepest nesting taken.
const DEPTH: usize = 60;

fn bad(e: impl std::fmt::Display) -> ServiceError {
    ServiceError::bad(code::INVALID_XML, format!("Invalid XML: {e}"))
}

fn open(start: &BytesStart<'_>) -> Outcome<Element> {
    let name = start.name().as_ref().to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(bad)?;
        let raw = attribute.value.as_ref().to_owned();
        let value = quick_xml::escape::unescape(&raw).map_err(bad)?.into_owned();
        attributes.push((attribute.key.as_ref().to_owned(), value));
    }
    Ok(Element { name, attributes, ..Element::default() })
}

/// Reads a document with one root element.
pub(crate) fn parse(text: &str) -> Outcome<Element> {
    let mut reader = Reader::from_str(text);
    let mut stack = vec![Element::default()];
    loop {
        match reader.read_event().map_err(bad)? {
            Event::Start(start) => {
                if stack.len() > DEPTH {
                    return Err(bad("the elements are nested too deeply"));
                }
                stack.push(open(&start)?);
            }
            Event::Empty(start) => {
                let element = open(&start)?;
                if let Some(parent) = stack.last_mut() {
                    parent.children.push(element);
                }
            }
            Event::End(_) => {
                let done = stack.pop().unwrap_or_default();
                match stack.last_mut() {
                    Some(parent) => parent.children.push(done),
                    None => return Err(bad("an element is closed that was not opened")),
                }
            }
            Event::Text(text) => {
                let raw = AsRef::<str>::as_ref(&text).to_owned();
                if let Some(parent) = stack.last_mut() {
                    parent.text.push_str(&quick_xml::escape::unescape(&raw).map_err(bad)?);
                }
            }
            Event::GeneralRef(reference) => {
                let raw = format!("&{};", AsRef::<str>::as_ref(&reference));
                if let Some(parent) = stack.last_mut() {
                    parent.text.push_str(&quick_xml::escape::unescape(&raw).map_err(bad)?);
                }
            }
            Event::CData(data) => {
                if let Some(parent) = stack.last_mut() {
                    parent.text.push_str(data.as_ref());
                }
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    match (stack.len(), stack.pop().map(|mut root| (root.children.pop(), root.children.is_empty()))) {
        (1, Some((Some(root), true))) => Ok(root),
        _ => Err(bad("one complete root element was expected")),
    }
}
