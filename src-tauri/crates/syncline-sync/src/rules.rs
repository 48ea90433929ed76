//! The rule behind an issue of a row, in words that hold no value of the row: what a destination takes, and what a definition asks for.

use syncline_model::{ColumnType, EntitySchema, RequiredLevel};

/// The rule that an issue's code stands for, at this field of the destination.
pub fn rule_of(code: &str, field: &str, schema: &EntitySchema) -> String {
    let column = schema.column(field);
    let kind = column.map(|column| wanted(column.column_type));
    match code {
        "type_mismatch" | "not_boolean" => match kind {
            Some(kind) => format!("type: {field} takes {kind}"),
            None => "type: the value is of another type than the attribute".to_owned(),
        },
        "too_long" => match column.and_then(|column| column.max_length) {
            Some(most) => format!("length: {field} takes at most {most} characters"),
            None => "length: the text is longer than the attribute".to_owned(),
        },
        "required_missing" => match column.map(|column| column.required) {
            Some(RequiredLevel::System) => format!("required: the service refuses a record without {field}"),
            Some(RequiredLevel::None | RequiredLevel::Application | RequiredLevel::Recommended) | None => {
                format!("required: {field} must have a value")
            }
        },
        "read_only" => format!("read-only: {field} can't be written"),
        "create_only" => {
            format!("read-only: {field} is set when a record is made and can't be changed later")
        }
        "unknown_attribute" => format!("unknown attribute: the destination has no {field}"),
        "choice_not_offered" => format!("type: the value is not among the choices of {field}"),
        "out_of_range" => format!("type: the number or date is outside of what {field} takes"),
        "wrong_entity" => format!("type: {field} can't point at a row of that table"),
        "entity_unknown" => {
            format!("type: {field} may point at several tables, and the source does not say at which")
        }
        "lookup_not_found" => format!("lookup: the destination has no row that {field} could point at"),
        "lookup_ambiguous" => format!("lookup: several rows fit, and {field} can point at one only"),
        "state_follows" => {
            format!("state: a row is made active; {field} is set once it is there, by the next run")
        }
        "status_of_another_state" => format!(
            "state: {field} must be a status reason of the state beside it; map one that belongs to it, or the state alone"
        ),
        "related_missing" => "the record that the lookup points at can't be read".to_owned(),
        "too_many" if kind.is_some() => format!("too many: {field} takes at most 150 choices at once"),
        "too_many" => "too many: the record holds more than one request takes".to_owned(),
        "too_large" => "too large: the record is larger than one request may be".to_owned(),
        "ambiguous_match" => "several rows at the destination have these identifiers".to_owned(),
        "duplicate_identifiers" => {
            "several records of the selection have the same identifiers; which one goes, the definition says"
                .to_owned()
        }
        "no_identifier" => "identifier: at least one valid identifier is needed".to_owned(),
        "invalid_identifier" => {
            "identifier: the definition leaves records with an invalid identifier out".to_owned()
        }
        "email_malformed" => {
            "identifier: an e-mail address has a name, an @ and a domain with a dot".to_owned()
        }
        "phone_malformed" => "a telephone number has a + and 7 to 15 digits".to_owned(),
        "uuid_malformed" => "identifier: a UUID has 32 hexadecimal digits".to_owned(),
        "pattern_mismatch" => format!("identifier: {field} must fit the definition's pattern"),
        "unknown_code" => "the code has no label in the source".to_owned(),
        "event_already_sent" => "an event is sent once; this one was sent before".to_owned(),
        "event_sent_again" => "an event is sent once; this one goes again on purpose".to_owned(),
        "nothing_to_send" => "a record without attributes and events is not sent".to_owned(),
        "unreadable" => "the source record can't be read".to_owned(),
        _ => String::new(),
    }
}

fn wanted(column: ColumnType) -> &'static str {
    match column {
        ColumnType::String | ColumnType::Memo => "a text",
        ColumnType::Integer | ColumnType::BigInt => "a whole number",
        ColumnType::Decimal | ColumnType::Double | ColumnType::Money => "a number",
        ColumnType::Boolean => "true or false",
        ColumnType::Picklist | ColumnType::State | ColumnType::Status => "one of its choices",
        ColumnType::MultiSelectPicklist => "some of its choices",
        ColumnType::Lookup | ColumnType::Customer | ColumnType::Owner | ColumnType::PartyList => {
            "the id of a row"
        }
        ColumnType::UniqueIdentifier => "an id",
        ColumnType::DateTime => "a date such as 2026-01-31",
        ColumnType::Image | ColumnType::File | ColumnType::Other => "a value of its own kind",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_the_limit_and_no_value() {
        let schema: EntitySchema = serde_json::from_value(serde_json::json!({
            "logical_name": "contact", "set_name": "contacts", "display_name": "Contact", "display_collection_name": "Contacts",
            "primary_id": "contactid", "primary_name": "fullname", "custom": false, "change_tracking": true,
            "columns": [{ "logical_name": "firstname", "display_name": "First name", "type": "string", "required": "none",
                "readable": true, "creatable": true, "updatable": true, "max_length": 50 }],
            "keys": [], "relationships": [],
        }))
        .unwrap();
        assert_eq!(
            rule_of("too_long", "firstname", &schema),
            "length: firstname takes at most 50 characters"
        );
        assert_eq!(rule_of("type_mismatch", "firstname", &schema), "type: firstname takes a text");
        assert_eq!(rule_of("something_else", "firstname", &schema), "");
    }
}
