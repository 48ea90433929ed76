//! A document being typed: what is found, where, what mends it, and what is offered.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a suite may stop")]

use proptest::prelude::*;
use syncline_fetchxml::{Completions, Fetch, Finding, Metadata, Severity, complete, entities_named, lint};
use syncline_model::EntitySchema;

struct Environment {
    schemas: Vec<EntitySchema>,
    entities: Vec<(String, String)>,
}

impl Metadata for Environment {
    fn schema(&self, entity: &str) -> Option<&EntitySchema> {
        self.schemas.iter().find(|schema| schema.summary.logical_name.as_str() == entity)
    }
    fn entities(&self) -> &[(String, String)] {
        &self.entities
    }
}

fn schema(name: &str, columns: serde_json::Value, relationships: serde_json::Value) -> EntitySchema {
    let columns: Vec<serde_json::Value> = columns
        .as_array()
        .unwrap()
        .iter()
        .map(|column| {
            let mut whole = serde_json::json!({ "display_name": column["logical_name"], "required": "none",
                "readable": true, "creatable": true, "updatable": true });
            for (key, value) in column.as_object().unwrap() {
                whole[key] = value.clone();
            }
            whole
        })
        .collect();
    serde_json::from_value(serde_json::json!({
        "logical_name": name, "set_name": format!("{name}s"), "display_name": name, "display_collection_name": name,
        "primary_id": format!("{name}id"), "primary_name": "name", "custom": false, "change_tracking": true,
        "columns": columns, "keys": [], "relationships": relationships,
    }))
    .unwrap()
}

fn environment() -> Environment {
    let contact = schema(
        "contact",
        serde_json::json!([
            { "logical_name": "contactid", "type": "uniqueidentifier" },
            { "logical_name": "fullname", "type": "string", "display_name": "Full Name" },
            { "logical_name": "lastname", "type": "string" },
            { "logical_name": "createdon", "type": "datetime" },
            { "logical_name": "creditlimit", "type": "money" },
            { "logical_name": "parentcustomerid", "type": "customer", "targets": ["account"] },
            { "logical_name": "statecode", "type": "state", "options": [{ "value": 0, "label": "Active" }, { "value": 1, "label": "Inactive" }] },
        ]),
        serde_json::json!([{ "name": "contact_customer_accounts", "kind": "many-to-one", "other_entity": "account",
            "column": "parentcustomerid", "navigation_property": "parentcustomerid_account" }]),
    );
    let account = schema(
        "account",
        serde_json::json!([
            { "logical_name": "accountid", "type": "uniqueidentifier" },
            { "logical_name": "name", "type": "string" },
        ]),
        serde_json::json!([]),
    );
    Environment {
        schemas: vec![contact, account],
        entities: vec![
            ("account".to_owned(), "Account".to_owned()),
            ("contact".to_owned(), "Contact".to_owned()),
        ],
    }
}

fn inside(body: &str) -> String {
    format!("<fetch>\n  <entity name=\"contact\">\n    {body}\n  </entity>\n</fetch>")
}

fn found(text: &str) -> Vec<Finding> {
    lint(text, &environment())
}

/// The text after the first fix of the first finding.
fn mended(text: &str) -> String {
    let findings = found(text);
    let finding = findings.first().unwrap_or_else(|| panic!("nothing is found in {text}"));
    let fix = finding.fixes.first().unwrap_or_else(|| panic!("no fix for {finding:?}"));
    format!("{}{}{}", &text[..fix.span.start], fix.text, &text[fix.span.end..])
}

#[test]
fn a_document_without_faults_has_no_findings() {
    let text = inside(
        "<attribute name=\"fullname\"/><order attribute=\"createdon\" descending=\"true\"/>\
         <filter type=\"or\"><condition attribute=\"statecode\" operator=\"in\"><value>0</value><value>1</value></condition>\
         <condition entityname=\"a\" attribute=\"name\" operator=\"like\" value=\"%s &amp; co%\"/>\
         <link-entity name=\"account\" from=\"accountid\" to=\"parentcustomerid\" link-type=\"any\"/></filter>\
         <link-entity name=\"account\" from=\"accountid\" to=\"parentcustomerid\" alias=\"a\" link-type=\"outer\"/>",
    );
    assert_eq!(found(&text), vec![], "{text}");
}

