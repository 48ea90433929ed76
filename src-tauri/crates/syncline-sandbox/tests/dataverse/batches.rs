//! $batch.
use crate::support::{Service, serve};
use reqwest::Method;

async fn post(s: &Service, body: &str, prefer: &str) -> (u16, String) {
    let body = body.replace("\r\n", "\n").replace('\n', "\r\n");
    let answer = s
        .request(Method::POST, "$batch")
        .header("content-type", "multipart/mixed; boundary=\"batch_1\"")
        .header("prefer", prefer)
        .body(body)
        .send()
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn write(id: u32, method: &str, url: &str, body: &str) -> String {
    format!(
        "--changeset_1\nContent-Type: application/http\nContent-Transfer-Encoding: binary\nContent-ID: {id}\n\n{method} {url} HTTP/1.1\nContent-Type: application/json; type=entry\n\n{body}\n"
    )
}

fn read(url: &str) -> String {
    format!(
        "--batch_1\nContent-Type: application/http\nContent-Transfer-Encoding: binary\n\nGET /api/data/v9.2/{url} HTTP/1.1\n\n\n"
    )
}

const OPEN: &str = "--batch_1\nContent-Type: multipart/mixed; boundary=\"changeset_1\"\n\n";

#[tokio::test]
async fn change_sets_commit_together_and_refer_to_each_other() {
    let s = serve(20).await;
    let body = format!(
        "{OPEN}{}{}{}--changeset_1--\n\n{}--batch_1--\n",
        write(1, "POST", "/api/data/v9.2/accounts", "{\"name\":\"Batch\",\"accountnumber\":\"B-1\"}"),
        write(
            2,
            "POST",
            "/api/data/v9.2/contacts",
            "{\"lastname\":\"Batch\",\"parentcustomerid_account@odata.bind\":\"$1\"}"
        ),
        write(3, "PUT", "$1/name", "{\"value\":\"Renamed\"}"),
        read("contacts?$filter=parentcustomerid_account/name eq 'Renamed'&$select=lastname")
    );
    let (status, text) = post(&s, &body, "").await;
    assert_eq!(status, 200, "{text}");
    assert_eq!(text.matches("HTTP/1.1 204").count(), 3, "{text}");
    assert!(text.contains("Content-ID: 2") && text.contains("\"lastname\":\"Batch\""), "{text}");
}

#[tokio::test]
async fn a_failed_change_set_leaves_nothing_and_stops_the_batch() {
    let s = serve(20).await;
    let set = format!(
        "{OPEN}{}{}--changeset_1--\n\n",
        write(1, "POST", "/api/data/v9.2/accounts", "{\"name\":\"Gone\",\"accountnumber\":\"G-1\"}"),
        write(2, "POST", "/api/data/v9.2/accounts", "{\"name\":\"Twice\",\"accountnumber\":\"G-1\"}")
    );
    let body = format!("{set}{}--batch_1--\n", read("WhoAmI"));
    let (status, text) = post(&s, &body, "").await;
    assert_eq!(status, 412);
    assert!(text.contains("0x80060892") && !text.contains("OrganizationId"), "{text}");
    assert_eq!(s.error(Method::GET, "accounts(accountnumber='G-1')", None).await.0, 404);
    let (status, text) = post(&s, &body, "odata.continue-on-error").await;
    assert_eq!(status, 200);
    assert!(text.contains("HTTP/1.1 412") && text.contains("OrganizationId"), "{text}");
    assert_eq!(text.matches("HTTP/1.1 ").count(), 2, "a failed change set answers one part");
}

#[tokio::test]
async fn malformed_batches_are_refused() {
    let s = serve(5).await;
    assert_eq!(post(&s, "junk", "").await.0, 400);
    assert_eq!(
        post(
            &s,
            &format!(
                "{OPEN}{}--changeset_1--\n--batch_1--\n",
                write(1, "GET", "/api/data/v9.2/accounts", "")
            ),
            ""
        )
        .await
        .0,
        400
    );
    let many: String = (0..1001).map(|_| read("WhoAmI")).collect();
    assert_eq!(post(&s, &format!("{many}--batch_1--\n"), "").await.0, 400);
}
