//! What records become: a table of transforms, identifiers, events and refusals; and that nothing panics.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a suite may stop")]

mod common;

use common::{NOW, column, contact, definition, profile, record, to_contact, to_insider};
use proptest::prelude::*;
use std::fmt::Write as _;
use syncline_mapping::{Mapped, Verdict, compile, identity_key};
use syncline_model::{ColumnType, Record, System, Value};

const RECORD: &str = r#"{
    "@odata.etag":"W/\"1\"","contactid":"7f5a1c2e-0000-0000-0000-000000000001","emailaddress1":" Ann.Ito@Example.ORG ",
    "telephone1":"0090 (0) 532 123 45 67","mobilephone":"0532 123 45 67","firstname":"  Ann ","lastname":"Ito",
    "externalid":"E-1","gendercode":2,"gendercode@OData.Community.Display.V1.FormattedValue":"Female","statecode":0,
    "donotbulkemail":true,"new_interests":"1,9","creditlimit":20000.0000,"numberofchildren":2,
    "_parentcustomerid_value":"9f5a1c2e-0000-0000-0000-000000000009",
    "_parentcustomerid_value@OData.Community.Display.V1.FormattedValue":"Contoso",
    "_parentcustomerid_value@Microsoft.Dynamics.CRM.lookuplogicalname":"account",
    "birthdate":"1980-01-31","createdon":"2026-01-02T03:04:05Z","new_appointment":"2026-03-29T02:30:00Z",
    "new_kind":100000000,"description":null}"#;

fn apply(parts: &str, record: &Record) -> Mapped {
    to_insider(parts).mapping.apply(record, NOW.parse().unwrap())
}

fn with(changes: &[(&str, &str)]) -> Record {
    let mut json: serde_json::Map<String, serde_json::Value> = serde_json::from_str(RECORD).unwrap();
    for (name, value) in changes {
        json.insert((*name).to_owned(), serde_json::from_str(value).unwrap());
    }
    record(&serde_json::to_string(&json).unwrap())
}

