//! A FetchXML filter as `$filter`.

use syncline_fetchxml::{
    Arity, Condition, Family, Filter, FilterKind, LinkEntity, LinkType, Metadata, Operator,
};
use syncline_model::{Column, ColumnType, EntitySchema, RelationshipKind};
use syncline_odata::{guid, string_literal};

use super::functions::function_of;
use crate::encode::date_text;

/// Writes filters; what has no counterpart goes to `reasons`.
pub(super) struct FilterWriter<'a> {
    pub(super) metadata: &'a dyn Metadata,
    pub(super) reasons: Vec<String>,
    variables: usize,
}

/// Where the columns of a filter are: the entity, and what stands before their names.
pub(super) struct Scope<'a> {
    pub(super) schema: &'a EntitySchema,
    /// Empty, `o1/` in a lambda, `parentcustomerid_account/` through a lookup.
    pub(super) prefix: String,
    /// Joined entities by alias, reached through lookups.
    pub(super) joined: Vec<(String, &'a EntitySchema, String)>,
}

impl<'a> FilterWriter<'a> {
    pub(super) fn new(metadata: &'a dyn Metadata) -> Self {
        Self { metadata, reasons: Vec::new(), variables: 0 }
    }

    /// The filter's text; empty for one that asks nothing.
    pub(super) fn filter(&mut self, filter: &Filter, scope: &Scope<'a>) -> String {
        if filter.quick_find_fields {
            self.reasons.push("quick find filters have no counterpart in OData".to_owned());
        }
        let mut parts: Vec<String> =
            filter.conditions.iter().map(|condition| self.condition(condition, scope)).collect();
        for link in &filter.links {
            parts.push(self.link(link, scope));
        }
        for inner in &filter.filters {
            let text = self.filter(inner, scope);
            let several = inner.conditions.len() + inner.filters.len() + inner.links.len() > 1;
            parts.push(if several { format!("({text})") } else { text });
        }
        parts.retain(|part| !part.is_empty());
        parts.join(match filter.kind {
            FilterKind::And => " and ",
            FilterKind::Or => " or ",
        })
    }

    fn condition(&mut self, condition: &Condition, scope: &Scope<'a>) -> String {
        let (schema, prefix) = match &condition.entity_name {
            None => (scope.schema, scope.prefix.as_str()),
            Some(alias) => match scope.joined.iter().find(|(known, _, _)| known == alias) {
                Some((_, schema, prefix)) => (*schema, prefix.as_str()),
                None => {
                    self.reasons.push(format!("a condition on the linked entity {alias} has no counterpart"));
                    return String::new();
                }
            },
        };
        let Some(column) = schema.column(&condition.attribute) else {
            self.reasons.push(format!("{} is not known", condition.attribute));
            return String::new();
        };
        let name = format!("{prefix}{}", column.wire_name());
        if let Some(other) = &condition.value_of {
            return self.compared(&name, condition, other, schema, prefix);
        }
        match self.test(&name, condition, column, prefix) {
            Ok(text) => text,
            Err(reason) => {
                self.reasons.push(reason);
                String::new()
            }
        }
    }

    fn compared(
        &mut self,
        name: &str,
        condition: &Condition,
        other: &str,
        schema: &EntitySchema,
        prefix: &str,
    ) -> String {
        match schema.column(other) {
            Some(second) => format!("{name} {} {prefix}{}", condition.operator, second.wire_name()),
            None => {
                self.reasons
                    .push(format!("{other} is in another row; OData compares columns of one row only"));
                String::new()
            }
        }
    }

    fn test(
        &self,
        name: &str,
        condition: &Condition,
        column: &Column,
        prefix: &str,
    ) -> Result<String, String> {
        let operator = condition.operator;
        let first = condition.values.first().map(String::as_str).unwrap_or_default();
        let text = Family::of(column.column_type) == Family::Text;
        Ok(match operator {
            Operator::Null => format!("{name} eq null"),
            Operator::NotNull => format!("{name} ne null"),
            Operator::Eq | Operator::Ne | Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le => {
                format!("{name} {operator} {}", literal(first, column)?)
            }
            Operator::Like if text => like(name, first)?,
            Operator::NotLike if text => format!("not {}", like(name, first)?),
            Operator::BeginsWith if text => format!("startswith({name},{})", string_literal(first)),
            Operator::NotBeginWith if text => format!("not startswith({name},{})", string_literal(first)),
            Operator::EndsWith if text => format!("endswith({name},{})", string_literal(first)),
            Operator::NotEndWith if text => format!("not endswith({name},{})", string_literal(first)),
            other => {
                let function =
                    function_of(other).ok_or_else(|| format!("{other} has no counterpart in OData"))?;
                if !prefix.is_empty() {
                    return Err(format!("{function} works on columns of the entity itself, not on {name}"));
                }
                let property = string_literal(column.logical_name.as_str());
                let values: Vec<String> = condition
                    .values
                    .iter()
                    .map(|value| format!("\"{}\"", value.trim().replace('\\', "\\\\").replace('"', "\\\"")))
                    .collect();
                let argument = match other.arity() {
                    Arity::Zero => String::new(),
                    Arity::One if other.takes_count() => format!(",PropertyValue={}", first.trim()),
                    Arity::One => format!(",PropertyValue={}", string_literal(first)),
                    Arity::Two if other.as_str().ends_with("period-and-year") => {
                        let second = condition.values.get(1).map(String::as_str).unwrap_or_default();
                        format!(",PropertyValue1={},PropertyValue2={}", first.trim(), second.trim())
                    }
                    Arity::Two | Arity::Many => format!(",PropertyValues=[{}]", values.join(",")),
                };
                format!("Microsoft.Dynamics.CRM.{function}(PropertyName={property}{argument})")
            }
        })
    }

