//! Requests and answers without secrets.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use ts_rs::TS;

/// Which of the latest requests of this process. What is not given does not narrow.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[ts(optional_fields)]
#[serde(default)]
pub struct RequestsQuery {
    /// Only to the hosts of this connection.
    pub connection: Option<String>,
    /// Not before this time, RFC 3339.
    pub since: Option<String>,
    /// Not after this time, RFC 3339.
    pub until: Option<String>,
    /// Only those that were refused or had no answer.
    pub failed: Option<bool>,
    /// At most 500.
    pub limit: Option<u32>,
}

/// One request and its answer, without secrets.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RequestSeen {
    /// When it left, RFC 3339 UTC.
    pub at: String,
    /// Milliseconds until the answer was whole.
    pub took_ms: u64,
    /// Method.
    pub method: String,
    /// Scheme, host and port.
    pub origin: String,
    /// Path and query; without the query where somebody signs in.
    pub path: String,
    /// Headers that hold no secret.
    pub request_headers: BTreeMap<String, String>,
    /// Beginning of the body; absent where somebody signs in.
    pub request_body: Option<String>,
    /// Status; absent where no answer came.
    pub status: Option<u16>,
    /// Headers that hold no secret.
    pub answer_headers: BTreeMap<String, String>,
    /// Beginning of the body.
    pub answer_body: Option<String>,
    /// Why no answer came.
    pub fault: Option<String>,
}

/// Requests that are kept with a run.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct RunRequests {
    /// Latest first.
    pub requests: Vec<RequestSeen>,
    /// All that the run sent, as far as they were noted.
    pub seen: u64,
    /// Those of them that were refused or had no answer.
    pub failed: u64,
    /// Most that are kept of those that failed, and of the others.
    pub kept_failed: u32,
    /// The same of the others.
    pub kept_others: u32,
    /// False: neither end of the run is talked to in requests (a database, a file).
    pub by_requests: bool,
}

/// Which requests of a run.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[ts(optional_fields)]
#[serde(default)]
pub struct RunRequestsAsk {
    /// Run.
    pub run: String,
    /// Only those that were refused or had no answer.
    pub failed: Option<bool>,
    /// At most 500.
    pub limit: Option<u32>,
}
