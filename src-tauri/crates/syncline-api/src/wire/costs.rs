//! What work costs, and what is left of a service's limits.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What work would cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct CostView {
    /// Requests, at all services together.
    pub calls: u64,
    /// Seconds, judged by how long requests took lately, pauses that the limits impose included.
    pub seconds: f64,
    /// Most of the requests that one user may make in five minutes, as a part of 1; above 1 the service will impose pauses.
    pub share_of_requests: f64,
    /// Most of the execution time that one user has in five minutes, as a part of 1; above 1 the service will impose pauses.
    pub share_of_time: f64,
}

/// What a pull would cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
pub struct PullCost {
    /// Logical name.
    pub entity: String,
    /// Records that would be read; absent where nobody can tell before, as with change tracking: the cost is then the least.
    pub records: Option<u64>,
    /// The number is a count.
    pub exact: bool,
    /// Records a page.
    pub page_size: u32,
    /// How it would be read: `everything`, `baseline`, `changes`, `since`, `look-back` or `members`.
    pub way: String,
    /// The cost.
    pub cost: CostView,
}

/// Requests of a job that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct JobCalls {
    /// Sent so far.
    pub spent: u64,
    /// In all, as it looks now; absent where nobody can tell.
    pub expected: Option<u64>,
}

/// Switches of a write by hand; absent ones are off.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
#[ts(optional_fields)]
pub struct WriteSwitches {
    /// No synchronous plug-ins and workflows; needs the privilege prvBypassCustomPlugins.
    pub bypass_plugins: Option<bool>,
    /// Neither synchronous nor asynchronous logic; needs the privilege prvBypassCustomBusinessLogic.
    pub bypass_logic: Option<bool>,
    /// No Power Automate flows are started.
    pub suppress_flows: Option<bool>,
    /// Duplicate detection rules may refuse the record.
    pub detect_duplicates: Option<bool>,
}

impl WriteSwitches {
    /// True where one of them is on.
    pub fn any(&self) -> bool {
        [self.bypass_plugins, self.bypass_logic, self.suppress_flows, self.detect_duplicates]
            .contains(&Some(true))
    }
}
