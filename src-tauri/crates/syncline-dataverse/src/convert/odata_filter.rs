//! `$filter` read into a FetchXML filter.

use syncline_fetchxml::{Condition, Family, Filter, FilterKind, LinkEntity, LinkType, Metadata, Operator};
use syncline_model::{Column, EntitySchema, RelationshipKind};

use super::functions::operator_of;
use super::odata_part::{Part, negated};

/// Deepest nesting of parentheses and lambdas.
const MAX_DEPTH: usize = 40;

pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
    metadata: &'a dyn Metadata,
    /// Range variables of lambdas; the entity itself has the empty name.
    scope: Vec<(String, &'a EntitySchema)>,
    depth: usize,
}

type Outcome<T> = Result<T, String>;

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str, schema: &'a EntitySchema, metadata: &'a dyn Metadata) -> Self {
        Self { text, at: 0, metadata, scope: vec![(String::new(), schema)], depth: 0 }
    }

    pub(super) fn read(mut self) -> Outcome<Filter> {
        let filter = self.either()?.into_filter();
        self.space();
        match self.rest() {
            "" => Ok(filter),
            rest => Err(format!("{:?} is not understood in $filter", shorten(rest))),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn keyword(&mut self, word: &str) -> bool {
        self.space();
        let found = self
            .rest()
            .strip_prefix(word)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || c == '('));
        if found {
            self.at += word.len();
        }
        found
    }

    fn word(&mut self) -> &'a str {
        self.space();
        let rest = self.rest();
        let end =
            rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '/'))).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn either(&mut self) -> Outcome<Part> {
        self.joined(FilterKind::Or)
    }

    fn joined(&mut self, kind: FilterKind) -> Outcome<Part> {
        let next = |reader: &mut Self| match kind {
            FilterKind::Or => reader.joined(FilterKind::And),
            FilterKind::And => reader.one(),
        };
        let mut parts = vec![next(self)?];
        while self.keyword(kind.as_str()) {
            parts.push(next(self)?);
        }
        if parts.len() == 1
            && let Some(part) = parts.pop()
        {
            return Ok(part);
        }
        let mut filter = Filter { kind, ..Filter::default() };
        for part in parts {
            match part {
                Part::Condition(condition) | Part::Function(condition) => filter.conditions.push(condition),
                Part::Filter(inner) => filter.filters.push(inner),
                Part::Link(link) => filter.links.push(link),
            }
        }
        Ok(Part::Filter(filter))
    }

    fn one(&mut self) -> Outcome<Part> {
        if self.depth >= MAX_DEPTH {
            return Err(format!("the filter is nested deeper than {MAX_DEPTH} levels"));
        }
        self.depth += 1;
        let part = if self.keyword("not") {
            let part = self.one()?;
            negated(part)
        } else if self.eat("(") {
            let part = self.either()?;
            if self.eat(")") {
                Ok(part)
            } else {
                Err("a closing parenthesis is missing in $filter".to_owned())
            }
        } else {
            self.test()
        };
        self.depth -= 1;
        part
    }

    fn column(&self, path: &str) -> Outcome<(&'a Column, Option<String>)> {
        let (variable, name) = path.split_once('/').unwrap_or(("", path));
        if name.contains('/') {
            return Err(format!("{path} leads through more than one entity"));
        }
        let Some((_, schema)) = self.scope.iter().find(|(known, _)| known == variable) else {
            return Err(format!("{path} leads through a lookup; FetchXML needs a link-entity for it"));
        };
        if self.scope.len() > 1 && variable != self.scope.last().map_or("", |(known, _)| known.as_str()) {
            return Err(format!("{path} belongs to the row outside of the lambda"));
        }
        let wire = schema.columns.iter().find(|column| column.wire_name() == name);
        wire.map(|column| (column, None))
            .ok_or_else(|| format!("{} has no column {name:?}", schema.summary.logical_name))
    }

    fn test(&mut self) -> Outcome<Part> {
        let word = self.word();
        if word.is_empty() {
            return Err(format!("a test is expected at {:?}", shorten(self.rest())));
        }
        if self.rest().starts_with('(') {
            self.at += 1;
            return match word {
                "contains" | "startswith" | "endswith" => self.text_test(word),
                _ => match word.strip_prefix("Microsoft.Dynamics.CRM.") {
                    Some(name) => self.function(name),
                    None => match word.rsplit_once('/') {
                        Some((path, "any")) => self.lambda(path, false),
                        Some((path, "all")) => self.lambda(path, true),
                        Some(_) | None => Err(format!("the function {word} has no counterpart in FetchXML")),
                    },
                },
            };
        }
        let (column, _) = self.column(word)?;
        let operator = match self.word() {
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "gt" => Operator::Gt,
            "ge" => Operator::Ge,
            "lt" => Operator::Lt,
            "le" => Operator::Le,
            other => return Err(format!("{other:?} is none of eq, ne, gt, ge, lt and le")),
        };
        self.space();
        if self.rest().starts_with('\'') {
            let value = self.quoted()?;
            return Ok(Part::Condition(Condition::new(column.logical_name.as_str(), operator, [value])));
        }
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || c == ')').unwrap_or(rest.len());
        let value = &rest[..end];
        self.at += end;
        let name = column.logical_name.as_str();
        let none: [&str; 0] = [];
        Ok(Part::Condition(match (value, operator) {
            ("", _) => return Err(format!("{name} {operator} lacks a value")),
            ("null", Operator::Eq) => Condition::new(name, Operator::Null, none),
            ("null", Operator::Ne) => Condition::new(name, Operator::NotNull, none),
            ("null", _) => return Err(format!("{operator} null has no meaning")),
            ("true", _) => Condition::new(name, operator, ["1"]),
            ("false", _) => Condition::new(name, operator, ["0"]),
            (value, _) => match self.column(value) {
                Ok((other, _)) => {
                    let mut condition = Condition::new(name, operator, none);
                    condition.value_of = Some(other.logical_name.to_string());
                    condition
                }
                Err(_) if Family::of(column.column_type) == Family::Text => {
                    return Err(format!("the text {value} has no quotes around it"));
                }
                Err(_) => Condition::new(name, operator, [value]),
            },
        }))
    }

    fn quoted(&mut self) -> Outcome<String> {
        self.space();
        let rest = self.rest();
        if !rest.starts_with('\'') {
            return Err(format!("a text in single quotes is expected at {:?}", shorten(rest)));
        }
        let mut value = String::new();
        let mut letters = rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = letters.next() {
            if c != '\'' {
                value.push(c);
            } else if letters.next_if(|(_, next)| *next == '\'').is_some() {
                value.push('\'');
            } else {
                self.at += at + 1;
                return Ok(value);
            }
        }
        Err("a closing quote is missing in $filter".to_owned())
    }

    fn text_test(&mut self, function: &str) -> Outcome<Part> {
        let path = self.word();
        let (column, _) = self.column(path)?;
        if !self.eat(",") {
            return Err(format!("{function} takes a column and a text"));
        }
        let value = self.quoted()?;
        if !self.eat(")") {
            return Err(format!("{function} lacks its closing parenthesis"));
        }
        let name = column.logical_name.as_str();
        let (operator, value) = match function {
            "contains" => (Operator::Like, format!("%{value}%")),
            "startswith" => (Operator::BeginsWith, value),
            _ => (Operator::EndsWith, value),
        };
        Ok(Part::Condition(Condition::new(name, operator, [value])))
    }

    fn function(&mut self, name: &str) -> Outcome<Part> {
        let operator = operator_of(name).ok_or_else(|| format!("the function {name} is not known"))?;
        let mut property = None;
        let mut values = Vec::new();
        while !self.eat(")") {
            let parameter = self.word();
            if !self.eat("=") {
                return Err(format!("{name} has an argument without a value"));
            }
            match parameter {
                "PropertyName" => property = Some(self.quoted()?),
                "PropertyValue" | "PropertyValue1" | "PropertyValue2" => values.push(self.scalar()?),
                "PropertyValues" => {
                    if !self.eat("[") {
                        return Err(format!("{name} takes a list in square brackets"));
                    }
                    while !self.eat("]") {
                        values.push(self.scalar()?);
                        if !self.eat(",") && !self.rest().trim_start().starts_with(']') {
                            return Err(format!("the list of {name} does not end"));
                        }
                    }
                }
                other => return Err(format!("{name} has no argument {other:?}")),
            }
            if !self.eat(",") && !self.rest().trim_start().starts_with(')') {
                return Err(format!("{name} lacks its closing parenthesis"));
            }
        }
        let property = property.ok_or_else(|| format!("{name} lacks PropertyName"))?;
        let schema = self.scope.last().map(|(_, schema)| *schema).ok_or("no entity")?;
        let column = schema
            .columns
            .iter()
            .find(|column| column.logical_name.as_str() == property)
            .ok_or_else(|| match schema.columns.iter().find(|column| column.wire_name() == property) {
                Some(column) => format!(
                    "{name} takes a column by its logical name: the service refuses {property:?}, write {:?}",
                    column.logical_name.as_str()
                ),
                None => format!("{} has no column {property:?}", schema.summary.logical_name),
            })?;
        Ok(Part::Function(Condition::new(column.logical_name.as_str(), operator, values)))
    }

    fn scalar(&mut self) -> Outcome<String> {
        self.space();
        let rest = self.rest();
        if rest.starts_with('\'') {
            return self.quoted();
        }
        if let Some(inner) = rest.strip_prefix('"') {
            let end = inner.find('"').ok_or("a closing quote is missing in a list")?;
            self.at += end + 2;
            return Ok(inner[..end].to_owned());
        }
        let end = rest.find([',', ')', ']']).unwrap_or(rest.len());
        self.at += end;
        Ok(rest[..end].trim().to_owned())
    }

    fn lambda(&mut self, path: &str, all: bool) -> Outcome<Part> {
        if all {
            return Err("all(…) has no exact counterpart: FetchXML's all asks for something else".to_owned());
        }
        if self.scope.len() > 1 {
            return Err("a lambda inside a lambda is not converted".to_owned());
        }
        let outer = self.scope[0].1;
        let relationship = outer
            .relationships
            .iter()
            .find(|relationship| {
                relationship.kind == RelationshipKind::OneToMany
                    && relationship.navigation_property.as_deref() == Some(path)
            })
            .ok_or_else(|| {
                format!("{path} is no one-to-many relationship of {}", outer.summary.logical_name)
            })?;
        let from = relationship.column.as_ref().ok_or_else(|| format!("{path} has no column"))?.to_string();
        let mut link = LinkEntity {
            name: relationship.other_entity.to_string(),
            from,
            to: outer.summary.primary_id.to_string(),
            link_type: LinkType::Any,
            ..LinkEntity::default()
        };
        if self.eat(")") {
            return Ok(Part::Link(link));
        }
        let variable = self.word().to_owned();
        if variable.is_empty() || !self.eat(":") {
            return Err("any(…) begins with a name and a colon".to_owned());
        }
        let schema = self
            .metadata
            .schema(relationship.other_entity.as_str())
            .ok_or_else(|| format!("{} is not known", relationship.other_entity))?;
        self.scope.push((variable, schema));
        let inner = self.either();
        self.scope.pop();
        link.filter = Some(inner?.into_filter());
        if !self.eat(")") {
            return Err("any(…) lacks its closing parenthesis".to_owned());
        }
        Ok(Part::Link(link))
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(30).collect()
}