#[test]
fn each_fault_has_its_place_and_the_fix_mends_it() {
    let cases = [
        ("<attribute name=\"fulname\"/>", "unknown_column", "fulname"),
        ("<attribute name=\"Full Name\"/>", "unknown_column", "Full Name"),
        ("<atribute name=\"fullname\"/>", "unknown_element", "atribute"),
        ("<attribute nme=\"x\" name=\"fullname\"/>", "unknown_attribute", "nme"),
        ("<filter type=\"xor\"/>", "wrong_value", "xor"),
        (
            "<filter><condition attribute=\"lastname\" operator=\"equals\" value=\"a\"/></filter>",
            "unknown_operator",
            "equals",
        ),
        (
            "<filter><condition attribute=\"statecode\" operator=\"like\" value=\"0\"/></filter>",
            "operator_does_not_fit",
            "like",
        ),
        (
            "<filter><condition attribute=\"statecode\" operator=\"eq\" value=\"inactive\"/></filter>",
            "wrong_value",
            "inactive",
        ),
        (
            "<filter><condition attribute=\"createdon\" operator=\"on\" value=\"31.12.2025\"/></filter>",
            "wrong_value",
            "31.12.2025",
        ),
        (
            "<filter><condition attribute=\"creditlimit\" operator=\"gt\" value=\"€ 1.000,50\"/></filter>",
            "wrong_value",
            "€ 1.000,50",
        ),
        (
            "<filter><condition attribute=\"lastname\" operator=\"null\" value=\"a\"/></filter>",
            "wrong_number_of_values",
            "null",
        ),
        (
            "<filter><condition attribute=\"createdon\" operator=\"last-x-days\" value=\"7 days\"/></filter>",
            "wrong_value",
            "7 days",
        ),
        (
            "<filter><condition attribute=\"lastname\" operator=\"eq\" value=\"Smith & Co\"/></filter>",
            "xml_unescaped",
            "&",
        ),
        (
            "<filter><condition entityname=\"x\" attribute=\"name\" operator=\"null\"/></filter><link-entity name=\"account\" from=\"accountid\" to=\"parentcustomerid\" alias=\"a\"/>",
            "unknown_alias",
            "x",
        ),
        (
            "<link-entity name=\"accont\" from=\"accountid\" to=\"parentcustomerid\"/>",
            "unknown_entity",
            "accont",
        ),
        (
            "<link-entity name=\"account\" from=\"acountid\" to=\"parentcustomerid\"/>",
            "unknown_column",
            "acountid",
        ),
    ];
    for (body, code, place) in cases {
        let text = inside(body);
        let findings = found(&text);
        let first = findings.first().unwrap_or_else(|| panic!("nothing is found in {body}"));
        assert_eq!(first.code, code, "{body}: {findings:?}");
        assert_eq!(&text[first.span.start..first.span.end], place, "{body}");
        assert_eq!(first.severity, Severity::Error, "{body}");
        if code != "unknown_alias" {
            assert_eq!(found(&mended(&text)), vec![], "{body} became {}", mended(&text));
        }
    }
    // A word that is none of a choice's labels has no fix, but says what is expected.
    let odd = found(&inside(
        "<filter><condition attribute=\"statecode\" operator=\"eq\" value=\"maybe\"/></filter>",
    ));
    assert_eq!((odd[0].code.as_str(), odd[0].fixes.len()), ("wrong_value", 0));
    assert!(odd[0].hint.is_some());
}

#[test]
fn aggregates_links_and_broken_tags() {
    let grouped = "<fetch aggregate=\"true\"><entity name=\"contact\"><attribute name=\"contactid\" aggregate=\"count\" alias=\"n\"/>\
        <attribute name=\"createdon\" groupby=\"true\" dategrouping=\"month\" alias=\"m\"/><order alias=\"n\"/></entity></fetch>";
    assert_eq!(found(grouped), vec![]);
    let codes = |text: &str| found(text).iter().map(|finding| finding.code.clone()).collect::<Vec<_>>();
    assert_eq!(codes(&grouped.replacen("alias=\"n\"", "alias=\"k\"", 1)), ["unknown_alias"]);
    assert_eq!(codes(&grouped.replace(" aggregate=\"true\"", "")), ["aggregate_missing"; 2]);
    assert_eq!(
        mended(&grouped.replace(" alias=\"m\"", "")),
        grouped
            .replace("name=\"createdon\"", "alias=\"createdon\" name=\"createdon\"")
            .replace(" alias=\"m\"", "")
    );
    assert_eq!(
        codes(&inside("<attribute name=\"lastname\" aggregate=\"sum\" alias=\"x\"/>")),
        ["aggregate_missing", "aggregate_does_not_fit"]
    );
    assert_eq!(codes("<fetch top=\"5\" count=\"5\"><entity name=\"contact\"/></fetch>"), ["wrong_value"]);
    assert_eq!(codes("<fetch top=\"9999\"><entity name=\"contact\"/></fetch>"), ["wrong_value"]);
    assert_eq!(codes("<fetch><entity name=\"contact\"><filter></entity></fetch>"), ["xml_malformed"]);
    assert_eq!(codes("<fetch><entity name=\"contact\"><filter/></entity>"), ["xml_malformed"]);
    assert_eq!(entities_named(&inside("<link-entity name='account'/>")), ["contact", "account"]);
    let many: String = (0..16)
        .map(|n| {
            format!(
                "<link-entity name=\"account\" from=\"accountid\" to=\"parentcustomerid\" alias=\"a{n}\"/>"
            )
        })
        .collect();
    assert_eq!(codes(&inside(&many)), ["too_many_links"]);
}

