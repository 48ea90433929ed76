//! `$filter` and `$orderby`: recursive descent into the query model.
use super::relations::collection;
use crate::data::{Entity, Schema, Table, Value};
use crate::dataverse::coerce::from_text;
use crate::dataverse::error::{Outcome, ServiceError};
use crate::dataverse::query::order::Order;
use crate::dataverse::query::{Comparison, Expr, Path, Test, text::pattern};
use crate::dataverse::store::Store;
use uuid::Uuid;

/// What conditions may refer to besides the row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) schema: &'a Schema,
    /// Seconds since 1970.
    pub(crate) now: i64,
    pub(crate) user: Uuid,
    pub(crate) unit: Uuid,
    /// Tables the caller may not read, as bits by their number.
    pub(crate) hidden: u64,
    /// Where it is known who belongs to whom.
    pub(crate) store: Option<&'a Store>,
}

/// Deepest nesting of parentheses.
const DEPTH: usize = 100;

pub(super) struct Parser<'a> {
    text: &'a str,
    pub(super) at: usize,
    pub(super) setting: Setting<'a>,
    /// Range variables: name, table; the first is the row itself. The position is the slot.
    scope: Vec<(String, Table)>,
    depth: usize,
    /// What was read last is a query function.
    pub(super) named: bool,
}

/// Reads a `$filter`.
pub(crate) fn filter(setting: Setting<'_>, table: Table, text: &str) -> Outcome<Expr> {
    let mut parser =
        Parser { text, at: 0, setting, scope: vec![("$it".into(), table)], depth: 0, named: false };
    let expr = parser.or()?;
    parser.space();
    if parser.at < text.len() {
        return Err(parser.error("the end of the filter"));
    }
    Ok(expr)
}

/// Reads an `$orderby`.
pub(crate) fn orderby(setting: Setting<'_>, table: Table, text: &str) -> Outcome<Vec<Order>> {
    let mut out = Vec::new();
    for part in text.split(',') {
        let mut words = part.split_whitespace();
        let path = words.next().ok_or_else(|| ServiceError::odata("Expression expected in $orderby."))?;
        let (direction, more) = (words.next(), words.next());
        if let Some(more) = more {
            return Err(ServiceError::odata(format!(
                "Syntax error in $orderby: ',' or the end was expected in place of '{more}'."
            )));
        }
        let descending = match direction {
            None | Some("asc") => false,
            Some("desc") => true,
            Some(other) => {
                return Err(ServiceError::odata(format!(
                    "Syntax error in $orderby: '{other}' is neither asc nor desc."
                )));
            }
        };
        let mut parser =
            Parser { text: path, at: 0, setting, scope: vec![("$it".into(), table)], depth: 0, named: false };
        out.push((parser.path(path)?, descending));
    }
    Ok(out)
}

