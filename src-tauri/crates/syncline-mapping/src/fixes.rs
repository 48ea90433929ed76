//! What one step mends in a definition, as a button or a script can take it.

use serde_json::Value as Json;
use syncline_model::{Fix, SyncDefinition};

/// Puts the name that was probably meant where the wrong one stands; `None` where the path leads to something larger, such as an expression.
pub(crate) fn replaced(definition: &SyncDefinition, path: &str, wrong: &str, meant: &str) -> Option<Fix> {
    let json = serde_json::to_value(definition).ok()?;
    let stands = |path: &str| at(&json, path).and_then(Json::as_str) == Some(wrong);
    let path = [path.to_owned(), format!("{path}.from")].into_iter().find(|path| stands(path))?;
    Some(Fix::Replace { path, with: meant.to_owned() })
}

/// The value at a path such as `fields[2].from`.
fn at<'j>(json: &'j Json, path: &str) -> Option<&'j Json> {
    path.split(['.', '[', ']']).filter(|part| !part.is_empty()).try_fold(json, |here, part| match here {
        Json::Array(items) => items.get(part.parse::<usize>().ok()?),
        Json::Object(members) => members.get(part),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    })
}
