//! Pages of records, taken apart while they arrive and given on record by record.

use serde_json::value::RawValue;
use std::sync::{Arc, Mutex, PoisonError};
use syncline_connect::SharedTaker;
use syncline_http::{BodySink, HeaderMap, SharedSink};
use syncline_model::{EntityName, EntitySchema, Record, RecordId, SynclineError};
use syncline_odata::{PageEnvelope, PageFault, PageReader};
use tokio_util::sync::CancellationToken;

use crate::annotations::{Annotated, annotated, is_annotated};
use crate::api::{Api, READ_TRIES};
use crate::changes::removed;
use crate::records::{Asked, record};

/// How the records of a page are read.
#[derive(Clone)]
pub(crate) struct Reading {
    schema: Heading,
    asked: Asked,
    annotated: Annotated,
    /// Asked columns that a record leaves out are null.
    fill: bool,
    /// Rows may say that a record is gone.
    tracked: bool,
    /// Records that are wanted at most.
    most: u64,
}

/// What records are read with of an entity's description.
#[derive(Clone)]
pub(crate) struct Heading {
    pub(crate) entity: EntityName,
    pub(crate) set_name: String,
    pub(crate) key: String,
}

impl Heading {
    pub(crate) fn of(schema: &EntitySchema) -> Self {
        let summary = &schema.summary;
        Self {
            entity: summary.logical_name.clone(),
            set_name: summary.set_name.clone(),
            key: summary.primary_id.to_string(),
        }
    }
}

impl Reading {
    pub(crate) fn new(schema: &EntitySchema, asked: Asked) -> Self {
        let annotated = Annotated::of(schema);
        Self { schema: Heading::of(schema), asked, annotated, fill: false, tracked: false, most: u64::MAX }
    }
    pub(crate) fn filled(self) -> Self {
        Self { fill: true, ..self }
    }
    pub(crate) fn tracked(self) -> Self {
        Self { tracked: true, ..self }
    }
    pub(crate) fn at_most(self, most: u64) -> Self {
        Self { most, ..self }
    }
}

enum Row {
    There(Record),
    Gone(RecordId),
}

/// Why a page could not be given on.
enum Fault {
    /// The page; it may be better the next time.
    Page(PageFault),
    /// A record, or whoever takes it.
    Final(SynclineError),
}

/// The sink of one page.
struct PageStream {
    reading: Reading,
    taker: SharedTaker,
    reader: PageReader,
    /// The service says that it heeds the wish for annotations, or there are some.
    annotated: bool,
    /// Held back until there is an annotation, or the end shows that there was nothing to annotate: without labels and types of lookups data
    /// would be missing unnoticed.
    held: Vec<Row>,
    rows: u64,
    given: u64,
    fault: Option<Fault>,
}

impl PageStream {
    fn rows(&mut self, found: Vec<Box<RawValue>>) -> Result<(), SynclineError> {
        for raw in found {
            self.rows += 1;
            self.annotated = self.annotated || is_annotated(raw.get().as_bytes());
            let gone = if self.reading.tracked { removed(&raw) } else { None };
            let row = match gone {
                Some(id) => Row::Gone(id),
                None if self.given >= self.reading.most => continue,
                None => {
                    self.given += 1;
                    let Reading { schema, asked, fill, .. } = &self.reading;
                    Row::There(record(schema, raw, asked, *fill)?)
                }
            };
            if self.annotated && self.held.is_empty() {
                give(&self.taker, row)?;
            } else {
                self.held.push(row);
            }
        }
        if self.annotated { self.release() } else { Ok(()) }
    }

    fn release(&mut self) -> Result<(), SynclineError> {
        self.held.drain(..).try_for_each(|row| give(&self.taker, row))
    }

    fn begun(&mut self, headers: &HeaderMap) -> Result<(), SynclineError> {
        self.reader = PageReader::default();
        self.annotated = annotated(headers);
        self.held.clear();
        (self.rows, self.given, self.fault) = (0, 0, None);
        self.taker.lock().unwrap_or_else(PoisonError::into_inner).begin()
    }

