//! Reading a definition file: all problems of shape at once, each with its path and, for an unknown key, the nearest right one.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{SyncDefinition, definition_json_schema};

/// One problem of a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Problem {
    /// Where, such as `fields[2].from`; empty for the whole file.
    pub path: String,
    /// Stable code such as `unknown_key`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The same as one step that a button or a script can take; absent where a person must decide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub fix: Option<Fix>,
}

/// A change of a definition that mends a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Fix {
    /// Add these to `source.columns`.
    ChooseColumns {
        /// Columns.
        columns: Vec<String>,
    },
    /// Leave each column of `source.columns` once.
    KeepColumnsOnce,
    /// Put a text where another one stands.
    Replace {
        /// Where, such as `fields[2].from`.
        path: String,
        /// The text.
        with: String,
    },
}

impl Problem {
    /// A problem at a path.
    pub fn new(path: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self { path: path.into(), code: code.to_owned(), message: message.into(), hint: None, fix: None }
    }
    /// With what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    /// With the step that mends it, where there is one.
    pub fn fix(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.fix = fix.into();
        self
    }
}

pub(super) fn read(text: &str) -> Result<SyncDefinition, Vec<Problem>> {
    let json: Json = serde_json::from_str(text).map_err(|error| {
        vec![Problem::new("", "not_json", format!("the file is not JSON: {error}")).hint(format!(
            "look at line {}, column {}",
            error.line(),
            error.column()
        ))]
    })?;
    let schema = definition_json_schema();
    let mut problems = Vec::new();
    check(&json, &schema, &schema, "", &mut problems);
    if let Some(version) = json.get("version").and_then(Json::as_u64)
        && version != 1
    {
        problems.push(
            Problem::new("version", "unknown_version", format!("version {version} is not known"))
                .hint("this Syncline reads version 1; a newer file needs a newer Syncline"),
        );
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    // The typed parse reads the text itself, so that decimals keep their digits.
    serde_json::from_str(text).map_err(|error| vec![misshapen(text, &error)])
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

/// Compares a value with the part of the schema that is derived from the types: object keys, required keys, types, enumerations, ranges.
fn check(json: &Json, schema: &Json, root: &Json, path: &str, problems: &mut Vec<Problem>) {
    let schema = resolve(schema, root);
    if let Some(options) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Json::as_array) {
        check_any(json, options, root, path, problems);
        return;
    }
    if let Some(word) = schema.get("const") {
        if word != json {
            problems.push(Problem::new(
                path,
                "wrong_value",
                format!("{json} stands where only {word} may stand"),
            ));
        }
        return;
    }
    if let Some(words) = schema.get("enum").and_then(Json::as_array) {
        if !words.contains(json) {
            let list: Vec<String> =
                words.iter().map(|word| word.as_str().unwrap_or_default().to_owned()).collect();
            problems.push(
                Problem::new(path, "wrong_value", format!("{json} is not one of the words allowed here"))
                    .hint(format!("use one of: {}", list.join(", "))),
            );
        }
        return;
    }
    if !type_fits(json, schema) {
        let problem = Problem::new(
            path,
            "wrong_type",
            format!("{} stands where {} is expected", kind(json), expected(schema)),
        );
        // A language is a number there; its tag or name is what comes to mind.
        let meant =
            json.as_str().filter(|_| path == "label_language").and_then(crate::language::language_number);
        problems.push(match meant {
            Some(number) => problem.hint(format!("write {number} for {json}")),
            None => problem,
        });
        return;
    }
    match json {
        Json::Object(map) => check_object(map, schema, root, path, problems),
        Json::Array(items) => {
            if let Some(item_schema) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    check(item, item_schema, root, &format!("{path}[{index}]"), problems);
                }
            }
        }
        Json::Number(number) => check_range(number, schema, path, problems),
        Json::Null | Json::Bool(_) | Json::String(_) => {}
    }
}

