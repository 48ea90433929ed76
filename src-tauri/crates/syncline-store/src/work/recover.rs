//! After a crash: work whose process is gone is marked as interrupted, so that it can go on.

use jiff::Timestamp;
use rusqlite::params;

use crate::time::millis;
use crate::{Store, StoreError};

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Pulls that were under way.
    pub pulls: u64,
    /// Plans that were being made; they are now incomplete.
    pub plans: u64,
    /// Runs that were under way.
    pub runs: u64,
}

impl Store {
    /// Marks the work of dead processes. Work of a process that lives, owner or guest, is left alone. Call it after opening.
    pub fn recover(&self, now: Timestamp) -> Result<Recovered, StoreError> {
        self.write(|tx| {
            let mut recovered = Recovered::default();
            for (table, from, to) in [
                ("pulls", "running", "interrupted"),
                ("plans", "planning", "incomplete"),
                ("runs", "running", "interrupted"),
            ] {
                let sessions: Vec<String> = tx
                    .prepare(&format!("SELECT DISTINCT session FROM {table} WHERE status = ?1"))?
                    .query_map([from], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                if table == "plans" && !sessions.is_empty() {
                    // What a plan needs only while it is made.
                    for session in sessions.iter().filter(|session| !self.inner.session.is_alive(session)) {
                        tx.execute(
                            "DELETE FROM plan_keys WHERE plan IN (SELECT number FROM plans WHERE status = ?1 AND session = ?2)",
                            params![from, session],
                        )?;
                    }
                }
                for session in sessions.iter().filter(|session| !self.inner.session.is_alive(session)) {
                    let end = if table == "plans" { "" } else { ", finished_at = ?4" };
                    let sql =
                        format!("UPDATE {table} SET status = ?3{end} WHERE status = ?1 AND session = ?2");
                    let marked = if table == "plans" {
                        tx.execute(&sql, params![from, session, to])?
                    } else {
                        tx.execute(&sql, params![from, session, to, millis(now)])?
                    } as u64;
                    match table {
                        "pulls" => recovered.pulls += marked,
                        "plans" => recovered.plans += marked,
                        _ => recovered.runs += marked,
                    }
                }
            }
            crate::cache::key_index::make_left_out(tx)?;
            Ok(recovered)
        })
    }
}
