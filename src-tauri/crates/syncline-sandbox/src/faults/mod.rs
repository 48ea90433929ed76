//! Faults on request: rules that match requests, and what they do to the answer.

mod apply;
mod rule;

pub use rule::{FaultKind, FaultRule};

pub(crate) use apply::{Guarded, guard};

use std::sync::{Mutex, PoisonError};

/// The rules in force.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Counted>>);

#[derive(Debug)]
struct Counted {
    rule: FaultRule,
    seen: u64,
}

impl Faults {
    /// Adds rules; the first that fits a request is applied.
    pub fn add(&self, rules: impl IntoIterator<Item = FaultRule>) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(rules.into_iter().map(|rule| Counted { rule, seen: 0 }));
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
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
                return Some(counted.rule.clone());
            }
        }
        None
    }
}
