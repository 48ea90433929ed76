//! The one error a shell sees.

use serde::{Deserialize, Serialize};
use syncline_model::{ErrorCode, SynclineError};
use ts_rs::TS;

/// Code, message, hint and what a support case needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// What kind of failure.
    pub code: ErrorCode,
    /// What happened, to what.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// More for those who look.
    pub detail: Option<String>,
    /// The service's request or correlation id.
    pub request_id: Option<String>,
    /// The service's own code, such as `AADSTS700016` or `0x80040220`.
    pub service_code: Option<String>,
}

impl ApiError {
    /// A failure of this kind.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        SynclineError::new(code, message).into()
    }
    /// With what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<SynclineError> for ApiError {
    fn from(error: SynclineError) -> Self {
        let SynclineError { code, message, hint, detail, request_id, service_code } = error;
        Self { code, message, hint, detail, request_id, service_code }
    }
}
