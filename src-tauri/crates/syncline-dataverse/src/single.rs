//! Single records by hand: create, read, update, upsert, delete. Bodies are the Web API's own JSON and are sent as given.

use serde_json::value::RawValue;
use syncline_http::{Method, SendError};
use syncline_model::{
    ColumnName, EntityName, EntitySchema, ErrorCode, Record, RecordId, SynclineError, Value,
};
use syncline_odata::{QueryOptions, guid, key_predicate};
use tokio_util::sync::CancellationToken;

use crate::DataverseConnector;
use crate::api::{ANNOTATIONS, succeed};
use crate::encode::filter_literal;
use crate::error::explain;
use crate::page_stream::Heading;
use crate::records::{Asked, no_such_column, record};
use crate::switches::headers as switch_headers;

/// Names one row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowKey {
    /// By its id.
    Id(RecordId),
    /// By the columns of an alternate key.
    Alternate(Vec<(ColumnName, Value)>),
}

/// A body: a JSON object in the Web API's form (`"parentcustomerid_account@odata.bind":"/accounts(…)"`).
#[derive(Debug, Clone)]
pub struct RecordBody(Box<RawValue>);

impl RecordBody {
    /// Checks that the text is a JSON object, or a JSON string that holds one. Numbers keep their digits.
    pub fn parse(text: &str) -> Result<Self, SynclineError> {
        let bad = |detail: String| {
            SynclineError::new(ErrorCode::Usage, "the body is no JSON object")
                .hint("write it as {\"column\": value, …}")
                .detail(detail)
        };
        let fault = |error: serde_json::Error| bad(error.to_string());
        let mut raw: Box<RawValue> = serde_json::from_str(text.trim()).map_err(fault)?;
        if raw.get().starts_with('"') {
            let held: String = serde_json::from_str(raw.get()).map_err(fault)?;
            raw = serde_json::from_str(held.trim()).map_err(fault)?;
        }
        if !raw.get().starts_with('{') {
            return Err(bad("it begins with another character than {".to_owned()));
        }
        Ok(Self(raw))
    }

    /// The JSON as it is sent.
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

/// After a write without a clear answer.
const MAYBE_ACTED: &str = "it is not known whether the service acted: read the row before sending it again";

fn no_answer() -> SynclineError {
    SynclineError::new(ErrorCode::Unreachable, "no answer came")
}

impl DataverseConnector {
    /// Makes a row and tells its id. If the answer is lost the error says so: look before sending it again.
    pub async fn create_record(
        &self,
        entity: &EntityName,
        body: &RecordBody,
        cancel: &CancellationToken,
    ) -> Result<RecordId, SynclineError> {
        let set = self.summary(entity, cancel).await?.set_name;
        let response = self.send(Method::POST, &format!("/{set}"), Some(body), &[], cancel).await?;
        response
            .header("odata-entityid")
            .and_then(|link| guid(link.rsplit_once('(')?.1.strip_suffix(')')?))
            .map(RecordId::new)
            .ok_or_else(|| crate::api::unreadable(&set, "the row was made, but the answer does not name it"))
    }