    /// Linked rows inside a filter: a lambda over the relationship's collection.
    pub(super) fn link(&mut self, link: &LinkEntity, scope: &Scope<'a>) -> String {
        let near = scope.schema.relationships.iter().find(|relationship| {
            relationship.kind == RelationshipKind::OneToMany
                && relationship.other_entity.as_str() == link.name
                && relationship.column.as_ref().is_some_and(|column| column.as_str() == link.from)
                && scope.schema.summary.primary_id.as_str() == link.to
        });
        let (Some(navigation), Some(schema)) = (
            near.and_then(|relationship| relationship.navigation_property.as_deref()),
            self.metadata.schema(&link.name),
        ) else {
            self.reasons.push(format!(
                "no one-to-many relationship leads from {} to {} over {}",
                scope.schema.summary.logical_name, link.name, link.from
            ));
            return String::new();
        };
        if !link.links.is_empty() {
            self.reasons.push(format!("links inside the link to {} have no counterpart", link.name));
        }
        self.variables += 1;
        let variable = format!("o{}", self.variables);
        let inner = Scope { schema, prefix: format!("{variable}/"), joined: vec![] };
        let test = link.filter.as_ref().map_or_else(String::new, |filter| self.filter(filter, &inner));
        let path = format!("{}{navigation}", scope.prefix);
        let any =
            if test.is_empty() { format!("{path}/any()") } else { format!("{path}/any({variable}:{test})") };
        match link.link_type {
            LinkType::Any | LinkType::NotAll | LinkType::Exists | LinkType::In => any,
            LinkType::NotAny => format!("not {any}"),
            // Linked rows exist and none of them passes (FetchXML, filter on related rows).
            LinkType::All => format!("({path}/any() and not {any})"),
            LinkType::Inner | LinkType::Outer | LinkType::MatchFirstRow => {
                self.reasons.push(format!("the link to {} repeats rows", link.name));
                String::new()
            }
        }
    }
}

fn like(name: &str, pattern: &str) -> Result<String, String> {
    let (open, rest) = pattern.strip_prefix('%').map_or((false, pattern), |rest| (true, rest));
    let (end, inner) = rest.strip_suffix('%').map_or((false, rest), |inner| (true, inner));
    let value = string_literal(inner);
    Ok(match (open, end) {
        (true, true) => format!("contains({name},{value})"),
        (false, true) => format!("startswith({name},{value})"),
        (true, false) => format!("endswith({name},{value})"),
        (false, false) if !inner.contains(['%', '_', '[']) => format!("{name} eq {value}"),
        (false, false) => {
            return Err(format!(
                "the pattern {pattern:?} is neither a beginning, an end nor a part of a text"
            ));
        }
    })
}

/// A value as a literal of its column's type.
fn literal(value: &str, column: &Column) -> Result<String, String> {
    let text = value.trim();
    let name = &column.logical_name;
    match Family::of(column.column_type) {
        Family::Text => Ok(string_literal(value)),
        Family::Number | Family::Choice if column.column_type != ColumnType::Boolean => {
            match text.parse::<rust_decimal::Decimal>() {
                Ok(number) => Ok(number.to_string()),
                Err(_) => Err(format!("{text:?} is no number for {name}")),
            }
        }
        Family::Choice => match text.to_ascii_lowercase().as_str() {
            "1" | "true" => Ok("true".to_owned()),
            "0" | "false" => Ok("false".to_owned()),
            _ => Err(format!("{text:?} is neither true nor false for {name}")),
        },
        Family::Date => date_text(column, text).ok_or_else(|| format!("{text:?} is no date for {name}")),
        Family::Id | Family::Owner => guid(text).ok_or_else(|| format!("{text:?} is no id for {name}")),
        Family::Number | Family::Choices | Family::Other => Err(format!("{name} can't be compared in OData")),
    }
}
