//! Two states of one record, column by column.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use syncline_model::FORMATTED_VALUE;

/// One column of a record that changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FieldDifference {
    /// Logical name of the column.
    #[serde(rename = "c")]
    pub column: String,
    /// Its value before, raw.
    #[serde(rename = "o")]
    pub old: Box<RawValue>,
    /// Its value after, raw.
    #[serde(rename = "n")]
    pub new: Box<RawValue>,
    /// The label of the value before, where the service gave one.
    #[serde(rename = "ol", default, skip_serializing_if = "Option::is_none")]
    pub old_label: Option<String>,
    /// The label of the value after.
    #[serde(rename = "nl", default, skip_serializing_if = "Option::is_none")]
    pub new_label: Option<String>,
}

type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// The logical name behind a wire name: `_parentcustomerid_value` is `parentcustomerid`.
pub(crate) fn logical(wire: &str) -> &str {
    wire.strip_prefix('_').and_then(|rest| rest.strip_suffix("_value")).unwrap_or(wire)
}

fn label(members: &Members<'_>, name: &str) -> Option<String> {
    let raw = members.get(format!("{name}{FORMATTED_VALUE}").as_str())?;
    serde_json::from_str(raw.get()).ok()
}

/// The columns both states have whose value or label differs, by name. A column that only one of them was read with tells nothing, and
/// the version number changes with every write.
pub(crate) fn compare(old: &str, new: &str) -> Result<Vec<FieldDifference>, serde_json::Error> {
    let (old, new): (Members<'_>, Members<'_>) = (serde_json::from_str(old)?, serde_json::from_str(new)?);
    let mut found = Vec::new();
    for (name, after) in &new {
        if name.contains('@') || name == "versionnumber" {
            continue;
        }
        let Some(before) = old.get(name) else { continue };
        let same_value = before.get() == after.get();
        let labels = (label(&old, name), label(&new, name));
        // A label that one of the two was read without is no change.
        let same_label = labels.0.is_none() || labels.1.is_none() || labels.0 == labels.1;
        if !same_value || !same_label {
            found.push(FieldDifference {
                column: logical(name).to_owned(),
                old: (*before).to_owned(),
                new: (*after).to_owned(),
                old_label: labels.0,
                new_label: labels.1,
            });
        }
    }
    Ok(found)
}

/// What two changes of one record, one after the other, amount to.
pub(crate) fn merge(first: Vec<FieldDifference>, then: Vec<FieldDifference>) -> Vec<FieldDifference> {
    let mut all: BTreeMap<String, FieldDifference> =
        first.into_iter().map(|field| (field.column.clone(), field)).collect();
    for field in then {
        match all.get_mut(&field.column) {
            Some(known) => {
                known.new = field.new;
                known.new_label = field.new_label;
            }
            None => {
                all.insert(field.column.clone(), field);
            }
        }
    }
    all.retain(|_, field| field.old.get() != field.new.get() || field.old_label != field.new_label);
    all.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(fields: &[FieldDifference]) -> Vec<String> {
        fields.iter().map(|f| format!("{} {}>{}", f.column, f.old.get(), f.new.get())).collect()
    }

    #[test]
    fn values_and_labels_are_compared_where_both_states_have_the_column() {
        let old = r#"{"a":1,"b":"x","_c_value":"1","_c_value@OData.Community.Display.V1.FormattedValue":"One","versionnumber":5,"d":null}"#;
        let new = r#"{"a":2,"b":"x","_c_value":"1","_c_value@OData.Community.Display.V1.FormattedValue":"Uno","versionnumber":6,"e":1,"@odata.etag":"7"}"#;
        let fields = compare(old, new).unwrap();
        assert_eq!(told(&fields), ["c \"1\">\"1\"", "a 1>2"].map(str::to_owned).to_vec());
        assert_eq!(fields[0].new_label.as_deref(), Some("Uno"));
        assert!(compare(old, old).unwrap().is_empty());
        assert!(compare(old, "no").is_err());
    }

    #[test]
    fn changes_add_up_and_cancel_out() {
        let one = compare(r#"{"a":1,"b":1}"#, r#"{"a":2,"b":2}"#).unwrap();
        let two = compare(r#"{"a":2,"b":2,"c":0}"#, r#"{"a":3,"b":1,"c":1}"#).unwrap();
        assert_eq!(told(&merge(one, two)), ["a 1>3", "c 0>1"].map(str::to_owned).to_vec());
    }
}