fn offers(marked: &str) -> (Completions, String) {
    let offset = marked.find('|').unwrap();
    let text = marked.replacen('|', "", 1);
    (complete(&text, offset, &environment()), text)
}

fn labels(marked: &str) -> Vec<String> {
    offers(marked).0.items.into_iter().map(|item| item.label).collect()
}

#[test]
fn offers_fit_the_place() {
    assert_eq!(labels("|"), ["<fetch"]);
    assert_eq!(labels("<fetch><entity name=\"|\"/></fetch>"), ["account", "contact"]);
    assert_eq!(
        labels(&inside("<|"))[..2],
        ["<attribute", "<all-attributes"].map(|name| name.trim_start_matches('<').to_owned())
    );
    assert!(labels(&inside("<attribute name=\"|\"/>")).contains(&"fullname".to_owned()));
    assert_eq!(labels(&inside("<link-entity name=\"|\"/>"))[0], "account");
    assert_eq!(labels(&inside("<link-entity name=\"account\" from=\"|\"/>"))[0], "accountid");
    assert_eq!(labels(&inside("<link-entity name=\"account\" to=\"|\"/>"))[0], "parentcustomerid");
    assert_eq!(labels(&inside("<link-entity name=\"account\"><attribute name=\"na|")), ["accountid", "name"]);
    let operators = labels(&inside("<filter><condition attribute=\"statecode\" operator=\"|\"/></filter>"));
    assert!(operators.contains(&"in".to_owned()) && !operators.contains(&"like".to_owned()), "{operators:?}");
    let (choices, text) =
        offers(&inside("<filter><condition attribute=\"statecode\" operator=\"eq\" value=\"a|\"/></filter>"));
    assert_eq!(choices.items[0].label, "0 Active");
    assert_eq!(choices.items[0].insert, "0");
    assert_eq!(&text[choices.span.start..choices.span.end], "a");
    assert_eq!(
        labels(&inside(
            "<filter><condition attribute=\"statecode\" operator=\"in\"><value>|</value></condition></filter>"
        )),
        ["0 Active", "1 Inactive"]
    );
    let attributes = labels(&inside("<filter><condition attribute=\"a\" | /></filter>"));
    assert_eq!(attributes[0], "operator");
    assert!(!attributes.contains(&"attribute".to_owned()));
    assert_eq!(
        labels(&inside("<filter><link-entity link-type=\"|\"/></filter>")),
        ["any", "not any", "all", "not all"]
    );
    assert!(
        labels(&inside("<link-entity link-type=\"|\"/>"))
            .contains(&"matchfirstrowusingcrossapply".to_owned())
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), at in 0usize..300) {
        let findings = lint(&text, &environment());
        for finding in findings {
            prop_assert!(text.get(finding.span.start..finding.span.end).is_some());
            for fix in finding.fixes {
                prop_assert!(text.get(fix.span.start..fix.span.end).is_some());
            }
        }
        let offers = complete(&text, at, &environment());
        prop_assert!(text.get(offers.span.start..offers.span.end).is_some());
    }

    #[test]
    fn no_damaged_document_panics(at in 0usize..400, with in "[<>&'\"/ =a-zé]{0,3}", take in 0usize..6, cursor in 0usize..500) {
        let good = inside("<attribute name='fullname' alias=\"é\"/><filter type='or'><condition attribute='createdon' operator='between'><value>2026-01-01</value><value>1.2.2026</value></condition><condition attribute='x' operator='eq' valueof='y'/></filter><link-entity name='account' from='accountid' to='parentcustomerid' alias='a'/>");
        let mut damaged: Vec<char> = good.chars().collect();
        let at = at.min(damaged.len());
        let end = (at + take).min(damaged.len());
        damaged.splice(at..end, with.chars());
        let text: String = damaged.into_iter().collect();
        let findings = lint(&text, &environment());
        // What the service can't read is never passed as sound.
        if Fetch::parse(&text).is_err() {
            prop_assert!(findings.iter().any(|finding| finding.severity == Severity::Error), "{}", text);
        }
        for finding in findings {
            prop_assert!(text.get(finding.span.start..finding.span.end).is_some());
            for fix in finding.fixes {
                prop_assert!(text.get(fix.span.start..fix.span.end).is_some());
            }
        }
        let offers = complete(&text, cursor, &environment());
        prop_assert!(text.get(offers.span.start..offers.span.end).is_some());
    }
}
