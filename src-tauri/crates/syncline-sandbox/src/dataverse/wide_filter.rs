//! `$filter` and `$orderby` on a big tenant's other tables: understood and checked as on any table, and not evaluated, since those tables are
//! empty.
use super::coerce::of_kind;
use super::error::{Outcome, ServiceError};
use super::odata::filter::dated;
use super::odata::functions;
use crate::data::schema::Kind;
use crate::data::wide::WideColumn;

/// Deepest nesting of parentheses.
const DEPTH: usize = 100;

/// Columns by the names that they have in OData.
pub(crate) struct Columns<'a> {
    pub(crate) logical: &'a str,
    pub(crate) all: &'a [WideColumn],
}

impl Columns<'_> {
    fn wire(&self, name: &str) -> Outcome<&WideColumn> {
        let lookup = name.strip_prefix('_').and_then(|n| n.strip_suffix("_value"));
        let found = self.all.iter().find(|c| match (lookup, &c.kind) {
            (Some(logical), Kind::Lookup { .. }) => c.logical == logical,
            (_, Kind::Lookup { .. }) => false,
            _ => c.logical == name,
        });
        found.ok_or_else(|| ServiceError::no_property(name, self.logical))
    }

    fn logical(&self, name: &str) -> Outcome<()> {
        let found = self.all.iter().any(|c| c.logical == name);
        found.then_some(()).ok_or_else(|| functions::no_attribute(self.logical, name))
    }
}

/// Refuses a `$orderby` that names no columns.
pub(crate) fn orderby(columns: &Columns<'_>, text: &str) -> Outcome<()> {
    for part in text.split(',') {
        let words: Vec<&str> = part.split_whitespace().collect();
        match words.as_slice() {
            [name] | [name, "asc" | "desc"] => drop(columns.wire(name)?),
            _ => {
                return Err(ServiceError::odata(format!("Syntax error in $orderby at '{}'.", part.trim())));
            }
        }
    }
    Ok(())
}

/// Refuses a `$filter` that is not well formed or compares what can't be compared.
pub(crate) fn filter(columns: &Columns<'_>, text: &str) -> Outcome<()> {
    let mut reader = Reader { columns, text, at: 0 };
    reader.any(0)?;
    match reader.rest().trim() {
        "" => Ok(()),
        _ => Err(reader.error("the end of the filter")),
    }
}

struct Reader<'a> {
    columns: &'a Columns<'a>,
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error(&self, wanted: &str) -> ServiceError {
        ServiceError::odata(format!(
            "Syntax error at position {} in '{}': {wanted} was expected.",
            self.at, self.text
        ))
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn need(&mut self, token: &str) -> Outcome<()> {
        if self.eat(token) { Ok(()) } else { Err(self.error(token)) }
    }

    fn word(&mut self) -> &'a str {
        self.space();
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || "_.-:+/".contains(c))).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn keyword(&mut self, word: &str) -> bool {
        let before = self.at;
        let found = self.word() == word;
        if !found {
            self.at = before;
        }
        found
    }

    fn quoted(&mut self) -> Outcome<String> {
        self.need("'")?;
        let mut out = String::new();
        loop {
            let end = self.rest().find('\'').ok_or_else(|| self.error("the end of a string"))?;
            out.push_str(&self.rest()[..end]);
            self.at += end + 1;
            if !self.rest().starts_with('\'') {
                return Ok(out);
            }
            out.push('\'');
            self.at += 1;
        }
    }

    /// True when it is nothing but a query function.
    fn any(&mut self, depth: usize) -> Outcome<bool> {
        if depth > DEPTH {
            return Err(ServiceError::odata("The filter is nested too deeply."));
        }
        let mut named = self.one(depth)?;
        while self.keyword("and") || self.keyword("or") {
            self.one(depth)?;
            named = false;
        }
        Ok(named)
    }

    fn one(&mut self, depth: usize) -> Outcome<bool> {
        if self.keyword("not") {
            return match self.one(depth + 1)? {
                true => Err(functions::no_not()),
                false => Ok(false),
            };
        }
        if self.eat("(") {
            let named = self.any(depth + 1)?;
            self.need(")")?;
            return Ok(named);
        }
        let word = self.word();
        if !self.rest().starts_with('(') {
            self.comparison(word)?;
            return Ok(false);
        }
        self.at += 1;
        let Some(name) = word.strip_prefix("Microsoft.Dynamics.CRM.") else {
            return self.text(word).map(|()| false);
        };
        if !functions::known(name) {
            return Err(functions::unknown(name));
        }
        self.need("PropertyName=")?;
        let property = self.quoted()?;
        self.columns.logical(&property)?;
        let end = self.rest().find(')').ok_or_else(|| self.error("')'"))?;
        self.at += end + 1;
        Ok(true)
    }

    fn text(&mut self, function: &str) -> Outcome<()> {
        if !matches!(function, "contains" | "startswith" | "endswith") {
            return Err(ServiceError::odata(format!(
                "An unknown function with name '{function}' was found."
            )));
        }
        let name = self.word();
        self.columns.wire(name)?;
        self.need(",")?;
        self.space();
        self.quoted()?;
        self.need(")")
    }

    fn comparison(&mut self, name: &str) -> Outcome<()> {
        let column = self.columns.wire(name)?;
        if !matches!(self.word(), "eq" | "ne" | "gt" | "ge" | "lt" | "le") {
            return Err(self.error("one of eq, ne, gt, ge, lt, le"));
        }
        self.space();
        let textual = matches!(
            column.kind,
            Kind::Text { .. } | Kind::Memo { .. } | Kind::EntityName | Kind::Choices { .. }
        );
        let quoted = self.rest().starts_with('\'');
        let text = if quoted { self.quoted()? } else { self.word().to_owned() };
        if !quoted && (text == "null" || self.columns.wire(&text).is_ok()) {
            return Ok(());
        }
        if !quoted {
            dated(&column.kind, &text)?;
        }
        let fits = quoted == textual && (textual || of_kind(&column.kind, &text).is_some());
        fits.then_some(()).ok_or_else(|| {
            ServiceError::odata(format!(
                "A binary operator with incompatible types was detected. '{text}' is no value for the column '{}'.",
                column.logical
            ))
        })
    }
}
