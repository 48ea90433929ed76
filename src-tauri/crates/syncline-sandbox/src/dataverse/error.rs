//! Error answers: HTTP status, `0x…` code and text in the shape `{"error":{"code":"0x…","message":"…"}}`.
use std::borrow::Cow;

/// Names of the error codes, from the list "Web service error codes".
pub mod code {
    pub const OBJECT_DOES_NOT_EXIST: &str = "0x80040217";
    pub const RECORD_NOT_FOUND_BY_ENTITY_KEY: &str = "0x80060891";
    pub const ENTITY_KEY_NOT_DEFINED: &str = "0x80060890";
    pub const PRIVILEGE_DENIED: &str = "0x80040220";
    pub const USER_NOT_MEMBER_OF_ORG: &str = "0x80072560";
    pub const DUPLICATE_RECORD: &str = "0x80040237";
    pub const DUPLICATE_RECORD_ENTITY_KEY: &str = "0x80060892";
    pub const CONCURRENCY_VERSION_MISMATCH: &str = "0x80060882";
    pub const OPTIMISTIC_CONCURRENCY_NOT_ENABLED: &str = "0x8006088d";
    pub const EXPIRED_VERSION_STAMP: &str = "0x80044352";
    pub const CHANGE_TRACKING_NOT_ENABLED: &str = "0x80072491";
    pub const THROTTLING_REQUESTS: &str = "0x80072322";
    pub const THROTTLING_EXECUTION: &str = "0x80072321";
    pub const THROTTLING_CONCURRENCY: &str = "0x80072326";
    pub const DUPLICATES_FOUND: &str = "0x80040333";
    pub const UNEXPECTED: &str = "0x80040216";
    pub const INVALID_ARGUMENT: &str = "0x80040203";
    pub const REQUIRED_FIELD_MISSING: &str = "0x80040200";
    pub const STRING_TOO_LONG: &str = "0x80044331";
    pub const INTEGER_OUT_OF_RANGE: &str = "0x8004432f";
    pub const DECIMAL_OUT_OF_RANGE: &str = "0x80044330";
    pub const PICKLIST_OUT_OF_RANGE: &str = "0x8004431a";
    pub const TOO_MANY_SELECTIONS: &str = "0x80050222";
    pub const INVALID_STATE_STATUS: &str = "0x80048408";
    pub const QUERY_NO_ENTITY: &str = "0x80041102";
    pub const QUERY_NO_ATTRIBUTE: &str = "0x80041103";
    pub const INVALID_XML: &str = "0x80040201";
    pub const INVALID_FETCH_XML: &str = "0x80040303";
    pub const INVALID_PAGING_COOKIE: &str = "0x8004112a";
    pub const PAGING_WITHOUT_COOKIE: &str = "0x8004430a";
    pub const TOO_MANY_CONDITIONS: &str = "0x8004430c";
    pub const TOO_MANY_LINK_ENTITIES: &str = "0x8004430d";
    pub const AGGREGATE_LIMIT: &str = "0x8004e023";
    pub const ODATA: &str = "0x80060888";
    pub const RESOURCE_NOT_FOUND: &str = "0x8006088a";
    pub const PAYLOAD: &str = "0x80048d19";
    pub const CANNOT_DELETE_ASSOCIATED: &str = "0x80040227";
    pub const MESSAGE_NOT_SUPPORTED: &str = "0x80040800";
    pub const CANNOT_MODIFY_SPECIAL_USER: &str = "0x80041d33";
    pub const STATIC_LIST_EXPECTED: &str = "0x8004f701";
    pub const UNSUPPORTED_MEMBER_TYPE: &str = "0x80040301";
}

/// An error answer of the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct ServiceError {
    /// HTTP status.
    pub status: u16,
    /// `0x…` code; may be empty, as in the service.
    pub code: &'static str,
    /// Text for a person.
    pub message: Cow<'static, str>,
    /// Seconds for `Retry-After`, with 429.
    pub retry_after: Option<u64>,
}

/// Result of a request.
pub type Outcome<T> = Result<T, ServiceError>;

impl ServiceError {
    /// An error of any status.
    pub fn new(status: u16, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// 400 with a code.
    pub fn bad(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, code, message)
    }

    /// 400 for a malformed URL or query option.
    pub fn odata(message: impl Into<Cow<'static, str>>) -> Self {
        Self::bad(code::ODATA, message)
    }

    /// 400 for a column that a table does not have.
    pub fn no_property(property: &str, table: &str) -> Self {
        Self::odata(format!(
            "Could not find a property named '{property}' on type 'Microsoft.Dynamics.CRM.{table}'."
        ))
    }

    /// 404 for a path that names nothing.
    pub fn no_segment(segment: &str) -> Self {
        Self::new(404, code::RESOURCE_NOT_FOUND, format!("Resource not found for the segment '{segment}'."))
    }

    /// 404 for a row that does not exist.
    pub fn no_row(table: &str, id: uuid::Uuid) -> Self {
        Self::new(404, code::OBJECT_DOES_NOT_EXIST, format!("Entity '{table}' With Id = {id} Does Not Exist"))
    }

    /// The JSON body. `detailed` adds the annotations that `odata.include-annotations` brings.
    pub fn body(&self, detailed: bool) -> Vec<u8> {
        let mut error = serde_json::Map::new();
        error.insert("code".into(), self.code.into());
        error.insert("message".into(), self.message.as_ref().into());
        if detailed {
            error.insert("@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus".into(), "0".into());
            error.insert("@Microsoft.PowerApps.CDS.ErrorDetails.SubErrorCode".into(), "2".into());
            error.insert(
                "@Microsoft.PowerApps.CDS.HelpLink".into(),
                format!("http://go.microsoft.com/fwlink/?LinkID=398563&error={}", self.code).into(),
            );
            error.insert("@Microsoft.PowerApps.CDS.TraceText".into(), "".into());
            error.insert("@Microsoft.PowerApps.CDS.InnerError.Message".into(), self.message.as_ref().into());
        }
        serde_json::json!({ "error": error }).to_string().into_bytes()
    }
}