    /// The envelope, after the last byte. `Ok(None)`: the annotations that were asked for did not come.
    fn finish(&mut self, annotated: bool) -> Result<Option<PageEnvelope<'static>>, Fault> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let mut found = Vec::new();
        let envelope = std::mem::take(&mut self.reader).finish(&mut found).map_err(Fault::Page)?;
        let marked = envelope.more_records.is_some() || envelope.total_count.is_some();
        self.annotated = self.annotated || annotated || marked;
        self.rows(found).map_err(Fault::Final)?;
        let misses = |row: &Row| match row {
            Row::There(record) => self.reading.annotated.misses(&record.raw),
            Row::Gone(_) => false,
        };
        if self.held.iter().any(misses) {
            return Ok(None);
        }
        self.release().map_err(Fault::Final)?;
        Ok(Some(envelope))
    }
}

fn give(taker: &SharedTaker, row: Row) -> Result<(), SynclineError> {
    let mut taker = taker.lock().unwrap_or_else(PoisonError::into_inner);
    match row {
        Row::There(record) => taker.record(record),
        Row::Gone(id) => taker.removed(id),
    }
}

impl BodySink for PageStream {
    fn begin(&mut self, headers: &HeaderMap) {
        if let Err(error) = self.begun(headers) {
            self.fault = Some(Fault::Final(error));
        }
    }

    fn take(&mut self, bytes: &[u8]) -> bool {
        if self.fault.is_some() {
            return false;
        }
        let mut found = Vec::new();
        let fed = self.reader.feed(bytes, &mut found).map_err(Fault::Page);
        if let Err(fault) = self.rows(found).map_err(Fault::Final).and(fed) {
            self.fault = Some(fault);
        }
        self.fault.is_none()
    }
}

/// What a page was, without its records.
pub(crate) struct Envelope {
    pub(crate) page: PageEnvelope<'static>,
    /// Records that were given.
    pub(crate) given: u64,
    /// Rows it had.
    pub(crate) rows: u64,
    /// The wish for annotations was heeded for certain.
    pub(crate) heeded: bool,
    /// Bytes of the body.
    pub(crate) bytes: u64,
}

impl Api {
    /// GET of a page of records, which `taker` is given. Again when what came can't be read: an answer that broke off, or a page of HTML.
    pub(crate) async fn records_page(
        &self,
        url: &str,
        prefer: &[String],
        reading: Reading,
        taker: &SharedTaker,
        cancel: &CancellationToken,
    ) -> Result<Envelope, SynclineError> {
        let stream = Arc::new(Mutex::new(PageStream {
            reading,
            taker: Arc::clone(taker),
            reader: PageReader::default(),
            annotated: false,
            held: Vec::new(),
            rows: 0,
            given: 0,
            fault: None,
        }));
        let sink: SharedSink = stream.clone();
        let mut tries = 0;
        loop {
            tries += 1;
            let reply = self.get(url, prefer, Some(&sink), cancel).await?;
            let mut stream = stream.lock().unwrap_or_else(PoisonError::into_inner);
            let bytes = stream.reader.bytes();
            match stream.finish(reply.annotated) {
                Ok(Some(page)) => {
                    let (given, rows, heeded) = (stream.given, stream.rows, stream.annotated);
                    return Ok(Envelope { page, given, rows, heeded, bytes });
                }
                Ok(None) => return Err(reply.without_annotations()),
                Err(Fault::Page(_)) if tries < READ_TRIES => {
                    tracing::debug!(place = %reply.place, tries, "the answer can't be read, reading again");
                }
                Err(Fault::Page(fault)) => return Err(reply.unreadable(&fault.to_string())),
                Err(Fault::Final(error)) => return Err(error),
            }
        }
    }
}
