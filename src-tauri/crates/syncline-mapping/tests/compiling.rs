//! A definition's problems come all at once, with path, code and remedy.

mod common;

use common::{contact, definition, profile, to_contact, to_insider};
use syncline_mapping::{auto_match, compile, definition_hash, starter, starters};
use syncline_model::{ConnectionName, Fix, Problem, System};

const EMAIL: &str = r#""identifiers":[{"to":"email","from":"emailaddress1"}]"#;

fn problems(parts: &str, system: System) -> Vec<(String, String)> {
    let destination = if system == System::Insider { profile() } else { contact() };
    compile(&definition(parts), &contact(), &destination, system)
        .err()
        .unwrap_or_default()
        .into_iter()
        .map(|problem| (problem.path, problem.code))
        .collect()
}

fn assert_one(parts: &str, system: System, path: &str, code: &str) {
    assert_eq!(problems(parts, system), [(path.to_owned(), code.to_owned())], "{parts}");
}

#[test]
fn each_problem_has_its_path_and_code() {
    let field = |field: &str| format!(r#"{EMAIL},"fields":[{field}]"#);
    let cases = [
        (field(r#"{"to":"name","from":"fristname"}"#), "fields[0].from", "unknown_column"),
        (field(r#"{"to":"name","from":"new_secret"}"#), "fields[0].from", "column_not_readable"),
        (
            field(r#"{"to":"name","from":"firstname"},{"to":"name","from":"lastname"}"#),
            "fields[1].to",
            "duplicate_target",
        ),
        (field(r#"{"to":"email","from":"firstname"}"#), "fields[0].to", "duplicate_target"),
        (field(r#"{"to":"x","from":"firstname","label":true}"#), "fields[0].label", "label_without_options"),
        (field(r#"{"to":"x","from":"gendercode","invert":true}"#), "fields[0].invert", "invert_not_boolean"),
        (field(r#"{"to":"x","from":"gendercode","phone":true}"#), "fields[0].phone", "phone_not_text"),
        (field(r#"{"to":"birthday","from":"numberofchildren"}"#), "fields[0]", "type_mismatch"),
        (
            field(r#"{"to":"name","from":"firstname"}"#) + r#","fixed":[{"to":"age","value":"old"}]"#,
            "fixed[0].value",
            "type_mismatch",
        ),
        (
            field(r#"{"to":"name","from":"firstname"}"#) + r#","schedule":{"cron":"61 * * * *"}"#,
            "schedule.cron",
            "cron_invalid",
        ),
        (
            field(r#"{"to":"name","from":"firstname"}"#) + r#","schedule":{"cron":"* * * *"}"#,
            "schedule.cron",
            "cron_invalid",
        ),
        (
            field(r#"{"to":"name","from":"firstname"}"#) + r#","phone":{"country_code":"999"}"#,
            "phone.country_code",
            "country_code_unknown",
        ),
        (r#""fields":[{"to":"name","from":"firstname"}]"#.to_owned(), "identifiers", "identifiers_missing"),
        (EMAIL.to_owned(), "fields", "nothing_mapped"),
        (
            format!(r#"{EMAIL},"events":{{"name":{{}},"timestamp":"processing"}}"#),
            "events.name",
            "event_name_missing",
        ),
        (
            format!(r#"{EMAIL},"events":{{"name":{{"fixed":"Purchase"}},"timestamp":"processing"}}"#),
            "events.name.fixed",
            "event_name_malformed",
        ),
        (
            format!(r#"{EMAIL},"events":{{"name":{{"fixed":"visit"}},"timestamp":{{"from":"gendercode"}}}}"#),
            "events.timestamp.from",
            "timestamp_not_date",
        ),
        (
            format!(r#"{EMAIL},"events":{{"name":{{"from":"new_kind"}},"timestamp":"processing"}}"#),
            "events.name.map",
            "event_map_missing",
        ),
    ];
    for (parts, path, code) in cases {
        assert_one(&parts, System::Insider, path, code);
    }
    let key = r#""identifiers":[{"to":"contactid","from":"contactid"}]"#;
    for (parts, path, code) in [
        (format!(r#"{key},"fields":[{{"to":"fristname","from":"firstname"}}]"#), "fields[0].to", "unknown_target"),
        (format!(r#"{key},"fields":[{{"to":"fullname","from":"firstname"}}]"#), "fields[0].to", "target_not_writable"),
        (format!(r#"{key},"fields":[{{"to":"birthdate","from":"creditlimit"}}]"#), "fields[0]", "type_mismatch"),
        (r#""identifiers":[{"to":"new_interests","from":"new_interests"}],"fields":[{"to":"firstname","from":"firstname"}]"#.to_owned(), "identifiers", "no_key"),
        (format!(r#"{key},"events":{{"name":{{"fixed":"visit"}},"timestamp":"processing"}}"#), "events", "events_not_taken"),
    ] {
        assert_one(&parts, System::Dataverse, path, code);
    }
}

#[test]
fn the_source_section_is_checked_too() {
    let mut wrong = definition(&format!(r#"{EMAIL},"fields":[{{"to":"name","from":"firstname"}}]"#));
    wrong.source.columns.retain(|column| column.as_str() != "firstname");
    wrong.source.list = Some("Newsletter".to_owned());
    wrong.source.filter = Some("<condition attribute='gendercode' operator='like' value='M%'/>".to_owned());
    let found: Vec<Problem> = compile(&wrong, &contact(), &profile(), System::Insider).unwrap_err();
    let seen: Vec<(&str, &str)> = found.iter().map(|p| (p.path.as_str(), p.code.as_str())).collect();
    assert_eq!(
        seen,
        [
            ("source", "entity_and_list"),
            ("source.filter", "operator_does_not_fit"),
            ("fields[0].from", "column_not_chosen")
        ]
    );
    assert_eq!(found[2].hint.as_deref(), Some("add \"firstname\" to source.columns"));
    assert_eq!(found[2].fix, Some(Fix::ChooseColumns { columns: vec!["firstname".to_owned()] }));
    wrong.source.entity = None;
    wrong.source.list = None;
    wrong.source.filter = Some("<filter><condition attribute='a'></filter>".to_owned());
    let found = compile(&wrong, &contact(), &profile(), System::Insider).unwrap_err();
    assert_eq!((found[0].code.as_str(), found[1].code.as_str()), ("no_entity_or_list", "xml_malformed"));
}

#[test]
fn warnings_hinder_nothing() {
    let compiled = to_insider(
        r#""identifiers":[{"to":"phone_number","from":"telephone1"}],"fields":[{"to":"gender","from":"gendercode","label":true},{"to":"surnam","from":"lastname"}],
        "events":{"name":{"from":"new_kind","map":{"100000000":"purchase"}},"timestamp":{"from":"createdon"}}"#,
    );
    let codes: Vec<&str> = compiled.warnings.iter().map(|warning| warning.code.as_str()).collect();
    for code in [
        "phone_not_converted",
        "options_without_label",
        "custom_target",
        "event_map_incomplete",
        "event_parameter_missing",
    ] {
        assert!(codes.contains(&code), "{code} is missing in {codes:?}");
    }
    let compiled = to_contact(
        r#""identifiers":[{"to":"contactid","from":"contactid"}],"fields":[{"to":"firstname","from":"emailaddress1"}]"#,
    );
    let codes: Vec<&str> = compiled.warnings.iter().map(|warning| warning.code.as_str()).collect();
    assert_eq!(codes, ["target_too_short", "required_not_mapped"]);
}

#[test]
fn starters_read_back_and_name_only_documented_columns() {
    for name in starters() {
        let starter =
            starter(name, ConnectionName::new("a").unwrap(), ConnectionName::new("b").unwrap()).unwrap();
        assert_eq!(syncline_model::SyncDefinition::from_json(&starter.to_json()).unwrap(), starter, "{name}");
    }
    assert!(
        starter("nothing", ConnectionName::new("a").unwrap(), ConnectionName::new("b").unwrap()).is_none()
    );
}

#[test]
fn names_that_belong_together_are_matched() {
    let pairs: Vec<(String, String, bool, bool)> = auto_match(&contact(), &profile())
        .into_iter()
        .map(|field| (field.to, field.from.to_string(), field.label, field.invert))
        .collect();
    let pair = |to: &str, from: &str, label, invert| (to.to_owned(), from.to_owned(), label, invert);
    assert_eq!(
        pairs,
        [
            pair("birthday", "birthdate", false, false),
            pair("email", "emailaddress1", false, false),
            pair("email_optin", "donotbulkemail", false, true),
            pair("gender", "gendercode", true, false),
            pair("name", "firstname", false, false),
            pair("phone_number", "telephone1", false, false),
            pair("surname", "lastname", false, false),
        ]
    );
    let same = auto_match(&contact(), &contact());
    assert!(
        same.iter().all(|field| field.to == field.from.as_str()
            && field.to != "fullname"
            && field.to != "contactid")
    );
    assert!(same.len() > 10);
}

#[test]
fn the_hash_follows_the_meaning() {
    let parts = r#""identifiers":[],"fields":[{"to":"a","from":"firstname","default":1.10}]"#;
    let one = definition(parts);
    assert_eq!(
        definition_hash(&one),
        definition_hash(&definition(r#""fields":[{"from":"firstname","default":1.10,"to":"a"}]"#))
    );
    assert_eq!(definition_hash(&one).len(), 64);
    let mut other = one.clone();
    other.fields[0].default =
        Some(syncline_model::Value::from_json_text("1.1000000000000000000000001").unwrap());
    assert_ne!(definition_hash(&one), definition_hash(&other));
}

#[test]
fn what_one_step_mends_is_told_to_scripts_too() {
    let fixes = |parts: &str| -> Vec<Option<Fix>> {
        let problems =
            compile(&definition(parts), &contact(), &profile(), System::Insider).err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.fix).collect()
    };
    let replace =
        |path: &str, with: &str| Some(Fix::Replace { path: path.to_owned(), with: with.to_owned() });
    let field = |field: &str| format!(r#"{EMAIL},"fields":[{field}]"#);
    assert_eq!(
        fixes(&field(r#"{"to":"name","from":"fristname"}"#)),
        [replace("fields[0].from", "firstname")]
    );
    assert_eq!(
        fixes(&field(r#"{"to":"name","from":"firstname","first_of":["lastnam"]}"#)),
        [replace("fields[0].first_of[0]", "lastname")]
    );
    // In an expression there is more than a name: a person mends it.
    assert_eq!(fixes(&field(r#"{"to":"name","from":"firstname","expression":"value + lastnam"}"#)), [None]);
    let json = serde_json::to_value(replace("fields[0].from", "x")).unwrap();
    assert_eq!(json, serde_json::json!({ "do": "replace", "path": "fields[0].from", "with": "x" }));
}

#[test]
fn a_custom_attribute_may_be_called_one() {
    let parts = format!(
        r#"{EMAIL},"fields":[{{"to":"custom.city","from":"firstname"}},{{"to":"custom.City","from":"lastname"}}]"#
    );
    let compiled = compile(&definition(&parts), &contact(), &profile(), System::Insider).unwrap();
    let told: Vec<_> = compiled.warnings.iter().map(|one| (one.path.as_str(), one.code.as_str())).collect();
    assert_eq!(told, [("fields[1].to", "attribute_name_unusual")]);
}
