//! Explain any cell: each option of a definition appears in a chain that begins with the raw value and ends in what is sent.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a suite may stop")]

mod common;

use common::{NOW, record, to_contact, to_insider};
use std::collections::BTreeSet;
use syncline_mapping::Compiled;
use syncline_model::{Explanation, Value, definition_json_schema};

const RAW: &str = r#"{"contactid":"7F5A1C2E-0000-0000-0000-000000000001","emailaddress1":"Ann@Example.org","telephone1":"0532 123 45 67",
  "firstname":"  Ann ","description":null,"gendercode":2,"statecode":7,"donotbulkemail":true,"new_interests":"1,9","creditlimit":20000.0000,
  "createdon":"2026-01-02T03:04:05Z","new_kind":100000000}"#;

const BY_ID: &str = r#""identifiers":[{"to":"uuid","from":"contactid"}],"phone":{"country_code":"90"},"fixed":[{"to":"k","value":1}]"#;

fn chain(compiled: &Compiled, raw: &str, path: &str) -> Explanation {
    let told = compiled.mapping.explain(&record(raw), NOW.parse().unwrap());
    told.iter()
        .find(|explanation| explanation.path == path)
        .cloned()
        .unwrap_or_else(|| panic!("{path} is not explained: {told:?}"))
}

