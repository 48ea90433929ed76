//! Checking a filter against an entity before it runs: columns, operators, numbers and forms of values.

use rust_decimal::Decimal;
use syncline_model::{Column, ColumnType, DateTimeBehavior, EntitySchema, Problem, nearest};

use crate::ast::{Condition, Filter, LinkEntity};
use crate::{Family, Operator};

/// Codes of problems that hinder nothing.
const WARNINGS: &[&str] = &["unknown_choice", "linked_condition", "time_ignored"];

/// True for a problem that hinders nothing: the filter may run.
pub fn is_warning(problem: &Problem) -> bool {
    WARNINGS.contains(&problem.code.as_str())
}

/// Everything wrong with a filter on an entity, at once. The path is empty; the place in the text is part of the message.
/// Inner filters of linked entities are not checked, as their schema is not here.
pub fn check(filter: &Filter, schema: &EntitySchema) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_filter(filter, schema, &mut problems);
    let parts = count(filter);
    if parts > 500 {
        problems.push(problem(
            None,
            "too_many_conditions",
            format!("the filter has {parts} conditions and links, the service takes 500"),
        ));
    }
    problems
}

fn count(filter: &Filter) -> usize {
    filter.conditions.len()
        + filter.filters.iter().map(count).sum::<usize>()
        + filter.links.iter().map(|link| 1 + link.filter.as_ref().map_or(0, count)).sum::<usize>()
}

fn problem(condition: Option<&Condition>, code: &str, message: String) -> Problem {
    let place = condition.and_then(|condition| condition.place.0);
    Problem::new(
        "",
        code,
        match place {
            Some(position) => format!("{position}: {message}"),
            None => message,
        },
    )
}

fn check_filter(filter: &Filter, schema: &EntitySchema, problems: &mut Vec<Problem>) {
    for condition in &filter.conditions {
        check_condition(condition, schema, problems);
    }
    for inner in &filter.filters {
        check_filter(inner, schema, problems);
    }
    for link in &filter.links {
        check_link(link, schema, problems);
    }
}

fn check_link(link: &LinkEntity, schema: &EntitySchema, problems: &mut Vec<Problem>) {
    if schema.column(&link.to).is_none() {
        problems.push(unknown_column(None, &link.to, schema));
    }
}

fn unknown_column(condition: Option<&Condition>, name: &str, schema: &EntitySchema) -> Problem {
    let entity = &schema.summary.logical_name;
    let found = problem(condition, "unknown_column", format!("{entity} has no column {name:?}"));
    match meant_column(name, schema) {
        Some(meant) => found.hint(format!("did you mean {meant:?}?")),
        None => found.hint("look the column up in the entity's description"),
    }
}

/// The column that an unknown name most likely stands for: a wire name, a display name, or the nearest logical name.
pub(crate) fn meant_column<'a>(name: &'a str, schema: &'a EntitySchema) -> Option<&'a str> {
    let wire = name.strip_prefix('_').and_then(|rest| rest.strip_suffix("_value"));
    let by_display = || {
        let column = schema.columns.iter().find(|column| column.display_name.eq_ignore_ascii_case(name));
        column.map(|column| column.logical_name.as_str())
    };
    wire.filter(|inner| schema.column(inner).is_some())
        .or_else(by_display)
        .or_else(|| nearest(name, schema.columns.iter().map(|column| column.logical_name.as_str())))
}

pub(crate) fn check_condition(condition: &Condition, schema: &EntitySchema, problems: &mut Vec<Problem>) {
    let operator = condition.operator;
    let name = &condition.attribute;
    if let Some(alias) = &condition.entity_name {
        problems.push(problem(
            Some(condition),
            "linked_condition",
            format!("{name} belongs to the linked entity {alias} and is checked by the service only"),
        ));
        return;
    }
    let Some(column) = schema.column(name) else {
        problems.push(unknown_column(Some(condition), name, schema));
        return;
    };
    let family = Family::of(column.column_type);
    if !operator.families().contains(&family) {
        let list: Vec<&str> = operator.families().iter().map(|family| family.words()).collect();
        let found = problem(
            Some(condition),
            "operator_does_not_fit",
            format!("{operator} does not work on {name}, a {} column", family.words()),
        );
        problems.push(found.hint(format!("{operator} works on: {}", list.join(", "))));
        return;
    }
    if operator.needs_time() && column.behavior == Some(DateTimeBehavior::DateOnly) {
        problems.push(
            problem(
                Some(condition),
                "operator_does_not_fit",
                format!("{operator} needs a time and {name} holds dates without one"),
            )
            .hint("use an operator that counts days"),
        );
    }
    if let Some(other) = &condition.value_of {
        check_value_of(condition, other, column, schema, problems);
        return;
    }
    let count = condition.values.len();
    // A leftover value on an operator without one is ignored by the service when it is empty.
    let blank = count == 1 && condition.values[0].is_empty() && operator.arity().fits(0);
    if !operator.arity().fits(count) && !blank {
        problems.push(
            problem(
                Some(condition),
                "wrong_number_of_values",
                format!("{operator} takes {} and has {count}", operator.arity().words()),
            )
            .hint(match operator.arity() {
                crate::Arity::Zero => "remove the value",
                crate::Arity::One => "write value='…'",
                crate::Arity::Two => "write two <value>…</value> inside the condition",
                crate::Arity::Many => "write <value>…</value> for each value inside the condition",
            }),
        );
        return;
    }
    for value in &condition.values {
        if !blank && let Some(found) = check_value(condition, operator, value, column) {
            problems.push(found);
        }
    }
}

