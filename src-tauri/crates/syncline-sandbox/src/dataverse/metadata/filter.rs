//! `$filter` on metadata: properties compared with `eq` and `ne`, joined by `and`, `or`, `not` and parentheses.
//! Only primitive and enumeration properties can be compared, the latter with a literal that names its type
//! (Dataverse Web API, query table definitions).
use super::types::{Kind, Type};
use crate::dataverse::error::{Outcome, ServiceError};
use serde_json::{Value as Json, json};

/// Deepest nesting.
const DEPTH: usize = 50;

/// A filter, understood.
#[derive(Debug)]
pub(super) enum Filter {
    Test { path: Vec<String>, equal: bool, wanted: Json },
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
}

/// A value as it is written.
#[derive(Debug, PartialEq)]
enum Literal {
    Null,
    Text(String),
    Member { of: String, member: String },
    Id(uuid::Uuid),
    Flag(bool),
    Number(serde_json::Number),
}

impl Filter {
    pub(super) fn parse(kind: &Kind, text: &str) -> Outcome<Self> {
        let mut parser = Parser { kind, text, at: 0, depth: 0 };
        let out = parser.any()?;
        parser.space();
        if parser.at < text.len() {
            return Err(parser.error("the end of the filter"));
        }
        Ok(out)
    }

    pub(super) fn holds(&self, item: &Json) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.holds(item)),
            Self::Any(any) => any.iter().any(|one| one.holds(item)),
            Self::Not(inner) => !inner.holds(item),
            Self::Test { path, equal, wanted } => {
                let found = path.iter().fold(item, |at, name| &at[name.as_str()]);
                (found == wanted) == *equal
            }
        }
    }
}

struct Parser<'a> {
    kind: &'a Kind,
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn error(&self, wanted: &str) -> ServiceError {
        ServiceError::odata(format!(
            "Syntax error at position {} in '{}': {wanted} was expected.",
            self.at, self.text
        ))
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn mark(&mut self, mark: char) -> bool {
        self.space();
        let found = self.rest().starts_with(mark);
        if found {
            self.at += mark.len_utf8();
        }
        found
    }

    /// Letters, digits and what joins them.
    fn word(&mut self) -> &'a str {
        self.space();
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '-')))
            .unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let before = self.at;
        let found = self.word() == keyword;
        if !found {
            self.at = before;
        }
        found
    }

    fn any(&mut self) -> Outcome<Filter> {
        let mut any = vec![self.all()?];
        while self.keyword("or") {
            any.push(self.all()?);
        }
        Ok(Filter::Any(any))
    }

    fn all(&mut self) -> Outcome<Filter> {
        let mut all = vec![self.one()?];
        while self.keyword("and") {
            all.push(self.one()?);
        }
        Ok(Filter::All(all))
    }

    fn one(&mut self) -> Outcome<Filter> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(ServiceError::odata("The filter is nested too deeply."));
        }
        let out = if self.keyword("not") {
            Filter::Not(Box::new(self.one()?))
        } else if self.mark('(') {
            let inner = self.any()?;
            if !self.mark(')') {
                return Err(self.error("')'"));
            }
            inner
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(out)
    }

    fn test(&mut self) -> Outcome<Filter> {
        let written = self.word();
        if written.is_empty() {
            return Err(self.error("a property"));
        }
        if self.rest().starts_with('(') {
            return Err(ServiceError::odata(format!(
                "The function '{written}' is not supported in metadata queries."
            )));
        }
        let path: Vec<String> = written.split('/').map(str::to_owned).collect();
        let found = match path.as_slice() {
            [name] => self.kind.property(name)?,
            [name, value] => match self.kind.property(name)? {
                Type::ValueOf(inner) if value == "Value" => *inner,
                Type::Label => Type::Label,
                _ => return Err(ServiceError::no_property(value, name)),
            },
            _ => return Err(ServiceError::no_property(written, self.kind.name)),
        };
        let equal = match self.word() {
            "eq" => true,
            "ne" => false,
            _ => return Err(self.error("eq or ne")),
        };
        let literal = self.literal()?;
        let wanted = typed(written, found, literal)?;
        Ok(Filter::Test { path, equal, wanted })
    }

    fn literal(&mut self) -> Outcome<Literal> {
        let word = self.word();
        if self.rest().starts_with('\'') {
            let text = self.quoted()?;
            if word.is_empty() {
                return Ok(Literal::Text(text));
            }
            let of = word.strip_prefix("Microsoft.Dynamics.CRM.").ok_or_else(|| {
                ServiceError::odata(format!("The type '{word}' of the literal '{text}' is not known."))
            })?;
            return Ok(Literal::Member { of: of.to_owned(), member: text });
        }
        Ok(match word {
            "null" => Literal::Null,
            "true" => Literal::Flag(true),
            "false" => Literal::Flag(false),
            other => match (other.parse::<uuid::Uuid>(), other.parse::<serde_json::Number>()) {
                (Ok(id), _) if other.len() == 36 => Literal::Id(id),
                (_, Ok(number)) => Literal::Number(number),
                _ => return Err(self.error("a value")),
            },
        })
    }

    fn quoted(&mut self) -> Outcome<String> {
        self.at += 1;
        let mut out = String::new();
        let mut letters = self.rest().char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            if letter != '\'' {
                out.push(letter);
            } else if letters.next_if(|next| next.1 == '\'').is_some() {
                out.push('\'');
            } else {
                self.at += at + 1;
                return Ok(out);
            }
        }
        Err(self.error("the end of a string"))
    }
}

