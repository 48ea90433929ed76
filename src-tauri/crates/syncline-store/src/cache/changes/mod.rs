//! What each pull changed: records that came, changed or went, and of each changed one the columns with their old and new values. Kept
//! compactly for the latest pulls of an entity; the first pull of an entity has nothing to be compared with and notes nothing.

pub(crate) mod compare;
pub(crate) mod detail;
pub(crate) mod note;
pub(crate) mod read;

use crate::migrate::Migration;

/// Pulls of an entity whose changes are kept.
pub(crate) const PULLS_KEPT: i64 = 50;
/// Changes that are noted of one pull; further ones are only counted.
pub(crate) const MOST_NOTED: u64 = 200_000;

pub(crate) const HISTORY: &[Migration] = &[Migration {
    version: 1,
    sql: "CREATE TABLE pull_details(
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            pull TEXT NOT NULL UNIQUE,
            dataset INTEGER NOT NULL,
            connection TEXT NOT NULL,
            entity TEXT NOT NULL,
            selection TEXT NOT NULL,
            columns TEXT NOT NULL,
            narrowed INTEGER NOT NULL,
            rule TEXT NOT NULL,
            about TEXT NOT NULL,
            first INTEGER NOT NULL,
            seen_modified INTEGER,
            seen_version INTEGER,
            token TEXT,
            mark_after TEXT,
            added INTEGER NOT NULL DEFAULT 0,
            changed INTEGER NOT NULL DEFAULT 0,
            deleted INTEGER NOT NULL DEFAULT 0,
            dropped INTEGER NOT NULL DEFAULT 0);
          CREATE INDEX pull_details_dataset ON pull_details(dataset, number);
          CREATE TABLE pull_changes(
            number INTEGER PRIMARY KEY,
            detail INTEGER NOT NULL,
            record_id TEXT NOT NULL,
            kind INTEGER NOT NULL,
            title TEXT,
            columns TEXT,
            content BLOB);
          CREATE UNIQUE INDEX pull_changes_record ON pull_changes(detail, record_id)",
}];
