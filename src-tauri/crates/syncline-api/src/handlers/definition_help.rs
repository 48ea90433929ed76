//! `definitions.schema` and `definitions.events`: what an editor offers while a definition is written.

use std::sync::Arc;
use syncline_mapping::required_parameters;
use syncline_model::{System, definition_json_schema};

use crate::app::App;
use crate::wire::{
    ApiError, ConnectionRef, DefinitionSchema, Empty, KnownEvent, KnownEvents, KnownParameter,
};

pub(crate) async fn schema(_: &Arc<App>, _: Empty) -> Result<DefinitionSchema, ApiError> {
    Ok(DefinitionSchema { schema: definition_json_schema() })
}

pub(crate) async fn events(app: &Arc<App>, request: ConnectionRef) -> Result<KnownEvents, ApiError> {
    let connection = app.connection(&request.connection).await?;
    Ok(match connection.system {
        System::Insider => KnownEvents {
            events: syncline_insider::DEFAULT_EVENTS
                .iter()
                .map(|name| KnownEvent {
                    name: (*name).to_owned(),
                    required: required_parameters(name).iter().map(|name| (*name).to_owned()).collect(),
                })
                .collect(),
            parameters: syncline_insider::DEFAULT_PARAMETERS
                .iter()
                .map(|(name, holds)| KnownParameter { name: (*name).to_owned(), holds: (*holds).to_owned() })
                .collect(),
        },
        System::Dataverse | System::Csv | System::Jsonl => {
            KnownEvents { events: Vec::new(), parameters: Vec::new() }
        }
    })
}