fn check_object(
    map: &serde_json::Map<String, Json>,
    schema: &Json,
    root: &Json,
    path: &str,
    problems: &mut Vec<Problem>,
) {
    let empty = serde_json::Map::new();
    let properties = schema.get("properties").and_then(Json::as_object).unwrap_or(&empty);
    let at = |key: &str| match (key, path) {
        // A key without letters would leave a path that leads to the whole file.
        ("", "") => "\"\"".to_owned(),
        ("", _) => format!("{path}.\"\""),
        (key, "") => key.to_owned(),
        (key, _) => format!("{path}.{key}"),
    };
    let additional = schema.get("additionalProperties");
    for (key, value) in map {
        match properties.get(key) {
            Some(part) => check(value, part, root, &at(key), problems),
            None if additional == Some(&Json::Bool(false))
                || (additional.is_none() && !properties.is_empty()) =>
            {
                let problem =
                    Problem::new(at(key), "unknown_key", format!("the key {key:?} is not known here"));
                problems.push(match nearest(key, properties.keys().map(String::as_str)) {
                    Some(name) => problem.hint(format!("did you mean {name:?}?")),
                    None => problem.hint(format!(
                        "known keys: {}",
                        properties.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
                    )),
                });
            }
            None => {
                if let Some(part) = additional.filter(|part| part.is_object()) {
                    check(value, part, root, &at(key), problems);
                }
            }
        }
    }
    for key in schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
    {
        if !map.contains_key(key) {
            problems.push(Problem::new(at(key), "missing_key", format!("the key {key:?} is missing")));
        }
    }
}

/// Of several allowed shapes the one of the value's own kind speaks, and of these the one with the fewest problems: two wrong keys of an
/// object do not mean that nothing should stand there.
fn check_any(json: &Json, options: &[Json], root: &Json, path: &str, problems: &mut Vec<Problem>) {
    let best = options
        .iter()
        .map(|option| {
            let mut found = Vec::new();
            check(json, option, root, path, &mut found);
            found
        })
        .min_by_key(|found| {
            let here = found.iter().filter(|problem| problem.path == path);
            let other_kind = here.clone().any(|problem| problem.code == "wrong_type");
            (other_kind, found.len(), here.count())
        });
    problems.extend(best.into_iter().flatten());
}

fn check_range(number: &serde_json::Number, schema: &Json, path: &str, problems: &mut Vec<Problem>) {
    let value = number.as_f64().unwrap_or(f64::NAN);
    let minimum = schema.get("minimum").and_then(Json::as_f64);
    let widest = match schema.get("format").and_then(Json::as_str) {
        Some("uint32") => Some(f64::from(u32::MAX)),
        _ => None,
    };
    let maximum = schema.get("maximum").and_then(Json::as_f64).or(widest);
    if minimum.is_some_and(|limit| value < limit) || maximum.is_some_and(|limit| value > limit) {
        let range = match (minimum, maximum) {
            (Some(low), Some(high)) => format!("{low} to {high}"),
            (Some(low), None) => format!("{low} or more"),
            (None, Some(high)) => format!("at most {high}"),
            (None, None) => String::new(),
        };
        problems.push(
            Problem::new(path, "out_of_range", format!("{number} is out of range"))
                .hint(format!("allowed: {range}")),
        );
    }
}

fn resolve<'a>(schema: &'a Json, root: &'a Json) -> &'a Json {
    match schema.get("$ref").and_then(Json::as_str).and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => root.pointer(pointer).unwrap_or(schema),
        None => schema,
    }
}

fn type_fits(json: &Json, schema: &Json) -> bool {
    let fits = |name: &str| match name {
        "object" => json.is_object(),
        "array" => json.is_array(),
        "string" => json.is_string(),
        "boolean" => json.is_boolean(),
        "integer" => json.is_i64() || json.is_u64(),
        "number" => json.is_number(),
        "null" => json.is_null(),
        _ => true,
    };
    match schema.get("type") {
        Some(Json::String(name)) => fits(name),
        Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).any(fits),
        _ => true,
    }
}

fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a boolean",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// A type's name as one of its values.
fn one(name: &str) -> String {
    match name {
        "object" | "array" | "integer" => format!("an {name}"),
        "null" => name.to_owned(),
        _ => format!("a {name}"),
    }
}

fn expected(schema: &Json) -> String {
    match schema.get("type") {
        Some(Json::String(name)) => one(name),
        Some(Json::Array(names)) => {
            names.iter().filter_map(Json::as_str).map(one).collect::<Vec<_>>().join(" or ")
        }
        _ => "another shape".to_owned(),
    }
}

fn nearest<'a>(key: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|name| (strsim::normalized_damerau_levenshtein(key, name), name))
        .filter(|(score, _)| *score >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
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
