//! What crosses floors when something fails: a code somebody acts on, a message, a hint, and what a support case needs.

use serde::{Deserialize, Serialize};

/// What kind of failure it is. A code exists only where the command's exit code, the window or a caller acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Wrong usage or an argument that can't be understood.
    Usage,
    /// A definition that can't be read or has problems.
    DefinitionInvalid,
    /// A FetchXML text that can't be read or does not fit the entity.
    QueryInvalid,
    /// Something named does not exist here: a connection, entity, record, plan or run.
    NotFound,
    /// The name is taken already.
    AlreadyExists,
    /// Nobody is signed in, or the sign-in has ended; signing in again mends it.
    SignInNeeded,
    /// The sign-in service refused: wrong secret, missing consent, blocked user and the like.
    SignInRefused,
    /// The person cancelled, or the time to sign in ran out.
    SignInCancelled,
    /// The service refused for lack of a privilege.
    PrivilegeMissing,
    /// The connection is read-only.
    ReadOnly,
    /// Production writes need the number of records.
    ConfirmationNeeded,
    /// The organization or user behind the connection is not the one that was verified.
    IdentityChanged,
    /// A threshold or switch forbids the write.
    GuardRefused,
    /// The service asked to wait longer than the retries allow.
    Throttled,
    /// The service could not be reached, or the reply did not arrive whole.
    Unreachable,
    /// The service answered something its documents do not allow for.
    UnexpectedReply,
    /// The service refused the request with a code of its own.
    ServiceRefused,
    /// No keychain on this machine, or it is locked.
    KeychainUnavailable,
    /// The store can't be opened with the key in the keychain.
    StoreKeyWrong,
    /// The store was written by a newer Syncline.
    StoreNewer,
    /// The store's file is damaged.
    StoreCorrupt,
    /// The disk is full.
    DiskFull,
    /// Another process is doing this already.
    Busy,
    /// The person or a signal stopped it; it can be resumed.
    Cancelled,
    /// Some file could not be read or written.
    File,
    /// A fault in Syncline itself.
    Internal,
}

impl ErrorCode {
    /// The code as it is written in JSON, such as `sign_in_needed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::DefinitionInvalid => "definition_invalid",
            Self::QueryInvalid => "query_invalid",
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::SignInNeeded => "sign_in_needed",
            Self::SignInRefused => "sign_in_refused",
            Self::SignInCancelled => "sign_in_cancelled",
            Self::PrivilegeMissing => "privilege_missing",
            Self::ReadOnly => "read_only",
            Self::ConfirmationNeeded => "confirmation_needed",
            Self::IdentityChanged => "identity_changed",
            Self::GuardRefused => "guard_refused",
            Self::Throttled => "throttled",
            Self::Unreachable => "unreachable",
            Self::UnexpectedReply => "unexpected_reply",
            Self::ServiceRefused => "service_refused",
            Self::KeychainUnavailable => "keychain_unavailable",
            Self::StoreKeyWrong => "store_key_wrong",
            Self::StoreNewer => "store_newer",
            Self::StoreCorrupt => "store_corrupt",
            Self::DiskFull => "disk_full",
            Self::Busy => "busy",
            Self::Cancelled => "cancelled",
            Self::File => "file",
            Self::Internal => "internal",
        }
    }
}

/// The one error shape above floor 1, kept with runs and shown by shells as it is (TypeScript knows it as `ApiError`). Lower crates
/// have their own error enums and turn into this at their border.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(rename = "ApiError"))]
#[error("{message}")]
pub struct SynclineError {
    /// What kind of failure.
    pub code: ErrorCode,
    /// What happened, to what. Lower case, no full stop, no secret.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// More for those who look: the service's own code and text, the AADSTS number, the place in a file.
    pub detail: Option<String>,
    /// The service's request or correlation id, for a support case.
    pub request_id: Option<String>,
    /// The service's own code where there is one: `0x80040217`, `AADSTS700016`, `INVALID_FIELD`.
    pub service_code: Option<String>,
}

impl SynclineError {
    /// A failure of this kind.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, detail: None, request_id: None, service_code: None }
    }
    /// With what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    /// With more for those who look.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
    /// With the service's request id.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }
    /// With the service's own code.
    pub fn service_code(mut self, code: impl Into<String>) -> Self {
        self.service_code = Some(code.into());
        self
    }
}
