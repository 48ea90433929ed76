//! Annotations of an answer: labels, types of lookups, marks for paging. Where there are none, either there was nothing to annotate, or the wish
//! for them was taken away on the way. The service need not echo the wish, and leaves the marks out on the last page (Dataverse, page results
//! with FetchXML), so that only values that always carry one tell the two apart.

use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;
use syncline_http::HeaderMap;
use syncline_model::{ColumnType, EntitySchema};

/// Whether a text has labels, types of lookups or paging marks.
pub(crate) fn is_annotated(text: &[u8]) -> bool {
    let holds = |needle: &[u8]| memchr::memmem::find(text, needle).is_some();
    holds(b"@OData.Community.Display") || holds(b"@Microsoft.Dynamics.CRM")
}

/// Whether `Preference-Applied` names the annotations.
pub(crate) fn annotated(headers: &HeaderMap) -> bool {
    headers
        .get_all("preference-applied")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("odata.include-annotations"))
}

/// Members of a row that carry an annotation wherever they have a value: lookups, choices and two options.
#[derive(Debug, Clone)]
pub(crate) enum Annotated {
    /// Those of an entity whose description is at hand, as they are named in an answer.
    Of(Vec<String>),
    /// What can be told by its name alone: lookups.
    ByName,
}

impl Annotated {
    pub(crate) fn of(schema: &EntitySchema) -> Self {
        let carries =
            |kind: ColumnType| kind == ColumnType::Boolean || kind.is_lookup() || kind.has_options();
        let columns = schema.columns.iter().filter(|column| carries(column.column_type));
        Self::Of(columns.map(syncline_model::Column::wire_name).collect())
    }

    /// Whether a row that has no annotation should have had one.
    pub(crate) fn misses(&self, row: &RawValue) -> bool {
        let carries = |name: &str| match self {
            Self::Of(members) => members.iter().any(|member| member == name),
            Self::ByName => name.starts_with('_') && name.ends_with("_value"),
        };
        serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(row.get())
            .is_ok_and(|members| members.iter().any(|(name, value)| value.get() != "null" && carries(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_that_always_carry_one_are_missed() {
        let misses =
            |all: &Annotated, text: &str| all.misses(&RawValue::from_string(text.to_owned()).unwrap());
        let known = Annotated::Of(vec!["gendercode".into(), "_ownerid_value".into()]);
        for text in
            [r#"{"fullname":"A","gendercode":null,"_ownerid_value":null}"#, r#"{"versionnumber":7}"#, "[]"]
        {
            assert!(!misses(&known, text) && !misses(&Annotated::ByName, text), "{text}");
        }
        assert!(misses(&known, r#"{"gendercode":1}"#));
        assert!(!misses(&Annotated::ByName, r#"{"gendercode":1}"#));
        let lookup = r#"{"_ownerid_value":"70816501-edb9-4740-a16c-6a5efbc05d84"}"#;
        assert!(misses(&known, lookup) && misses(&Annotated::ByName, lookup));
    }
}
