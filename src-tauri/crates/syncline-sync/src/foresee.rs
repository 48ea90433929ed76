//! What the destination would refuse of a row, named by cause and field before anything is sent.

use syncline_connect::{Capabilities, PlannedWrite, RowRequest};
use syncline_model::{Action, Column, ColumnType, EntitySchema, RowIssue, SynclineError, ValueMap};

/// Why no request could be made of a row: the field and the rule where they can be told from the schema.
pub(crate) fn refusal(schema: &EntitySchema, planned: &PlannedWrite<'_>, error: &SynclineError) -> RowIssue {
    if let Some(field) = foreign_status(schema, &planned.mapped.attributes) {
        let code = "status_of_another_state".to_owned();
        return RowIssue { code, field, message: error.message.clone() };
    }
    let sent: Vec<&str> = match planned.action {
        Action::Update => planned.changed.to_vec(),
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

/// The column of a status reason that does not belong to the state beside it (Dataverse Web API, state and status reason).
fn foreign_status(schema: &EntitySchema, attributes: &ValueMap) -> Option<String> {
    let of = |kind: ColumnType| schema.columns.iter().find(|column| column.column_type == kind);
    let code = |column: &Column| {
        attributes
            .get(column.logical_name.as_str())
            .and_then(|value| value.display_text().parse::<i64>().ok())
    };
    let (state, status) = (of(ColumnType::State)?, of(ColumnType::Status)?);
    let (wanted, reason) = (code(state)?, code(status)?);
    let belongs = status.options.iter().find(|option| option.value == reason)?.state?;
    (belongs != wanted).then(|| status.logical_name.to_string())
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
            let changed = [field];
            let planned = PlannedWrite { action, mapped: &mapped, existing: None, changed: &changed };
            let issue = refusal(&schema(), &planned, &error);
            assert_eq!((issue.code.as_str(), issue.message.as_str()), (code, "told"), "{field}");
        }
    }

    #[test]
    fn a_status_reason_of_another_state_is_named_before_what_else_is_wrong() {
        let mut schema = schema();
        let choice = |value: i64, state: Option<i64>| serde_json::json!({ "value": value, "label": null, "state": state });
        for (name, kind, options) in [
            ("statecode", "state", vec![choice(0, None), choice(1, None)]),
            ("statuscode", "status", vec![choice(1, Some(0)), choice(2, Some(1))]),
        ] {
            let column = serde_json::json!({ "logical_name": name, "display_name": name, "type": kind, "required": "none",
                "readable": true, "creatable": false, "updatable": true, "options": options });
            schema.columns.push(serde_json::from_value(column).unwrap());
        }
        let pair = |state: i64, reason: i64| {
            let values = [("statecode", state), ("statuscode", reason)];
            ValueMap::from(values.map(|(name, code)| (name.to_owned(), Value::Integer(code))))
        };
        for (state, reason, wrong) in
            [(0, 1, false), (1, 2, false), (0, 2, true), (1, 1, true), (1, 9, false)]
        {
            assert_eq!(foreign_status(&schema, &pair(state, reason)).is_some(), wrong, "{state} {reason}");
        }
        let mapped = MappedRecord { attributes: pair(0, 2), ..MappedRecord::default() };
        let planned = PlannedWrite { action: Action::Create, mapped: &mapped, existing: None, changed: &[] };
        let issue = refusal(&schema, &planned, &SynclineError::new(ErrorCode::QueryInvalid, "told"));
        assert_eq!((issue.code.as_str(), issue.field.as_str()), ("status_of_another_state", "statuscode"));
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
