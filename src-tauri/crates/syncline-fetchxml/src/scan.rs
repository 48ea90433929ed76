//! XML text to elements with their places, whatever state the text is in: a document that is being typed is rarely well formed.
//! Never fails; what can't be understood is passed over. Linear in the length of the text.

/// A stretch of the text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TextSpan {
    /// First byte.
    pub start: usize,
    /// Behind the last byte.
    pub end: usize,
}

impl TextSpan {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
    pub(crate) fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

/// Most elements that are looked at.
const MAX_ELEMENTS: usize = 20_000;

/// An attribute as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) name: String,
    pub(crate) name_span: TextSpan,
    /// The value without its quotes; absent where there is none yet.
    pub(crate) value_span: Option<TextSpan>,
    /// Entities resolved.
    pub(crate) value: String,
    /// The closing quote stands.
    pub(crate) closed: bool,
}

/// An element as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) name_span: TextSpan,
    /// `<` of the opening tag to behind its `>`, or to where it broke off.
    pub(crate) tag: TextSpan,
    /// The opening tag has its `>`.
    pub(crate) tag_closed: bool,
    /// `/>`.
    pub(crate) empty: bool,
    /// Behind the whole element.
    pub(crate) end: usize,
    /// The whole element is closed.
    pub(crate) closed: bool,
    pub(crate) attributes: Vec<Written>,
    pub(crate) parent: Option<usize>,
    /// Text between the tags, directly in this element.
    pub(crate) texts: Vec<TextSpan>,
}

impl Element {
    pub(crate) fn get(&self, name: &str) -> Option<&Written> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|found| found.value_span.is_some()).map(|found| found.value.trim())
    }
}

/// Elements in the order of their opening tags.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scan {
    pub(crate) elements: Vec<Element>,
}

impl Scan {
    /// The nearest element above that has one of the names.
    pub(crate) fn above(&self, at: usize, names: &[&str]) -> Option<usize> {
        let mut place = self.elements[at].parent;
        while let Some(index) = place {
            if names.contains(&self.elements[index].name.as_str()) {
                return Some(index);
            }
            place = self.elements[index].parent;
        }
        None
    }
    /// The entity an element speaks of: the name of the nearest `<entity>` or `<link-entity>` above.
    pub(crate) fn entity_of(&self, at: usize) -> Option<&str> {
        self.above(at, &["entity", "link-entity"]).and_then(|index| self.elements[index].value("name"))
    }
    /// The `<entity>` or `<link-entity>` with an alias, or with that name where it has no alias.
    pub(crate) fn aliased(&self, alias: &str) -> Option<&Element> {
        let holders = || {
            self.elements.iter().filter(|element| matches!(element.name.as_str(), "entity" | "link-entity"))
        };
        holders()
            .find(|element| element.value("alias") == Some(alias))
            .or_else(|| holders().find(|element| element.value("name") == Some(alias)))
    }
    /// Every entity the document names.
    pub(crate) fn entity_names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for element in &self.elements {
            if matches!(element.name.as_str(), "entity" | "link-entity")
                && let Some(name) = element.value("name")
                && !name.is_empty()
                && !names.iter().any(|known| known == name)
            {
                names.push(name.to_owned());
            }
        }
        names
    }
}

/// Reads a text.
pub(crate) fn scan(text: &str) -> Scan {
    let bytes = text.as_bytes();
    let mut found = Scan::default();
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let Some(next) = text[at..].find('<').map(|offset| at + offset) else {
            note_text(&mut found, &open, TextSpan::new(at, bytes.len()));
            break;
        };
        note_text(&mut found, &open, TextSpan::new(at, next));
        let rest = &text[next..];
        if let Some(inner) = rest.strip_prefix("<!--") {
            at = inner.find("-->").map_or(bytes.len(), |offset| next + 4 + offset + 3);
        } else if let Some(inner) = rest.strip_prefix("<![CDATA[") {
            let end = inner.find("]]>").map_or(bytes.len(), |offset| next + 9 + offset);
            at = (end + 3).min(bytes.len());
        } else if rest.starts_with("<?") || rest.starts_with("<!") {
            at = rest.find('>').map_or(bytes.len(), |offset| next + offset + 1);
        } else if rest.starts_with("</") {
            at = close_tag(text, next, &mut found, &mut open);
        } else {
            if found.elements.len() >= MAX_ELEMENTS {
                break;
            }
            at = open_tag(text, next, &mut found, &mut open);
        }
    }
    for index in open {
        found.elements[index].end = bytes.len();
    }
    found
}

fn note_text(found: &mut Scan, open: &[usize], span: TextSpan) {
    if span.start < span.end
        && let Some(index) = open.last()
    {
        found.elements[*index].texts.push(span);
    }
}

