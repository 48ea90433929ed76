//! A rule: which requests, how often, and what happens to them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One rule. Absent members fit everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRule {
    /// `entra`, `insider`, or an environment's name.
    #[serde(default)]
    pub service: Option<String>,
    /// Method.
    #[serde(default)]
    pub method: Option<String>,
    /// Part of the path with query, as sent on the wire.
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
    /// The service does not act and answers this status with its own error body, where asked for with `Retry-After`.
    Status {
        /// Status, 400 to 599.
        status: u16,
        /// Seconds.
        #[serde(default)]
        retry_after: Option<u64>,
    },
    /// The same with `Retry-After` as a date.
    StatusUntil {
        /// Status, 400 to 599.
        status: u16,
        /// Seconds from now to the date.
        seconds: u64,
    },
    /// The service does not act and sends the client elsewhere.
    Redirect {
        /// Status, 300 to 399.
        status: u16,
        /// `Location`.
        location: String,
    },
    /// The service acts; the links to the next page and to the next changes lead to another origin.
    LinksTo {
        /// Such as `https://elsewhere.example`; empty: the links are relative.
        origin: String,
    },
    /// The service acts; the link to the next page is the page's own address.
    LinkLoops,
    /// The service acts; a tracked reading ends without the link to its changes, as was reported of readings with annotations.
    NoDeltaLink,
    /// A proxy in between takes the `Prefer` headers away; the service acts.
    PreferDropped,
    /// The service acts; the connection resets before a byte of the answer.
    ResetBefore,
    /// The service does not act; the connection resets before a byte of the answer. A client can't tell it from `ResetBefore`.
    ResetUnheard,
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
        /// Status, 200 to 599.
        status: u16,
    },
    /// The service acts; the answer trickles in sixteen pieces.
    Slow {
        /// Milliseconds before each piece.
        #[serde(default = "a_tenth")]
        chunk_ms: u64,
    },
    /// The service does not act and does not answer.
    Hang,
    /// All access tokens issued so far are refused from now on, this request's too.
    ExpireTokens,
    /// The service does not act and demands more of the token: 401 with a claims challenge.
    ClaimsChallenge,
    /// The environment answers as another organization from now on.
    OtherOrganization {
        /// Its id; absent: a random one.
        #[serde(default)]
        organization_id: Option<Uuid>,
    },
}

impl FaultKind {
    /// The word in `kind`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::StatusUntil { .. } => "status_until",
            Self::Redirect { .. } => "redirect",
            Self::LinksTo { .. } => "links_to",
            Self::LinkLoops => "link_loops",
            Self::NoDeltaLink => "no_delta_link",
            Self::PreferDropped => "prefer_dropped",
            Self::ResetBefore => "reset_before",
            Self::ResetUnheard => "reset_unheard",
            Self::ResetInside { .. } => "reset_inside",
            Self::TruncatedJson => "truncated_json",
            Self::GarbageJson => "garbage_json",
            Self::HtmlPage { .. } => "html_page",
            Self::Slow { .. } => "slow",
            Self::Hang => "hang",
            Self::ExpireTokens => "expire_tokens",
            Self::ClaimsChallenge => "claims_challenge",
            Self::OtherOrganization { .. } => "other_organization",
        }
    }

    /// Members that this kind has beside those of every rule.
    fn members(&self) -> &'static [&'static str] {
        match self {
            Self::Status { .. } => &["status", "retry_after"],
            Self::StatusUntil { .. } => &["status", "seconds"],
            Self::Redirect { .. } => &["status", "location"],
            Self::LinksTo { .. } => &["origin"],
            Self::ResetInside { .. } => &["after_bytes"],
            Self::HtmlPage { .. } => &["status"],
            Self::Slow { .. } => &["chunk_ms"],
            Self::OtherOrganization { .. } => &["organization_id"],
            Self::LinkLoops
            | Self::NoDeltaLink
            | Self::PreferDropped
            | Self::ResetBefore
            | Self::ResetUnheard
            | Self::TruncatedJson
            | Self::GarbageJson
            | Self::Hang
            | Self::ExpireTokens
            | Self::ClaimsChallenge => &[],
        }
    }
}

/// Why a list of rules was refused.
#[derive(Debug, thiserror::Error)]
pub enum BadRule {
    /// Not a list of rules.
    #[error("rule {position}: {reason}")]
    Malformed {
        /// Position in the list, from 0.
        position: usize,
        /// What serde says.
        reason: serde_json::Error,
    },
    /// A member that no rule of this kind has; taken silently it would widen the rule.
    #[error(
        "rule {position}: unknown member {member:?}; a {kind} rule has service, method, path, skip, times, every, kind, {members}"
    )]
    UnknownMember {
        /// Position in the list, from 0.
        position: usize,
        /// The member.
        member: String,
        /// The rule's kind.
        kind: &'static str,
        /// What this kind has.
        members: String,
    },
    /// A status that is no error.
    #[error("rule {position}: the status {status} is not between {least} and {most}")]
    Status {
        /// Position in the list, from 0.
        position: usize,
        /// The status.
        status: u16,
        /// The least one of this kind.
        least: u16,
        /// The greatest one of this kind.
        most: u16,
    },
}

const COMMON: &[&str] = &["service", "method", "path", "skip", "times", "every", "kind"];

impl FaultRule {
    /// A rule that hits the first request of any service.
    pub fn new(kind: FaultKind) -> Self {
        Self { service: None, method: None, path: None, skip: 0, times: 1, every: None, kind }
    }

