//! A row's JSON body: each value in the form its column takes. Source: Dataverse Web API, column types; lookups by navigation property.

use std::fmt::Write as _;
use syncline_model::{
    Column, ColumnType, DateTimeBehavior, EntityName, EntitySchema, ErrorCode, Reference, RelationshipKind,
    SynclineError, Value,
};
use syncline_odata::guid;

use crate::encode::date_text;

/// Knows the set names of lookup targets.
pub(crate) trait SetNames {
    fn set_name(&self, entity: &EntityName) -> Option<String>;
}

/// One member of the body, `"name":value`.
pub(crate) fn member(
    schema: &EntitySchema,
    column: &Column,
    value: &Value,
    sets: &dyn SetNames,
) -> Result<String, SynclineError> {
    if column.column_type.is_lookup() {
        return lookup(schema, column, value, sets);
    }
    let text = if value.is_null() { "null".to_owned() } else { plain(column, value)? };
    Ok(format!("{}:{text}", json_string(column.logical_name.as_str())))
}

fn bad(column: &Column, value: &Value, wanted: &str) -> SynclineError {
    SynclineError::new(
        ErrorCode::QueryInvalid,
        format!("{} takes {wanted}, not: {}", column.logical_name, value.display_text()),
    )
    .hint("give another value, or change the mapping of this field")
}

fn plain(column: &Column, value: &Value) -> Result<String, SynclineError> {
    match column.column_type {
        ColumnType::String | ColumnType::Memo => {
            if matches!(value, Value::List(_) | Value::Reference(_)) {
                return Err(bad(column, value, "a text"));
            }
            let text = value.display_text();
            let length = text.encode_utf16().count();
            if let Some(most) = column.max_length.filter(|most| length > *most as usize) {
                return Err(SynclineError::new(
                    ErrorCode::QueryInvalid,
                    format!("{} takes {most} characters at most, not {length}", column.logical_name),
                )
                .hint("shorten the text"));
            }
            Ok(json_string(&text))
        }
        ColumnType::Integer
        | ColumnType::BigInt
        | ColumnType::Picklist
        | ColumnType::State
        | ColumnType::Status => {
            match number(value).and_then(|number| number.normalize().to_string().parse::<i64>().ok()) {
                Some(whole) => Ok(whole.to_string()),
                None => Err(bad(column, value, "a whole number")),
            }
        }
        ColumnType::Decimal | ColumnType::Money | ColumnType::Double => match value {
            Value::Integer(_) | Value::Decimal(_) | Value::Double(_) => Ok(value.to_json_text()),
            Value::Text(_) if number(value).is_some() => {
                Ok(number(value).map(|number| number.to_string()).unwrap_or_default())
            }
            _ => Err(bad(column, value, "a number")),
        },
        ColumnType::Boolean => match value {
            Value::Bool(yes) => Ok(yes.to_string()),
            Value::Integer(0) => Ok("false".to_owned()),
            Value::Integer(1) => Ok("true".to_owned()),
            Value::Text(text) if matches!(text.as_str(), "true" | "false") => Ok(text.clone()),
            _ => Err(bad(column, value, "true or false")),
        },
        ColumnType::MultiSelectPicklist => {
            let codes: Vec<String> = match value {
                Value::List(items) => items.iter().map(Value::display_text).collect(),
                _ => value.display_text().split(',').map(|code| code.trim().to_owned()).collect(),
            };
            if codes.iter().any(|code| code.parse::<i64>().is_err()) {
                return Err(bad(column, value, "codes of choices"));
            }
            Ok(json_string(&codes.join(",")))
        }
        ColumnType::UniqueIdentifier => {
            guid(&value.display_text()).map(|id| json_string(&id)).ok_or_else(|| bad(column, value, "an id"))
        }
        ColumnType::DateTime => match value {
            Value::Text(text)
                if column.behavior == Some(DateTimeBehavior::DateOnly) && text.contains('T') =>
            {
                Err(bad(column, value, "a date without a time"))
            }
            Value::Text(text) => date_text(column, text)
                .map(|text| json_string(&text))
                .ok_or_else(|| bad(column, value, "a date such as 2026-01-31 or 2026-01-31T08:00:00Z")),
            _ => Err(bad(column, value, "a date")),
        },
        ColumnType::Image => match value {
            Value::Text(text) => Ok(json_string(text)),
            _ => Err(bad(column, value, "a picture in base64")),
        },
        ColumnType::Lookup
        | ColumnType::Customer
        | ColumnType::Owner
        | ColumnType::PartyList
        | ColumnType::File
        | ColumnType::Other => Err(SynclineError::new(
            ErrorCode::QueryInvalid,
            format!("a column of this kind can't be written here: {}", column.logical_name),
        )
        .hint("leave the column out")),
    }
}

fn number(value: &Value) -> Option<rust_decimal::Decimal> {
    match value {
        Value::Text(text) => Value::from_json_text(text).ok()?.as_decimal(),
        _ => value.as_decimal(),
    }
}

