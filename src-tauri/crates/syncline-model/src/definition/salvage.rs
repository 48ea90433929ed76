//! What can be read of a definition with problems of shape, so that everything else that is wrong with it is told at the same time.

use serde_json::Value as Json;

use super::read::problems_of;
use super::shape::nearest_key;
use super::{Problem, SyncDefinition};

/// Mends that are tried before a definition counts as unreadable.
const MOST_MENDS: usize = 50;

/// The definition without what is wrong in its shape: such values are left out, wrong keys become the right ones. `None` where something that
/// must be there is not. Only for looking further; it is never kept or run.
pub(super) fn salvage(text: &str) -> Option<SyncDefinition> {
    let mut json: Json = serde_json::from_str(text).ok()?;
    for _ in 0..MOST_MENDS {
        let problems = problems_of(&json);
        let Some(first) = problems.iter().find(|problem| problem.code != "missing_key").or(problems.first())
        else {
            return serde_json::from_value(json).ok();
        };
        mend(&mut json, first)?;
    }
    None
}

/// Takes what a problem speaks of out of the definition; `None` where it must be there.
fn mend(json: &mut Json, problem: &Problem) -> Option<()> {
    match problem.code.as_str() {
        "missing_key" if problem.path != "version" => return None,
        "missing_key" | "unknown_version" => {
            json.as_object_mut()?.insert("version".to_owned(), Json::from(1));
            return Some(());
        }
        _ => {}
    }
    let (parent, key) = match problem.path.rsplit_once('.') {
        Some((parent, key)) => (place(json, parent)?, key),
        None => (json, problem.path.as_str()),
    };
    let map = parent.as_object_mut()?;
    let right = (problem.code == "unknown_key").then(|| nearest_key(problem)).flatten();
    let value = map.remove(key)?;
    if let Some(right) = right
        && !map.contains_key(&right)
    {
        map.insert(right, value);
    }
    Some(())
}

/// The value at a path such as `fields[2].map`.
fn place<'j>(json: &'j mut Json, path: &str) -> Option<&'j mut Json> {
    let mut here = json;
    for step in path.split('.') {
        let (name, indices) = step.split_at(step.find('[').unwrap_or(step.len()));
        here = here.get_mut(name)?;
        for index in indices.split('[').skip(1) {
            here = here.get_mut(index.strip_suffix(']')?.parse::<usize>().ok()?)?;
        }
    }
    Some(here)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = include_str!("example.sync.json");

    #[test]
    fn what_is_wrong_is_left_out_and_the_rest_is_read() {
        let text = GOOD
            .replace("\"identifiers\"", "\"identifers\"")
            .replace("\"page_size\": 500", "\"page_size\": 9000")
            .replace("\"version\": 1", "\"version\": 7")
            .replace("\"label\": true", "\"label\": \"yes\"");
        let (good, part) = (SyncDefinition::from_json(GOOD).unwrap(), salvage(&text).unwrap());
        assert_eq!((part.identifiers, part.source), (good.identifiers, good.source));
        assert!(!part.fields[1].label && part.fields.len() == good.fields.len());
    }

    #[test]
    fn what_must_be_there_is_not_made_up() {
        for (from, to) in [("\"destination\"", "\"x\""), ("\"to\": \"email\"", "\"to\": 5"), ("{", "")] {
            assert_eq!(salvage(&GOOD.replacen(from, to, 1)), None, "{from}");
        }
    }

    proptest! {
        #[test]
        fn no_damaged_definition_panics(at in 0usize..1500, with in ".{0,3}") {
            let mut text: Vec<char> = GOOD.chars().collect();
            let at = at.min(text.len() - 1);
            text.splice(at..=at, with.chars());
            let text: String = text.into_iter().collect();
            let part = salvage(&text);
            if SyncDefinition::from_json(&text).is_ok() {
                prop_assert!(part.is_some());
            }
        }
    }
}