    /// The same rule for one service: `entra`, `insider`, or an environment's name.
    #[must_use]
    pub fn at(mut self, service: &str) -> Self {
        self.service = Some(service.to_owned());
        self
    }

    /// The same rule for requests whose path with query holds `part`.
    #[must_use]
    pub fn on(mut self, part: &str) -> Self {
        self.path = Some(part.to_owned());
        self
    }

    /// The same rule after `skip` requests, for `times` requests.
    #[must_use]
    pub fn after(mut self, skip: u64, times: u64) -> Self {
        (self.skip, self.times) = (skip, times);
        self
    }

    /// Reads a list of rules; a member it does not know is an error, since leaving it out would widen the rule.
    pub fn read_list(list: Vec<serde_json::Value>) -> Result<Vec<Self>, BadRule> {
        list.into_iter().enumerate().map(|(position, value)| Self::read(position, value)).collect()
    }

    fn read(position: usize, value: serde_json::Value) -> Result<Self, BadRule> {
        let names: Vec<String> = value.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default();
        let rule: Self =
            serde_json::from_value(value).map_err(|reason| BadRule::Malformed { position, reason })?;
        let members = rule.kind.members();
        let unknown = names
            .into_iter()
            .find(|name| !COMMON.contains(&name.as_str()) && !members.contains(&name.as_str()));
        if let Some(member) = unknown {
            let (kind, members) = (rule.kind.name(), members.join(", "));
            return Err(BadRule::UnknownMember { position, member, kind, members });
        }
        let bounds = match &rule.kind {
            FaultKind::Status { status, .. } | FaultKind::StatusUntil { status, .. } => {
                Some((*status, 400, 599))
            }
            FaultKind::Redirect { status, .. } => Some((*status, 300, 399)),
            FaultKind::HtmlPage { status } => Some((*status, 200, 599)),
            FaultKind::LinksTo { .. }
            | FaultKind::LinkLoops
            | FaultKind::NoDeltaLink
            | FaultKind::PreferDropped
            | FaultKind::ResetBefore
            | FaultKind::ResetUnheard
            | FaultKind::ResetInside { .. }
            | FaultKind::TruncatedJson
            | FaultKind::GarbageJson
            | FaultKind::Slow { .. }
            | FaultKind::Hang
            | FaultKind::ExpireTokens
            | FaultKind::ClaimsChallenge
            | FaultKind::OtherOrganization { .. } => None,
        };
        match bounds {
            Some((status, least, most)) if !(least..=most).contains(&status) => {
                Err(BadRule::Status { position, status, least, most })
            }
            _ => Ok(rule),
        }
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
    use serde_json::json;

    #[test]
    fn rules_count_and_match() {
        let faults = Faults::default();
        faults.add([FaultRule::new(FaultKind::Hang).at("contoso").on("contacts").after(1, 2)]);
        assert!(faults.next("fabrikam", "GET", "/contacts").is_none());
        let hits: Vec<bool> =
            (0..5).map(|_| faults.next("contoso", "GET", "/contacts?$top=1").is_some()).collect();
        assert_eq!(hits, [false, true, true, false, false]);
        let rules = faults.rules();
        assert_eq!((rules[0].seen, rules[0].hit), (5, 2));
    }

    #[test]
    fn every_fourth() {
        let faults = Faults::default();
        let list = vec![json!({"kind":"status","status":429,"retry_after":1,"every":4})];
        faults.add(FaultRule::read_list(list).unwrap());
        let hits = (0..12).filter(|_| faults.next("x", "GET", "/").is_some()).count();
        assert_eq!(hits, 3);
    }

    #[test]
    fn a_rule_that_is_not_understood_is_refused() {
        for (value, reason) in [
            (json!({"kind":"earthquake"}), "unknown variant"),
            (json!({"kind":"hang","servcie":"entra"}), "servcie"),
            (json!({"kind":"status","status":200}), "400"),
            (json!({"kind":"status","status":429,"skip":-1}), "rule 0"),
            (json!({"kind":"redirect","status":404,"location":"/x"}), "399"),
            (json!("hang"), "rule 0"),
        ] {
            let error = FaultRule::read_list(vec![value]).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_rule_survives_its_json() {
        let kinds = [
            FaultKind::Status { status: 503, retry_after: Some(2) },
            FaultKind::StatusUntil { status: 429, seconds: 3 },
            FaultKind::Redirect { status: 307, location: "https://x.example/".to_owned() },
            FaultKind::LinksTo { origin: String::new() },
            FaultKind::LinkLoops,
            FaultKind::NoDeltaLink,
            FaultKind::PreferDropped,
            FaultKind::ResetBefore,
            FaultKind::ResetUnheard,
            FaultKind::ResetInside { after_bytes: 9 },
            FaultKind::TruncatedJson,
            FaultKind::GarbageJson,
            FaultKind::HtmlPage { status: 502 },
            FaultKind::Slow { chunk_ms: 3 },
            FaultKind::Hang,
            FaultKind::ExpireTokens,
            FaultKind::ClaimsChallenge,
            FaultKind::OtherOrganization { organization_id: Some(Uuid::from_u128(7)) },
        ];
        for kind in kinds {
            let name = kind.name();
            let rule = FaultRule::new(kind).at("contoso");
            let value = serde_json::to_value(&rule).unwrap();
            assert_eq!(value["kind"], name);
            assert_eq!(FaultRule::read_list(vec![value]).unwrap(), [rule]);
        }
    }
}