fn close_tag(text: &str, start: usize, found: &mut Scan, open: &mut Vec<usize>) -> usize {
    let name_end = word_end(text, start + 2);
    let name = &text[start + 2..name_end];
    let end = match text[name_end..].find(['>', '<']) {
        Some(offset) if text.as_bytes()[name_end + offset] == b'>' => name_end + offset + 1,
        Some(offset) => name_end + offset,
        None => text.len(),
    };
    if let Some(depth) = open.iter().rposition(|index| found.elements[*index].name == name) {
        for index in open.drain(depth..).rev() {
            found.elements[index].closed = found.elements[index].name == name;
            found.elements[index].end = if found.elements[index].closed { end } else { start };
        }
    }
    end.max(start + 2)
}

fn open_tag(text: &str, start: usize, found: &mut Scan, open: &mut Vec<usize>) -> usize {
    let name_end = word_end(text, start + 1);
    let mut element = Element {
        name: text[start + 1..name_end].to_owned(),
        name_span: TextSpan::new(start + 1, name_end),
        tag: TextSpan::new(start, name_end),
        tag_closed: false,
        empty: false,
        end: name_end,
        closed: false,
        attributes: Vec::new(),
        parent: open.last().copied(),
        texts: Vec::new(),
    };
    let mut at = name_end;
    loop {
        at = skip_space(text, at);
        let Some(c) = text[at..].chars().next() else { break };
        match c {
            '>' => {
                (element.tag_closed, at) = (true, at + 1);
                break;
            }
            '/' if text[at..].starts_with("/>") => {
                (element.tag_closed, element.empty, at) = (true, true, at + 2);
                break;
            }
            '<' => break,
            '/' | '=' | '"' | '\'' => at += 1,
            _ => at = attribute(text, at, &mut element.attributes),
        }
    }
    element.tag.end = at;
    element.end = at;
    // A tag that broke off holds nothing; what follows belongs to the element around it.
    let holds = element.tag_closed && !element.empty;
    element.closed = element.empty;
    found.elements.push(element);
    if holds {
        open.push(found.elements.len() - 1);
    }
    at.max(start + 1)
}

fn attribute(text: &str, start: usize, attributes: &mut Vec<Written>) -> usize {
    let name_end = word_end(text, start).max(start + text[start..].chars().next().map_or(1, char::len_utf8));
    let mut written = Written {
        name: text[start..name_end].to_owned(),
        name_span: TextSpan::new(start, name_end),
        value_span: None,
        value: String::new(),
        closed: false,
    };
    let mut at = skip_space(text, name_end);
    if !text[at..].starts_with('=') {
        attributes.push(written);
        return name_end;
    }
    at = skip_space(text, at + 1);
    let quote = match text[at..].chars().next() {
        Some(quote @ ('"' | '\'')) => quote,
        Some(_) | None => {
            attributes.push(written);
            return at;
        }
    };
    let inside = at + 1;
    let end = text[inside..].find(quote).map(|offset| inside + offset);
    let whole = end.filter(|end| !text[inside..*end].contains(['\n', '<']));
    let (value_end, next) = match (whole, end) {
        (Some(end), _) => {
            written.closed = true;
            (end, end + 1)
        }
        // A bare < inside a value that ends on its line: the value is meant whole.
        (None, Some(end))
            if !text[inside..end].contains('\n')
                && !text[inside..end].contains("=\"")
                && !text[inside..end].contains("='") =>
        {
            written.closed = true;
            (end, end + 1)
        }
        (None, _) => {
            let stop =
                text[inside..].find([' ', '\t', '\r', '\n', '<', '>']).map_or(text.len(), |o| inside + o);
            let stop = if text[inside..stop].ends_with('/') { stop - 1 } else { stop };
            (stop, stop)
        }
    };
    let span = TextSpan::new(inside, value_end);
    written.value_span = Some(span);
    written.value = plain(span.of(text));
    attributes.push(written);
    next
}

/// A text with its references resolved where they are known.
pub(crate) fn plain(raw: &str) -> String {
    match quick_xml::escape::unescape(raw) {
        Ok(text) => text.into_owned(),
        Err(_) => raw
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&apos;", "'")
            .replace("&amp;", "&"),
    }
}

fn skip_space(text: &str, at: usize) -> usize {
    at + text[at..].find(|c: char| !c.is_whitespace()).unwrap_or(text.len() - at)
}

fn word_end(text: &str, at: usize) -> usize {
    let odd = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '/' | '=' | '"' | '\'');
    at + text[at..].find(odd).unwrap_or(text.len() - at)
}
