//! A file as a destination.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use syncline_connect::{
    Capabilities, Destination, MatchKey, Outcome, OutcomeKind, PlannedWrite, Probe, ProbedRow, RowRequest,
    WriteOptions,
};
use syncline_model::{
    Action, Column, ColumnType, EntityName, EntitySchema, EntitySummary, ErrorCode, Identity, RecordId,
    RequiredLevel, SynclineError, Value, ValueMap,
};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::table::key_of;
use crate::{Row, Table, TableError, read_csv, read_jsonl, write_csv, write_jsonl};

/// The one entity of a file.
pub(crate) const ROWS: &str = "rows";

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// CSV with this delimiter.
    Csv {
        /// One byte, such as `,` or `;`.
        delimiter: u8,
    },
    /// JSON lines.
    Jsonl,
}

/// A file that rows are written to.
#[derive(Clone)]
pub struct TablesConnector {
    path: PathBuf,
    format: FileFormat,
    /// Batches to one file follow each other.
    writing: Arc<Mutex<()>>,
}

impl TablesConnector {
    /// A connector for a file; it need not exist yet.
    pub fn new(path: impl Into<PathBuf>, format: FileFormat) -> Self {
        Self { path: path.into(), format, writing: Arc::new(Mutex::new(())) }
    }

    async fn read(&self) -> Result<Table, SynclineError> {
        let (path, format) = (self.path.clone(), self.format);
        blocking(move || read_table(&path, format)).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TableError> + Send + 'static,
) -> Result<T, SynclineError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(SynclineError::from),
        Err(error) => {
            Err(SynclineError::new(ErrorCode::Internal, format!("the work on the file broke off: {error}")))
        }
    }
}

fn read_table(path: &Path, format: FileFormat) -> Result<Table, TableError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Table::default()),
        Err(source) => return Err(TableError::Io { path: path.to_owned(), source }),
    };
    let text = std::str::from_utf8(&bytes).map_err(|error| TableError::Content {
        path: path.to_owned(),
        line: bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() as u64 + 1,
        message: "not UTF-8".to_owned(),
    })?;
    match format {
        FileFormat::Csv { delimiter } if !text.is_empty() => read_csv(text, delimiter, path),
        FileFormat::Csv { .. } => Ok(Table::default()),
        FileFormat::Jsonl => read_jsonl(text, path),
    }
}

fn write_table(path: &Path, format: FileFormat, table: &Table) -> Result<(), TableError> {
    let io = |source| TableError::Io { path: path.to_owned(), source };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".syncline-part");
    let part = path.with_file_name(name);
    let written = (|| {
        let file = std::fs::File::create(&part)?;
        let mut out = std::io::BufWriter::new(&file);
        match format {
            FileFormat::Csv { delimiter } => write_csv(table, delimiter, &mut out)?,
            FileFormat::Jsonl => write_jsonl(table, &mut out)?,
        }
        drop(out);
        file.sync_all()?;
        std::fs::rename(&part, path)
    })();
    if written.is_err() {
        // The half-written part is of no use; the file itself is as it was.
        let _ = std::fs::remove_file(&part);
    }
    written.map_err(io)
}

