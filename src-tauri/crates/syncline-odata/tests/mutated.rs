//! Answers as a bad network, a proxy or a fault leaves them: whole ones with bytes changed, lost, doubled or put in.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use http::{HeaderMap, StatusCode};
use proptest::prelude::*;
use syncline_odata::{BatchReply, error_body, parse_page, read_batch, record_head, refusal};

/// One change at a place, as parts of 65,536 of the length.
#[derive(Debug, Clone)]
enum Change {
    Replace(u16, u8),
    Insert(u16, Vec<u8>),
    Lose(u16, u8),
    Double(u16, u8),
    Cut(u16),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let pieces = prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..6),
        Just(b"\r\n".to_vec()),
        Just(b"--b".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"}".to_vec()),
        Just(b"\\u".to_vec()),
        Just("\u{feff}".as_bytes().to_vec()),
    ];
    let one = prop_oneof![
        (any::<u16>(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<u16>(), pieces).prop_map(|(at, piece)| Change::Insert(at, piece)),
        (any::<u16>(), any::<u8>()).prop_map(|(at, length)| Change::Lose(at, length)),
        (any::<u16>(), any::<u8>()).prop_map(|(at, length)| Change::Double(at, length)),
        any::<u16>().prop_map(Change::Cut),
    ];
    proptest::collection::vec(one, 1..5)
}

fn changed(whole: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for change in changes {
        let place = |at: u16, bytes: &[u8]| usize::from(at) * bytes.len() / 65_536;
        match change {
            Change::Replace(at, byte) => {
                let at = place(*at, &bytes);
                if let Some(old) = bytes.get_mut(at) {
                    *old = *byte;
                }
            }
            Change::Insert(at, piece) => {
                let at = place(*at, &bytes);
                bytes.splice(at..at, piece.iter().copied());
            }
            Change::Lose(at, length) => {
                let at = place(*at, &bytes);
                let end = (at + usize::from(*length)).min(bytes.len());
                bytes.drain(at..end);
            }
            Change::Double(at, length) => {
                let at = place(*at, &bytes);
                let end = (at + usize::from(*length)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            Change::Cut(at) => bytes.truncate(place(*at, &bytes)),
        }
    }
    bytes
}

const PAGE: &[u8] = br#"{"@odata.context":"https://x/api/data/v9.2/$metadata#contacts(fullname)","value":[{"@odata.etag":"W/\"8412\"","fullname":"Ann \u00cdto","creditlimit":20000.0000,"contactid":"5b1c0f3e-0000-4abc-8def-001122334455"},{"contactid":"6b1c0f3e-0000-4abc-8def-001122334455","nested":{"a":[1,{}]}}],"@odata.nextLink":"https://x/api/data/v9.2/contacts?$skiptoken=%3Ccookie%20pagenumber=%222%22","@Microsoft.Dynamics.CRM.morerecords":true}"#;

const BATCH: &[u8] = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nHTTP/1.1 204 No Content\r\nOData-EntityId: https://x/accounts(1)\r\n\r\n\r\n--c--\r\n--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 412 Precondition Failed\r\nContent-Type: application/json\r\n\r\n{\"error\":{\"code\":\"0x80060882\",\"message\":\"changed\"}}\r\n--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{\"value\":[]}\r\n--b--\r\n";

const ERROR: &[u8] = br#"{"error":{"code":"0x80040217","message":"contact With Id = 1 Does Not Exist","@Microsoft.PowerApps.CDS.TraceText":"trace","innererror":{"message":"inner","type":"T"}}}"#;

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_page_is_read_or_tells_where_it_breaks(changes in changes()) {
        let bytes = changed(PAGE, &changes);
        match parse_page(&bytes) {
            Ok(page) => for raw in page.value {
                // What is kept of a record is JSON in itself; its head is read or refused.
                prop_assert!(serde_json::from_str::<serde_json::Value>(raw.get()).is_ok());
                let _ = record_head(raw, "contactid", &["fullname".to_owned()]);
            },
            Err(error) => {
                let told = error.to_string();
                prop_assert!(!told.is_empty() && told.len() < 400, "{}", told);
            }
        }
    }

    #[test]
    fn a_changed_batch_answer_never_invents_parts(changes in changes()) {
        let bytes = changed(BATCH, &changes);
        for kind in ["multipart/mixed; boundary=b", "multipart/mixed", "application/json"] {
            match read_batch(kind, &bytes) {
                Ok(answer) => {
                    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"--")).count();
                    prop_assert!(answer.replies.len() <= lines, "{} parts of {} boundaries", answer.replies.len(), lines);
                    for reply in answer.replies {
                        if let BatchReply::Single(part) = reply {
                            prop_assert!(part.body.len() <= bytes.len());
                        }
                    }
                }
                Err(error) => {
                    let told = error.to_string();
                    prop_assert!(told.contains("part ") || told.contains("multipart"), "{}", told);
                }
            }
        }
    }

    #[test]
    fn every_refusal_has_words_a_remedy_and_a_place(changes in changes(), status in 300u16..600) {
        let bytes = changed(ERROR, &changes);
        let _ = error_body(&bytes);
        let status = StatusCode::from_u16(status).unwrap();
        let error = refusal(status, &HeaderMap::new(), &bytes, "GET x/api/data/v9.2/contacts");
        prop_assert!(!error.message.trim().is_empty());
        prop_assert!(error.hint.as_deref().is_some_and(|hint| !hint.is_empty()));
        prop_assert!(error.detail.as_deref().is_some_and(|detail| detail.starts_with("GET x/api/data/v9.2/contacts: HTTP ")));
    }
}
