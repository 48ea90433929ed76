//! What the service answers: partial failures by position, and errors in two envelopes ("Upsert User Data", responses).

use serde::Deserialize;
use std::collections::BTreeMap;
use syncline_connect::{Outcome, OutcomeKind};
use syncline_http::Response;
use syncline_model::{ErrorCode, SynclineError};

#[derive(Deserialize)]
struct Reply {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    successful: Counted,
    #[serde(default)]
    fail: Failed,
}

/// Counts are absent when zero.
#[derive(Deserialize, Default)]
struct Counted {
    #[serde(default)]
    count: u64,
}

#[derive(Deserialize, Default)]
struct Failed {
    #[serde(default)]
    count: u64,
    #[serde(default)]
    errors: BTreeMap<String, Vec<String>>,
}

/// Position of the user a failure key speaks of: `users.12.identifiers…`.
fn position(key: &str) -> Option<usize> {
    let digits = key.strip_prefix("users.")?;
    digits[..digits.find('.').unwrap_or(digits.len())].parse().ok()
}

/// The key without its position: the rule that was broken, the same for all users.
fn rule(key: &str) -> String {
    key.strip_prefix("users.").and_then(|rest| rest.split_once('.')).map_or(key, |(_, rule)| rule).to_owned()
}

/// An answer of another server, or one that broke off.
pub(crate) fn unreadable(why: &str) -> SynclineError {
    SynclineError::new(ErrorCode::UnexpectedReply, format!("the answer to an upsert can't be read: {why}"))
        .hint("check that the connection's address is Insider One's API root")
}

/// One outcome a user, from a body of status 200.
pub(crate) fn outcomes(
    body: &[u8],
    users: usize,
    request_id: Option<&str>,
) -> Result<Vec<Outcome>, SynclineError> {
    let reply: Reply = serde_json::from_slice(body).map_err(|error| unreadable(&error.to_string()))?;
    let outcome = |kind, code: Option<String>, message: Option<String>| Outcome {
        kind,
        id: None,
        code,
        message,
        request_id: request_id.map(str::to_owned),
    };
    let mut found: Vec<Outcome> = (0..users).map(|_| outcome(OutcomeKind::Upserted, None, None)).collect();
    for (key, texts) in &reply.data.fail.errors {
        if let Some(slot) = position(key).and_then(|position| found.get_mut(position)) {
            let text = texts.join("; ");
            let message = match slot.message.take() {
                Some(earlier) => format!("{earlier}; {text}"),
                None => text,
            };
            let code = slot.code.take().unwrap_or_else(|| rule(key));
            *slot = outcome(OutcomeKind::Failed, Some(code), Some(message));
        }
    }
    let named = found.iter().filter(|outcome| outcome.kind == OutcomeKind::Failed).count() as u64;
    if named < reply.data.fail.count {
        // Some failed without a readable path: which ones can't be told, so none of the others counts as taken.
        let text = format!(
            "{} of {users} users were refused, but the answer names only {named} (taken: {})",
            reply.data.fail.count, reply.data.successful.count
        );
        for slot in found.iter_mut().filter(|outcome| outcome.kind == OutcomeKind::Upserted) {
            *slot = outcome(OutcomeKind::Unknown, Some("unnamed_failure".to_owned()), Some(text.clone()));
        }
    }
    Ok(found)
}

/// The error of another status. At least two envelopes occur: `error`, and `success` with `message`.
pub(crate) fn error(response: &Response) -> SynclineError {
    #[derive(Deserialize, Default)]
    struct Body {
        error: Option<String>,
        message: Option<String>,
    }
    let body: Body = serde_json::from_slice(&response.body).unwrap_or_default();
    let text = body.error.or(body.message);
    let mut error = response.to_error();
    let said = text.as_deref().unwrap_or_default().to_lowercase();
    let (code, hint) = match response.status.as_u16() {
        400 if said.contains("partner") => (
            ErrorCode::SignInRefused,
            "check the partner name (lower case, InOne Settings > Account Settings)",
        ),
        400 if said.contains("bigger than") => (ErrorCode::ServiceRefused, "lower the batch size"),
        400 => (ErrorCode::ServiceRefused, "see the detail; nothing of this request was taken"),
        401 => (
            ErrorCode::SignInRefused,
            "check the request token: it must be of the kind Unified Customer Database and of this account",
        ),
        403 if said.contains("too many") => {
            (ErrorCode::Throttled, "wait some minutes and run again; what was taken is not sent again")
        }
        403 => (
            ErrorCode::SignInRefused,
            "the token or this address is not allowed; sending has stopped until the connection is mended",
        ),
        429 => (ErrorCode::Throttled, "wait a minute and run again; what was taken is not sent again"),
        _ => (error.code, "run again later; what was taken is not sent again"),
    };
    error.code = code;
    error.hint = Some(hint.to_owned());
    if let Some(text) = text {
        error.message = format!("Insider One refused: {text}");
    }
    error.service_code = Some(response.status.as_u16().to_string());
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn failures_are_mapped_back_to_their_users() {
        let body = br#"{"data":{"successful":{"count":2},"fail":{"count":1,"errors":{"users.1.events.0.event_name.*.regexp(^[a-z0-9][a-zA-Z0-9._-]*$)":["invalid event name: X"],"users.1.identifiers.*.in(defaults_column)":["key must be one of"]}}}}"#;
        let found = outcomes(body, 3, Some("r1")).unwrap();
        let kinds: Vec<OutcomeKind> = found.iter().map(|outcome| outcome.kind).collect();
        assert_eq!(kinds, [OutcomeKind::Upserted, OutcomeKind::Failed, OutcomeKind::Upserted]);
        assert_eq!(found[1].message.as_deref(), Some("invalid event name: X; key must be one of"));
        assert_eq!(found[1].code.as_deref(), Some("events.0.event_name.*.regexp(^[a-z0-9][a-zA-Z0-9._-]*$)"));
    }

    #[test]
    fn success_without_counts() {
        let found = outcomes(br#"{"data":{"successful":{"count":1},"fail":{}}}"#, 1, None).unwrap();
        assert_eq!(found[0].kind, OutcomeKind::Upserted);
    }

    #[test]
    fn failures_nobody_names_are_unknown() {
        let found = outcomes(
            br#"{"data":{"successful":{},"fail":{"count":2,"errors":{"users.0.x":["a"]}}}}"#,
            2,
            None,
        )
        .unwrap();
        assert_eq!(found[0].kind, OutcomeKind::Failed);
        assert_eq!(found[1].kind, OutcomeKind::Unknown);
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..300), users in 0usize..5) {
            let _ = outcomes(&body, users, None);
        }

        #[test]
        fn no_key_panics(key in ".{0,40}", count in 0u64..4) {
            let body = serde_json::json!({"data":{"fail":{"count":count,"errors":{key:["text"]}}}}).to_string();
            prop_assert_eq!(outcomes(body.as_bytes(), 2, None).unwrap().len(), 2);
        }
    }
}
