//! How far a page of records sees: its latest `modifiedon` and its greatest `versionnumber`. Both are the service's own, so a wrong
//! clock on this machine does no harm.

use jiff::Timestamp;
use memchr::memmem::Finder;
use syncline_model::Record;

/// The latest and greatest of what was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) modified: Option<Timestamp>,
    pub(crate) version: Option<i64>,
}

/// The text behind a member of a JSON object. A name inside a text has its quotes escaped, so that only a member can match; of records
/// without expanded ones there is one at most.
fn member<'a>(raw: &'a str, quoted: &Finder<'_>) -> Option<&'a str> {
    let at = quoted.find(raw.as_bytes())? + quoted.needle().len();
    let rest = raw.get(at..)?.trim_start().strip_prefix(':')?.trim_start();
    let end = rest.find([',', '}']).unwrap_or(rest.len());
    rest.get(..end).map(str::trim_end)
}

/// The latest modification among records.
pub(crate) fn latest<'a>(records: impl Iterator<Item = &'a Record>) -> Option<Timestamp> {
    let modifiedon = Finder::new("\"modifiedon\"");
    let mut modified = None;
    // Times of one form and zone sort as texts; only the latest of each form is read.
    let mut latest: Option<&str> = None;
    for record in records {
        if let Some(text) = member(record.raw.get(), &modifiedon).and_then(|text| text.strip_prefix('"'))
            && latest.is_none_or(|known| text.len() != known.len() || text > known)
        {
            latest = Some(text);
            let at = text.strip_suffix('"').and_then(|text| text.parse::<Timestamp>().ok());
            modified = modified.max(at);
        }
    }
    modified
}

/// Looks at a page.
pub(crate) fn seen(records: &[Record]) -> Seen {
    let mut seen = Seen { modified: latest(records.iter()), version: None };
    let versionnumber = Finder::new("\"versionnumber\"");
    for record in records {
        let raw = record.raw.get();
        let version = member(raw, &versionnumber).and_then(|text| text.trim_matches('"').parse().ok());
        seen.version = seen.version.max(version);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;
    use syncline_model::RecordId;

    fn records(bodies: &[&str]) -> Vec<Record> {
        let record = |body: &&str| Record {
            entity: "contact".into(),
            id: RecordId::new("1"),
            etag: None,
            raw: RawValue::from_string((*body).to_owned()).unwrap(),
        };
        bodies.iter().map(record).collect()
    }

    #[test]
    fn the_latest_and_greatest_of_a_page() {
        let page = records(&[
            r#"{"modifiedon":"2026-01-02T03:04:05Z","versionnumber":7}"#,
            r#"{"versionnumber" : 9 , "modifiedon" : "2026-01-02T03:04:06Z"}"#,
            r#"{"description":"\"modifiedon\":\"2030-01-01T00:00:00Z\", \"versionnumber\":99","modifiedon":null}"#,
            r#"{"modifiedon@x":"2031-01-01T00:00:00Z","modifiedon":"2026-01-01T23:59:59.5Z"}"#,
        ]);
        let seen = seen(&page);
        assert_eq!(seen.modified, Some("2026-01-02T03:04:06Z".parse().unwrap()));
        assert_eq!(seen.version, Some(9));
        assert_eq!(super::seen(&records(&["{}"])), Seen::default());
    }
}
