//! What the destination would refuse of a row, named by cause and field before anything is sent.

use syncline_connect::{Capabilities, PlannedWrite, RowRequest};
use syncline_model::{Action, EntitySchema, RowIssue, SynclineError};

/// Why no request could be made of a row: the field and the rule where they can be told from the schema.
pub(crate) fn refusal(schema: &EntitySchema, planned: &PlannedWrite<'_>, error: &SynclineError) -> RowIssue {
    let sent: Vec<&str> = match planned.action {
        Action::Update => planned.changed.iter().map(String::as_str).collect(),
        Action::Delete => Vec::new(),
        Action::Create | Action::Unchanged | Action::Skip | Action::Invalid => planned
            .mapped
            .attributes
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, _)| name.as_str())
            .collect(),
    };
    let found = sent.into_iter().find_map(|name| match schema.column(name) {
        None if schema.open => None,
        None => Some(("unknown_attribute", name)),
        Some(column) if planned.action == Action::Update && !column.updatable => {
            Some((if column.creatable { "create_only" } else { "read_only" }, name))
        }
        Some(column) if planned.action == Action::Create && !column.creatable => Some(("read_only", name)),
        Some(_) => None,
    });
    let (code, field) = found.unwrap_or((error.code.as_str(), ""));
    RowIssue { code: code.to_owned(), field: field.to_owned(), message: error.message.clone() }
}

/// A row that is larger than a whole request may be: no batch can carry it.
pub(crate) fn too_large(request: &RowRequest, limits: &Capabilities) -> Option<RowIssue> {
    let bytes = request.body.len() + request.path.len();
    (limits.max_batch_bytes > 0 && bytes > limits.max_batch_bytes).then(|| RowIssue {
        code: "too_large".to_owned(),
        field: String::new(),
        message: format!(
            "the record takes {bytes} bytes, a request to the destination may have {}",
            limits.max_batch_bytes
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use syncline_model::{ErrorCode, MappedRecord, Value, ValueMap};

    fn schema() -> EntitySchema {
        let column = |name: &str, creatable: bool, updatable: bool| {
            serde_json::json!({ "logical_name": name, "display_name": name, "type": "string", "required": "none",
                "readable": true, "creatable": creatable, "updatable": updatable })
        };
        serde_json::from_value(serde_json::json!({
            "logical_name": "thing", "set_name": "things", "display_name": "Thing", "display_collection_name": "Things",
            "primary_id": "thingid", "primary_name": "name", "custom": false, "change_tracking": true,
            "columns": [column("name", true, true), column("once", true, false), column("never", false, false)],
            "keys": [], "relationships": [],
        }))
        .unwrap()
    }

    #[test]
    fn the_field_and_the_rule_are_named() {
        let error = SynclineError::new(ErrorCode::QueryInvalid, "told");
        for (action, field, code) in [
            (Action::Update, "once", "create_only"),
            (Action::Update, "never", "read_only"),
            (Action::Create, "never", "read_only"),
            (Action::Create, "nowhere", "unknown_attribute"),
            (Action::Create, "name", "query_invalid"),
        ] {
            let mapped = MappedRecord {
                attributes: ValueMap::from([(field.to_owned(), Value::Text("x".into()))]),
                ..MappedRecord::default()
            };
            let changed = vec![field.to_owned()];
            let planned = PlannedWrite { action, mapped: &mapped, existing: None, changed: &changed };
            let issue = refusal(&schema(), &planned, &error);
            assert_eq!((issue.code.as_str(), issue.message.as_str()), (code, "told"), "{field}");
        }
    }

    #[test]
    fn what_no_batch_can_carry_is_told() {
        let limits = Capabilities {
            reads_back: false,
            upserts: true,
            guards_versions: false,
            deletes: false,
            takes_events: true,
            partial_batches: true,
            filters: false,
            max_batch_rows: 10,
            max_batch_bytes: 100,
            max_page_size: 500,
            parallel_batches: 1,
        };
        let request = |bytes: usize| RowRequest {
            method: "POST".into(),
            path: String::new(),
            headers: BTreeMap::new(),
            body: "x".repeat(bytes),
        };
        assert_eq!(too_large(&request(100), &limits), None);
        let issue = too_large(&request(101), &limits).unwrap();
        assert!(issue.code == "too_large" && issue.message.contains("101") && issue.message.contains("100"));
    }
}