/// One line a field and destination: what is sent, or why not.
#[test]
fn the_table_of_transforms() {
    let fields = [
        r#""from":"firstname""#,
        r#""from":"firstname","trim":true,"case":"upper""#,
        r#""from":"description""#,
        r#""from":"description","default":"none""#,
        r#""from":"gendercode""#,
        r#""from":"gendercode","label":true"#,
        r#""from":"statecode","label":true"#,
        r#""from":"donotbulkemail""#,
        r#""from":"donotbulkemail","label":true"#,
        r#""from":"donotbulkemail","invert":true"#,
        r#""from":"new_interests""#,
        r#""from":"new_interests","label":true"#,
        r#""from":"creditlimit""#,
        r#""from":"numberofchildren""#,
        r#""from":"parentcustomerid""#,
        r#""from":"parentcustomerid","label":true"#,
        r#""from":"birthdate""#,
        r#""from":"createdon""#,
        r#""from":"new_appointment""#,
        r#""from":"telephone1","phone":true"#,
        r#""from":"mobilephone","phone":true"#,
        r#""from":"contactid""#,
    ];
    let mut destination = contact();
    for column_type in [ColumnType::String, ColumnType::Picklist] {
        let name = format!("{column_type:?}").to_lowercase();
        destination.columns.push(column(&name, column_type));
    }
    let mut table = String::new();
    for field in fields {
        let at_insider = apply(
            &format!(
                r#""identifiers":[{{"to":"uuid","from":"contactid"}}],"phone":{{"country_code":"90"}},"fixed":[{{"to":"k","value":1}}],"fields":[{{"to":"custom_x",{field}}}]"#
            ),
            &record(RECORD),
        );
        let insider =
            at_insider.record.attributes.get("custom_x").map_or("left out".to_owned(), Value::to_json_text);
        let source: serde_json::Value = serde_json::from_str(&format!("{{{field}}}")).unwrap();
        let same = source["from"].as_str().unwrap();
        let to = if source.get("label").is_some() || same == "contactid" { "string" } else { same };
        let at_dataverse = compile(
            &definition(&format!(r#""identifiers":[{{"to":"contactid","from":"contactid"}}],"phone":{{"country_code":"90"}},"fields":[{{"to":"{to}",{field}}}]"#)),
            &contact(),
            &destination,
            System::Dataverse,
        )
        .unwrap()
        .mapping
        .apply(&record(RECORD), NOW.parse().unwrap());
        let dataverse =
            at_dataverse.record.attributes.get(to).map_or("left out".to_owned(), Value::to_json_text);
        writeln!(table, "{field}\n    insider:   {insider}\n    dataverse: {dataverse}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn every_step_is_explained() {
    let compiled = to_insider(
        r#""identifiers":[{"to":"email","from":"emailaddress1"},{"to":"phone_number","from":"telephone1"}],"phone":{"country_code":"90"},
        "fields":[{"to":"gender","from":"gendercode","label":true,"case":"lower"},{"to":"email_optin","from":"donotbulkemail","invert":true},
          {"to":"city","from":"description","trim":true,"default":"unknown"},{"to":"note","from":"description"},{"to":"birthday","from":"birthdate"}],
        "fixed":[{"to":"source","value":"Dynamics"}],
        "events":{"name":{"from":"new_kind","map":{"100000000":"purchase"}},"timestamp":{"from":"createdon"},
          "parameters":[{"to":"unit_sale_price","from":"creditlimit"}],"fixed":[{"to":"currency","value":"EUR"}]}"#,
    );
    let mut text = String::new();
    for explanation in compiled.mapping.explain(&record(RECORD), NOW.parse().unwrap()) {
        writeln!(text, "{} ({})", explanation.field, explanation.path).unwrap();
        for step in explanation.steps {
            let value = step.value.map_or("dropped".to_owned(), |value| value.to_json_text());
            writeln!(text, "    {}: {} -> {value}", step.rule, step.text).unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn an_explanation_ends_in_what_is_sent() {
    let compiled = to_insider(
        r#""identifiers":[{"to":"email","from":"emailaddress1"}],"fields":[{"to":"gender","from":"gendercode","label":true},{"to":"birthday","from":"birthdate"}]"#,
    );
    let sent = compiled.mapping.apply(&record(RECORD), NOW.parse().unwrap()).record;
    for explanation in compiled.mapping.explain(&record(RECORD), NOW.parse().unwrap()) {
        let last = explanation.steps.last().unwrap().value.clone();
        let there =
            sent.attributes.get(&explanation.field).or_else(|| sent.identifiers.get(&explanation.field));
        assert_eq!(last.as_ref(), there, "{}", explanation.field);
    }
}

#[test]
fn identifiers_are_folded_checked_and_skipped_by_the_rule() {
    let parts = r#""identifiers":[{"to":"email","from":"emailaddress1"},{"to":"phone_number","from":"telephone1"},{"to":"uuid","from":"contactid"},{"to":"loyalty","from":"numberofchildren"}],
        "phone":{"country_code":"90"},"fields":[{"to":"name","from":"firstname"}]"#;
    let good = apply(parts, &record(RECORD));
    assert_eq!(good.verdict, Verdict::Ok);
    assert_eq!(
        identity_key(&good.record),
        r#"{"email":"ann.ito@example.org","loyalty":"2","phone_number":"+905321234567","uuid":"7f5a1c2e-0000-0000-0000-000000000001"}"#
    );
    let bad = with(&[("emailaddress1", "\"ann@example\""), ("telephone1", "\"call me\"")]);
    let mapped = apply(parts, &bad);
    assert_eq!(mapped.verdict, Verdict::Ok);
    assert_eq!(mapped.record.identifiers.len(), 2);
    let codes: Vec<&str> = mapped.issues.iter().map(|issue| issue.code.as_str()).collect();
    assert_eq!(codes, ["email_malformed", "phone_malformed"]);
    let strict = format!(r#"{parts},"on_invalid_identifier":"skip-record""#);
    assert!(
        matches!(apply(&strict, &bad).verdict, Verdict::Skip { code, .. } if code == "invalid_identifier")
    );
    let only = r#""identifiers":[{"to":"email","from":"emailaddress1"}],"fields":[{"to":"name","from":"firstname"}]"#;
    for value in [
        "null",
        "\"\"",
        "\" \"",
        "\"ann\"",
        "\"a@b@c.de\"",
        "\"a b@c.de\"",
        "\".a@c.de\"",
        "\"a@c..de\"",
        "\"a;b@c.de\"",
    ] {
        let verdict = apply(only, &with(&[("emailaddress1", value)])).verdict;
        assert!(
            matches!(verdict, Verdict::Skip { ref code, .. } if code == "no_identifier"),
            "{value}: {verdict:?}"
        );
    }
}

#[test]
fn phone_numbers_in_many_spellings_become_one() {
    let field = |code: &str| {
        format!(
            r#""identifiers":[{{"to":"uuid","from":"contactid"}}],{code}"fields":[{{"to":"p","from":"telephone1","phone":true}},{{"to":"name","from":"lastname"}}]"#
        )
    };
    let turkish = field(r#""phone":{"country_code":"90"},"#);
    for text in [
        "+90 532 123 45 67",
        "0090 532 1234567",
        "0532-123-45-67",
        "5321234567",
        "905321234567",
        "+90 (0) 532 123 45 67",
        "(0532) 123 45 67",
        "tel:+905321234567",
    ] {
        let mapped = apply(&turkish, &with(&[("telephone1", &format!("{text:?}"))]));
        assert_eq!(
            mapped.record.attributes["p"],
            Value::from("+905321234567"),
            "{text}: {:?}",
            mapped.issues
        );
    }
    let british = field(r#""phone":{"country_code":"+44"},"#);
    let mapped = apply(&british, &with(&[("telephone1", "\"020 7183 8750\"")]));
    assert_eq!(mapped.record.attributes["p"], Value::from("+442071838750"));
    let mapped = apply(&field(""), &with(&[("telephone1", "\"0532 123 45 67\"")]));
    assert!(!mapped.record.attributes.contains_key("p"));
    assert!(mapped.issues[0].message.contains("no country code"), "{:?}", mapped.issues);
}

#[test]
fn unknown_codes_are_sent_raw_or_left_out() {
    let parts = r#""identifiers":[{"to":"uuid","from":"contactid"}],"fields":[{"to":"gender","from":"gendercode","label":true},{"to":"i","from":"new_interests","label":true},{"to":"name","from":"lastname"}]"#;
    let odd = with(&[
        ("gendercode", "7"),
        ("gendercode@OData.Community.Display.V1.FormattedValue", "null"),
        ("new_interests", "\"9,7\""),
    ]);
    let raw = apply(parts, &odd);
    assert_eq!(raw.record.attributes["gender"], Value::from("7"));
    assert_eq!(raw.record.attributes["i"].to_json_text(), r#"["Chess","7"]"#);
    assert!(raw.issues.iter().all(|issue| issue.code == "unknown_code") && raw.issues.len() == 2);
    let skip = apply(&format!(r#"{parts},"on_unknown_code":"skip""#), &odd);
    assert!(!skip.record.attributes.contains_key("gender"));
    assert_eq!(skip.record.attributes["i"].to_json_text(), r#"["Chess"]"#);
    // The schema's label wins; the formatted value stands in where the schema has none.
    let formatted =
        with(&[("gendercode", "3"), ("gendercode@OData.Community.Display.V1.FormattedValue", "\"Diverse\"")]);
    assert_eq!(apply(parts, &formatted).record.attributes["gender"], Value::from("Diverse"));
}

#[test]
fn an_empty_boolean_is_never_inverted_to_true() {
    let parts = r#""identifiers":[{"to":"uuid","from":"contactid"}],"fields":[{"to":"email_optin","from":"donotbulkemail","invert":true},{"to":"name","from":"lastname"}]"#;
    assert!(
        !apply(parts, &with(&[("donotbulkemail", "null")])).record.attributes.contains_key("email_optin")
    );
    assert_eq!(
        apply(parts, &with(&[("donotbulkemail", "false")])).record.attributes["email_optin"],
        Value::Bool(true)
    );
}

#[test]
fn events_have_name_time_and_parameters() {
    let parts = r#""identifiers":[{"to":"uuid","from":"contactid"}],
        "events":{"name":{"from":"new_kind","map":{"100000000":"purchase"}},"timestamp":{"from":"createdon"},
          "parameters":[{"to":"unit_sale_price","from":"creditlimit"},{"to":"quantity","from":"numberofchildren"}],"fixed":[{"to":"currency","value":"EUR"}]}"#;
    let mapped = apply(parts, &record(RECORD));
    assert_eq!(
        serde_json::to_string(&mapped.record.events).unwrap(),
        r#"[{"name":"purchase","timestamp":"2026-01-02T03:04:05Z","parameters":{"currency":"EUR","quantity":2,"unit_sale_price":20000.0000}}]"#
    );
    assert_eq!(mapped.issues.len(), 1);
    assert_eq!(
        (mapped.issues[0].code.as_str(), mapped.issues[0].field.as_str()),
        ("event_parameter_missing", "event_group_id")
    );
    for (change, code) in [
        (("new_kind", "100000001"), "event_unknown"),
        (("new_kind", "null"), "event_name_missing"),
        (("createdon", "null"), "event_time_missing"),
        (("createdon", "\"soon\""), "event_time_malformed"),
    ] {
        let mapped = apply(parts, &with(&[change]));
        assert!(mapped.record.events.is_empty());
        assert_eq!(mapped.issues[0].code, code);
        assert!(matches!(mapped.verdict, Verdict::Skip { ref code, .. } if code == "nothing_to_send"));
    }
    let future = apply(parts, &with(&[("createdon", "\"2027-01-01T00:00:00Z\"")]));
    assert_eq!(future.issues[0].code, "event_in_future");
}

#[test]
fn refusals_are_foreseen() {
    let refused = |field: &str, from: &str, value: &str| {
        let parts = format!(
            r#""identifiers":[{{"to":"contactid","from":"contactid"}}],"fields":[{{"to":"{field}","from":"{from}"}}]"#
        );
        match to_contact(&parts).mapping.apply(&with(&[(from, value)]), NOW.parse().unwrap()).verdict {
            Verdict::Invalid { code, field: named, .. } => {
                assert_eq!(named, field);
                code
            }
            other => panic!("{field} from {from}: {other:?}"),
        }
    };
    assert_eq!(refused("lastname", "emailaddress1", &format!("\"{}\"", "é".repeat(51))), "too_long");
    assert_eq!(refused("externalid", "firstname", "null"), "required_missing");
    assert_eq!(refused("gendercode", "firstname", "\"Unknown\""), "choice_not_offered");
    assert_eq!(refused("gendercode", "gendercode", "12"), "choice_not_offered");
    assert_eq!(refused("numberofchildren", "creditlimit", "3000000000"), "out_of_range");
    assert_eq!(refused("numberofchildren", "creditlimit", "1.5"), "type_mismatch");
    assert_eq!(refused("birthdate", "firstname", "\"yesterday\""), "type_mismatch");
    assert_eq!(refused("createdon", "birthdate", "\"1700-01-01\""), "out_of_range");
}

proptest! {
    #[test]
    fn no_record_panics(raw in "\\PC{0,60}", name in 0usize..21, number in any::<i64>()) {
        let compiled = to_contact(
            r#""identifiers":[{"to":"externalid","from":"externalid"}],"phone":{"country_code":"90"},"fields":[
              {"to":"firstname","from":"telephone1","phone":true,"trim":true,"case":"lower","default":"x"},{"to":"gendercode","from":"gendercode"},
              {"to":"new_interests","from":"new_interests"},{"to":"birthdate","from":"birthdate"},{"to":"parentcustomerid","from":"parentcustomerid"},
              {"to":"donotbulkemail","from":"donotbulkemail","invert":true},{"to":"numberofchildren","from":"creditlimit"},{"to":"description","from":"statecode","label":true}]"#,
        );
        let name = contact().columns[name].wire_name();
        for json in [serde_json::json!({ &name: raw }), serde_json::json!({ &name: number }), serde_json::json!({ &name: [raw, number] }), serde_json::json!({ &name: { "a": raw } }), serde_json::json!([name]), serde_json::json!({ name: true })] {
            let record = record(&json.to_string());
            let now = NOW.parse().unwrap();
            compiled.mapping.apply(&record, now);
            compiled.mapping.explain(&record, now);
        }
    }

    #[test]
    fn no_definition_panics(to in "[a-z_]{0,8}", from in 0usize..21, label in any::<bool>(), invert in any::<bool>(), phone in any::<bool>(), cron in "[0-9*/, ]{0,12}", code in "[0-9+a]{0,5}", filter in "[<>a-z ='/]{0,30}") {
        let mut definition = definition(r#""identifiers":[{"to":"email","from":"emailaddress1"}],"phone":{"country_code":"1"},"schedule":{"cron":""},"fields":[{"to":"a","from":"firstname"}]"#);
        let field = &mut definition.fields[0];
        (field.to, field.from, field.label, field.invert, field.phone) = (to, contact().columns[from].logical_name.clone(), label, invert, phone);
        definition.source.filter = Some(filter);
        definition.phone.as_mut().unwrap().country_code = Some(code);
        definition.schedule.as_mut().unwrap().cron = cron;
        for (schema, system) in [(profile(), System::Insider), (contact(), System::Dataverse), (profile(), System::Csv)] {
            if let Err(problems) = compile(&definition, &contact(), &schema, system) {
                prop_assert!(problems.iter().all(|problem| !problem.code.is_empty() && !problem.message.is_empty()));
            }
        }
    }
}
