//! `syncline runs edits`: what was done by hand.

use clap::Args;
use std::path::PathBuf;
use syncline_api::ApiError;
use syncline_api::wire::{AuditQuery, ByHand, HandEdits, HandEditsQuery};

use super::runs_again::export;
use crate::context::Context;
use crate::output;

#[derive(Args)]
pub(crate) struct Edits {
    /// Only at this connection
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// Only of this entity
    #[arg(long)]
    entity: Option<String>,
    /// Only of the record with this id
    #[arg(long, value_name = "ID")]
    record: Option<String>,
    /// Only edits that hold this text
    #[arg(long)]
    text: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 1000)]
    top: u64,
    /// Write them to a file in place (.jsonl, .csv or .xlsx)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) async fn edits(arguments: Edits, context: &Context) -> Result<(), ApiError> {
    if let Some(out) = &arguments.out {
        let query = AuditQuery {
            connection: arguments.connection,
            entity: arguments.entity,
            record: arguments.record,
            search: arguments.text,
            ..AuditQuery::default()
        };
        return export(&query, Some(ByHand::Only), out, context).await;
    }
    let mut query = HandEditsQuery {
        connection: arguments.connection,
        entity: arguments.entity,
        record: arguments.record,
        search: arguments.text,
        ..HandEditsQuery::default()
    };
    let mut shown = 0;
    while shown < arguments.top {
        query.limit = u32::try_from((arguments.top - shown).min(1000)).ok();
        let page: HandEdits = context.call("edits.list", &query).await?;
        let Some(last) = page.rows.last() else { break };
        (query.before, shown) = (Some(last.number), shown + page.rows.len() as u64);
        if context.json {
            page.rows.iter().for_each(output::json);
            continue;
        }
        output::table(
            &["at", "by", "connection", "entity", "record", "what", "changed"],
            page.rows.into_iter().map(|edit| {
                let fields: Vec<&str> = edit.changes.iter().map(|change| change.field.as_str()).collect();
                let changed = match (edit.before_known, fields.len()) {
                    (false, 0) => "not known".to_owned(),
                    (_, count) if count > 5 => format!("{} and {} more", fields[..5].join(", "), count - 5),
                    _ => fields.join(", "),
                };
                let by = edit.by.unwrap_or_default();
                vec![edit.at, by, edit.connection, edit.entity, edit.record, edit.operation, changed]
            }),
        );
    }
    Ok(())
}
