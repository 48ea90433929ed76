//! `$select`, `$filter` and their like, from a query string or from inside `$expand=x(…)`.
use crate::dataverse::error::{Outcome, ServiceError};
use percent_encoding::percent_decode_str;

/// The options, decoded, not yet understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) select: Option<String>,
    pub(crate) filter: Option<String>,
    pub(crate) orderby: Option<String>,
    pub(crate) top: Option<usize>,
    pub(crate) count: bool,
    pub(crate) expand: Option<String>,
    pub(crate) skiptoken: Option<String>,
    pub(crate) deltatoken: Option<String>,
    pub(crate) fetch_xml: Option<String>,
    pub(crate) saved_query: Option<String>,
    pub(crate) id: Option<String>,
}

/// Percent-decodes a part of a URL; `+` is a space in a query string.
pub(crate) fn decode(text: &str, plus: bool) -> Outcome<String> {
    let text = if plus { text.replace('+', " ") } else { text.to_owned() };
    percent_decode_str(&text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| ServiceError::odata("The URL is not valid UTF-8 after percent-decoding."))
}

impl Options {
    /// Reads a query string. Parameter aliases (`@p1`) are put in place.
    pub(crate) fn read(query: &str) -> Outcome<Self> {
        let mut pairs = Vec::new();
        for part in query.split('&').filter(|p| !p.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            pairs.push((decode(name, true)?, decode(value, true)?));
        }
        let aliases: Vec<_> = pairs.iter().filter(|p| p.0.starts_with('@')).cloned().collect();
        let mut out = Self::default();
        for (name, mut value) in pairs {
            if name.starts_with('$') && name != "$skiptoken" {
                for (alias, text) in &aliases {
                    value = value.replace(alias.as_str(), text);
                }
            }
            out.set(&name, value)?;
        }
        Ok(out)
    }

    /// Reads the options inside `$expand=x(…)`, separated by `;`.
    pub(crate) fn nested(text: &str) -> Outcome<Self> {
        let mut out = Self::default();
        for part in split(text, ';').into_iter().map(str::trim).filter(|p| !p.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            out.set(name.trim(), value.to_owned())?;
        }
        Ok(out)
    }

    /// What `$expand` names, each with the options in its parentheses.
    pub(crate) fn expansions(&self) -> Outcome<Vec<(String, Self)>> {
        let parts = self.expand.as_deref().map(|expand| split(expand, ',')).unwrap_or_default();
        let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
        parts
            .map(|part| {
                let (name, inside) = match part.split_once('(') {
                    Some((name, rest)) => (
                        name,
                        rest.strip_suffix(')').ok_or_else(|| {
                            ServiceError::odata(format!(
                                "Found an unbalanced bracket expression in $expand: '{part}'."
                            ))
                        })?,
                    ),
                    None => (part, ""),
                };
                Ok((name.trim().to_owned(), Self::nested(inside)?))
            })
            .collect()
    }

    fn set(&mut self, name: &str, value: String) -> Outcome<()> {
        match name {
            "$select" => self.select = Some(value),
            "$filter" => self.filter = Some(value),
            "$orderby" => self.orderby = Some(value),
            "$top" => {
                self.top = Some(value.parse().map_err(|_| {
                    ServiceError::odata(format!("Invalid value '{value}' for $top query option found. The $top query option requires a non-negative integer value."))
                })?);
            }
            "$count" => self.count = value == "true",
            "$expand" => self.expand = Some(value),
            "$skiptoken" => self.skiptoken = Some(value),
            "$deltatoken" => self.deltatoken = Some(value),
            "$id" => self.id = Some(value),
            "fetchXml" => self.fetch_xml = Some(value),
            "savedQuery" => self.saved_query = Some(value),
            "$skip" | "$search" | "$format" | "$compute" | "$apply" => {
                return Err(ServiceError::odata(format!("The query parameter {name} is not supported")));
            }
            other if other.starts_with('$') => {
                return Err(ServiceError::odata(format!(
                    "The query parameter '{other}' is not supported. Names of query options are case-sensitive."
                )));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Splits outside quotes and parentheses.
pub(crate) fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut out, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0i32, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            c if c == separator && !quoted && depth <= 0 => {
                out.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    out.push(&text[start..]);
    out
}