impl<'a> Parser<'a> {
    pub(super) fn error(&self, wanted: &str) -> ServiceError {
        ServiceError::odata(format!(
            "Syntax error at position {} in '{}': {wanted} was expected.",
            self.at, self.text
        ))
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Takes a word only when it stands alone.
    fn keyword(&mut self, word: &str) -> bool {
        self.space();
        let Some(after) = self.rest().strip_prefix(word) else { return false };
        let alone =
            after.chars().next().is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == '/' || c == '.'));
        if alone {
            self.at += word.len();
        }
        alone
    }

    pub(super) fn word(&mut self) -> &'a str {
        self.space();
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '$' | '@')))
            .unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    pub(super) fn entity(&self, slot: usize) -> &'a Entity {
        self.setting.schema.entity(self.scope[slot].1)
    }

    fn or(&mut self) -> Outcome<Expr> {
        let mut all = vec![self.and()?];
        while self.keyword("or") {
            all.push(self.and()?);
        }
        self.named &= all.len() == 1;
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::Or(all) })
    }

    fn and(&mut self) -> Outcome<Expr> {
        let mut all = vec![self.unary()?];
        while self.keyword("and") {
            all.push(self.unary()?);
        }
        self.named &= all.len() == 1;
        Ok(if all.len() == 1 { all.remove(0) } else { Expr::And(all) })
    }

    fn unary(&mut self) -> Outcome<Expr> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(ServiceError::odata("The filter is nested too deeply."));
        }
        let out = if self.keyword("not") {
            let inner = self.unary()?;
            // "Use Web API functions", limitations of query functions.
            if self.named {
                return Err(super::functions::no_not());
            }
            Expr::Not(Box::new(inner))
        } else if self.eat("(") {
            let inner = self.or()?;
            if !self.eat(")") {
                return Err(self.error("')'"));
            }
            inner
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(out)
    }

    fn primary(&mut self) -> Outcome<Expr> {
        self.named = false;
        let word = self.word();
        if word.is_empty() {
            return Err(self.error("an expression"));
        }
        if self.rest().starts_with('(') {
            self.at += 1;
            return match word {
                "contains" | "startswith" | "endswith" => self.text_function(word),
                _ => match word.strip_prefix("Microsoft.Dynamics.CRM.") {
                    Some(name) => self.query_function(name),
                    None => match word.rsplit_once('/') {
                        Some((path, kind @ ("any" | "all"))) => self.lambda(path, kind == "all"),
                        _ => Err(ServiceError::odata(format!(
                            "An unknown function with name '{word}' was found."
                        ))),
                    },
                },
            };
        }
        let path = self.path(word)?;
        let operator = self.word();
        let Some(comparison) = Comparison::parse(operator).filter(|_| operator != "neq") else {
            return Err(self.error("one of eq, ne, gt, ge, lt, le"));
        };
        self.space();
        let start = self.at;
        if self.rest().starts_with(|c: char| c.is_alphabetic() || c == '_') {
            let word = self.word();
            if !matches!(word, "null" | "true" | "false")
                && !self.rest().starts_with('-')
                && let Ok(right) = self.path(word)
            {
                return Ok(Expr::Columns(path, comparison, right));
            }
            self.at = start;
        }
        let value = self.literal(&path)?;
        Ok(Expr::Test(path, Test::Is(comparison, value)))
    }

    /// A path of lookups and a column, relative to a range variable or the row.
    fn path(&mut self, word: &str) -> Outcome<Path> {
        let mut parts: Vec<&str> = word.split('/').collect();
        let slot = match self.scope.iter().position(|(name, _)| *name == parts[0]) {
            Some(slot) => {
                parts.remove(0);
                slot
            }
            None => 0,
        };
        let Some(last) = parts.pop() else { return Err(self.error("a column")) };
        let (mut entity, mut hops) = (self.entity(slot), Vec::new());
        for (at, part) in parts.iter().enumerate() {
            let (column, target) =
                entity.navigation(part).ok_or_else(|| ServiceError::no_property(part, entity.logical))?;
            // An owner is of the abstract type principal, which has nothing but its key ("principal EntityType").
            if entity.columns[column].is_owner() {
                if at + 1 < parts.len() || last != "ownerid" {
                    return Err(ServiceError::no_property(last, "principal"));
                }
                return Ok(Path { slot, hops, table: entity.table, column });
            }
            hops.push(column);
            entity = self.setting.schema.entity(target.table);
        }
        let column =
            entity.wire_column(last).ok_or_else(|| ServiceError::no_property(last, entity.logical))?;
        Ok(Path { slot, hops, table: entity.table, column })
    }

    fn text_function(&mut self, name: &str) -> Outcome<Expr> {
        let word = self.word();
        let path = self.path(word)?;
        if !self.eat(",") {
            return Err(self.error("','"));
        }
        self.space();
        let text = self.quoted('\'')?;
        if !self.eat(")") {
            return Err(self.error("')'"));
        }
        let text = match name {
            "contains" => format!("%{text}%"),
            "startswith" => format!("{text}%"),
            _ => format!("%{text}"),
        };
        Ok(Expr::Test(path, Test::Like(pattern(&text))))
    }

    fn lambda(&mut self, path: &str, all: bool) -> Outcome<Expr> {
        let (slot, name) = match path.split_once('/') {
            Some((variable, name)) => match self.scope.iter().position(|s| s.0 == variable) {
                Some(slot) => (slot, name),
                None => return Err(ServiceError::no_segment(path)),
            },
            None => (0, path),
        };
        let relation = collection(self.setting.schema, self.scope[slot].1, name)
            .ok_or_else(|| ServiceError::no_property(name, self.entity(slot).logical))?;
        if self.eat(")") {
            return Ok(Expr::Related { slot, relation, inner: Box::new(Expr::And(vec![])), all: false });
        }
        let variable = self.word().to_owned();
        if variable.is_empty() || !self.eat(":") {
            return Err(self.error("a range variable and ':'"));
        }
        self.scope.push((variable, relation.target()));
        let inner = self.or();
        self.scope.pop();
        let inner = Box::new(inner?);
        if !self.eat(")") {
            return Err(self.error("')'"));
        }
        Ok(Expr::Related { slot, relation, inner, all })
    }

    pub(super) fn quoted(&mut self, quote: char) -> Outcome<String> {
        if !self.rest().starts_with(quote) {
            return Err(self.error("a quoted string"));
        }
        self.at += 1;
        let mut out = String::new();
        let mut chars = self.rest().char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c != quote {
                if c == '\\' && quote == '"' {
                    if let Some((_, escaped)) = chars.next() {
                        out.push(escaped);
                    }
                    continue;
                }
                out.push(c);
            } else if quote == '\'' && chars.peek().is_some_and(|n| n.1 == '\'') {
                out.push('\'');
                chars.next();
            } else {
                self.at += at + 1;
                return Ok(out);
            }
        }
        Err(self.error("the end of a string"))
    }

    fn literal(&mut self, path: &Path) -> Outcome<Value> {
        let column = &self.setting.schema.entity(path.table).columns[path.column];
        self.space();
        if self.keyword("null") {
            return Ok(Value::Null);
        }
        let is_text = self.rest().starts_with('\'');
        let text = if is_text {
            self.quoted('\'')?
        } else {
            let rest = self.rest();
            let end = rest.find([' ', ')', ',']).unwrap_or(rest.len());
            self.at += end;
            rest[..end].to_owned()
        };
        let textual = matches!(
            column.kind,
            crate::data::Kind::Text { .. }
                | crate::data::Kind::Memo { .. }
                | crate::data::Kind::EntityName
                | crate::data::Kind::Choices { .. }
        );
        if !is_text {
            dated(&column.kind, &text)?;
        }
        match from_text(column, &text)
            .filter(|_| textual == is_text && !text.is_empty() || is_text && textual)
        {
            Some(value) => Ok(value),
            None => Err(ServiceError::odata(format!(
                "A binary operator with incompatible types was detected. '{text}' is no value for the column '{}'.",
                column.logical
            ))),
        }
    }
}

/// Dates as the service's library reads them: a moment must tell its zone, a day alone goes for its midnight in UTC, and where the column
/// holds days (`Edm.Date`) nothing else does (OData/odata.net: TypePromotionUtils, UriUtils).
pub(crate) fn dated(kind: &crate::data::Kind, text: &str) -> Outcome<()> {
    let crate::data::Kind::DateTime { behavior, .. } = kind else { return Ok(()) };
    if crate::dataverse::coerce::date(text).is_some() {
        return Ok(());
    }
    if text.parse::<jiff::Timestamp>().is_err() || !text.contains('T') {
        return Err(ServiceError::odata(format!(
            "The DateTimeOffset text '{text}' should be in format 'yyyy-mm-ddThh:mm:ss('.'s+)?(zzzzzz)?' and each field value is within valid range."
        )));
    }
    if *behavior == "DateOnly" {
        return Err(ServiceError::odata(
            "A binary operator with incompatible types was detected. Found operand types 'Edm.Date' and 'Edm.DateTimeOffset' for operator kind 'Equal'.",
        ));
    }
    Ok(())
}
