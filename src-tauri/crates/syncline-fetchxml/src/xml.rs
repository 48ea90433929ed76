//! XML text to a small tree of elements with positions; size, depth and number of elements are limited.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use crate::{FetchXmlError, Position};

/// Longest text that is read, in bytes: far above the 65,536 characters a `$batch` part may have (Dataverse Web API, URL limits).
const MAX_BYTES: usize = 1_000_000;
/// Deepest nesting.
const MAX_DEPTH: usize = 40;
/// Most elements.
const MAX_ELEMENTS: usize = 20_000;

/// An element.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) attributes: Vec<XmlAttribute>,
    pub(crate) children: Vec<Node>,
    pub(crate) text: String,
    pub(crate) position: Position,
}

/// An attribute of an element, entities resolved.
#[derive(Debug, Clone)]
pub(crate) struct XmlAttribute {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) position: Position,
}

impl Node {
    /// The text of an attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&XmlAttribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

/// Reads a text with exactly one root element.
pub(crate) fn read(text: &str) -> Result<Node, FetchXmlError> {
    let start = Position { line: 1, column: 1 };
    if text.len() > MAX_BYTES {
        return Err(FetchXmlError::new(
            start,
            "too_large",
            format!("the text has {} bytes, at most {MAX_BYTES} are read", text.len()),
        ));
    }
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Node> = Vec::new();
    let mut root: Option<Node> = None;
    let mut elements = 0usize;
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let event = reader.read_event().map_err(|error| {
            let at = usize::try_from(reader.error_position()).unwrap_or(at);
            malformed(text, at, &error.to_string())
        })?;
        match event {
            Event::Start(tag) => {
                elements += 1;
                let node = element(text, at, &tag)?;
                limits(&node, open.len() + 1, elements)?;
                open.push(node);
            }
            Event::Empty(tag) => {
                elements += 1;
                let node = element(text, at, &tag)?;
                limits(&node, open.len() + 1, elements)?;
                close(node, &mut open, &mut root)?;
            }
            Event::End(_) => {
                if let Some(node) = open.pop() {
                    close(node, &mut open, &mut root)?;
                }
            }
            Event::Text(piece) => characters(text, at, &piece, &mut open)?,
            Event::CData(piece) => characters(text, at, &piece, &mut open)?,
            Event::GeneralRef(reference) => {
                let escaped = format!("&{};", &*reference);
                let plain = quick_xml::escape::unescape(&escaped)
                    .map_err(|_| unescaped(text, at, &format!("the reference {escaped} is not known")))?
                    .into_owned();
                characters(text, at, &plain, &mut open)?;
            }
            Event::DocType(_) => {
                return Err(FetchXmlError::new(
                    Position::of(text, at),
                    "xml_malformed",
                    "a document type declaration is not allowed in FetchXML",
                )
                .hint("remove <!DOCTYPE …>"));
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    if let Some(node) = open.last() {
        return Err(FetchXmlError::new(
            node.position,
            "xml_malformed",
            format!("<{}> is opened here and never closed", node.name),
        )
        .hint(format!("add </{}>, or end the tag with />", node.name)));
    }
    root.ok_or_else(|| {
        FetchXmlError::new(start, "xml_malformed", "there is no element in the text")
            .hint("begin with <filter>, <condition> or <fetch>")
    })
}

fn limits(node: &Node, depth: usize, elements: usize) -> Result<(), FetchXmlError> {
    if depth > MAX_DEPTH {
        return Err(FetchXmlError::new(
            node.position,
            "too_large",
            format!("elements are nested deeper than {MAX_DEPTH} levels"),
        ));
    }
    if elements > MAX_ELEMENTS {
        return Err(FetchXmlError::new(
            node.position,
            "too_large",
            format!("there are more than {MAX_ELEMENTS} elements"),
        ));
    }
    Ok(())
}

fn close(node: Node, open: &mut [Node], root: &mut Option<Node>) -> Result<(), FetchXmlError> {
    match open.last_mut() {
        Some(parent) => parent.children.push(node),
        None if root.is_some() => {
            return Err(FetchXmlError::new(
                node.position,
                "xml_malformed",
                format!("<{}> stands beside the first element", node.name),
            )
            .hint("put several conditions into one <filter type='and'> … </filter>"));
        }
        None => *root = Some(node),
    }
    Ok(())
}

fn characters(text: &str, at: usize, piece: &str, open: &mut [Node]) -> Result<(), FetchXmlError> {
    match open.last_mut() {
        Some(node) => {
            node.text.push_str(piece);
            Ok(())
        }
        None if piece.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').is_empty() => Ok(()),
        None => Err(FetchXmlError::new(
            Position::of(text, at),
            "xml_malformed",
            "there is text outside of the element",
        )
        .hint("begin with <filter>, <condition> or <fetch>")),
    }
}

fn element(text: &str, at: usize, tag: &BytesStart<'_>) -> Result<Node, FetchXmlError> {
    let position = Position::of(text, at);
    let name = tag.name().0.to_owned();
    let mut attributes = Vec::new();
    let base = text.as_ptr() as usize;
    let mut last = at + 1 + name.len();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| malformed(text, last, &error.to_string()))?;
        let key = attribute.key.0;
        // The reader borrows from the text, so the difference of the addresses is the offset.
        let offset = (key.as_ptr() as usize).checked_sub(base).filter(|offset| *offset < text.len());
        let offset = offset.unwrap_or(at);
        last = offset + key.len();
        if attribute.value.contains('<') {
            return Err(unescaped(text, offset, &format!("the value of {key} has a bare <")));
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| {
            unescaped(text, offset, &format!("the value of {key} has a bare & or an unknown reference"))
        })?;
        attributes.push(XmlAttribute {
            name: key.to_owned(),
            value: value.into_owned(),
            position: Position::of(text, offset),
        });
    }
    Ok(Node { name, attributes, children: Vec::new(), text: String::new(), position })
}

fn unescaped(text: &str, at: usize, message: &str) -> FetchXmlError {
    FetchXmlError::new(Position::of(text, at), "xml_unescaped", message)
        .hint("inside a value write &amp; for &, &lt; for <, &gt; for >, &quot; for \" and &apos; for '")
}

fn malformed(text: &str, at: usize, reason: &str) -> FetchXmlError {
    let hint = if reason.contains("duplicated") {
        "an attribute may stand once in an element"
    } else if reason.contains("end tag") || reason.contains("MismatchedEnd") || reason.contains("close tag") {
        "each <filter> needs its </filter>; a condition ends with />"
    } else if reason.contains("reference") || reason.contains('&') {
        "inside a value write &amp; for &"
    } else {
        "each value stands in quotes, \"…\" or '…', and each tag ends with > or />; inside a value write &amp; for & and &lt; for <"
    };
    FetchXmlError::new(Position::of(text, at), "xml_malformed", format!("the XML can't be read: {reason}"))
        .hint(hint)
}
