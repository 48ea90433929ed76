//! Definitions that run by themselves.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A schedule as it stands.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ScheduleView {
    /// Definition.
    pub definition: String,
    /// Source connection.
    pub source: String,
    /// Destination connection.
    pub destination: String,
    /// Five fields, UTC.
    pub cron: String,
    /// Kept, but not running.
    pub paused: bool,
    /// Most records that a run by itself may write.
    #[ts(type = "number | null")]
    pub at_most: Option<u64>,
    /// In words.
    pub words: String,
    /// The next five times; none while it is paused.
    pub next: Vec<ScheduledTime>,
    /// It is under way at this moment.
    pub running: bool,
    /// Times that went by without a run.
    pub missed: u64,
    /// The last of them, RFC 3339 UTC.
    pub missed_at: Option<String>,
    /// Why.
    pub missed_why: Option<String>,
    /// When it last began here, by itself or asked for by a person; RFC 3339 UTC.
    pub began: Option<String>,
    /// The run that it made then.
    pub run_id: Option<String>,
    /// Why it made none, or stopped before its end.
    pub error: Option<super::ApiError>,
}

/// A time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ScheduledTime {
    /// RFC 3339 UTC.
    pub at: String,
    /// In words, UTC.
    pub utc: String,
    /// In words, in the zone of this machine.
    pub local: String,
}

/// A schedule that is being written.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ScheduleText {
    /// Five fields, UTC.
    pub cron: String,
}

/// What it means.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ScheduleTimes {
    /// In words; absent when it can't be read.
    pub words: Option<String>,
    /// The next five times.
    pub next: Vec<ScheduledTime>,
    /// Why it can't be read.
    pub problem: Option<String>,
}

/// Gives a saved definition a schedule, changes, pauses or resumes it.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ScheduleSet {
    /// Definition.
    pub name: String,
    /// Five fields, UTC; absent: as it is.
    pub cron: Option<String>,
    /// Paused or not; absent: as it is, or paused for a new one.
    pub paused: Option<bool>,
    /// Most records that a run by itself may write; 0: as many as there are. Absent: as it is.
    #[ts(optional, type = "number")]
    pub at_most: Option<u64>,
    /// Takes the schedule away.
    pub remove: Option<bool>,
}

/// Asks for the same schedule in the form of the machine's own schedulers.
#[derive(Debug, Clone, Deserialize, TS)]
#[ts(optional_fields)]
pub struct ScheduleTextsAsk {
    /// A saved definition; or `json`.
    pub name: Option<String>,
    /// Text of a definition.
    pub json: Option<String>,
    /// The definition's file, as the command will name it; absent: the saved definition is named.
    pub file: Option<String>,
    /// The program; default `syncline`.
    pub program: Option<String>,
}

/// Files for one of them.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct ScheduleTexts {
    /// `systemd`, `cron`, `windows` or `ci`.
    pub form: String,
    /// What it is, in words.
    pub title: String,
    /// How it is switched on.
    pub note: String,
    /// Files.
    pub files: Vec<NamedText>,
    /// Why it can't be said in this form.
    pub problem: Option<String>,
}

/// A file's name and text.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct NamedText {
    /// Name.
    pub name: String,
    /// Text.
    pub text: String,
}
