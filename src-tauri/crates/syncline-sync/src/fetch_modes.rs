//! Which records a definition fetches: all, new and updated, or updated only, counted from the last sync that went well.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use syncline_fetchxml::{Condition, Filter, Operator};
use syncline_model::{EntityName, ErrorCode, FetchMode, FetchSection, SyncDefinition, SynclineError};
use uuid::Uuid;

/// Records that were committed late carry an earlier time than the reading that missed them; so the window overlaps.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

/// A moment as a condition takes it.
pub(crate) fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Since when, as a condition on modification may say it for a watermark.
pub(crate) fn with_overlap(watermark: Timestamp) -> Timestamp {
    watermark - OVERLAP
}

/// The latest modification that was read by the last sync that went well. It is the service's word: a wrong clock on this machine leaves
/// nothing out.
pub type Watermark = Option<Timestamp>;

/// Name of the watermark of a definition between two connections. Who reads another selection, or writes to another place, has not been
/// there yet and begins with everything.
pub fn watermark_key(definition: &SyncDefinition, source: Uuid, destination: Uuid) -> String {
    let read = &definition.source;
    let (entity, to) = (read.entity.as_ref().map(EntityName::as_str), definition.destination.entity.as_str());
    let mut hash = Sha256::new();
    for part in [entity, read.list.as_deref(), read.filter.as_deref(), Some(to)] {
        hash.update(part.unwrap_or_default());
        hash.update([0]);
    }
    let selection = hex::encode(&hash.finalize()[..8]);
    format!("watermark/{}/{source}/{destination}/{selection}", definition.name.to_lowercase())
}

/// The definition's filter with what the fetch mode adds. Without a watermark, and without days to look back, everything is fetched.
pub fn fetch_filter(
    filter: Option<&str>,
    fetch: &FetchSection,
    watermark: Watermark,
    now: Timestamp,
) -> Result<Option<String>, SynclineError> {
    let own = match filter.filter(|text| !text.trim().is_empty()) {
        None => None,
        Some(text) => Some(Filter::parse(text).map_err(|error| {
            SynclineError::new(ErrorCode::QueryInvalid, format!("the filter can't be read: {error}"))
        })?),
    };
    let look_back = (fetch.days > 0).then(|| now - SignedDuration::from_hours(24 * i64::from(fetch.days)));
    let since = match fetch.mode {
        FetchMode::All => look_back,
        FetchMode::NewAndUpdated | FetchMode::Updated => {
            match (watermark.map(|at| at - OVERLAP), look_back) {
                (Some(watermark), Some(look_back)) => Some(watermark.min(look_back)),
                (watermark, look_back) => watermark.or(look_back),
            }
        }
    };
    let Some(since) = since else {
        return Ok(own.map(|filter| filter.to_xml()));
    };
    let time = instant(since);
    let mut added = Filter::from(Condition::new("modifiedon", Operator::Ge, [time]));
    if let (FetchMode::Updated, Some(watermark)) = (fetch.mode, watermark) {
        // Without the overlap: who was created in it and read by the last sync is no new record any more.
        added = added.and(Filter::from(Condition::new("createdon", Operator::Le, [instant(watermark)])));
    }
    Ok(Some(match own {
        Some(own) => own.and(added).to_xml(),
        None => added.to_xml(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(mode: FetchMode, days: u32, watermark: Option<&str>) -> Option<String> {
        let watermark = watermark.map(|text| text.parse().unwrap());
        let own = "<condition attribute='statecode' operator='eq' value='0' />";
        fetch_filter(
            Some(own),
            &FetchSection { mode, days },
            watermark,
            "2026-01-10T12:00:00Z".parse().unwrap(),
        )
        .unwrap()
    }

    #[test]
    fn modes_add_their_window() {
        let all = filter(FetchMode::All, 0, Some("2026-01-09T12:00:00Z")).unwrap();
        assert!(!all.contains("modifiedon") && all.contains("statecode"), "{all}");
        let new = filter(FetchMode::NewAndUpdated, 0, Some("2026-01-09T12:00:00Z")).unwrap();
        assert!(new.contains("2026-01-09T11:55:00Z") && !new.contains("createdon"), "{new}");
        let updated = filter(FetchMode::Updated, 0, Some("2026-01-09T12:00:00Z")).unwrap();
        assert!(updated.contains("createdon") && updated.contains("2026-01-09T12:00:00Z"), "{updated}");
        let look_back = filter(FetchMode::NewAndUpdated, 3, Some("2026-01-09T12:00:00Z")).unwrap();
        assert!(look_back.contains("2026-01-07T12:00:00Z"), "{look_back}");
        let first = filter(FetchMode::NewAndUpdated, 0, None).unwrap();
        assert!(!first.contains("modifiedon"), "the first sync fetches everything: {first}");
    }
}
