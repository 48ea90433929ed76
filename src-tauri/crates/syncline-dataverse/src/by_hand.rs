//! Changes made by hand: columns with values become the body that the Web API takes, and what is wrong is told of each column.

use syncline_model::{
    Column, ColumnName, EntityName, EntitySchema, ErrorCode, RequiredLevel, SynclineError, Value,
};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::body::{json_string, member};
use crate::single::{RecordBody, RowKey, row_path};

/// What is wrong with a value for a column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnFault {
    /// The column.
    pub column: ColumnName,
    /// What is wrong, and the remedy.
    pub error: SynclineError,
}

/// A body, or every column that stands against it.
pub type CheckedBody = Result<RecordBody, Vec<ColumnFault>>;

impl DataverseConnector {
    /// The body of a change: plain columns as JSON values, lookups bound by their navigation property. `creating`: the row is made, so
    /// columns that can be set only then are allowed. Source: Dataverse Web API, create and update a table row.
    pub async fn checked_body(
        &self,
        entity: &EntityName,
        changes: &[(ColumnName, Value)],
        creating: bool,
        cancel: &CancellationToken,
    ) -> Result<CheckedBody, SynclineError> {
        let schema = self.known_schema(entity, cancel).await?;
        // The set name of a lookup's target stands in the body.
        for (_, value) in changes {
            if let Value::Reference(reference) = value {
                self.summary(&reference.entity, cancel).await?;
            }
        }
        let mut members = Vec::with_capacity(changes.len());
        let mut faults = Vec::new();
        for (name, value) in changes {
            let made = writable(&schema, name, value, creating)
                .and_then(|column| member(&schema, column, value, self));
            match made {
                Ok(member) => members.push(member),
                Err(error) => faults.push(ColumnFault { column: name.clone(), error }),
            }
        }
        if faults.is_empty() {
            RecordBody::parse(&format!("{{{}}}", members.join(","))).map(Ok)
        } else {
            Ok(Err(faults))
        }
    }

    /// The set name of an entity, where it is known already; nothing is asked.
    pub fn set_of(&self, entity: &EntityName) -> Option<String> {
        self.remembered_summary(entity).map(|summary| summary.set_name)
    }

    /// The address of a row, or of the set where a row is to be made.
    pub async fn row_address(
        &self,
        entity: &EntityName,
        key: Option<&RowKey>,
        cancel: &CancellationToken,
    ) -> Result<String, SynclineError> {
        match key {
            None => Ok(self.api.url(&format!("/{}", self.summary(entity, cancel).await?.set_name))),
            Some(key) => Ok(self.api.url(&row_path(&*self.known_schema(entity, cancel).await?, key)?)),
        }
    }
}

fn writable<'a>(
    schema: &'a EntitySchema,
    name: &ColumnName,
    value: &Value,
    creating: bool,
) -> Result<&'a Column, SynclineError> {
    let column =
        schema.column(name.as_str()).ok_or_else(|| crate::records::no_such_column(schema, name.as_str()))?;
    let refused = |message: String, hint: &str| {
        Err(SynclineError::new(ErrorCode::QueryInvalid, message).hint(hint.to_owned()))
    };
    if creating && !column.creatable {
        return refused(
            format!("{} can't be set when a row is made", json_string(name.as_str())),
            "leave the column out; the service sets it",
        );
    }
    if !creating && !column.updatable {
        return refused(
            format!("{} can't be changed", json_string(name.as_str())),
            "leave the column out; it is set by the service or only when a row is made",
        );
    }
    if value.is_null() && column.required == RequiredLevel::System {
        return refused(
            format!("{} must have a value", json_string(name.as_str())),
            "give a value, or leave the column as it was",
        );
    }
    Ok(column)
}
