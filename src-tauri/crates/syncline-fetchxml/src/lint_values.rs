//! Values of conditions: each against its column and operator, with the way it should be written.

use syncline_model::{Column, ColumnType};

use crate::check::check_value;
use crate::edit::{Finding, escape};
use crate::lint_columns::{element_text, value_elements};
use crate::scan::{Scan, TextSpan};
use crate::{Condition, Family, Operator, is_warning};

/// Checks every value of a condition.
pub(crate) fn check_values(
    text: &str,
    found: &Scan,
    at: usize,
    condition: &Condition,
    column: &Column,
    findings: &mut Vec<Finding>,
) {
    let element = &found.elements[at];
    let mut values: Vec<(TextSpan, String)> = Vec::new();
    if let Some(written) = element.get("value")
        && let Some(span) = written.value_span
        && !(written.value.is_empty() && condition.operator.arity().fits(0))
    {
        values.push((span, written.value.clone()));
    }
    values.extend(
        value_elements(found, at).into_iter().map(|index| element_text(text, &found.elements[index])),
    );
    for (span, value) in values {
        if value.is_empty() {
            let finding = Finding::new(
                "wrong_value",
                if span.start == span.end { element.name_span } else { span },
                format!("the value of {} is empty", condition.attribute),
            );
            if Family::of(column.column_type) != Family::Text {
                findings.push(finding.hint("write a value, or use null"));
            }
            continue;
        }
        let Some(problem) = check_value(condition, condition.operator, &value, column) else { continue };
        let mut finding = Finding::new(&problem.code, span, problem.message.clone());
        finding.hint.clone_from(&problem.hint);
        if is_warning(&problem) {
            finding = finding.warning();
        }
        for better in better_values(condition.operator, &value, column) {
            finding = finding.replace(span, escape(&better));
        }
        findings.push(finding);
    }
}

/// How a value was probably meant.
fn better_values(operator: Operator, value: &str, column: &Column) -> Vec<String> {
    let text = value.trim();
    if operator.takes_count() {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        return digits
            .parse::<u32>()
            .ok()
            .filter(|number| *number > 0)
            .map(|n| n.to_string())
            .into_iter()
            .collect();
    }
    match Family::of(column.column_type) {
        Family::Number => number(text).into_iter().collect(),
        Family::Date => dates(text),
        Family::Choice if column.column_type == ColumnType::Boolean => boolean(text, column),
        Family::Choice | Family::Choices => {
            let lower = text.to_lowercase();
            let labelled = |choice: &&syncline_model::Choice| {
                choice.label.as_deref().is_some_and(|label| label.to_lowercase() == lower)
            };
            let exact = column.options.iter().find(labelled);
            let begins = || {
                column.options.iter().filter(|choice| {
                    choice.label.as_deref().is_some_and(|label| label.to_lowercase().starts_with(&lower))
                })
            };
            match exact {
                Some(choice) => vec![choice.value.to_string()],
                None => begins().take(4).map(|choice| choice.value.to_string()).collect(),
            }
        }
        Family::Text | Family::Id | Family::Owner | Family::Other => vec![],
    }
}

fn boolean(text: &str, column: &Column) -> Vec<String> {
    let lower = text.to_lowercase();
    let by_label = column
        .options
        .iter()
        .find(|choice| choice.label.as_deref().is_some_and(|label| label.to_lowercase() == lower));
    match (by_label, lower.as_str()) {
        (Some(choice), _) => vec![choice.value.to_string()],
        (None, "yes" | "y" | "on" | "ja" | "oui" | "t") => vec!["1".to_owned()],
        (None, "no" | "n" | "off" | "nein" | "non" | "f") => vec!["0".to_owned()],
        (None, _) => vec!["1".to_owned(), "0".to_owned()],
    }
}

/// Digits with a decimal point out of `€ 1,234.50` or `1.234,50`.
fn number(text: &str) -> Option<String> {
    let mut kept: String =
        text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-')).collect();
    match (kept.rfind('.'), kept.rfind(',')) {
        (Some(point), Some(comma)) if comma > point => kept = kept.replace('.', "").replace(',', "."),
        (Some(_), Some(_)) => kept = kept.replace(',', ""),
        (None, Some(_))
            if kept.matches(',').count() == 1 && kept.len() - kept.rfind(',').unwrap_or(0) != 4 =>
        {
            kept = kept.replace(',', ".");
        }
        (None, Some(_)) => kept = kept.replace(',', ""),
        (_, None) => {}
    }
    kept.parse::<rust_decimal::Decimal>().ok().map(|number| number.to_string())
}

/// ISO dates out of `31.1.2026`, `1/31/2026`, `2026/1/31` and `2026-1-31`; both readings where day and month are unclear.
fn dates(text: &str) -> Vec<String> {
    let head = text.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<i16> =
        head.split(['.', '/', '-']).filter_map(|part| part.trim().parse::<i16>().ok()).collect();
    let [a, b, c] = parts.as_slice() else { return vec![] };
    let orders: Vec<(i16, i16, i16)> = if *a > 31 {
        vec![(*a, *b, *c)]
    } else if head.contains('.') {
        vec![(*c, *b, *a)]
    } else {
        vec![(*c, *a, *b), (*c, *b, *a)]
    };
    let mut found: Vec<String> = Vec::new();
    for (year, month, day) in orders {
        let year = if (0..100).contains(&year) { year + 2000 } else { year };
        let date = i8::try_from(month)
            .ok()
            .zip(i8::try_from(day).ok())
            .and_then(|(month, day)| jiff::civil::Date::new(year, month, day).ok());
        if let Some(date) = date.map(|date| date.to_string())
            && !found.contains(&date)
        {
            found.push(date);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_were_meant() {
        assert_eq!(number("€ 1.234,50").as_deref(), Some("1234.50"));
        assert_eq!(number("$1,234.5").as_deref(), Some("1234.5"));
        assert_eq!(number("1,5").as_deref(), Some("1.5"));
        assert_eq!(number("1,500").as_deref(), Some("1500"));
        assert_eq!(number("many"), None);
        assert_eq!(dates("31.1.2026"), ["2026-01-31"]);
        assert_eq!(dates("1/2/2026"), ["2026-01-02", "2026-02-01"]);
        assert_eq!(dates("13/2/2026"), ["2026-02-13"]);
        assert_eq!(dates("2026-1-31 08:00"), ["2026-01-31"]);
        assert!(dates("soon").is_empty());
    }
}
