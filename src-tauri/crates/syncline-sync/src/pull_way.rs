//! How a pull reads: which fetch mode was asked for, what the watermark of the selection allows, and what is said about it.
//!
//! | asked | with a change token | with a watermark | without |
//! |---|---|---|---|
//! | all | everything | everything | everything |
//! | all, with days | what was modified in them | the same | the same |
//! | new and updated | what changed since, deletions included | what was modified since | everything |
//! | updated | what was modified since and created before | the same | everything |
//!
//! A marketing list's members are read whole each time. Everything is read as the baseline of change tracking where the table has it
//! and no filter narrows the selection, because the service refuses one there (Dataverse, change tracking).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use syncline_connect::Selection;
use syncline_fetchxml::{Condition, Filter, Operator};
use syncline_model::{ColumnName, EntitySchema, ErrorCode, FetchMode, FetchSection, SynclineError};
use syncline_store::{MarkPlace, MarkRule, PullKind, PullPlan};

use crate::fetch_modes::{instant, with_overlap};

const MODIFIED: &str = "modifiedon";
const CREATED: &str = "createdon";
const VERSION: &str = "versionnumber";
/// A list with more members is a load on the service when it is read often.
pub const LARGE_LIST: u64 = 10_000;

/// What somebody asks of a pull. An interrupted pull is found again by it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PullAsk {
    /// Columns as they are read, sorted; empty: all readable.
    pub columns: Vec<ColumnName>,
    /// FetchXML filter.
    pub filter: Option<String>,
    /// Id of a marketing list whose members are read.
    pub list: Option<String>,
    /// Records a page.
    pub page_size: u32,
    /// The fetch mode.
    pub fetch: FetchSection,
}

/// The way it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PullWay {
    /// Every record.
    Everything,
    /// Every record, as the baseline of change tracking.
    Baseline,
    /// What the service says changed since its token, deletions included.
    Changes,
    /// What was modified since the watermark.
    Since,
    /// What was modified in the last days.
    LookBack,
    /// The members of a marketing list.
    Members,
}

impl PullWay {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Baseline => "baseline",
            Self::Changes => "changes",
            Self::Since => "since",
            Self::LookBack => "look-back",
            Self::Members => "members",
        }
    }

    /// Pages come by change tracking.
    pub(crate) fn is_tracked(self) -> bool {
        matches!(self, Self::Baseline | Self::Changes)
    }

    pub(crate) fn kind(self) -> PullKind {
        match self {
            Self::Everything | Self::Baseline => PullKind::Full,
            Self::Changes | Self::Since | Self::LookBack | Self::Members => PullKind::Changes,
        }
    }
}

/// A pull that was thought through; kept with the pull, so that it goes on the same way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedPull {
    /// What was asked.
    pub ask: PullAsk,
    /// How it is done.
    pub way: PullWay,
    /// What is read.
    pub selection: Selection,
    /// The change token that is gone on from.
    pub token: Option<String>,
    /// Records modified before are not read.
    pub since: Option<Timestamp>,
    /// A filter for the records that are left out because they are new.
    pub left_out: Option<String>,
    /// What people should know, as sentences.
    pub notes: Vec<String>,
}

/// The columns that are read: with the chosen ones those by which the watermark is kept.
pub(crate) fn read_columns(schema: &EntitySchema, chosen: &[ColumnName]) -> Vec<ColumnName> {
    if chosen.is_empty() {
        return Vec::new();
    }
    let mut columns = chosen.to_vec();
    columns.extend([MODIFIED, VERSION].into_iter().filter(|name| has(schema, name)).map(ColumnName::new));
    columns.sort();
    columns.dedup();
    columns
}

fn has(schema: &EntitySchema, column: &str) -> bool {
    schema.column(column).is_some_and(|column| column.readable)
}

/// The name under which the watermark of a selection is kept.
pub fn mark_selection(columns: &[ColumnName], filter: Option<&str>) -> String {
    json!({ "columns": columns, "filter": filter }).to_string()
}

impl PlannedPull {
    /// Decides. `mark`: how far the selection was read.
    pub(crate) fn decide(
        ask: PullAsk,
        schema: &EntitySchema,
        mark: Option<&MarkPlace>,
        now: Timestamp,
    ) -> Result<Self, SynclineError> {
        let mut planned = Self {
            selection: Selection {
                entity: Some(schema.summary.logical_name.clone()),
                list: ask.list.clone(),
                columns: ask.columns.clone(),
                filter: ask.filter.clone(),
                page_size: ask.page_size,
                ..Selection::default()
            },
            way: PullWay::Everything,
            token: None,
            since: None,
            left_out: None,
            notes: Vec::new(),
            ask,
        };
        let FetchSection { mode, days } = planned.ask.fetch;
        if planned.ask.list.is_some() {
            planned.way = PullWay::Members;
            planned.note("The members of the list were read whole; who left the list stays in the cache.");
            return Ok(planned);
        }
        match (mode, mark) {
            (FetchMode::All, _) if days > 0 => planned.look_back(schema, days, now)?,
            (FetchMode::All, _) => planned.everything(schema),
            (FetchMode::NewAndUpdated | FetchMode::Updated, None) => {
                planned.everything(schema);
                planned.note("There was no watermark to go on from, so everything was read.");
            }
            (FetchMode::NewAndUpdated, Some(place)) => match &place.token {
                Some(token) if planned.can_track(schema) => {
                    planned.way = PullWay::Changes;
                    planned.token = Some(token.clone());
                }
                Some(_) | None => planned.since(schema, place, now)?,
            },
            (FetchMode::Updated, Some(place)) => planned.since(schema, place, now)?,
        }
        Ok(planned)
    }

