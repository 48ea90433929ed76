//! `syncline entities` and `describe`.

use clap::Args;
use syncline_api::ApiError;
use syncline_api::wire::{EntitiesView, EntityDescription};
use syncline_model::RelationshipKind;

use crate::context::Context;
use crate::{exit, output};

#[derive(Args)]
pub(crate) struct Entities {
    /// Connection
    name: String,
    /// Only those whose display or logical name holds this text
    #[arg(long)]
    search: Option<String>,
    /// Only those in this solution, by its unique name
    #[arg(long)]
    solution: Option<String>,
    /// Ask the service even if a list is cached
    #[arg(long)]
    refresh: bool,
}

#[derive(Args)]
pub(crate) struct Describe {
    /// Connection
    name: String,
    /// Logical name of the entity
    entity: String,
    /// Ask the service even if a description is cached
    #[arg(long)]
    refresh: bool,
}

pub(crate) async fn list(arguments: Entities, context: &Context) -> Result<u8, ApiError> {
    let request = serde_json::json!({
        "connection": arguments.name, "search": arguments.search, "solution": arguments.solution,
        "refresh": arguments.refresh, "wait": true,
    });
    if context.json {
        let view = context.raw("entities.list", &request).await?;
        not_refreshed(view["refresh_error"]["message"].as_str());
        output::json(&view["entities"]);
        return Ok(exit::DONE);
    }
    let view: EntitiesView = context.call("entities.list", &request).await?;
    not_refreshed(view.refresh_error.as_ref().map(|error| error.message.as_str()));
    let mut headers = vec!["logical name", "display name", "set name", "primary name", "custom", "cached"];
    // Who may read everything needs no column for it.
    let some_hidden = view.entities.iter().any(|entity| entity.missing_privilege.is_some());
    if some_hidden {
        headers.push("can't be read without");
    }
    output::table(
        &headers,
        view.entities.into_iter().map(|entity| {
            let mut row = vec![
                entity.summary.logical_name.to_string(),
                entity.summary.display_name,
                entity.summary.set_name,
                entity.summary.primary_name.map(|name| name.to_string()).unwrap_or_default(),
                if entity.summary.custom { "custom" } else { "" }.to_owned(),
                entity.cached_records.map(|count| count.to_string()).unwrap_or_default(),
            ];
            if some_hidden {
                row.push(entity.missing_privilege.unwrap_or_default());
            }
            row
        }),
    );
    Ok(exit::DONE)
}

/// What is shown is older than wanted, since the service could not be asked.
fn not_refreshed(reason: Option<&str>) {
    if let Some(reason) = reason {
        eprintln!("what was fetched before is shown: {reason}");
    }
}

pub(crate) async fn describe(arguments: Describe, context: &Context) -> Result<u8, ApiError> {
    let request = serde_json::json!({
        "connection": arguments.name, "entity": arguments.entity, "refresh": arguments.refresh, "wait": true,
    });
    if context.json {
        let view = context.raw("entities.describe", &request).await?;
        not_refreshed(view["refresh_error"]["message"].as_str());
        output::json(&view["schema"]);
        return Ok(exit::DONE);
    }
    let description: EntityDescription = context.call("entities.describe", &request).await?;
    not_refreshed(description.refresh_error.as_ref().map(|error| error.message.as_str()));
    let schema = description.schema;
    output::line(&format!(
        "{} ({}), set {}, primary key {}",
        schema.summary.logical_name,
        schema.summary.display_name,
        schema.summary.set_name,
        schema.summary.primary_id
    ));
    let word = |value: serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    output::table(
        &["column", "display name", "type", "required", "may", "length", "choices and targets"],
        schema.columns.iter().map(|column| {
            let may: String = [(column.readable, 'r'), (column.creatable, 'c'), (column.updatable, 'u')]
                .iter()
                .map(|(allowed, letter)| if *allowed { *letter } else { '-' })
                .collect();
            let mut extra: Vec<String> = column
                .options
                .iter()
                .map(|option| format!("{}={}", option.value, option.label.as_deref().unwrap_or("–")))
                .collect();
            extra.extend(column.targets.iter().map(ToString::to_string));
            vec![
                column.logical_name.to_string(),
                column.display_name.clone(),
                word(serde_json::to_value(column.column_type).unwrap_or_default()),
                word(serde_json::to_value(column.required).unwrap_or_default()),
                may,
                column.max_length.map(|length| length.to_string()).unwrap_or_default(),
                extra.join(", "),
            ]
        }),
    );
    for key in &schema.keys {
        let columns: Vec<&str> = key.columns.iter().map(AsRef::as_ref).collect();
        output::line(&format!(
            "key {}: {}{}",
            key.name,
            columns.join(", "),
            if key.active { "" } else { " (not active)" }
        ));
    }
    for relationship in &schema.relationships {
        let kind = match relationship.kind {
            RelationshipKind::ManyToOne => "N:1",
            RelationshipKind::OneToMany => "1:N",
            RelationshipKind::ManyToMany => "N:N",
        };
        let way = match (&relationship.column, &relationship.intersect_entity) {
            (Some(column), _) => format!(" by {column}"),
            (None, Some(intersect)) => format!(" through {intersect}"),
            (None, None) => String::new(),
        };
        output::line(&format!("{kind} {}{way} ({})", relationship.other_entity, relationship.name));
    }
    Ok(exit::DONE)
}
