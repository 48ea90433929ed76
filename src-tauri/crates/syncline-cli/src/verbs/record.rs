//! `syncline record`: one record by hand.

use clap::{Args, ValueEnum};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::Path;
use syncline_api::ApiError;
use syncline_model::ErrorCode;

use crate::context::{Context, read_file};
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
    /// In place of the id: an alternate key as a JSON object, its columns with their values (not for create)
    #[arg(long, value_name = "JSON", conflicts_with = "id")]
    key: Option<String>,
    /// Columns as a JSON object in the Web API's shape; - reads it from standard input
    #[arg(long, value_name = "JSON", conflicts_with = "changes")]
    data: Option<String>,
    /// In place of --data: columns by logical name, lookups as {"entity":…,"id":…}; checked and bound as the metadata says
    #[arg(long, value_name = "JSON")]
    changes: Option<String>,
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
    /// Update: read the record first and send only what differs, if it is still the version that was read
    #[arg(long)]
    only_changed: bool,
    /// Print the request and the same as curl in place of sending it
    #[arg(long)]
    preview: bool,
    /// From the store in place of the service (get)
    #[arg(long)]
    cached: bool,
    /// On production: the number of records that will be written, 1
    #[arg(long)]
    expect: Option<u64>,
}

pub(crate) async fn run(arguments: Record, context: &Context) -> Result<u8, ApiError> {
    if arguments.operation == Operation::Get {
        return get(&arguments, context).await;
    }
    let request = request(&arguments)?;
    if arguments.preview {
        return preview(&request, context).await;
    }
    let written: Box<RawValue> = context.call("records.write", &request).await?;
    output::line(&text(&written, context.json)?);
    Ok(exit::DONE)
}

async fn get(arguments: &Record, context: &Context) -> Result<u8, ApiError> {
    if arguments.id.is_none() && arguments.key.is_none() {
        return Err(missing("an id or --key JSON"));
    }
    let mode = if arguments.cached { "cached" } else { "live" };
    let request = serde_json::json!({
        "connection": arguments.name, "entity": arguments.entity, "id": arguments.id, "mode": mode,
        "key": arguments.key.as_deref().map(key).transpose()?,
    });
    let view: Got = context.call("records.get", &request).await?;
    output::line(&text(&view.row.raw, context.json)?);
    Ok(exit::DONE)
}

/// What would be sent. Nothing is: it works where writing is not allowed.
async fn preview(request: &serde_json::Value, context: &Context) -> Result<u8, ApiError> {
    let prepared: Prepared = context.call("records.prepare", request).await?;
    if context.json {
        output::line(&serde_json::to_string(&prepared).unwrap_or_default());
    } else {
        for fault in &prepared.faults {
            output::line(&format!("{}: {}", fault.column, fault.error.message));
        }
        match (&prepared.curl, prepared.faults.is_empty()) {
            (Some(curl), _) => output::line(curl),
            (None, true) => output::line("Nothing differs; nothing would be sent."),
            (None, false) => {}
        }
    }
    Ok(if prepared.faults.is_empty() { exit::DONE } else { exit::USAGE })
}

fn request(arguments: &Record) -> Result<serde_json::Value, ApiError> {
    let operation = match arguments.operation {
        Operation::Create => "create",
        Operation::Update | Operation::Get => "update",
        Operation::Upsert => "upsert",
        Operation::Delete => "delete",
    };
    let mut request = serde_json::json!({
        "connection": arguments.name, "entity": arguments.entity, "operation": operation, "id": arguments.id,
        "etag": arguments.etag, "expect": arguments.expect, "only_changed": arguments.only_changed,
        "switches": {
            "bypass_plugins": arguments.bypass_plugins, "bypass_logic": arguments.bypass_logic,
            "suppress_flows": arguments.suppress_flows, "detect_duplicates": arguments.detect_duplicates,
        },
    });
    match (&arguments.data, &arguments.changes) {
        // The text travels as it is, so that numbers keep their digits.
        (Some(given), _) => request["data"] = serde_json::Value::String(data(given)?),
        (None, Some(given)) => {
            request["changes"] = changes(given)?;
        }
        (None, None) if arguments.operation == Operation::Delete => {}
        (None, None) => return Err(missing("--data JSON or --changes JSON")),
    }
    if let Some(given) = &arguments.key {
        request["key"] = key(given)?;
    }
    Ok(request)
}

fn data(given: &str) -> Result<String, ApiError> {
    let text = if given == "-" { read_file(Path::new("-"))? } else { given.to_owned() };
    object("--data", &text, "write it as --data '{\"name\": \"Contoso\"}'")?;
    Ok(text)
}

/// Numbers that a double can't hold travel as texts; the columns take those too, digit for digit.
fn changes(given: &str) -> Result<serde_json::Value, ApiError> {
    let mut changes = object("--changes", given, "write it as --changes '{\"name\": \"Contoso\"}'")?;
    let exact: BTreeMap<String, Box<RawValue>> = serde_json::from_str(given)
        .map_err(|error| ApiError::new(ErrorCode::Usage, format!("--changes is not JSON: {error}")))?;
    for (name, raw) in exact {
        let read = changes[&name].to_string();
        if changes[&name].is_number() && read != raw.get() {
            changes[&name] = raw.get().into();
        }
    }
    Ok(changes)
}

fn key(given: &str) -> Result<serde_json::Value, ApiError> {
    object("--key", given, "write it as --key '{\"accountnumber\": \"A-1\"}'")
}

fn object(name: &str, text: &str, hint: &str) -> Result<serde_json::Value, ApiError> {
    let fault = |message: String| ApiError::new(ErrorCode::Usage, message).hint(hint.to_owned());
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => Err(fault(format!("{name} is no JSON object"))),
        Err(error) => Err(fault(format!("{name} is not JSON: {error}"))),
    }
}

/// A request before it is sent, as it came, digit for digit.
#[derive(serde::Serialize, serde::Deserialize)]
struct Prepared {
    request: Option<Box<RawValue>>,
    curl: Option<String>,
    faults: Vec<Fault>,
}

/// What is wrong with a column's value.
#[derive(serde::Serialize, serde::Deserialize)]
struct Fault {
    column: String,
    error: ApiError,
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

fn text(raw: &RawValue, as_json: bool) -> Result<String, ApiError> {
    if as_json {
        return Ok(raw.get().to_owned());
    }
    serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(raw.get())
        .and_then(|members| serde_json::to_string_pretty(&members))
        .map_err(|error| ApiError::new(ErrorCode::Internal, format!("the record can't be shown: {error}")))
}

fn missing(what: &str) -> ApiError {
    ApiError::new(ErrorCode::Usage, format!("{what} is missing"))
        .hint("syncline record --help shows the form")
}
