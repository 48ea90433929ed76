//! Something to know a row by, beside its id.

use syncline_model::{MappedRecord, Record, Value};

/// Its e-mail, else a name of the record, else one of what is written, else its first identifier or its id.
pub(crate) fn title(record: &Record, mapped: &MappedRecord) -> String {
    let email = mapped.identifiers.get("email").map(Value::display_text);
    email
        .or_else(|| {
            let fields = record.fields().ok()?;
            name_in(|column| fields.value(column).map(|value| value.display_text()))
        })
        .or_else(|| mapped_name(mapped))
        .or_else(|| mapped.identifiers.values().next().map(Value::display_text))
        .unwrap_or_else(|| record.id.to_string())
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

/// The first of the usual names that holds a text; a first and a last name stand together.
fn name_in(value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let text = |column: &str| value(column).filter(|text| !text.trim().is_empty());
    let joined = || {
        let parts: Vec<String> = ["firstname", "lastname"].into_iter().filter_map(text).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    let others = ["displayname", "title", "subject", "emailaddress1", "email"];
    ["fullname", "name"]
        .into_iter()
        .find_map(text)
        .or_else(joined)
        .or_else(|| others.into_iter().find_map(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncline_model::ValueMap;

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
}
