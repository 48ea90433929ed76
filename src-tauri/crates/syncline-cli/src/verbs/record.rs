//! `syncline record`: one record by hand.

use clap::{Args, ValueEnum};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use syncline_api::ApiError;
use syncline_model::ErrorCode;

use crate::context::Context;
use crate::{exit, output};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Operation {
    /// Make
    Create,
    /// Show
    Get,
    /// Change; must exist
    Update,
    /// Make or change
    Upsert,
    /// Remove
    Delete,
}

#[derive(Args)]
pub(crate) struct Record {
    /// Connection
    name: String,
    /// Logical name of the entity
    entity: String,
    /// What to do
    #[arg(value_enum)]
    operation: Operation,
    /// Id of the record; not for create
    id: Option<String>,
    /// In place of the id: an alternate key as a JSON object, its columns with their values (update, upsert, delete)
    #[arg(long, value_name = "JSON", conflicts_with = "id")]
    key: Option<String>,
    /// Columns as a JSON object in the Web API's shape
    #[arg(long, value_name = "JSON")]
    data: Option<String>,
    /// Only if the record still has this version
    #[arg(long)]
    etag: Option<String>,
    /// Leave synchronous plug-ins and workflows out (needs the privilege prvBypassCustomPlugins)
    #[arg(long)]
    bypass_plugins: bool,
    /// Leave synchronous and asynchronous logic out (needs the privilege prvBypassCustomBusinessLogic)
    #[arg(long)]
    bypass_logic: bool,
    /// Start no Power Automate flows
    #[arg(long)]
    suppress_flows: bool,
    /// Let duplicate detection rules refuse the record
    #[arg(long)]
    detect_duplicates: bool,
    /// From the store in place of the service (get)
    #[arg(long)]
    cached: bool,
    /// On production: the number of records that will be written, 1
    #[arg(long)]
    expect: Option<u64>,
}

pub(crate) async fn run(arguments: Record, context: &Context) -> Result<u8, ApiError> {
    if arguments.operation == Operation::Get {
        let id = arguments.id.ok_or_else(|| missing("an id"))?;
        let mode = if arguments.cached { "cached" } else { "live" };
        let view: Got = context
            .call(
                "records.get",
                &serde_json::json!({ "connection": arguments.name, "entity": arguments.entity, "id": id, "mode": mode }),
            )
            .await?;
        output::line(&record_text(&view.row.raw, context.json)?);
        return Ok(exit::DONE);
    }
    let data = match &arguments.data {
        Some(text) => serde_json::from_str::<serde_json::Value>(text).map_err(|error| {
            ApiError::new(ErrorCode::Usage, format!("--data is not JSON: {error}"))
                .hint("write it as --data '{\"name\": \"Contoso\"}'")
        })?,
        None if arguments.operation == Operation::Delete => serde_json::Value::Null,
        None => return Err(missing("--data JSON")),
    };
    let operation = match arguments.operation {
        Operation::Create => "create",
        Operation::Update | Operation::Get => "update",
        Operation::Upsert => "upsert",
        Operation::Delete => "delete",
    };
    let mut request = serde_json::json!({
        "connection": arguments.name, "entity": arguments.entity, "operation": operation, "id": arguments.id,
        "etag": arguments.etag, "expect": arguments.expect,
        "switches": {
            "bypass_plugins": arguments.bypass_plugins, "bypass_logic": arguments.bypass_logic,
            "suppress_flows": arguments.suppress_flows, "detect_duplicates": arguments.detect_duplicates,
        },
    });
    if !data.is_null() {
        request["data"] = data;
    }
    if let Some(text) = &arguments.key {
        request["key"] = serde_json::from_str(text).map_err(|error| {
            ApiError::new(ErrorCode::Usage, format!("--key is not JSON: {error}"))
                .hint("write it as --key '{\"accountnumber\": \"A-1\"}'")
        })?;
    }
    let written = context.raw("records.write", &request).await?;
    output::line(&pretty(&written, context.json));
    Ok(exit::DONE)
}

/// The part of a reading that is printed; the record stays as it came, digit for digit.
#[derive(serde::Deserialize)]
struct Got {
    row: Row,
}

#[derive(serde::Deserialize)]
struct Row {
    raw: Box<RawValue>,
}

fn record_text(raw: &RawValue, as_json: bool) -> Result<String, ApiError> {
    if as_json {
        return Ok(raw.get().to_owned());
    }
    serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(raw.get())
        .and_then(|members| serde_json::to_string_pretty(&members))
        .map_err(|error| ApiError::new(ErrorCode::Internal, format!("the record can't be shown: {error}")))
}

fn pretty(value: &serde_json::Value, as_json: bool) -> String {
    if as_json { value.to_string() } else { serde_json::to_string_pretty(value).unwrap_or_default() }
}

fn missing(what: &str) -> ApiError {
    ApiError::new(ErrorCode::Usage, format!("{what} is missing"))
        .hint("syncline record --help shows the form")
}