/// The value to compare with, when it is of the property's type.
fn typed(written: &str, found: Type, literal: Literal) -> Outcome<Json> {
    let wanted = match (found, literal) {
        (Type::Label | Type::Other | Type::ValueOf(_), _) => {
            return Err(ServiceError::odata(format!(
                "The property '{written}' cannot be used in a metadata filter: it is neither primitive nor an enumeration."
            )));
        }
        (_, Literal::Null) => Some(Json::Null),
        (Type::Text, Literal::Text(text)) => Some(Json::String(text)),
        (Type::Id, Literal::Id(id)) => Some(json!(id)),
        (Type::Flag, Literal::Flag(flag)) => Some(Json::Bool(flag)),
        (Type::Number, Literal::Number(number)) => Some(Json::Number(number)),
        (Type::Enum(of), Literal::Member { of: named, member }) if of.name == named => {
            if !of.members.contains(&member.as_str()) {
                return Err(ServiceError::odata(format!(
                    "The string '{member}' is not a valid enumeration type constant."
                )));
            }
            Some(Json::String(member))
        }
        (Type::Text | Type::Id | Type::Flag | Type::Number | Type::Enum(_), _) => None,
    };
    wanted.ok_or_else(|| {
        ServiceError::odata(format!(
            "A binary operator with incompatible types was detected. The value given is not of the type of '{written}'."
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Outcome<Filter> {
        Filter::parse(&Kind::entity(), text)
    }

    #[test]
    fn literals_are_of_the_propertys_type() {
        for good in [
            "LogicalName eq 'it''s'",
            "LogicalName eq 'a or b' or LogicalName eq ' and (x'",
            "OwnershipType eq Microsoft.Dynamics.CRM.OwnershipTypes'UserOwned'",
            "MetadataId eq 70816501-edb9-4740-a16c-6a5efbc05d84",
            "ObjectTypeCode eq 2 and not (IsCustomEntity eq true)",
            "CanCreateAttributes/Value eq true and PrimaryNameAttribute ne null",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "Nonsense eq 'x'",
            "LogicalName eq %27account%27",
            "LogicalName eq account",
            "LogicalName eq \"account\"",
            "LogicalName eq 'a'b'",
            "LogicalName eq 'a",
            "LogicalName eq 5",
            "LogicalName gt 'a'",
            "OwnershipType eq 'UserOwned'",
            "OwnershipType eq Microsoft.Dynamics.CRM.AttributeTypeCode'String'",
            "OwnershipType eq Microsoft.Dynamics.CRM.OwnershipTypes'Nobody'",
            "OwnershipType eq OwnershipTypes'UserOwned'",
            "MetadataId eq '70816501-edb9-4740-a16c-6a5efbc05d84'",
            "IsCustomEntity eq 'true'",
            "CanCreateAttributes eq true",
            "DisplayName eq 'Account'",
            "DisplayName/UserLocalizedLabel/Label eq 'Account'",
            "contains(LogicalName,'a')",
            "(LogicalName eq 'a'",
        ] {
            let refused = parse(bad).unwrap_err();
            assert_eq!((refused.status, refused.code), (400, "0x80060888"), "{bad}");
        }
    }

    #[test]
    fn quotes_and_parentheses_are_understood() {
        let filter = parse("(LogicalName eq 'a or b' or IsActivity eq true) and IsPrivate ne true").unwrap();
        assert!(filter.holds(&json!({ "LogicalName": "a or b", "IsActivity": false, "IsPrivate": false })));
        assert!(filter.holds(&json!({ "LogicalName": "c", "IsActivity": true, "IsPrivate": false })));
        assert!(!filter.holds(&json!({ "LogicalName": "a or b", "IsActivity": true, "IsPrivate": true })));
        assert!(!filter.holds(&json!({ "LogicalName": "b", "IsActivity": false, "IsPrivate": false })));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,60}") {
            let _ = parse(&text);
        }
    }
}