/// What an id alone points at. An owner is a user then; a team is an owner only where it is named as a team.
fn only_target(column: &Column) -> Option<&EntityName> {
    match column.targets.as_slice() {
        [entity] => Some(entity),
        targets if column.column_type == ColumnType::Owner => {
            targets.iter().find(|target| target.as_str() == "systemuser")
        }
        _ => None,
    }
}

fn lookup(
    schema: &EntitySchema,
    column: &Column,
    value: &Value,
    sets: &dyn SetNames,
) -> Result<String, SynclineError> {
    let name = column.logical_name.as_str();
    let reference = match value {
        Value::Null => None,
        Value::Reference(reference) => Some(Reference::clone(reference)),
        Value::Text(text) => {
            let id = guid(text).ok_or_else(|| bad(column, value, "the id of a row"))?;
            let Some(entity) = only_target(column) else {
                let targets: Vec<&str> = column.targets.iter().map(EntityName::as_str).collect();
                return Err(bad(column, value, &format!("a reference to one of {}", targets.join(", "))));
            };
            Some(Reference { entity: entity.clone(), id })
        }
        _ => return Err(bad(column, value, "a reference")),
    };
    // Of a lookup with several targets any navigation property clears it.
    let relationship = schema.relationships.iter().find(|relationship| {
        relationship.kind == RelationshipKind::ManyToOne
            && relationship.column.as_ref().is_some_and(|column| column.as_str() == name)
            && relationship.navigation_property.is_some()
            && reference.as_ref().is_none_or(|reference| reference.entity == relationship.other_entity)
    });
    let owner_set = |entity: &EntityName| match entity.as_str() {
        "systemuser" => Some("systemusers".to_owned()),
        "team" => Some("teams".to_owned()),
        _ => None,
    };
    let navigation = match relationship.and_then(|relationship| relationship.navigation_property.as_deref()) {
        Some(navigation) => navigation,
        // Of an owner whose relationship is not known. With most tables it has the column's own name; activities have another.
        None if column.column_type == ColumnType::Owner => name,
        None => {
            return Err(bad(column, value, "rows of another entity")
                .hint("choose a row of an entity the lookup allows"));
        }
    };
    let bind = json_string(&format!("{navigation}@odata.bind"));
    let Some(reference) = reference else { return Ok(format!("{bind}:null")) };
    let set = sets.set_name(&reference.entity).or_else(|| owner_set(&reference.entity)).ok_or_else(|| {
        SynclineError::new(
            ErrorCode::QueryInvalid,
            format!("{name} points at an entity that is not known: {}", reference.entity),
        )
        .hint("load the list of entities again")
    })?;
    let key = match guid(&reference.id) {
        Some(id) => id,
        // An alternate key in the Web API's own form.
        None if reference.id.contains('=') && !reference.id.contains(['(', ')', '/', '"', '\\']) => {
            reference.id.clone()
        }
        None => return Err(bad(column, value, "the id of a row")),
    };
    Ok(format!("{bind}:{}", json_string(&format!("/{set}({key})"))))
}

/// A JSON string.
pub(crate) fn json_string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c < ' ' => {
                // Writing to a string does not fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::column;
    use proptest::prelude::*;

    #[test]
    fn an_id_alone_is_a_user_where_it_owns() {
        let with = |kind, targets: &[&str]| {
            let targets = targets.iter().map(|target| EntityName::new(*target)).collect();
            let column = Column { targets, ..column("c", kind) };
            only_target(&column).map(ToString::to_string)
        };
        let user = Some("systemuser".to_owned());
        assert_eq!(with(ColumnType::Owner, &["team", "systemuser"]), user);
        assert_eq!(with(ColumnType::Owner, &["systemuser"]), user);
        assert_eq!(with(ColumnType::Customer, &["account", "contact"]), None);
    }

    proptest! {
        #[test]
        fn a_string_is_json_whatever_is_in_it(text in any::<String>()) {
            let read: String = serde_json::from_str(&json_string(&text)).unwrap();
            prop_assert_eq!(read, text);
        }

        #[test]
        fn money_keeps_every_digit(units in any::<i64>(), scale in 0u32..10) {
            let exact = rust_decimal::Decimal::new(units, scale);
            let column = column("creditlimit", ColumnType::Money);
            let written = plain(&column, &Value::Decimal(exact)).unwrap();
            prop_assert_eq!(written, exact.to_string());
        }

        #[test]
        fn any_text_in_any_column_is_json_or_an_error(text in any::<String>()) {
            for kind in [ColumnType::String, ColumnType::Integer, ColumnType::Money, ColumnType::Boolean, ColumnType::DateTime,
                ColumnType::MultiSelectPicklist, ColumnType::UniqueIdentifier, ColumnType::Picklist, ColumnType::Image] {
                if let Ok(written) = plain(&column("c", kind), &Value::Text(text.clone())) {
                    prop_assert!(serde_json::from_str::<serde_json::Value>(&written).is_ok(), "{:?} {}", kind, written);
                }
            }
        }
    }
}
