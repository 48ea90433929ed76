//! The document as JSON, in the shape that scripts read, row by row.

use serde_json::json;
use std::io::Write;
use std::path::Path;
use syncline_connect::RowRequest;
use syncline_model::{ErrorCode, SynclineError};
use syncline_store::{PlanRowFilter, Store};

use super::content::Content;
use crate::handlers::export::file_fault;
use crate::wire::{PlanItem, RequestView};

pub(super) fn write(store: &Store, ways: &[Content], path: &Path) -> Result<(), SynclineError> {
    let fault = |error: std::io::Error| file_fault(path, &error);
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).map_err(fault)?);
    for (at, way) in ways.iter().enumerate() {
        // The way back is a member of the first one.
        if at > 0 {
            write!(file, ",\n  \"back\": ").map_err(fault)?;
        }
        one(store, way, &mut file, path)?;
    }
    for _ in ways {
        write!(file, "\n}}").map_err(fault)?;
    }
    writeln!(file).map_err(fault)?;
    file.flush().map_err(fault)
}

/// One way, without its closing brace.
fn one(store: &Store, content: &Content, file: &mut impl Write, path: &Path) -> Result<(), SynclineError> {
    let fault = |error: std::io::Error| file_fault(path, &error);
    let bad = |error: serde_json::Error| SynclineError::new(ErrorCode::Internal, error.to_string());
    let summary = &content.summary;
    let head = json!({
        "plan_id": summary.plan_id, "plan_hash": content.signed.hash, "pair_hash": content.signed.pair, "signed_by": content.signed.by,
        "signed_at": content.signed.at, "masked": content.masker.is_some(),
        "definition": summary.definition, "definition_hash": summary.definition_hash,
        "source": summary.source, "source_entity": summary.source_entity,
        "destination": summary.destination, "destination_entity": summary.destination_entity,
        "created_at": summary.created_at, "compared_with": summary.compared_with,
        "summary": summary.summary, "issues": summary.issues, "requests": summary.requests,
    });
    let text = serde_json::to_string_pretty(&head).map_err(bad)?;
    // The items go in before the closing brace.
    let open = text.strip_suffix("\n}").unwrap_or(&text);
    write!(file, "{open},\n  \"items\": [").map_err(fault)?;
    let mut first = true;
    content.each(store, &PlanRowFilter::default(), |row| {
        let request = row.request.as_deref().and_then(|raw| serde_json::from_str::<RowRequest>(raw).ok());
        let item = PlanItem {
            request: request.map(|request| RequestView {
                method: request.method,
                path: request.path,
                headers: request.headers,
                body: request.body,
            }),
            source_id: row.source_id,
            action: row.action,
            held_back: row.held_back,
            reason: row.reason,
            identifiers: row.mapped.identifiers.into(),
            mapped: row.mapped.attributes.into(),
            events: row.mapped.events,
            changes: row.changes,
            issues: row.issues,
        };
        let text = serde_json::to_string(&item).map_err(bad)?;
        write!(file, "{}\n    {text}", if first { "" } else { "," }).map_err(fault)?;
        first = false;
        Ok(())
    })?;
    write!(file, "\n  ]").map_err(fault)
}
