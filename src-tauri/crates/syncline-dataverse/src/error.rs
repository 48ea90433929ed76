//! What the service's codes mean and what to do about them. Source: Dataverse, web service error codes.

use syncline_http::Response;
use syncline_model::{ErrorCode, SynclineError};
use syncline_odata::response_error;

/// A code's kind and remedy.
const CODES: &[(&str, ErrorCode, &str)] = &[
    ("0x80040217", ErrorCode::NotFound, "the row was deleted, or is not visible to this user"),
    ("0x80060891", ErrorCode::NotFound, "no row has this key; check the key's values"),
    ("0x8006089d", ErrorCode::ServiceRefused, "several rows have this key; use the primary key"),
    (
        "0x80060890",
        ErrorCode::ServiceRefused,
        "define the alternate key in the environment, or use the primary key",
    ),
    (
        "0x80040220",
        ErrorCode::PrivilegeMissing,
        "ask an administrator for a security role with this privilege",
    ),
    (
        "0x80048306",
        ErrorCode::PrivilegeMissing,
        "the row belongs to somebody else: ask for access to it or for a wider role",
    ),
    ("0x80048405", ErrorCode::PrivilegeMissing, "ask an administrator for access"),
    (
        "0x80072560",
        ErrorCode::PrivilegeMissing,
        "add the user (or, for an app registration, an application user) to the environment",
    ),
    ("0x80042f09", ErrorCode::PrivilegeMissing, "give the user a security role in this environment"),
    ("0x8004d24b", ErrorCode::PrivilegeMissing, "give the user a Dynamics 365 or Power Apps licence"),
    (
        "0x8004f507",
        ErrorCode::PrivilegeMissing,
        "the column is secured: ask for a column security profile, or leave the column out",
    ),
    (
        "0x8004a110",
        ErrorCode::PrivilegeMissing,
        "acting for another user needs the privilege prvActOnBehalfOfAnotherUser",
    ),
    ("0x80040204", ErrorCode::SignInNeeded, "sign in again"),
    ("0x8005f101", ErrorCode::SignInNeeded, "sign in again"),
    ("0x80040237", ErrorCode::ServiceRefused, "a row with this id or key exists already"),
    ("0x80060892", ErrorCode::ServiceRefused, "another row has this alternate key already"),
    (
        "0x80040333",
        ErrorCode::ServiceRefused,
        "a duplicate detection rule found a similar row; look at that row first",
    ),
    ("0x80060882", ErrorCode::ServiceRefused, "the row changed since it was read; read it again"),
    ("0x8006088d", ErrorCode::ServiceRefused, "the table does not support optimistic concurrency"),
    ("0x80044352", ErrorCode::UnexpectedReply, "the change token is too old; read everything again"),
    (
        "0x80072491",
        ErrorCode::ServiceRefused,
        "switch change tracking on for the table, or read by modification date",
    ),
    (
        "0x80072322",
        ErrorCode::Throttled,
        "too many requests in five minutes; wait, or lower the parallel requests",
    ),
    (
        "0x80072321",
        ErrorCode::Throttled,
        "too much execution time in five minutes; wait, or use smaller batches",
    ),
    ("0x80072326", ErrorCode::Throttled, "too many requests at once; lower the parallel requests"),
    ("0x8005f103", ErrorCode::Throttled, "wait, or lower the parallel requests"),
    (
        "0x80044151",
        ErrorCode::ServiceRefused,
        "the query takes too long; use fewer columns or a narrower filter",
    ),
    (
        "0x80044150",
        ErrorCode::ServiceRefused,
        "try again; if it stays so, give the request id to Microsoft support",
    ),
    ("0x80044339", ErrorCode::ServiceRefused, "another transaction held the row; try again"),
    (
        "0x80040265",
        ErrorCode::ServiceRefused,
        "a plug-in of the environment refused the change; its text says why",
    ),
    (
        "0x80040224",
        ErrorCode::ServiceRefused,
        "a plug-in of the environment failed; tell whoever maintains it",
    ),
    ("0x80040200", ErrorCode::ServiceRefused, "map the required column"),
    ("0x80044331", ErrorCode::ServiceRefused, "shorten the text, or raise the column's maximum length"),
    ("0x8004432f", ErrorCode::ServiceRefused, "the number is outside the column's range"),
    ("0x80044330", ErrorCode::ServiceRefused, "the number is outside the column's range"),
    (
        "0x8004431a",
        ErrorCode::ServiceRefused,
        "the column has no such choice; compare the mapping with the column's choices",
    ),
    ("0x80050222", ErrorCode::ServiceRefused, "fewer choices may be selected at once"),
    ("0x80048408", ErrorCode::ServiceRefused, "choose a status reason that belongs to the state"),
    ("0x80041102", ErrorCode::QueryInvalid, "the environment has no such table; check the logical name"),
    ("0x80041103", ErrorCode::QueryInvalid, "the table has no such column; check the logical name"),
    ("0x80060888", ErrorCode::QueryInvalid, "check the names of columns in the query"),
    ("0x80040201", ErrorCode::QueryInvalid, "the FetchXML is not well-formed"),
    ("0x80040303", ErrorCode::QueryInvalid, "the FetchXML is not valid"),
    (
        "0x8004112a",
        ErrorCode::UnexpectedReply,
        "the place in the pages is no longer known; start reading again",
    ),
    (
        "0x8004430a",
        ErrorCode::QueryInvalid,
        "more than 50,000 rows can't be paged in this order; order by columns of the table itself, without distinct",
    ),
    ("0x8004430d", ErrorCode::QueryInvalid, "at most 15 linked tables"),
    ("0x8004430c", ErrorCode::QueryInvalid, "at most 500 conditions and linked tables"),
    ("0x8004e023", ErrorCode::QueryInvalid, "an aggregate looks at 50,000 rows at most; narrow the filter"),
    ("0x80040227", ErrorCode::ServiceRefused, "other rows refer to it; remove those first"),
    ("0x80040800", ErrorCode::ServiceRefused, "the table does not support this operation"),
    ("0x80041d2c", ErrorCode::AlreadyExists, "the user exists already"),
    ("0x80041d33", ErrorCode::ServiceRefused, "SYSTEM and INTEGRATION can't be changed"),
];

