//! Bringing a value into the form of its target column, and foreseeing what the destination would refuse.

use rust_decimal::Decimal;
use syncline_model::{ColumnType, DateTimeBehavior, EntityName, OnEmpty, Reference, System, Value};

use crate::columns::{Picked, SourceColumn};
use crate::convert::{code, codes, is_empty, quoted};
use crate::date::Moment;
use crate::plan::Target;

/// A value the destination would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) field: String,
    pub(crate) text: String,
}

impl Target {
    fn refuse(&self, code: &'static str, text: String) -> Refusal {
        Refusal { code, field: self.name.clone(), text }
    }
    fn mismatch(&self, value: &Value, wanted: &str) -> Refusal {
        self.refuse("type_mismatch", format!("{} is not {wanted}, as {} wants it", quoted(value), self.name))
    }
    /// What is sent where there is no value. Unless the definition says otherwise: Insider One has no null; elsewhere a null clears the column
    /// (Insider One upsert, attributes).
    fn nothing(&self) -> Option<Value> {
        match (self.empty, self.system) {
            (Some(OnEmpty::LeaveOut), _) | (None, System::Insider) => None,
            (Some(OnEmpty::Clear), System::Insider) => Some(Value::Text(String::new())),
            (Some(OnEmpty::Null), _)
            | (
                Some(OnEmpty::Clear) | None,
                System::Dataverse | System::Csv | System::Jsonl | System::Postgres | System::Sqlite,
            ) => Some(Value::Null),
        }
    }
}

/// The value in the target's form; `None`: left out.
pub(crate) fn fit(
    target: &Target,
    value: Value,
    source: Option<(&SourceColumn, usize)>,
    picked: &Picked<'_>,
) -> Result<Option<Value>, Refusal> {
    if value.is_null() || (target.system != System::Jsonl && is_empty(&value)) {
        if target.required {
            return Err(target.refuse(
                "required_missing",
                format!("{} must have a value and the source has none", target.name),
            ));
        }
        return Ok(target.nothing());
    }
    if target.find.is_some() {
        return Ok(Some(Value::Text(value.display_text())));
    }
    // Insider One's arrays are described by the type of their items.
    if let (System::Insider, Value::List(items)) = (target.system, &value) {
        let mut fitted = Vec::with_capacity(items.len());
        for item in items {
            fitted.extend(fit(target, item.clone(), source, picked)?);
        }
        return Ok(Some(Value::List(fitted)));
    }
    let source_column = source.map(|(column, _)| column);
    let Some(column_type) = target.column_type else {
        return Ok(Some(free(target, value, source_column)));
    };
    let fitted = match column_type {
        ColumnType::String | ColumnType::Memo => text(target, value, source_column)?,
        ColumnType::Boolean => boolean(target, value)?,
        ColumnType::Integer | ColumnType::BigInt => whole(target, value, column_type)?,
        ColumnType::Decimal | ColumnType::Double | ColumnType::Money => number(target, value)?,
        ColumnType::Picklist | ColumnType::State | ColumnType::Status => choice(target, &value)?,
        ColumnType::MultiSelectPicklist => choices(target, value)?,
        ColumnType::DateTime => date(target, value)?,
        ColumnType::UniqueIdentifier => id(target, value)?,
        ColumnType::Lookup | ColumnType::Customer | ColumnType::Owner => {
            lookup(target, value, source, picked)?
        }
        ColumnType::PartyList | ColumnType::Image | ColumnType::File | ColumnType::Other => value,
    };
    Ok(Some(fitted))
}

/// For a column the destination does not describe: the source's form, dates as the destination wants them.
fn free(target: &Target, value: Value, source: Option<&SourceColumn>) -> Value {
    match (target.system, source.map(|column| column.column_type), &value) {
        (System::Insider, Some(ColumnType::DateTime), Value::Text(text)) if !is_plain_utc(text) => {
            match Moment::parse(text) {
                Some(moment) => Value::Text(moment.rfc3339()),
                None => value,
            }
        }
        // An array of choices has texts, labels or codes (Insider One upsert, attributes).
        (System::Insider, Some(ColumnType::MultiSelectPicklist), Value::Integer(code)) => {
            Value::Text(code.to_string())
        }
        (
            System::Insider
            | System::Dataverse
            | System::Csv
            | System::Jsonl
            | System::Postgres
            | System::Sqlite,
            _,
            _,
        ) => value,
    }
}

