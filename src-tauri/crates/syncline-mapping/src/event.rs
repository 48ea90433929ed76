//! The event that goes with a record.

use jiff::Timestamp;
use syncline_model::{MappedEvent, RowIssue, System, Value, ValueMap};

use crate::columns::Picked;
use crate::convert::{field, quoted};
use crate::date::Moment;
use crate::plan::{EventRule, Mapping, NameRule, Targets, TimeRule};
use crate::target::{Refusal, is_plain_utc};
use crate::trace::{Silent, Trace};

/// The event of a record; `None`: no event, with the reason among the issues.
pub(crate) fn event(
    mapping: &Mapping,
    rule: &EventRule,
    picked: &Picked<'_>,
    now: Timestamp,
    issues: &mut Vec<RowIssue>,
) -> Result<Option<MappedEvent>, Refusal> {
    let Some(name) = name(mapping, &rule.name, picked, issues, &mut Silent) else { return Ok(None) };
    let Some(timestamp) = time(mapping, rule.time, picked, now, issues, &mut Silent) else { return Ok(None) };
    let Targets { names, places } = &rule.parameter_names;
    let mut parameters = ValueMap::of(names);
    let mut places = places.iter();
    for (parameter, place) in rule.parameters.iter().zip(&mut places) {
        if let Some(value) = field(mapping, parameter, picked, issues, &mut Silent)? {
            parameters.set(*place, value);
        }
    }
    for (fixed, place) in rule.fixed.iter().zip(places) {
        parameters.set(*place, fixed.value.clone());
    }
    match mapping.system {
        System::Insider => {
            for missing in required_parameters(&name).iter().filter(|name| !parameters.contains_key(name)) {
                issues.push(RowIssue {
                    code: "event_parameter_missing".to_owned(),
                    field: (*missing).to_owned(),
                    message: format!("the event {name} would be refused: it needs the parameter {missing}"),
                });
            }
        }
        System::Dataverse | System::Csv | System::Jsonl | System::Postgres | System::Sqlite => {}
    }
    Ok(Some(MappedEvent { name, timestamp, parameters }))
}

/// The event's name.
pub(crate) fn name<T: Trace>(
    mapping: &Mapping,
    rule: &NameRule,
    picked: &Picked<'_>,
    issues: &mut Vec<RowIssue>,
    trace: &mut T,
) -> Option<String> {
    match rule {
        NameRule::Fixed(name) => {
            trace.step("fixed", || "the same for every record".to_owned(), Some(&Value::from(name.as_str())));
            Some(name.clone())
        }
        NameRule::Column { from, map } => {
            let column = &mapping.columns.get(*from).name;
            let value = picked.value(*from).unwrap_or(Value::Null);
            trace.step("raw", || format!("column {column}"), Some(&value));
            let key = value.display_text();
            if key.is_empty() {
                trace.step("missing", || "without a value there is no event".to_owned(), None);
                issues.push(issue(
                    "event_name_missing",
                    column.as_str(),
                    format!("no event: {column} is empty"),
                ));
                return None;
            }
            match map.get(key.trim()) {
                Some(name) => {
                    trace.step("map", || format!("{key} is translated"), Some(&Value::from(name.as_str())));
                    Some(name.clone())
                }
                None => {
                    trace.step("map", || format!("{key} is not in the table: no event"), None);
                    let message = format!("no event: {} is not in the table of event names", quoted(&value));
                    issues.push(issue("event_unknown", column.as_str(), message));
                    None
                }
            }
        }
    }
}

/// The event's time, RFC 3339; empty for the time of processing.
pub(crate) fn time<T: Trace>(
    mapping: &Mapping,
    rule: TimeRule,
    picked: &Picked<'_>,
    now: Timestamp,
    issues: &mut Vec<RowIssue>,
    trace: &mut T,
) -> Option<String> {
    let from = match rule {
        TimeRule::Processing => {
            trace.step("processing", || "the time at which the record is sent".to_owned(), None);
            return Some(String::new());
        }
        TimeRule::Column(from) => from,
    };
    let column = &mapping.columns.get(from).name;
    let value = picked.value(from).unwrap_or(Value::Null);
    trace.step("raw", || format!("column {column}"), Some(&value));
    if value.is_null() {
        trace.step("missing", || "without a time there is no event".to_owned(), None);
        issues.push(issue("event_time_missing", column.as_str(), format!("no event: {column} is empty")));
        return None;
    }
    let Some(moment) = value.as_text().and_then(Moment::parse) else {
        trace.step("date", || "it is no date: no event".to_owned(), None);
        let message = format!("no event: {} is no date", quoted(&value));
        issues.push(issue("event_time_malformed", column.as_str(), message));
        return None;
    };
    if moment.instant().is_some_and(|instant| instant > now) {
        issues.push(issue(
            "event_in_future",
            column.as_str(),
            format!("the event's time {} lies in the future", quoted(&value)),
        ));
    }
    let text = match value {
        Value::Text(text) if is_plain_utc(&text) => text,
        _ => moment.rfc3339(),
    };
    trace.step("date", || "RFC 3339".to_owned(), Some(&Value::from(text.as_str())));
    Some(text)
}

fn issue(code: &str, field: &str, message: String) -> RowIssue {
    RowIssue { code: code.to_owned(), field: field.to_owned(), message }
}

/// Parameters without which Insider One refuses an event (Insider One upsert, events).
#[must_use]
pub fn required_parameters(name: &str) -> &'static [&'static str] {
    match name {
        "purchase" => &["currency", "quantity", "unit_sale_price", "event_group_id"],
        "cart_page_view" => &["currency", "unit_sale_price", "event_group_id"],
        _ => &[],
    }
}

/// `^[a-z0-9][a-zA-Z0-9._-]*$` (Insider One upsert, events).
pub(crate) fn name_fits(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        && chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}