/// Kind and remedy of a code the documents list, whatever its case.
pub fn known_code(code: &str) -> Option<(ErrorCode, &'static str)> {
    CODES
        .iter()
        .find(|(known, ..)| known.eq_ignore_ascii_case(code.trim()))
        .map(|(_, kind, hint)| (*kind, *hint))
}

/// Adds what Dataverse's code means: the kind, the remedy, and for a missing privilege its name.
pub fn explain(mut error: SynclineError) -> SynclineError {
    if let Some((kind, hint)) = error.service_code.as_deref().and_then(known_code) {
        error.code = kind;
        error.hint = Some(hint.to_owned());
    }
    if error.code == ErrorCode::PrivilegeMissing
        && let Some(missing) = missing_privilege(&error.message)
    {
        let text = std::mem::replace(&mut error.message, missing.sentence());
        error.detail = Some(match error.detail.take() {
            Some(detail) => format!("{detail}; {text}"),
            None => text,
        });
        let ask = format!(
            "ask a System Administrator of the environment for a security role with the privilege {}",
            missing.name
        );
        error.hint = Some(match missing.name.as_str() {
            BYPASS_PLUGINS => format!("leave the switch that bypasses plug-ins off, or {ask}"),
            BYPASS_LOGIC => {
                format!("leave the switch that bypasses business logic (or skip hook) off, or {ask}")
            }
            _ => ask,
        });
    }
    error
}

/// Privileges of the bypass switches (Dataverse, bypass custom business logic).
const BYPASS_PLUGINS: &str = "prvBypassCustomPlugins";
const BYPASS_LOGIC: &str = "prvBypassCustomBusinessLogic";

/// A privilege that the service's text says is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingPrivilege {
    /// Such as `prvReadList`.
    pub name: String,
    /// Logical name of the entity, where the text tells it.
    pub entity: Option<String>,
    /// Its display name, where the text tells it.
    pub display_name: Option<String>,
}