    /// Reads a row; `None` where there is none. Empty `columns`: all.
    pub async fn read_record(
        &self,
        entity: &EntityName,
        key: &RowKey,
        columns: &[ColumnName],
        cancel: &CancellationToken,
    ) -> Result<Option<Record>, SynclineError> {
        let schema = self.known_schema(entity, cancel).await?;
        let asked = Asked::new(&schema, columns)?;
        let options = if asked.all { QueryOptions::new() } else { QueryOptions::new().select(&asked.wire) };
        let url = self.api.url(&format!("{}{}", row_path(&schema, key)?, options.to_query()));
        let prefer = [format!("odata.include-annotations=\"{ANNOTATIONS}\"")];
        match self
            .api
            .read(&url, &prefer, cancel, |reply| serde_json::from_slice::<Box<RawValue>>(&reply.body))
            .await
        {
            Ok(raw) => record(&Heading::of(&schema), raw, &asked, false).map(Some),
            Err(error) if error.code == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Changes a row; fails where there is none. With an etag only if it is still that version.
    pub async fn update_record(
        &self,
        entity: &EntityName,
        key: &RowKey,
        body: &RecordBody,
        etag: Option<&str>,
        cancel: &CancellationToken,
    ) -> Result<(), SynclineError> {
        let schema = self.known_schema(entity, cancel).await?;
        let path = row_path(&schema, key)?;
        match etag.filter(|etag| *etag != "*") {
            Some(version) => {
                self.send_guarded(&schema, Method::PATCH, &path, Some(body), version, cancel).await
            }
            None => self.send(Method::PATCH, &path, Some(body), &[("If-Match", "*")], cancel).await.map(drop),
        }
    }

    /// Changes a row, or makes it where there is none. True: it was made.
    pub async fn upsert_record(
        &self,
        entity: &EntityName,
        key: &RowKey,
        body: &RecordBody,
        cancel: &CancellationToken,
    ) -> Result<bool, SynclineError> {
        let schema = self.known_schema(entity, cancel).await?;
        let path = format!("{}?$select={}", row_path(&schema, key)?, schema.summary.primary_id);
        let headers = [("Prefer", "return=representation")];
        let response = self.send(Method::PATCH, &path, Some(body), &headers, cancel).await?;
        Ok(response.status.as_u16() == 201)
    }

    /// Deletes a row; fails where there is none. With an etag only if it is still that version.
    pub async fn delete_record(
        &self,
        entity: &EntityName,
        key: &RowKey,
        etag: Option<&str>,
        cancel: &CancellationToken,
    ) -> Result<(), SynclineError> {
        let schema = self.known_schema(entity, cancel).await?;
        let path = row_path(&schema, key)?;
        match etag.filter(|etag| *etag != "*") {
            Some(version) => self.send_guarded(&schema, Method::DELETE, &path, None, version, cancel).await,
            None => self.send(Method::DELETE, &path, None, &[], cancel).await.map(drop),
        }
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&RecordBody>,
        headers: &[(&str, &str)],
        cancel: &CancellationToken,
    ) -> Result<syncline_http::Response, SynclineError> {
        let mut request = self.api.request(method, &self.api.url(path)).cancel_unsent(cancel);
        for (name, value) in headers.iter().copied().chain(switch_headers(&self.switches)) {
            request = request.header(name, value);
        }
        if let Some(RecordBody(raw)) = body {
            request =
                request.header("Content-Type", "application/json; charset=utf-8").body(raw.get().to_owned());
        }
        match request.try_send().await {
            // A gateway or a service that failed may have acted before.
            Ok(response) if response.status.is_server_error() || response.status.as_u16() == 408 => {
                let mut error = succeed(response).err().unwrap_or_else(no_answer);
                error.hint = Some(MAYBE_ACTED.to_owned());
                Err(error)
            }
            Ok(response) => succeed(response).map_err(by_hand),
            Err(SendError { error, maybe_sent: true }) if error.code != ErrorCode::Cancelled => {
                Err(error.hint(MAYBE_ACTED))
            }
            Err(SendError { error, .. }) => Err(explain(error)),
        }
    }
}

/// What a remedy is when somebody writes by hand: there is no plan to make again.
fn by_hand(error: SynclineError) -> SynclineError {
    match error.service_code.as_deref() {
        Some(code) if code.eq_ignore_ascii_case("0x80060882") => error.hint(
            "the record changed since it was read: read it again, look at the change, and write with its new version",
        ),
        _ => error,
    }
}

pub(crate) fn row_path(schema: &EntitySchema, key: &RowKey) -> Result<String, SynclineError> {
    let set = &schema.summary.set_name;
    match key {
        RowKey::Id(id) => {
            let id = guid(id.as_str()).ok_or_else(|| {
                SynclineError::new(ErrorCode::Usage, format!("not a record id: {id}"))
                    .hint("ids of Dataverse are GUIDs")
            })?;
            Ok(format!("/{set}({id})"))
        }
        RowKey::Alternate(columns) => {
            let mut parts = Vec::with_capacity(columns.len());
            for (name, value) in columns {
                let column =
                    schema.column(name.as_str()).ok_or_else(|| no_such_column(schema, name.as_str()))?;
                if !crate::encode::fits_a_key(value) {
                    return Err(SynclineError::new(
                        ErrorCode::Usage,
                        format!("a key with this value can't stand in an address: {}", value.display_text()),
                    )
                    .hint("name the row by its id"));
                }
                parts.push((column.wire_name(), filter_literal(column, value)?));
            }
            Ok(format!(
                "/{set}{}",
                key_predicate(parts.iter().map(|(name, value)| (name.as_str(), value.clone())))
            ))
        }
    }
}
