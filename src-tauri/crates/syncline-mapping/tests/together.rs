//! Two definitions that write the same records: when they are warned of, and when not.

#![allow(clippy::unwrap_used, reason = "a suite may stop")]

use syncline_mapping::identifier_disagreements;
use syncline_model::SyncDefinition;

fn made(name: &str, source: &str, destination: &str, rest: &str) -> SyncDefinition {
    SyncDefinition::from_json(&format!(
        r#"{{"version":1,"name":"{name}","source":{{"connection":"contoso",{source},"columns":["emailaddress1"]}},
          "destination":{{"connection":"marketing","entity":"{destination}"}},{rest}}}"#
    ))
    .unwrap()
}

const CONTACT: &str = r#""entity":"contact""#;
const EMAIL: &str = r#""identifiers":[{"to":"email","from":"emailaddress1"}]"#;
const BY_ID: &str = r#""identifiers":[{"to":"uuid","from":"contactid"}]"#;

fn codes(one: &SyncDefinition, other: &SyncDefinition) -> Vec<(String, String)> {
    identifier_disagreements(one, [other]).into_iter().map(|problem| (problem.path, problem.code)).collect()
}

#[test]
fn no_identifier_in_common_is_told_with_both_sides() {
    let one = made("Newsletter", CONTACT, "profile", EMAIL);
    let other = made("Loyalty", CONTACT, "profile", BY_ID);
    let problems = identifier_disagreements(&one, [&other]);
    assert_eq!(problems.len(), 1);
    assert_eq!(
        (problems[0].path.as_str(), problems[0].code.as_str()),
        ("identifiers", "identifiers_disagree")
    );
    for part in ["Loyalty", "uuid from contactid", "email from emailaddress1"] {
        assert!(problems[0].message.contains(part), "{}", problems[0].message);
    }
    assert!(problems[0].hint.as_deref().unwrap().contains("uuid from contactid"));
    assert_eq!(codes(&other, &one).len(), 1, "either of the two is warned");
}

#[test]
fn one_identifier_in_common_is_enough() {
    let one = made("a", CONTACT, "profile", EMAIL);
    let both = r#""identifiers":[{"to":"uuid","from":"contactid"},{"to":"email","from":"emailaddress1"}]"#;
    assert_eq!(codes(&one, &made("b", CONTACT, "profile", both)), []);
}

#[test]
fn the_same_identifier_in_another_way_is_told() {
    let one = made(
        "a",
        CONTACT,
        "profile",
        r#""identifiers":[{"to":"uuid","from":"contactid"},{"to":"email","from":"emailaddress1"}]"#,
    );
    let other = made(
        "b",
        CONTACT,
        "profile",
        r#""identifiers":[{"to":"uuid","from":"contactid"},{"to":"email","from":"emailaddress2"}]"#,
    );
    assert_eq!(
        codes(&one, &other),
        [("identifiers[1].from".to_owned(), "identifier_from_other_column".to_owned())]
    );
    let phone = |name: &str, section: &str| {
        made(
            name,
            CONTACT,
            "profile",
            &format!(r#""identifiers":[{{"to":"phone_number","from":"telephone1"}}]{section}"#),
        )
    };
    let turkish = phone("a", r#","phone":{"country_code":"90"}"#);
    let differs = [("phone".to_owned(), "identifier_form_differs".to_owned())];
    assert_eq!(codes(&turkish, &phone("b", r#","phone":{"country_code":"49"}"#)), differs);
    assert_eq!(codes(&turkish, &phone("b", "")), differs);
    assert_eq!(codes(&turkish, &phone("b", r#","phone":{"country_code":"+90"}"#)), []);
}

#[test]
fn definitions_that_never_meet_are_left_alone() {
    let one = made("a", CONTACT, "profile", EMAIL);
    assert_eq!(codes(&one, &made("b", CONTACT, "other", BY_ID)), [], "another destination");
    assert_eq!(codes(&one, &made("b", r#""entity":"lead""#, "profile", BY_ID)), [], "another entity");
    assert_eq!(codes(&one, &made("a", CONTACT, "profile", BY_ID)), [], "an earlier version of itself");
    let mut elsewhere = made("b", CONTACT, "profile", BY_ID);
    elsewhere.source.connection = syncline_model::ConnectionName::new("fabrikam").unwrap();
    assert_eq!(codes(&one, &elsewhere), [], "another environment");
}

#[test]
fn a_list_may_hold_the_same_people() {
    let list = made("list", r#""list":"Spring""#, "profile", BY_ID);
    assert_eq!(codes(&made("a", CONTACT, "profile", EMAIL), &list).len(), 1);
    assert_eq!(codes(&list, &made("b", r#""list":"Autumn""#, "profile", EMAIL)).len(), 1);
    assert_eq!(codes(&made("a", r#""entity":"salesorder""#, "profile", EMAIL), &list), []);
}
