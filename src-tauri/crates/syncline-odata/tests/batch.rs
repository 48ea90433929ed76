//! `$batch` bodies, written and read.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use syncline_odata::{BatchItem, BatchReply, BatchRequest, read_batch, write_batch};

fn get(path: &str) -> BatchItem {
    BatchItem::Single(BatchRequest { method: "GET".into(), path: path.into(), ..BatchRequest::default() })
}

#[test]
fn the_documents_example_is_written_so() {
    let written = write_batch(&[
        BatchItem::ChangeSet(vec![BatchRequest {
            method: "POST".into(),
            path: "/api/data/v9.2/accounts".into(),
            headers: vec![("Content-Type".into(), "application/json; type=entry".into())],
            body: r#"{"name":"A"}"#.into(),
        }]),
        get("/api/data/v9.2/accounts?$select=name"),
    ]);
    assert_eq!(written.content_type, "multipart/mixed; boundary=\"batch_syncline_1\"");
    let expected = "--batch_syncline_1\r
Content-Type: multipart/mixed; boundary=\"changeset_syncline_1\"\r
\r
--changeset_syncline_1\r
Content-Type: application/http\r
Content-Transfer-Encoding: binary\r
Content-ID: 1\r
\r
POST /api/data/v9.2/accounts HTTP/1.1\r
Content-Type: application/json; type=entry\r
\r
{\"name\":\"A\"}\r
--changeset_syncline_1--\r
\r
--batch_syncline_1\r
Content-Type: application/http\r
Content-Transfer-Encoding: binary\r
\r
GET /api/data/v9.2/accounts?$select=name HTTP/1.1\r
\r
\r
--batch_syncline_1--\r
";
    assert_eq!(std::str::from_utf8(&written.body).unwrap(), expected);
}

const ANSWER: &str = "--batchresponse_9f\r
Content-Type: multipart/mixed; boundary=changesetresponse_1\r
\r
--changesetresponse_1\r
Content-Type: application/http\r
Content-Transfer-Encoding: binary\r
Content-ID: 1\r
\r
HTTP/1.1 204 No Content\r
OData-EntityId: https://x/accounts(1)\r
\r
\r
--changesetresponse_1--\r
--batchresponse_9f\r
Content-Type: application/http\r
Content-Transfer-Encoding: binary\r
\r
HTTP/1.1 412 Precondition Failed\r
Content-Type: application/json\r
REQ_ID: r-2\r
\r
{\"error\":{\"code\":\"0x80060882\",\"message\":\"changed\"}}\r
--batchresponse_9f--\r
";

#[test]
fn parts_are_read_by_position() {
    for content_type in
        ["multipart/mixed; boundary=batchresponse_9f", "multipart/mixed; boundary=\"batchresponse_9f\"", ""]
    {
        let answer = read_batch(content_type, ANSWER.as_bytes()).unwrap();
        assert!(answer.complete);
        assert_eq!(answer.replies.len(), 2);
        let BatchReply::ChangeSet(parts) = &answer.replies[0] else { panic!("a change set") };
        assert_eq!(parts[0].status, 204);
        assert_eq!(parts[0].content_id.as_deref(), Some("1"));
        assert_eq!(parts[0].headers["odata-entityid"], "https://x/accounts(1)");
        let BatchReply::Single(part) = &answer.replies[1] else { panic!("a single part") };
        assert_eq!(part.status, 412);
        assert!(part.body.starts_with(b"{\"error\"") && part.body.ends_with(b"}}"));
    }
}

#[test]
fn line_feeds_alone_will_do() {
    let answer =
        read_batch("multipart/mixed; boundary=batchresponse_9f", ANSWER.replace("\r\n", "\n").as_bytes());
    assert_eq!(answer.unwrap().replies.len(), 2);
}

#[test]
fn an_answer_that_broke_off_says_so() {
    for cut in 0..ANSWER.len() - 4 {
        match read_batch("multipart/mixed; boundary=batchresponse_9f", &ANSWER.as_bytes()[..cut]) {
            Ok(answer) => assert!(!answer.complete && answer.replies.len() <= 2, "cut at {cut}"),
            Err(error) => assert!(cut < 20, "cut at {cut}: {error}"),
        }
    }
    assert!(read_batch("text/html", b"<html></html>").is_err());
}

#[test]
fn a_boundary_is_no_text_inside() {
    let body = "--batch_syncline_1\r\n".to_owned();
    let request = BatchRequest { method: "POST".into(), path: "/x".into(), headers: vec![], body };
    let written = write_batch(&[BatchItem::Single(request)]);
    assert!(written.content_type.contains("batch_syncline_2"));
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in ".{0,40}") {
        let _ = read_batch(&kind, &bytes);
        let _ = read_batch("multipart/mixed; boundary=b", &[b"--b\r\n".as_slice(), &bytes].concat());
    }

    #[test]
    fn headers_and_paths_stay_on_their_line(path in any::<String>(), value in any::<String>()) {
        let request = BatchRequest {
            method: "PATCH".into(), path, headers: vec![("If-Match".into(), value)], body: "{}".into(),
        };
        let written = write_batch(&[BatchItem::Single(request)]);
        let text = String::from_utf8(written.body.to_vec()).unwrap();
        prop_assert_eq!(text.matches("\r\n").count(), text.matches('\n').count());
        prop_assert_eq!(text.split("\r\n").count(), 11, "{}", text);
    }
}
