//! `syncline cache marks` and `cache set-back`.

use clap::Args;
use syncline_api::ApiError;
use syncline_api::wire::{Empty, MarkView};

use crate::context::Context;
use crate::output;

#[derive(Args)]
pub(crate) struct SetBack {
    /// Connection
    name: String,
    /// Id of the watermark, as `cache marks` shows it
    mark: String,
    /// To this modification time, such as 2026-01-31T08:00:00Z
    #[arg(long, value_name = "TIME", group = "where_to")]
    to: Option<String>,
    /// To where this pull left it
    #[arg(long, value_name = "ID", group = "where_to")]
    pull: Option<String>,
    /// Forget it: everything is read next time
    #[arg(long, group = "where_to")]
    forget: bool,
}

pub(crate) async fn list(name: String, context: &Context) -> Result<(), ApiError> {
    let marks: Vec<MarkView> = context.call("marks.list", &serde_json::json!({ "connection": name })).await?;
    if context.json {
        output::json(&marks);
        return Ok(());
    }
    output::table(
        &["mark", "of", "read until", "change tracking", "set"],
        marks.into_iter().map(|mark| {
            let of = match (mark.definition, mark.entity) {
                (Some(definition), _) => format!("definition {definition}"),
                (None, entity) => entity.unwrap_or_default(),
            };
            let tracked = if mark.tracked { "yes" } else { "no" };
            let set = if mark.by_hand { "by hand" } else { "by a pull" };
            vec![mark.id, of, mark.modified_at.unwrap_or_default(), tracked.to_owned(), set.to_owned()]
        }),
    );
    Ok(())
}

pub(crate) async fn set_back(arguments: SetBack, context: &Context) -> Result<(), ApiError> {
    let request = serde_json::json!({
        "connection": arguments.name, "id": arguments.mark, "modified_at": arguments.to, "pull": arguments.pull,
    });
    if arguments.forget {
        let _: Empty = context.call("marks.forget", &request).await?;
        output::note(context.json, "forgotten; everything is read next time");
        if context.json {
            output::json(&serde_json::json!({ "forgotten": true }));
        }
        return Ok(());
    }
    let mark: MarkView = context.call("marks.set_back", &request).await?;
    if context.json {
        output::json(&mark);
    } else {
        output::line(&format!("set back to {}", mark.modified_at.unwrap_or_default()));
    }
    Ok(())
}