fn text(target: &Target, value: Value, source: Option<&SourceColumn>) -> Result<Value, Refusal> {
    let text = match value {
        Value::Text(text) => text,
        Value::List(items)
            if source.is_some_and(|column| column.column_type == ColumnType::MultiSelectPicklist) =>
        {
            items.iter().map(Value::display_text).collect::<Vec<_>>().join("; ")
        }
        other => other.display_text(),
    };
    if let Some(limit) = target.max_length {
        // The service counts UTF-16 units; texts that are short in bytes need no counting.
        let limit = limit as usize;
        if text.len() > limit {
            let length = text.encode_utf16().count();
            if length > limit {
                return Err(target.refuse(
                    "too_long",
                    format!(
                        "the text has {length} characters, {} takes {limit}: {}",
                        target.name,
                        quoted(&Value::Text(text))
                    ),
                ));
            }
        }
    }
    Ok(Value::Text(text))
}

fn boolean(target: &Target, value: Value) -> Result<Value, Refusal> {
    match &value {
        Value::Bool(_) => Ok(value),
        Value::Integer(0) => Ok(Value::Bool(false)),
        Value::Integer(1) => Ok(Value::Bool(true)),
        Value::Text(text) => {
            let lower = text.trim().to_lowercase();
            let by_label = || {
                let found = target
                    .options
                    .iter()
                    .find(|(_, label)| label.as_deref().is_some_and(|label| label.to_lowercase() == lower))?;
                match found.0 {
                    0 => Some(false),
                    1 => Some(true),
                    _ => None,
                }
            };
            match lower.as_str() {
                "true" | "1" => Ok(Value::Bool(true)),
                "false" | "0" => Ok(Value::Bool(false)),
                _ => by_label().map(Value::Bool).ok_or_else(|| target.mismatch(&value, "true or false")),
            }
        }
        Value::Null
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::Double(_)
        | Value::List(_)
        | Value::Reference(_) => Err(target.mismatch(&value, "true or false")),
    }
}

fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Text(text) => Decimal::from_str_exact(text.trim()).ok(),
        Value::Integer(_) | Value::Decimal(_) | Value::Double(_) => value.as_decimal(),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Reference(_) => None,
    }
}

fn whole(target: &Target, value: Value, column_type: ColumnType) -> Result<Value, Refusal> {
    let number = decimal(&value).ok_or_else(|| target.mismatch(&value, "a whole number"))?;
    if !number.fract().is_zero() {
        return Err(target.mismatch(&value, "a whole number"));
    }
    let number = i64::try_from(number.trunc()).ok();
    let fits = number.filter(|number| {
        target.system == System::Insider
            || column_type == ColumnType::BigInt
            || i32::try_from(*number).is_ok()
    });
    match fits {
        Some(number) => Ok(Value::Integer(number)),
        None => Err(target.refuse(
            "out_of_range",
            format!(
                "{} is out of range for {}, which takes -2147483648 to 2147483647",
                quoted(&value),
                target.name
            ),
        )),
    }
}

fn number(target: &Target, value: Value) -> Result<Value, Refusal> {
    match &value {
        Value::Integer(_) | Value::Decimal(_) | Value::Double(_) => Ok(value),
        Value::Text(text) => match decimal(&value) {
            Some(number) => Ok(Value::Decimal(number)),
            // A numeric of PostgreSQL holds more digits than a value does, and reads them from text (PostgreSQL, Numeric Types).
            None if target.system == System::Postgres && text.trim().parse::<f64>().is_ok() => {
                Ok(Value::from(text.trim()))
            }
            None => Err(target.mismatch(&value, "a number")),
        },
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Reference(_) => {
            Err(target.mismatch(&value, "a number"))
        }
    }
}

fn offered(target: &Target, value: &Value) -> Result<i64, Refusal> {
    let by_label = |text: &str| {
        let lower = text.trim().to_lowercase();
        target
            .options
            .iter()
            .find(|(_, label)| label.as_deref().is_some_and(|label| label.to_lowercase() == lower))
            .map(|(code, _)| *code)
    };
    let found = match value {
        Value::Text(text) => by_label(text).or_else(|| code(value)),
        other => code(other),
    };
    match found {
        Some(code) if target.options.is_empty() || target.options.iter().any(|(known, _)| *known == code) => {
            Ok(code)
        }
        Some(_) | None => Err(target.refuse(
            "choice_not_offered",
            format!("{} is not among the choices of {}", quoted(value), target.name),
        )),
    }
}

fn choice(target: &Target, value: &Value) -> Result<Value, Refusal> {
    offered(target, value).map(Value::Integer)
}

/// Most choices that a choices column holds at once (Dataverse Web API, choices columns: `TooManySelectionsForAttributeType`).
const MOST_SELECTED: usize = 150;

