//! Links to further pages: where they may lead, and that they do not lead in a circle. Source: Dataverse Web API, paging; OData v4,
//! next link.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use syncline_model::{ErrorCode, SynclineError};
use url::Url;

use crate::api::Api;

impl Api {
    /// A link that an answer gave, whole: a relative one is completed by the address it came from, any other stays as it is. It must lead to the
    /// same environment; only then may the token go there.
    pub(crate) fn whole_link(&self, from: &str, link: &str) -> Result<String, SynclineError> {
        let whole = match Url::parse(link) {
            Err(url::ParseError::RelativeUrlWithoutBase) => Url::parse(from)
                .and_then(|from| from.join(link))
                .map(String::from)
                .map_err(|_| foreign("not an address"))?,
            Ok(_) | Err(_) => link.to_owned(),
        };
        self.own_link(&whole)?;
        Ok(whole)
    }

    /// The address of the page after `from`, checked; `None` at the end.
    pub(crate) fn next_page(
        &self,
        from: &str,
        link: Option<&str>,
        trail: &mut Trail,
    ) -> Result<Option<String>, SynclineError> {
        let Some(link) = link else { return Ok(None) };
        let next = self.whole_link(from, link)?;
        if same(from, &next) {
            return Err(circle(&next));
        }
        trail.step(&next)?;
        Ok(Some(next))
    }

    /// Refuses a link that leads out of the environment.
    pub(crate) fn own_link(&self, link: &str) -> Result<(), SynclineError> {
        let url = Url::parse(link).map_err(|_| foreign("not an address"))?;
        let host = url.host_str().unwrap_or_default();
        let same = url.scheme() == self.base.scheme()
            && url.port_or_known_default() == self.base.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
            && without_api(host) == without_api(self.base.host_str().unwrap_or_default());
        if same {
            return Ok(());
        }
        // The origin tells a host of the same name with another port or without encryption too.
        Err(foreign(&url.origin().ascii_serialization()))
    }
}

fn foreign(place: &str) -> SynclineError {
    SynclineError::new(ErrorCode::UnexpectedReply, format!("the next page is on a foreign host: {place}"))
        .hint("nothing was sent there; check the connection's address and any proxy in between")
}

fn circle(link: &str) -> SynclineError {
    let place = link.split('?').next().unwrap_or_default();
    SynclineError::new(ErrorCode::UnexpectedReply, "the pages lead in a circle: a next page was given twice")
        .hint("start reading again; if it stays so, read with another page size and tell Microsoft support")
        .detail(place.to_owned())
}

fn same(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// The `.api.` host of an environment is the same environment (Dataverse Web API, address): `contoso.api.crm4.dynamics.com`.
fn without_api(host: &str) -> String {
    let mut labels: Vec<&str> = host.split('.').collect();
    if labels.len() > 3 && labels[1] == "api" && labels[2].starts_with("crm") {
        labels.remove(1);
    }
    labels.join(".")
}

/// What is remembered of the places a read has been at, in constant room whatever the number of pages: Brent's way of finding a
/// cycle. Any circle is found before it was walked three times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Trail {
    /// Hash of one place passed; 0 before the first.
    anchor: u64,
    /// Places passed since.
    steps: u64,
    /// Places until the anchor moves.
    span: u64,
}

impl Trail {
    /// Passes a place: a link, or a paging cookie. Fails where it has been before.
    pub(crate) fn step(&mut self, place: &str) -> Result<(), SynclineError> {
        let digest = Sha256::digest(place.as_bytes());
        let mut first = [0u8; 8];
        first.copy_from_slice(&digest[..8]);
        let hash = u64::from_le_bytes(first).max(1);
        if hash == self.anchor {
            return Err(circle(if place.starts_with("http") { place } else { "paging cookie" }));
        }
        self.steps += 1;
        if self.steps >= self.span {
            *self = Self { anchor: hash, steps: 0, span: self.span.saturating_mul(2).max(1) };
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_circle_is_found_and_no_straight_way_is_one(lead in 0u32..40, around in 1u32..60) {
            let mut trail = Trail::default();
            for n in 0..lead + around {
                trail.step(&format!("https://x/{n}")).unwrap();
            }
            let found = (0..3 * (lead + around) + 3).any(|n| {
                trail.step(&format!("https://x/{}", lead + n % around)).is_err()
            });
            prop_assert!(found, "{} then {} in a circle", lead, around);
        }
    }

    #[test]
    fn the_api_host_is_the_same_environment() {
        assert_eq!(without_api("contoso.api.crm4.dynamics.com"), "contoso.crm4.dynamics.com");
        assert_eq!(without_api("contoso.crm4.dynamics.com"), "contoso.crm4.dynamics.com");
        assert_eq!(without_api("contoso.api.evil.example"), "contoso.api.evil.example");
        assert_eq!(without_api("api.crm4.dynamics.com"), "api.crm4.dynamics.com");
    }
}
