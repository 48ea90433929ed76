//! The envelope of a page. The hot path of a pull: each record's bytes are found and kept, not parsed.

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::value::RawValue;
use std::borrow::Cow;
use syncline_model::members;

/// A page around its records, borrowed from the body.
#[derive(Debug, Default, Deserialize)]
pub struct PageEnvelope<'a> {
    /// The records, raw.
    #[serde(borrow)]
    pub value: Vec<&'a RawValue>,
    /// The next page; absent at the end. To be followed as it is.
    #[serde(rename = "@odata.nextLink", borrow, default)]
    pub next_link: Option<Cow<'a, str>>,
    /// Where the next changes are read, on the last page of a tracked read.
    #[serde(rename = "@odata.deltaLink", borrow, default)]
    pub delta_link: Option<Cow<'a, str>>,
    /// `@odata.count`.
    #[serde(rename = "@odata.count", default)]
    pub count: Option<i64>,
    /// FetchXML: more pages follow.
    #[serde(rename = "@Microsoft.Dynamics.CRM.morerecords", default)]
    pub more_records: Option<bool>,
    /// FetchXML: the cookie, as it came.
    #[serde(rename = "@Microsoft.Dynamics.CRM.fetchxmlpagingcookie", borrow, default)]
    pub paging_cookie: Option<Cow<'a, str>>,
    /// The total, when asked; -1 when not.
    #[serde(rename = "@Microsoft.Dynamics.CRM.totalrecordcount", default)]
    pub total_count: Option<i64>,
    /// The total is capped.
    #[serde(rename = "@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded", default)]
    pub total_count_exceeded: Option<bool>,
}

/// Reads a page's envelope.
pub fn parse_page(body: &[u8]) -> Result<PageEnvelope<'_>, serde_json::Error> {
    let text = std::str::from_utf8(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body))
        .map_err(serde_json::Error::custom)?;
    serde_json::from_str(text)
}

impl PageEnvelope<'_> {
    /// All but the records.
    pub(crate) fn without_records(self) -> PageEnvelope<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        PageEnvelope {
            value: Vec::new(),
            next_link: self.next_link.map(owned),
            delta_link: self.delta_link.map(owned),
            count: self.count,
            more_records: self.more_records,
            paging_cookie: self.paging_cookie.map(owned),
            total_count: self.total_count,
            total_count_exceeded: self.total_count_exceeded,
        }
    }
}

/// What is read of every record: its key and version, and which of the asked members it has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordHead {
    /// The text under the key's name.
    pub id: Option<String>,
    /// `@odata.etag`.
    pub etag: Option<String>,
    /// For each asked name whether the record has such a member.
    pub present: Vec<bool>,
    /// True for an object without members.
    pub empty: bool,
}

/// Reads the head of a record that came in a page (its text is known to be JSON), skipping all other values. Where nothing is asked it
/// ends at the key and the version, which are the first members.
pub fn record_head(raw: &RawValue, key: &str, asked: &[String]) -> Result<RecordHead, serde_json::Error> {
    let mut head = RecordHead { present: vec![false; asked.len()], empty: true, ..RecordHead::default() };
    // Members come in the order asked, mostly: the search begins after the last hit.
    let mut from = 0;
    for member in members(raw.get()).map_err(serde_json::Error::custom)? {
        let member = member.map_err(serde_json::Error::custom)?;
        head.empty = false;
        if let Some(at) = find_from(asked, from, &member.name) {
            head.present[at] = true;
            from = at + 1;
        }
        if member.name == key {
            head.id = serde_json::from_str(member.value)?;
        } else if member.name == "@odata.etag" {
            head.etag = serde_json::from_str(member.value)?;
        }
        if asked.is_empty() && head.id.is_some() && head.etag.is_some() {
            break;
        }
    }
    Ok(head)
}

fn find_from(asked: &[String], from: usize, name: &str) -> Option<usize> {
    if asked.is_empty() || name.contains('@') {
        return None;
    }
    (from..asked.len()).chain(0..from.min(asked.len())).find(|at| asked[*at] == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_page_keeps_records_byte_for_byte() {
        let body = br#"{"@odata.context":"c","value":[{"@odata.etag":"W/\"84\"","revenue":20000.0000,"accountid":"5b1c"},{}],
            "@odata.nextLink":"https://x/accounts?$skiptoken=%3Ccookie%20pagenumber=%222%22"}"#;
        let page = parse_page(body).unwrap();
        assert_eq!(page.value.len(), 2);
        assert!(page.value[0].get().contains("20000.0000"));
        assert_eq!(
            page.next_link.as_deref(),
            Some("https://x/accounts?$skiptoken=%3Ccookie%20pagenumber=%222%22")
        );
        let asked = ["name".to_owned(), "revenue".to_owned()];
        let head = record_head(page.value[0], "accountid", &asked).unwrap();
        assert_eq!(head.id.as_deref(), Some("5b1c"));
        assert_eq!(head.etag.as_deref(), Some("W/\"84\""));
        assert_eq!(head.present, [false, true]);
        assert!(
            record_head(&RawValue::from_string("{}".to_owned()).unwrap(), "accountid", &asked).unwrap().empty
        );
    }

    #[test]
    fn a_page_that_broke_off_is_an_error() {
        assert!(parse_page(br#"{"value":[{"a":1},{"a":"#).is_err());
        assert!(parse_page(b"").is_err());
        assert!(parse_page(b"<!DOCTYPE html>").is_err());
        assert!(parse_page(br#"{"error":{"code":"x"}}"#).is_err(), "an envelope has a value");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_page_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse_page(&bytes);
        }

        #[test]
        fn every_cut_of_a_page_is_an_error(cut in 0usize..80) {
            let whole = br#"{"value":[{"accountid":"1","n":-1.50e3,"t":"\u00e9\"]}"},{"accountid":"2"}],"x":[{}]}"#;
            let cut = cut.min(whole.len() - 1);
            prop_assert!(parse_page(&whole[..cut]).is_err());
        }

        #[test]
        fn heads_agree_with_a_full_parse(id in "[a-z0-9-]{1,36}", text in any::<String>(), number in any::<i64>()) {
            let json = serde_json::json!({"t": text, "n": number, "id": id, "nested": {"id": "no"}});
            let head = record_head(&RawValue::from_string(json.to_string()).unwrap(), "id", &["n".to_owned(), "zz".to_owned()]).unwrap();
            prop_assert_eq!(head.id, Some(id));
            prop_assert_eq!(head.present, vec![true, false]);
        }
    }
}
