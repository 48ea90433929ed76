//! What a database lets its user do, where a definition needs more: told with the statement that gives it, before anything is planned.

use std::sync::Arc;
use syncline_model::{Connection, Direction, EntitySchema, ErrorCode, Problem, SyncDefinition};
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::links::Link;

/// A field goes to a column that is not there, or that can't be set.
fn closed(definition: &SyncDefinition, schema: &EntitySchema) -> bool {
    let mut written = definition.fields.iter().filter(|field| field.direction != Some(Direction::From));
    let column = |name: &str| schema.column(name).filter(|column| column.creatable || column.updatable);
    written.any(|field| column(field.to.as_str()).is_none())
}

/// Where a table that was described before is closed to the definition it is described anew, since its owner may have opened it meanwhile.
/// Where it still is, what the database's user lacks is a problem.
pub(super) async fn opened(
    app: &Arc<App>,
    connection: &Connection,
    definition: &SyncDefinition,
    schema: EntitySchema,
    problems: &mut Vec<Problem>,
) -> EntitySchema {
    if !closed(definition, &schema) {
        return schema;
    }
    let Ok(link) = app.link(connection).await else { return schema };
    let Link::Sql(_) = link.as_ref() else { return schema };
    let entity = schema.summary.logical_name.clone();
    let Ok((schema, _, false)) = app.schema_of(connection, &entity, true).await else { return schema };
    if closed(definition, &schema)
        && let Err(error) = link.destination().prepare(&schema, &CancellationToken::new()).await
        && error.code == ErrorCode::PrivilegeMissing
    {
        let told = match error.hint {
            Some(hint) => format!("{}: {hint}", error.message),
            None => error.message,
        };
        problems.push(
            Problem::new("destination.entity", "privilege_missing", told)
                .hint("let the owner of the table run the statement, and check again"),
        );
    }
    schema
}
