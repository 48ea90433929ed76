//! A rule: which requests, how often, and what happens to them.

use serde::{Deserialize, Serialize};

/// One rule. Absent members fit everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRule {
    /// `entra`, `insider`, or an environment's name.
    #[serde(default)]
    pub service: Option<String>,
    /// Method.
    #[serde(default)]
    pub method: Option<String>,
    /// Part of the path with query.
    #[serde(default)]
    pub path: Option<String>,
    /// Requests that fit and are let through first.
    #[serde(default)]
    pub skip: u64,
    /// Requests that are hit.
    #[serde(default = "once")]
    pub times: u64,
    /// In place of `times`: every n-th is hit, for ever.
    #[serde(default)]
    pub every: Option<u64>,
    /// What happens.
    #[serde(flatten)]
    pub kind: FaultKind,
}

fn once() -> u64 {
    1
}
fn half_a_kilobyte() -> u32 {
    512
}
fn a_tenth() -> u64 {
    100
}

/// What happens to a request that is hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FaultKind {
    /// The service does not act and answers this status, 429 with `Retry-After`.
    Status {
        /// Status.
        status: u16,
        /// Seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The service acts; the connection resets before a byte of the answer.
    ResetBefore,
    /// The service acts; the connection resets after so many bytes.
    ResetInside {
        /// Bytes of the answer, head included.
        #[serde(default = "half_a_kilobyte")]
        after_bytes: u32,
    },
    /// The service acts; the answer is whole HTTP, its JSON is cut in half.
    TruncatedJson,
    /// The service acts; the answer is no JSON.
    GarbageJson,
    /// A gateway answers with a page in place of the service.
    HtmlPage {
        /// Status.
        status: u16,
    },
    /// The service acts; the answer trickles.
    Slow {
        /// Milliseconds between two pieces.
        #[serde(default = "a_tenth")]
        chunk_ms: u64,
    },
    /// The service does not act and does not answer.
    Hang,
    /// All access tokens issued so far are refused from now on.
    ExpireTokens,
    /// The environment answers as another organization from now on.
    OtherOrganization,
}

impl FaultRule {
    /// A rule that hits the first request of a service.
    pub fn new(kind: FaultKind) -> Self {
        Self { service: None, method: None, path: None, skip: 0, times: 1, every: None, kind }
    }

    pub(super) fn fits(&self, service: &str, method: &str, path: &str) -> bool {
        self.service.as_deref().is_none_or(|wanted| wanted == service)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_deref().is_none_or(|wanted| path.contains(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Faults;
    use super::*;

    #[test]
    fn rules_count_and_match() {
        let faults = Faults::default();
        let mut rule = FaultRule::new(FaultKind::Hang);
        rule.service = Some("contoso".into());
        rule.path = Some("contacts".into());
        rule.skip = 1;
        rule.times = 2;
        faults.add([rule]);
        assert!(faults.next("fabrikam", "GET", "/contacts").is_none());
        let hits: Vec<bool> =
            (0..5).map(|_| faults.next("contoso", "GET", "/contacts?$top=1").is_some()).collect();
        assert_eq!(hits, [false, true, true, false, false]);
    }

    #[test]
    fn every_fourth() {
        let faults = Faults::default();
        let text = r#"[{"kind":"status","status":429,"retry_after":1,"every":4}]"#;
        faults.add(serde_json::from_str::<Vec<FaultRule>>(text).unwrap());
        let hits = (0..12).filter(|_| faults.next("x", "GET", "/").is_some()).count();
        assert_eq!(hits, 3);
    }

    #[test]
    fn a_rule_with_an_unknown_kind_is_refused() {
        assert!(serde_json::from_str::<FaultRule>(r#"{"kind":"earthquake"}"#).is_err());
    }
}
