//! Faults on request: rules that match requests, and what they do to the answer.

mod apply;
mod links;
mod refusal;
mod rule;

pub use rule::{BadRule, FaultKind, FaultRule};

pub(crate) use apply::{Guarded, guard};

use serde::Serialize;
use std::sync::{Mutex, PoisonError};

/// The rules in force.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<RuleInForce>>);

/// A rule and what it has done so far.
#[derive(Debug, Clone, Serialize)]
pub struct RuleInForce {
    /// The rule.
    #[serde(flatten)]
    pub rule: FaultRule,
    /// Requests that fitted.
    pub seen: u64,
    /// Requests that were hit.
    pub hit: u64,
}

impl Faults {
    /// Adds rules; the first that fits a request and is due is applied.
    pub fn add(&self, rules: impl IntoIterator<Item = FaultRule>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(rules.into_iter().map(|rule| RuleInForce { rule, seen: 0, hit: 0 }));
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The rules with their counts, those that are used up too.
    pub fn rules(&self) -> Vec<RuleInForce> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The rule for this request, counted.
    pub(crate) fn next(&self, service: &str, method: &str, path: &str) -> Option<FaultRule> {
        let mut rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for counted in rules.iter_mut() {
            if !counted.rule.fits(service, method, path) {
                continue;
            }
            counted.seen += 1;
            let turn = counted.seen.saturating_sub(counted.rule.skip);
            let due = match counted.rule.every {
                Some(every) if every > 0 => turn > 0 && turn % every == 0,
                _ => turn > 0 && turn <= counted.rule.times,
            };
            if due {
                counted.hit += 1;
                return Some(counted.rule.clone());
            }
        }
        None
    }
}