#[async_trait]
impl Destination for TablesConnector {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            reads_back: true,
            upserts: true,
            guards_versions: false,
            deletes: true,
            takes_events: false,
            partial_batches: false,
            filters: false,
            max_batch_rows: 20_000,
            max_batch_bytes: 64 * 1024 * 1024,
            max_page_size: 5000,
            parallel_batches: 1,
        }
    }

    async fn identity(&self) -> Result<Identity, SynclineError> {
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        if let Some(folder) = path.parent()
            && !folder.is_dir()
        {
            return Err(SynclineError::new(
                ErrorCode::File,
                format!("there is no folder {}", folder.display()),
            )
            .hint("make the folder, or change the connection's path"));
        }
        Ok(Identity { organization_id: Some(path.display().to_string()), ..Identity::default() })
    }

    async fn entities(&self, _: &CancellationToken) -> Result<Vec<EntitySummary>, SynclineError> {
        Ok(vec![summary(&self.path)])
    }

    async fn schema(&self, _: &EntityName, _: &CancellationToken) -> Result<EntitySchema, SynclineError> {
        let table = self.read().await?;
        let columns = table
            .columns
            .iter()
            .map(|name| Column {
                logical_name: name.as_str().into(),
                display_name: name.clone(),
                column_type: ColumnType::String,
                required: RequiredLevel::None,
                readable: true,
                creatable: true,
                updatable: true,
                max_length: None,
                targets: Vec::new(),
                options: Vec::new(),
                behavior: None,
                format: None,
                given: None,
                custom: false,
            })
            .collect();
        Ok(EntitySchema {
            summary: summary(&self.path),
            columns,
            keys: Vec::new(),
            relationships: Vec::new(),
            open: true,
        })
    }

    async fn probe(
        &self,
        _: &EntitySchema,
        keys: &[MatchKey],
        fields: &[String],
        _: &CancellationToken,
    ) -> Result<Vec<Probe>, SynclineError> {
        let table = self.read().await?;
        let columns: Vec<String> =
            keys.first().map(|key| key.0.keys().cloned().collect()).unwrap_or_default();
        let index = table.index(&columns);
        Ok(keys
            .iter()
            .map(|key| match index.get(&key_of(|column| key.0.get(column), &columns)).map(Vec::as_slice) {
                None | Some([]) => Probe::Absent,
                Some([position]) => {
                    let row = &table.rows[*position];
                    let values = fields
                        .iter()
                        .map(|field| (field.clone(), row.get(field).cloned().unwrap_or(Value::Null)))
                        .collect();
                    Probe::Present(ProbedRow { id: row_id(&key.0), etag: None, values })
                }
                Some(several) => Probe::Ambiguous(several.len() as u64),
            })
            .collect())
    }

    fn same(&self, _: &EntitySchema, _: &str, mapped: &Value, held: &Value) -> bool {
        match self.format {
            FileFormat::Csv { .. } => mapped.display_text() == held.display_text(),
            FileFormat::Jsonl => mapped.means_the_same(held),
        }
    }

    fn request(&self, _: &EntitySchema, write: &PlannedWrite<'_>) -> Result<RowRequest, SynclineError> {
        if write.mapped.identifiers.is_empty() {
            return Err(SynclineError::new(
                ErrorCode::DefinitionInvalid,
                "a row of a file needs an identifier",
            )
            .hint("map at least one identifier, such as contactid"));
        }
        let mut row = write.mapped.identifiers.clone();
        row.append(&mut write.mapped.attributes.clone());
        let keys: Vec<&str> = write.mapped.identifiers.keys().map(String::as_str).collect();
        Ok(RowRequest {
            method: match write.action {
                Action::Create => "APPEND",
                Action::Delete => "REMOVE",
                Action::Update | Action::Unchanged | Action::Skip | Action::Invalid => "REPLACE",
            }
            .to_owned(),
            path: self.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            headers: BTreeMap::from([("key".to_owned(), keys.join(","))]),
            body: serde_json::to_string(&row)
                .map_err(|error| SynclineError::new(ErrorCode::Internal, error.to_string()))?,
        })
    }

    async fn write(
        &self,
        _: &EntitySchema,
        rows: &[RowRequest],
        _: &WriteOptions,
        cancel: &CancellationToken,
    ) -> Result<Vec<Outcome>, SynclineError> {
        if cancel.is_cancelled() {
            return Err(SynclineError::new(ErrorCode::Cancelled, "cancelled before the batch was written"));
        }
        let _one_at_a_time = self.writing.lock().await;
        let (path, format, rows) = (self.path.clone(), self.format, rows.to_vec());
        blocking(move || {
            let mut table = read_table(&path, format)?;
            let outcomes = apply(&mut table, &rows, &path)?;
            write_table(&path, format, &table)?;
            Ok(outcomes)
        })
        .await
    }
}

