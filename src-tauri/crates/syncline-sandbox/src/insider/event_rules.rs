//! The rules of an event ("Upsert User Data": events; "Default events").

use serde_json::Value;

use super::rules::{Found, add, check_custom, is_time, shown};

const STRINGS: &[&str] = &[
    "product_id",
    "name",
    "event_group_id",
    "url",
    "product_image_url",
    "locale",
    "color",
    "size",
    "promotion_name",
    "voucher_name",
];
const NUMBERS: &[&str] = &["unit_price", "unit_sale_price", "promotion_discount", "voucher_discount"];

/// Parameters that an event can't do without.
fn needed(event_name: &str) -> &'static [&'static str] {
    match event_name {
        "purchase" => &["currency", "quantity", "unit_sale_price", "event_group_id"],
        "cart_page_view" => &["currency", "unit_sale_price", "event_group_id"],
        _ => &[],
    }
}

/// The printed rule lets capital letters follow, yet the reference's own example refuses `homepageView`: none is taken here.
fn is_event_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
}

pub(super) fn check_event(position: usize, event: &Value, found: &mut Found) {
    let name = match event.get("event_name") {
        Some(Value::String(name)) => name.as_str(),
        None | Some(_) => {
            add(found, &format!("events.{position}.event_name.required"), "event_name is required");
            return;
        }
    };
    if !is_event_name(name) {
        add(
            found,
            &format!("events.{position}.event_name.*.regexp(^[a-z0-9][a-zA-Z0-9._-]*$)"),
            &format!("invalid event name: {name}"),
        );
    }
    match event.get("timestamp") {
        Some(Value::String(text)) if is_time(text) => {}
        None => add(found, &format!("events.{position}.timestamp.required"), "timestamp is required"),
        Some(other) => add(
            found,
            &format!("events.{position}.timestamp.type"),
            &format!("timestamp must be RFC 3339: {}", shown(other)),
        ),
    }
    let parameters = match event.get("event_params") {
        None => None,
        Some(Value::Object(parameters)) => Some(parameters),
        Some(other) => {
            let text = format!("event_params must be object: {}", shown(other));
            add(found, &format!("events.{position}.event_params.type(object)"), &text);
            return;
        }
    };
    for parameter in needed(name) {
        if parameters.and_then(|parameters| parameters.get(*parameter)).is_none() {
            add(
                found,
                &format!("events.{position}.event_params.*.required"),
                &format!("{parameter} parameter is required on {name} event"),
            );
        }
    }
    for (name, value) in parameters.into_iter().flatten() {
        check_parameter(position, name, value, found);
    }
}

fn check_parameter(position: usize, name: &str, value: &Value, found: &mut Found) {
    let path = format!("events.{position}.event_params");
    let (good, wanted) = match name {
        name if STRINGS.contains(&name) => (value.is_string(), "string"),
        name if NUMBERS.contains(&name) => (value.is_number(), "number"),
        // The reference has it as a text in one place and as a number in another.
        "shipping_cost" => (value.is_string() || value.is_number(), "string or number"),
        "quantity" => (value.is_i64() || value.is_u64(), "integer"),
        "currency" => (
            value
                .as_str()
                .is_some_and(|text| text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())),
            "ISO 4217",
        ),
        "taxonomy" => {
            (value.as_array().is_some_and(|items| items.iter().all(Value::is_string)), "string array")
        }
        "custom" => return check_custom(value, &format!("{path}.custom"), found),
        _ => {
            let text = format!("unknown default parameter: {name}; custom ones belong under custom");
            return add(found, &format!("{path}.*.in(defaults_column)"), &text);
        }
    };
    if !good {
        add(found, &format!("{path}.{name}.type"), &format!("{name} must be {wanted}: {}", shown(value)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keys(event: Value) -> Vec<String> {
        let mut found = Vec::new();
        check_event(0, &event, &mut found);
        found.into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn the_example_of_the_reference() {
        let event = json!({"event_name":"purchase","timestamp":"2026-01-10T21:35:20Z","event_params":{"product_id":"ABC21000","name":"Chair",
            "taxonomy":["Home","Chairs"],"currency":"USD","quantity":1,"unit_price":990.9,"unit_sale_price":890.9,"event_group_id":"ORDER123","custom":{"channel":"store"}}});
        assert_eq!(keys(event), [""; 0]);
    }

    #[test]
    fn what_is_refused() {
        let at = "2021-01-17T14:41:21+03:00";
        let regexp = "events.0.event_name.*.regexp(^[a-z0-9][a-zA-Z0-9._-]*$)";
        for (event, wanted) in [
            (json!({"event_name":"homepageView","timestamp":at}), vec![regexp]),
            (json!({"event_name":"","timestamp":at}), vec![regexp]),
            (json!({"timestamp":at}), vec!["events.0.event_name.required"]),
            (json!({"event_name":"x"}), vec!["events.0.timestamp.required"]),
            (json!({"event_name":"x","timestamp":"yesterday"}), vec!["events.0.timestamp.type"]),
            (json!({"event_name":"purchase","timestamp":at}), vec!["events.0.event_params.*.required"; 4]),
            (
                json!({"event_name":"cart_page_view","timestamp":at}),
                vec!["events.0.event_params.*.required"; 3],
            ),
            (
                json!({"event_name":"x","timestamp":at,"event_params":{"amount":1}}),
                vec!["events.0.event_params.*.in(defaults_column)"],
            ),
            (
                json!({"event_name":"x","timestamp":at,"event_params":{"quantity":1.5,"currency":"usd"}}),
                vec!["events.0.event_params.quantity.type", "events.0.event_params.currency.type"],
            ),
            (
                json!({"event_name":"x","timestamp":at,"event_params":[]}),
                vec!["events.0.event_params.type(object)"],
            ),
            (json!("x"), vec!["events.0.event_name.required"]),
        ] {
            assert_eq!(keys(event), wanted);
        }
    }
}
