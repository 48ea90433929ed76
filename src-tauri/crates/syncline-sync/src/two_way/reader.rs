//! Reading a side: whole, or only what changed since the last sync, with the mark from which the next one goes on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use syncline_connect::{Cursor, Selection};
use syncline_fetchxml::{Condition, Filter, Operator};
use syncline_model::{ErrorCode, SynclineError};
use uuid::Uuid;

use super::side::{Side, SideRow};
use crate::fetch_modes::{instant, with_overlap};
use crate::progress::Work;

/// How far a side was read. Made of what the side said, never of this machine's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TwoWayMark {
    /// A token of the service's change tracking, by which deletions are told too.
    Token(String),
    /// The latest modification time that was read.
    At(Timestamp),
}

/// How far both sides were read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TwoWayMarks {
    /// The source.
    pub left: Option<TwoWayMark>,
    /// The destination.
    pub right: Option<TwoWayMark>,
}

/// Under what the marks of a definition are kept.
pub fn marks_key(definition: &str, source: Uuid, destination: Uuid) -> String {
    format!("two-way/{}/{source}/{destination}", definition.to_lowercase())
}

/// What came with one reading.
pub(super) struct Batch {
    pub(super) rows: Vec<SideRow>,
    /// Told as deleted.
    pub(super) removed: Vec<String>,
}

/// Reads a side page by page.
pub(super) struct Reader<'a> {
    side: &'a Side,
    selection: Selection,
    tracked: bool,
    /// A token to go on from; before the first page.
    token: Option<Cursor>,
    cursor: Option<Cursor>,
    ended: bool,
    began: bool,
    /// Everything of the selection is read, so that what does not come is not there.
    pub(super) whole: bool,
    /// Where the next sync goes on.
    pub(super) mark: Option<TwoWayMark>,
}

impl<'a> Reader<'a> {
    /// Everything, or what changed since a mark.
    pub(super) fn new(
        side: &'a Side,
        selection: Selection,
        since: Option<TwoWayMark>,
    ) -> Result<Self, SynclineError> {
        let able = side.access.schema.summary.change_tracking
            && selection.filter.is_none()
            && selection.top.is_none();
        let mut reader = Self {
            side,
            selection,
            tracked: able,
            token: None,
            cursor: None,
            ended: false,
            began: false,
            whole: true,
            mark: None,
        };
        match since {
            Some(TwoWayMark::Token(token)) if able => {
                reader.token = Some(Cursor(token));
                reader.whole = false;
            }
            Some(TwoWayMark::At(at)) if side.access.schema.column("modifiedon").is_some() => {
                let own = match &reader.selection.filter {
                    None => None,
                    Some(text) => Some(Filter::parse(text).map_err(|error| {
                        SynclineError::new(
                            ErrorCode::QueryInvalid,
                            format!("the filter can't be read: {error}"),
                        )
                    })?),
                };
                let since =
                    Filter::from(Condition::new("modifiedon", Operator::Ge, [instant(with_overlap(at))]));
                reader.selection.filter = Some(match own {
                    Some(own) => own.and(since).to_xml(),
                    None => since.to_xml(),
                });
                reader.mark = Some(TwoWayMark::At(at));
                (reader.tracked, reader.whole) = (false, false);
            }
            Some(_) | None => {}
        }
        reader.whole &= reader.selection.top.is_none();
        Ok(reader)
    }

    /// The next page; `None` at the end.
    pub(super) async fn next(&mut self, work: &Work) -> Result<Option<Batch>, SynclineError> {
        if self.ended {
            return Ok(None);
        }
        work.check()?;
        let source = self.side.access.source.as_ref();
        let (records, removed) = if self.tracked {
            let from = self.cursor.clone().or_else(|| self.token.clone());
            let page = match source.changes(&self.selection, from.as_ref(), &work.cancel).await {
                Err(error)
                    if error.code == ErrorCode::UnexpectedReply && !self.began && self.token.is_some() =>
                {
                    // The token has expired: everything is read again.
                    (self.token, self.whole) = (None, true);
                    source.changes(&self.selection, None, &work.cancel).await?
                }
                other => other?,
            };
            self.cursor = page.page.next;
            self.ended = self.cursor.is_none();
            if let Some(token) = page.token {
                self.mark = Some(TwoWayMark::Token(token.0));
            }
            (page.page.records, page.removed)
        } else {
            let mut page = source.page(&self.selection, self.cursor.as_ref(), &work.cancel).await?;
            self.cursor = page.next.take();
            self.ended = self.cursor.is_none();
            (page.records, Vec::new())
        };
        self.began = true;
        let rows = self.side.rows(records, &work.cancel).await?;
        if !self.tracked {
            let latest = rows.iter().filter_map(|row| row.changed_at).max();
            let before = match &self.mark {
                Some(TwoWayMark::At(at)) => Some(*at),
                Some(TwoWayMark::Token(_)) | None => None,
            };
            self.mark = latest.max(before).map(TwoWayMark::At);
        }
        let removed = removed.into_iter().map(|id| id.as_str().to_owned()).collect();
        Ok(Some(Batch { rows, removed }))
    }
}