/// Puts the rows into the table: a row whose key is there replaces it, another is added at the end.
fn apply(table: &mut Table, rows: &[RowRequest], path: &Path) -> Result<Vec<Outcome>, TableError> {
    let columns: Vec<String> = rows
        .first()
        .and_then(|row| row.headers.get("key"))
        .map(|keys| keys.split(',').map(str::to_owned).collect())
        .unwrap_or_default();
    for column in &columns {
        table.add_column(column);
    }
    let mut index = table.index(&columns);
    let mut removed = std::collections::BTreeSet::new();
    let mut outcomes = Vec::with_capacity(rows.len());
    for (number, request) in rows.iter().enumerate() {
        let row: Row = serde_json::from_str(&request.body).map_err(|error| TableError::Content {
            path: path.to_owned(),
            line: number as u64,
            message: format!("a planned row is damaged: {error}"),
        })?;
        for name in row.keys() {
            table.add_column(name);
        }
        let key = key_of(|column| row.get(column), &columns);
        let id = Some(RecordId::new(key.join(",")));
        let position = index.get(&key).and_then(|positions| positions.first()).copied();
        if request.method == "REMOVE" {
            let kind = match position {
                Some(position) => {
                    removed.insert(position);
                    index.remove(&key);
                    OutcomeKind::Deleted
                }
                None => OutcomeKind::Drifted,
            };
            outcomes.push(Outcome { kind, id, code: None, message: None, request_id: None });
            continue;
        }
        let kind = match position {
            Some(position) => {
                // Columns that the definition does not speak of stay.
                table.rows[position].extend(row);
                OutcomeKind::Updated
            }
            None => {
                index.insert(key, vec![table.rows.len()]);
                table.rows.push(row);
                OutcomeKind::Created
            }
        };
        outcomes.push(Outcome { kind, id, code: None, message: None, request_id: None });
    }
    if !removed.is_empty() {
        let mut position = 0;
        table.rows.retain(|_| {
            position += 1;
            !removed.contains(&(position - 1))
        });
    }
    Ok(outcomes)
}

fn row_id(key: &ValueMap) -> RecordId {
    RecordId::new(key.values().map(Value::display_text).collect::<Vec<_>>().join(","))
}

fn summary(path: &Path) -> EntitySummary {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    EntitySummary {
        logical_name: ROWS.into(),
        set_name: ROWS.to_owned(),
        display_name: name.clone(),
        display_collection_name: name,
        primary_id: "".into(),
        primary_name: None,
        custom: false,
        change_tracking: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syncline_model::MappedRecord;

    fn mapped(id: &str, name: &str) -> MappedRecord {
        MappedRecord {
            identifiers: ValueMap::from([("id".to_owned(), Value::from(id))]),
            attributes: ValueMap::from([
                ("name".to_owned(), Value::from(name)),
                ("n".to_owned(), Value::Integer(2)),
            ]),
            events: Vec::new(),
        }
    }

    async fn round(format: FileFormat, file: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let connector = TablesConnector::new(folder.path().join(file), format);
        let cancel = CancellationToken::new();
        let schema = connector.schema(&ROWS.into(), &cancel).await.unwrap();
        let request = |record: &MappedRecord| {
            connector
                .request(
                    &schema,
                    &PlannedWrite { action: Action::Create, mapped: record, existing: None, changed: &[] },
                )
                .unwrap()
        };
        let rows = [request(&mapped("1", "Ann, \"Ito\"")), request(&mapped("2", "Ÿusuf"))];
        let first = connector.write(&schema, &rows, &WriteOptions::default(), &cancel).await.unwrap();
        assert!(first.iter().all(|outcome| outcome.kind == OutcomeKind::Created));
        let again = connector.write(&schema, &rows, &WriteOptions::default(), &cancel).await.unwrap();
        assert!(again.iter().all(|outcome| outcome.kind == OutcomeKind::Updated));
        let keys = [MatchKey(mapped("2", "").identifiers), MatchKey(mapped("9", "").identifiers)];
        let probes = connector.probe(&schema, &keys, &["name".into(), "n".into()], &cancel).await.unwrap();
        let Probe::Present(row) = &probes[0] else { panic!("{probes:?}") };
        assert!(connector.same(&schema, "name", &Value::from("Ÿusuf"), &row.values["name"]));
        assert!(connector.same(&schema, "n", &Value::Integer(2), &row.values["n"]));
        assert_eq!(probes[1], Probe::Absent);
        std::fs::read_to_string(folder.path().join(file)).unwrap()
    }

    #[tokio::test]
    async fn a_second_write_duplicates_nothing() {
        let csv = round(FileFormat::Csv { delimiter: b',' }, "t.csv").await;
        assert_eq!(csv, "\u{feff}id,n,name\r\n1,2,\"Ann, \"\"Ito\"\"\"\r\n2,2,Ÿusuf\r\n");
        let jsonl = round(FileFormat::Jsonl, "t.jsonl").await;
        assert_eq!(jsonl.lines().count(), 2);
    }

    #[tokio::test]
    async fn a_damaged_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.jsonl");
        std::fs::write(&path, "{\"a\":1}\nnot json\n").unwrap();
        let connector = TablesConnector::new(&path, FileFormat::Jsonl);
        let error = connector.schema(&ROWS.into(), &CancellationToken::new()).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::File);
        assert!(error.message.contains("line 2"), "{}", error.message);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"a\":1}\nnot json\n");
    }
}
