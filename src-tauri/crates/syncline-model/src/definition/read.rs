//! Reading a definition file: all problems of shape at once, each with its path and, for an unknown key, the nearest right one.

use serde_json::Value as Json;

use super::shape::check;
use super::{Problem, SyncDefinition, definition_json_schema};

pub(super) fn read(text: &str) -> Result<SyncDefinition, Vec<Problem>> {
    let json: Json = serde_json::from_str(text).map_err(|error| {
        vec![Problem::new("", "not_json", format!("the file is not JSON: {error}")).hint(format!(
            "look at line {}, column {}",
            error.line(),
            error.column()
        ))]
    })?;
    let problems = problems_of(&json);
    if !problems.is_empty() {
        return Err(problems);
    }
    // The typed parse reads the text itself, so that decimals keep their digits.
    serde_json::from_str(text).map_err(|error| vec![misshapen(text, &error)])
}

/// All problems of shape.
pub(super) fn problems_of(json: &Json) -> Vec<Problem> {
    let schema = definition_json_schema();
    let mut problems = Vec::new();
    check(json, &schema, &schema, "", &mut problems);
    if let Some(version) = json.get("version").and_then(Json::as_u64)
        && version != 1
    {
        let hint = match version {
            0 => "write 1: there is no older version",
            _ => "this Syncline reads version 1; a newer file needs a newer Syncline",
        };
        problems.push(
            Problem::new("version", "unknown_version", format!("version {version} is not known")).hint(hint),
        );
    }
    for problem in problems.iter_mut().filter(|one| one.path == "version" && one.code == "missing_key") {
        problem.hint = Some("write \"version\": 1 as the first key".to_owned());
    }
    problems
}

/// What the typed parse refuses though the schema allows it, such as a key that is there twice: told with its place.
fn misshapen(text: &str, error: &serde_json::Error) -> Problem {
    let mut reader = serde_json::Deserializer::from_str(text);
    let path = match serde_path_to_error::deserialize::<_, SyncDefinition>(&mut reader) {
        Err(found) if found.path().iter().next().is_some() => found.path().to_string(),
        Ok(_) | Err(_) => String::new(),
    };
    Problem::new(path, "wrong_shape", error.to_string()).hint(format!(
        "look at line {}, column {}",
        error.line(),
        error.column()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = include_str!("example.sync.json");

    #[test]
    fn the_documented_example_reads_and_writes_the_same() {
        let definition = SyncDefinition::from_json(GOOD).unwrap();
        assert_eq!(definition.identifiers.len(), 2);
        assert_eq!(SyncDefinition::from_json(&definition.to_json()).unwrap(), definition);
    }

    #[test]
    fn every_wrong_key_of_a_part_that_may_be_absent_is_told() {
        let mut json: Json = serde_json::from_str(GOOD).unwrap();
        json["options"] = serde_json::json!({ "limits": { "update": 3, "strict": true } });
        json["schedule"] = serde_json::json!({ "corn": "0 * * * *", "atmost": 3 });
        let problems = SyncDefinition::from_json(&json.to_string()).unwrap_err();
        let seen: Vec<(&str, &str)> = problems.iter().map(|p| (p.path.as_str(), p.code.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("options.limits.update", "unknown_key"),
                ("options.limits.strict", "unknown_key"),
                ("schedule.corn", "unknown_key"),
                ("schedule.atmost", "unknown_key"),
                ("schedule.cron", "missing_key"),
            ]
        );
        json[""] = serde_json::json!(1);
        let problems = SyncDefinition::from_json(&json.to_string()).unwrap_err();
        assert!(problems.iter().any(|problem| problem.path == "\"\"" && problem.code == "unknown_key"));
        json["options"] = serde_json::json!({ "limits": 5 });
        let problems = SyncDefinition::from_json(&json.to_string()).unwrap_err();
        assert_eq!(problems[0].message, "a number stands where an object is expected");
    }

    #[test]
    fn all_problems_come_at_once_with_path_and_hint() {
        let text = GOOD
            .replace("\"identifiers\"", "\"identifers\"")
            .replace("\"page_size\": 500", "\"page_size\": 9000")
            .replace("\"label\": true", "\"label\": \"yes\"")
            .replace("\"skip-identifier\"", "\"skip-it\"");
        let problems = SyncDefinition::from_json(&text).unwrap_err();
        let seen: Vec<(&str, &str)> = problems.iter().map(|p| (p.path.as_str(), p.code.as_str())).collect();
        assert!(seen.contains(&("identifers", "unknown_key")), "{seen:?}");
        assert!(seen.contains(&("source.page_size", "out_of_range")), "{seen:?}");
        assert!(seen.contains(&("fields[1].label", "wrong_type")), "{seen:?}");
        assert!(seen.contains(&("on_invalid_identifier", "wrong_value")), "{seen:?}");
        assert_eq!(
            problems.iter().find(|p| p.code == "unknown_key").unwrap().hint.as_deref(),
            Some("did you mean \"identifiers\"?")
        );
    }

    #[test]
    fn a_key_that_is_there_twice_is_told_with_its_place() {
        let text = GOOD.replace("\"page_size\": 500", "\"page_size\": 500, \"page_size\": 600");
        let problems = SyncDefinition::from_json(&text).unwrap_err();
        assert_eq!((problems[0].path.as_str(), problems[0].code.as_str()), ("source", "wrong_shape"));
        assert!(problems[0].message.contains("page_size"), "{problems:?}");
    }

    #[test]
    fn a_language_by_its_tag_is_told_its_number() {
        let text = GOOD.replace("\"version\": 1", "\"version\": 1, \"label_language\": \"de-DE\"");
        let problems = SyncDefinition::from_json(&text).unwrap_err();
        assert_eq!((problems[0].path.as_str(), problems[0].code.as_str()), ("label_language", "wrong_type"));
        assert_eq!(problems[0].hint.as_deref(), Some("write 1031 for \"de-DE\""));
        let text = GOOD.replace("\"version\": 1", "\"version\": 1, \"label_language\": 1031");
        assert_eq!(SyncDefinition::from_json(&text).unwrap().label_language, Some(1031));
    }

    #[test]
    fn a_number_too_large_for_its_place_is_told() {
        let text = GOOD.replace("\"version\": 1", "\"version\": 5000000000");
        let problems = SyncDefinition::from_json(&text).unwrap_err();
        assert!(problems.iter().all(|problem| problem.path == "version"), "{problems:?}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = SyncDefinition::from_json(&text);
        }

        #[test]
        fn no_damaged_definition_panics(at in 0usize..1500, with in ".{0,3}") {
            let mut text: Vec<char> = GOOD.chars().collect();
            let at = at.min(text.len() - 1);
            text.splice(at..=at, with.chars());
            let text: String = text.into_iter().collect();
            if let Err(problems) = SyncDefinition::from_json(&text) {
                prop_assert!(!problems.is_empty());
            }
        }
    }
}
