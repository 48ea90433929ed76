//! An OData query as a person writes it: entity set and options, maybe on several lines, maybe a whole address that was pasted.

use percent_encoding::percent_decode_str;
use syncline_model::{ErrorCode, SynclineError};
use syncline_odata::QueryOptions;

/// The parts of a query; values are not encoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ODataText {
    /// The entity set, maybe with a key and a navigation property.
    pub set: String,
    /// Options in their order: `$select` and so on.
    pub options: Vec<(String, String)>,
}

const KNOWN: &[&str] = &["$select", "$filter", "$orderby", "$top", "$expand", "$count", "$apply"];

fn wrong(message: impl Into<String>) -> SynclineError {
    SynclineError::new(ErrorCode::QueryInvalid, message)
}

impl ODataText {
    /// Reads `contacts?$select=fullname&$top=5`, also on several lines, or a whole address of the Web API.
    pub fn parse(text: &str) -> Result<Self, SynclineError> {
        let text = text.trim();
        let (text, pasted) = match text.find("/api/data/v") {
            Some(at) if text.starts_with("http") => {
                let rest = &text[at + "/api/data/".len()..];
                (rest.split_once('/').map_or("", |(_, rest)| rest), true)
            }
            Some(_) | None => (text.trim_start_matches('/'), false),
        };
        let (set, query) = text.split_once('?').unwrap_or((text, ""));
        let set = set.trim();
        if set.is_empty() {
            return Err(wrong("the query names no entity set")
                .hint("begin with an entity set such as contacts, then ?$select=…"));
        }
        let sound = |c: char| c.is_ascii_alphanumeric() || "_/().,'=-".contains(c);
        if !set.chars().all(sound) || set.contains("..") {
            return Err(wrong(format!("{set:?} is no entity set"))
                .hint("write the entity set, for example contacts, and options behind a ?"));
        }
        let mut options: Vec<(String, String)> = Vec::new();
        for part in split(query, '&') {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| wrong(format!("{part:?} is no option")).hint("write $name=value"))?;
            let decode = |text: &str| {
                if !pasted {
                    return Ok(text.trim().to_owned());
                }
                percent_decode_str(&text.replace('+', " "))
                    .decode_utf8()
                    .map(|text| text.trim().to_owned())
                    .map_err(|_| wrong("the address is not UTF-8 after decoding"))
            };
            let (name, value) = (decode(name)?, decode(value)?);
            if matches!(name.as_str(), "$skip" | "$search" | "$format" | "$compute") {
                return Err(wrong(format!("Dataverse does not know {name}")).hint("page with the next link"));
            }
            if name.starts_with('$') && !KNOWN.contains(&name.as_str()) {
                return Err(wrong(format!("{name} is no option of a query"))
                    .hint(format!("known: {}; names are case-sensitive", KNOWN.join(", "))));
            }
            if options.iter().any(|(known, _)| *known == name) {
                return Err(wrong(format!("{name} stands twice")).hint("keep one of them"));
            }
            options.push((name, value));
        }
        Ok(Self { set: set.to_owned(), options })
    }

    /// An option's text.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `contacts?$select=…`, encoded for an address.
    pub fn to_path(&self) -> String {
        let options =
            self.options.iter().fold(QueryOptions::new(), |all, (name, value)| all.option(name, value));
        format!("{}{}", self.set, options.to_query())
    }

    /// As a person reads it: one option a line.
    pub fn to_text(&self) -> String {
        let mut text = self.set.clone();
        for (number, (name, value)) in self.options.iter().enumerate() {
            text.push_str(if number == 0 { "?" } else { "\n  &" });
            text.push_str(&format!("{name}={value}"));
        }
        text
    }
}

/// Splits outside of quotes and parentheses.
pub(super) fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0i32, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            c if c == separator && !quoted && depth <= 0 => {
                parts.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