impl MissingPrivilege {
    /// What can't be done: `Marketing List (list) can't be read: the privilege prvReadList is missing`.
    fn sentence(&self) -> String {
        let what = match (&self.display_name, &self.entity) {
            (Some(display), Some(entity)) => format!("{display} ({entity}) "),
            (None, Some(entity)) => format!("{entity} "),
            (Some(_) | None, None) => String::new(),
        };
        if what.is_empty() {
            return format!("the privilege {} is missing", self.name);
        }
        format!("{what}can't be {}: the privilege {} is missing", self.done(), self.name)
    }

    fn done(&self) -> &'static str {
        const VERBS: [(&str, &str); 8] = [
            ("Create", "created"),
            ("Read", "read"),
            ("Write", "changed"),
            ("Delete", "deleted"),
            ("Assign", "assigned"),
            ("Share", "shared"),
            ("AppendTo", "appended to"),
            ("Append", "appended"),
        ];
        let rest = self.name.strip_prefix("prv").unwrap_or_default();
        VERBS.iter().find(|(verb, _)| rest.starts_with(verb)).map_or("used so", |(_, done)| done)
    }
}

/// What a refusal's text says of a missing privilege. Texts of the service have the form `… is missing prvReadList privilege (Id=…) on
/// OTC=4300 for entity 'list' (LocalizedName='Marketing List')…`.
pub fn missing_privilege(text: &str) -> Option<MissingPrivilege> {
    let name = privilege(text)?.to_owned();
    let quoted = |before: &str| {
        let from = text.find(before)? + before.len();
        let length = text[from..].find('\'')?;
        Some(text[from..from + length].to_owned()).filter(|found| !found.is_empty())
    };
    Some(MissingPrivilege { name, entity: quoted("for entity '"), display_name: quoted("LocalizedName='") })
}

/// The error of an answer that is no success.
pub(crate) fn service_error(response: &Response) -> SynclineError {
    explain(response_error(response))
}

/// The privilege that a text names, such as `prvReadList`.
fn privilege(text: &str) -> Option<&str> {
    let start = text.match_indices("prv").map(|(at, _)| at).find(|at| {
        text[at + 3..].starts_with(|c: char| c.is_ascii_uppercase())
            && !text[..*at].ends_with(|c: char| c.is_ascii_alphanumeric())
    })?;
    let length =
        text[start..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len() - start);
    Some(&text[start..start + length])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_privilege_is_named() {
        let error = explain(
            SynclineError::new(
                ErrorCode::ServiceRefused,
                "Principal user (Id=1) is missing prvReadList privilege (Id=2) on OTC=4300",
            )
            .service_code("0x80040220"),
        );
        assert_eq!(error.code, ErrorCode::PrivilegeMissing);
        assert!(error.hint.unwrap().ends_with("the privilege prvReadList"));
        assert_eq!(error.message, "the privilege prvReadList is missing");
        let error = explain(
            SynclineError::new(
                ErrorCode::ServiceRefused,
                "Principal user (Id=1, type=8) is missing prvReadList privilege (Id=2) on OTC=4300 for entity 'list' (LocalizedName='Marketing List').",
            )
            .service_code("0x80040220"),
        );
        assert_eq!(
            error.message,
            "Marketing List (list) can't be read: the privilege prvReadList is missing"
        );
        assert!(error.detail.unwrap().starts_with("Principal user"));
        assert_eq!(privilege("improving prve"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_left(text in "(prv|Read|for entity '|LocalizedName='|'|[a-zé ]|\\PC){0,20}") {
            let _ = missing_privilege(&text);
        }
    }

    #[test]
    fn codes_are_listed_once() {
        for (at, (code, ..)) in CODES.iter().enumerate() {
            assert!(CODES[..at].iter().all(|(other, ..)| other != code), "{code} twice");
            assert_eq!(*code, code.to_lowercase(), "the table is in lower case");
        }
    }
}
