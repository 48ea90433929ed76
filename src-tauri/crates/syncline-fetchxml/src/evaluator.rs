//! Making a filter ready: columns found, values parsed, spans of time computed.

use rust_decimal::Decimal;
use syncline_model::{DateTimeBehavior, EntitySchema, Value};

use crate::ast::{Condition, Filter};
use crate::evaluate::{Asker, Check, Group, Key, Relation, Test, Unsupported, codes, key};
use crate::like::Pattern;
use crate::{Family, Operator, period};

/// The tests of a filter, for records of an entity as one person asks.
pub(crate) fn group(filter: &Filter, schema: &EntitySchema, now: &Asker) -> Result<Group, Unsupported> {
    if let Some(link) = filter.links.first() {
        return Err(Unsupported::Linked(link.name.clone()));
    }
    Ok(Group {
        kind: filter.kind,
        tests: filter
            .conditions
            .iter()
            .map(|condition| test(condition, schema, now))
            .collect::<Result<_, _>>()?,
        groups: filter
            .filters
            .iter()
            .filter(|inner| !inner.is_empty())
            .map(|inner| group(inner, schema, now))
            .collect::<Result<_, _>>()?,
    })
}

fn test(condition: &Condition, schema: &EntitySchema, asker: &Asker) -> Result<Test, Unsupported> {
    use Operator as O;
    let operator = condition.operator;
    if let Some(alias) = &condition.entity_name {
        return Err(Unsupported::Linked(alias.clone()));
    }
    let column = schema
        .column(&condition.attribute)
        .ok_or_else(|| Unsupported::Column(condition.attribute.clone()))?;
    let family = Family::of(column.column_type);
    let wrong = |value: &str| Unsupported::Value {
        attribute: condition.attribute.clone(),
        operator,
        value: value.to_owned(),
    };
    let nth = |n: usize| condition.values.get(n).map(String::as_str).ok_or_else(|| wrong(""));
    let parsed = |text: &str| key(family, &Value::from(text)).ok_or_else(|| wrong(text));
    let all = || condition.values.iter().map(|text| parsed(text)).collect::<Result<Vec<_>, _>>();
    let relation = |relation: Relation| -> Result<Check, Unsupported> {
        Ok(match &condition.value_of {
            Some(other) if other.contains('.') => return Err(Unsupported::Linked(other.clone())),
            Some(other) if schema.column(other).is_none() => return Err(Unsupported::Column(other.clone())),
            Some(other) => Check::Columns(relation, other.clone()),
            None => Check::Compare(relation, parsed(nth(0)?)?),
        })
    };
    let like = |before: &str, after: &str| -> Result<Check, Unsupported> {
        Ok(Check::Like(Pattern::new(&format!("{before}{}{after}", nth(0)?))))
    };
    let selected = || -> Result<Check, Unsupported> {
        let mut wanted = Vec::new();
        for text in &condition.values {
            wanted.extend(codes(&Value::from(text.as_str())).ok_or_else(|| wrong(text))?);
        }
        Ok(Check::Selected(wanted))
    };
    let behavior = column.behavior.unwrap_or(DateTimeBehavior::UserLocal);
    let who = |id: &Option<String>| -> Result<Check, Unsupported> {
        let id = id.as_ref().ok_or(Unsupported::Operator(operator))?;
        Ok(Check::OneOf(vec![parsed(id)?]))
    };
    let mut negative = false;
    let check = match operator {
        O::Null => Check::Empty(true),
        O::NotNull => Check::Empty(false),
        O::Eq => relation(Relation::Equal)?,
        O::Ne => {
            negative = true;
            relation(Relation::Equal)?
        }
        O::Gt => relation(Relation::Greater)?,
        O::Ge => relation(Relation::GreaterOrEqual)?,
        O::Lt => relation(Relation::Less)?,
        O::Le => relation(Relation::LessOrEqual)?,
        O::In => Check::OneOf(all()?),
        O::NotIn => {
            negative = true;
            Check::OneOf(all()?)
        }
        O::Between => Check::Between(parsed(nth(0)?)?, parsed(nth(1)?)?),
        O::NotBetween => {
            negative = true;
            Check::Between(parsed(nth(0)?)?, parsed(nth(1)?)?)
        }
        O::Like => like("", "")?,
        O::NotLike => {
            negative = true;
            like("", "")?
        }
        O::BeginsWith => like("", "%")?,
        O::NotBeginWith => {
            negative = true;
            like("", "%")?
        }
        O::EndsWith => like("%", "")?,
        O::NotEndWith => {
            negative = true;
            like("%", "")?
        }
        O::ContainValues => selected()?,
        O::NotContainValues => {
            negative = true;
            selected()?
        }
        O::On | O::OnOrBefore | O::OnOrAfter => {
            let text = nth(0)?;
            let span = period::day_span(operator, text, asker.now.time_zone()).ok_or_else(|| wrong(text))?;
            Check::Within(span, behavior)
        }
        O::EqUserId => who(&asker.user)?,
        O::NeUserId => {
            negative = true;
            who(&asker.user)?
        }
        O::EqBusinessId => who(&asker.business_unit)?,
        O::NeBusinessId => {
            negative = true;
            who(&asker.business_unit)?
        }
        O::EqUserLanguage => {
            let language = asker.language.ok_or(Unsupported::Operator(operator))?;
            Check::OneOf(vec![Key::Number(Decimal::from(language))])
        }
        relative => {
            let numbers = condition
                .values
                .iter()
                .filter(|text| !text.trim().is_empty())
                .map(|text| text.trim().parse::<i64>().ok().filter(|n| *n >= 0).ok_or_else(|| wrong(text)))
                .collect::<Result<Vec<_>, _>>()?;
            if numbers.is_empty() && relative.takes_count() {
                return Err(wrong(""));
            }
            if relative == O::InFiscalPeriod {
                Check::FiscalPeriod(numbers.first().copied().unwrap_or_default(), asker.fiscal)
            } else {
                let span = period::span(relative, &numbers, &asker.now, &asker.fiscal)
                    .ok_or(Unsupported::Operator(operator))?;
                Check::Within(span, behavior)
            }
        }
    };
    Ok(Test { attribute: condition.attribute.clone(), family, negative, check })
}
