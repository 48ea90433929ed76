//! Something to know a row by, beside its id.

use std::borrow::Cow;
use syncline_model::{MappedRecord, Record, Value, members};

/// Its e-mail, else a name of the record, else one of what is written, else its first identifier or its id.
pub(crate) fn title(record: &Record, mapped: &MappedRecord) -> String {
    let email = mapped.identifiers.get("email").map(Value::display_text);
    email
        .or_else(|| name_of(record))
        .or_else(|| mapped_name(mapped))
        .or_else(|| mapped.identifiers.values().next().map(Value::display_text))
        .unwrap_or_else(|| record.id.to_string())
}

/// Columns that name a record, those that do it best first; a first and a last name stand together.
const NAMES: [&str; 2] = ["fullname", "name"];
const PARTS: [&str; 2] = ["firstname", "lastname"];
const OTHERS: [&str; 5] = ["displayname", "title", "subject", "emailaddress1", "email"];

/// A name among a record's columns.
fn name_of(record: &Record) -> Option<String> {
    let mut found: Vec<(Cow<'_, str>, &str)> = Vec::new();
    for member in members(record.raw.get()).ok()? {
        let member = member.ok()?;
        let name = member.name.as_ref();
        if NAMES.contains(&name) || PARTS.contains(&name) || OTHERS.contains(&name) {
            found.push((member.name, member.value));
        }
    }
    name_in(|column| {
        // Of a name that comes twice the last one counts, as in any reader of JSON.
        let (_, value) = found.iter().rev().find(|(name, _)| name == column)?;
        Value::from_json_text(value).ok().map(|value| value.display_text())
    })
}

/// A name among what is written, whatever the destination's spelling of it is.
pub(crate) fn mapped_name(mapped: &MappedRecord) -> Option<String> {
    named(mapped.attributes.iter()).or_else(|| named(mapped.identifiers.iter()))
}

/// A name among values.
pub(crate) fn named<'v>(values: impl Iterator<Item = (&'v String, &'v Value)> + Clone) -> Option<String> {
    let plain = |name: &str| name.replace(['_', ' '], "").to_lowercase();
    name_in(|column| {
        values.clone().find(|(name, _)| plain(name) == column).map(|(_, value)| value.display_text())
    })
}

/// The first of the usual names that holds a text.
fn name_in(value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let text = |column: &str| value(column).filter(|text| !text.trim().is_empty());
    let joined = || {
        let parts: Vec<String> = PARTS.into_iter().filter_map(text).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    NAMES.into_iter().find_map(text).or_else(joined).or_else(|| OTHERS.into_iter().find_map(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;
    use syncline_model::{RecordId, ValueMap};

    #[test]
    fn the_names_that_people_use_come_first() {
        let of = |pairs: &[(&str, &str)]| {
            let values: ValueMap =
                pairs.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect();
            named(values.iter())
        };
        assert_eq!(
            of(&[("FirstName", "Ann"), ("LastName", "Ito"), ("Email", "a@x")]).as_deref(),
            Some("Ann Ito")
        );
        assert_eq!(of(&[("last_name", "Ito"), ("id", "7")]).as_deref(), Some("Ito"));
        assert_eq!(of(&[("Name", "Fabrikam"), ("FirstName", "Ann")]).as_deref(), Some("Fabrikam"));
        assert_eq!(of(&[("Name", " "), ("Email", "a@x")]).as_deref(), Some("a@x"));
        assert_eq!(of(&[("id", "7")]), None);
    }

    #[test]
    fn a_record_is_known_by_its_own_columns_first() {
        let of = |json: &str| {
            let record = Record {
                entity: "contact".into(),
                id: RecordId::new("7"),
                etag: None,
                raw: RawValue::from_string(json.to_owned()).unwrap(),
            };
            title(&record, &MappedRecord::default())
        };
        assert_eq!(
            of(r#"{"firstname":"Zo\u00eb","lastname":"Ito","fullname":null,"subject":"x"}"#),
            "Zoë Ito"
        );
        assert_eq!(of(r#"{"fullname":"old","a":{"name":"no"},"fullname":"Ann","name":"b"}"#), "Ann");
        assert_eq!(of(r#"{"fullname@x":"no","email":"a@b.example","subject":"x"}"#), "x");
        assert_eq!(of(r#"{"fullname":"  "}"#), "7");
        assert_eq!(of("[]"), "7");
    }
}