fn check_value_of(
    condition: &Condition,
    other: &str,
    column: &Column,
    schema: &EntitySchema,
    problems: &mut Vec<Problem>,
) {
    let operator = condition.operator;
    if !operator.compares_columns() {
        problems.push(
            problem(
                Some(condition),
                "operator_does_not_fit",
                format!("{operator} can't compare two columns"),
            )
            .hint("eq, ne, gt, ge, lt and le can"),
        );
    }
    if !condition.values.is_empty() {
        problems.push(problem(
            Some(condition),
            "wrong_number_of_values",
            "a condition with valueof has a value besides".to_owned(),
        ));
    }
    if other.contains('.') {
        return;
    }
    match schema.column(other) {
        None => problems.push(unknown_column(Some(condition), other, schema)),
        Some(second) if Family::of(second.column_type) != Family::of(column.column_type) => {
            problems.push(problem(
                Some(condition),
                "operator_does_not_fit",
                format!("{} and {other} are of different types and can't be compared", condition.attribute),
            ))
        }
        Some(_) => {}
    }
}

pub(crate) fn check_value(
    condition: &Condition,
    operator: Operator,
    value: &str,
    column: &Column,
) -> Option<Problem> {
    let name = &condition.attribute;
    let wrong = |expected: &str, hint: &str| {
        Some(
            problem(Some(condition), "wrong_value", format!("{value:?} is {expected} for {name} {operator}"))
                .hint(hint.to_owned()),
        )
    };
    let text = value.trim();
    if operator.takes_count() || operator.as_str().ends_with("period-and-year") {
        return match text.parse::<u32>() {
            Ok(number) if number > 0 => None,
            Ok(_) | Err(_) => wrong("no whole number above 0", "write a number such as 7"),
        };
    }
    match Family::of(column.column_type) {
        Family::Text | Family::Other => {
            let limit = column.max_length.unwrap_or(u32::MAX) as usize;
            if matches!(operator, Operator::In | Operator::NotIn) && value.chars().count() > 850 {
                return wrong("longer than 850 characters and so too long", "shorten it");
            }
            (matches!(operator, Operator::Eq) && value.chars().count() > limit).then(|| {
                problem(
                    Some(condition),
                    "wrong_value",
                    format!("{name} holds at most {limit} characters, so this matches nothing"),
                )
            })
        }
        Family::Number => match text.parse::<Decimal>() {
            Ok(number)
                if matches!(column.column_type, ColumnType::Integer | ColumnType::BigInt)
                    && !number.fract().is_zero() =>
            {
                wrong("no whole number", "write digits only")
            }
            Ok(_) => None,
            Err(_) if text.parse::<f64>().is_ok_and(f64::is_finite) => None,
            Err(_) => {
                wrong("no number", "write digits with a decimal point, without a currency sign or spaces")
            }
        },
        Family::Date => match crate::period::parse(text) {
            None => wrong("no date", "write 2026-01-31 or 2026-01-31T08:00:00Z"),
            Some(_) => None,
        },
        Family::Choice if column.column_type == ColumnType::Boolean => {
            match text.to_ascii_lowercase().as_str() {
                "0" | "1" | "true" | "false" => None,
                _ => wrong("neither true nor false", "write 1 or 0"),
            }
        }
        Family::Choice | Family::Choices => match text.parse::<i64>() {
            Err(_) => {
                let by_label = column.options.iter().find(|choice| {
                    choice.label.as_deref().is_some_and(|label| label.to_lowercase() == text.to_lowercase())
                });
                match by_label {
                    Some(choice) => wrong("a label, not a code", &format!("write {}", choice.value)),
                    None => wrong("no code", "choices are compared by code, a whole number"),
                }
            }
            Ok(code)
                if !column.options.is_empty()
                    && !column.options.iter().any(|choice| choice.value == code) =>
            {
                let list: Vec<String> = column
                    .options
                    .iter()
                    .take(12)
                    .map(|choice| match &choice.label {
                        Some(label) => format!("{} {label}", choice.value),
                        None => choice.value.to_string(),
                    })
                    .collect();
                Some(
                    problem(
                        Some(condition),
                        "unknown_choice",
                        format!("{code} is not among the choices of {name}"),
                    )
                    .hint(format!("choices: {}", list.join(", "))),
                )
            }
            Ok(_) => None,
        },
        Family::Id | Family::Owner => match uuid::Uuid::try_parse(text) {
            Ok(_) => None,
            Err(_) => wrong("no id", "write a GUID such as 7f5a1c2e-0000-0000-0000-000000000001"),
        },
    }
}
