//! What is kept with a plan beside its head: counts, cost, and what it may do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use syncline_connect::RowRequest;
use syncline_model::Action;
use uuid::Uuid;

use crate::cost::Cost;
use crate::plan::Only;
use crate::two_way::TwoWayPart;

/// Rows by action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanCounts {
    /// Read.
    pub read: u64,
    /// To create.
    pub create: u64,
    /// To update.
    pub update: u64,
    /// To delete.
    #[serde(default)]
    pub delete: u64,
    /// The same already.
    pub unchanged: u64,
    /// Left out by a rule.
    pub skip: u64,
    /// Would be refused.
    pub invalid: u64,
    /// Events to send.
    pub events: u64,
    /// Events that were sent before and are held back.
    #[serde(default)]
    pub events_held_back: u64,
    /// Events that were sent before and go again on purpose; among those to send.
    #[serde(default)]
    pub events_resent: u64,
    /// Rows that are a step of another row, because rows point at one another in a circle; they are among those to update, and not among those that were read.
    #[serde(default)]
    pub steps: u64,
    /// Rows of a mirror whose records the source does not hold any more; they are among those to delete, or refused, and not among those that were read.
    #[serde(default)]
    pub vanished: u64,
}

impl PlanCounts {
    /// Rows that a run would send.
    pub fn writes(&self) -> u64 {
        self.create + self.update + self.delete
    }

    /// Records that were looked at: those that were read, and those that a mirror misses.
    pub fn looked_at(&self) -> u64 {
        self.read + self.vanished
    }

    fn add_all(&mut self, other: &Self) {
        let Self {
            read,
            create,
            update,
            delete,
            unchanged,
            skip,
            invalid,
            events,
            events_held_back,
            events_resent,
            steps,
            vanished,
        } = other;
        self.read += read;
        self.create += create;
        self.update += update;
        self.delete += delete;
        self.unchanged += unchanged;
        self.skip += skip;
        self.invalid += invalid;
        self.events += events;
        self.events_held_back += events_held_back;
        self.events_resent += events_resent;
        self.steps += steps;
        self.vanished += vanished;
    }

    /// Counts a record that was read.
    pub(crate) fn add(&mut self, action: Action) {
        self.read += 1;
        self.add_row(action);
    }

    /// Counts a record that a mirror misses.
    pub(crate) fn add_vanished(&mut self, action: Action) {
        self.vanished += 1;
        self.add_row(action);
    }

    fn add_row(&mut self, action: Action) {
        match action {
            Action::Create => self.create += 1,
            Action::Update => self.update += 1,
            Action::Delete => self.delete += 1,
            Action::Unchanged => self.unchanged += 1,
            Action::Skip => self.skip += 1,
            Action::Invalid => self.invalid += 1,
        }
    }
}

/// What is kept with a plan beside its head.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanDetail {
    /// Counts.
    pub counts: PlanCounts,
    /// Write requests a run would take.
    pub requests: u64,
    /// Rows and bytes to write by lane: rows of one lane share calls.
    pub lanes: BTreeMap<u8, (u64, u64)>,
    /// What a run would cost, all of its requests counted.
    pub cost: Cost,
    /// Lookups that are found when their rows are due, by the turn in which these go.
    pub late_finds: BTreeMap<u32, u64>,
    /// New rows that are recognised by columns that are no key: a run asks for them once more.
    pub unkeyed_creates: u64,
    /// Bytes of all bodies.
    pub bytes: u64,
    /// `destination`, `last sent` or `nothing`.
    pub compared_with: String,
    /// The source was the store.
    pub cached: bool,
    /// Only a part of the selection was read: up to a number of records, or one.
    pub partial: bool,
    /// Up to which number of records was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Which records were read by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<Only>,
    /// The definition's whole filter, fetch mode included.
    pub filter: Option<String>,
    /// The run that this plan takes back.
    pub undo_of: Option<Uuid>,
    /// The run whose records this plan sends again.
    pub replay_of: Option<Uuid>,
    /// What a run of it writes can be taken back: the destination is read, and rows can be deleted there.
    pub undoable: bool,
    /// It deletes, and nothing in the definition narrows what. How far back is read does not narrow it.
    pub unfiltered: bool,
    /// It is one way of a two-way sync.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub two_way: Option<TwoWayPart>,
    /// The latest modification that was read.
    pub modified_to: Option<Timestamp>,
    /// In which turn rows go is a part of the plan. Otherwise a run finds out by their values whether their order matters.
    pub arranged: bool,
    /// Turns after the first one: rows of each wait for those of the turns before.
    pub turns: u64,
    /// Rows for which something else must come first: a record that a lookup points at, a row before its state can be set.
    pub waiting: u64,
}

impl PlanDetail {
    /// Adds what a page of rows brings: its counts, its requests, and the rows that wait.
    pub(crate) fn add(&mut self, page: &Self) {
        self.counts.add_all(&page.counts);
        for (lane, (rows, bytes)) in &page.lanes {
            let load = self.lanes.entry(*lane).or_default();
            *load = (load.0 + rows, load.1 + bytes);
        }
        self.bytes += page.bytes;
        self.waiting += page.waiting;
    }

    /// Notes a request that a run would send.
    pub(crate) fn note(&mut self, request: &RowRequest, lane: u8) {
        let load = self.lanes.entry(lane).or_default();
        *load = (load.0 + 1, load.1 + request.body.len() as u64);
        self.bytes += request.body.len() as u64;
    }

    /// Takes such a request out again.
    pub(crate) fn take_back(&mut self, request: &RowRequest, lane: u8) {
        let bytes = request.body.len() as u64;
        if let Some(load) = self.lanes.get_mut(&lane) {
            *load = (load.0.saturating_sub(1), load.1.saturating_sub(bytes));
        }
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}
