//! Who asks, and when: what relative conditions are relative to.

use jiff::Zoned;
use serde::{Deserialize, Serialize};
use syncline_fetchxml::Fiscal;

/// What a service said about the person and the organization. What it did not say is `None`, and operators that need it are refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AskerFacts {
    /// The user.
    pub user_id: Option<String>,
    /// The user's business unit.
    pub business_unit_id: Option<String>,
    /// The user's language, such as 1033.
    pub language: Option<i64>,
    /// IANA name of the user's time zone.
    pub time_zone: Option<String>,
    /// Teams of the user.
    pub teams: Option<Vec<String>>,
    /// Users below the user in the hierarchy.
    pub subordinates: Option<Vec<String>>,
    /// Teams of those users.
    pub subordinate_teams: Option<Vec<String>>,
    /// The organization's fiscal calendar.
    pub fiscal: Option<Fiscal>,
}

/// Who asks, and when.
#[derive(Debug, Clone)]
pub struct Asker {
    /// Now, in the zone whose days count.
    pub now: Zoned,
    /// What is known of the person and the organization.
    pub facts: AskerFacts,
}

impl Asker {
    /// The fiscal calendar; where it is not known that with which organizations begin.
    pub(crate) fn fiscal(&self) -> Fiscal {
        self.facts.fiscal.unwrap_or_default()
    }
}
