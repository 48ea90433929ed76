//! A value compared with the definition's JSON Schema: keys, types, words and ranges, all problems at once.

use serde_json::Value as Json;

use super::Problem;
use crate::near::nearest;

const MEANT: &str = "did you mean ";

/// The right key that the problem of an unknown one names.
pub(super) fn nearest_key(problem: &Problem) -> Option<String> {
    let hint = problem.hint.as_deref()?.strip_prefix(MEANT)?.strip_suffix('?')?;
    serde_json::from_str(hint).ok()
}

/// Compares a value with the part of the schema that is derived from the types: object keys, required keys, types, enumerations, ranges.
pub(super) fn check(json: &Json, schema: &Json, root: &Json, path: &str, problems: &mut Vec<Problem>) {
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
                    Some(name) => problem.hint(format!("{MEANT}{name:?}?")),
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