/// The chain of the only field; its last value is what is sent.
fn field(options: &str, more: &str, raw: &str) -> Explanation {
    let compiled = to_insider(&format!(r#"{BY_ID}{more},"fields":[{{"to":"custom_x",{options}}}]"#));
    let explanation = chain(&compiled, raw, "fields[0]");
    let sent = compiled.mapping.apply(&record(raw), NOW.parse().unwrap()).record;
    let last = explanation.steps.last().and_then(|step| step.value.clone());
    assert_eq!(last.as_ref(), sent.attributes.get("custom_x"), "{options}");
    assert!(matches!(explanation.steps[0].rule.as_str(), "raw" | "missing"), "{explanation:?}");
    explanation
}

fn assert_step(explanation: &Explanation, rule: &str, value: Option<Value>) {
    let step = explanation
        .steps
        .iter()
        .find(|step| step.rule == rule)
        .unwrap_or_else(|| panic!("no step {rule} in {explanation:?}"));
    assert_eq!(step.value, value, "{rule}");
    assert!(!step.text.is_empty());
}

/// Option of a field, a field that uses it, the step it appears as, and the value after that step.
fn field_options() -> Vec<(&'static str, &'static str, &'static str, Option<Value>)> {
    vec![
        ("label", r#""from":"gendercode","label":true"#, "label", Some("Female".into())),
        ("invert", r#""from":"donotbulkemail","invert":true"#, "invert", Some(false.into())),
        ("phone", r#""from":"telephone1","phone":true"#, "phone", Some("+905321234567".into())),
        ("trim", r#""from":"firstname","trim":true"#, "trim", Some("Ann".into())),
        ("case", r#""from":"firstname","case":"upper""#, "case", Some("  ANN ".into())),
        ("default", r#""from":"description","default":"none""#, "default", Some("none".into())),
        ("first_of", r#""from":"description","first_of":["firstname"]"#, "first_of", Some("  Ann ".into())),
        (
            "split",
            r#""from":"emailaddress1","split":{"by":"@","part":2}"#,
            "split",
            Some("Example.org".into()),
        ),
        (
            "join",
            r#""from":"emailaddress1","join":{"with":["new_kind"]}"#,
            "join",
            Some("Ann@Example.org 100000000".into()),
        ),
        (
            "expression",
            r#""from":"emailaddress1","expression":"value + \"!\"""#,
            "expression",
            Some("Ann@Example.org!".into()),
        ),
        ("map", r#""from":"emailaddress1","map":{"Ann@Example.org":"Ann"}"#, "map", Some("Ann".into())),
        ("on_unmapped", r#""from":"emailaddress1","map":{"a":"b"},"on_unmapped":"skip""#, "map", None),
        ("date", r#""from":"createdon","date":{"form":"%d.%m.%Y"}"#, "date", Some("02.01.2026".into())),
        (
            "decimals",
            r#""from":"creditlimit","decimals":1"#,
            "decimals",
            Some(Value::from_json_text("20000.0").unwrap()),
        ),
        (
            "phone_country",
            r#""from":"telephone1","phone":true,"phone_country":"description""#,
            "phone_country",
            None,
        ),
        ("empty", r#""from":"description","empty":"leave-out""#, "left_out", None),
    ]
}

#[test]
fn each_option_of_a_field_appears_in_a_chain() {
    let options = field_options();
    let schema = definition_json_schema();
    let known: BTreeSet<&str> = schema["$defs"]["FieldMapping"]["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    // `to` and `from` are the line itself; `direction` decides which way a line is used, not what becomes of a value; `find_by` has a
    // test of its own, because only Dataverse's lookups have it; `linked` is between two mappings.
    let told: BTreeSet<&str> = options
        .iter()
        .map(|(option, ..)| *option)
        .chain(["to", "from", "direction", "find_by", "linked"])
        .collect();
    assert_eq!(known, told, "each option of a field has a line in the table above");
    for (_, line, rule, value) in options {
        assert_step(&field(line, "", RAW), rule, value);
    }
}

#[test]
fn a_lookup_that_is_found_by_a_column_says_so() {
    let compiled = to_contact(
        r#""identifiers":[{"to":"contactid","from":"contactid"}],"fields":[{"to":"parentcustomerid","from":"firstname","trim":true,
            "find_by":{"entity":"account","column":"accountnumber"}}]"#,
    );
    let explanation = chain(&compiled, RAW, "fields[0]");
    assert_step(&explanation, "find_by", Some("Ann".into()));
    assert!(explanation.steps.last().unwrap().text.contains("account with this accountnumber"));
    let finds: Vec<_> =
        compiled.mapping.finds().map(|(target, find)| (target, find.column.as_str())).collect();
    assert_eq!(finds, [("parentcustomerid", "accountnumber")]);
}

#[test]
fn what_an_identifier_must_be_is_told() {
    let identifier = |rules: &str| {
        let compiled = to_insider(&format!(
            r#""identifiers":[{{"to":"member","from":"firstname",{rules}}}],"fields":[{{"to":"name","from":"firstname"}}]"#
        ));
        chain(&compiled, RAW, "identifiers[0]")
    };
    assert_step(&identifier(r#""pattern":"[A-Z][a-z]{2}""#), "pattern", Some("Ann".into()));
    assert_step(&identifier(r#""pattern":"[0-9]+""#), "pattern", None);
    assert_step(&identifier(r#""check":"uuid""#), "uuid", None);
    assert_step(&identifier(r#""check":"email""#), "skip-identifier", None);
}

#[test]
fn several_options_stand_in_the_order_in_which_they_act() {
    let explanation = field(r#""from":"firstname","trim":true,"case":"upper","default":"none""#, "", RAW);
    let rules: Vec<&str> = explanation.steps.iter().map(|step| step.rule.as_str()).collect();
    assert_eq!(rules, ["raw", "trim", "case", "target"]);
    assert_eq!(explanation.steps[0].value, Some("  Ann ".into()));
}

#[test]
fn a_code_without_label_is_told_by_its_rule() {
    let line = r#""from":"statecode","label":true"#;
    assert_step(&field(line, "", RAW), "unknown_code", Some(7.into()));
    assert_step(&field(line, r#","on_unknown_code":"skip""#, RAW), "unknown_code", None);
}

#[test]
fn what_is_missing_says_why() {
    let empty = field(r#""from":"description""#, "", RAW);
    assert_step(&empty, "raw", Some(Value::Null));
    assert_step(&empty, "left_out", None);
    assert_step(&field(r#""from":"lastname""#, "", RAW), "missing", None);
    let raw = RAW.replace("0532 123 45 67", "call me");
    assert_step(&field(r#""from":"telephone1","phone":true"#, "", &raw), "phone", None);
    let refused = field(r#""from":"donotbulkemail","invert":true"#, "", &RAW.replace(":true", ":\"often\""));
    assert_step(&refused, "refused", None);
    let too_long = to_contact(
        r#""identifiers":[{"to":"contactid","from":"contactid"}],"fields":[{"to":"externalid","from":"emailaddress1"}]"#,
    );
    let raw = RAW.replace("Ann@Example.org", &"a".repeat(30));
    let explanation = chain(&too_long, &raw, "fields[0]");
    assert_step(&explanation, "refused", None);
    assert!(explanation.steps.last().unwrap().text.contains("20"), "{explanation:?}");
}

#[test]
fn identifiers_are_told_from_raw_to_checked_with_the_rule_for_malformed_ones() {
    let parts = |rule: &str| {
        format!(
            r#""identifiers":[{{"to":"email","from":"emailaddress1"}},{{"to":"phone_number","from":"telephone1"}},{{"to":"uuid","from":"contactid"}},{{"to":"loyalty","from":"firstname"}}],
            "on_invalid_identifier":"{rule}","phone":{{"country_code":"90"}},"fields":[{{"to":"name","from":"firstname"}}]"#
        )
    };
    let compiled = to_insider(&parts("skip-identifier"));
    for (path, rule, value) in [
        ("identifiers[0]", "email", "ann@example.org"),
        ("identifiers[1]", "phone", "+905321234567"),
        ("identifiers[2]", "text", "7f5a1c2e-0000-0000-0000-000000000001"),
        ("identifiers[3]", "text", "Ann"),
    ] {
        let explanation = chain(&compiled, RAW, path);
        assert_eq!(explanation.steps[0].rule, "raw");
        assert_step(&explanation, rule, Some(value.into()));
        assert_step(&explanation, "identifier", Some(value.into()));
    }
    let bad = RAW.replace("Ann@Example.org", "ann at example");
    assert_step(&chain(&compiled, &bad, "identifiers[0]"), "skip-identifier", None);
    assert_step(&chain(&to_insider(&parts("skip-record")), &bad, "identifiers[0]"), "skip-record", None);
    let none = RAW.replace("\"Ann@Example.org\"", "null");
    let explanation = chain(&compiled, &none, "identifiers[0]");
    assert_step(&explanation, "missing", None);
    assert_step(&explanation, "left_out", None);
    let keyed = to_contact(
        r#""identifiers":[{"to":"externalid","from":"firstname"}],"fields":[{"to":"firstname","from":"firstname"}]"#,
    );
    assert_step(&chain(&keyed, RAW, "identifiers[0]"), "key", Some("  Ann ".into()));
}

#[test]
fn fixed_values_and_events_are_told_with_their_lines() {
    let events = |name: &str, timestamp: &str| {
        to_insider(&format!(
            r#"{BY_ID},"events":{{"name":{name},"timestamp":{timestamp},
              "parameters":[{{"to":"credit","from":"creditlimit"}},{{"to":"custom_kind","from":"gendercode","label":true}}],"fixed":[{{"to":"currency","value":"EUR"}}]}}"#
        ))
    };
    let fixed = events(r#"{"fixed":"visit"}"#, "\"processing\"");
    assert_step(&chain(&fixed, RAW, "fixed[0]"), "fixed", Some(1.into()));
    assert_step(&chain(&fixed, RAW, "events.name"), "fixed", Some("visit".into()));
    assert_step(&chain(&fixed, RAW, "events.timestamp"), "processing", None);
    let credit = chain(&fixed, RAW, "events.parameters[0]");
    assert_eq!(credit.steps.last().unwrap().value.as_ref().unwrap().to_json_text(), "20000.0000");
    assert_step(&chain(&fixed, RAW, "events.parameters[1]"), "label", Some("Female".into()));
    assert_step(&chain(&fixed, RAW, "events.fixed[0]"), "fixed", Some("EUR".into()));
    let table = r#"{"from":"new_kind","map":{"100000000":"order_made"}}"#;
    let mapped = events(table, r#"{"from":"createdon"}"#);
    assert_step(&chain(&mapped, RAW, "events.name"), "map", Some("order_made".into()));
    assert_step(&chain(&mapped, RAW, "events.timestamp"), "date", Some("2026-01-02T03:04:05Z".into()));
    assert_step(&chain(&mapped, &RAW.replace(":100000000", ":5"), "events.name"), "map", None);
    assert_step(&chain(&mapped, &RAW.replace(":100000000", ":null"), "events.name"), "missing", None);
    let undated = RAW.replace("\"2026-01-02T03:04:05Z\"", "null");
    assert_step(&chain(&mapped, &undated, "events.timestamp"), "missing", None);
    let misdated = RAW.replace("2026-01-02T03:04:05Z", "soon");
    assert_step(&chain(&mapped, &misdated, "events.timestamp"), "date", None);
}

#[test]
fn choices_are_told_as_a_list() {
    let codes = Value::List(vec![1.into(), 9.into()]);
    assert_step(&field(r#""from":"new_interests""#, "", RAW), "split", Some(codes));
    let labels = Value::List(vec!["Golf".into(), "Chess".into()]);
    assert_step(&field(r#""from":"new_interests","label":true"#, "", RAW), "label", Some(labels));
}