/// Several choices travel as `"1,9"` (Dataverse Web API, choices columns).
fn choices(target: &Target, value: Value) -> Result<Value, Refusal> {
    let Value::List(items) = codes(value.clone()) else {
        return Err(target.mismatch(&value, "a list of choices"));
    };
    if target.system == System::Dataverse && items.len() > MOST_SELECTED {
        let count = items.len();
        return Err(target.refuse(
            "too_many",
            format!("{count} choices are selected, {} takes {MOST_SELECTED}", target.name),
        ));
    }
    let codes: Vec<String> = items
        .iter()
        .map(|item| offered(target, item).map(|code| code.to_string()))
        .collect::<Result<_, _>>()?;
    Ok(Value::Text(codes.join(",")))
}

/// `2026-01-02T03:04:05Z` of a usual year: the form in which the Web API writes, and which every destination takes.
pub(crate) fn is_plain_utc(text: &str) -> bool {
    let bytes = text.as_bytes();
    let [y0, y1, _, _, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1, b':', s0, s1, b'Z'] = bytes
    else {
        return false;
    };
    let two = |a: &u8, b: &u8| (a.wrapping_sub(b'0')).wrapping_mul(10).wrapping_add(b.wrapping_sub(b'0'));
    bytes.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'T' | b'Z'))
        && [m0, m1, d0, d1, h0, h1, n0, n1, s0, s1, y0, y1, &bytes[2], &bytes[3]]
            .iter()
            .all(|byte| byte.is_ascii_digit())
        && matches!(two(y0, y1), 18..=99)
        && matches!(two(m0, m1), 1..=12)
        && matches!(two(d0, d1), 1..=28)
        && two(h0, h1) < 24
        && two(n0, n1) < 60
        && two(s0, s1) < 60
}

fn date(target: &Target, value: Value) -> Result<Value, Refusal> {
    let Value::Text(text) = &value else { return Err(target.mismatch(&value, "a date")) };
    if target.behavior != Some(DateTimeBehavior::DateOnly) && is_plain_utc(text) {
        return Ok(value);
    }
    let moment = Moment::parse(text).ok_or_else(|| target.mismatch(&value, "a date such as 2026-01-31"))?;
    if target.system == System::Dataverse && moment.day().year() < 1753 {
        return Err(target.refuse("out_of_range", format!("{text} lies before 1753-01-01")));
    }
    Ok(Value::Text(match (target.system, target.behavior) {
        (
            System::Dataverse | System::Csv | System::Jsonl | System::Postgres | System::Sqlite,
            Some(DateTimeBehavior::DateOnly),
        ) => moment.day().to_string(),
        (System::Csv | System::Jsonl, _) => text.trim().to_owned(),
        (System::Insider, _)
        | (
            System::Dataverse | System::Postgres | System::Sqlite,
            None | Some(DateTimeBehavior::UserLocal | DateTimeBehavior::TimeZoneIndependent),
        ) => moment.rfc3339(),
    }))
}

fn guid(text: &str) -> Option<String> {
    uuid::Uuid::try_parse(text.trim()).ok().map(|id| id.hyphenated().to_string())
}

fn id(target: &Target, value: Value) -> Result<Value, Refusal> {
    match value.as_text().and_then(guid) {
        Some(id) => Ok(Value::Text(id)),
        None => Err(target.mismatch(&value, "an id (GUID)")),
    }
}

fn lookup(
    target: &Target,
    value: Value,
    source: Option<(&SourceColumn, usize)>,
    picked: &Picked<'_>,
) -> Result<Value, Refusal> {
    let text = match &value {
        Value::Reference(_) => return Ok(value),
        Value::Text(text) => text,
        Value::Null
        | Value::Bool(_)
        | Value::Integer(_)
        | Value::Decimal(_)
        | Value::Double(_)
        | Value::List(_) => return Err(target.mismatch(&value, "the id of a row")),
    };
    let id = guid(text).ok_or_else(|| target.mismatch(&value, "the id of a row (GUID)"))?;
    let only = |targets: &[EntityName]| match targets {
        [one] => Some(one.clone()),
        _ => None,
    };
    let entity = source
        .filter(|(column, _)| column.column_type.is_lookup())
        .and_then(|(column, place)| {
            picked.lookup_entity(place).map(EntityName::from).or_else(|| only(&column.targets))
        })
        .or_else(|| only(&target.targets));
    match entity {
        Some(entity) if target.targets.is_empty() || target.targets.contains(&entity) => {
            Ok(Value::from(Reference { entity, id }))
        }
        Some(entity) => {
            Err(target.refuse("wrong_entity", format!("{} can't point at a row of {entity}", target.name)))
        }
        None => Err(target.refuse(
            "entity_unknown",
            format!(
                "{} may point at several entities and the source does not say which one {id} belongs to",
                target.name
            ),
        )),
    }
}