    pub(crate) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    fn can_track(&self, schema: &EntitySchema) -> bool {
        schema.summary.change_tracking && self.ask.filter.is_none()
    }

    fn everything(&mut self, schema: &EntitySchema) {
        self.way = if self.can_track(schema) { PullWay::Baseline } else { PullWay::Everything };
    }

    /// The same from the begin, after the service refused to go on. `why`: its words.
    pub(crate) fn begun_anew(mut self, schema: &EntitySchema, why: &str) -> Self {
        self.selection.filter.clone_from(&self.ask.filter);
        (self.token, self.since, self.left_out) = (None, None, None);
        match self.way {
            PullWay::Baseline => {
                self.way = PullWay::Everything;
                self.note(format!("The service does not track changes for this user, so later pulls go by modification date: {why}"));
            }
            PullWay::Everything
            | PullWay::Changes
            | PullWay::Since
            | PullWay::LookBack
            | PullWay::Members => {
                self.everything(schema);
                self.note(format!(
                    "The change token had expired; everything was read again. The service said: {why}"
                ));
            }
        }
        self
    }

    fn look_back(&mut self, schema: &EntitySchema, days: u32, now: Timestamp) -> Result<(), SynclineError> {
        if !has(schema, MODIFIED) {
            return Err(SynclineError::new(
                ErrorCode::QueryInvalid,
                format!("{} has no modification date to look back by", schema.summary.logical_name),
            )
            .hint("set the days to 0 and read everything"));
        }
        let since = now - SignedDuration::from_hours(24 * i64::from(days));
        self.way = PullWay::LookBack;
        self.since = Some(since);
        let window = Filter::from(Condition::new(MODIFIED, Operator::Ge, [instant(since)]));
        self.narrow(window)?;
        let what = if days == 1 { "last day".to_owned() } else { format!("last {days} days") };
        self.note(format!(
            "Only records modified in the {what} were read; the others stay as they were, and deletions were not looked for."
        ));
        Ok(())
    }

    fn since(
        &mut self,
        schema: &EntitySchema,
        place: &MarkPlace,
        now: Timestamp,
    ) -> Result<(), SynclineError> {
        let FetchSection { mode, days } = self.ask.fetch;
        let updated_only = mode == FetchMode::Updated && has(schema, CREATED);
        let modified = place.modified.filter(|_| has(schema, MODIFIED));
        let version = place.version.filter(|_| has(schema, VERSION));
        let usable = if updated_only { modified.is_some() } else { modified.is_some() || version.is_some() };
        if !usable {
            self.everything(schema);
            self.note("The watermark holds no modification date, so everything was read.");
            return Ok(());
        }
        let mut any: Vec<Filter> = Vec::new();
        if let Some(modified) = modified {
            let look_back = (days > 0).then(|| now - SignedDuration::from_hours(24 * i64::from(days)));
            let since = with_overlap(modified);
            let since = look_back.map_or(since, |look_back| since.min(look_back));
            self.since = Some(since);
            any.push(Condition::new(MODIFIED, Operator::Ge, [instant(since)]).into());
        }
        if let Some(version) = version {
            any.push(Condition::new(VERSION, Operator::Gt, [version.to_string()]).into());
        }
        if let (false, Some(left_out)) = (updated_only, place.left_out.filter(|_| has(schema, CREATED))) {
            any.push(Condition::new(CREATED, Operator::Ge, [instant(with_overlap(left_out))]).into());
        }
        let window = any.into_iter().reduce(Filter::or).unwrap_or_default();
        self.way = PullWay::Since;
        match modified.filter(|_| updated_only) {
            Some(modified) => {
                let new = Filter::from(Condition::new(CREATED, Operator::Gt, [instant(modified)]));
                self.left_out = Some(self.with_own(new)?);
                let old = Filter::from(Condition::new(CREATED, Operator::Le, [instant(modified)]));
                self.narrow(window.and(old))?;
            }
            None => self.narrow(window)?,
        }
        self.note("Deletions are found only when everything is read.");
        Ok(())
    }

    fn with_own(&self, added: Filter) -> Result<String, SynclineError> {
        let Some(own) = &self.ask.filter else { return Ok(added.to_xml()) };
        let own = Filter::parse(own).map_err(|error| {
            SynclineError::new(ErrorCode::QueryInvalid, format!("the filter can't be read: {error}"))
        })?;
        Ok(own.and(added).to_xml())
    }

    fn narrow(&mut self, added: Filter) -> Result<(), SynclineError> {
        self.selection.filter = Some(self.with_own(added)?);
        Ok(())
    }

    /// What the store notes of it.
    pub(crate) fn plan(&self) -> Result<PullPlan, SynclineError> {
        let about = json!({
            "mode": self.ask.fetch.mode, "days": self.ask.fetch.days, "list": self.ask.list, "filter": self.ask.filter,
            "columns": self.ask.columns.len(), "way": self.way, "since": self.since, "notes": self.notes,
        });
        let unwritable = |error: serde_json::Error| {
            SynclineError::new(ErrorCode::Internal, format!("a pull's notes can't be written: {error}"))
        };
        Ok(PullPlan {
            selection: mark_selection(&self.ask.columns, self.ask.filter.as_deref()),
            columns: serde_json::to_string(&self.ask.columns).map_err(unwritable)?,
            narrowed: self.ask.filter.is_some() || self.ask.list.is_some(),
            rule: match self.way {
                PullWay::Everything | PullWay::Baseline => MarkRule::Anew,
                PullWay::Since if self.left_out.is_some() => MarkRule::OnWithoutNew,
                PullWay::Changes | PullWay::Since => MarkRule::On,
                PullWay::LookBack | PullWay::Members => MarkRule::Keep,
            },
            about: Some(serde_json::value::to_raw_value(&about).map_err(unwritable)?),
        })
    }
}
