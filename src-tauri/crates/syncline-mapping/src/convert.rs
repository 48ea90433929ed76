//! From a column's raw value to the target's value: label, invert, phone, trim, case, default, then the target's own form.

use syncline_model::{ColumnType, OnUnknownCode, RowIssue, TextCase, Value, language_text};

use crate::columns::Picked;
use crate::plan::{FieldRule, Mapping};
use crate::target::{Refusal, fit};
use crate::trace::Trace;

/// What one rule makes of a record. `None`: nothing is sent for it.
pub(crate) fn field<T: Trace>(
    mapping: &Mapping,
    rule: &FieldRule,
    picked: &Picked<'_>,
    issues: &mut Vec<RowIssue>,
    trace: &mut T,
) -> Result<Option<Value>, Refusal> {
    let place = rule.from;
    let column = mapping.columns.get(place);
    let value = match picked.value(place) {
        Some(value) => {
            trace.step("raw", || format!("column {}", column.name), Some(&value));
            value
        }
        None => {
            trace.step("missing", || format!("the record has no value for {}", column.name), None);
            Value::Null
        }
    };
    let (place, column, mut value) = match &rule.steps {
        Some(steps) if is_empty(&value) => match steps.first_full(mapping, picked) {
            Some((other, found)) => {
                let column = mapping.columns.get(other);
                trace.step(
                    "first_of",
                    || format!("the first that is not empty: {}", column.name),
                    Some(&found),
                );
                (other, column, found)
            }
            None => (place, column, value),
        },
        Some(_) | None => (place, column, value),
    };
    if rule.label {
        let told = issues.len();
        match label(mapping, place, picked, value, &rule.target.name, issues) {
            Some(labelled) => {
                if issues.len() > told {
                    let text = || "a code without a label is kept or left out by on_unknown_code".to_owned();
                    trace.step("unknown_code", text, Some(&labelled));
                } else if !labelled.is_null() {
                    trace.step("label", || label_text(mapping.label_language), Some(&labelled));
                }
                value = labelled;
            }
            None => {
                let text = || "the code has no label; left out by on_unknown_code".to_owned();
                trace.step("unknown_code", text, None);
                return Ok(None);
            }
        }
    } else if column.column_type == ColumnType::MultiSelectPicklist {
        value = codes(value);
        trace.step("split", || "choices become a list".to_owned(), Some(&value));
    }
    if rule.invert {
        match value {
            Value::Bool(on) => {
                value = Value::Bool(!on);
                trace.step("invert", || "the opposite is sent".to_owned(), Some(&value));
            }
            Value::Integer(code @ (0 | 1)) => {
                value = Value::Bool(code == 0);
                trace.step("invert", || "the opposite is sent".to_owned(), Some(&value));
            }
            Value::Null => trace.step("invert", || "nothing to invert".to_owned(), Some(&value)),
            Value::Integer(_)
            | Value::Decimal(_)
            | Value::Double(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Reference(_) => {
                let text = format!("{} is neither true nor false and can't be inverted", quoted(&value));
                return Err(Refusal { code: "not_boolean", field: rule.target.name.clone(), text });
            }
        }
    }
    let mut source = Some((column, place));
    if let Some(steps) = &rule.steps {
        let made = steps.apply(mapping, rule, picked, value, issues, trace)?;
        value = made.value;
        // A value that was made is of no column any more.
        source = source.filter(|_| !made.anew);
    }
    if rule.phone
        && let Some(text) = phone_text(&value)
    {
        let phone = rule.steps.as_deref().map_or(mapping.phone, |steps| steps.phone(mapping, picked, trace));
        match phone.to_e164(&text) {
            Ok(number) => {
                value = Value::Text(number);
                trace.step("phone", || "brought to the international form".to_owned(), Some(&value));
            }
            Err(reason) => {
                let message = format!("{text:?} was left out: {reason}");
                trace.step("phone", || message.clone(), None);
                issues.push(RowIssue {
                    code: "phone_malformed".to_owned(),
                    field: rule.target.name.clone(),
                    message,
                });
                value = Value::Null;
            }
        }
    }
    value = small(rule, value, trace);
    if let (true, Some(default)) = (is_empty(&value), &rule.default) {
        value = default.clone();
        trace.step("default", || "the source is empty".to_owned(), Some(&value));
    }
    let fitted = fit(&rule.target, value, source, picked)?;
    if let (Some(find), Some(value)) = (&rule.target.find, &fitted)
        && !value.is_null()
    {
        let text = || {
            format!("the row of {} with this {} is looked up at the destination", find.entity, find.column)
        };
        trace.step("find_by", text, Some(value));
        return Ok(fitted);
    }
    match &fitted {
        Some(value) => trace.step("target", || format!("sent as {}", rule.target.name), Some(value)),
        None if rule.target.empty.is_some() => {
            trace.step("left_out", || "empty values are left out, as the field asks".to_owned(), None);
        }
        None => trace.step("left_out", || "empty values are left out at this destination".to_owned(), None),
    }
    Ok(fitted)
}

fn label_text(language: Option<u32>) -> String {
    match language {
        Some(language) => format!("codes become their labels in {}", language_text(language)),
        None => "codes become their labels".to_owned(),
    }
}

fn small<T: Trace>(rule: &FieldRule, value: Value, trace: &mut T) -> Value {
    let Value::Text(mut text) = value else { return value };
    if rule.trim {
        let trimmed = text.trim();
        if trimmed.len() != text.len() {
            text = trimmed.to_owned();
        }
        trace.step("trim", || "white space at both ends is cut".to_owned(), Some(&Value::Text(text.clone())));
    }
    if let Some(case) = rule.case {
        text = match case {
            TextCase::Lower => text.to_lowercase(),
            TextCase::Upper => text.to_uppercase(),
        };
        trace.step("case", || "upper or lower case".to_owned(), Some(&Value::Text(text.clone())));
    }
    Value::Text(text)
}

/// The label in place of the code. `None`: left out by the rule for unknown codes.
pub(crate) fn label(
    mapping: &Mapping,
    place: usize,
    picked: &Picked<'_>,
    value: Value,
    field: &str,
    issues: &mut Vec<RowIssue>,
) -> Option<Value> {
    let column = mapping.columns.get(place);
    if value.is_null() {
        return Some(value);
    }
    let unknown = |value: Value, issues: &mut Vec<RowIssue>| {
        let (message, kept) = match mapping.on_unknown_code {
            OnUnknownCode::Raw => (format!("{} has no label; the code is sent", quoted(&value)), Some(value)),
            OnUnknownCode::Skip => (format!("{} has no label and is left out", quoted(&value)), None),
        };
        issues.push(RowIssue { code: "unknown_code".to_owned(), field: field.to_owned(), message });
        kept
    };
    if column.column_type.is_lookup() {
        return match picked.formatted(place) {
            Some(name) => Some(Value::Text(name)),
            None => unknown(value, issues),
        };
    }
    // The service formats in the language of who asks, which need not be the one that is wanted.
    let formatted = || picked.formatted(place).filter(|_| mapping.label_language.is_none());
    let known = |value: &Value| -> Option<String> { column.label(code(value)?).map(str::to_owned) };
    if column.column_type == ColumnType::MultiSelectPicklist {
        let Value::List(items) = codes(value) else { return Some(Value::Null) };
        // The service joins the labels of several choices by "; " in the order of the codes.
        let formatted: Vec<String> =
            formatted().map(|text| text.split("; ").map(str::to_owned).collect()).unwrap_or_default();
        let same_count = formatted.len() == items.len();
        let mut labels = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            match known(&item).or_else(|| formatted.get(index).filter(|_| same_count).cloned()) {
                Some(label) => labels.push(Value::Text(label)),
                None => labels.extend(unknown(item, issues)),
            }
        }
        return if labels.is_empty() { None } else { Some(Value::List(labels)) };
    }
    match known(&value).or_else(formatted) {
        Some(label) => Some(Value::Text(label)),
        None => unknown(value, issues),
    }
}

