//! Making rows of a plan ready to be stored. A row is packed as soon as it is decided on, so that nothing of it but what will be written
//! waits for the writer.

use std::borrow::Cow;
use syncline_model::{Action, FieldChange, MappedRecord, RowIssue};
use uuid::Uuid;

use super::plan_body::{self, words, write};
use super::plan_rows::PlanRow;
use super::plans;
use crate::cache::codec::{self, FrameMaker};
use crate::{Store, StoreError};

/// Rows that a dictionary is trained on; training takes its time, and more rows gain little.
const SAMPLES: usize = 200;

/// The exact request of a row, as its maker wrote it.
#[derive(Debug, Clone, Copy)]
pub struct RequestText<'a> {
    /// JSON: the whole request, or an object of what comes before its body.
    pub json: &'a str,
    /// The body, where it is not in the JSON: it is kept as it is, and read back as the object's last member `body`.
    pub body: Option<&'a str>,
}

/// A row of a plan that is about to be stored; see [`PlanRow`]. JSON is given as text and taken as it is.
#[derive(Debug, Clone)]
pub struct RowDraft<'a> {
    /// Place in the plan, from 0.
    pub ordinal: u32,
    /// Id of the source record.
    pub source_id: &'a str,
    /// Something to know it by.
    pub title: Cow<'a, str>,
    /// Version of the source record that was planned.
    pub source_etag: Option<&'a str>,
    /// What would be done.
    pub action: Action,
    /// Why.
    pub reason: &'a str,
    /// What would be there.
    pub mapped: &'a MappedRecord,
    /// What is there, as JSON.
    pub existing: Option<&'a str>,
    /// Old against new; absent: every mapped attribute that is not null is new.
    pub changes: Option<&'a [FieldChange]>,
    /// The exact request.
    pub request: Option<RequestText<'a>>,
    /// Hash of the request.
    pub request_hash: Option<Cow<'a, str>>,
    /// What is worth telling.
    pub issues: Cow<'a, [RowIssue]>,
    /// Whatever else its maker wants to keep, as JSON.
    pub extra: Option<&'a str>,
    /// Taken out by hand.
    pub excluded: bool,
}

impl<'a> From<&'a PlanRow> for RowDraft<'a> {
    fn from(row: &'a PlanRow) -> Self {
        Self {
            ordinal: row.ordinal,
            source_id: &row.source_id,
            title: Cow::Borrowed(&row.title),
            source_etag: row.source_etag.as_deref(),
            action: row.action,
            reason: &row.reason,
            mapped: &row.mapped,
            existing: row.existing.as_deref().map(|raw| raw.get()),
            changes: Some(&row.changes),
            request: row.request.as_deref().map(|raw| RequestText { json: raw.get(), body: None }),
            request_hash: row.request_hash.as_deref().map(Cow::Borrowed),
            issues: Cow::Borrowed(&row.issues),
            extra: row.extra.as_deref().map(|raw| raw.get()),
            excluded: row.excluded,
        }
    }
}

/// A row as it is written.
#[derive(Debug)]
pub(super) struct PackedRow {
    pub(super) ordinal: u32,
    pub(super) source_id: String,
    pub(super) title: String,
    pub(super) source_etag: Option<String>,
    pub(super) action: Action,
    pub(super) excluded: bool,
    pub(super) request_hash: Option<String>,
    pub(super) words: String,
    pub(super) body: Vec<u8>,
    pub(super) issues: Vec<RowIssue>,
}

/// Rows that are stored together.
#[derive(Debug, Default)]
pub struct PackedRows {
    pub(super) rows: Vec<PackedRow>,
    /// The plan's dictionary, where it was trained on these rows.
    pub(super) dictionary: Option<Vec<u8>>,
}

/// Packs the rows of one plan, page by page.
pub struct PlanPacker {
    packed: PackedRows,
    /// Absent until the plan has a dictionary.
    frames: Option<FrameMaker>,
    /// The text of the page's rows while there is none.
    waiting: Vec<String>,
    /// The text of the row that is packed.
    text: String,
}

impl PlanPacker {
    /// Begins with the dictionary that the plan has, if it has one. The first page of rows that are enough trains it otherwise.
    pub fn new(store: &Store, plan: Uuid) -> Result<Self, StoreError> {
        let known = store.read(|db| plan_body::dictionary(db, plans::number(db, plan)?))?;
        Ok(Self {
            packed: PackedRows::default(),
            frames: known.map(|known| FrameMaker::new(Some(&known))).transpose()?,
            waiting: Vec::new(),
            text: String::new(),
        })
    }

    /// Adds a row to the page.
    pub fn add(&mut self, row: RowDraft<'_>) -> Result<(), StoreError> {
        self.text.clear();
        write(&row, &mut self.text)?;
        let mut body = Vec::new();
        match &mut self.frames {
            Some(frames) => frames.pack(&self.text, &mut body)?,
            None => self.waiting.push(self.text.clone()),
        }
        self.packed.rows.push(PackedRow {
            ordinal: row.ordinal,
            words: words(&row),
            source_id: row.source_id.to_owned(),
            title: row.title.into_owned(),
            source_etag: row.source_etag.map(str::to_owned),
            action: row.action,
            excluded: row.excluded,
            request_hash: row.request_hash.map(Cow::into_owned),
            body,
            issues: row.issues.into_owned(),
        });
        Ok(())
    }

    /// Ends the page.
    pub fn page(&mut self) -> Result<PackedRows, StoreError> {
        let mut packed = std::mem::take(&mut self.packed);
        let waiting = std::mem::take(&mut self.waiting);
        if waiting.is_empty() {
            return Ok(packed);
        }
        // From the whole page: records lie in the order in which they were made, and neighbours are alike.
        let step = (waiting.len() / SAMPLES).max(1);
        let samples = waiting.iter().step_by(step).take(SAMPLES);
        packed.dictionary = codec::train(samples.map(String::as_str));
        let mut frames = FrameMaker::new(packed.dictionary.as_deref())?;
        for (row, text) in packed.rows.iter_mut().zip(&waiting) {
            frames.pack(text, &mut row.body)?;
        }
        if packed.dictionary.is_some() {
            self.frames = Some(frames);
        }
        Ok(packed)
    }
}