/// The code of a choice: a number, a number as text, or a boolean as 0 or 1.
pub(crate) fn code(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(code) => Some(*code),
        Value::Bool(on) => Some(i64::from(*on)),
        Value::Text(text) => text.trim().parse().ok(),
        Value::Decimal(_) => {
            let number = value.as_decimal()?;
            (number.fract().is_zero()).then(|| i64::try_from(number.trunc()).ok()).flatten()
        }
        Value::Null | Value::Double(_) | Value::List(_) | Value::Reference(_) => None,
    }
}

/// `"1,9"` becomes `[1, 9]`; what is no code stays as text.
pub(crate) fn codes(value: Value) -> Value {
    match value {
        Value::Text(text) => {
            let items: Vec<Value> = text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| part.parse().map_or_else(|_| Value::from(part), Value::Integer))
                .collect();
            if items.is_empty() { Value::Null } else { Value::List(items) }
        }
        Value::Integer(code) => Value::List(vec![Value::Integer(code)]),
        Value::Null
        | Value::Bool(_)
        | Value::Decimal(_)
        | Value::Double(_)
        | Value::List(_)
        | Value::Reference(_) => value,
    }
}

/// The text of a phone number; a number in a file may come as a JSON number.
pub(crate) fn phone_text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Text(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Decimal(_)
        | Value::Double(_)
        | Value::List(_)
        | Value::Reference(_) => None,
    }
}

/// Null, an empty text or an empty list.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Bool(_) | Value::Integer(_) | Value::Decimal(_) | Value::Double(_) | Value::Reference(_) => {
            false
        }
    }
}

/// A value for a message: texts in quotes, shortened.
pub(crate) fn quoted(value: &Value) -> String {
    let text = match value {
        Value::Text(text) => format!("{text:?}"),
        other => other.display_text(),
    };
    if text.chars().count() > 80 { text.chars().take(79).chain(['…']).collect() } else { text }
}
